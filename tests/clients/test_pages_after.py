# SPDX-License-Identifier: Apache-2.0
"""After: the pages of test_pages.py, unmodified, with our module in place of
their servers' logins, by conf/examples as shipped."""

import pytest

from lab import jwt
from lab.process import wait_for
from page import put_pages
from shipped import shipped
from test_pages import ANN, wait_for_expiry

_SHORT = "JwtAccessLifetime 3s\nJwtLeeway 0"

_TOKEN = "(async () => accessToken)"


# -- express -------------------------------------------------------------------

@pytest.fixture(name="express")
def _express(httpd, db, node):
    """The tutorial's server goes on behind /api and verifies by itself."""
    host = node("express_host.mjs")
    site = httpd(start=False, modules=("proxy", "proxy_http"))
    site.config = shipped(site, db, "express.conf", host.secret,
                          ("JwtAccessLifetime 15m", _SHORT)) + (
        f"ProxyPass /api {host.url}/api\n")
    put_pages(site)
    return site.start()


def test_express(express, db, page):
    """Log in, use, 403, refresh, use, log out, refused."""
    shown = page(express.url("/express.html"))
    assert shown.call("login", *ANN) == 200
    assert shown.call("api", "/api/me")["username"] == ANN[0]
    shown.seen()
    wait_for_expiry(shown.call(_TOKEN))
    assert shown.call("api", "/api/me")["username"] == ANN[0]
    assert shown.seen() == [
        ["GET", "/api/me", 403], ["POST", "/token", 200],
        ["GET", "/api/me", 200]]
    wait_for_expiry(shown.call(_TOKEN))
    shown.call("logout")
    assert shown.call("api", "/api/me") == 403
    assert shown.seen() == [
        ["POST", "/logout", 204], ["GET", "/api/me", 403],
        ["POST", "/token", 403]]
    assert db.value("SELECT revoked_at IS NOT NULL FROM auth_jwt.session")
    assert express.outcomes()[-1] == "revoked"


def test_express_user_thrown_out(express, db, page):
    """One line of SQL: the API says 403, and the refresh too."""
    shown = page(express.url("/express.html"))
    shown.call("login", *ANN)
    db.psql(f"SELECT auth_jwt.revoke_subject('{ANN[0]}')", "site_admin")
    wait_for_expiry(shown.call(_TOKEN))
    assert shown.call("api", "/api/me") == 403
    assert express.outcomes()[-1] == "revoked"


# -- cookie --------------------------------------------------------------------

#: The application's part: what is granted, preflights among it.
_CORS = """
    <Location "/api">
        Header set Access-Control-Allow-Origin "{origin}"
        Header set Access-Control-Allow-Credentials true
        Header set Access-Control-Allow-Headers "authorization, content-type"
    </Location>
"""


class CookieSite:
    """An API, the page's own origin, and another's: three servers. Chromium
    takes every name below localhost for the loopback, and for safe."""

    def __init__(self, httpd, db, page):
        self._page, self.db = page, db
        self.app = self._pages(httpd)
        self.api = httpd(start=False)
        self.origin = f"http://localhost:{self.app.port}"
        self.base = f"http://localhost:{self.api.port}"
        self.api.config = shipped(
            self.api, db, "cookie.conf", jwt.secret(),
            ("https://app.example.com", self.origin),
            ("JwtDialect    cookie", f"JwtDialect cookie\n{_SHORT}")
        ) + _CORS.format(origin=self.origin)
        self.api.write("htdocs/api/me", '{"hello": "there"}')
        put_pages(self.api)
        self.api.start()

    @staticmethod
    def _pages(httpd):
        site = httpd(start=False, ours=False)
        put_pages(site)
        return site.start()

    def open(self, host="localhost", tab=False, port=None):
        """Shows the page from a host and port, its own by default."""
        return self._page(f"http://{host}:{port or self.app.port}/cookie.html"
                          f"?api={self.base}", tab=tab)

    def alive(self):
        """How many sessions have not been ended."""
        return self.db.value("SELECT count(*) FROM auth_jwt.session"
                             " WHERE revoked_at IS NULL")


@pytest.fixture(name="cookie")
def _cookie(httpd, db, page):
    return CookieSite(httpd, db, page)


def test_cookie(cookie):
    """axios across origins: 401, refresh, again; log out, refused."""
    shown = cookie.open()
    assert shown.call("login", *ANN) == 200
    wait_for_expiry(shown.call(_TOKEN))
    shown.seen()
    assert shown.call("api", "/api/me") == {"hello": "there"}
    assert shown.seen() == [
        ["GET", "/api/me", 401], ["POST", "/auth/refresh", 200],
        ["GET", "/api/me", 200]]
    wait_for_expiry(shown.call(_TOKEN))
    assert shown.call("logout") == 204
    assert shown.call("api", "/api/me") == 403
    assert shown.seen() == [
        ["POST", "/auth/logout", 204], ["GET", "/api/me", 401],
        ["POST", "/auth/refresh", 403]]
    assert cookie.alive() == 0


def test_no_script_sees_the_cookie(cookie):
    """HttpOnly, and nothing of it in what axios may read."""
    cookie.open().call("login", *ANN)
    shown = cookie.open(port=cookie.api.port)
    assert shown.call("(async () => document.cookie)") == ""


def test_two_tabs_refresh_at_once(cookie):
    """Both 200, again and again; the jar ends with a token that works."""
    first = cookie.open()
    assert first.call("login", *ANN) == 200
    second = cookie.open(tab=True)
    for _ in range(5):
        for tab in (first, second):
            tab.begin("(async () => Promise.all([refresh(), refresh(),"
                      " refresh()]))")
        for tab in (first, second):
            assert tab.result() == [200, 200, 200]
    assert second.call("refresh") == 200
    second.close()
    assert first.call("refresh") == 200
    assert cookie.alive() == 1
    assert "reused" not in cookie.api.outcomes()


def test_reload_keeps_the_user(cookie):
    """The access token is gone with the page, the cookie is not."""
    cookie.open().call("login", *ANN)
    shown = cookie.open()
    assert shown.call("api", "/api/me") == {"hello": "there"}
    assert shown.seen()[1] == ["POST", "/auth/refresh", 200]


_FORM = """(async (url) => {{
    const form = document.createElement("form");
    form.method = "post";
    form.action = {url!r};
    document.body.append(form);
    form.submit();
}})"""


@pytest.mark.parametrize("host", ["evil.localhost", "localhost.evil.localhost"])
def test_page_of_another_site(cookie, browser, host):
    """Neither a script nor a form of another site does anything in the user's
    name, and the user stays logged in."""
    shown = cookie.open()
    assert shown.call("login", *ANN) == 200
    evil = cookie.open(host, tab=True)
    assert evil.call("refresh") == 0  # no answer that a script may read
    assert evil.call("logout") == 0
    evil.close()
    for path in ("/auth/refresh", "/auth/logout"):
        evil = cookie.open(host, tab=True)
        evil.begin(_FORM.format(url=cookie.base + path))
        wait_for(lambda: browser.current_url == cookie.base + path,
                 "the form's answer")
        assert '{"error":"csrf"}' in browser.page_source
        evil.close()
    assert shown.call("refresh") == 200
    assert cookie.alive() == 1
    assert set(cookie.api.outcomes()) == {"csrf"}
    browser.get_log("browser")  # it complains of what it kept from the page


def test_page_of_another_port(cookie, httpd, browser):
    """The same site but another origin: the cookie travels, Origin tells."""
    shown = cookie.open()
    assert shown.call("login", *ANN) == 200
    other = httpd(start=False, ours=False)
    put_pages(other)
    other.start()
    evil = cookie.open(port=other.port, tab=True)
    assert evil.call("refresh") == 0
    assert evil.call("logout") == 0
    evil.close()
    assert "csrf" in cookie.api.outcomes()
    assert shown.call("refresh") == 200
    assert cookie.alive() == 1
    browser.get_log("browser")
