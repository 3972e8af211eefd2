#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the demo site until Ctrl-C: its own PostgreSQL, its own httpd.

Nothing of the system's servers is touched, and nothing is left behind.
"""

import argparse
import pathlib
import signal
import sys

# Python puts this folder first; the packages `demo` and `lab` are above it.
sys.path[0] = str(pathlib.Path(__file__).resolve().parents[1])

# pylint: disable=wrong-import-position
from demo.stage import USERS, Stage
from demo.transcript import Transcript, Unexpected
from lab.httpd import module_file
from lab.place import Place
from lab.process import terminate_in_order

GRACE = 3


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--once", action="store_true",
                        help="run the curl transcript and stop; the exit "
                             "status says whether all went as told")
    parser.add_argument("--port", type=int,
                        help="loopback port of the site (default: a free one)")
    parser.add_argument("--lifetime", default="20s",
                        help="life of an access token (default: %(default)s)")
    return parser.parse_args()


def welcome(stage):
    """What to look at while it runs."""
    print("=" * 72)
    print(f"  The site    {stage.httpd.url()}")
    for email, (password, name) in USERS.items():
        print(f"              {email}  {password}  ({name})")
    print("\n  Throw Alice (user 41) out; her page notices at its next request:")
    print("    " + stage.psql_command(
        "SELECT auth_jwt.revoke_subject('41')"))
    print("  See who is logged in:")
    print("    " + stage.psql_command(
        "SELECT sid, subject, created_at FROM auth_jwt.active_session"))
    print(f"\n  Figures     {stage.httpd.url('/jwt-status')}")
    print(f"  Logs        {stage.httpd.root}/logs/error.log")
    print(f"              {stage.cluster.log_path}")
    print("\n  Ctrl-C stops everything and removes it.")
    print("=" * 72, flush=True)


def main():
    """The demo; its exit status."""
    asked = arguments()
    if not module_file().exists():
        return f"{module_file()} is missing: run make first"
    terminate_in_order()
    with Place() as place:
        print(f"Starting PostgreSQL and httpd in {place.path} …\n", flush=True)
        stage = Stage(place, asked.port, asked.lifetime, f"{GRACE}s")
        try:
            stage.start()
        except RuntimeError as error:
            return f"The demo cannot start: {error}"
        try:
            Transcript(stage, GRACE, sys.stdout.isatty()).play()
        except Unexpected as error:
            return f"UNEXPECTED: {error}\n{stage.httpd.error_log()[-4000:]}"
        if not asked.once:
            welcome(stage)
            signal.pause()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nStopped, and everything removed.")
