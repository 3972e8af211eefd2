# SPDX-License-Identifier: Apache-2.0
"""Before: what simplejwt's own views answer on a Django host."""

import time

import pytest

import host
from lab import jwt
from lab.http import Client
from simplejwt_cases import (ACCESS, BLACKLIST, BOTH, CASES, MALFORMED,
                             METHODS, PARSE_ERROR, REFRESH, TOKEN, VERIFY,
                             not_authenticated, said_by_5_2)

ANN = {"username": "ann@example.com", "password": "secret-pass-1"}


class Before:
    """The host, asked directly."""

    def __init__(self, place, **settings):
        self.host = host.Django(place, **settings).start()
        self.client = Client(self.host.port)

    def login(self):
        """Logs Ann in: {"refresh", "access"}."""
        answer = self.client.post_json(TOKEN, ANN)
        assert answer.status == 200, answer
        return answer.json()

    def tokens(self):
        """A token of every name that the cases use."""
        good, dead = self.login(), self.login()["refresh"]
        assert self.client.post_json(BLACKLIST, {"refresh": dead}).status == 200
        def again(token, key=self.host.secret, **changes):
            return jwt.sign(key, {**jwt.claims_of(token), "sub": None,
                                  **changes})
        past = int(time.time()) - 60
        return {**good, "dead": dead,
                "stale_refresh": again(good["refresh"], exp=past),
                "stale_access": again(good["access"], exp=past),
                "forged": again(good["refresh"], jwt.secret())}


@pytest.fixture(scope="module", name="before")
def _before(place):
    site = Before(place)
    yield site
    site.host.stop()


@pytest.fixture(scope="module", name="tokens")
def _tokens(before):
    return before.tokens()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_view(before, tokens, case):
    """Each view with each kind of body, in the order of the table."""
    answer = before.client.post_json(case.path, case.text(tokens))
    assert answer.status == case.status, answer
    if isinstance(case.reply, set):
        assert set(answer.json()) == case.reply
    else:
        assert answer.json() == said_by_5_2(case.reply)
    challenge = 'Bearer realm="api"' if case.status == 401 else None
    assert answer.get("WWW-Authenticate") == challenge


@pytest.mark.parametrize("body", MALFORMED)
def test_malformed_body(before, body):
    """400, and a detail that begins so."""
    answer = before.client.post_json(REFRESH, body)
    assert answer.status == 400, answer
    assert answer.json()["detail"].startswith(PARSE_ERROR)


@pytest.mark.parametrize("path", [TOKEN, REFRESH, VERIFY, BLACKLIST])
def test_methods(before, path):
    """POST alone."""
    for method in METHODS:
        answer = before.client.request(method, path)
        assert answer.status == 405, answer
        assert answer.get("Allow") == "POST, OPTIONS"
        if method != "HEAD":
            assert answer.json() == {
                "detail": f'Method "{method}" not allowed.'}


def test_claims(before):
    """What the two tokens hold."""
    pair = before.login()
    for name in ("refresh", "access"):
        claims = jwt.claims_of(pair[name])
        assert set(claims) == {"token_type", "exp", "iat", "jti", "user_id"}
        assert claims["token_type"] == name
        assert len(bytes.fromhex(claims["jti"])) == 16


def test_custom_claims_are_copied(before):
    """What else the refresh token holds is in the access token."""
    token = jwt.sign(before.host.secret, {
        **jwt.claims_of(before.login()["refresh"]), "sub": None, "role": "x"})
    answer = before.client.post_json(REFRESH, {"refresh": token})
    assert jwt.claims_of(answer.json()["access"])["role"] == "x"


def test_protected_view(before, tokens):
    """What the API says to each token; the user may be named by a string."""
    def me(token):
        return before.client.get("/api/me", token)
    assert me(tokens["access"]).json() == {"id": 1, "name": ANN["username"]}
    by_string = jwt.sign(before.host.secret, {
        **jwt.claims_of(tokens["access"]), "sub": "1", "user_id": "1"})
    assert me(by_string).json()["id"] == 1
    for token, message in ((None, None),
                           ("x", "Token is invalid or expired"),
                           (tokens["stale_access"],
                            "Token is invalid or expired"),
                           (tokens["refresh"], "Token has wrong type")):
        answer = me(token)
        assert (answer.status, answer.json()) == (
            401, not_authenticated(message))
        assert answer.get("WWW-Authenticate") == 'Bearer realm="api"'


def test_rotation(django):
    """Rotation on: another refresh token, the old one is dead."""
    made = django(simple_jwt={"ROTATE_REFRESH_TOKENS": True,
                              "BLACKLIST_AFTER_ROTATION": True})
    client = Client(made.port)
    old = client.post_json(TOKEN, ANN).json()["refresh"]
    first = client.post_json(REFRESH, {"refresh": old})
    assert set(first.json()) == BOTH > ACCESS
    again = client.post_json(REFRESH, {"refresh": old})
    assert (again.status, again.json()["detail"]) == (
        401, "Token is blacklisted")
