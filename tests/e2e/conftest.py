# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests.

    protect(location, server)  a site with a protected folder /api
    auth_site(server, …)       the same with /login, /token and /logout
    past                       moves a session into the past
    keyfile(content)           a file that root alone can read
"""

import functools
import itertools

import pytest

import e2e_site


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


@pytest.fixture(name="past")
def _past(db):
    return e2e_site.Past(db)
