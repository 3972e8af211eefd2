# SPDX-License-Identifier: Apache-2.0
"""One site, several policies: what a scope keeps of the one around it."""

import json

import pytest

from e2e_site import Site
from lab import jwt

#: RFC 8037 A.2: a key that nobody here signs with.
FOREIGN = {"kty": "OKP", "crv": "Ed25519",
           "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


@pytest.fixture(name="scopes")
def _scopes(httpd):
    """scopes(outer, inner): a Site with /api, and /api/inner inside."""
    def make(outer, inner):
        site = Site(httpd)
        site.httpd.write("htdocs/api/inner/index.html", "inner\n")
        site.key = jwt.secret()
        path = site.httpd.write("keys/access.key", site.key, secret=True)
        keyset = site.httpd.write("keys/set.json",
                                  json.dumps({"keys": [FOREIGN]}))
        outer, inner = (text.format(key=path, keyset=keyset)
                        for text in (outer, inner))
        site.start(f"""
            <Location "/api">
                AuthType Bearer
                AuthName "test api"
                Require valid-user
                {outer}
            </Location>
            <Location "/api/inner">
                {inner}
            </Location>
        """)
        site.inner = lambda token: site.client.get("/api/inner/", token)
        return site
    return make


@pytest.mark.parametrize("directive, claim", [
    ("JwtIssuer", "iss"), ("JwtAudience", "aud")])
def test_any(scopes, directive, claim):
    """The inner scope takes every value, and tokens without one."""
    site = scopes(f'JwtKey HS256 "file:{{key}}"\n{directive} ours',
                  f"{directive} any")
    for token in jwt.sign(site.key, {claim: "theirs"}), jwt.sign(site.key):
        assert site.api(token).status == 401
        assert site.inner(token).status == 200
    assert site.inner(jwt.sign(site.key, {claim: "ours"})).status == 200
    assert site.inner(jwt.sign(jwt.secret(), {claim: "ours"})).status == 401


def test_no_required_claims(scopes):
    """Then not even exp; but where it stands it counts."""
    site = scopes('JwtKey HS256 "file:{key}"', "JwtRequireClaims none")
    eternal = jwt.sign(site.key, exp=None)
    assert site.api(eternal).status == 401
    assert site.inner(eternal).status == 200
    assert site.inner(jwt.sign(site.key, exp=1)).status == 401
    assert site.inner(jwt.sign(site.key, sub=None)).status == 401


def test_no_exports(scopes):
    """Nothing is published, and the header is still scrubbed."""
    site = scopes('JwtKey HS256 "file:{key}"\nJwtExport role header=X-Role\n'
                  'Header set X-Seen "expr=%{{HTTP:X-Role}}"',
                  "JwtExport none")
    token = jwt.sign(site.key, role="r")
    assert site.api(token).get("X-Seen") == "r"
    for headers in {}, {"X-Role": "root"}:
        answer = site.client.get("/api/inner/", token, headers)
        assert (answer.status, answer.get("X-Seen")) == (200, None)


def test_no_keys(scopes):
    """JwtKey none: what the set has, and nothing else. Never `unsigned`."""
    site = scopes('JwtKey HS256 "file:{key}"\nJwtKeySet "{keyset}"',
                  "JwtKey none")
    token = jwt.sign(site.key)
    assert site.api(token).status == 200
    site.refused(site.inner(token), 401, "key_unknown")
    unsigned = (jwt.b64url(b'{"alg":"none"}') + "."
                + token.split(".")[1] + ".")
    assert site.inner(unsigned).status == 401


def test_no_keys_at_all(scopes):
    """Nobody is let in, and the log says why."""
    site = scopes('JwtKey HS256 "file:{key}"\nJwtKeySet "{keyset}"',
                  "JwtKey none\nJwtKeySet none")
    site.httpd.expect("outcome=misconfigured")
    line = site.refused(site.inner(jwt.sign(site.key)), 500, "misconfigured")
    assert "JwtKeySet" in line


def test_no_key_set(scopes):
    """The scope's own key judges alone."""
    site = scopes('JwtKey HS256 "file:{key}"\nJwtKeySet "{keyset}"',
                  "JwtKeySet none")
    assert site.inner(jwt.sign(site.key)).status == 200
