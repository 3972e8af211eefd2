# SPDX-License-Identifier: Apache-2.0
"""PyJWT, an implementation that is not ours, in both directions and for every
algorithm of the table."""

import time

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization

from e2e_site import ISSUER, Site
from interop import ALGORITHMS
from lab import jwt
from lab.process import run

KINDS = {"RS": ["RSA"], "PS": ["RSA"], "Ed": ["ED25519"],
         "ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
         "ES384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
         "ES512": ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"]}


def private(alg):
    """A key that signs: text, as httpd and PyJWT read it."""
    if alg.startswith("HS"):
        return jwt.secret()
    kind = KINDS.get(alg) or KINDS[alg[:2]]
    return run(["openssl", "genpkey", "-algorithm", *kind]).stdout


def public(alg, key):
    """The key that verifies."""
    if alg.startswith("HS"):
        return key
    loaded = serialization.load_pem_private_key(key.encode(), None)
    return loaded.public_key().public_bytes(
        serialization.Encoding.PEM,
        serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def test_the_table_was_found():
    """All thirteen rows."""
    assert len(ALGORITHMS) == 13 and "EdDSA" in ALGORITHMS


@pytest.fixture(name="site", scope="module")
def _site(place):
    # pylint: disable-next=import-outside-toplevel
    from lab.httpd import Httpd
    site = Site(lambda start: Httpd(place))
    site.keys = {alg: private(alg) for alg in ALGORITHMS}
    config = ""
    for alg, key in site.keys.items():
        file = site.httpd.write(f"keys/{alg}", public(alg, key), secret=True)
        config += f"""
            Alias "/{alg}" "{site.httpd.htdocs}/api/index.html"
            <Location "/{alg}">
                AuthType Bearer
                AuthName "test api"
                Require valid-user
                JwtKey {alg} "file:{file}" kid={alg.lower()}
                JwtIssuer {ISSUER}
            </Location>
        """
    yield site.start(config)
    site.httpd.stop()
    assert not site.httpd.unexpected()


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("kid", [True, False], ids=["kid", "no kid"])
def test_tokens_of_pyjwt(site, alg, kid):
    """httpd, which has the public key alone, lets them in."""
    claims = {"sub": "ålice", "iss": ISSUER, "iat": int(time.time()),
              "exp": int(time.time()) + 60, "aud": ["a", "b"],
              "nested": {"list": [1, 2.5, None, True, "\u20ac\U0001f600"]}}
    token = pyjwt.encode(claims, site.keys[alg], alg,
                         {"kid": alg.lower()} if kid else None)
    answer = site.client.get(f"/{alg}", token)
    assert (answer.status, answer.text) == (200, "protected\n"), answer
    assert answer.get("X-Outcome") == "granted"
    damaged = site.client.get(f"/{alg}", jwt.flip(token, -20))
    assert damaged.get("X-Outcome") == "signature_bad"
    other = "RS256" if alg == "ES256" else "ES256"
    foreign = site.client.get(f"/{other}", token)
    assert foreign.get("X-Outcome") == "key_unknown"


def test_access_tokens_for_pyjwt(auth_site, keyfile):
    """What a login mints with each algorithm, PyJWT verifies and reads."""
    keys = {alg: private(alg) for alg in ALGORITHMS}
    locations = "".join(f"""
        <Location "/login/{alg}">
            JwtSite {alg}
            JwtKey {alg} "file:{keyfile(key)}" kid={alg.lower()}
            JwtAudience one two
        </Location>
    """ for alg, key in keys.items())
    # Behind <Location "/login">, which they refine.
    site = auth_site(token="</Location>" + locations + '<Location "/token">')
    for alg, key in keys.items():
        answer = site.client.post_json(f"/login/{alg}", {
            "username": "alice", "password": "wonderland"})
        token, _ = site.tokens(answer)
        header = pyjwt.get_unverified_header(token)
        assert (header["alg"], header["kid"]) == (alg, alg.lower())
        claims = pyjwt.decode(
            token, public(alg, key), [alg], audience="two", issuer=ISSUER,
            options={"require": ["exp", "iat", "sub", "jti", "iss", "aud"]})
        assert claims["sub"] == "alice"
        assert claims["exp"] - claims["iat"] == answer.json()["expires_in"]
        with pytest.raises(pyjwt.InvalidSignatureError):
            pyjwt.decode(token, public(alg, private(alg)), [alg],
                         audience="two")
