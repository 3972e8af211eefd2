# SPDX-License-Identifier: Apache-2.0
"""After: the requests of simplejwt_cases to an httpd that stands before a Django
host by conf/examples/simplejwt.conf as it is shipped. test_django_host has
what the host's own views answer to the same."""

import re
import time
import uuid

import pytest

import host
from e2e_site import bcrypt
from lab import jwt
from lab.http import Client
from lab.httpd import Httpd
from lab.place import TOP
from lab.process import wait_for
from simplejwt_cases import (ACCESS, BLACKLIST, BLACKLISTED, BOTH, CASES,
                             EXPIRED, INVALID, MALFORMED, METHODS, PARSE_ERROR,
                             REFRESH, TOKEN, VERIFY, WRONG_TYPE,
                             not_authenticated)

ANN = {"username": "ann@example.com", "password": "secret-pass-1"}
EXAMPLE = TOP / "conf" / "examples" / "simplejwt.conf"

#: What the example leaves to the host, so that every row can be asked of us.
LOGIN = """
    <Location "/ours/token">
        AuthName "api"
        SetHandler jwt-login
        JwtLoginProvider file
        JwtLoginLimit Off
        AuthUserFile "{users}"
    </Location>
    <Location "/introspect">
        SetHandler jwt-introspect
        AuthType Basic
        AuthName callers
        AuthUserFile "{users}"
        Require valid-user
    </Location>
    <Location "/rotating">
        AuthName "api"
        SetHandler jwt-refresh
        JwtRefreshRotate On
        JwtRefreshGrace 0
    </Location>
    <Location "/strangers">
        AuthName "api"
        SetHandler jwt-refresh
        JwtAdopt Off
    </Location>
"""

#: The module's names for the host's users, as the host has them.
SUBJECT_OF = """
    CREATE OR REPLACE FUNCTION auth_jwt.subject_of(login text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT id::text FROM public.auth_user
         WHERE username = login AND is_active $$
"""


def recipe():
    """adoptable() of the README."""
    text = (TOP / "README.md").read_text(encoding="utf-8")
    section = text.partition("\n## Django with simplejwt\n")[2]
    return re.search(r"```sql\n(.*?)```", section, re.S)[1]


class Site:
    """The host, its database, and an httpd in front of it."""

    def __init__(self, place, db):
        self.db = db
        db.psql("GRANT CREATE ON SCHEMA public TO site_app")
        conninfo = db.conninfo("site_app")
        self.host = host.Django(place, database=dict(
            part.split("=", 1) for part in conninfo.split())).start()
        self.django = Client(self.host.port)
        self.httpd = Httpd(place, modules=("proxy", "proxy_http"))
        db.psql(SUBJECT_OF)
        db.psql(recipe())
        self._configure()
        self.client = self.httpd.start().client

    def _configure(self):
        users = self.httpd.write(
            "users", f"{ANN['username']}:{bcrypt(ANN['password'])}\n")
        key = self.httpd.write("keys/django.key", self.host.secret,
                               secret=True)
        text = EXAMPLE.read_text("utf-8")
        for shipped, here in (
                ("/etc/apache2/jwt/django.key", str(key)),
                ("dbname=site user=site_httpd", self.db.conninfo())):
            assert shipped in text
            text = text.replace(shipped, here)
        self.httpd.config = f"""
            Header always set X-Outcome "%{{JWT_OUTCOME}}e"
            {text}
            {LOGIN.format(users=users)}
            ProxyPass "/" "{self.host.url}/"
        """

    def post(self, path, text):
        """A request as a client of the site sends it; login is ours."""
        return self.client.post_json(
            path.replace(TOKEN, "/ours/token/") if path == TOKEN else path,
            text)

    def login(self):
        """Logs Ann in at Apache."""
        answer = self.post(TOKEN, ANN)
        assert answer.status == 200, answer
        return answer.json()

    def login_at_host(self):
        """Logs Ann in at the host, through Apache: its tokens."""
        answer = self.client.post_json(TOKEN, ANN)
        assert answer.status == 200, answer
        pair = answer.json()
        assert "sid" not in jwt.claims_of(pair["refresh"])
        return pair

    def again(self, token, key=None, **changes):
        """A token signed again, with other claims."""
        return jwt.sign(key or self.host.secret, {
            **jwt.claims_of(token), "sub": None, **changes})

    def tokens(self):
        """A token of every name that the cases use."""
        good, dead = self.login(), self.login()["refresh"]
        assert self.post(BLACKLIST, {"refresh": dead}).status == 200
        past = int(time.time()) - 60
        return {**good, "dead": dead,
                "stale_refresh": self.again(good["refresh"], exp=past),
                "stale_access": self.again(good["access"], exp=past),
                "forged": self.again(good["refresh"], jwt.secret())}

    def stop(self):
        """Stops both."""
        self.httpd.stop()
        self.host.stop()


@pytest.fixture(scope="module", name="site")
def _site(place, running_cluster):
    db = running_cluster.database()
    made = Site(place, db)
    yield made
    made.stop()
    unexpected = made.httpd.unexpected()
    db.drop()
    assert not unexpected, unexpected


@pytest.fixture(scope="module", name="tokens")
def _tokens(site):
    return site.tokens()


def refused(answer, detail, outcome=None):
    """401 in the words of simplejwt."""
    assert (answer.status, answer.json()) == (
        401, {"detail": detail, "code": "token_not_valid"}), answer
    assert answer.get("WWW-Authenticate") == 'Bearer realm="api"'
    assert outcome in (None, answer.get("X-Outcome"))


def refused_by_api(site, token, message):
    """401 of AuthType Bearer in the words of simplejwt."""
    answer = site.client.get("/api/me", token)
    assert (answer.status, answer.json()) == (401, not_authenticated(message))
    assert answer.get("WWW-Authenticate") == 'Bearer realm="api"'


# -- every row of the table --------------------------------------------------

@pytest.mark.contract("simplejwt", "each kind of request")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_row(site, tokens, case):
    """Status, body and challenge are those of the host's own view."""
    answer = site.post(case.path, case.text(tokens))
    assert answer.status == case.status, answer
    if isinstance(case.reply, set):
        assert set(answer.json()) == case.reply
    else:
        assert answer.json() == case.reply
    challenge = 'Bearer realm="api"' if case.status == 401 else None
    assert answer.get("WWW-Authenticate") == challenge
    assert answer.get("Cache-Control") == "no-store"


@pytest.mark.contract("simplejwt", "malformed JSON")
@pytest.mark.parametrize("body", MALFORMED)
def test_malformed_body(site, body):
    """400, and a detail that begins so."""
    for path in (TOKEN, REFRESH, VERIFY, BLACKLIST):
        answer = site.post(path, body)
        assert answer.status == 400, answer
        assert answer.json()["detail"].startswith(PARSE_ERROR)


@pytest.mark.contract("simplejwt", "GET 405")
@pytest.mark.parametrize("path", ["/ours/token/", REFRESH, VERIFY, BLACKLIST])
def test_methods(site, path):
    """POST alone."""
    for method in METHODS:
        answer = site.client.request(method, path)
        assert answer.status == 405, answer
        assert answer.get("Allow") == "POST, OPTIONS"
        if method != "HEAD":
            assert answer.json() == {
                "detail": f'Method "{method}" not allowed.'}


@pytest.mark.contract("simplejwt", "slash optional")
def test_without_the_slash(site):
    """Clients differ."""
    pair = site.login()
    for path, body in ((REFRESH, {"refresh": pair["refresh"]}),
                       (VERIFY, {"token": pair["access"]}),
                       (BLACKLIST, {"refresh": pair["refresh"]})):
        assert site.client.post_json(path.rstrip("/"), body).status == 200


@pytest.mark.contract("simplejwt", "API, bad token or none")
def test_the_protected_view(site):
    """The answer of the host to a good token; ours to others are its own."""
    tokens = site.tokens()
    access = tokens["access"]
    assert site.client.get("/api/me", access).json() == {
        "id": 1, "name": ANN["username"]}
    for token, message in ((None, None), ("x", INVALID),
                           (tokens["stale_access"], EXPIRED),
                           (tokens["refresh"], WRONG_TYPE),
                           (site.again(access, jti=None), INVALID),
                           (site.again(access, token_type=None), WRONG_TYPE),
                           (site.again(access, token_type="sliding"),
                            WRONG_TYPE)):
        refused_by_api(site, token, message)
    site.post(BLACKLIST, {"refresh": tokens["refresh"]})
    wait_for(lambda: site.client.get("/api/me", access).status == 401,
             "the access token to be refused")
    refused_by_api(site, access, BLACKLISTED)


# -- what is minted ----------------------------------------------------------

@pytest.mark.contract("simplejwt", "both tokens are JWTs")
def test_claims(site):
    """Those of simplejwt, and what names the session."""
    pair = site.login()
    for name, lifetime in (("refresh", 86400), ("access", 300)):
        claims = jwt.claims_of(pair[name])
        assert set(claims) == {"token_type", "exp", "iat", "jti", "user_id",
                               "sid", "gen"}
        assert claims["token_type"] == name
        assert len(claims["jti"]) == 32 and bytes.fromhex(claims["jti"])
        assert claims["user_id"] == "1"
        assert abs(claims["exp"] - claims["iat"] - lifetime) <= 1
        assert jwt.header_of(pair[name]) == {"typ": "JWT", "alg": "HS256"}
    sids = {jwt.claims_of(token)["sid"] for token in pair.values()}
    assert len(sids) == 1


def test_the_host_accepts_what_apache_mints(site):
    """Its API, its refresh view (taken back) and its verify view do."""
    pair = site.login()
    for token in pair.values():
        assert site.django.post_json(VERIFY, {"token": token}).status == 200
    assert site.django.get("/api/me", pair["access"]).json()["id"] == 1
    answer = site.django.post_json(REFRESH, {"refresh": pair["refresh"]})
    assert site.django.get("/api/me", answer.json()["access"]).status == 200


def test_claims_of_the_site_are_in_both(site):
    """What the host would copy from refresh to access is there to be copied."""
    site.db.psql("""CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text,
        sid uuid) RETURNS jsonb LANGUAGE sql AS $$ SELECT
        '{"role":"editor","token_type":"access","exp":1}'::jsonb $$""")
    try:
        pair = site.login()
        for name, token in pair.items():
            claims = jwt.claims_of(token)
            assert (claims["role"], claims["token_type"]) == ("editor", name)
        copied = site.django.post_json(REFRESH, {"refresh": pair["refresh"]})
        assert jwt.claims_of(copied.json()["access"])["role"] == "editor"
    finally:
        site.db.psql("""CREATE OR REPLACE FUNCTION auth_jwt.claims(
            subject text, sid uuid) RETURNS jsonb LANGUAGE sql AS
            $$ SELECT '{}'::jsonb $$""")


# -- sessions ----------------------------------------------------------------

@pytest.mark.contract("simplejwt", "refresh ok")
def test_the_same_token_refreshes_again_and_again(site):
    """Rotation is off: no refresh token in the reply, none is used up."""
    pair = site.login()
    for _ in range(3):
        answer = site.post(REFRESH, {"refresh": pair["refresh"]})
        assert set(answer.json()) == ACCESS
        assert site.client.get("/api/me", answer.json()["access"]).status == 200


@pytest.mark.contract("simplejwt", "rotation on")
def test_rotation(site):
    """On: a new one each time, and the old one is a thief's."""
    pair = site.login()
    first = site.client.post_json("/rotating", {"refresh": pair["refresh"]})
    assert set(first.json()) == BOTH
    fresh = first.json()["refresh"]
    claims = jwt.claims_of(fresh)
    assert claims["gen"] == 1 and claims["token_type"] == "refresh"
    assert abs(claims["exp"] - jwt.claims_of(pair["refresh"])["exp"]) <= 1
    site.httpd.expect("outcome=reused")
    for token, outcome in ((pair["refresh"], "reused"), (fresh, "revoked")):
        answer = site.client.post_json("/rotating", {"refresh": token})
        refused(answer, BLACKLISTED, outcome)


@pytest.mark.contract("simplejwt", "blacklist")
def test_blacklisted_is_out(site):
    """Refresh, verify and blacklist say so, of both tokens."""
    pair = site.login()
    assert site.post(BLACKLIST, {"refresh": pair["refresh"]}).json() == {}
    refused(site.post(REFRESH, {"refresh": pair["refresh"]}), BLACKLISTED)
    refused(site.post(BLACKLIST, {"refresh": pair["refresh"]}), BLACKLISTED)
    for token in pair.values():
        refused(site.post(VERIFY, {"token": token}), BLACKLISTED)


def test_plain_sql_ends_it(site):
    """An administrator's word counts here like everywhere."""
    pair = site.login()
    site.db.execute("SELECT auth_jwt.revoke_session(%s)",
                    jwt.claims_of(pair["refresh"])["sid"])
    refused(site.post(REFRESH, {"refresh": pair["refresh"]}), BLACKLISTED,
            "revoked")
    refused(site.post(VERIFY, {"token": pair["refresh"]}), BLACKLISTED)


def test_introspection_knows_both(site):
    """A refresh token is told from an access token."""
    pair = site.login()
    caller = [("Authorization", "Basic YW5uQGV4YW1wbGUuY29tOnNlY3JldC1wYXNzLTE=")]
    kinds = {}
    for name, token in pair.items():
        said = site.client.post_form("/introspect", {"token": token}, caller)
        assert said.json()["active"] is True
        assert said.json()["username"] == "1"
        kinds[name] = said.json()["token_type"]
    assert kinds == {"refresh": "refresh_token", "access": "Bearer"}
    site.post(BLACKLIST, {"refresh": pair["refresh"]})
    for token in pair.values():
        said = site.client.post_form("/introspect", {"token": token}, caller)
        assert said.json() == {"active": False}


# -- tokens that are something else ------------------------------------------

def test_one_key_two_kinds(site):
    """Nothing but a refresh token of this session refreshes it."""
    pair, other = site.login(), site.login()
    def mine(**changes):
        return site.again(pair["refresh"], **changes)
    for token, detail in (
            (pair["access"], WRONG_TYPE),
            (mine(token_type="access"), WRONG_TYPE),
            (mine(token_type="REFRESH"), WRONG_TYPE),
            (mine(token_type=None), WRONG_TYPE),
            (mine(token_type=["refresh"]), WRONG_TYPE),
            (mine(gen=2 ** 31), INVALID), (mine(gen=-1), INVALID),
            (mine(gen="0"), INVALID), (mine(gen=None), INVALID),
            (mine(sid=jwt.claims_of(other["refresh"])["sid"], user_id="2"),
             INVALID),
            (mine(user_id=None), INVALID), (mine(user_id=""), INVALID),
            (mine(jti=None), INVALID), (mine(exp=None), INVALID),
            (pair["refresh"][:-3] + "AAA", INVALID), ("a.b.c", INVALID),
            ("js1_" + "A" * 43, INVALID), ("jr1_x", INVALID)):
        refused(site.post(REFRESH, {"refresh": token}), detail)
    for good in (pair, other):
        assert site.post(REFRESH, {"refresh": good["refresh"]}).status == 200


@pytest.mark.parametrize("sid", [None, "x", 7, str(uuid.UUID(int=4))])
def test_a_sid_of_the_host_names_no_session(site, sid):
    """Such a token is the host's: adopted where that is on, by itself."""
    pair = site.login()
    token = site.again(pair["refresh"], sid=sid)
    refused(site.client.post_json("/strangers", {"refresh": token}), INVALID,
            "unknown")
    answer = site.post(REFRESH, {"refresh": token})
    assert answer.status == 200, answer
    assert jwt.claims_of(answer.json()["access"])["sid"] not in (
        sid, jwt.claims_of(pair["refresh"])["sid"])


def test_a_js1_is_no_jwt(site):
    """A session that SQL opened has its own form of token."""
    token = site.db.value("SELECT auth_jwt.open_session('1')")
    refused(site.post(REFRESH, {"refresh": token}), INVALID)


# -- adoption ----------------------------------------------------------------

@pytest.mark.contract("simplejwt", "adopted, claims copied")
def test_the_host_s_tokens_go_on(site):
    """Adopted once, refreshed as often as it takes; what it holds is copied."""
    pair = site.login_at_host()
    token = site.again(pair["refresh"], role="editor")
    count = "SELECT count(*) FROM auth_jwt.session"
    before = site.db.value(count)
    for _ in range(3):
        answer = site.post(REFRESH, {"refresh": token})
        assert (answer.status, set(answer.json())) == (200, ACCESS), answer
        claims = jwt.claims_of(answer.json()["access"])
        assert (claims["role"], claims["user_id"]) == ("editor", "1")
        assert site.client.get("/api/me", answer.json()["access"]).status == 200
    assert site.db.value(count) == before + 1
    assert site.post(VERIFY, {"token": token}).json() == {}
    assert site.client.get("/api/me", pair["access"]).status == 200


def test_it_ends_when_the_host_said(site):
    """exp of the adopted token is the end of the session, not a day more."""
    soon = int(time.time()) + 100
    token = site.again(site.login_at_host()["refresh"], exp=soon)
    answer = site.post(REFRESH, {"refresh": token})
    assert jwt.claims_of(answer.json()["access"])["exp"] <= soon


def test_adopted_tokens_rotate_too(site):
    """The successor is ours, and refreshes."""
    token = site.login_at_host()["refresh"]
    answer = site.client.post_json("/rotating", {"refresh": token})
    fresh = answer.json()["refresh"]
    assert jwt.claims_of(fresh)["gen"] == 1
    assert site.post(REFRESH, {"refresh": fresh}).status == 200
    site.httpd.expect("outcome=reused")
    refused(site.client.post_json("/rotating", {"refresh": token}),
            BLACKLISTED, "reused")


def test_blacklisted_by_the_host_before(site):
    """The README's adoptable() asks its tables."""
    token = site.login_at_host()["refresh"]
    assert site.django.post_json(BLACKLIST, {"refresh": token}).status == 200
    refused(site.post(REFRESH, {"refresh": token}), BLACKLISTED)
    other = site.login_at_host()["refresh"]
    assert site.post(REFRESH, {"refresh": other}).status == 200


def test_who_may_not_log_in_any_more(site):
    """A user that the host has made inactive is not adopted."""
    token = site.login_at_host()["refresh"]
    site.db.psql("UPDATE auth_user SET is_active = false WHERE id = 1")
    try:
        refused(site.post(REFRESH, {"refresh": token}), BLACKLISTED)
    finally:
        site.db.psql("UPDATE auth_user SET is_active = true WHERE id = 1")


def test_blacklisted_here_before_it_was_adopted(site):
    """It never comes back."""
    token = site.login_at_host()["refresh"]
    assert site.post(BLACKLIST, {"refresh": token}).json() == {}
    refused(site.post(REFRESH, {"refresh": token}), BLACKLISTED)
    refused(site.post(VERIFY, {"token": token}), BLACKLISTED)
    refused(site.post(BLACKLIST, {"refresh": token}), BLACKLISTED)


def test_without_adoption(site):
    """JwtAdopt Off: only what Apache minted."""
    token = site.login_at_host()["refresh"]
    refused(site.client.post_json("/strangers", {"refresh": token}), INVALID,
            "unknown")


def test_the_host_s_access_token_is_never_adopted(site):
    """One key signs both."""
    token = site.login_at_host()["access"]
    refused(site.post(REFRESH, {"refresh": token}), WRONG_TYPE)


# -- trouble -----------------------------------------------------------------

@pytest.mark.contract("simplejwt", "common: database trouble")
def test_database_away(site, running_cluster):
    """503 at every path, never a refusal; afterwards all goes on."""
    pair = site.login()
    verified = site.post(VERIFY, {"token": pair["access"]})
    assert verified.status == 200  # so revocations have been read
    site.httpd.expect("outcome=database_down")
    running_cluster.stop("immediate")
    try:
        for path, body in ((REFRESH, {"refresh": pair["refresh"]}),
                           (VERIFY, {"token": pair["access"]}),
                           (BLACKLIST, {"refresh": pair["refresh"]}),
                           (TOKEN, ANN)):
            answer = site.post(path, body)
            assert answer.status == 503 and answer.get("Retry-After"), answer
            assert "detail" in answer.json()
    finally:
        running_cluster.start()
    assert site.post(REFRESH, {"refresh": pair["refresh"]}).status in (200, 503)
