# SPDX-License-Identifier: Apache-2.0
"""A page with axios that keeps its tokens in the storage of all tabs, against
conf/examples of pair, laravel and simplejwt as shipped; the latter two begin
with tokens that their hosts minted. Nobody is logged out by a second tab, a
request that is made twice, or a reply that is lost."""

import time

import pytest

from held import graceless, held
from lab import jwt
from lab.process import wait_for
from laravel_site import LaravelSite
from page import put_pages
from shipped import shipped
from test_pages import ANN, wait_for_expiry
from test_simplejwt import Site as DjangoSite

#: Calls a function of a page twice at a time.
TWICE = "(f => (...given) => Promise.all([f(...given), f(...given)]))"


class Pair:
    """A site of files; access tokens expire while one waits."""

    api, refresh = "/api/me", "/auth/refresh"
    logout, goodbye = "/auth/logout", 204

    def __init__(self, httpd, _place, db):
        self.httpd = httpd(start=False)
        self.httpd.config = shipped(
            self.httpd, db, "pair.conf", jwt.secret(),
            ("JwtDialect    pair",
             "JwtDialect pair\nJwtAccessLifetime 3s\nJwtLeeway 0"))
        self.httpd.write(f"htdocs{self.api}", "{}")
        put_pages(self.httpd)
        self.httpd.start()

    @staticmethod
    def expire(shown):
        """Waits for the page's access token to expire."""
        wait_for_expiry(shown.get("held().access"))

    def stop(self):
        """The fixture does."""


class _Hosted:
    """A site whose host mints tokens that live long."""

    def __init__(self, site):
        self._site, self.httpd = site, site.httpd

    def expire(self, shown):
        """Signs the page's access token again, as one that has expired."""
        claims = {**jwt.claims_of(shown.get("held().access")),
                  "exp": int(time.time()) - 60}
        shown.call("(async (access) => keep({ access }))",
                   jwt.sign(self._site.host.secret, claims))

    def stop(self):
        """Stops both."""
        self._site.stop()
        assert not self.httpd.unexpected(), self.httpd.unexpected()


class Laravel(_Hosted):
    """Laravel behind PHP-FPM; it logs people in."""

    api, refresh = "/api/user", "/api/refresh"
    logout, goodbye = "/api/logout", 200

    def __init__(self, _httpd, place, db):
        site = LaravelSite(place, db)
        put_pages(site.httpd, site.host.folder / "public")
        super().__init__(site.over("KeepAlive Off\n"))


class Simplejwt(_Hosted):
    """Django behind mod_proxy, which logs people in; refresh tokens rotate."""

    api, refresh = "/api/me", "/api/token/refresh/"
    logout, goodbye = "/api/token/blacklist/", 200

    def __init__(self, _httpd, place, db):
        site = DjangoSite(place, db)
        site.httpd.stop()
        site.httpd.config = (
            'ProxyPassMatch "^/[a-z.]+[.](html|js)$" "!"\n'
            f"{site.httpd.config}\nJwtRefreshRotate On\n")
        put_pages(site.httpd)
        site.httpd.start()
        super().__init__(site)


@pytest.fixture(name="site", params=[Pair, Laravel, Simplejwt],
                ids=lambda kind: kind.__name__.lower())
def _site(request, httpd, place, db):
    made = request.param(httpd, place, db)
    yield made
    made.stop()


@pytest.fixture(name="shown")
def _shown(site, page):
    """The page, logged in."""
    kind = type(site).__name__.lower()
    shown = page(site.httpd.url(f"/stored.html?as={kind}"))
    assert shown.call("login", *ANN) == 200
    assert isinstance(shown.call("api", site.api), dict)
    shown.seen()
    return shown


def generation(db):
    """Of the one session that there is, and it goes on."""
    return db.value("SELECT generation FROM auth_jwt.session"
                    " WHERE revoked_at IS NULL")


def refreshed(site):
    """What a page sees when it had to refresh."""
    return [["GET", site.api, 401], ["POST", site.refresh, 200],
            ["GET", site.api, 200]]


def test_whole_life(site, shown):
    """Use, expired, refreshed, use, log out, refused."""
    for _ in range(2):
        site.expire(shown)
        assert isinstance(shown.call("api", site.api), dict)
        assert shown.seen() == refreshed(site)
    site.expire(shown)
    assert shown.call("logout") == site.goodbye
    assert shown.call("api", site.api) == 401
    assert shown.seen() == [["POST", site.logout, site.goodbye],
                            ["GET", site.api, 401],
                            ["POST", site.refresh, 401]]


def test_nobody_is_logged_out(site, shown, page, db):
    """Two tabs, every request twice, all four with the same tokens; and again
    when all four are at the session's row. Then the page is reloaded before it
    has the reply. The session moves on by one each time."""
    tabs = [shown, page(shown.url, tab=True)]

    def four():
        for tab in tabs:
            tab.begin(f"{TWICE}(api)", site.api)

    def all_good():
        for tab in tabs:
            assert all(isinstance(data, dict) for data in tab.result())

    site.expire(shown)
    four()
    all_good()
    assert generation(db) == 1
    graceless(db)
    site.expire(shown)
    with held(db) as arrived:
        four()
        arrived(4)
    all_good()
    assert generation(db) == 2
    tabs[1].close()

    graceless(db)
    site.expire(shown)
    with held(db) as arrived:
        shown.begin("api", site.api)
        arrived(1)
        shown.reload()
    wait_for(lambda: generation(db) == 3, "the refresh that nobody sees")
    assert isinstance(shown.call("api", site.api), dict)
    assert shown.seen() == refreshed(site)
    assert generation(db) == 3
