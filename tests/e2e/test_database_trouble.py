# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL in trouble: 503 and Retry-After, nothing lost, back at once."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from e2e_site import STRANGER, AuthSite
from lab.http import Client
from lab.place import TOP, free_port
from lab.postgres import SCHEMA, Database
from lab.process import wait_for, wait_within, within
from lab.proxy import Proxy

#: JwtDatabaseTimeout of these sites: what a reply may take at most.
TIMEOUT = 1.0


@pytest.fixture(name="site")
def _site(auth_site):
    site = auth_site(server=f"JwtDatabaseTimeout {TIMEOUT:g}s\n"
                            "JwtDatabaseMin 0\nJwtDatabaseKeep 4")
    site.httpd.expect("outcome=(database_|unfit)")
    return site


def unavailable(answer, *tags):
    """Asserts 503 with Retry-After and one of these outcomes."""
    assert answer.status == 503, answer
    assert int(answer.get("Retry-After")) >= 1
    assert answer.json()["error"] == "temporarily_unavailable"
    assert answer.get("Cache-Control") == "no-store"
    assert not answer.all("Set-Cookie")
    assert answer.get("X-Outcome") in tags, answer.get("X-Outcome")


def cut(db):
    """Ends every connection of httpd from the other side."""
    db.execute("""SELECT pg_terminate_backend(pid, 5000)
                    FROM pg_stat_activity WHERE usename = 'site_httpd'""")


def back(site, token):
    """Refreshes until it works, within a second of the database's return, as
    all else does then in every child."""
    answer = wait_within(1, lambda: _good(site.refresh(token)), "a refresh")
    site.back()
    return site.tokens(answer)


def _good(answer):
    return answer if answer.status == 200 else None


STOPS = {
    "fast": lambda cluster: cluster.stop("fast"),
    "immediate": lambda cluster: cluster.stop("immediate"),
    "kill9": lambda cluster: cluster.kill9(),
}


@pytest.mark.parametrize("stop", STOPS)
def test_stopped(site, cluster, stop):
    """Access goes on, all else says 503 in time, and nobody is logged out."""
    access, token = site.login()
    assert site.api(access).status == 200  # so revocations have been read
    STOPS[stop](cluster)
    for _ in range(3):
        with within(TIMEOUT):
            unavailable(site.refresh(token), "database_down")
        with within(TIMEOUT):
            unavailable(site.logout(token), "database_down")
        with within(TIMEOUT):
            unavailable(site.ask_login(), "database_down")
        assert site.api(access).status == 200
    assert site.ask_login("alice", "guess").status == 401
    unavailable(site.refresh(STRANGER), "database_down")  # so back() is told
    cluster.start()
    access, token = back(site, token)
    assert site.api(access).status == 200
    site.login("bob")


def test_restarted_between_two_requests(site, cluster):
    """Connections that died unnoticed cost no request."""
    _, token = site.login()
    site.refreshed(token)
    cluster.restart()
    site.refreshed(token)


def test_connections_cut(site, db):
    """The same for connections that an administrator or a pooler cuts."""
    _, token = site.login()
    for _ in range(3):
        cut(db)
        assert site.refresh(token).status == 200


def test_down_when_httpd_starts(auth_site, cluster):
    """httpd starts without PostgreSQL, and needs no restart later."""
    cluster.stop()
    site = auth_site()
    site.httpd.expect("outcome=database_")
    unavailable(site.ask_login(), "database_down")
    cluster.start()
    site.back()
    site.login()


def test_row_locked(site, db):
    """Somebody holds the row: 503 in time, and a yes right after."""
    _, token = site.login()
    with contextlib.closing(db.connect(autocommit=False)) as holder:
        holder.cursor().execute("SELECT FROM auth_jwt.session FOR UPDATE")
        with within(TIMEOUT):
            unavailable(site.refresh(token),
                        "database_timeout", "database_error")
        holder.rollback()
    with within(0):
        site.refreshed(token)


def test_row_locked_without_grace(auth_site, db):
    """A statement given up at the deadline must not rotate later on.

    It would make a thief of the client that asks again.
    """
    site = auth_site(grace="0", server=f"JwtDatabaseTimeout {TIMEOUT:g}s")
    site.httpd.expect("outcome=database_")
    _, token = site.login()
    with contextlib.closing(db.connect(autocommit=False)) as holder:
        holder.cursor().execute("SELECT FROM auth_jwt.session FOR UPDATE")
        unavailable(site.refresh(token), "database_timeout", "database_error")
        holder.rollback()
    wait_for(lambda: not db.value(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'site_httpd'"
        " AND state = 'active'"), "httpd's statements to end")
    site.refreshed(token)


def test_table_locked(site, db):
    """A long ALTER TABLE: the same for logins and logouts."""
    _, token = site.login()
    _, other = site.login()
    with contextlib.closing(db.connect(autocommit=False)) as holder:
        holder.cursor().execute(
            "LOCK auth_jwt.session IN ACCESS EXCLUSIVE MODE")
        with within(TIMEOUT):
            unavailable(site.ask_login("bob"),
                        "database_timeout", "database_error")
        with within(TIMEOUT):
            unavailable(site.logout(other),
                        "database_timeout", "database_error")
        holder.rollback()
    site.login("bob")
    site.refreshed(token)


def test_all_connections_busy(auth_site, db):
    """More requests than connections: the rest wait no longer than told."""
    site = auth_site(
        server=f"JwtDatabaseTimeout {TIMEOUT:g}s\nJwtDatabaseMax 1",
        mpm_config="ServerLimit 1\nStartServers 1\nThreadsPerChild 8\n"
                   "MaxRequestWorkers 8\nMinSpareThreads 1\n")
    site.httpd.expect("outcome=database_")
    tokens = [site.login()[1] for _ in range(4)]
    with contextlib.closing(db.connect(autocommit=False)) as holder:
        holder.cursor().execute("SELECT FROM auth_jwt.session FOR UPDATE")
        with within(TIMEOUT):
            answers = _at_once(site.refresh, tokens)
        holder.rollback()
    for answer in answers:
        unavailable(answer, "database_busy", "database_timeout",
                    "database_error")
    for token in tokens:
        site.refreshed(token)


def _at_once(function, arguments):
    with ThreadPoolExecutor(len(arguments)) as workers:
        return list(workers.map(function, arguments))


def test_no_connection_left(site, db):
    """The server refuses connections: 503, and a yes when it no longer does."""
    _, token = site.login()
    db.psql(f'ALTER DATABASE "{db.name}" CONNECTION LIMIT 0')
    cut(db)
    with within(TIMEOUT):
        unavailable(site.refresh(token), "database_busy")
    db.psql(f'ALTER DATABASE "{db.name}" CONNECTION LIMIT -1')
    back(site, token)


def test_role_without_rights(auth_site):
    """The wrong role: 503 and a log line that says what is missing."""
    site = auth_site(user="site_app")
    site.httpd.expect("outcome=database_error")
    unavailable(site.ask_login(), "database_error")
    line, = site.httpd.refusals("database_error")
    assert "42501" in line and "GRANT auth_jwt_httpd" in line


def test_schema_missing(site, db):
    """Somebody dropped the schema: 503 with its reason, and API goes on."""
    access, token = site.login()
    assert site.api(access).status == 200  # so revocations have been read
    db.psql("ALTER SCHEMA auth_jwt RENAME TO elsewhere")
    unavailable(site.refresh(token), "database_error")
    assert site.api(access).status == 200
    db.psql("ALTER SCHEMA elsewhere RENAME TO auth_jwt")
    site.refreshed(token)


def test_schema_older(httpd, db):
    """httpd was upgraded first: 503 with the reason until the schema is too."""
    name = f"{db.name}_old"
    db.cluster.create_database(name)
    db.cluster.load(TOP / "tests" / "sql" / "old" / "schema_1.sql", name)
    old = Database(db.cluster, name)
    try:
        site = AuthSite(httpd, old)
        site.httpd.expect("outcome=database_error")
        unavailable(site.ask_login(), "database_error")
        line, = site.httpd.refusals("database_error")
        assert "SQLSTATE 42883" in line and "auth_jwt.open" in line
        assert "load conf/schema.sql" in line
        db.cluster.load(SCHEMA, name)
        site.refreshed(site.login()[1])
    finally:
        old.drop()


def test_feed_older(auth_site, db):
    """No news of revocations, and the log says what to load."""
    db.psql("""CREATE OR REPLACE FUNCTION auth_jwt.feed(p_since xid8 DEFAULT NULL)
        RETURNS TABLE (kind text, key text, not_before bigint, generation int,
                       until bigint, seq bigint) LANGUAGE sql
        AS $$ VALUES ('now', '1', 1::bigint, 900, NULL::bigint, 1::bigint) $$""")
    site = auth_site()
    wait_for(lambda: "no news" in site.httpd.error_log(), "a word of it")
    assert "load conf/schema.sql" in site.httpd.error_log()


def test_schema_of_another_name(auth_site, db):
    """JwtDatabaseSchema names it, whatever characters it has."""
    db.psql('ALTER SCHEMA auth_jwt RENAME TO "Tokens; --"')
    db.psql("""DO $$ DECLARE f regprocedure; BEGIN
        FOR f IN SELECT oid::regprocedure FROM pg_proc WHERE prosecdef
            AND pronamespace = '"Tokens; --"'::regnamespace LOOP
        EXECUTE 'ALTER FUNCTION ' || f
            || ' SET search_path = "Tokens; --", pg_temp';
        END LOOP; END $$""")
    site = auth_site(server='JwtDatabaseSchema "Tokens; --"')
    _, token = site.login()
    site.refreshed(token)


def test_read_only_database(site, cluster, db):
    """A standby or a read-only database decides nothing: unfit, 503."""
    _, token = site.login()
    _read_only(cluster, db, "on")
    unavailable(site.refresh(token), "unfit")
    unavailable(site.ask_login(), "unfit")
    unavailable(site.logout(token), "unfit")
    _read_only(cluster, db, "off")
    back(site, token)


def _read_only(cluster, db, value):
    cluster.psql(f'ALTER DATABASE "{db.name}"'
                 f" SET default_transaction_read_only = {value}")
    cut(db)


def test_broken_claims_function(site, db):
    """An exception in the host's claims(): 503, the generation stays."""
    _, token = site.login()
    db.psql("""CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text,
        sid uuid) RETURNS jsonb LANGUAGE sql STABLE
        AS $$ SELECT to_jsonb(1 / length(left(subject, 0))) $$""")
    unavailable(site.refresh(token), "database_error")
    assert site.session(token, "generation") == 0


def test_disk_full(site, db):
    """PostgreSQL has no room for a row, here by what it says then: 503 at each
    write, and all goes on when there is room."""
    access, token = site.login()
    db.psql("""CREATE FUNCTION public.no_room() RETURNS trigger
        LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$;
        CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON auth_jwt.session
        FOR EACH ROW EXECUTE FUNCTION public.no_room()""")
    for answer in (site.refresh(token), site.ask_login(), site.logout(token)):
        unavailable(answer, "database_error")
    assert site.api(access).status == 200
    db.psql("DROP TRIGGER no_room ON auth_jwt.session")
    assert site.session(token, "generation") == 0
    site.refreshed(token)


def test_slow_claims_function(site, db):
    """A host's claims() that takes long: 503 in time."""
    _, token = site.login()
    db.psql("""CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text,
        sid uuid) RETURNS jsonb LANGUAGE sql VOLATILE
        AS $$ SELECT '{}'::jsonb FROM pg_sleep(30) $$""")
    with within(TIMEOUT):
        unavailable(site.refresh(token), "database_timeout", "database_error")


@pytest.mark.parametrize("graceful", [False, True],
                         ids=["", "and httpd is restarted"])
def test_outage_does_not_count_against_the_grace(auth_site, cluster, graceful):
    """The reply was lost in the crash, and the database was away for longer
    than the grace. The client holds the predecessor of that rotation."""
    site = auth_site(grace="1s", server=f"JwtDatabaseTimeout {TIMEOUT:g}s")
    site.httpd.expect("outcome=database_")
    _, first = site.login()
    _, second = site.refreshed(first)
    rotated = time.monotonic()
    cluster.kill9()
    while time.monotonic() < rotated + 1.2:
        unavailable(site.refresh(first), "database_down")
    if graceful:
        site.httpd.graceful()
    cluster.start()
    answer = wait_for(lambda: _good(site.refresh(first)), "a refresh")
    assert answer.get("X-Outcome") == "replayed"
    assert site.tokens(answer)[1] == second


def test_an_outage_is_that_of_one_database(auth_site, cluster, db, past):
    """Another one of the same httpd has no excuse for a late token."""
    away = Proxy(cluster)
    site = auth_site(server=f"""
        JwtDatabaseTimeout {TIMEOUT:g}s
        Listen 127.0.0.1:{(port := free_port())}
        <VirtualHost 127.0.0.1:{port}>
            JwtDatabase "{away.conninfo(db)}"
        </VirtualHost>""")
    site.httpd.expect("outcome=database_")
    _, first = site.login()
    _, second = site.refreshed(first)
    away.close()
    other = Client(port).post_form("/token", {
        "grant_type": "refresh_token", "refresh_token": second})
    unavailable(other, "database_down")
    past(first, "31s", "rotated_at")
    assert site.refresh(first).get("X-Outcome") == "reused"
    assert site.api(site.login()[0]).status == 200


def test_an_outage_is_news_at_httpds_own_level(auth_site, cluster):
    """One error a second tells of it, however many requests meet it."""
    site = auth_site(loglevel="warn")
    site.httpd.expect("outcome=database_")
    _, token = site.login()
    cluster.stop()
    for _ in range(20):
        unavailable(site.refresh(token), "database_down")
    lines = site.httpd.refusals("database_down")
    assert 1 <= len(lines) <= 5
    assert all("[auth_jwt_refresh:error]" in line for line in lines)
