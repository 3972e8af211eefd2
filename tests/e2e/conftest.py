# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests.

    protect(location, server)  a site with a protected folder /api
    auth_site(server, …)       the same with /login, /token and /logout
    past                       moves a session into the past
    keyfile(content)           a file that root alone can read
    keys                       every key that a file of conf/ names
    shared_httpd(…)            a server for all tests of a file
    shared_db()                a database for all tests of a file
    shared_site(server, …)     an auth_site for all tests of a file
"""

import contextlib
import functools
import itertools

import pytest

import e2e_site
import examples
from lab.httpd import Httpd


@pytest.fixture(name="protect")
def _protect(httpd):
    return functools.partial(e2e_site.protect, httpd)


@pytest.fixture(name="auth_site")
def _auth_site(httpd, db):
    return functools.partial(e2e_site.AuthSite, httpd, db)


@pytest.fixture(name="keyfile")
def _keyfile(place):
    numbers = itertools.count(1)

    def write(content):
        path = place.folder("keyfiles", mode=0o700) / f"{next(numbers)}.key"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(content, encoding="utf-8")
        return path
    return write


def _stopped_well(server):
    server.stop()
    assert not server.unexpected(), server.unexpected()


@pytest.fixture(scope="session", name="keys")
def _keys(place):
    return examples.Keys(place.folder("example-keys"))


@pytest.fixture(scope="module", name="shared_httpd")
def _shared_httpd(place):
    with contextlib.ExitStack() as closing:
        def make(start, **more):
            assert not start
            server = Httpd(place, **more)
            closing.callback(_stopped_well, server)
            return server
        yield make


@pytest.fixture(scope="module", name="shared_db")
def _shared_db(running_cluster):
    with contextlib.ExitStack() as closing:
        def make():
            if not running_cluster.alive:
                running_cluster.start()
            database = running_cluster.database()
            closing.callback(database.drop)
            return database
        yield make


@pytest.fixture(scope="module", name="shared_site")
def _shared_site(shared_db, shared_httpd):
    return lambda **options: e2e_site.AuthSite(shared_httpd, shared_db(),
                                               **options)


@pytest.fixture(name="past")
def _past(request):
    named = "site" if "site" in request.fixturenames else "db"
    found = request.getfixturevalue(named)
    if named == "db" or not hasattr(found, "db"):  # a maker of sites
        return e2e_site.Past(request.getfixturevalue("db"))
    return e2e_site.Past(found.db)
