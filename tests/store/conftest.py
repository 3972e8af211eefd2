# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of src/store.

    store    store(conninfo, …) starts a child with a pool of connections; a
             test fails when one crashes or writes to stderr
    commit_hangs   makes commits be written, but not reported
"""

import pytest

from storectl import Store


@pytest.fixture(name="store")
def _store():
    started = []

    def make(conninfo, **conf):
        child = Store(conninfo, **conf)
        started.append(child)
        return child

    yield make
    for child in started:
        refused = "refused" in child.greeting
        assert child.close() == (1 if refused else 0), child.errors
        assert child.errors == "", child.errors


@pytest.fixture(name="commit_hangs")
def _commit_hangs(cluster):
    """Commits are written, but not reported: a synchronous standby is away."""
    def hang():
        cluster.reload(synchronous_standby_names="nobody")

    yield hang
    cluster.psql("ALTER SYSTEM RESET synchronous_standby_names")
    cluster.psql("SELECT pg_reload_conf()")
