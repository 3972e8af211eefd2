# SPDX-License-Identifier: Apache-2.0
"""conf/examples/from-mod_authnz_jwt.conf, as shipped, on a real database: each
Location does what its comment says of mod_authnz_jwt."""

import re

import pytest

import backends
from e2e_site import Site
from examples import Asker, Example
from lab import jwt

EXAMPLE = Example("from-mod_authnz_jwt.conf")
OURS = {"iss": "example.com", "aud": "demo", "user": "alice", "sub": None}
ALICE = {"user": "alice", "password": "wonderland"}
HANDLERS = re.findall('^<Location "(.+)">\n    SetHandler', EXAMPLE.text, re.M)
BROWSER = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module", name="site")
def _site(shared_httpd, shared_db, keys):
    """Where no handler is, a CGI's environment."""
    database = shared_db()
    site = Site(shared_httpd, modules=("cgid",))
    site.db = database
    cgi = backends.write_cgi(site)
    programs = "|".join(set(EXAMPLE.places) - set(HANDLERS))
    text = keys.place(EXAMPLE.text, database.conninfo("site_httpd"))
    return site.start(text + f"""
        ScriptAliasMatch "^({programs})$" "{cgi}"
        <Directory "{cgi.parent}">
            Require all granted
        </Directory>
    """)


@pytest.mark.parametrize("location", EXAMPLE.places)
def test_location(site, keys, location):
    """It works, and it refuses."""
    EXAMPLE.drive(location, site.client, keys)


def logged_in(ask, place="/demo/login"):
    """The answer of a login."""
    answer = ask.client.post_form(place, ALICE, list(BROWSER.items()))
    assert answer.status == 200, answer
    return answer.json()


@EXAMPLE.drives("/demo/login")
def _login(ask, _):
    """user and password in; a token with the claim `user`, half an hour."""
    answer = ask.form(ALICE)
    body = answer.json()
    assert (answer.status, body["expires_in"]) == (200, 1800)
    claims = jwt.claims_of(body["access_token"])
    assert (claims["user"], claims["iss"], claims["aud"]) == (
        "alice", "example.com", "demo")
    assert claims["exp"] - claims["iat"] == 1800
    secured = Asker(ask.client, "/demo/secured")
    assert secured.env(body["access_token"])["REMOTE_USER"] == "alice"
    assert ask.form({**ALICE, "password": "x"}).status == 401


@EXAMPLE.drives("/demo/token")
def _token(ask, _):
    asks = {"grant_type": "refresh_token",
            "refresh_token": logged_in(ask)["refresh_token"]}
    assert ask.form(asks).status == 200
    assert ask.form({**asks, "refresh_token": "rubbish"}).status == 400


@EXAMPLE.drives("/demo/logout")
def _logout(ask, _):
    token = logged_in(ask)["refresh_token"]
    assert ask.form({"token": token}).status == 200
    assert ask.form({}).status == 400
    assert ask.client.post_form("/demo/token", {
        "grant_type": "refresh_token", "refresh_token": token}).status == 400


@EXAMPLE.drives("/demo/secured")
def _secured(ask, keys):
    token = jwt.sign(keys.raw, OURS)
    assert ask.env(token)["REMOTE_USER"] == "alice"
    assert ask.get(None, {"Cookie": f"AuthToken={token}"}).status == 401
    for wrong in ({"iss": "other"}, {"aud": "other"}, {"user": None},
                  {"exp": 1}):
        assert ask.get(jwt.sign(keys.raw, {**OURS, **wrong})).status == 401


@EXAMPLE.drives("/demo/cookie")
def _cookie(ask, keys):
    token = jwt.sign(keys.raw, OURS)
    seen = ask.env(None, {"Cookie": f"AuthToken={token}; theme=dark"})
    assert (seen["REMOTE_USER"], seen["HTTP_COOKIE"]) == ("alice",
                                                          "theme=dark")
    assert ask.get(token).status == 401


@EXAMPLE.drives("/demo/both")
def _both(ask, keys):
    token, other = (jwt.sign(keys.raw, OURS, nonce=n) for n in "ab")
    cookie = {"Cookie": f"AuthToken={token}"}
    assert ask.get(token).status == 200
    assert token in ask.env(None, cookie)["HTTP_COOKIE"]
    assert ask.get(token, cookie).status == 200
    assert ask.get(other, cookie).status == 400


def cookie_of(answer, name):
    """(value, attributes) of a cookie that an answer sets."""
    line, = [line for line in answer.all("Set-Cookie")
             if line.startswith(f"{name}=")]
    value, *attributes = line.partition("=")[2].split("; ")
    return value, set(attributes)


def with_cookie(ask, answer):
    """The cookie of an answer lets in; the header it came by is gone."""
    assert answer.status == 200, answer
    assert answer.get("Authorization") is None
    value, attributes = cookie_of(answer, "AuthToken")
    assert {"Secure", "HttpOnly", "SameSite=Strict"} < attributes
    assert value == answer.json()["accessToken"]
    seen = Asker(ask.client, "/demo/cookie").env(
        None, {"Cookie": f"AuthToken={value}"})
    assert seen["REMOTE_USER"] == "alice"


@EXAMPLE.drives("/demo/browser/login")
def _browser_login(ask, _):
    with_cookie(ask, ask.form(ALICE, list(BROWSER.items())))
    answer = ask.form({**ALICE, "password": "x"}, list(BROWSER.items()))
    assert answer.status == 401
    assert answer.all("Set-Cookie") == []


@EXAMPLE.drives("/demo/browser/token")
def _browser_token(ask, _):
    answer = ask.client.post_form("/demo/browser/login", ALICE,
                                  list(BROWSER.items()))
    refresh, _ = cookie_of(answer, "__Host-refresh")
    headers = {**BROWSER, "Cookie": f"__Host-refresh={refresh}"}
    with_cookie(ask, ask.request("POST", headers))
    answer = ask.request("POST", BROWSER)
    assert answer.status == 403
    assert answer.all("Set-Cookie") == []


@EXAMPLE.drives("/demo/claim")
def _claim(ask, keys):
    judge(ask, keys, [{"user": "toto"}, {"group": "one"}],
          [{"group": "two"}, {"user": "TOTO"}])


@EXAMPLE.drives("/demo/array")
def _array(ask, keys):
    judge(ask, keys, [{"groups": ["group1", "x"]}],
          [{"groups": ["group11"]}, {}])


@EXAMPLE.drives("/demo/rules")
def _rules(ask, keys):
    judge(ask, keys, [{"user": "toto", "groups": ["x", "group2"]}],
          [{"groups": ["group1"]}, {"user": "toto", "groups": ["group3"]}])


def judge(ask, keys, good, bad):
    """Claims beside those that every token has."""
    ask.judge(keys.raw, *([{**OURS, **claims} for claims in cases]
                          for cases in (good, bad)))


@EXAMPLE.drives("/demo/backend")
def _backend(ask, keys):
    """X-Remote-User without rewriting, and nobody else's."""
    seen = ask.env(jwt.sign(keys.raw, OURS), {"X-Remote-User": "root"})
    assert seen["HTTP_X_REMOTE_USER"] == "alice"
    assert ask.get(None, {"X-Remote-User": "root"}).status == 401


@EXAMPLE.drives("/ec")
def _ec(ask, keys):
    assert ask.get(jwt.sign(keys.ec, OURS, "ES256")).status == 200
    assert ask.get(jwt.sign(keys.raw, OURS)).status == 401


@EXAMPLE.drives("/ec-login")
def _ec_login(ask, _):
    """A private key of our own mints."""
    token = ask.form(ALICE).json()["access_token"]
    assert jwt.header_of(token)["alg"] == "ES256"
    assert Asker(ask.client, "/ec").env(token)["REMOTE_USER"] == "alice"
    assert ask.form({**ALICE, "password": "x"}).status == 401


@EXAMPLE.drives("/rsa")
def _rsa(ask, keys):
    """Somebody else's public key."""
    token = jwt.sign(keys.rsa, {"sub": "bob", "aud": "x"}, "RS256")
    assert ask.env(token)["REMOTE_USER"] == "bob"
    assert ask.get(jwt.sign(keys.raw, OURS)).status == 401
