# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of src/store.

    store    store(conninfo, …) starts a child with a pool of connections; a
             test fails when one crashes or writes to stderr
    schema   the database with our schema, and a child connected to it
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
