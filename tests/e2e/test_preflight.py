# SPDX-License-Identifier: Apache-2.0
"""JwtPreflight: what browsers ask before a cross-origin request."""

import pytest

from e2e_site import Site
from lab import jwt

ORIGIN = ("Origin", "https://app.example")
METHOD = ("Access-Control-Request-Method", "PUT")
SHOW = """
    JwtPreflight On
    JwtExport role header=X-Role
    Header always set X-Sees "expr=%{HTTP:X-Role}|%{REMOTE_USER}"
"""


def test_a_preflight_is_admitted(protect):
    """Without a token, without a user, and scrubbed as everything is."""
    site = protect(SHOW)
    answer = site.client.request("OPTIONS", "/api/", [
        ORIGIN, METHOD, ("X-Role", "admin"), ("X_Role", "admin")])
    assert answer.status == 200
    assert answer.get("X-Outcome") == "preflight"
    assert answer.get("X-Sees") == "|"
    assert not answer.all("WWW-Authenticate")
    assert not site.httpd.refusals()
    site.httpd.stop()
    assert '- "OPTIONS /api/ HTTP/1.1" 200 preflight' in site.httpd.access_log()


@pytest.mark.parametrize("method, headers", [
    ("OPTIONS", []), ("OPTIONS", [ORIGIN]), ("OPTIONS", [METHOD]),
    ("OPTIONS", [("Origin", ""), METHOD]),
    ("OPTIONS", [ORIGIN, ("Access-Control-Request-Method", "")]),
    ("GET", [ORIGIN, METHOD]), ("POST", [ORIGIN, METHOD]),
    ("HEAD", [ORIGIN, METHOD]), ("PUT", [ORIGIN, METHOD]),
    ("options", [ORIGIN, METHOD])], ids=str)
def test_nothing_else_is(protect, method, headers):
    """A plain OPTIONS, one without Origin, another method: judged."""
    site = protect(SHOW)
    site.refused(site.client.request(method, "/api/", headers), 401,
                 "token_missing")


@pytest.mark.parametrize("config", ["", "JwtPreflight Off"])
def test_off(protect, config):
    """It is not the default."""
    site = protect(config)
    site.refused(site.client.request("OPTIONS", "/api/", [ORIGIN, METHOD]),
                 401, "token_missing")


def test_a_scope_may_return_to_off(protect):
    """Server On, Location Off."""
    site = protect("JwtPreflight Off", server="JwtPreflight On")
    site.refused(site.client.request("OPTIONS", "/api/", [ORIGIN, METHOD]),
                 401, "token_missing")


def test_with_a_token_it_is_no_preflight(protect):
    """Browsers send none: what carries a token is judged by it."""
    site = protect(SHOW)
    ask = lambda token: site.client.request("OPTIONS", "/api/", [
        ORIGIN, METHOD, ("Authorization", f"Bearer {token}")])
    answer = ask(jwt.sign(site.key))
    assert (answer.status, answer.get("X-User")) == (200, "alice")
    site.refused(ask(jwt.sign(jwt.secret())), 401, "signature_bad")


def test_a_token_is_not_forgotten_on_the_way(protect):
    """Stripped and redirected, the request still had one."""
    site = protect("JwtSource header\nJwtStrip On\n" + SHOW +
                   "ErrorDocument 404 /api/")
    answer = site.client.request("OPTIONS", "/api/none", [
        ORIGIN, METHOD, ("Authorization", f"Bearer {jwt.sign(site.key)}")])
    assert answer.get("X-Outcome") == "granted"
    answer = site.client.request("OPTIONS", "/api/none", [
        ORIGIN, METHOD,
        ("Authorization", f"Bearer {jwt.sign(jwt.secret())}")])
    assert answer.get("X-Outcome") == "signature_bad"


def preflight_at(httpd, keyfile, requirements):
    """The answer to a preflight where these must hold."""
    site = Site(httpd).start(f"""
        JwtKey HS256 "file:{keyfile(jwt.secret())}"
        <Location "/api">
            AuthType Bearer
            AuthName "test api"
            JwtPreflight On
            {requirements}
        </Location>
    """)
    site.httpd.expect("AH01630: client denied by server configuration")
    return site.client.request("OPTIONS", "/api/", [ORIGIN, METHOD])


@pytest.mark.parametrize("requirements", [
    "Require all denied",
    "<RequireAll>\nRequire ip 192.0.2.1\nRequire valid-user\n</RequireAll>"])
def test_addresses_that_are_refused_stay_refused(httpd, keyfile, requirements):
    """Only the question who it is goes unasked."""
    assert preflight_at(httpd, keyfile, requirements).status == 403


@pytest.mark.parametrize("requirements", [
    "Require user bob", "Require all granted", "Require bearer-scope a",
    "<RequireAll>\nRequire all granted\nRequire not bearer-scope banned\n"
    "</RequireAll>",
    "<RequireAll>\nRequire ip 127.0.0.1\nRequire valid-user\n</RequireAll>"])
def test_what_only_a_user_can_fulfil_is_open(httpd, keyfile, requirements):
    """Whatever the token would have to say."""
    assert preflight_at(httpd, keyfile, requirements).status == 200


def test_handlers_are_not_opened(auth_site):
    """OPTIONS at a handler says what may be sent, and lets nobody in."""
    site = auth_site(server="JwtPreflight On")
    answer = site.client.request("OPTIONS", "/token", [ORIGIN, METHOD])
    assert (answer.status, answer.body) == (204, b"")
    assert answer.get("X-Outcome") == "preflight"
    assert answer.get("Access-Control-Allow-Origin") is None
