# SPDX-License-Identifier: Apache-2.0
"""Dialect oauth2: each row of its contract, sent and compared. What its clients
make of it is in tests/clients."""

import base64

import pytest

from e2e_site import ISSUER, USERS, AuthSite, bcrypt, challenge
from lab import jwt


def contract(row):
    """Marks the test of a row."""
    return pytest.mark.contract("oauth2", row)


CLIENT, SECRET = "portal", "9f2c4be1d07a"

#: Public at /token and /logout; at these only the client portal may ask.
CLIENTS = """
    JwtLoginLimit Off
    <Location "/of-clients">
        AuthType Basic
        AuthName "clients"
        AuthUserFile clients
        Require user portal
    </Location>
    <Location "/of-clients/token">
        SetHandler jwt-refresh
    </Location>
    <Location "/of-clients/logout">
        SetHandler jwt-logout
    </Location>
    <Location "/of-clients/introspect">
        SetHandler jwt-introspect
    </Location>
    <Location "/of-clients/express">
        SetHandler jwt-refresh
        JwtDialect express
    </Location>
    <Location "/of-clients/worded">
        SetHandler jwt-refresh
        JwtErrorText client_refused "Ask for a secret"
    </Location>
    <Location "/of-clients/page">
        SetHandler jwt-refresh
        ErrorDocument 401 "Go away"
    </Location>
"""


@pytest.fixture(scope="module", name="site")
def _site(shared_site):
    site = shared_site(server=CLIENTS)
    site.httpd.write("clients", "".join(
        f"{name}:{bcrypt(password)}\n" for name, password in (
            (CLIENT, SECRET), ("other", SECRET))))
    return site


def basic(name=CLIENT, secret=SECRET):
    """How a client proves itself."""
    pair = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return [("Authorization", f"Basic {pair}")]


def no_store(answer):
    """RFC 6749 5.1."""
    assert answer.get("Cache-Control") == "no-store"
    assert answer.get("Pragma") == "no-cache"


def error(answer, status, word, tag):
    """RFC 6749 5.2: a word and a sentence, and nothing else."""
    assert (answer.status, answer.get("X-Outcome")) == (status, tag), answer
    body = answer.json()
    assert body.pop("error") == word
    assert set(body) == {"error_description"}
    assert answer.get("Content-Type") == "application/json"
    no_store(answer)


def grant(token, **more):
    """The form of a refresh."""
    return {"grant_type": "refresh_token", "refresh_token": token, **more}


# -- refresh -----------------------------------------------------------------

@contract("200")
@pytest.mark.parametrize("scope", [None, "read write"])
def test_refresh(site, scope):
    """The members of RFC 6749 5.1, scope where there is one."""
    token = site.db.value("SELECT auth_jwt.open_session('alice', scope => %s)",
                          scope)
    answer = site.client.post_form("/token", grant(token))
    assert answer.status == 200, answer
    no_store(answer)
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in",
                         "refresh_token"} | ({"scope"} if scope else set())
    assert (body["token_type"], body["expires_in"], body.get("scope")) == (
        "Bearer", 300, scope)
    assert jwt.header_of(body["access_token"])["typ"] == "at+jwt"
    assert site.api(body["access_token"]).status == 200


@contract("400 invalid_scope")
def test_scope(site):
    """It may narrow, never widen."""
    token = site.db.value("SELECT auth_jwt.open_session('alice',"
                          " scope => 'read write')")
    error(site.client.post_form("/token", grant(token, scope="read admin")),
          400, "invalid_scope", "scope_refused")
    answer = site.client.post_form("/token", grant(token, scope="read"))
    assert answer.json()["scope"] == "read"


@contract("400 invalid_request, unsupported_grant_type")
@pytest.mark.parametrize("body, word, tag", [
    ({}, "invalid_request", "parameter_missing"),
    ({"grant_type": "refresh_token"}, "invalid_request", "parameter_missing"),
    ({"refresh_token": "x"}, "invalid_request", "parameter_missing"),
    ({"grant_type": "password", "username": "alice"},
     "unsupported_grant_type", "grant_type_refused")])
def test_request_refused(site, body, word, tag):
    """Each with its word."""
    error(site.client.post_form("/token", body), 400, word, tag)


@contract("400 invalid_request: its error_description names what is missing")
@pytest.mark.parametrize("path, body, names", [
    ("/token", {}, ": grant_type"),
    ("/token", {"grant_type": "refresh_token"}, ": refresh_token"),
    ("/login", {"a": "b"}, ": username, password"),
    ("/logout", {"token": ""}, ": token")])
def test_what_is_missing(site, path, body, names):
    """Whoever wrote the client need not guess."""
    answer = site.client.post_form(path, body)
    error(answer, 400, "invalid_request", "parameter_missing")
    assert answer.json()["error_description"] == (
        "The request lacks a parameter" + names)


@contract("JwtErrorText")
def test_what_is_missing_in_other_words(auth_site):
    """The administrator's text stays as it is; a name that is no ASCII is not
    put where RFC 6749 has no room for it."""
    site = auth_site(
        login=f"{AuthSite.LOGIN}\nJwtLoginFields na\u00efve password",
        token='JwtErrorText parameter_missing "Something is missing"')
    for path, text in (("/token", "Something is missing"),
                       ("/login", "The request lacks a parameter")):
        answer = site.client.post_form(path, {"a": "b"})
        assert answer.json()["error_description"] == text


def _logged_out(site, token):
    site.logout(token)
    return token


@contract("400 invalid_grant")
@pytest.mark.parametrize("make, tag", [
    (lambda site, token: "nonsense", "refresh_malformed"),
    (lambda site, token: jwt.flip(token, len(token) - 10), "refresh_forged"),
    (_logged_out, "revoked")], ids=["nonsense", "forged", "revoked"])
def test_grant_refused(site, make, tag):
    """Whatever is wrong with the token."""
    _, token = site.login()
    answer = site.refresh(make(site, token))
    error(answer, 400, "invalid_grant", tag)
    assert answer.get("WWW-Authenticate") is None


@contract("400 invalid_grant: expired, idle, reused")
@pytest.mark.parametrize("interval, columns, tag", [
    ("31d", (), "expired"),
    ("15d", ("created_at", "rotated_at", "used_at"), "idle"),
    ("31s", ("rotated_at",), "reused")])
def test_too_late(site, past, interval, columns, tag):
    """Time is no other word."""
    _, token = site.login()
    site.refreshed(token)
    past(token, interval, *columns)
    error(site.refresh(token), 400, "invalid_grant", tag)


@contract("405 for GET")
@pytest.mark.parametrize("path", ["/token", "/login", "/logout"])
def test_get(site, path):
    """And nothing happens."""
    _, token = site.login()
    answer = site.client.get(f"{path}?grant_type=refresh_token&refresh_token="
                             f"{token}&token={token}")
    error(answer, 405, "invalid_request", "method_refused")
    assert answer.get("Allow") == "POST, OPTIONS"
    assert site.session(token, "generation") == 0 and site.alive(token)


# -- 401 invalid_client ------------------------------------------------------

@contract("401 invalid_client + WWW-Authenticate")
@pytest.mark.parametrize("path", ["token", "logout", "introspect"])
@pytest.mark.parametrize("headers", [
    [], basic(secret="guess"), basic("nobody"), basic("other"),
    [("Authorization", "Bearer x.y.z")]],
    ids=["none", "secret", "unknown", "not allowed", "bearer"])
def test_client_refused(site, path, headers):
    """httpd judges the client, its error page is the dialect's; the session
    is left alone."""
    site.httpd.expect("AH01614", "AH01617", "AH01618", "AH01631")
    _, token = site.login()
    answer = site.client.post_form(f"/of-clients/{path}", {
        **grant(token), "token": token}, headers)
    error(answer, 401, "invalid_client", "client_refused")
    assert answer.all("WWW-Authenticate") == ['Basic realm="clients"']
    assert site.session(token, "generation") == 0 and site.alive(token)


@contract("401 invalid_client: one line in the log")
def test_client_refused_is_logged_once(site):
    """As every refusal."""
    before = len(site.httpd.refusals("client_refused"))
    site.client.post_form("/of-clients/token", grant("x"))
    lines = site.httpd.refusals("client_refused")[before:]
    assert len(lines) == 1 and 'realm="clients"' in lines[0]


@contract("401 invalid_client, in the administrator's words")
def test_client_refused_in_other_words(site):
    """JwtErrorText; an ErrorDocument wins, and other dialects know no clients."""
    answer = site.client.post_form("/of-clients/worded", grant("x"))
    assert answer.json() == {"error": "invalid_client",
                             "error_description": "Ask for a secret"}
    assert site.client.post_form("/of-clients/page",
                                 grant("x")).text == "Go away"
    answer = site.client.post_form("/of-clients/express", grant("x"))
    assert answer.status == 401 and "invalid_client" not in answer.text


@contract("the client that is let in")
def test_client(site):
    """Gets what it asked for."""
    token = site.db.value("SELECT auth_jwt.open_session('alice',"
                          " client => %s)", CLIENT)
    answer = site.client.post_form("/of-clients/token", grant(token), basic())
    site.tokens(answer)


# -- login -------------------------------------------------------------------

@contract("login")
@pytest.mark.parametrize("form", [False, True])
def test_login(site, form):
    """JSON or form; the reply of a refresh."""
    send = site.client.post_form if form else site.client.post_json
    answer = send("/login", {"username": "alice", "password": USERS["alice"]})
    site.tokens(answer)
    assert set(answer.json()) == {"access_token", "token_type", "expires_in",
                                  "refresh_token"}


@contract("login refused")
@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_login_refused(site, name):
    """401 invalid_grant."""
    error(site.ask_login(name, "guess"), 401, "invalid_grant", "login_refused")


# -- logout ------------------------------------------------------------------

@contract("logout: 200 empty")
@pytest.mark.parametrize("kind, ends", [
    ("refresh", True), ("access", True), ("expired", False),
    ("unknown", False)])
@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token"])
def test_logout(site, kind, ends, hint):
    """Of any token, with any hint; an access token counts until it expires."""
    access, token = site.login()
    named = {"refresh": token, "access": access, "unknown": "nonsense",
             "expired": jwt.sign(site.key, jwt.claims_of(access), exp=1)}
    answer = site.logout(named[kind], **(
        {"token_type_hint": hint} if hint else {}))
    assert (answer.status, answer.body) == (200, b"")
    assert site.alive(token) != ends


# -- introspection -----------------------------------------------------------

@contract("introspection: active")
def test_introspect(site):
    """The members of RFC 7662, of both kinds of token."""
    token = site.db.value("SELECT auth_jwt.open_session('alice', client => %s,"
                          " scope => 'read')", CLIENT)
    answer = site.client.post_form("/of-clients/token", grant(token), basic())
    access, refresh = site.tokens(answer)
    for asked, more in ((access, {"jti"}), (refresh, set())):
        said = site.client.post_form("/of-clients/introspect",
                                     {"token": asked}, basic()).json()
        assert set(said) == {"active", "scope", "client_id", "username",
                             "token_type", "exp", "iat", "sub", "iss",
                             "sid"} | more
        assert (said["active"], said["scope"], said["client_id"]) == (
            True, "read", CLIENT)


@contract("introspection: not active")
def test_introspect_inactive(site):
    """That alone."""
    _, token = site.login()
    site.logout(token)
    for asked in (token, "nonsense"):
        answer = site.client.post_form("/of-clients/introspect",
                                       {"token": asked}, basic())
        assert (answer.status, answer.json()) == (200, {"active": False})


# -- the API -----------------------------------------------------------------

@contract("API refusal")
def test_api(site):
    """401, with RFC 6750's words for a token, without any for none."""
    answer = site.api(jwt.sign(site.key, iss=ISSUER, exp=1))
    assert answer.status == 401
    assert answer.json() == {"error": "invalid_token",
                             "error_description": "The access token expired"}
    assert challenge(answer) == {"realm": "test api", **answer.json()}
    answer = site.api()
    assert answer.status == 401
    assert answer.json() == {"error_description": "Token not provided"}
    assert challenge(answer) == {"realm": "test api"}
