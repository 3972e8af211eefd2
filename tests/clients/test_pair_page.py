# SPDX-License-Identifier: Apache-2.0
"""Dialect pair: a page with axios that sends both of its tokens, against
conf/examples/pair.conf as shipped."""

import pytest

from e2e_site import Past
from held import held
from lab import jwt
from lab.process import wait_for
from page import put_pages
from shipped import shipped
from test_pages import ANN, wait_for_expiry

API, HELLO = "/api/me", {"hello": "there"}
REFRESHED = [["GET", API, 401], ["POST", "/auth/refresh", 200],
             ["GET", API, 200]]

#: Calls a function of a page twice at a time.
TWICE = "(f => (...given) => Promise.all([f(...given), f(...given)]))"


def expire(shown):
    """Waits until the page's access token has."""
    wait_for_expiry(shown.get("tokens().accessToken"))


def generation(db):
    """Of the one session that there is, and it goes on."""
    return db.value("SELECT generation FROM auth_jwt.session"
                    " WHERE revoked_at IS NULL")


@pytest.fixture(name="shown")
def _shown(httpd, db, page):
    """The page, logged in, its access token expired."""
    site = httpd(start=False)
    site.config = shipped(
        site, db, "pair.conf", jwt.secret(),
        ("JwtDialect    pair",
         "JwtDialect pair\nJwtAccessLifetime 3s\nJwtLeeway 0"))
    site.write(f"htdocs{API}", '{"hello": "there"}')
    put_pages(site)
    shown = page(site.start().url("/pair.html"))
    assert shown.call("login", *ANN) == 200
    assert shown.call("api", API) == HELLO
    expire(shown)
    shown.seen()
    return shown


def test_pair(shown):
    """Use, 401, both tokens, use, log out, refused."""
    assert shown.call("api", API) == HELLO
    assert shown.seen() == REFRESHED
    expire(shown)
    assert shown.call("logout") == 204
    assert shown.call("api", API) == 401
    assert shown.seen() == [["POST", "/auth/logout", 204], ["GET", API, 401],
                            ["POST", "/auth/refresh", 401]]


def test_two_tabs_that_submit_twice(shown, page, db):
    """Four refreshes with the same tokens at the same moment, and once more:
    all are answered, and the session moves on by one each time."""
    tabs = [shown, page(shown.url, tab=True)]
    for rotations in (1, 2):
        expire(shown)
        with held(db) as arrived:
            for tab in tabs:
                tab.begin(f"{TWICE}(api)", API)
            arrived(4)
        assert [tab.result() for tab in tabs] == [[HELLO] * 2] * 2
        assert generation(db) == rotations
        Past(db)(shown.get("tokens().refreshToken"), "31s", "rotated_at")
    tabs[1].close()


def test_lost_reply(shown, db):
    """Reloaded before the reply was there, the page asks with what it has."""
    with held(db) as arrived:
        shown.begin("api", API)
        arrived(1)
        shown.reload()
    wait_for(lambda: generation(db) == 1, "the refresh that nobody sees")
    assert shown.call("api", API) == HELLO
    assert shown.seen() == REFRESHED
    assert generation(db) == 1
