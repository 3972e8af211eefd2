# SPDX-License-Identifier: Apache-2.0
"""PgBouncer in transaction mode between httpd and PostgreSQL."""

import concurrent.futures
import contextlib

import psycopg2
import pytest

from e2e_site import sid_of
from lab.pgbouncer import PgBouncer
from lab.process import wait_for, wait_within, within

#: JwtDatabaseTimeout of these sites.
TIMEOUT = 1.0


@pytest.fixture(name="pooler")
def _pooler(place, cluster):
    """pooler(setting=…): started, and stopped at the end."""
    with contextlib.ExitStack() as stack:
        def make(**settings):
            pooler = PgBouncer(place, cluster, **settings)
            stack.callback(pooler.stop)
            return pooler.start()
        yield make


@pytest.fixture(name="through")
def _through(auth_site, db):
    """A site whose database is behind that pooler."""
    def make(pooler, timeout=TIMEOUT, **more):
        server = f"JwtDatabaseTimeout {timeout:g}s\nJwtDatabaseKeep 8"
        site = auth_site(conninfo=pooler.conninfo(db), server=server, **more)
        site.httpd.expect("outcome=(database_|unfit)")
        return site
    return make


def unavailable(ask, *tags):
    """Asks; asserts 503 with Retry-After in time. Returns the tag."""
    with within(TIMEOUT):
        answer = ask()
    assert answer.status == 503, answer
    assert int(answer.get("Retry-After")) >= 1
    assert answer.get("X-Outcome") in tags
    return answer.get("X-Outcome")


def back(site, token):
    """Refreshes until it works, within a second."""
    wait_within(1, lambda: site.refresh(token).status == 200, "a refresh")


def test_login_refresh_logout(pooler, through):
    """All of it, over server connections that change with each statement."""
    site = through(pooler(default_pool_size=3), grace="0")
    tokens = [site.login()[1] for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as workers:
        for _ in range(10):
            tokens = [token for _, token in workers.map(site.refreshed,
                                                        tokens)]
    assert [site.session(token, "generation") for token in tokens] == [10] * 8
    for token in tokens:
        assert site.logout(token).status == 200
        site.httpd.expect("outcome=revoked")
        assert site.refresh(token).get("X-Outcome") == "revoked"


def test_nothing_of_ours_stays_on_a_server_connection(pooler, through):
    """lock_timeout and synchronous_commit belong to one statement."""
    bouncer = pooler(default_pool_size=1)
    site = through(bouncer, grace="0")
    site.refreshed(site.login()[1])
    with contextlib.closing(psycopg2.connect(
            bouncer.conninfo(site.db))) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT current_setting('lock_timeout'),"
                       " current_setting('synchronous_commit'),"
                       " current_setting('search_path')")
        assert cursor.fetchone() == ("0", "on", '"$user", public')


def test_connections_cut_by_the_pooler(pooler, through):
    """Its clients and its servers: no request is lost.

    PgBouncer itself waits a second (server_login_retry) after a connection
    that was cut while it was being made.
    """
    bouncer = pooler()
    site = through(bouncer, timeout=5, grace="0")
    _, token = site.login()
    for _ in range(3):
        bouncer.do("RECONNECT")
        _, token = site.refreshed(token)
        bouncer.stop()
        bouncer.start()
        _, token = site.refreshed(token)


def test_pooler_down(pooler, through):
    """As PostgreSQL down: at once, and back when it is."""
    bouncer = pooler()
    site = through(bouncer)
    _, token = site.login()
    bouncer.stop()
    unavailable(lambda: site.refresh(token), "database_down")
    bouncer.start()
    back(site, token)


@pytest.mark.parametrize("end", ["fast", "kill9"])
def test_postgresql_down_behind_it(pooler, through, cluster, end):
    """The pooler lives, and holds its clients or turns them away."""
    site = through(pooler())
    access, token = site.login()
    site.refreshed(token)
    assert site.api(access).status == 200  # so revocations have been read
    if end == "fast":
        cluster.stop()
    else:
        cluster.kill9()
    for _ in range(3):
        unavailable(lambda: site.refresh(token), "database_down",
                    "database_timeout", "database_busy")
        unavailable(site.ask_login, "database_down", "database_timeout",
                    "database_busy")
    assert site.api(access).status == 200
    cluster.start()
    # Its own second (server_login_retry), and ours.
    wait_within(2, lambda: site.refresh(token).status == 200, "a refresh")
    assert site.alive(token)


def test_pooler_without_a_server_connection_to_spare(pooler, through, db):
    """Requests wait no longer than told; the sessions are untouched."""
    site = through(pooler(default_pool_size=1))
    tokens = [site.login()[1] for _ in range(4)]
    with contextlib.closing(db.connect(autocommit=False)) as holder:
        holder.cursor().execute("SELECT FROM auth_jwt.session FOR UPDATE")
        with concurrent.futures.ThreadPoolExecutor(4) as workers:
            tags = list(workers.map(lambda token: unavailable(
                lambda: site.refresh(token), "database_timeout",
                "database_error", "database_busy"), tokens))
        assert len(tags) == 4
        holder.rollback()
    for token in tokens:
        wait_for(lambda token=token: site.refresh(token).status == 200,
                 "a refresh")


def test_pooler_that_is_full_is_busy_and_not_away(pooler, through, db):
    """max_client_conn: no outage, which would widen everybody's grace."""
    bouncer = pooler(max_client_conn=1)
    site = through(bouncer)
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(psycopg2.OperationalError):
            stack.enter_context(contextlib.closing(psycopg2.connect(
                bouncer.conninfo(db))))  # unless the janitor was first
        unavailable(site.ask_login, "database_busy")
        bouncer.do("SET max_client_conn = 50")
        wait_for(lambda: site.ask_login().status == 200, "a login")


def test_failover_that_the_pooler_hides(pooler, through, db, cluster):
    """The new server counts transactions on from where it was, so that news
    may lie before what was read of the old one: all is read again."""
    bouncer = pooler()
    site = through(bouncer)
    access, token = site.login()
    late, _ = site.login("bob")
    assert site.api(access).status == 200
    db.execute("INSERT INTO auth_jwt.revocation (xid, kind, key, until)"
               " VALUES ('3', 'session', %s, now() + '1 hour')",
               str(sid_of(token)))
    db.execute("SELECT auth_jwt.revoke_subject('bob')")
    wait_within(2, lambda: site.api(late).status == 401, "the next reading")
    assert site.api(access).status == 200, "it is told once"
    bouncer.do("PAUSE")
    cluster.restart("immediate")
    bouncer.do("RESUME")
    wait_within(2, lambda: site.api(access).status == 401, "a whole reading")
