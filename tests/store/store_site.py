# SPDX-License-Identifier: Apache-2.0
"""Short words for what the tests of src/store do to a server."""

import contextlib
import socket
import time

PID = "SELECT pg_backend_pid()"
APPLICATION = "mod_auth_jwt_refresh"


def pids(db):
    """The backends that serve children, by process id."""
    return {row[0] for row in db.execute(
        "SELECT pid FROM pg_stat_activity WHERE application_name = %s "
        "AND datname = current_database()", APPLICATION)}


def busy_pid(db, part):
    """The backend that runs a statement with that part, None = not yet."""
    return db.value(
        "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND "
        "datname = current_database() AND state = 'active' "
        "AND query LIKE %s", APPLICATION, f"%{part}%")


def terminate(db, pid):
    """Ends a backend, and waits until it is gone."""
    db.execute("SELECT pg_terminate_backend(%s, 5000)", pid)


def fill(child, count):
    """Makes the child open `count` connections."""
    pending = [child.start_query("SELECT pg_sleep(0.25)")
               for _ in range(count)]
    for answer in pending:
        assert answer.get().outcome == "granted"


def hammer(child, seconds, sql="SELECT 1"):
    """Queries without pause for a while; the answers."""
    answers = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answers.append(child.query(sql))
    return answers


@contextlib.contextmanager
def silent_listener():
    """A port that accepts connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


@contextlib.contextmanager
def switched_off_host():
    """A port that does not even complete a connection: SYNs get lost, as for
    a host without power. (Linux drops them when the backlog is full.)"""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(8):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0.1)
            try:
                filler.connect(("127.0.0.1", port))
            except TimeoutError:
                break
        else:
            raise AssertionError("the backlog does not fill")
        yield port
