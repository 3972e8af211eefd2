# SPDX-License-Identifier: Apache-2.0
"""Access and refresh tokens at the wrong door, and tokens that bring keys of
their own. What is wrong with a token by itself is in tests/vectors."""

import contextlib
import json
import socket

import jwt as pyjwt
import pytest

from e2e_site import ISSUER
from lab import jwt
from lab.grant import Grant
from lab.process import run


@contextlib.contextmanager
def nobody_comes():
    """The port of a server that must not be asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def attacker():
    """A key pair: private PEM, public JWK, certificate as in x5c."""
    key = run(["openssl", "genpkey", "-algorithm", "RSA"]).stdout
    made = run(["openssl", "req", "-x509", "-subj", "/CN=attacker", "-key",
                "/dev/stdin"], stdin=None, input=key).stdout
    algorithm = pyjwt.algorithms.RSAAlgorithm
    private = algorithm(algorithm.SHA256).prepare_key(key)
    return (key, json.loads(algorithm.to_jwk(private.public_key())),
            "".join(made.splitlines()[1:-1]))


def test_keys_in_a_token_are_never_used_or_fetched(protect, keyfile):
    """jwk, x5c, jku, x5u: a token does not say by what it is judged."""
    ours = run(["openssl", "genpkey", "-algorithm", "RSA"]).stdout
    site = protect(f'JwtKey RS256 "file:{keyfile(ours)}"')
    theirs, jwk, certificate = attacker()
    with nobody_comes() as port:
        bait = {"jwk": jwk, "x5c": [certificate],
                "jku": f"http://127.0.0.1:{port}/keys.json",
                "x5u": f"http://127.0.0.1:{port}/cert.pem"}
        for name, value in bait.items():
            header = {name: value}
            answer = site.api(jwt.sign(theirs, alg="RS256", header=header))
            assert answer.status == 401
            assert answer.get("X-Outcome") == "signature_bad"
            answer = site.api(jwt.sign(ours, alg="RS256", header=header))
            assert answer.status == 200


@pytest.fixture(name="doors", params=["JwtKey", "JwtIssuer", "JwtAudience"])
def _doors(request, protect, keyfile):
    """Two locations that differ in one thing, and a token for each."""
    keys = {"a": jwt.secret(), "b": jwt.secret()}
    other = {"JwtKey": lambda door: f'HS256 "file:{keyfile(keys[door])}"',
             "JwtIssuer": lambda door: f"https://{door}.example",
             "JwtAudience": lambda door: door}
    line = lambda door: f"{request.param} {other[request.param](door)}"
    site = protect(server=f"JwtIssuer {ISSUER}\nJwtAudience api", location=f"""
        </Location>
        <Location "/api/a">
            {line("a")}
        </Location>
        <Location "/api/b">
            {line("b")}
    """)
    for door in keys:
        site.httpd.write(f"htdocs/api/{door}/index.html", door)
    claims = {"iss": ISSUER, "aud": "api"}
    special = {"JwtKey": lambda door: jwt.sign(keys[door], claims),
               "JwtIssuer": lambda door: jwt.sign(
                   site.key, claims, iss=f"https://{door}.example"),
               "JwtAudience": lambda door: jwt.sign(site.key, claims,
                                                    aud=door)}
    tag = {"JwtKey": "signature_bad", "JwtIssuer": "issuer_refused",
           "JwtAudience": "audience_refused"}
    return site, special[request.param], tag[request.param]


def test_token_for_another_location(doors):
    """Its key, issuer or audience is right next door, not here."""
    site, token, tag = doors
    for door, other in ("a", "b"), ("b", "a"):
        assert site.client.get(f"/api/{door}/", token(door)).status == 200
        answer = site.client.get(f"/api/{door}/", token(other))
        assert (answer.status, answer.get("X-Outcome")) == (401, tag)


@pytest.mark.parametrize("generation", [2**31, 2**32 - 1])
def test_generation_beyond_its_31_bits(auth_site, generation):
    """Is no refresh token, whatever its MAC."""
    site = auth_site()
    _, token = site.login()
    forged = Grant.parse(token).replace(generation=generation).build()
    site.invalid_grant(site.refresh(forged), "refresh_malformed")
    assert site.alive(token)
    site.refreshed(token)


def test_refresh_token_as_access_token(auth_site):
    """In every place where an access token may sit."""
    site = auth_site(server="JwtSource header cookie:token query:token")
    for token in site.login()[1], site.db.psql(
            "SELECT auth_jwt.open_session('42')").strip():
        for answer in (
                site.api(token),
                site.client.get("/api/", headers={"Cookie": f"token={token}"}),
                site.client.get(f"/api/?token={token}")):
            assert (answer.status, answer.get("X-Outcome")) == (
                401, "token_malformed")
        assert site.alive(token)
