# SPDX-License-Identifier: Apache-2.0
"""Dialect express: each row of its contract, sent and compared."""

import json

import pytest

from e2e_site import ISSUER, challenge, sid_of
from lab import jwt
from lab.process import wait_for


def contract(row):
    """Marks the test of a row."""
    return pytest.mark.contract("express", row)


EXPRESS = ("JwtDialect express\nJwtLoginLimit Off\n"
           'JwtMintClaim username "%{REMOTE_USER}"')


@pytest.fixture(scope="module", name="site")
def _site(shared_site):
    return shared_site(server=EXPRESS)


def login(site, username="alice"):
    """(access token, refresh token); the reply is checked."""
    answer = site.ask_login(username)
    assert answer.status == 200, answer
    no_store(answer)
    body = answer.json()
    assert set(body) == {"accessToken", "refreshToken"}
    return body["accessToken"], body["refreshToken"]


def refresh(site, token):
    """Asks /token as the page does."""
    return site.client.post_json("/token", {"refreshToken": token})


def no_store(answer):
    """Nobody on the way keeps it."""
    assert answer.get("Cache-Control") == "no-store"
    assert answer.get("Pragma") == "no-cache"


def error(answer, status, tag):
    """{"error": a sentence}, and no redirect or cookie."""
    assert (answer.status, answer.get("X-Outcome")) == (status, tag), answer
    body = answer.json()
    assert set(body) == {"error"} and len(body["error"]) > 10
    assert answer.get("Location") is None and answer.get("Set-Cookie") is None


@contract("POST /login ok")
def test_login(site):
    """Both tokens; the access token is typ JWT and names the user."""
    access, _ = login(site)
    assert jwt.header_of(access)["typ"] == "JWT"
    claims = jwt.claims_of(access)
    assert claims["username"] == "alice"
    assert claims["exp"] - claims["iat"] == 300
    assert site.api(access).status == 200


@contract("POST /login bad")
@pytest.mark.parametrize("body", [
    {"username": "alice", "password": "wrong"},
    {"username": "nobody", "password": "wrong"},
    {"username": "alice"}, {"password": "x"}, {}, {"username": ""}])
def test_login_refused(site, body):
    """A sentence for people."""
    answer = site.client.post_json("/login", body)
    assert answer.status == 401, answer
    assert answer.get("Content-Type").startswith("text/html")
    assert len(answer.text.split()) >= 4 and "{" not in answer.text
    no_store(answer)


@contract("POST /login bad, in the administrator's words")
def test_login_refused_in_other_words(auth_site):
    """JwtErrorText."""
    site = auth_site(server="JwtDialect express\n"
                            'JwtErrorText login_refused "/nice <try>"')
    answer = site.ask_login(password="wrong")
    assert (answer.status, answer.text) == (401, "/nice <try>")


@contract("POST /token ok")
def test_refresh(site):
    """An access token alone, as often as one likes."""
    access, token = login(site)
    for _ in range(3):
        answer = refresh(site, token)
        assert answer.status == 200
        no_store(answer)
        body = answer.json()
        assert set(body) == {"accessToken"}
        assert body["accessToken"] != access
        assert jwt.claims_of(body["accessToken"])["username"] == "alice"
        assert site.api(body["accessToken"]).status == 200
    assert site.session(token, "generation") == 0


@contract("POST /token ok, by form")
def test_refresh_by_form(site):
    """JSON and form bodies are both read; unknown members are ignored."""
    _, token = login(site)
    answer = site.client.post_form("/token", {"refreshToken": token, "x": "y"})
    assert answer.status == 200 and set(answer.json()) == {"accessToken"}


@contract("POST /token ok, rotation on")
def test_refresh_with_rotation(auth_site, past):
    """Then there is a new refresh token in the reply, and reuse ends it."""
    site = auth_site(server="JwtDialect express\nJwtRefreshRotate On")
    _, token = login(site)
    body = refresh(site, token).json()
    assert set(body) == {"accessToken", "refreshToken"}
    assert body["refreshToken"] != token
    assert site.session(token, "generation") == 1
    past(token, "31s", "rotated_at")
    error(refresh(site, token), 403, "reused")
    error(refresh(site, body["refreshToken"]), 403, "revoked")


def test_rotation_switched_off_under_a_client(auth_site):
    """Who missed the reply of the last rotation is given its token again, or
    the one he has would soon be a stolen one."""
    site = auth_site(server="""JwtDialect express
        <Location "/turning">
            SetHandler jwt-refresh
            JwtRefreshRotate On
        </Location>""")
    _, first = login(site)
    second = site.client.post_json("/turning", {"refreshToken": first}).json()
    again = site.client.post_json("/token", {"refreshToken": first})
    assert (again.status, again.get("X-Outcome")) == (200, "replayed")
    assert again.json()["refreshToken"] == second["refreshToken"]
    kept = site.client.post_json("/token", {"refreshToken": second["refreshToken"]})
    assert kept.status == 200 and set(kept.json()) == {"accessToken"}


def _flipped(_site, token):
    return jwt.flip(token, len(token) - 10)


def _logged_out(site, token):
    site.client.post_json("/logout", {"refreshToken": token})
    return token


def _deleted(site, token):
    site.db.execute("DELETE FROM auth_jwt.session WHERE sid = %s",
                    str(sid_of(token)))
    return token


@contract("/token: missing, unknown, revoked, expired, bad")
@pytest.mark.parametrize("make, tag", [
    (lambda site, token: None, "parameter_missing"),
    (lambda site, token: "", "parameter_missing"),
    (lambda site, token: 7, "body_malformed"),
    (lambda site, token: "nonsense", "refresh_malformed"),
    (lambda site, token: "a.b.c", "refresh_malformed"),
    (_flipped, "refresh_forged"), (_logged_out, "revoked"),
    (_deleted, "unknown")],
    ids=["null", "empty", "number", "nonsense", "jwt", "forged", "revoked",
         "unknown"])
def test_refresh_refused(site, make, tag):
    """403, never 401 or 400."""
    _, token = login(site)
    answer = refresh(site, make(site, token))
    error(answer, 403, tag)
    no_store(answer)
    assert answer.get("WWW-Authenticate") is None


@contract("/token: expired and idle")
@pytest.mark.parametrize("interval, columns, tag", [
    ("31d", (), "expired"),
    ("15d", ("created_at", "rotated_at", "used_at"), "idle")])
def test_refresh_too_late(site, past, interval, columns, tag):
    """The same 403."""
    _, token = login(site)
    past(token, interval, *columns)
    error(refresh(site, token), 403, tag)


@contract("/token: bodies that cannot be read")
@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"a":1,"a":2}',
                                  '{"refreshToken":{"$ne":null}}'])
def test_refresh_malformed(site, body):
    """Refused as well."""
    answer = site.client.post_json("/token", body)
    assert answer.status == 403 and set(answer.json()) == {"error"}


@contract("POST /logout, any body")
@pytest.mark.parametrize("body", [
    "token", "", "{}", "{", "[]", '{"refreshToken":null}',
    '{"refreshToken":"nonsense"}', '{"refreshToken":7}'])
def test_logout(site, body):
    """204, always; and the session is over where one was named."""
    _, token = login(site)
    named = body == "token"
    if named:
        body = json.dumps({"refreshToken": token})
    for _ in range(2):
        answer = site.client.post_json("/logout", body)
        assert (answer.status, answer.body) == (204, b"")
        no_store(answer)
    assert site.alive(token) != named
    assert refresh(site, token).status == (403 if named else 200)


@contract("POST /logout, other content types")
def test_logout_of_any_type(site):
    """A beacon sends text/plain."""
    answer = site.client.request("POST", "/logout", [
        ("Content-Type", "text/plain")], "x" * 100)
    assert answer.status == 204


@contract("API without a token")
@pytest.mark.parametrize("headers", [[], [("Authorization", "Basic eDp5")]])
def test_api_without(site, headers):
    """401: the page sends people to log in."""
    answer = site.api(headers=headers)
    error(answer, 401, "token_missing")
    assert challenge(answer) == {"realm": "test api"}


@contract("API with a bad or expired one")
@pytest.mark.parametrize("make, tag", [
    (lambda site, token: jwt.sign(site.key, iss=ISSUER, exp=1), "token_expired"),
    (lambda site, token: jwt.flip(token, len(token) - 5), "signature_bad"),
    (lambda site, token: "nonsense", "token_malformed"),
    (lambda site, token: jwt.sign(site.key, iss="https://other"),
     "issuer_refused"),
    (lambda site, token: jwt.sign(site.key, token_type="refresh"),
     "type_refused")],
    ids=["expired", "signature", "nonsense", "issuer", "type"])
def test_api_refused(site, make, tag):
    """403: the page refreshes on that alone."""
    access, _ = login(site)
    answer = site.api(make(site, access))
    error(answer, 403, tag)
    assert challenge(answer)["error"] == "invalid_token"


@contract("common: body limit")
def test_body_limit(site):
    """413 at login and token."""
    for path in ("/login", "/token"):
        answer = site.client.post_json(path, '{"a":"' + "x" * 16400 + '"}')
        assert answer.status == 413 and set(answer.json()) == {"error"}


@contract("common: database trouble")
def test_trouble(auth_site, cluster):
    """503 + Retry-After everywhere, and the session is still there."""
    site = auth_site(server=EXPRESS)
    _, token = login(site)
    cluster.stop()
    site.httpd.expect("outcome=database_down")
    for answer in (refresh(site, token), site.ask_login(),
                   site.client.post_json("/logout", {"refreshToken": token})):
        assert answer.status == 503 and set(answer.json()) == {"error"}
        assert int(answer.get("Retry-After")) >= 1
    cluster.start()
    wait_for(lambda: refresh(site, token).status == 200, "a refresh")


@contract("common: methods")
@pytest.mark.parametrize("path", ["/login", "/token", "/logout"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_methods(site, path, method):
    """POST alone."""
    answer = site.client.request(method, path)
    assert (answer.status, answer.get("Allow")) == (405, "POST, OPTIONS")


def test_open_session(site):
    """A host that logs people in by SQL: its js1_ works, and goes on working."""
    token = site.db.value("SELECT auth_jwt.open_session('alice')")
    for _ in range(2):
        assert refresh(site, token).status == 200


def test_access_token_is_no_refresh_token(site):
    """And the reverse."""
    access, token = login(site)
    assert refresh(site, access).status == 403
    assert site.api(token).status == 403
