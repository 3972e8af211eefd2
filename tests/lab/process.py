# SPDX-License-Identifier: Apache-2.0
"""Children that never outlive us, waiting for a condition, and promises of time."""

import contextlib
import ctypes
import glob
import os
import signal
import subprocess
import sys
import time

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)

#: What of our own environment a child may see: no PG*, no APACHE_*, no proxy.
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_PRELOAD", "LD_LIBRARY_PATH",
         "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS")

#: What a slow machine with other work may add to a time that is promised, in
#: seconds. Too little to hide a second timeout, or a second back-off.
SLACK = 1.0


def environment(**extra):
    """A clean environment for a child."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    kept.setdefault("PATH", "/usr/bin:/bin")
    return {**kept, **extra}


def spawn(argv, account, log, death_signal=signal.SIGTERM, env=None):
    """Starts a server as `account`, its output appended to the file `log`.

    The child has a session of its own, so Ctrl-C reaches us alone and we stop
    it in order. Should we die without that (kill -9), the kernel sends it
    `death_signal`.
    """
    parent = os.getpid()

    def in_child():
        _LIBC.prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            os._exit(1)

    with open(log, "ab") as output:
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            cwd="/", env=environment() if env is None else env,
            start_new_session=True, preexec_fn=in_child, **account.popen())


def run(argv, account=None, env=None, **options):
    """Runs a program to its end: CompletedProcess with text output."""
    return subprocess.run(
        argv, stdin=options.pop("stdin", subprocess.DEVNULL),
        capture_output=True, text=True, cwd="/", check=False,
        env=environment() if env is None else env,
        **(account.popen() if account else {}), **options)


def wait_for(condition, what, timeout=10.0):
    """Calls `condition` until it returns something true, which is returned."""
    deadline = time.monotonic() + timeout
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout:g} s in vain for {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def wait_within(seconds, condition, what):
    """wait_for() what is promised within so many seconds."""
    return wait_for(condition, what, seconds + SLACK)


@contextlib.contextmanager
def within(seconds):
    """Asserts that the block takes no longer than is promised."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert took < seconds + SLACK, f"took {took:.2f} s"


def children_of(pid):
    """The process ids whose parent is `pid`."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8",
                      errors="replace") as stat:
                if int(stat.read().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry))
        except OSError:
            pass  # it ended meanwhile
    return found


def alive(pid):
    """Whether a process runs (one that waits to be reaped does not)."""
    return _state(f"/proc/{pid}") not in "ZX"


def asleep(pid):
    """Whether no thread of a process has anything to do."""
    return all(_state(task) in "SZX"
               for task in glob.glob(f"/proc/{pid}/task/*"))


def _state(folder):
    """The letter of proc(5) for a process or thread, X when it is gone."""
    try:
        with open(f"{folder}/stat", encoding="utf-8",
                  errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def terminate_in_order():
    """Turns SIGTERM and SIGHUP into SystemExit, so that atexit runs."""
    def leave(number, _frame):
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
