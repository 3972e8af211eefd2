# SPDX-License-Identifier: Apache-2.0
"""After: the pages of test_pages.py, unmodified, with our module in place of
their servers' logins, by conf/examples as shipped."""

import pytest

from held import held
from lab import jwt
from lab.process import wait_for
from page import put_pages
from shipped import shipped
from test_pages import ANN, wait_for_expiry

_SHORT = "JwtAccessLifetime 3s\nJwtLeeway 0"

_TOKEN = "(async () => accessToken)"

#: Calls a function of a page twice at a time.
_TWICE = "(f => (...given) => Promise.all([f(...given), f(...given)]))"


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


def test_express_double_submit(express, page):
    """Every request twice at a time: both are answered, before and after."""
    shown = page(express.url("/express.html"))
    assert shown.call("login", *ANN) == 200
    wait_for_expiry(shown.call(_TOKEN))
    both = shown.call(f"{_TWICE}(api)", "/api/me")
    assert [me["username"] for me in both] == [ANN[0]] * 2


def test_express_judges_alone(express, page):
    """Apache answers /token and leaves the API to jsonwebtoken, as it was."""
    express.config += """
        <Location "/api">
            AuthType None
            Require all granted
        </Location>
    """
    express.graceful()
    shown = page(express.url("/express.html"))
    assert shown.call("login", *ANN) == 200
    wait_for_expiry(shown.call(_TOKEN))
    shown.seen()
    assert shown.call("api", "/api/me")["username"] == ANN[0]
    assert shown.seen() == [
        ["GET", "/api/me", 403], ["POST", "/token", 200],
        ["GET", "/api/me", 200]]
    assert not express.outcomes()


def test_express_user_thrown_out(express, db, page):
    """One line of SQL: the API says 403, and the refresh too."""
    shown = page(express.url("/express.html"))
    shown.call("login", *ANN)
    db.psql(f"SELECT auth_jwt.revoke_subject('{ANN[0]}')", "site_admin")
    wait_for_expiry(shown.call(_TOKEN))
    assert shown.call("api", "/api/me") == 403
    assert express.outcomes()[-1] == "revoked"


# -- cookie --------------------------------------------------------------------

class CookieSite:
    """An API, the page's own origin, and another's: three servers. Chromium
    takes every name below localhost for the loopback, and for safe."""

    def __init__(self, httpd, db, page, host="localhost"):
        self._page, self.db, self.host = page, db, host
        self.app = self._pages(httpd)
        self.api = httpd(start=False, modules=("proxy", "proxy_http"))
        self.origin = f"http://{host}:{self.app.port}"
        self.base = f"http://localhost:{self.api.port}"

    def start(self, *changes, secret=None, config="", without=()):
        """Starts the API: the example `without` some directives, a file, and
        what `config` says."""
        text = shipped(
            self.api, self.db, "cookie.conf", secret or jwt.secret(),
            ("https://app.example.com", self.origin),
            ("JwtDialect    cookie", f"JwtDialect cookie\n{_SHORT}"),
            ("\\\n", ""), *changes)
        self.api.config = "\n".join(
            line for line in text.splitlines()
            if not line.strip().startswith(without)) + f"\n{config}"
        self.api.write("htdocs/api/me", '{"hello": "there"}')
        put_pages(self.api)
        self.api.start()
        return self

    @staticmethod
    def _pages(httpd):
        site = httpd(start=False, ours=False)
        put_pages(site)
        return site.start()

    def open(self, host=None, tab=False, port=None):
        """Shows the page from a host and port, its own by default."""
        return self._page(f"http://{host or self.host}:{port or self.app.port}/cookie.html"
                          f"?api={self.base}", tab=tab)

    def generations(self):
        """Of the sessions that have not been ended."""
        return self.db.value("SELECT array_agg(generation)"
                             " FROM auth_jwt.session WHERE revoked_at IS NULL")

    def alive(self):
        """How many sessions have not been ended."""
        return self.db.value("SELECT count(*) FROM auth_jwt.session"
                             " WHERE revoked_at IS NULL")


@pytest.fixture(name="cookie")
def _cookie(httpd, db, page):
    return CookieSite(httpd, db, page).start()


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


def test_application_with_cors_of_its_own(httpd, db, page, node):
    """The tutorial's server goes on behind the example: no header twice, which
    browsers refuse; and it accepts what Apache mints."""
    site = CookieSite(httpd, db, page)
    host = node("cookie_host.mjs", origin=site.origin)
    site.start(secret=host.secret,
               config=f'ProxyPass "/api/me" "{host.url}/api/me"\n')
    shown = site.open()
    assert shown.call("login", *ANN) == 200
    wait_for_expiry(shown.call(_TOKEN))
    assert shown.call("api", "/api/me")["sub"] == ANN[0]


def test_one_origin(httpd, db, page, browser):
    """The example without the lines for two: nothing is left out but those."""
    site = CookieSite(httpd, db, page).start(
        without=("JwtOrigin", "JwtPreflight", "Header"))
    shown = site.open(port=site.api.port)
    assert shown.call("login", *ANN) == 200
    wait_for_expiry(shown.call(_TOKEN))
    assert shown.call("api", "/api/me") == {"hello": "there"}
    assert site.open().call("refresh") == 0  # a page of another port
    assert site.api.outcomes() == ["token_expired", "csrf"]
    shown = site.open(port=site.api.port)
    assert shown.call("logout") == 204
    assert shown.call("api", "/api/me") == 403
    assert site.alive() == 0
    browser.get_log("browser")


def test_two_sites(httpd, db, page, browser):
    """A page of another site, with the cookie that the example has for it."""
    site = CookieSite(httpd, db, page, host="127.0.0.1").start(
        ('JwtCookie     __Host-refresh "Path=/; Secure; HttpOnly; '
         'SameSite=Strict"', ""),
        ("# JwtCookie __Host", "JwtCookie __Host"))
    shown = site.open()
    assert shown.call("login", *ANN) == 200
    wait_for_expiry(shown.call(_TOKEN))
    assert shown.call("api", "/api/me") == {"hello": "there"}
    evil = site.open("evil.localhost", tab=True)
    assert [evil.call("refresh"), evil.call("logout")] == [0, 0]
    evil.close()
    assert site.api.outcomes() == ["token_expired", "csrf", "csrf"]
    assert shown.call("refresh") == 200
    assert shown.call("logout") == 204
    assert shown.call("refresh") == 403
    browser.get_log("browser")


def test_headers_of_the_page(cookie):
    """axios sends a header of the page's own along with everything."""
    shown = cookie.open()
    shown.call("(async () => { client.defaults.headers.common['X-App'] = 7; })")
    assert shown.call("login", *ANN) == 200
    assert shown.call("refresh") == 200
    assert shown.call("logout") == 204


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


def test_tabs_whose_refreshes_meet(cookie):
    """Four at one row with one cookie; the replies come in any order."""
    tabs = [cookie.open(), cookie.open(tab=True)]
    assert tabs[0].call("login", *ANN) == 200
    with held(cookie.db) as arrived:
        for tab in tabs:
            tab.begin(f"{_TWICE}(refresh)")
        arrived(4)
    assert [tab.result() for tab in tabs] == [[200, 200]] * 2
    assert [tab.call("refresh") for tab in tabs] == [200, 200]
    tabs[1].close()
    assert cookie.generations() == [1]


def test_lost_reply(cookie):
    """The page was reloaded while it refreshed: rotated, and nobody saw it."""
    shown = cookie.open()
    assert shown.call("login", *ANN) == 200
    with held(cookie.db) as arrived:
        shown.begin("refresh")
        arrived(1)
        shown.reload()
    wait_for(lambda: cookie.generations() == [1], "the refresh nobody sees")
    assert shown.call("api", "/api/me") == {"hello": "there"}
    assert cookie.generations() == [1]


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
