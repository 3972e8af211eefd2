# SPDX-License-Identifier: Apache-2.0
"""One run of pgbench: rotate() without httpd, as fast as it goes.

-M extended is what the store does (PQexecParams: parse, bind and execute in
one round trip, nothing prepared). As many clients as wrk has connections, on
one thread, as wrk.
"""

import math
import pathlib
import re

from lab.process import run as run_program

from .measure import Measure, Wrong, client_cpu

_SCRIPT = pathlib.Path(__file__).resolve().parent / "rotate.sql"

_TOLD = {"requests": r"transactions actually processed: (\d+)",
         "rate": r"tps = ([\d.]+)",
         "mean": r"latency average = ([\d.]+) ms",
         "failed": r"failed transactions: (\d+)"}


def run(database, seconds, clients, variables):
    """Runs rotate.sql for `seconds`, at least 1 and whole: a Measure."""
    argv = [str(database.cluster.bindir / "pgbench"), "--no-vacuum",
            "--protocol=extended", f"--client={clients}", "--jobs=1",
            f"--time={max(1, math.ceil(seconds))}", f"--file={_SCRIPT}",
            *(f"--define={name}={value}" for name, value in variables.items()),
            database.conninfo()]
    before = client_cpu()
    done = run_program(argv)
    cpu = client_cpu() - before
    if done.returncode:
        raise Wrong(f"pgbench failed:\n{done.stdout}{done.stderr}")
    found = {name: re.search(pattern, done.stdout)
             for name, pattern in _TOLD.items()}
    if not all(found.values()) or found["failed"][1] != "0":
        raise Wrong(f"pgbench said:\n{done.stdout}{done.stderr}")
    requests, rate, mean = (
        float(found[name][1]) for name in ("requests", "rate", "mean"))
    # Without --log it knows no percentiles.
    return Measure(requests=int(requests), seconds=requests / rate, p50=mean,
                   p99=math.nan, client_busy=cpu * rate / requests)
