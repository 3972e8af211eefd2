# SPDX-License-Identifier: Apache-2.0
"""Before: what the tutorial's Express server answers."""

import time

import pytest

import host
from lab import jwt
from lab.http import Client

ANN = {"username": "ann@example.com", "password": "secret-pass-1"}


@pytest.fixture(scope="module", name="before")
def _before(place):
    made = host.Node(place, "express_host.mjs").start()
    yield made
    made.stop()


@pytest.fixture(name="client")
def _client(before):
    return Client(before.port)


def _login(client):
    answer = client.post_json("/login", ANN)
    assert answer.status == 200, answer
    return answer.json()


def test_login(client):
    """Two tokens; the access token holds the name."""
    tokens = _login(client)
    assert set(tokens) == {"accessToken", "refreshToken"}
    assert set(jwt.claims_of(tokens["accessToken"])) == {
        "username", "iat", "exp"}


def test_wrong_password(client):
    """401 and a sentence as text/html."""
    for ask in ({**ANN, "password": "wrong"}, {**ANN, "username": "x"}, {}):
        answer = client.post_json("/login", ask)
        assert answer.status == 401, answer
        assert answer.get("Content-Type").startswith("text/html")


def test_refresh_any_number_of_times(client):
    """The refresh token stays; nothing but an access token comes back."""
    token = {"refreshToken": _login(client)["refreshToken"]}
    for _ in range(3):
        answer = client.post_json("/token", token)
        assert (answer.status, set(answer.json())) == (200, {"accessToken"})
        assert client.get("/api/me", answer.json()["accessToken"]).status == 200


def test_refresh_refused(client, before):
    """403 with an error, whatever is wrong."""
    ended = _login(client)["refreshToken"]
    client.post_json("/logout", {"refreshToken": ended})
    forged = jwt.sign(before.secret, {"username": "ann@example.com"})
    for ask in ({}, {"refreshToken": "x"}, {"refreshToken": ended},
                {"refreshToken": forged}):
        answer = client.post_json("/token", ask)
        assert (answer.status, set(answer.json())) == (403, {"error"})


def test_logout_always_204(client):
    """With a token, twice, with another, with none."""
    token = _login(client)["refreshToken"]
    for ask in ({"refreshToken": token}, {"refreshToken": token},
                {"refreshToken": "x"}, {}):
        answer = client.post_json("/logout", ask)
        assert (answer.status, answer.body) == (204, b"")


def test_api(client, before):
    """401 without a token, 403 with a bad or an expired one."""
    stale = jwt.sign(before.secret, {"username": "x"}, exp=int(time.time()) - 9)
    for token, status in ((None, 401), ("x", 403), (stale, 403)):
        answer = client.get("/api/me", token)
        assert (answer.status, set(answer.json())) == (status, {"error"})


def test_accepts_what_another_server_mints(client, before):
    """HS256 with its secret is enough; other claims do not matter."""
    token = jwt.sign(before.secret, {"username": "ann", "sid": "x", "gen": 3},
                     header={"typ": "at+jwt", "kid": "k"})
    assert client.get("/api/me", token).json()["username"] == "ann"
