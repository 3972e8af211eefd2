# SPDX-License-Identifier: Apache-2.0
"""Holds sessions, so that requests are under way for as long as a test wants,
and moves them beyond the grace."""

import contextlib

from lab.process import wait_for

_WAITING = """
    SELECT count(*) FROM pg_stat_activity
     WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


@contextlib.contextmanager
def held(db):
    """All sessions are locked until the end; arrived(n) waits until n refreshes
    wait for them."""
    connection = db.connect(autocommit=False)

    def arrived(number):
        wait_for(lambda: db.value(_WAITING) == number,
                 f"{number} refreshes to wait")

    try:
        connection.cursor().execute("SELECT FROM auth_jwt.session FOR UPDATE")
        yield arrived
    finally:
        connection.close()


def graceless(db):
    """What was rotated was so a minute ago: everything may rotate again."""
    connection = db.connect()
    try:
        cursor = connection.cursor()
        # Triggers guard the table from everybody else.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE auth_jwt.session"
                       " SET rotated_at = rotated_at - interval '1 minute'")
    finally:
        connection.close()
