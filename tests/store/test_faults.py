# SPDX-License-Identifier: Apache-2.0
"""The pool of connections while the server is not well."""

import contextlib
import time

import pytest

from lab.process import wait_for, wait_within

from store_site import (PID, fill, hammer, pids, silent_listener,
                        switched_off_host)


def granted(child):
    """Whether a query gets through now."""
    return child.query("SELECT 1").outcome == "granted"


def test_a_server_that_is_down_is_reported_at_once(cluster, db, store):
    cluster.stop()
    child = store(db.conninfo())
    answer = child.query("SELECT 1")
    assert answer.outcome == "database_down"
    assert "connection to server" in answer.detail
    assert "\n" not in answer.detail
    assert answer.ms < 500


def test_in_the_back_off_nobody_tries_to_connect(cluster, db, store):
    child = store(db.conninfo())
    assert granted(child)
    cluster.stop()
    answers = hammer(child, 2.2)
    assert {answer.outcome for answer in answers} == {"database_down"}
    assert len(answers) > 200  # answered at once, not after a connect
    assert 4 <= child.counts().attempts <= 7  # after 0, 0.2, 0.6, 1.4, 2.2 s


@pytest.mark.parametrize("end", ["fast", "immediate", "kill9"])
def test_a_server_that_returns_is_used_within_a_second(cluster, db, store,
                                                       end):
    child = store(db.conninfo(), keep=4)
    fill(child, 3)
    if end == "kill9":
        cluster.kill9()
    else:
        cluster.stop(end)
    hammer(child, 1.6)  # until the back-off is at its longest
    cluster.start()
    wait_within(1, lambda: granted(child), "the server to be used again")
    assert child.counts().open == 1


def test_a_restart_between_two_requests_is_not_even_noticed(cluster, db,
                                                            store):
    child = store(db.conninfo(), keep=4)
    fill(child, 3)
    cluster.restart()
    assert child.query("SELECT 1").outcome == "granted"


def test_a_restart_under_load_is_survived(cluster, db, store):
    child = store(db.conninfo(), max=6, keep=6)
    pending = child.start("crowd", threads=12, for_ms=3000,
                          sql="SELECT pg_sleep(0.002)")
    for mode in ("fast", "immediate"):
        wait_for(lambda: len(pids(db)) == 6, "the load")
        cluster.restart(mode)
    answer = pending.get()
    assert set(answer.outcomes) <= {"granted", "database_down"}
    assert answer.outcomes["granted"] > 0
    assert answer.longest_ms < 2500
    wait_for(lambda: granted(child), "the server to be used again", 2)


def test_a_server_that_accepts_and_says_nothing_costs_one_deadline(store):
    with silent_listener() as port:
        child = store(f"host=127.0.0.1 port={port} dbname=x sslmode=disable",
                      timeout_ms=400)
        answer = child.query("SELECT 1")
        assert answer.outcome == "database_down"
        assert 390 < answer.ms < 1500
        quick = child.query("SELECT 1")
        assert quick.outcome == "database_down"
        assert quick.ms < 300
        assert child.counts().attempts == 1


def test_while_one_tries_a_silent_server_the_others_do_not_wait(store):
    with silent_listener() as port:
        child = store(f"host=127.0.0.1 port={port} dbname=x", timeout_ms=1000)
        child.query("SELECT 1")
        wait_for(lambda: child.query("SELECT 1").ms > 300
                 or child.counts().attempts > 1, "the next attempt")
        prober = child.start_query("SELECT 1")
        others = [child.start_query("SELECT 1") for _ in range(8)]
        answers = [other.get() for other in others]
        assert sorted(answer.ms for answer in answers)[4] < 300
        assert prober.get().outcome == "database_down"


def test_a_host_that_is_off_leaves_time_for_the_next(cluster, db, store):
    with switched_off_host() as port:
        child = store(f"host=127.0.0.1,{cluster.socket_dir} "
                      f"port={port},{cluster.port} dbname={db.name} "
                      "user=site_httpd", timeout_ms=1000)
        answer = child.query("SELECT 'second'")
        assert (answer.outcome, answer.get("value")) == ("granted", "second")
        assert 400 < answer.ms < 1000


def test_a_host_that_refuses_costs_no_time(cluster, db, store):
    child = store(f"host=/nonexistent,{cluster.socket_dir} "
                  f"dbname={db.name} user=site_httpd port={cluster.port}")
    answer = child.query("SELECT 'second'")
    assert answer.outcome == "granted"
    assert answer.ms < 400


def test_all_hosts_off_is_still_one_deadline(store):
    with switched_off_host() as one, switched_off_host() as other:
        child = store(f"host=127.0.0.1,127.0.0.1 port={one},{other} dbname=x",
                      timeout_ms=600)
        answer = child.query("SELECT 1")
        assert answer.outcome == "database_down"
        assert 590 < answer.ms < 1600


@contextlib.contextmanager
def few(db, limit):
    """A role that may have only so many connections; its conninfo."""
    db.psql(f"CREATE ROLE few LOGIN CONNECTION LIMIT {limit}")
    try:
        yield db.conninfo("few")
    finally:
        wait_for(lambda: not db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'few'"), "the role's connections to end")
        db.psql("DROP ROLE few")


def test_a_full_server_is_busy_for_who_has_no_connection(db, store):
    """Busy, not away: it must not count as an outage, which widens the grace."""
    with few(db, 1) as conninfo:
        first, second = store(conninfo), store(conninfo)
        assert granted(first)
        answer = second.query("SELECT 1")
        assert answer.outcome == "database_busy"
        assert " 53300: " in answer.detail
        assert second.query("SELECT 1").ms < 300
        assert granted(first)


def test_a_full_server_still_serves_on_the_connections_there_are(db, store):
    with few(db, 2) as conninfo:
        child = store(conninfo, max=8, keep=8)
        fill(child, 2)
        answer = child.do("crowd", threads=8, count=50,
                          sql="SELECT pg_sleep(0.002)")
        assert answer.outcomes == {"granted": 400}
        assert child.counts().open == 2
        first, second = store(conninfo), store(conninfo)
        assert {first.query("SELECT 1").outcome,
                second.query("SELECT 1").outcome} == {"database_busy"}


def test_a_wrong_database_or_role_is_down_with_the_servers_words(db, store):
    answer = store(db.conninfo("nobody_here")).query("SELECT 1")
    assert answer.outcome == "database_down"
    assert '"nobody_here" does not exist' in answer.detail
    assert "LOCATION" not in answer.detail


def test_the_password_is_in_no_detail(db, store):
    answer = store(db.conninfo(
        "nobody_here", password="hunter2")).query("SELECT 1")
    assert answer.outcome == "database_down"
    assert "hunter2" not in answer.detail
    # Not even when it is also the name of something that libpq quotes.
    answer = store(db.conninfo(
        "hunter2", password="hunter2")).query("SELECT 1")
    assert answer.outcome == "database_down"
    assert "hunter2" not in answer.detail


def test_a_conninfo_that_cannot_be_read_is_refused_unquoted(store):
    child = store("host=x password=hunter 2")
    assert "refused" in child.greeting
    assert "hunter" not in str(child.greeting)


def test_a_role_without_rights_and_a_missing_schema_are_errors(db, store):
    db.psql("CREATE ROLE outsider LOGIN")
    try:
        child = store(db.conninfo("outsider"))
        answer = child.query('SELECT "auth_jwt".logout'
                             "(NULL, NULL, NULL, NULL, NULL)")
        assert answer.outcome == "database_error"
        assert answer.detail.startswith("SQLSTATE 42501: ")
        assert "; GRANT auth_jwt_httpd TO" in answer.detail
        answer = child.query("SELECT nowhere.f()")
        assert answer.outcome == "database_error"
        assert answer.detail.startswith(
            'SQLSTATE 3F000: schema "nowhere" does not exist; load ')
        answer = child.query("SELECT 1 = 'x'::text")
        assert answer.detail == \
            "SQLSTATE 42883: operator does not exist: integer = text"
        assert child.counts().attempts == 1  # the connection is in order
    finally:
        child.close()
        db.psql("DROP ROLE outsider")


def test_a_read_only_database_is_unfit_and_left_after_a_second(db, store):
    db.psql("CREATE TABLE t (n int); GRANT ALL ON t TO site_httpd")
    child = store(db.conninfo())
    # A connection made before the failover, to what is now the standby.
    child.query("SELECT set_config('default_transaction_read_only', 'on', "
                "false)")
    answer = child.query("INSERT INTO t VALUES (1)")
    assert answer.outcome == "unfit"
    assert answer.detail.startswith("SQLSTATE 25006: ")
    assert child.counts().attempts == 1  # too young to be blamed
    wait_for(lambda: child.query("INSERT INTO t VALUES (1)").outcome
             == "granted", "the connection to be replaced", 5)
    assert child.counts().attempts == 2


def test_an_outage_is_known_while_it_lasts_and_afterwards(cluster, db, store):
    child = store(db.conninfo())
    assert granted(child)
    assert child.do("outage").began_us is None
    cluster.stop()
    began = time.monotonic()
    assert not granted(child)
    hammer(child, 0.5)
    now = child.do("outage")
    assert now.began_us > 400000 and now.ended_us == 0
    cluster.start()
    wait_for(lambda: granted(child), "the server to be used again", 5)
    lasted = time.monotonic() - began
    hammer(child, 0.3)
    after = child.do("outage")
    assert after.began_us - after.ended_us < (lasted + 0.4) * 1e6
    assert after.began_us > now.began_us
    assert after.ended_us > 100000


def test_no_descriptor_is_left_by_attempts_that_fail(store):
    with silent_listener() as port:
        child = store(f"host=127.0.0.1 port={port} dbname=x", timeout_ms=100)
        child.query("SELECT 1")
        before = child.do("descriptors").count
        wait_for(lambda: child.query("SELECT 1")
                 and child.counts().attempts >= 4, "four attempts", 10)
        assert child.do("descriptors").count == before


def test_the_pool_is_whole_after_all_that(cluster, db, store):
    """Stop, start, kill, start: no slot is lost on the way."""
    child = store(db.conninfo(), max=4, keep=4)
    for end in (cluster.stop, cluster.kill9):
        fill(child, 4)
        end()
        child.do("crowd", threads=8, count=20, sql=PID)
        assert child.counts().open == 0
        cluster.start()
        wait_for(lambda: granted(child), "the server to be used again", 5)
    fill(child, 4)
    assert child.counts().open == 4
