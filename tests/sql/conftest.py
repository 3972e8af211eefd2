# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that step through transactions.

    client   client(user=…, autocommit=…): a connection
    holder   a transaction held by hand
    httpd    a connection of httpd's role
    waits    waits(client): until its statement waits for a lock
"""

import contextlib

import pytest
from lab.process import wait_for

from stepped import Client


@pytest.fixture(name="client")
def _client(db):
    """client(user=…, autocommit=…): a connection that is closed at the end."""
    with contextlib.ExitStack() as stack:
        def make(user=None, autocommit=True):
            made = Client(db, user, autocommit)
            stack.callback(made.connection.close)
            return made
        yield make


@pytest.fixture(name="holder")
def _holder(client):
    """A transaction held by hand."""
    return client(autocommit=False)


@pytest.fixture(name="httpd")
def _httpd(client):
    """A call of httpd's role."""
    return client("site_httpd")


@pytest.fixture(name="waits")
def _waits(db):
    """waits(client): until its statement waits for a lock."""
    def until(one):
        wait_for(lambda: db.value(
            "SELECT wait_event_type = 'Lock' FROM pg_stat_activity"
            " WHERE pid = %s AND state = 'active'", one.pid),
            "the statement to wait for a lock")
    return until
