# SPDX-License-Identifier: Apache-2.0
"""conf/examples/from-mod_auth_openidc.conf, as shipped: each Location does what
its comment says of mod_auth_openidc."""

import base64
import json

import pytest

import backends
from e2e_site import Site
from examples import Example
from lab import jwt
from lab.ldap import directory

EXAMPLE = Example("from-mod_auth_openidc.conf")

#: Whom the directory knows, and the group that they are in.
PERSON = ("ann@example.org", "cn=ann,ou=people,dc=example",
          "cn=staff,ou=groups,dc=example")

#: What mod_auth_openidc needs, which stays for browsers, and is asked below
#: /theirs what it thinks of a token.
THEIRS = """
    OIDCProviderIssuer https://issuer.example
    OIDCProviderAuthorizationEndpoint https://issuer.example/authorize
    OIDCClientID site
    OIDCRedirectURI /mixed/redirect
    OIDCCryptoPassphrase xyz
    OIDCOAuthVerifySharedKeys plain##{key}
    <Location "/theirs">
        AuthType oauth20
    </Location>
"""

#: Its lines that the comments name. Two parsers take a backslash each.
LINES = {
    "/claim": "Require claim sub:joe\nRequire claim client_id:app",
    "/in": """<RequireAll>
                  Require claim acr:1factor acr:2factor
                  Require not claim banned:true
              </RequireAll>""",
    "/regex": r'Require claim "name~\\w+ Jones$"',
    "/types": """<RequireAll>
                     Require claim level:3
                     Require claim email_verified:true
                 </RequireAll>""",
    "/nested": r"""<RequireAll>
                      Require claim claims.address.region:CA
                      Require claim "claims.name~\\w+ Doe$"
                      Require claim resource_access.app.roles:admin
                      Require claim https://example.org/team:blue
                  </RequireAll>""",
    "/all": """<RequireAll>
                   Require claim hd:example.com
                   Require claim "locale~^(de|en)$"
                   Require claim groups:staff
               </RequireAll>""",
    "/request": "Require claim tenant:%{HTTP:X-Tenant}",
}


def theirs(keys):
    """What mod_auth_openidc is told."""
    return THEIRS.format(key=keys.plain) + "\n".join(
        f'<Location "/theirs{place}">\n{lines}\n</Location>'
        for place, lines in LINES.items())


@pytest.fixture(scope="module", name="site")
def _site(shared_httpd, keys):
    """Every Location answers with a CGI's environment."""
    site = Site(shared_httpd, modules=("cgid", "ldap", "authnz_ldap",
                                       "auth_openidc"))
    cgi = backends.write_cgi(site)
    with directory(*PERSON) as ldap:
        text = keys.place(EXAMPLE.text).replace("ldap.example",
                                                f"127.0.0.1:{ldap.port}")
        site.httpd.expect("AH0163[01]: .*/theirs/")
        yield site.start(text + theirs(keys) + f"""
            ScriptAliasMatch "^/" "{cgi}"
            <Directory "{cgi.parent}">
                Require all granted
            </Directory>
        """)


@pytest.mark.parametrize("location", EXAMPLE.places)
def test_location(site, keys, location):
    """It works, and it refuses."""
    EXAMPLE.drive(location, site.client, keys)


# -- keys --------------------------------------------------------------------

@EXAMPLE.drives("/jwks")
def _jwks(ask, keys):
    def status(key=keys.rsa, alg="RS256", kid="2026", **claims):
        return ask.get(jwt.sign(key, {
            "iss": "https://issuer.example",
            "aud": ["https://api.example", "https://more.example"], **claims},
                                alg, {"kid": kid})).status
    assert status() == 200
    assert status(aud="https://other.example") == 401
    assert status(iss="https://other.example") == 401
    assert status(kid="2025") == 401
    assert status(keys.plain, "HS256") == 401


@EXAMPLE.drives("/shared")
def _shared(ask, keys):
    for key, header in ((keys.plain, {"kid": "1"}), (keys.raw, None),
                        (keys.hex, None)):
        assert ask.get(jwt.sign(key, header=header)).status == 200
    assert ask.get(jwt.sign(jwt.secret())).status == 401


@EXAMPLE.drives("/certificate")
def _certificate(ask, keys):
    def status(kid):
        return ask.get(jwt.sign(keys.rsa, alg="RS256",
                                header={"kid": kid})).status
    assert status("one") == 200
    assert status("two") == 401


# -- where the token is ------------------------------------------------------

@EXAMPLE.drives("/places")
def _places(ask, keys):
    """The application sees it in none of them."""
    token = jwt.sign(keys.plain)
    for seen in (ask.env(token),
                 ask.env(headers={"Cookie": f"PA.global={token}"}),
                 ask.env(more=f"?access_token={token}&x=1")):
        assert seen["REMOTE_USER"] == "alice"
        assert token not in str(seen)
    assert ask.form({"access_token": token}).status == 401


def basic(token):
    """The header of a client that has the token as its password."""
    text = base64.b64encode(b":" + token.encode()).decode()
    return {"Authorization": f"Basic {text}"}


@EXAMPLE.drives("/basic")
def _basic(ask, keys):
    seen = ask.env(headers=basic(jwt.sign(keys.plain)))
    assert seen["REMOTE_USER"] == "alice"
    assert ask.get(headers=basic(jwt.sign(jwt.secret()))).status == 401
    assert ask.get().get("WWW-Authenticate") == 'Basic realm="api"'


@EXAMPLE.drives("/cookies")
def _cookies(ask, keys):
    """Wherever the cookie stands in the line."""
    for sent, seen in (("theme=dark; a=1; b=2", "a=1; b=2"),
                       ("a=1; theme=dark; b=2", "a=1; b=2"),
                       ("a=1; theme=dark", "a=1"), ("a=1", "a=1")):
        told = ask.env(jwt.sign(keys.plain), {"Cookie": sent})
        assert told["HTTP_COOKIE"] == seen
    assert ask.get().status == 401


# -- who it is, and what is told ---------------------------------------------

@EXAMPLE.drives("/user")
def _user(ask, keys):
    seen = ask.env(jwt.sign(keys.plain, email="ann@example.org"))
    assert seen["REMOTE_USER"] == "ann@example.org"
    assert ask.get(jwt.sign(keys.plain)).status == 401


def told(ask, keys, email):
    """X-Remote-User, which nobody else can write."""
    assert ask.get(jwt.sign(keys.plain)).status == 401
    return ask.env(jwt.sign(keys.plain, email=email),
                   {"X-Remote-User": "root"})["HTTP_X_REMOTE_USER"]


@EXAMPLE.drives("/user-part")
def _user_part(ask, keys):
    assert told(ask, keys, "ann@example.org") == "ann"


@EXAMPLE.drives("/user-domain")
def _user_domain(ask, keys):
    assert told(ask, keys, "ann@SALES.example.org") == "SALES\\ann"


@EXAMPLE.drives("/claims")
def _claims(ask, keys):
    token = jwt.sign(keys.plain, email="a@b.c", groups=["x", "y"], age=7)
    seen = ask.env(token, {"X-Remote-User": "root",
                           "OIDC-CLAIM-email": "root"})
    assert seen["OIDC_CLAIM_email"] == seen["HTTP_OIDC_CLAIM_EMAIL"] == "a@b.c"
    assert json.loads(seen["OIDC_CLAIM_groups"]) == ["x", "y"]
    assert json.loads(seen["HTTP_OIDC_CLAIM_GROUPS"]) == ["x", "y"]
    assert seen["HTTP_X_REMOTE_USER"] == "alice"
    assert not [name for name in seen if "age" in name.lower()]
    assert ask.get().status == 401


@EXAMPLE.drives("/token")
def _token(ask, keys):
    token = jwt.sign(keys.plain, email="a@b.c")
    seen = ask.env(token)
    assert seen["HTTP_AUTHORIZATION"] == f"Bearer {token}"
    assert not [name for name in seen if "CLAIM" in name]
    assert ask.get().status == 401


# -- Require -----------------------------------------------------------------

def judge(ask, keys, good, bad, headers=()):
    """As Asker.judge; and mod_auth_openidc is of the same opinion."""
    ask.judge(keys.plain, good, bad, headers)
    for status, cases in ((200, good), (401, bad)):
        for claims in cases:
            answer = ask.client.get(f"/theirs{ask.place}",
                                    jwt.sign(keys.plain, claims), headers)
            assert answer.status == status, claims


NESTED = {"claims": {"name": "Jane Doe", "address": {"region": "CA"}},
          "resource_access": {"app": {"roles": ["viewer", "admin"]}},
          "https://example.org/team": "blue"}
ALL = {"hd": "example.com", "locale": "de", "groups": ["a", "staff"]}
EXPRESSION = {"aud": "app", "scope": "openid profile", "age": 18,
              "department": "sales"}


@EXAMPLE.drives("/claim")
def _claim(ask, keys):
    judge(ask, keys, [{"sub": "joe"}, {"client_id": "app"}],
          [{}, {"sub": "Joe"}, {"client_id": "apple"}])


@EXAMPLE.drives("/in")
def _in(ask, keys):
    judge(ask, keys, [{"acr": "1factor"}, {"acr": "2factor"},
                       {"acr": "2factor", "banned": False}],
          [{"acr": "0factor"}, {"acr": "2factor", "banned": True}, {}])


@EXAMPLE.drives("/regex")
def _regex(ask, keys):
    judge(ask, keys,
          [{"name": "Tom Jones"}, {"name": ["Ann", "Tom Jones"]}],
          [{"name": "Tom Jonesy"}, {"name": "Jones"}, {"name": 7}, {}])


@EXAMPLE.drives("/types")
def _types(ask, keys):
    judge(ask, keys,
          [{"level": 3, "email_verified": True},
           {"level": "3", "email_verified": "true"},
           {"level": [1, 3], "email_verified": [True]}],
          [{"level": 30, "email_verified": True},
           {"level": 3, "email_verified": 1}, {"level": 3}])


@EXAMPLE.drives("/nested")
def _nested(ask, keys):
    judge(ask, keys,
          [NESTED, {**NESTED,
                    "resource_access": {"app": {"roles": "admin"}}}],
          [{**NESTED, "claims": {"name": "Jane Doe",
                                 "address": {"region": "NY"}}},
           {**NESTED, "claims": {"name": "Jane Roe",
                                 "address": {"region": "CA"}}},
           {**NESTED, "claims": "CA"},
           {**NESTED, "resource_access": {"roles": ["admin"]}},
           {**NESTED, "https://example.org/team": "red"}])


@EXAMPLE.drives("/scope")
def _scope(ask, keys):
    ask.judge(keys.plain, [{"scope": "x profile"}, {"scope": ["profile"]}],
              [{"scope": "profile-x"}, {}])


@EXAMPLE.drives("/all")
def _all(ask, keys):
    judge(ask, keys, [ALL, {**ALL, "groups": "staff", "locale": "en"}],
          [{**ALL, "locale": "den"}, {**ALL, "groups": ["staffs"]},
           {**ALL, "hd": "example.com.evil"}])


@EXAMPLE.drives("/expression")
def _expression(ask, keys):
    ask.judge(keys.plain, [EXPRESSION, {**EXPRESSION, "aud": ["x", "app"]}],
              [{**EXPRESSION, "aud": "apple"}, {**EXPRESSION, "age": 17},
               {**EXPRESSION, "scope": "profiles"},
               {**EXPRESSION, "department": "it"}, {**EXPRESSION, "cnf": {}}])


@EXAMPLE.drives("/request")
def _request(ask, keys):
    judge(ask, keys, [{"tenant": "t"}],
          [{"tenant": "u"}, {"tenant": "%{HTTP:X-Tenant}"}, {}],
          {"X-Tenant": "t"})


@EXAMPLE.drives("/ldap")
def _ldap(ask, keys):
    """It is asked about REMOTE_USER."""
    ask.judge(keys.plain, [{"email": PERSON[0]}], [{"email": "bob@x.org"}])


# -- refusals ----------------------------------------------------------------

@EXAMPLE.drives("/refusal")
def _refusal(ask, keys):
    answer = ask.get()
    assert (answer.status, answer.text) == (401, "Bring a token.")
    answer = ask.get(jwt.sign(keys.plain))
    assert (answer.status, answer.text) == (403, "Not yours.")
    assert ask.get(jwt.sign(keys.plain, scope="read")).status == 200


@EXAMPLE.drives("/refusal-page")
def _refusal_page(ask, keys):
    """A program is told why, and not who."""
    answer = ask.get(jwt.sign(keys.plain, exp=1))
    assert answer.status == 401
    assert answer.json()["REDIRECT_JWT_OUTCOME"] == "token_expired"
    assert "REMOTE_USER" not in answer.json()
    assert ask.get(jwt.sign(keys.plain)).status == 200


@EXAMPLE.drives("/unfit")
def _unfit(ask, keys):
    answer = ask.get(jwt.sign(keys.plain))
    assert (answer.status, answer.get("Location")) == (
        302, "https://www.example/upgrade")
    assert ask.get().status == 401
    assert ask.get(jwt.sign(keys.plain, acr="2factor")).status == 200


@EXAMPLE.drives("/gone")
def _gone(ask, keys):
    assert ask.get().status == 410
    assert ask.get("rubbish").status == 401
    assert ask.get(jwt.sign(keys.plain)).status == 200


@EXAMPLE.drives("/optional")
def _optional(ask, keys):
    """Nobody, or somebody; a bad token is neither."""
    assert "REMOTE_USER" not in ask.env()
    assert ask.env(jwt.sign(keys.plain))["REMOTE_USER"] == "alice"
    assert ask.get("rubbish").status == 401


@EXAMPLE.drives("/preflight")
def _preflight(ask, keys):
    asks = {"Origin": "https://app.example",
            "Access-Control-Request-Method": "PUT"}
    assert ask.request("OPTIONS", asks).status == 200
    assert ask.request("OPTIONS").status == 401
    assert ask.request("GET", asks).status == 401
    assert ask.env(jwt.sign(keys.plain))["REMOTE_USER"] == "alice"


@EXAMPLE.drives("/mixed")
def _mixed(ask, keys):
    """The browser's half is mod_auth_openidc itself."""
    assert ask.env(jwt.sign(keys.plain))["REMOTE_USER"] == "alice"
    assert ask.get(jwt.sign(jwt.secret())).status == 401
    answer = ask.get(headers={"Accept": "text/html"})
    assert answer.status == 302
    assert answer.get("Location").startswith("https://issuer.example/authorize?")
