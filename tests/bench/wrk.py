# SPDX-License-Identifier: Apache-2.0
"""One run of wrk, and what it has counted.

One thread: on a machine with two cores a single wrk thread takes a part of
one (the column `client` of the table says how much), and httpd has the rest.
As long as that stays well under 100 %, httpd is what is slow. A second thread
would take CPU time from httpd and find nothing more out. 16 connections: more
than the cores can serve at once, so no worker waits for wrk, and few enough
that each has a connection to the database.
"""

import dataclasses
import json
import pathlib
import signal
import subprocess
import time

from lab.process import environment

from .measure import Wrong, client_cpu

CONNECTIONS = 16

_FOLDER = pathlib.Path(__file__).resolve().parent

#: wrk takes whole seconds only, so it is told to stop; this is its limit.
_FOR_EVER = "3600s"


@dataclasses.dataclass(frozen=True)
class Count:
    """What wrk has counted; see report.lua."""

    requests: int
    seconds: float
    refused: int   # answers above 399
    broken: int    # no answer: connect, read, write, timeout
    good: int      # counted by the script itself
    bad: int
    p50: float     # ms
    p99: float
    busy: float    # CPU time of wrk, as a part of one core


def start(script, url, *arguments, connections=CONNECTIONS, headers=()):
    """Starts wrk with a script of this folder: the process, for stop()."""
    argv = ["wrk", "-t1", f"-c{connections}", "-d", _FOR_EVER,
            "-s", script, *(f"-H{name}: {value}" for name, value in headers),
            url, "--", *map(str, arguments)]
    return subprocess.Popen(argv, cwd=_FOLDER, env=environment(), text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def stop(process):
    """Ends it: a Count."""
    before = client_cpu()  # knows a process once it has been waited for
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    return _read(output, client_cpu() - before)


def run(script, url, seconds, *arguments, headers=()):
    """Runs wrk with a script of this folder for `seconds`: a Count."""
    with start(script, url, *arguments, headers=headers) as process:
        try:
            time.sleep(seconds)
            return stop(process)
        finally:
            process.kill()


def _read(output, cpu):
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if len(lines) != 1:
        raise Wrong(f"wrk said:\n{output}")
    told = json.loads(lines[0])
    return Count(busy=cpu / told["seconds"], **told)
