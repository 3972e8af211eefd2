# SPDX-License-Identifier: Apache-2.0
"""Holds sessions, so that requests are under way for as long as a test wants."""

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
