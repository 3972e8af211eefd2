# SPDX-License-Identifier: Apache-2.0
"""Revoked by SQL, refused by every child: what administrators write, and what
tokens and sessions it is about."""

import time

import pytest

from e2e_site import ISSUER, sid_of
from lab import jwt
from lab.process import wait_within
from revoker import Revoker


@pytest.fixture(name="site")
def _site(httpd, db):
    return Revoker(httpd, db)


#: What ends alice's session, from a function to plain SQL.
ENDINGS = {
    "revoke_session": "SELECT auth_jwt.revoke_session('{sid}')",
    "revoke_subject": "SELECT auth_jwt.revoke_subject('alice')",
    "block_subject": "SELECT auth_jwt.block_subject('alice')",
    "revoke_all": "SELECT auth_jwt.revoke_all()",
    "update": "UPDATE auth_jwt.session SET revoked_at = now()"
              " WHERE sid = '{sid}'",
    "delete": "DELETE FROM auth_jwt.session WHERE sid = '{sid}'",
    "gate": "INSERT INTO auth_jwt.subject (subject, not_before)"
            " VALUES ('alice', now())",
}


@pytest.mark.parametrize("how", ENDINGS)
def test_refused_in_every_child(site, db, how):
    """One commit, and no child takes the token any more."""
    access, refresh = site.login()
    site.everywhere(access, 200)
    db.execute(ENDINGS[how].format(sid=sid_of(refresh)))
    site.revoked(access)
    assert site.refresh(refresh).status == 400


@pytest.mark.parametrize("mpm", ["prefork", "worker"])
def test_refused_by_other_mpms(httpd, db, mpm):
    """The same where children are no threads, or threads of another kind."""
    site = Revoker(httpd, db, mpm=mpm)
    access, _ = site.login()
    site.everywhere(access, 200)
    db.execute("SELECT auth_jwt.revoke_subject('alice')")
    site.revoked(access)


def test_others_go_on(site, db):
    """Sessions of others, and other sessions of the same subject."""
    (mine, refresh), (second, _), (bobs, _) = (
        site.login(), site.login(), site.login("bob"))
    db.execute("SELECT auth_jwt.revoke_session(%s)", str(sid_of(refresh)))
    site.revoked(mine)
    site.accepted(second)
    site.accepted(bobs)


def test_a_login_right_after_works(site, db):
    """Log out everywhere, and in again in the same second: births have
    milliseconds, whatever iat says."""
    for _ in range(5):
        before, _ = site.login()
        db.execute("SELECT auth_jwt.revoke_subject('alice')")
        after, refresh = site.login()
        site.revoked(before)
        site.accepted(after)
        site.accepted(site.refreshed(refresh)[0])


def test_blocked_stays(site, db):
    """Refused while blocked; what was born before stays refused after."""
    access, _ = site.login()
    db.execute("SELECT auth_jwt.block_subject('alice')")
    site.revoked(access)
    assert site.ask_login().status == 400
    assert db.value("SELECT auth_jwt.unblock_subject('alice')")
    fresh, _ = site.login()
    wait_within(1, lambda: site.api(fresh).status == 200, "the news")
    site.everywhere(access, 401)


def test_client(httpd, db):
    """The sessions of one client: client_id of the token names it."""
    site = Revoker(httpd, db, login="""
        AuthType Basic
        AuthName clients
        AuthUserFile "{users}"
        AuthBasicProvider file
        Require valid-user
        JwtLoginProvider file""")
    login = ("/login", {"username": "bob", "password": "skyscraper"})
    credentials = {"Authorization": "Basic YWxpY2U6d29uZGVybGFuZA=="}
    access, _ = site.tokens(site.client.post_json(*login, credentials.items()))
    site.accepted(access)
    db.execute("SELECT auth_jwt.revoke_client('other')")
    db.execute("SELECT auth_jwt.revoke_subject('alice')")
    site.accepted(access)
    db.execute("SELECT auth_jwt.revoke_client('alice')")
    site.revoked(access)


def test_logout_is_heard_too(site):
    """The session ended by its holder: its access token ends with it, and is
    then as good for jwt-logout as any other dead one."""
    access, refresh = site.login()
    assert site.logout(refresh).status == 200
    site.revoked(access)
    answer = site.logout(access)
    assert (answer.status, answer.get("X-Outcome")) == (200, "token_revoked")


def test_tokens_of_the_host(site, db):
    """Without sid: iat is the birth, and the subject's gate judges it."""
    now = int(time.time())
    claims = {"sub": "42", "iss": ISSUER, "exp": now + 300}
    old = jwt.sign(site.key, {**claims, "iat": now - 5})
    undated = jwt.sign(site.key, claims)
    site.accepted(old)
    site.accepted(undated)
    db.execute("SELECT auth_jwt.revoke_subject('42')")
    site.revoked(old)
    site.everywhere(undated, 401)


def test_a_sub_request_never_skips_the_board(httpd, db):
    """A verdict is taken over on the way through the server, not this one: the
    error page and the index of a revoked token's request know nobody."""
    site = Revoker(httpd, db)
    access, _ = site.login()
    site.accepted(access)  # in the cache of verified tokens from now on
    db.execute("SELECT auth_jwt.revoke_subject('alice')")
    site.revoked(access)
    assert site.api(access).get("X-User") in (None, "(null)", "")


def test_off(httpd, db):
    """JwtRevocation Off: the token lives until it expires."""
    site = Revoker(httpd, db, server="""
        <Location "/api/off">
            JwtRevocation Off
        </Location>""")
    site.httpd.write("htdocs/api/off/index.html", "off\n")
    access, _ = site.login()
    db.execute("SELECT auth_jwt.revoke_subject('alice')")
    site.revoked(access)
    assert site.client.get("/api/off/", access).status == 200


def test_two_httpd_on_one_database(httpd, db):
    """Each hears of it: there is nothing else to share but the keys."""
    first = Revoker(httpd, db)
    second = Revoker(httpd, db, key=first.key)
    access, _ = first.login()
    second.accepted(access)
    db.execute("SELECT auth_jwt.revoke_subject('alice')")
    first.revoked(access)
    second.revoked(access)


def test_two_databases_in_one_httpd(httpd, cluster, db):
    """Each virtual host obeys its own, and no other. Both are told the life of
    the tokens, which the main server says for all."""
    other = cluster.database()
    try:
        site = Revoker(httpd, db, server="JwtAccessLifetime 2h")
        conninfo = other.conninfo("site_httpd")
        site.httpd.config += f"""
            <VirtualHost 127.0.0.1:{site.httpd.port}>
                ServerName one
            </VirtualHost>
            <VirtualHost 127.0.0.1:{site.httpd.port}>
                ServerName two
                JwtDatabase "{conninfo}"
            </VirtualHost>"""
        site.httpd.graceful()
        access, _ = site.login()

        def status(host):
            return site.client.get(f"http://{host}/api/", access).status
        assert (status("one"), status("two")) == (200, 200)
        for told in (db, other):
            wait_within(5, lambda told=told: told.value(
                "SELECT value FROM auth_jwt.setting"
                " WHERE name = 'access_lifetime'") == "7200 seconds",
                        "the life of access tokens")
        other.execute("SELECT auth_jwt.revoke_subject('alice')")
        wait_within(1, lambda: status("two") == 401, "two to refuse")
        assert status("one") == 200
        db.execute("SELECT auth_jwt.revoke_subject('alice')")
        wait_within(1, lambda: status("one") == 401, "one to refuse")
    finally:
        other.drop()
