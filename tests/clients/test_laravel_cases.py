# SPDX-License-Identifier: Apache-2.0
"""After: every kind of token, at a Laravel site that our module stands before.

What the host says by itself (test_laravel_host.py) is said here too, but for
the cases where that is unsafe: HERE."""

import pytest

from laravel_cases import CASES, WANTS_JSON
from laravel_site import LaravelSite, refused

#: How AuthType Bearer and jwt-refresh end the cases that they refuse.
TAGS = {
    "no token": "token_missing", "one segment": "token_malformed",
    "garbage": "token_malformed", "two segments": "token_malformed",
    "other secret": "signature_bad", "no signature": "token_malformed",
    "alg none": "token_malformed", "alg HS512": "key_unknown",
    "no alg": "alg_refused", "wrong prv": "audience_refused",
    "no jti": "claim_missing", "no exp": "claim_missing",
    "no iat": "claim_missing", "no sub": "claim_missing",
    "sub null": "claim_malformed",
    "expired": "token_expired", "expired, window over": "token_expired",
    "nbf ahead": "token_not_yet_valid", "iat ahead": "token_not_yet_valid",
    "exp as string": "claim_malformed", "exp 1e300": "claim_malformed",
    "two tokens": "token_ambiguous", "scheme JWT": "token_missing",
    "scheme alone": "token_malformed", "query access_token": "token_missing",
    "bad header, good query": "token_ambiguous",
}

#: .. and jwt-refresh alone, where it differs; None: it trades them.
TRADE_TAGS = {
    "window over": "expired",
    "scheme alone": "token_missing", "two tokens": "token_malformed",
    "bad header, good query": "token_malformed",
}

#: .. and where an expired token may be traded.
LATE_TAGS = {**TRADE_TAGS, "expired": None, "expired, window over": "expired"}

#: The sentences of the middlewares.
SAYS = {
    "token_missing": "Token not provided",
    "token_malformed": "Could not decode token",
    "signature_bad": "Token Signature could not be verified.",
    "key_unknown": "Token Signature could not be verified.",
    "alg_refused": "Token Signature could not be verified.",
    "claim_missing": "JWT payload does not contain the required claims",
    "claim_malformed": "Invalid value provided for a claim",
    "token_expired": "Token has expired",
    "token_not_yet_valid":
        "Not Before (nbf) timestamp cannot be in the future",
    "expired": "Token has expired and can no longer be refreshed",
    "token_ambiguous": "The request carries more than one access token",
    "audience_refused": "The access token is meant for another audience",
}

#: Refused here alone: such a token cannot be revoked, would never expire, could
#: be refreshed for ever, or is of other users.
HERE = {"sub null", "no jti", "no exp", "no iat", "exp as string", "wrong prv",
        "nbf ahead", "exp 1e300"}


@pytest.fixture(scope="module", name="site")
def _site(place, running_cluster):
    db = running_cluster.database()
    made = LaravelSite(place, db).over(
        refresh="JwtRefreshExpired Off",
        extra='<Location "/api/page">\n AuthType Bearer\n AuthName api\n'
              "Require valid-user\n JwtLoginPage /login\n</Location>")
    yield made
    made.stop()
    unexpected = made.httpd.unexpected()
    db.drop()
    assert not unexpected, unexpected


def _tag(case, trade=None):
    tag = TAGS.get(case.name)
    return tag if trade is None else trade.get(case.name, tag)


@pytest.mark.contract("laravel", "auth:api")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_guard(site, case):
    """auth:api: the route of the host, and /api/refresh."""
    answer = site.ask("/api/user", case.request(site.host.secret))
    if _tag(case) is None:
        assert (answer.status, answer.json()["id"]) == (200, 1), answer
    else:
        refused(answer, _tag(case))
    answer = site.ask("/api/refresh", case.request(site.host.secret))
    if _tag(case, TRADE_TAGS) is None:
        assert site.get("/api/user", site.token_of(answer)).status == 200
    else:
        refused(answer, _tag(case, TRADE_TAGS))


@pytest.mark.contract("laravel", "jwt.auth, jwt.refresh")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_middleware(site, case):
    """jwt.auth and jwt.refresh: the same, and they say why."""
    for path, trade in (("/api/mw/user", None), ("/api/mw/refresh", LATE_TAGS)):
        answer = site.ask(path, case.request(site.host.secret))
        tag = _tag(case, trade)
        if tag is not None:
            refused(answer, tag, SAYS[tag])
        elif trade is None:
            assert (answer.status, answer.json()["id"]) == (200, 1), answer
        else:
            token = site.token_of(answer)
            assert answer.get("Authorization") == f"Bearer {token}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_as_the_host(case):
    """Every case ends as it did before, unless HERE names it."""
    if case.name not in HERE:
        assert case.passes == (_tag(case) is None)
        assert (case.user is None) == (_tag(case) is None)
        assert (case.refresh is None) == (_tag(case, LATE_TAGS) is None)


@pytest.mark.contract("laravel", "refused: JSON or JwtLoginPage")
@pytest.mark.parametrize("headers, wants", WANTS_JSON)
def test_json_or_a_page(site, headers, wants):
    """JwtLoginPage: who does not ask for JSON is sent there, others get 401."""
    answer = site.ask("/api/page", headers=headers)
    if wants:
        refused(answer, "token_missing")
    else:
        assert answer.status == 302, answer
        assert answer.get("Location").endswith("/login")
