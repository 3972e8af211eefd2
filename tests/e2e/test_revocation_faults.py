# SPDX-License-Identifier: Apache-2.0
"""News of revocations through trouble: a connection, a child, PostgreSQL or a
notification that is gone, restarts, clocks, a board that is full."""

import os
import signal
import socket
import time

import pytest

from e2e_site import sid_of
from lab import jwt
from lab.pgbouncer import PgBouncer
from lab.process import wait_for, wait_within
from revoker import Revoker


@pytest.fixture(name="site")
def _site(httpd, db):
    return Revoker(httpd, db)


def unavailable(answer):
    """Asserts 503, for want of news, in the dialect of the place."""
    assert (answer.status, answer.get("X-Outcome")) == (
        503, "revocation_stale"), answer
    assert int(answer.get("Retry-After")) >= 1
    assert answer.get("WWW-Authenticate") is None
    assert answer.json()["error"] == "temporarily_unavailable"


def turns(site, status, token, within=1):
    """Waits until the API answers so, which it promises within a second."""
    wait_within(within, lambda: site.api(token).status == status,
                f"a {status}")


def hold(port, path):
    """A request whose reply nobody reads."""
    link = socket.create_connection(("127.0.0.1", port))
    link.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert link.recv(1)
    return link


# -- the listener -----------------------------------------------------------

def test_connection_cut(site, db):
    """Whoever cuts the connection: what is revoked meanwhile is read."""
    access, _ = site.login()
    for name in ("bob", "alice"):
        other, _ = site.login(name)
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                   " WHERE usename = 'site_httpd'")
        db.execute("SELECT auth_jwt.revoke_subject(%s)", name)
        site.revoked(other)
    site.everywhere(access, 401)


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_leader_killed(httpd, db, mpm):
    """Another child takes over within a second."""
    site = Revoker(httpd, db, mpm=mpm)
    site.httpd.expect("exit signal Killed")
    for _ in range(2):
        access, _ = site.login()
        leader = wait_for(site.leader, "a leader")
        os.kill(leader, signal.SIGKILL)
        db.execute("SELECT auth_jwt.revoke_subject('alice')")
        turns(site, 401, access)
        wait_for(lambda gone=leader: site.leader() != gone, "another leader")
        site.revoked(access)


def test_no_notification_arrives(httpd, db, cluster, place):
    """A pooler takes LISTEN and delivers nothing: a second is the bound, and
    the log says so."""
    pooler = PgBouncer(place, cluster).start()
    try:
        site = Revoker(httpd, db, conninfo=pooler.conninfo(db))
        access, _ = site.login()
        site.accepted(access)
        db.execute("SELECT auth_jwt.revoke_subject('alice')")
        site.revoked(access)
        wait_for(lambda: "notifications do not arrive"
                 in site.httpd.error_log(), "a line in the log")
        site.httpd.stop()
    finally:
        pooler.stop()


def test_a_transaction_that_stays_open(site, db):
    """A revocation that commits long after others that began later."""
    access, _ = site.login()
    late = db.connect(autocommit=False)
    late.cursor().execute("SELECT auth_jwt.revoke_subject('alice')")
    for _ in range(3):
        bobs, _ = site.login("bob")
        db.execute("SELECT auth_jwt.revoke_subject('bob')")
        site.revoked(bobs)
    site.accepted(access)
    late.commit()
    late.close()
    site.revoked(access)


# -- PostgreSQL -------------------------------------------------------------

def test_stale_closed(httpd, db, cluster):
    """Tokens are good for as long as `stale` says, then 503; and as before
    when the database is back."""
    site = Revoker(httpd, db, server="JwtRevocation On stale=2s")
    site.httpd.expect("outcome=revocation_stale")
    access, _ = site.login()
    dead, _ = site.login("bob")
    db.execute("SELECT auth_jwt.revoke_subject('bob')")
    site.revoked(dead)
    cluster.stop("immediate")
    site.accepted(access)
    turns(site, 503, access, 2)
    unavailable(site.api(access))
    unavailable(site.api(dead))
    cluster.start()
    turns(site, 200, access)
    site.everywhere(dead, 401)


def test_stale_open(httpd, db, cluster):
    """fail=open: what is not known to be revoked is good."""
    site = Revoker(httpd, db,
                   server="JwtRevocation On stale=200ms fail=open")
    access, _ = site.login()
    dead, _ = site.login("bob")
    db.execute("SELECT auth_jwt.revoke_subject('bob')")
    site.revoked(dead)
    cluster.stop("immediate")
    wait_for(lambda: "revocations: no news" in site.httpd.error_log(),
             "a line in the log")
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        site.accepted(access)
    site.everywhere(dead, 401)


@pytest.mark.parametrize("fail, status", [("closed", 503), ("open", 200)])
def test_cold_start_without_postgresql(httpd, db, cluster, fail, status):
    """Nothing is known yet: `fail` decides, once the first attempt ended."""
    keep = Revoker(httpd, db)
    access, _ = keep.login()
    keep.httpd.stop()
    cluster.stop()
    site = Revoker(httpd, db, key=keep.key,
                   server=f"JwtRevocation On fail={fail}")
    site.httpd.expect("outcome=revocation_stale")
    assert site.api(access).status == status
    cluster.start()
    turns(site, 200, access)
    db.execute("SELECT auth_jwt.revoke_subject('alice')")
    site.revoked(access)


def test_cold_start_waits(site, httpd, db):
    """The first request after a start is judged by what was revoked before."""
    access, _ = site.login()
    db.execute("SELECT auth_jwt.revoke_subject('alice')")
    site.httpd.stop()
    for _ in range(3):
        again = Revoker(httpd, db, key=site.key)
        said = again.api(access)
        assert (said.status, said.get("X-Outcome")) == (401, "token_revoked")
        again.httpd.stop()


def test_failover_that_loses_a_revocation(site, db):
    """The board still refuses what the database has forgotten."""
    access, refresh = site.login()
    db.execute("SELECT auth_jwt.revoke_session(%s)", str(sid_of(refresh)))
    site.revoked(access)
    lost = db.connect()
    lost.cursor().execute("SET session_replication_role = replica")
    lost.cursor().execute("DELETE FROM auth_jwt.revocation")
    lost.cursor().execute("UPDATE auth_jwt.session SET revoked_at = NULL")
    lost.close()
    db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
               " WHERE usename = 'site_httpd'")
    fresh, _ = site.login("bob")
    db.execute("SELECT auth_jwt.revoke_subject('bob')")
    site.revoked(fresh)  # so the whole feed was read again
    site.everywhere(access, 401)


# -- httpd ------------------------------------------------------------------

def test_graceful_restart_forgets_nothing(site, db, cluster):
    """The next generation knows at once, without asking anybody."""
    access, _ = site.login()
    good, _ = site.login("bob")
    db.execute("SELECT auth_jwt.revoke_subject('alice')")
    site.revoked(access)
    cluster.stop()
    for size in (100000, 100000, 500, 50):
        site.httpd.config += f"\nJwtRevocationMax {size}\n"
        site.httpd.graceful()
        site.everywhere(access, 401)
        site.everywhere(good, 200)


def test_graceful_restarts_leave_nothing_behind(site, db):
    """Memory, descriptors and semaphores stay what they were, and the news
    arrives after the last as after the first."""
    def held():
        pid = site.httpd.pid
        with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
            shared = sum(" rw-s " in line for line in maps)
        return len(os.listdir(f"/proc/{pid}/fd")), shared
    site.httpd.graceful()
    before = held()
    for _ in range(8):
        site.httpd.graceful()
    assert held() == before
    access, _ = site.login()
    db.execute("SELECT auth_jwt.revoke_subject('alice')")
    turns(site, 401, access)


def test_a_busy_child_of_before_gives_the_lock_away(site, db):
    """A long download keeps a child of the last generation; not the board."""
    site.httpd.write("htdocs/large", b"x" * 50_000_000)
    access, _ = site.login()
    leader = wait_for(site.leader, "a leader")
    held = [hold(site.httpd.port, "/large") for _ in range(12)]
    try:
        site.httpd.graceful()
        wait_for(lambda: site.leader() != leader, "another leader")
        db.execute("SELECT auth_jwt.revoke_subject('alice')")
        turns(site, 401, access)
    finally:
        for link in held:
            link.close()


# -- the limits of the board ------------------------------------------------

def test_full_board(httpd, db, cluster):
    """Beyond JwtRevocationMax PostgreSQL is asked: nobody slips through, and
    without it nobody is let in on a guess."""
    site = Revoker(httpd, db, server="JwtRevocationMax 3")
    site.httpd.expect("outcome=database_down")
    ended = [site.login() for _ in range(6)]
    good, _ = site.login("bob")
    for _, refresh in ended:
        db.execute("SELECT auth_jwt.revoke_session(%s)", str(sid_of(refresh)))
    for access, _ in ended:
        site.revoked(access)
    mark = cluster.log_mark()
    site.everywhere(good, 200)
    assert '"auth_jwt".standing(' in cluster.log_since(mark)
    cluster.stop()
    assert site.api(good).get("X-Outcome") == "database_down"


def test_in_its_last_seconds(httpd, db):
    """JwtLeeway lets an expired token in: longer than the revocation would
    last, did it end with the token."""
    site = Revoker(httpd, db, server="JwtAccessLifetime 1s")
    access, _ = site.login()
    other, _ = site.login("bob")
    db.execute("SELECT auth_jwt.revoke_subject('alice')")
    site.revoked(access)
    expires = jwt.claims_of(access)["exp"]
    wait_for(lambda: time.time() > expires + 1, "the token to expire")
    site.everywhere(access, 401)
    assert site.api(access).get("X-Outcome") == "token_revoked"
    site.accepted(other)


def test_older_than_any_entry(httpd, db, cluster):
    """A token that outlives what revocations are kept for is asked about."""
    site = Revoker(httpd, db)
    access, refresh = site.login()
    now = int(time.time())
    old = jwt.sign(site.key, {**jwt.claims_of(access), "iat": now - 600,
                              "exp": now + 600}, header={"typ": "at+jwt"})
    mark = cluster.log_mark()
    site.accepted(old)
    assert '"auth_jwt".standing(' in cluster.log_since(mark)
    db.execute("SELECT auth_jwt.revoke_session(%s)", str(sid_of(refresh)))
    db.execute("DELETE FROM auth_jwt.revocation")
    site.httpd.stop()
    again = Revoker(httpd, db, key=site.key)
    assert again.api(old).get("X-Outcome") == "token_revoked"


def test_superseded(httpd, db):
    """JwtSupersede On: an access token that was traded stops working when its
    successor is the only one left."""
    site = Revoker(httpd, db, server="JwtSupersede On", grace="1s")
    first, refresh = site.login()
    second, _ = site.refreshed(refresh)
    site.accepted(first)  # within the grace
    site.accepted(second)
    site.revoked(first, "token_superseded", within=3)
    site.accepted(second)


def test_a_feed_that_takes_its_time(httpd, db):
    """A million sessions were ended: PostgreSQL needs longer than a client
    would wait before it tells the first. That is no reason for no news."""
    db.execute("CREATE OR REPLACE FUNCTION auth_jwt.access_lifetime()"
               " RETURNS interval LANGUAGE plpgsql STABLE AS $$ BEGIN"
               " PERFORM pg_sleep(0.8); RETURN interval '5 min'; END $$")
    site = Revoker(httpd, db, server="JwtDatabaseTimeout 300ms")
    site.httpd.expect("outcome=revocation_stale", "revocations: no news")
    access, refresh = site.login()
    wait_for(lambda: site.api(access).status == 200, "the first news")
    db.execute("SELECT auth_jwt.revoke_session(%s)", str(sid_of(refresh)))
    site.revoked(access, within=5)
