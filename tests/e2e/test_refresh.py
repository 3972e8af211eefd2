# SPDX-License-Identifier: Apache-2.0
"""jwt-refresh: one generation at a time, and a thief is found out."""

import concurrent.futures
import contextlib
import re

import pytest

from lab import jwt
from lab.grant import Grant, sid_of_js1
from lab.process import wait_within


def test_refresh_gives_the_next_generation(auth_site):
    """A new access token that works, and the successor of the same session."""
    site = auth_site()
    access, first = site.login()
    answer = site.refresh(first)
    fresh, second = site.tokens(answer)
    assert answer.get("X-Outcome") == "rotated"
    assert fresh != access
    assert site.api(fresh).get("X-User") == "alice"

    old, new = Grant.parse(first), Grant.parse(second)
    assert (new.sid, new.secret) == (old.sid, old.secret)
    assert (old.generation, new.generation) == (0, 1)
    assert new.mac != old.mac
    assert jwt.claims_of(fresh)["gen"] == 1
    assert jwt.claims_of(fresh)["sid"] == str(old.sid)
    assert site.session(second, "generation") == 1


def test_chain(auth_site):
    """Grace 0: every refresh rotates, to the letter of RFC 9700."""
    site = auth_site(grace="0")
    _, token = site.login()
    for generation in range(1, 6):
        _, token = site.refreshed(token)
        assert Grant.parse(token).generation == generation


def test_replay_within_grace(auth_site):
    """A lost reply: the same token again gives the same successor."""
    site = auth_site()
    _, first = site.login()
    _, second = site.refreshed(first)
    answer = site.refresh(first)
    assert answer.get("X-Outcome") == "replayed"
    assert site.tokens(answer)[1] == second
    assert site.session(first, "generation") == 1


def test_a_session_rotates_once_per_grace(auth_site, past):
    """The successor used at once is answered with itself; later it rotates."""
    site = auth_site()
    _, second = site.refreshed(site.login()[1])
    answer = site.refresh(second)
    assert answer.get("X-Outcome") == "current"
    assert site.tokens(answer)[1] == second
    past(second, "31s")
    answer = site.refresh(second)
    assert answer.get("X-Outcome") == "rotated"
    assert Grant.parse(site.tokens(answer)[1]).generation == 2


def test_reuse_after_grace_ends_the_session(auth_site, past):
    """Two hold the session: nobody can say who stole it, so it ends."""
    site = auth_site()
    _, first = site.login()
    _, second = site.refreshed(first)
    past(first, "31s")
    line = site.invalid_grant(site.refresh(first), "reused")
    assert str(Grant.parse(first).sid) not in line
    assert not site.alive(first)
    site.invalid_grant(site.refresh(second), "revoked")
    assert site.db.execute("SELECT kind, subject FROM auth_jwt.event"
                           " WHERE kind = 'reused'") == [("reused", "alice")]


def test_reuse_with_grace_0(auth_site):
    """Without a grace the first repeat is a theft."""
    site = auth_site(grace="0")
    _, first = site.login()
    site.refreshed(first)
    site.invalid_grant(site.refresh(first), "reused")
    assert not site.alive(first)


def test_grandparent_within_grace(auth_site, past):
    """Only the immediate predecessor may be replayed."""
    site = auth_site()
    _, first = site.login()
    _, second = site.refreshed(first)
    past(second, "31s")
    site.refreshed(second)
    site.invalid_grant(site.refresh(first), "reused")


@pytest.mark.parametrize("width", [2, 8, 64])
def test_parallel_refreshes_of_one_token(auth_site, width):
    """A burst of tabs moves the session one generation, and all agree."""
    site = auth_site(
        server="JwtDatabaseTimeout 20s",
        mpm_config="ServerLimit 2\nStartServers 2\nThreadsPerChild 32\n"
                   "MaxRequestWorkers 64\nMinSpareThreads 1\n")
    _, first = site.login()
    with concurrent.futures.ThreadPoolExecutor(width) as workers:
        answers = list(workers.map(site.refresh, [first] * width))
    tokens = {site.tokens(answer)[1] for answer in answers}
    assert len(tokens) == 1
    outcomes = [answer.get("X-Outcome") for answer in answers]
    assert sorted(set(outcomes) | {"replayed"}) == ["replayed", "rotated"]
    assert outcomes.count("rotated") == 1
    assert site.session(first, "generation") == 1
    assert site.db.value("SELECT count(*) FROM auth_jwt.event"
                         " WHERE kind = 'reused'") == 0


def test_absolute_lifetime(auth_site, past):
    """Refreshing never extends JwtRefreshLifetime."""
    site = auth_site(server="JwtRefreshLifetime 1h\nJwtRefreshIdle 1h")
    _, token = site.login()
    ends = site.session(token, "expires_at")
    _, token = site.refreshed(token)
    assert site.session(token, "expires_at") == ends
    past(token, "1h", "created_at", "expires_at")
    site.invalid_grant(site.refresh(token), "expired")


def test_idle(auth_site, past):
    """A session that nobody used for JwtRefreshIdle is over."""
    site = auth_site(server="JwtRefreshIdle 10m")
    _, token = site.login()
    past(token, "9m", "created_at", "rotated_at", "used_at")
    _, token = site.refreshed(token)
    past(token, "11m", "created_at", "rotated_at", "used_at")
    site.invalid_grant(site.refresh(token), "idle")


def test_rotation_off(auth_site):
    """JwtRefreshRotate Off: the same token as often as one likes."""
    site = auth_site(server="JwtRefreshRotate Off\nJwtRefreshGrace 0")
    _, token = site.login()
    for _ in range(3):
        answer = site.refresh(token)
        access = answer.json()["access_token"]
        assert answer.json().get("refresh_token", token) == token
        assert site.api(access).status == 200
    assert site.session(token, "generation") == 0


def test_roles_changed_in_sql(auth_site, db):
    """claims() is asked at each refresh, never the old token."""
    db.psql("""CREATE TABLE role (name text); INSERT INTO role VALUES ('a');
        CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text, sid uuid)
        RETURNS jsonb LANGUAGE sql STABLE
        AS $$ SELECT jsonb_build_object('role', name) FROM public.role $$""")
    site = auth_site()
    access, token = site.login()
    assert jwt.claims_of(access)["role"] == "a"
    db.psql("UPDATE role SET name = 'b'")
    access, token = site.refreshed(token)
    assert jwt.claims_of(access)["role"] == "b"
    db.psql("DELETE FROM role")
    site.invalid_grant(site.refresh(token), "blocked")


# -- what administrators do -------------------------------------------------

@pytest.mark.parametrize("sql, tag", [
    ("SELECT auth_jwt.revoke_subject('alice')", "revoked"),
    ("SELECT auth_jwt.revoke_session(sid) FROM auth_jwt.session", "revoked"),
    ("SELECT auth_jwt.block_subject('alice')", "revoked"),
    ("UPDATE auth_jwt.session SET revoked_at = now()", "revoked"),
    ("DELETE FROM auth_jwt.session", "unknown"),
])
def test_revoked_in_sql(auth_site, db, sql, tag):
    """The administrator's SQL ends the session, and its access token."""
    site = auth_site()
    access, token = site.login()
    db.psql(sql, user="site_admin")
    site.invalid_grant(site.refresh(token), tag)
    wait_within(1, lambda: site.api(access).status == 401, "the API to refuse")


def test_login_after_revoke_subject(auth_site, db):
    """Log out everywhere, then log in at once: that works."""
    site = auth_site()
    _, token = site.login()
    assert db.psql("SELECT auth_jwt.revoke_subject('alice')").strip() == "1"
    _, other = site.login()
    site.refreshed(other)
    site.invalid_grant(site.refresh(token), "revoked")


def test_revoke_subject_spares_others(auth_site, db):
    """Bob does not notice."""
    site = auth_site()
    _, token = site.login("bob")
    db.psql("SELECT auth_jwt.revoke_subject('alice')")
    site.refreshed(token)


def test_session_opened_in_sql(auth_site, db):
    """A PHP host logs somebody in: js1_ works, and becomes a jr1_."""
    site = auth_site()
    token = db.psql("""SELECT auth_jwt.open_session('42',
                       '{"role": "admin"}')""", user="site_app").strip()
    assert token.startswith("js1_")
    access, second = site.refreshed(token)
    assert site.api(access).get("X-User") == "42"
    assert jwt.claims_of(access)["role"] == "admin"
    grant = Grant.parse(second)
    assert (grant.sid, grant.generation) == (sid_of_js1(token), 1)
    answer = site.refresh(token)
    assert answer.get("X-Outcome") == "replayed"
    assert site.tokens(answer)[1] == second


def test_js1_replayed_after_grace(auth_site, db, past):
    """A js1_ is generation 0, and as bound by the rules as any."""
    site = auth_site()
    token = db.psql("SELECT auth_jwt.open_session('42')").strip()
    site.refreshed(token)
    past(token, "31s")
    site.invalid_grant(site.refresh(token), "reused")


# -- forgery ----------------------------------------------------------------

@contextlib.contextmanager
def no_database_call(cluster, db):
    """Asserts that no statement of a request reaches the database meanwhile;
    the janitor's go on."""
    mark = cluster.log_mark()
    yield
    db.execute("SELECT 'the end of the watch'")
    said = cluster.log_since(mark)
    assert "the end of the watch" in said, "log_statement is off"
    lines = [line for line in said.splitlines() if "site_httpd@" in line
             and not re.search(r"DETAIL:|LISTEN|NOTIFY|\.feed\(|\.purge\(",
                               line)]
    assert not lines


def test_wrong_secret_for_a_right_sid(auth_site, cluster, db):
    """Who knows a sid alone gets nowhere, and its owner is unharmed."""
    site = auth_site()
    _, token = site.login()
    forged = Grant.parse(token).replace(secret=b"0123456789abcdef").build()
    with no_database_call(cluster, db):
        site.invalid_grant(site.refresh(forged), "refresh_forged")
    assert site.alive(token)
    site.refreshed(token)


def test_forged_js1(auth_site, db):
    """A js1_ with a right sid and a wrong secret: unknown, no harm done."""
    site = auth_site()
    token = db.psql("SELECT auth_jwt.open_session('42')").strip()
    forged = "js1_" + jwt.b64url(sid_of_js1(token).bytes + b"0" * 16)
    site.invalid_grant(site.refresh(forged), "unknown")
    assert site.alive(token)
    site.refreshed(token)


def test_jr1_rewritten_as_js1(auth_site):
    """The MAC cannot be shed by changing the form."""
    site = auth_site()
    _, token = site.login()
    rewritten = Grant.parse(token).as_js1()
    site.invalid_grant(site.refresh(rewritten), "unknown")
    assert site.alive(token)
    site.refreshed(token)


def test_other_generation_under_the_old_mac(auth_site):
    """The generation is under the MAC."""
    site = auth_site()
    _, token = site.login()
    site.refreshed(token)
    forged = Grant.parse(token).replace(generation=1).build()
    site.invalid_grant(site.refresh(forged), "refresh_forged")
    assert site.alive(token)


def test_secret_of_another_session(auth_site):
    """Two sessions of one attacker do not combine."""
    site = auth_site()
    _, alice = site.login("alice")
    _, bob = site.login("bob")
    forged = Grant.parse(alice).replace(
        secret=Grant.parse(bob).secret, mac=Grant.parse(bob).mac).build()
    site.invalid_grant(site.refresh(forged), "refresh_forged")
    assert site.alive(alice) and site.alive(bob)


def test_one_bit_in_every_byte(auth_site, cluster, db):
    """No byte of a token is free; no database is asked; nobody is harmed."""
    site = auth_site(loglevel="warn")
    _, token = site.login()
    good = jwt.unb64url(token[4:])
    with no_database_call(cluster, db):
        for index in range(len(good)):
            bad = bytearray(good)
            bad[index] ^= 1 << index % 8
            answer = site.refresh("jr1_" + jwt.b64url(bytes(bad)))
            assert answer.status == 400, (index, answer)
            assert answer.get("X-Outcome") in ("refresh_forged",
                                               "refresh_malformed"), index
    assert site.alive(token)


def test_every_length(auth_site, cluster, db):
    """A token cut short or drawn out is malformed, not an overflow."""
    site = auth_site(loglevel="warn")
    _, token = site.login()
    longer = [token + "A" * more for more in (1, 2, 3, 4, 100, 8000)]
    with no_database_call(cluster, db):
        for bad in [token[:size] for size in range(1, len(token))] + longer:
            answer = site.refresh(bad)
            assert answer.status == 400, (len(bad), answer)
            assert answer.get("X-Outcome") == "refresh_malformed", len(bad)


@pytest.mark.parametrize("bad", [
    lambda token: token + "=",
    lambda token: " " + token,
    lambda token: token + "\0",
    lambda token: token.upper(),
    lambda token: "jr2_" + token[4:],
    lambda token: "jr1" + token[4:],
    lambda token: token.replace("jr1_", "JR1_"),
    lambda token: "a.b.c",
    lambda token: "é" * 41,
], ids=["padding", "space", "nul", "upper", "version", "prefix", "case",
        "jwt", "utf8"])
def test_other_spellings(auth_site, bad):
    """One spelling of a token, no other."""
    site = auth_site()
    _, token = site.login()
    answer = site.refresh(bad(token))
    assert answer.status == 400, answer
    assert answer.get("X-Outcome") in ("refresh_malformed", "refresh_forged",
                                       "body_malformed")
    assert site.alive(token)


def test_access_token_is_no_refresh_token(auth_site):
    """And a refresh token opens no API."""
    site = auth_site()
    access, token = site.login()
    site.invalid_grant(site.refresh(access), "refresh_malformed")
    assert site.api(token).status == 401


def test_other_refresh_key(auth_site):
    """A token of another installation, same database."""
    ours, theirs = auth_site(), auth_site()
    _, token = ours.login()
    theirs.invalid_grant(theirs.refresh(token), "refresh_forged")
    ours.refreshed(token)


def test_refresh_key_rollover(auth_site):
    """A second key verifies, the first mints."""
    site = auth_site()
    _, token = site.login()
    fresh = site.httpd.write("keys/next.key", jwt.secret(), secret=True)
    site.httpd.config = site.httpd.config.replace(
        "JwtRefreshKey", f'JwtRefreshKey "file:{fresh}"\nJwtRefreshKey', 1)
    site.httpd.graceful()
    _, second = site.refreshed(token)
    assert Grant.parse(second).sid == Grant.parse(token).sid
    assert Grant.parse(second).mac != Grant.parse(token).mac


def test_site_binds_a_session(auth_site):
    """A session of one JwtSite is unknown to another, and unharmed."""
    site = auth_site(server="""
        JwtSite shop
        <Location "/elsewhere">
            SetHandler jwt-refresh
            JwtSite forum
            JwtIssuer https://forum.example
            JwtAudience forum
        </Location>
    """)
    _, token = site.login()
    answer = site.client.post_form("/elsewhere", {
        "grant_type": "refresh_token", "refresh_token": token})
    site.invalid_grant(answer, "unknown")
    assert site.alive(token)
    site.refreshed(token)


# -- requests that cannot be read -------------------------------------------

def test_get_never_refreshes(auth_site):
    """GET, HEAD: 405, nothing happens."""
    site = auth_site()
    _, token = site.login()
    query = f"/token?grant_type=refresh_token&refresh_token={token}"
    answer = site.client.request("GET", query)
    site.refused(answer, 405, "method_refused")
    assert "POST" in answer.get("Allow")
    assert site.client.request("HEAD", query).status == 405
    assert site.session(token, "generation") == 0


def test_options_touches_no_database(auth_site, cluster, db):
    """OPTIONS is answered without PostgreSQL."""
    site = auth_site()
    with no_database_call(cluster, db):
        assert site.client.request("OPTIONS", "/token").status < 500


def test_json_refresh(auth_site):
    """JSON is read as well as the RFC's form."""
    site = auth_site()
    _, token = site.login()
    site.tokens(site.client.post_json("/token", {
        "grant_type": "refresh_token", "refresh_token": token}))


@pytest.mark.parametrize("body, error, tag", [
    ("", "invalid_request", "parameter_missing"),
    ("grant_type=refresh_token", "invalid_request", "parameter_missing"),
    ("refresh_token=x", "invalid_request", "parameter_missing"),
    ("grant_type=password&refresh_token=x", "unsupported_grant_type",
     "grant_type_refused"),
    ("grant_type=refresh_token&refresh_token=x&refresh_token=y",
     "invalid_request", "body_malformed"),
    ("grant_type=refresh_token&grant_type=x&refresh_token=y",
     "invalid_request", "body_malformed"),
    ("grant_type=refresh_token&refresh_token=%", "invalid_request",
     "body_malformed"),
    ("grant_type=refresh_token&refresh_token=", "invalid_request",
     "parameter_missing"),
    ("&", "invalid_request", "parameter_missing"),
])
def test_malformed_request(auth_site, body, error, tag):
    """RFC 6749 5.2, each with its error."""
    site = auth_site()
    answer = site.client.post_form("/token", body)
    assert answer.json()["error"] == error
    site.refused(answer, 400, tag)


def _with_scope(site, token, scope):
    return site.client.post_form("/token", {
        "grant_type": "refresh_token", "refresh_token": token,
        "scope": scope})


@pytest.mark.parametrize("granted, asked", [
    (None, "admin"), ("read write", "read admin"), ("read", "READ"),
    ("read", "rea"), ("reader", "read")])
def test_scope_cannot_widen(auth_site, db, granted, asked):
    """More than the session has: invalid_scope, and nothing rotated."""
    site = auth_site()
    token = db.value("SELECT auth_jwt.open_session('42', scope => %s)",
                     granted)
    answer = _with_scope(site, token, asked)
    assert answer.json().get("error") == "invalid_scope", answer
    site.refused(answer, 400, "scope_refused")
    assert site.session(token, "generation") == 0
    site.refreshed(token)


def test_scope_may_narrow(auth_site, db):
    """Less for this access token; the session keeps what it has."""
    site = auth_site(grace="0")
    token = db.value("SELECT auth_jwt.open_session('42', scope => 'a b c')")
    for asked, expected in (("b", "b"), ("c a", "c a"), (None, "a b c")):
        answer = (site.refresh(token) if asked is None
                  else _with_scope(site, token, asked))
        access, token = site.tokens(answer)
        assert answer.json()["scope"] == expected
        assert jwt.claims_of(access)["scope"] == expected


def test_stale_bearer_is_ignored(auth_site):
    """A client that sends its expired access token along may refresh."""
    site = auth_site()
    _, token = site.login()
    answer = site.client.post_form(
        "/token", {"grant_type": "refresh_token", "refresh_token": token},
        [("Authorization", "Bearer " + jwt.sign(site.key, exp=1))])
    site.tokens(answer)
