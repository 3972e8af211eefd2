# SPDX-License-Identifier: Apache-2.0
"""Before: what the Laravel host answers by itself. What holds here is what its
clients have been used to."""

import pytest

import host
from laravel_cases import BLACKLISTED, CASES, PROVIDER, WANTS_JSON, mint
from lab import jwt
from lab.httpd import Httpd

ANN = {"email": "ann@example.com", "password": "secret-pass-1"}
JSON = {"Accept": "application/json"}


class Before:
    """The host behind an httpd without our module."""

    def __init__(self, place, db):
        self.host = host.Laravel(place, db).start()
        self.httpd = Httpd(place, self.host.config, ours=False,
                           modules=host.Laravel.MODULES).start()

    def ask(self, path, request=None, headers=None):
        """A GET as a case wants it."""
        request = request or {}
        query = request.get("query")
        return self.httpd.client.get(
            path + (f"?{query}" if query else ""), headers={
                **(JSON if headers is None else headers),
                **request.get("headers", {})})

    def get(self, path, token):
        """A GET with a token as bearer."""
        return self.ask(path, {"headers": {"Authorization": f"Bearer {token}"}})

    def login(self):
        """Logs Ann in: her token."""
        answer = self.httpd.client.post_json("/api/login", ANN)
        assert answer.status == 200, answer
        return answer.json()["access_token"]


@pytest.fixture(scope="module", name="before")
def _before(place, running_cluster):
    db = running_cluster.database()
    site = Before(place, db)
    yield site
    site.httpd.stop()
    site.host.stop()
    db.drop()


def _refused(answer, says):
    assert answer.status == 401, answer
    assert answer.json() == {"message": says}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_token(before, case):
    """auth:api, jwt.auth and jwt.refresh, each with a token of its own."""
    def ask(path):
        return before.ask(path, case.request(before.host.secret))

    user, refresh = ask("/api/user"), ask("/api/refresh")
    if case.passes:
        assert (user.status, user.json()["id"]) == (200, 1), user
        assert refresh.status == (500 if case.broken else 200), refresh
    else:
        _refused(user, "Unauthenticated.")
        _refused(refresh, "Unauthenticated.")
    for path, says in (("/api/mw/user", case.user),
                       ("/api/mw/refresh", case.refresh)):
        answer = ask(path)
        if says is None:
            assert answer.status == 200, answer
        else:
            _refused(answer, says)
            assert answer.get("WWW-Authenticate") == "jwt-auth"


@pytest.mark.parametrize("headers, wants", WANTS_JSON)
def test_json_or_a_page(before, headers, wants):
    """Who asks for JSON gets 401, who does not is sent to a page."""
    answer = before.ask("/api/user", headers=headers)
    if wants:
        _refused(answer, "Unauthenticated.")
    else:
        assert answer.status == 302, answer
        assert answer.get("Location") == before.httpd.url("/api/unauthorized")


def test_login(before):
    """The reply, and the claims of its token."""
    answer = before.httpd.client.post_form("/api/login", ANN)
    body = answer.json()
    token = body.pop("access_token")
    assert body == {"token_type": "bearer", "expires_in": 3600}
    assert jwt.header_of(token) == {"typ": "JWT", "alg": "HS256"}
    made = jwt.claims_of(token)
    assert set(made) == {"iss", "iat", "exp", "nbf", "jti", "sub", "prv"}
    assert made["prv"] == PROVIDER
    assert before.get("/api/user", token).json()["email"] == ANN["email"]


def test_wrong_password(before):
    """401 and Laravel's word."""
    for ask in ({**ANN, "password": "wrong"}, {**ANN, "email": "x@y.example"}):
        answer = before.httpd.client.post_json("/api/login", ask)
        assert (answer.status, answer.json()) == (
            401, {"error": "Unauthorized"})


def test_refresh_keeps_and_changes(before):
    """iat, sub, prv and custom claims stay; the old token is dead."""
    old = mint(before.host.secret, iat=lambda now: now - 60, role="admin")
    answer = before.get("/api/refresh", old)
    body = answer.json()
    new = body.pop("access_token")
    assert body == {"token_type": "bearer", "expires_in": 3600}
    was, now = jwt.claims_of(old), jwt.claims_of(new)
    assert {name for name in was if now[name] == was[name]} >= {
        "iat", "sub", "prv", "role"}
    assert all(now[name] != was[name] for name in ("jti", "iss"))
    assert before.get("/api/user", new).status == 200
    _refused(before.get("/api/mw/user", old), BLACKLISTED)
    _refused(before.get("/api/refresh", old), "Unauthenticated.")


def test_middleware_replies_in_a_header(before):
    """jwt.refresh sends the successor as Authorization on the reply."""
    answer = before.get("/api/mw/refresh", before.login())
    scheme, _, token = answer.get("Authorization").partition(" ")
    assert scheme == "Bearer"
    assert before.get("/api/user", token).status == 200


def test_logout(before):
    """The token is dead at once; a second logout is refused."""
    token = before.login()
    answer = before.get("/api/logout", token)
    assert (answer.status, answer.json()) == (
        200, {"message": "Successfully logged out"})
    _refused(before.get("/api/user", token), "Unauthenticated.")
    _refused(before.get("/api/logout", token), "Unauthenticated.")


def test_blacklist_is_a_row_of_the_cache(before):
    """Where adoptable() can look: the key is the prefix and the jti."""
    token = before.login()
    before.get("/api/logout", token)
    key = "laravel_cache" + jwt.claims_of(token)["jti"]
    assert before.host.db.value(
        "SELECT value FROM cache WHERE key = %s", key).startswith(
            'a:1:{s:11:"valid_until";i:')


def test_session_by_pdo(before):
    """A host that logs in by plain PDO and open_session()."""
    answer = before.httpd.client.post_json("/api/session", ANN)
    token = answer.json()["refresh_token"]
    assert token.startswith("js1_")
    assert before.host.db.execute(
        "SELECT subject, form FROM auth_jwt.session") == [("1", "js1")]
