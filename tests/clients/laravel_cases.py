# SPDX-License-Identifier: Apache-2.0
"""Requests with every kind of token, and what a host with tymon/jwt-auth says.

Distilled from exchanges recorded with Laravel 8.83 and jwt-auth 1.0.2.
"""

import dataclasses
import hashlib
import itertools
import time
from typing import Callable, Optional

from lab import jwt

PROVIDER = hashlib.sha1(b"App\\Models\\User").hexdigest()
DAY = 86400

NOT_PROVIDED = "Token not provided"
SEGMENTS = "Wrong number of segments"
SIGNATURE = "Token Signature could not be verified."
CLAIMS = "JWT payload does not contain the required claims"
EXPIRED = "Token has expired"
OVER = "Token has expired and can no longer be refreshed"
BLACKLISTED = "The token has been blacklisted"
NOT_JSON = "Could not decode token: Error while decoding from JSON"
AHEAD = "Invalid value provided for claim [iat]"
NOT_YET = "Not Before (nbf) timestamp cannot be in the future"

_numbers = itertools.count(1)


def claims(**changes):
    """The claims of a token that a Laravel host minted; None removes one."""
    now = int(time.time())
    made = {"iss": "http://localhost/api/login", "iat": now,
            "exp": now + 3600, "nbf": now, "jti": f"case-{next(_numbers)}",
            "sub": 1, "prv": PROVIDER}
    made.update((name, value(now) if callable(value) else value)
                for name, value in changes.items())
    return made


def mint(secret, header=None, alg="HS256", **changes):
    """Such a token."""
    return jwt.sign(secret, claims(**changes), alg, header)


def _parts(secret, **header):
    body = jwt.sign(secret, claims()).split(".")[1]
    return f"{_json(header)}.{body}"


def _json(value):
    return jwt.b64url(jwt.json.dumps(value).encode())


def bearer(make, scheme="Bearer "):
    """A request with the token in the Authorization header."""
    return lambda secret: {"headers": {
        "Authorization": scheme + make(secret)}}


def changed(**changes):
    """A request with a token whose claims differ from the usual."""
    return bearer(lambda secret: mint(secret, **changes))


@dataclasses.dataclass(frozen=True)
class Case:
    """`user`, `refresh`: what the middleware jwt.auth and jwt.refresh say,
    None when they let it pass. `guard`: whether auth:api lets it pass, where
    that is not what jwt.auth does. `broken`: auth:api's refresh answers 500.
    """

    name: str
    request: Callable
    user: Optional[str] = None
    refresh: Optional[str] = None
    guard: Optional[bool] = None
    broken: bool = False

    @property
    def passes(self):
        """Whether auth:api lets it pass."""
        return self.user is None if self.guard is None else self.guard


def _same(name, request, says):
    return Case(name, request, says, says)


def _good_and(query_or_cookie):
    return lambda secret: query_or_cookie(mint(secret))


CASES = [
    Case("valid", changed()),
    _same("no token", lambda _: {}, NOT_PROVIDED),
    _same("one segment", bearer(lambda _: "abc"), SEGMENTS),
    _same("garbage", bearer(lambda _: "abc.def.ghi"), NOT_JSON),
    _same("two segments", bearer(
        lambda secret: mint(secret).rpartition(".")[0]), SEGMENTS),
    _same("other secret", bearer(lambda _: mint(jwt.secret())), SIGNATURE),
    _same("no signature", bearer(
        lambda secret: mint(secret).rpartition(".")[0] + "."), SEGMENTS),
    _same("alg none", bearer(
        lambda secret: _parts(secret, typ="JWT", alg="none") + "."), SEGMENTS),
    _same("alg HS512", bearer(
        lambda secret: mint(secret, alg="HS512")), SIGNATURE),
    _same("no alg", bearer(
        lambda secret: _parts(secret, typ="JWT") + ".AAAA"), SIGNATURE),
    Case("wrong prv", changed(prv="0" * 40), guard=False),
    Case("no prv", changed(prv=None)),
    Case("no jti", changed(jti=None)),
    Case("no exp", bearer(lambda secret: jwt.sign(
        secret, claims(), exp=None))),
    Case("no iat", changed(iat=None)),
    _same("no sub", bearer(lambda secret: jwt.sign(
        secret, claims(), sub=None)), CLAIMS),
    Case("sub null", bearer(lambda secret: jwt.pyjwt.encode(
        {**claims(), "sub": None}, secret, "HS256")), "User not found"),
    Case("expired", changed(exp=lambda now: now - 60,
                            iat=lambda now: now - 3660,
                            nbf=lambda now: now - 3660), EXPIRED),
    Case("expired, window over", changed(
        exp=lambda now: now - 14 * DAY, iat=lambda now: now - 15 * DAY,
        nbf=lambda now: now - 15 * DAY), EXPIRED, OVER),
    Case("window over", changed(iat=lambda now: now - 15 * DAY),
         None, OVER, broken=True),
    Case("nbf ahead", changed(nbf=lambda now: now + 600), NOT_YET),
    _same("iat ahead", changed(iat=lambda now: now + 600), AHEAD),
    Case("exp as string", changed(exp=lambda now: str(now + 600))),
    Case("exp 1e300", changed(exp=1e300), EXPIRED),
    Case("sub as string", changed(sub="1")),
    Case("extra claims", changed(sid="x", gen=1, roles=["a"])),
    Case("kid", bearer(lambda secret: mint(secret, {"kid": "k"}))),
    Case("at+jwt", bearer(lambda secret: mint(secret, {"typ": "at+jwt"}))),
    Case("other iss", changed(iss="https://apache.example")),
    Case("of a server elsewhere", bearer(lambda secret: mint(
        secret, {"kid": "k", "typ": "at+jwt"}, sid="x", gen=1, prv=None,
        sub="1", iss="https://apache.example"))),
    Case("aud", changed(aud="api")),
    Case("bearer", bearer(mint, "bearer ")),
    Case("BEARER", bearer(mint, "BEARER ")),
    Case("two spaces", bearer(mint, "Bearer  ")),
    _same("two tokens", bearer(
        lambda secret: mint(secret) + "," + mint(secret)), SEGMENTS),
    _same("scheme JWT", bearer(mint, "JWT "), NOT_PROVIDED),
    _same("scheme alone", bearer(lambda _: ""), NOT_PROVIDED),
    Case("query token", _good_and(lambda token: {"query": f"token={token}"})),
    _same("query access_token", _good_and(
        lambda token: {"query": f"access_token={token}"}), NOT_PROVIDED),
    _same("bad header, good query", _good_and(
        lambda token: {"headers": {"Authorization": "Bearer abc"},
                       "query": f"token={token}"}), SEGMENTS),
    Case("cookie token", _good_and(
        lambda token: {"headers": {"Cookie": f"token={token}",
                                   "Sec-Fetch-Site": "same-origin"}})),
]

#: How a client says that it wants JSON: headers, and whether Laravel agrees.
WANTS_JSON = [
    ({"Accept": "application/json"}, True),
    ({"Accept": "application/json, text/plain, */*"}, True),
    ({"Accept": "application/vnd.api+json"}, True),
    ({"Accept": "text/html, application/json"}, False),
    ({"Accept": "text/html"}, False),
    ({"Accept": "*/*"}, False),
    ({}, False),
    ({"X-Requested-With": "XMLHttpRequest"}, True),
    ({"X-Requested-With": "XMLHttpRequest", "Accept": "*/*"}, True),
    ({"X-Requested-With": "XMLHttpRequest", "Accept": "text/html"}, False),
]
