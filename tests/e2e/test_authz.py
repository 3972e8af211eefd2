# SPDX-License-Identifier: Apache-2.0
"""Require bearer-scope, bearer-claim and jwt_claim(): 200, 401 and 403."""

import pytest

from e2e_site import Site, challenge
from lab import jwt


@pytest.fixture(name="require")
def _require(httpd):
    """require(lines): a Site whose /api has these lines."""
    def make(lines, server="", **options):
        site = Site(httpd, **options)
        site.key = jwt.secret()
        path = site.httpd.write("keys/access.key", site.key, secret=True)
        return site.start(f"""
            JwtKey HS256 "file:{path}"
            {server}
            <Location "/api">
                AuthType Bearer
                AuthName "test api"
                {lines}
            </Location>
        """)
    return make


def status(site, **claims):
    """The status of the page for a token with these claims."""
    return site.api(jwt.sign(site.key, claims)).status


# -- scopes ------------------------------------------------------------------

@pytest.mark.parametrize("claims, expected", [
    ({"scope": "read write"}, 200), ({"scope": "write  x read"}, 200),
    ({"scp": ["read", "write"]}, 200), ({"scp": "write read"}, 200),
    ({"scope": "read", "scp": ["write"]}, 200),
    ({"scope": "read"}, 403), ({"scope": "readwrite"}, 403),
    ({"scope": ["read write"]}, 403), ({}, 403), ({"scope": None}, 403)])
def test_scope(require, claims, expected):
    """All the words of the line, as a set."""
    site = require("Require bearer-scope read write")
    answer = site.api(jwt.sign(site.key, claims))
    assert answer.status == expected
    if expected == 403:
        site.refused(answer, 403, "insufficient_scope")
        assert challenge(answer) == {
            "realm": "test api", "error": "insufficient_scope",
            "error_description": challenge(answer)["error_description"],
            "scope": "read write"}
    else:
        assert not answer.all("WWW-Authenticate")
        assert answer.get("X-Outcome") == "granted"


def test_no_token_is_401_without_error(require):
    """Before authentication nobody is denied: the client is asked."""
    site = require("Require bearer-scope read")
    answer = site.api()
    site.refused(answer, 401, "token_missing")
    assert challenge(answer) == {"realm": "test api"}
    answer = site.api(jwt.sign(jwt.secret(), scope="read"))
    site.refused(answer, 401, "signature_bad")


def test_challenge_has_the_union_of_scopes(require):
    """Each scope of the refused lines once, none of those fulfilled."""
    site = require("""
        <RequireAny>
            Require bearer-scope read admin
            Require bearer-scope write admin
        </RequireAny>
        Require bearer-claim role eq x
    """)
    answer = site.api(jwt.sign(site.key, scope="other"))
    assert answer.status == 403
    assert challenge(answer)["scope"] == "read admin write"


def test_refusal_by_a_claim_names_no_scope(require):
    """There is no scope that would help."""
    site = require("Require bearer-claim role eq admin")
    answer = site.api(jwt.sign(site.key, scope="read"))
    site.refused(answer, 403, "insufficient_scope")
    assert "scope" not in challenge(answer)


# -- claims ------------------------------------------------------------------

@pytest.mark.parametrize("line, good, bad", [
    ("role eq admin", {"role": "admin"}, {"role": "adm"}),
    ("role ne guest", {"role": "admin"}, {}),
    ("role in admin 'chief editor'", {"role": "chief editor"},
     {"role": "chief"}),
    ("groups any a b", {"groups": ["x", "b"]}, {"groups": ["x"]}),
    ("groups all a b", {"groups": ["b", "a", "c"]}, {"groups": ["a"]}),
    ("mail match '@example\\.com$'", {"mail": "a@example.com"},
     {"mail": "a@example.com.evil"}),
    ("age ge 18", {"age": 18}, {"age": "18"}),
    ("age gt 17.5", {"age": 18}, {"age": 17}),
    ("age lt 18", {"age": 17}, {"age": 18}),
    ("age le 18", {"age": 18}, {"age": 18.5}),
    ("realm.roles[0] eq x", {"realm": {"roles": ["x"]}},
     {"realm": {"roles": []}}),
    ("https://a\\\\.b/c eq x", {"https://a.b/c": "x"}, {"c": "x"}),
    ("verified eq true", {"verified": True}, {"verified": False}),
    ("tenant exists", {"tenant": 0}, {"tenant": None}),
    ("role not in a b", {"role": "c"}, {"role": "a"}),
    ("role not exists", {}, {"role": "a"}),
    ("role not match ^adm", {"role": "user"}, {"role": "admin"}),
    ("groups not any a b", {"groups": ["c"]}, {"groups": ["c", "a"]}),
], ids=lambda value: value if isinstance(value, str) else "")
def test_claim(require, line, good, bad):
    """Each operator lets one token in and keeps another out."""
    site = require(f"Require bearer-claim {line}")
    assert status(site, **good) == 200
    assert status(site, **bad) == 403
    site.refused(site.api(), 401, "token_missing")


def test_value_from_the_request(require):
    """Values are expressions of httpd."""
    site = require("""
        <RequireAll>
            Require bearer-claim tenant eq %{HTTP:X-Tenant}
            Require bearer-claim level ge %{HTTP:X-Level}
        </RequireAll>
    """)
    token = jwt.sign(site.key, tenant="acme", level=3)

    def ask(tenant, level):
        return site.api(token, {"X-Tenant": tenant, "X-Level": level})
    assert ask("acme", "2").status == 200
    assert ask("umbrella", "2").status == 403
    assert ask("acme", "4").status == 403


def test_values_are_not_logged(require):
    """Not even at trace8: an expression may give a claim."""
    site = require("Require bearer-claim role eq %{jwt_claim:other}")
    assert status(site, role="hush-hush", other="hush-hush") == 200
    assert status(site, role="hush-hush", other="x") == 403
    assert "hush-hush" not in site.httpd.error_log()


def test_value_that_is_no_number(require):
    """An expression that yields nonsense is a fault, not a grant."""
    site = require("Require bearer-claim level not ge %{HTTP:X-Level}")
    site.httpd.expect("outcome=misconfigured")
    answer = site.api(jwt.sign(site.key, level=1), {"X-Level": "many"})
    line = site.refused(answer, 500, "misconfigured")
    assert "number" in line


# -- expressions -------------------------------------------------------------

@pytest.mark.parametrize("line", [
    "Require expr \"jwt_claim('role') == 'admin'\"",
    "Require expr \"%{jwt_claim:role} == 'admin'\"",
    "<RequireAll>\nRequire expr \"jwt_claim('role') != 'guest'\"\n"
    "Require bearer-claim role exists\n</RequireAll>"])
def test_expression(require, line):
    """jwt_claim() is judged when the token is known, not before."""
    site = require(line)
    assert status(site, role="admin") == 200
    answer = site.api(jwt.sign(site.key, role="guest"))
    site.refused(answer, 403, "insufficient_scope")
    site.refused(site.api(), 401, "token_missing")


def test_expression_of_an_absent_claim(require):
    """Absent is empty; and nobody passes without a token for that."""
    site = require("Require expr \"jwt_claim('role') == ''\"")
    assert status(site) == 200
    assert status(site, role="x") == 403
    site.refused(site.api(), 401, "token_missing")


def test_claim_in_a_header(require):
    """RequestHeader and Header read claims; a path may be computed."""
    site = require("""
        Require valid-user
        Header set X-Sub "expr=%{jwt_claim:sub}"
        Header set X-Role "expr=%{jwt_claim:realm.roles[1]}"
        Header set X-Named "expr=%{jwt_claim:%{HTTP:X-Name}}"
    """)
    token = jwt.sign(site.key, realm={"roles": ["a", "b"]}, role="r")
    answer = site.api(token, {"X-Name": "role"})
    assert answer.get("X-Sub") == "alice"
    assert answer.get("X-Role") == "b"


# -- combinations ------------------------------------------------------------

def test_negated_scope_admits_nobody_without_a_token(require):
    """The hole: httpd takes `not <unknown>` for neutral, and all are in."""
    site = require("""
        <RequireAll>
            Require all granted
            Require not bearer-scope banned
        </RequireAll>
    """)
    site.refused(site.api(), 401, "token_missing")
    assert status(site, scope="read") == 200
    answer = site.api(jwt.sign(site.key, scope="read banned"))
    site.refused(answer, 403, "insufficient_scope")
    assert "scope" not in challenge(answer)


@pytest.mark.parametrize("lines", [
    "<RequireAll>\nRequire all granted\nRequire not bearer-claim role eq bad\n"
    "</RequireAll>",
    "<RequireAll>\nRequire all granted\n<RequireNone>\n"
    "Require bearer-claim role eq bad\nRequire bearer-claim role eq worse\n"
    "</RequireNone>\n</RequireAll>",
    "<RequireAll>\nRequire all granted\n"
    "Require not expr \"jwt_claim('role') == 'bad'\"\n</RequireAll>",
    "<RequireAll>\nRequire all granted\n<RequireNone>\n<RequireAny>\n"
    "Require ip 192.0.2.1\nRequire bearer-claim role eq bad\n"
    "</RequireAny>\n</RequireNone>\n</RequireAll>",
    "<RequireAll>\nRequire ip 127.0.0.1\nRequire not bad-role\n</RequireAll>",
], ids=["not", "none", "expr", "nested", "alias"])
def test_every_negation_waits_for_the_token(require, lines):
    """Wherever the `not` stands."""
    site = require(lines, server="""
        <AuthzProviderAlias bearer-claim bad-role "role eq bad">
        </AuthzProviderAlias>
    """)
    assert site.api().status == 401
    assert status(site, role="good") == 200
    assert status(site, role="bad") == 403


def test_any_by_address_needs_no_token(require):
    """Granted by address: no identity, and nothing of a refusal is left."""
    site = require("""
        <RequireAny>
            Require bearer-scope read
            Require ip 127.0.0.1
        </RequireAny>
        JwtExport sub header=X-Sub
        RequestHeader set X-Seen "expr=%{jwt_claim:sub}"
        Header set X-Seen "expr=%{jwt_claim:sub}"
    """)
    for token in (None, jwt.sign(site.key, scope="read"), "rubbish"):
        answer = site.api(token)
        assert answer.status == 200
        assert not answer.get("X-User")
        assert not answer.get("X-Seen")
        assert not answer.get("X-Outcome", "").strip("-(null)")
        assert not answer.all("WWW-Authenticate")


def test_any_by_another_address(require):
    """From elsewhere the token decides; one line is enough."""
    site = require("""
        <RequireAny>
            Require ip 192.0.2.1
            Require bearer-scope admin
            Require bearer-claim role eq editor
        </RequireAny>
    """)
    site.refused(site.api(), 401, "token_missing")
    for claims in ({"scope": "admin"}, {"role": "editor"}):
        answer = site.api(jwt.sign(site.key, claims))
        assert answer.status == 200
        assert not answer.all("WWW-Authenticate")
        assert answer.get("X-User") == "alice"
    assert status(site, role="x") == 403


def test_all_with_an_address(require):
    """A wrong address is refused at once; no token would help."""
    site = require("""
        <RequireAll>
            Require ip 192.0.2.1
            Require bearer-scope read
        </RequireAll>
    """)
    site.httpd.expect("AH01630")
    answer = site.api()
    assert answer.status == 403
    assert site.api(jwt.sign(site.key, scope="read")).status == 403


@pytest.mark.parametrize("merging, read, admin, both", [
    ("Off", 403, 200, 200), ("And", 403, 403, 200), ("Or", 200, 200, 200)])
def test_merging(httpd, keyfile, merging, read, admin, both):
    """AuthMerging combines the lines of two folders."""
    site = Site(httpd)
    key, folder = jwt.secret(), site.httpd.htdocs / "api"
    site.httpd.write("htdocs/api/inner/index.html", "inner\n")
    site.start(f"""
        JwtKey HS256 "file:{keyfile(key)}"
        <Directory "{folder}">
            AuthType Bearer
            AuthName "test api"
            Require bearer-scope read
        </Directory>
        <Directory "{folder}/inner">
            AuthMerging {merging}
            Require bearer-scope admin
        </Directory>
    """)

    def inner(scope):
        token = jwt.sign(key, scope=scope)
        return site.client.get("/api/inner/", token).status
    assert inner("read") == read
    assert inner("admin") == admin
    assert inner("read admin") == both
    assert inner("") == 403
    assert site.client.get("/api/inner/").status == 401


def test_limit_to_methods(require):
    """<Limit>: reading is free, writing is not."""
    site = require("""
        <LimitExcept GET>
            Require bearer-scope write
        </LimitExcept>
        <Limit GET>
            Require all granted
        </Limit>
    """)
    assert site.api().status == 200
    assert site.client.request("DELETE", "/api/").status == 401


# -- the log -----------------------------------------------------------------

@pytest.mark.parametrize("line", [
    "Require bearer-scope read", "Require user bob",
    "Require expr \"jwt_claim('role') == 'admin'\"",
    "<RequireAll>\nRequire valid-user\nRequire not user alice\n</RequireAll>"])
def test_refusals_do_not_fill_the_disk(require, line):
    """One line at info, and none of httpd's at error."""
    site = require(line)
    answer = site.api(jwt.sign(site.key))
    said = site.refused(answer, 403, "insufficient_scope")
    assert "[auth_jwt_refresh:info]" in said
    assert "AH01630" not in site.httpd.error_log()
    assert "AH01631" not in site.httpd.error_log()


def test_debug_hears_all(require):
    """Who raises authz_core hears what httpd has to say."""
    site = require("Require bearer-scope read",
                   loglevel="warn auth_jwt_refresh:info authz_core:debug")
    site.httpd.expect("AH01631")
    assert status(site) == 403
    assert "AH01631" in site.httpd.error_log()
    assert "AH01626" in site.httpd.error_log()


def test_broken_expression_is_heard(require):
    """What is no refusal is still logged by httpd, at its own level."""
    site = require("Require expr \"jwt_claim('a..b' . '') == ''\"")
    site.httpd.expect("jwt_claim", "AH0")
    assert site.api(jwt.sign(site.key)).status == 500
    assert "a..b" in site.httpd.error_log()


def test_without_authtype_bearer(httpd):
    """Lines about tokens where no token is judged: 500, and why."""
    site = Site(httpd).start("""
        <Location "/api">
            AuthType Basic
            AuthName "test api"
            AuthBasicProvider file
            AuthUserFile /dev/null
            Require bearer-scope read
        </Location>
    """)
    site.httpd.expect("outcome=misconfigured")
    answer = site.api()
    assert answer.status == 500
    assert "AuthType Bearer" in site.httpd.refusals("misconfigured")[0]
