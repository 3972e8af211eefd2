# SPDX-License-Identifier: Apache-2.0
"""A recording of a Laravel host, replayed at a site that our module stands
before: every case, at each kind of route, by Accept. OURS is all that differs."""

import urllib.parse

import pytest

from laravel_cases import (AHEAD, CASES, CLAIMS, NOT_JSON, NOT_YET, OVER,
                           SEGMENTS)
from laravel_recorded import ROUTES, ROWS
from laravel_site import LaravelSite

PAGE = "/api/unauthorized"

MIDDLEWARES = ("jwt.auth user", "jwt.refresh")

#: What the recording calls the cases of laravel_cases.
NAMES = {
    "valid (from login)": "valid",
    "no token": "no token",
    "malformed: one segment": "one segment",
    "malformed: three segments of garbage": "garbage",
    "malformed: two segments": "two segments",
    "bad signature (other secret)": "other secret",
    "bad signature (empty signature, alg HS256)": "no signature",
    "alg none, empty signature": "alg none",
    "alg HS512 same secret": "alg HS512",
    "no alg in header": "no alg",
    "wrong prv": "wrong prv", "no prv": "no prv",
    "missing jti": "no jti", "missing exp": "no exp", "missing iat": "no iat",
    "missing sub": "no sub",
    "expired 1 minute ago, iat within refresh_ttl": "expired",
    "expired, iat beyond refresh_ttl (15 days)": "expired, window over",
    "not expired, iat beyond refresh_ttl (15 days)": "window over",
    "nbf in the future": "nbf ahead", "iat in the future": "iat ahead",
    "exp as numeric string": "exp as string", "exp 1e300": "exp 1e300",
    'sub as string "1"': "sub as string", "sub null": "sub null",
    "external: extra claims sid, gen, roles": "extra claims",
    "external: kid header": "kid", "external: typ at+jwt": "at+jwt",
    "external: other iss": "other iss", "external: aud string": "aud",
    "external: full (sid, gen, kid, at+jwt, other iss, sub string, no prv)":
        "of a server elsewhere",
    "scheme: bearer lower case": "bearer",
    "scheme: BEARER upper case": "BEARER",
    "scheme: Bearer, two spaces": "two spaces",
    'scheme: "Bearer tok1,tok2"': "two tokens",
    "scheme: JWT tok": "scheme JWT", "scheme: Bearer alone": "scheme alone",
    "query ?token=": "query token",
    "query ?access_token=": "query access_token",
    "header bad, query good": "bad header, good query",
    "cookie token=": "cookie token",
}

UNDECODED = "Could not decode token"
INVALID = "Invalid value provided for a claim"
AMBIGUOUS = "The request carries more than one access token"

#: One sentence an outcome: what jwt-auth says, and what is said here.
SENTENCES = {SEGMENTS: UNDECODED, NOT_JSON: UNDECODED, AHEAD: NOT_YET}

#: Where we refuse a token that the host took, or for another reason: it could
#: not be revoked, would not expire, could be refreshed for ever, is of other
#: users, of nobody, of the future, or one of two; and 401 where it said 500.
OURS = {
    "no jti": dict.fromkeys(ROUTES, CLAIMS),
    "no exp": dict.fromkeys(ROUTES, CLAIMS),
    "no iat": dict.fromkeys(ROUTES, CLAIMS),
    "exp as string": dict.fromkeys(ROUTES, INVALID),
    "exp 1e300": dict.fromkeys(MIDDLEWARES, INVALID),
    "sub null": dict.fromkeys(MIDDLEWARES, INVALID),
    "wrong prv": dict.fromkeys(
        MIDDLEWARES, "The access token is meant for another audience"),
    "nbf ahead": {"jwt.refresh": NOT_YET},
    "window over": {"auth:api refresh": OVER},
    "two tokens": {"jwt.auth user": AMBIGUOUS},
    "bad header, good query": {"jwt.auth user": AMBIGUOUS},
    "scheme alone": {"jwt.auth user": UNDECODED},
}


def _case(row):
    name = "no token" if row.case.startswith("no token,") else NAMES[row.case]
    return next(case for case in CASES if case.name == name)


def _headers(row):
    headers = {} if row.accept == "none" else {"Accept": row.accept}
    if row.case.endswith("X-Requested-With"):
        headers["X-Requested-With"] = "XMLHttpRequest"
    return headers


def _expected(row, at, word):
    """What we say where the host said `word`."""
    text = OURS.get(_case(row).name, {}).get(at)
    if text is None:
        return SENTENCES.get(word, word)
    if at in MIDDLEWARES:
        return text
    return "Unauthenticated." if "json" in row.accept else "page"


def _said(answer, at):
    """Our answer, as the recording is distilled."""
    if answer.status == 302:
        assert urllib.parse.urlsplit(answer.get("Location")).path == PAGE
        return "page"
    if answer.status != 200:
        assert answer.status == 401, answer
        return answer.json()["message"]
    if at.endswith("user"):
        assert answer.json()["id"] == 1
    else:
        token = LaravelSite.token_of(answer)
        assert at not in MIDDLEWARES or (
            answer.get("Authorization") == f"Bearer {token}")
    return "passes"


@pytest.fixture(scope="module", name="site")
def _site(place, running_cluster):
    db = running_cluster.database()
    made = LaravelSite(place, db).over(
        refresh=f"JwtRefreshExpired Off\nJwtLoginPage {PAGE}",
        extra=f'<Location "/api/user">\n JwtLoginPage {PAGE}\n</Location>')
    yield made
    made.stop()
    unexpected = made.httpd.unexpected()
    db.drop()
    assert not unexpected, unexpected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.case}|{row.accept}")
def test_replayed(site, row):
    """Each route gets a token of its own, and says what the host did."""
    for (at, path), word in zip(ROUTES.items(), row.answers):
        answer = site.ask(path, _case(row).request(site.host.secret),
                          headers=_headers(row))
        expected = _expected(row, at, word)
        assert expected in (_said(answer, at), str(answer.status)), (at, answer)


def test_ours_is_no_longer_than_it_has_to_be():
    """Each entry names an answer that the host gave otherwise."""
    told = {(_case(row).name, at)
            for row in ROWS for at, word in zip(ROUTES, row.answers)
            if _expected(row, at, word) != SENTENCES.get(word, word)}
    assert told == {(name, at) for name, at_ in OURS.items() for at in at_}
