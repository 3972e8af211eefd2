# SPDX-License-Identifier: Apache-2.0
"""Tokens among the other ways to be let in: addresses, environment, methods,
passwords; in any and all of them, merged or not. 401 asks who it is, 403 says
that it does not help."""

import base64

import pytest

from e2e_site import Site, bcrypt, challenge
from lab import jwt

HERE, ELSEWHERE = "Require ip 127.0.0.1", "Require ip 192.0.2.1"


@pytest.fixture(name="mix")
def _mix(httpd):
    """mix(lines, server): a Site whose /api has these lines."""
    def make(lines, server="", scheme='AuthType Bearer', **options):
        site = Site(httpd, **options)
        site.key = jwt.secret()
        path = site.httpd.write("keys/access.key", site.key, secret=True)
        users = site.httpd.write("users", f"bob:{bcrypt('skyscraper')}\n")
        # What httpd refuses by address it logs itself.
        site.httpd.expect("AH01630")
        return site.start(f"""
            JwtKey HS256 "file:{path}"
            {server}
            <Location "/api">
                AuthUserFile "{users}"
                {scheme}
                AuthName "test api"
                {lines}
            </Location>
        """)
    return make


def statuses(site, headers=()):
    """For nobody, for a token that is good, better, and none at all."""
    tokens = (None, jwt.sign(site.key), jwt.sign(site.key, scope="read"),
              "rubbish")
    return [site.api(token, headers).status for token in tokens]


def block(name, *lines):
    """<RequireAny>, <RequireAll> or <RequireNone> around lines."""
    return "\n".join([f"<Require{name}>", *lines, f"</Require{name}>"])


READ = "Require bearer-scope read"
NOT_READ = "Require not bearer-scope read"


@pytest.mark.parametrize("lines, expected", [
    # Any: by address, without a look at the token; else by the token.
    (block("Any", HERE, READ), [200, 200, 200, 200]),
    (block("Any", READ, HERE), [200, 200, 200, 200]),
    (block("Any", ELSEWHERE, READ), [401, 403, 200, 401]),
    (block("Any", ELSEWHERE, "Require valid-user"), [401, 200, 200, 401]),
    (block("Any", ELSEWHERE, "Require env OPEN"), [403, 403, 403, 403]),
    # All: an address that no token mends is refused at once.
    (block("All", HERE, READ), [401, 403, 200, 401]),
    (block("All", READ, ELSEWHERE), [403, 403, 403, 403]),
    # Nested.
    (block("All", HERE, block("Any", "Require user carol", READ)),
     [401, 403, 200, 401]),
    (block("Any", block("All", ELSEWHERE, READ), "Require user alice"),
     [401, 200, 200, 401]),
    (block("Any", block("All", HERE, READ), block("All", ELSEWHERE,
                                                  "Require valid-user")),
     [401, 403, 200, 401]),
    # Negations wait for the token, wherever they stand.
    (block("All", HERE, NOT_READ), [401, 200, 403, 401]),
    (block("All", "Require valid-user", NOT_READ), [401, 200, 403, 401]),
    (block("All", HERE, block("None", READ, ELSEWHERE)),
     [401, 200, 403, 401]),
    (block("All", HERE, block("None", HERE, READ)), [403, 403, 403, 403]),
    (block("All", HERE, block("None", READ, HERE)), [401, 403, 403, 401]),
    (block("Any", HERE, block("All", HERE, NOT_READ)), [200, 200, 200, 200]),
    (block("Any", ELSEWHERE, block("All", HERE, NOT_READ)),
     [401, 200, 403, 401]),
    (block("All", NOT_READ, ELSEWHERE), [401, 403, 403, 401]),
    # Methods.
    ("Require method POST\n" + READ, [401, 403, 200, 401]),
    ("Require method GET\n" + READ, [200, 200, 200, 200]),
    ("Require all denied", [403, 403, 403, 403]),
    ("Require all granted", [200, 200, 200, 200]),
], ids=lambda value: value.replace("\n", " ") if isinstance(value, str)
    else "")
def test_mix(mix, lines, expected):
    """Who is let in, who is asked, who is refused."""
    site = mix(lines)
    assert statuses(site) == expected
    assert "500" not in site.httpd.outcomes()
    answer = site.api()
    assert bool(answer.all("WWW-Authenticate")) == (expected[0] == 401)
    if expected[0] == 401:
        assert challenge(answer) == {"realm": "test api"}


@pytest.mark.parametrize("merging, outer, inner, expected", [
    ("Off", ELSEWHERE, READ, [401, 403, 200, 401]),
    ("And", HERE, READ, [401, 403, 200, 401]),
    ("And", ELSEWHERE, READ, [403, 403, 403, 403]),
    ("And", READ, block("All", HERE, NOT_READ), [401, 403, 403, 401]),
    ("Or", HERE, READ, [200, 200, 200, 200]),
    ("Or", ELSEWHERE, READ, [401, 403, 200, 401]),
    ("Or", "Require user carol", READ, [401, 403, 200, 401]),
    ("Or", ELSEWHERE, block("All", HERE, NOT_READ), [401, 200, 403, 401]),
])
def test_merged(httpd, keyfile, merging, outer, inner, expected):
    """AuthMerging with addresses and negations."""
    site = Site(httpd)
    site.key, folder = jwt.secret(), site.httpd.htdocs / "api"
    site.httpd.write("htdocs/api/inner/index.html", "inner\n")
    site.httpd.expect("AH01630")
    site.start(f"""
        JwtKey HS256 "file:{keyfile(site.key)}"
        <Directory "{folder}">
            AuthType Bearer
            AuthName "test api"
            {outer}
        </Directory>
        <Directory "{folder}/inner">
            AuthMerging {merging}
            {inner}
        </Directory>
    """)
    site.api = lambda token, headers=(): site.client.get("/api/inner/", token,
                                                         headers)
    assert statuses(site) == expected


BASIC_OR_BEARER = """
    AuthType Basic
    AuthBasicProvider {}
    <If "%{{HTTP:Authorization}} =~ /^Bearer /i">
        AuthType Bearer
    </If>
"""


def basic(name, password):
    """The header of Basic."""
    text = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def test_tokens_beside_passwords(mix):
    """One Location: a token either way, or a password of its own."""
    site = mix(block("All", block("Any", READ, "Require user bob"),
                     "Require not user mallory"),
               scheme=BASIC_OR_BEARER.format("bearer file"))
    site.httpd.expect("AH01617", "AH01618", "AH01631")
    token = jwt.sign(site.key, scope="read")
    for headers in basic("", token), basic("bob", "skyscraper"):
        assert site.api(None, headers).status == 200
    assert site.api(token).status == 200
    assert site.api(jwt.sign(site.key)).status == 403
    mallory = jwt.sign(site.key, sub="mallory", scope="read")
    assert site.api(mallory).status == 403
    assert site.api(None, basic("", mallory)).status == 403
    assert site.api(None, basic("bob", "wrong")).status == 401
    answer = site.api()
    assert answer.all("WWW-Authenticate") == ['Basic realm="test api"']


def test_two_issuers_by_alias(mix):
    """Each alias has its key and its issuer; the second is asked when the
    first refuses no token of its own."""
    one, two = jwt.secret(), jwt.secret()
    server = "".join(f"""
        <AuthnProviderAlias bearer {name}>
            JwtKey HS256 env:{name.upper()}
            JwtIssuer {name}
        </AuthnProviderAlias>""" for name in ("one", "two"))
    site = mix("Require bearer-claim iss in one two", server,
               scheme="AuthType Basic\nAuthBasicProvider one two",
               env={"ONE": one, "TWO": two})
    assert site.api(None, basic("", jwt.sign(one, iss="one"))).status == 200
    assert site.api(None, basic("", jwt.sign(two, iss="two"))).status == 200
    for key, issuer in ((one, "two"), (two, "one"), (site.key, "one")):
        answer = site.api(None, basic("", jwt.sign(key, iss=issuer)))
        assert answer.status == 401
    for key, issuer in ((one, "one"), (two, "two")):
        site.api(None, basic("", jwt.sign(key, iss=issuer, exp=1)))
    assert site.httpd.outcomes() == ["issuer_refused", "issuer_refused",
                                     "signature_bad", "token_expired",
                                     "token_expired"]


@pytest.mark.parametrize("rule, expected", [
    ("Deny from all\nAllow from 192.0.2.1\nSatisfy Any",
     [401, 403, 200, 401]),
    ("Deny from all\nAllow from 127.0.0.1\nSatisfy Any",
     [200, 200, 200, 200]),
    ("Deny from all\nAllow from 127.0.0.1\nSatisfy All",
     [401, 403, 200, 401]),
    ("Deny from all\nAllow from 192.0.2.1\nSatisfy All",
     [403, 403, 403, 403])])
@pytest.mark.parametrize("scheme", ["AuthType Bearer",
                                    BASIC_OR_BEARER.format("bearer")],
                         ids=["bearer", "basic"])
def test_satisfy(mix, rule, expected, scheme):
    """mod_access_compat's directives, behind either AuthType."""
    site = mix(f"Order deny,allow\n{rule}\n{READ}", scheme=scheme,
               modules=("access_compat",))
    site.httpd.expect("AH01797", "AH01614")
    assert statuses(site) == expected
