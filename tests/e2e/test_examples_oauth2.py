# SPDX-License-Identifier: Apache-2.0
"""conf/examples/from-mod_oauth2.conf, as shipped: each Location does what its
comment says of mod_oauth2."""

import base64

import pytest

import backends
from e2e_site import Site, challenge
from examples import Example
from lab import jwt

EXAMPLE = Example("from-mod_oauth2.conf")


@pytest.fixture(scope="module", name="site")
def _site(shared_httpd, keys):
    """Every Location answers with a CGI's environment."""
    site = Site(shared_httpd, modules=("cgid",))
    cgi = backends.write_cgi(site)
    return site.start(keys.place(EXAMPLE.text) + f"""
        ScriptAliasMatch "^/" "{cgi}"
        <Directory "{cgi.parent}">
            Require all granted
        </Directory>
    """)


@pytest.mark.parametrize("location", EXAMPLE.places)
def test_location(site, keys, location):
    """It works, and it refuses."""
    EXAMPLE.drive(location, site.client, keys)


def test_header_of_another_name(site, keys):
    """It is the token's, unless there is an Authorization; the application sees
    neither."""
    token, other = jwt.sign(keys.plain), jwt.sign(jwt.secret())
    answer = site.client.get("/places", None, {"X-Access-Token": token})
    assert answer.json()["REMOTE_USER"] == "alice"
    assert token not in answer.text
    for bearer, header, status in ((None, other, 401), (other, token, 401),
                                   (token, other, 200),
                                   (None, "two words", 401)):
        assert site.client.get("/places", bearer, {
            "X-Access-Token": header}).status == status
    assert challenge(site.client.get("/places")) == {"realm": "api"}


@EXAMPLE.drives("/jwks_uri")
def _jwks_uri(ask, keys):
    def status(key=keys.rsa, alg="RS256", kid="2026", **claims):
        return ask.get(jwt.sign(key, {"aud": "https://api.example", **claims},
                                alg, {"kid": kid})).status
    assert status() == 200
    assert status(kid="2025") == 401
    assert status(aud="https://other.example") == 401
    assert status(keys.plain, "HS256") == 401


@EXAMPLE.drives("/jwk")
def _jwk(ask, keys):
    def status(key=keys.rsa, alg="RS256", **claims):
        return ask.get(jwt.sign(key, alg=alg, **claims)).status
    assert status() == 200
    assert status(cnf={"x5t#S256": "x"}) == 403
    assert status(cnf={"jkt": "x"}) == 403
    assert status(keys.plain, "HS256") == 401


@EXAMPLE.drives("/shared")
def _shared(ask, keys):
    for key, header in ((keys.plain, {"kid": "1"}), (keys.raw, None),
                        (keys.url, None), (keys.hex, None)):
        assert ask.get(jwt.sign(key, header=header)).status == 200
    assert ask.get(jwt.sign(keys.plain, header={"kid": "2"})).status == 401
    assert ask.get(jwt.sign(jwt.secret())).status == 401


@EXAMPLE.drives("/pem")
def _pem(ask, keys):
    assert ask.get(jwt.sign(keys.rsa, alg="RS256")).status == 200
    assert ask.get(jwt.sign(keys.ec, alg="ES256")).status == 200
    assert ask.get(jwt.sign(keys.rsa, alg="PS256")).status == 401


@EXAMPLE.drives("/verify")
def _verify(ask, keys):
    issued = jwt.claims_of(jwt.sign(keys.plain))["exp"] - 300

    def status(**claims):
        return ask.get(jwt.sign(keys.plain, {
            "iss": "https://issuer.example", "iat": issued, **claims})).status
    assert status() == 200
    assert status(exp=None) == 401
    assert status(exp=issued - 60) == 401
    assert status(iat=None) == 401
    assert status(iat=issued + 60) == 401
    assert status(iat=issued - 7200) == 401
    assert status(iss=None) == 401
    assert status(iss="https://other.example") == 401


@EXAMPLE.drives("/places")
def _places(ask, keys):
    token = jwt.sign(keys.plain)
    for seen in (ask.env(token),
                 ask.env(headers={"Cookie": f"token={token}; theme=dark"}),
                 ask.env(more=f"?token={token}&x=1")):
        assert seen["REMOTE_USER"] == "alice"
        assert token not in str(seen)
    assert ask.get(jwt.sign(jwt.secret())).status == 401


@EXAMPLE.drives("/basic")
def _basic(ask, keys):
    def header(token):
        text = base64.b64encode(b":" + token.encode()).decode()
        return {"Authorization": f"Basic {text}"}
    seen = ask.env(headers=header(jwt.sign(keys.plain)))
    assert seen["REMOTE_USER"] == "alice"
    assert ask.get(headers=header(jwt.sign(jwt.secret()))).status == 401


@EXAMPLE.drives("/target")
def _target(ask, keys):
    token = jwt.sign(keys.plain, username="ann", role="editor", group="x")
    seen = ask.env(token, {"X-Remote-User": "root"})
    assert (seen["REMOTE_USER"], seen["HTTP_X_REMOTE_USER"],
            seen["OAUTH2_CLAIM_role"]) == ("ann", "ann", "editor")
    assert not [name for name in seen if name.endswith("group")]
    assert ask.get(jwt.sign(keys.plain)).status == 401


@EXAMPLE.drives("/claim")
def _claim(ask, keys):
    ask.judge(keys.plain,
              [{"sub": "joe"}, {"groups": ["x", "staff"]},
               {"groups": "staff"}],
              [{"sub": "joey"}, {"groups": ["staffs"]}, {}])


@EXAMPLE.drives("/scope")
def _scope(ask, keys):
    ask.judge(keys.plain,
              [{"scope": "one two"}, {"tags": "one, two, three"},
               {"tags": "two"}],
              [{"scope": "one twofold"}, {"tags": "one,twofold"}, {}])
    said = challenge(ask.get(jwt.sign(keys.plain)))
    assert (said["error"], said["scope"]) == ("insufficient_scope", "two")
