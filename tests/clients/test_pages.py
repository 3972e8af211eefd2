# SPDX-License-Identifier: Apache-2.0
"""Before: the pages with the servers that their tutorials come with."""

import time

from lab import jwt
from lab.process import wait_for
from page import put_pages

ANN = ("ann@example.com", "secret-pass-1")


def wait_for_expiry(token):
    """Waits until the exp of a token has passed."""
    end = jwt.claims_of(token)["exp"]
    wait_for(lambda: time.time() > end, "the token to expire")


def test_express(httpd, node, page):
    """Log in, use, 403, refresh, use, log out, refused."""
    express = node("express_host.mjs", lifetime=3)
    site = httpd(start=False, ours=False, modules=("proxy", "proxy_http"))
    site.config = "".join(f"ProxyPass {path} {express.url}{path}\n"
                          for path in ("/login", "/token", "/logout", "/api"))
    put_pages(site)
    site.start()
    shown = page(site.url("/express.html"))
    assert shown.call("login", *ANN) == 200
    assert shown.call("api", "/api/me")["username"] == ANN[0]
    shown.seen()
    wait_for_expiry(shown.call("(async () => accessToken)"))
    assert shown.call("api", "/api/me")["username"] == ANN[0]
    assert shown.seen() == [["GET", "/api/me", 403], ["POST", "/token", 200],
                            ["GET", "/api/me", 200]]
    wait_for_expiry(shown.call("(async () => accessToken)"))
    shown.call("logout")
    assert shown.call("api", "/api/me") == 403
    assert shown.seen() == [["POST", "/logout", 204], ["GET", "/api/me", 403],
                            ["POST", "/token", 403]]


def test_cookie(httpd, node, page):
    """The same with axios, a cookie, and the API on another origin."""
    site = httpd(start=False, ours=False)
    put_pages(site)
    site.start()
    origin = f"http://localhost:{site.port}"
    server = node("cookie_host.mjs", lifetime=3, origin=origin)
    shown = page(f"{origin}/cookie.html?api=http://localhost:{server.port}")
    assert shown.call("login", *ANN) == 200
    wait_for_expiry(shown.call("(async () => accessToken)"))
    shown.seen()
    assert shown.call("api", "/api/me")["username"] == ANN[0]
    assert shown.seen() == [["GET", "/api/me", 401],
                            ["POST", "/auth/refresh", 200],
                            ["GET", "/api/me", 200]]
    wait_for_expiry(shown.call("(async () => accessToken)"))
    assert shown.call("logout") == 204
    assert shown.call("api", "/api/me") == 403
    assert shown.seen() == [["POST", "/auth/logout", 204],
                            ["GET", "/api/me", 401],
                            ["POST", "/auth/refresh", 403]]
