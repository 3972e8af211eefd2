# SPDX-License-Identifier: Apache-2.0
"""npm's jose in both directions and for every algorithm of the table, with
keys of its making: single JWKs, sets that it writes and sets that we write."""

import json
import time

import pytest

from e2e_site import ISSUER, Site
from interop import ALGORITHMS
from lab import jwt
from lab.httpd import Httpd
from lab.node import node

PRIVATE = {"d", "p", "q", "dp", "dq", "qi"}
ASYMMETRIC = [alg for alg in ALGORITHMS if not alg.startswith("HS")]


def jose(*asks):
    """What jose answers to each."""
    return json.loads(node("jose.mjs", text=json.dumps(asks)))


def public(jwk):
    """The half of a key that verifies."""
    return {name: value for name, value in jwk.items() if name not in PRIVATE}


def options(alg):
    """What jose is to insist on."""
    return {"algorithms": [alg], "issuer": ISSUER, "audience": "two",
            "subject": "alice",
            "requiredClaims": ["exp", "iat", "jti", "sid"]}


@pytest.fixture(name="keys", scope="module")
def _keys():
    """A JWK for every algorithm."""
    made = jose(*({"do": "generate", "alg": alg, "kid": alg.lower()}
                  for alg in ALGORITHMS))
    return dict(zip(ALGORITHMS, made))


@pytest.fixture(name="tokens", scope="module")
def _tokens(keys):
    """A token of each, with a kid and without."""
    claims = {"sub": "ålice", "iss": ISSUER, "iat": int(time.time()),
              "exp": int(time.time()) + 300, "aud": ["a", "b"],
              "nested": {"list": [1, 2.5, None, True, "\u20ac\U0001f600"]}}
    asks = [(alg, kid) for alg in ALGORITHMS for kid in (True, False)]
    made = jose(*({"do": "sign", "alg": alg, "jwk": keys[alg],
                   "claims": claims,
                   "header": {"kid": alg.lower()} if kid else {}}
                  for alg, kid in asks))
    return dict(zip(asks, made))


def location(path, key):
    """A page that wants a token which `key` verifies."""
    return f"""
        <Location "{path}">
            AuthType Bearer
            AuthName "test api"
            Require valid-user
            {key}
            JwtIssuer {ISSUER}
        </Location>
    """


@pytest.fixture(name="site", scope="module")
def _site(place, keys):
    site = Site(lambda start: Httpd(place))
    write = lambda name, jwk: site.httpd.write(
        f"keys/{name}", json.dumps(jwk), secret="k" in jwk)
    config = f'AliasMatch "^/.*" "{site.httpd.htdocs}/api/index.html"'
    for alg, jwk in keys.items():
        config += location(f"/jwk/{alg}",
                           f'JwtKey {alg} "jwk:{write(alg, public(jwk))}"')
    keyset = write("set", {"keys": [public(keys[alg]) for alg in ASYMMETRIC]})
    config += location("/set", f'JwtKeySet "{keyset}"')
    yield site.start(config)
    site.httpd.stop()
    assert not site.httpd.unexpected()


def judge(site, path, token):
    """How a token ends at a path, once it was granted damaged ones are not."""
    answer = site.client.get(path, token)
    assert (answer.status, answer.text) == (200, "protected\n"), answer
    assert answer.get("X-Outcome") == "granted"
    damaged = site.client.get(path, jwt.flip(token, -20))
    assert damaged.get("X-Outcome") == "signature_bad"


@pytest.mark.parametrize("kid", [True, False], ids=["kid", "no kid"])
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_tokens_of_jose(site, tokens, alg, kid):
    """httpd, which has the JWK, lets them in; with another key, not."""
    token = tokens[alg, kid]
    judge(site, f"/jwk/{alg}", token)
    other = "RS256" if alg == "ES256" else "ES256"
    foreign = site.client.get(f"/jwk/{other}", token)
    assert foreign.get("X-Outcome") == "key_unknown"


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_a_set_of_jose(site, tokens, alg):
    """JwtKeySet: each is found by its kid, and by trial."""
    judge(site, "/set", tokens[alg, True])
    judge(site, "/set", tokens[alg, False])


@pytest.mark.parametrize("alg", [alg for alg in ALGORITHMS
                                 if alg not in ASYMMETRIC])
def test_a_set_holds_no_secret(site, tokens, alg):
    """What is symmetric is not in it."""
    answer = site.client.get("/set", tokens[alg, True])
    assert answer.get("X-Outcome") == "key_unknown"


@pytest.fixture(name="minting")
def _minting(auth_site, keyfile, keys):
    """A site with a login and a set of keys for each algorithm."""
    locations = ""
    for alg, jwk in keys.items():
        key = f'JwtKey {alg} "jwk:{keyfile(json.dumps(jwk))}"'
        locations += f"""
            <Location "/login/{alg}">
                JwtSite {alg}
                {key}
                JwtAudience one two
            </Location>
            <Location "/keys/{alg}">
                SetHandler jwt-keys
                {key}
            </Location>
        """
    # Behind <Location "/login">, which they refine.
    return auth_site(token="</Location>" + locations + '<Location "/token">')


def test_access_tokens_for_jose(minting, keys):
    """What a login mints, jose verifies: with its own key and with our set.
    What we publish has no secret in it."""
    asks, expected = [], []
    for alg, jwk in keys.items():
        token, _ = minting.tokens(minting.client.post_json(
            f"/login/{alg}", {"username": "alice", "password": "wonderland"}))
        published = json.loads(minting.client.get(f"/keys/{alg}").text)
        assert not PRIVATE & {name for key in published["keys"] for name in key}
        assert len(published["keys"]) == (alg in ASYMMETRIC)
        ways = [{"jwk": jwk if alg not in ASYMMETRIC else public(jwk)}]
        ways += [{"jwks": published}] if alg in ASYMMETRIC else []
        for way in ways:
            verify = {"do": "verify", "options": options(alg), **way}
            asks += [{**verify, "token": token},
                     {**verify, "token": jwt.flip(token, -20)},
                     {**verify, "token": token, "options": {
                         **options(alg), "audience": "three"}}]
            expected += [(alg, alg.lower())]
    answers = iter(jose(*asks))
    for alg, kid in expected:
        good, damaged, elsewhere = (next(answers) for _ in range(3))
        assert (good["header"]["alg"], good["header"]["kid"]) == (alg, kid)
        assert good["claims"]["sub"] == "alice"
        assert damaged["error"] == "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
        assert elsewhere["error"] == "ERR_JWT_CLAIM_VALIDATION_FAILED"
    assert len(expected) == len(ALGORITHMS) + len(ASYMMETRIC) == 23
