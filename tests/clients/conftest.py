# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests with real hosts and real clients.

    laravel(**dotenv)     a Laravel host in the database `db`, started
    django(**settings)    a Django host with simplejwt, started
    node(program, …)      a server of this folder on node, started
    page(path, httpd)     a page of pages/ in the browser
    auth_site(server, …)  a site of ours, as the end-to-end tests have it
"""

import functools
import sys

import pytest

from lab.place import TOP

import host
from page import Page

sys.path.append(str(TOP / "tests" / "e2e"))
import e2e_site  # noqa: E402  pylint: disable=wrong-import-position


def _maker(make):
    """Starts hosts for one test; its end stops them."""
    started = []

    def start(*what, **settings):
        started.append(make(*what, **settings).start())
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture(name="laravel")
def _laravel(place, db):
    yield from _maker(lambda **settings: host.Laravel(place, db, **settings))


@pytest.fixture(name="django")
def _django(place):
    yield from _maker(lambda **settings: host.Django(place, **settings))


@pytest.fixture(name="node")
def _node(place):
    yield from _maker(functools.partial(host.Node, place))


@pytest.fixture(name="page")
def _page(browser):
    return functools.partial(Page, browser)


@pytest.fixture(name="auth_site")
def _auth_site(httpd, db):
    return functools.partial(e2e_site.AuthSite, httpd, db)
