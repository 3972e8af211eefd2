#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the module: requests per second, as ratios (make bench).

A private httpd and PostgreSQL are started for it; nothing of the system's own
servers is touched. The exit status is 0 when every answer was the right one,
whether or not the targets are reached.
"""

import argparse
import pathlib
import sys

# Python puts this folder first; the packages `bench` and `lab` are above it.
sys.path[0] = str(pathlib.Path(__file__).resolve().parents[1])

# pylint: disable=wrong-import-position
from bench import machine, memory, millions, report, revocations, rounds
from bench.figures import figures
from bench.measure import Wrong
from bench.rows import ROWS, chosen
from bench.stage import Stage
from lab.httpd import module_file
from lab.place import Place
from lab.process import terminate_in_order


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n", maxsplit=1)[0],
        epilog="make bench BENCH='--rounds 30' passes options on.")
    # A ratio is of one round: short ones compare what saw the same machine.
    parser.add_argument("--seconds", type=float, metavar="N", default=1,
                        help="of one row in a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, metavar="N", default=15,
                        help="that count, after one that warms up "
                             "(default: %(default)s)")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[],
                        choices=[row.name for row in ROWS],
                        help="only these rows and what they are compared "
                             "with: %(choices)s")
    parser.add_argument("--sessions", type=int, metavar="N", default=100_000,
                        help="in the table beforehand (default: %(default)s)")
    parser.add_argument("--memory", type=int, metavar="N", nargs="?",
                        const=1_000_000,
                        help="also watch the children's memory over N "
                             "requests (%(const)s)")
    parser.add_argument("--revocations", type=int, metavar="N", default=200,
                        help="from COMMIT to the first refusal, N times; 0 "
                             "leaves it out (default: %(default)s)")
    parser.add_argument("--millions", type=int, metavar="N", nargs="?",
                        const=10_000_000,
                        help="also compare N sessions (%(const)s) with "
                             f"{millions.SMALL}: takes half an hour")
    parser.add_argument("--quick", action="store_true",
                        help="one short round and few sessions, to see that "
                             "everything works: its figures mean nothing")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="write the figures there too")
    asked = parser.parse_args()
    if asked.quick:
        asked.seconds, asked.rounds, asked.sessions = 0.5, 1, 1000
        asked.revocations = min(asked.revocations, 4)
    if asked.seconds <= 0 or asked.rounds < 1 or asked.sessions < 1:
        parser.error("--seconds, --rounds and --sessions must be above 0")
    return asked


def say(line):
    """Progress, for people."""
    print(line, file=sys.stderr, flush=True)


def measure(asked):
    """Runs it: the Figures of all rows, and what was watched besides."""
    rows = chosen(asked.only)
    with Place() as place:
        stage = Stage(place, asked.sessions)
        found = rounds.run(stage, rows, asked.rounds, asked.seconds, say)
        growths = memory.run(stage, asked.memory, say) if asked.memory else []
        stage.verify()
    return [figures(row, found) for row in rows], growths, _besides(asked)


def _besides(asked):
    """What has servers of its own: Latencies, and Millions or None."""
    latencies = many = None
    if asked.revocations:
        with Place() as place:
            latencies = revocations.run(place, asked.revocations, say)
    if asked.millions:
        with Place() as place:
            many = millions.run(place, asked.millions, asked.rounds,
                                asked.seconds, say)
    return latencies or [], many


def main():
    """The benchmark; its exit status."""
    asked = arguments()
    if not module_file().exists():
        return f"{module_file()} is missing: run make first"
    terminate_in_order()
    known = machine.facts()
    if machine.busy():
        say("Something else runs on this machine: the figures will be noisy.")
    try:
        rows, growths, (latencies, many) = measure(asked)
    except Wrong as error:
        return f"WRONG ANSWERS, so no figures: {error}"
    print(report.facts(known, asked.rounds, asked.seconds), end="\n\n")
    print(report.table(rows), end="\n\n")
    print("\n".join(map(str, growths))
          or "memory: not watched (--memory does)")
    print("\n".join(map(str, latencies)) or "revocations: not measured")
    print(many or "millions of sessions: not loaded (--millions does)")
    if asked.json:
        report.save(asked.json, known, asked.rounds, asked.seconds, rows,
                    growths, latencies, many)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nStopped, and everything removed.")
        sys.exit(130)
