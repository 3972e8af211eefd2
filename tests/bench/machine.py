# SPDX-License-Identifier: Apache-2.0
"""On what it was measured."""

import hashlib
import os
import platform
import re

from lab.httpd import module_file, program
from lab.place import TOP
from lab.postgres import newest_bindir
from lab.process import run


def facts():
    """What there is to know about machine and programs, as a dict of texts."""
    return {
        "machine": f"{os.cpu_count()} cores, {_cpu()}, Linux "
                   + platform.release(),
        "load before": f"{os.getloadavg()[0]:.2f}",
        "httpd": _found(r"Apache/\S+", [program(), "-v"]),
        "OpenSSL": _found(r"OpenSSL (\S+)", ["openssl", "version"]),
        "PostgreSQL": _found(r"\d+\.\d+",
                             [str(newest_bindir() / "postgres"), "-V"]),
        "mod_auth_openidc": _found(r".+", [
            "dpkg-query", "-W", "-f", "${Version}",
            "libapache2-mod-auth-openidc"]),
        "wrk": _found(r"wrk (\S+)", ["wrk", "-v"]),
        "module": f"{_commit()}, SHA-256 {_digest(module_file())}",
    }


def busy():
    """Whether somebody else is at work on this machine."""
    return os.getloadavg()[0] > 0.5


def _cpu():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        return (re.search(r"model name\s*: (.*)", info.read())
                or [platform.machine()] * 2)[1]


def _found(pattern, argv):
    """What a program says of itself; wrk does so with an exit status of 1."""
    done = run(argv)
    match = re.search(pattern, done.stdout + done.stderr)
    return match[match.re.groups] if match else "unknown"


def _commit():
    git = ["git", "-C", str(TOP)]
    head = run([*git, "rev-parse", "--short", "HEAD"]).stdout.strip()
    changed = run([*git, "status", "--porcelain", "--", "src",
                   "mod_auth_jwt_refresh.c", "conf/schema.sql"]).stdout
    return (head or "no commit") + (" and uncommitted changes" if changed
                                    else "")


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
