# SPDX-License-Identifier: Apache-2.0
"""Python's end of storectl.c: a child of httpd without httpd."""

import itertools
import json
import os
import pathlib
import queue
import subprocess
import threading

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("AJR_BUILD", TOP / "build"))

#: Longest that any answer is waited for; the tests' own bounds are tighter.
PATIENCE = 60


def program(name):
    """The path of a built test program."""
    path = BUILD.resolve() / "tests" / name
    assert path.exists(), f"{path} is not built"
    return str(path)


def _environment():
    """Ours; told to stop, httpd's own prefork frees in its signal handler."""
    options = os.environ.get("TSAN_OPTIONS", "")
    return {**os.environ, "TSAN_OPTIONS": options + " report_signal_unsafe=0"}


class Answer(dict):
    """What a command answered, with its members as attributes."""

    __getattr__ = dict.__getitem__


class Pending:
    """A command whose answer is not needed yet."""

    def __init__(self):
        self._answers = queue.Queue()

    def put(self, answer):
        """The answer has come."""
        self._answers.put(answer)

    def get(self):
        """Waits for the answer."""
        answer = self._answers.get(timeout=PATIENCE)
        assert answer is not None, "storectl ended before it answered"
        assert "error" not in answer, answer
        return answer


class Store:
    """One process with one pool of connections."""

    def __init__(self, conninfo, *, schema="auth_jwt", **conf):
        self._ids = itertools.count(1)
        self._pending = {}
        self._lock = threading.Lock()
        self.errors = ""
        self._process = subprocess.Popen(
            [program("storectl")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=_environment())
        self.pid = self._process.pid
        self._send({"conninfo": conninfo, "schema": schema, "min": 0,
                    "keep": 2, "max": 10, "exptime_ms": 300000,
                    "timeout_ms": 2000, **conf})
        self.greeting = json.loads(self._process.stdout.readline() or "{}")
        threading.Thread(target=self._read, daemon=True).start()

    def start(self, verb, **members):
        """Sends a command, returns its Pending answer."""
        pending = Pending()
        number = next(self._ids)
        with self._lock:
            self._pending[number] = pending
        self._send({"id": number, "do": verb, **members})
        return pending

    def do(self, verb, **members):
        """Sends a command and waits for its answer."""
        return self.start(verb, **members).get()

    def query(self, sql, *values, **members):
        """Runs SQL through ajr_pg_query()."""
        return self.do("query", sql=sql, values=list(values), **members)

    def start_query(self, sql, *values, **members):
        """query() without waiting."""
        return self.start("query", sql=sql, values=list(values), **members)

    def counts(self):
        """What the pool counts."""
        return self.do("counts")

    def tell_to_stop(self):
        """Sends SIGTERM, which prefork's children obey on the spot."""
        self._process.terminate()

    def close(self):
        """Ends the child; its exit status."""
        if self._process.returncode is not None:
            return self._process.returncode
        try:
            self._send({"id": 0, "do": "end"})
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            status = self._process.wait(PATIENCE)
        finally:
            self._process.kill()
        self.errors += self._process.stderr.read()
        return status

    def _send(self, command):
        with self._lock:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()

    def _read(self):
        for line in self._process.stdout:
            answer = Answer(json.loads(line))
            with self._lock:
                pending = self._pending.pop(answer.get("id"), None)
            if pending:
                pending.put(answer)
        with self._lock:
            for pending in self._pending.values():
                pending.put(None)
