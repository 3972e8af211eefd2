# SPDX-License-Identifier: Apache-2.0
"""The pool of connections while the server is well."""

import time

import pytest

from lab.process import wait_for

from store_site import PID, busy_pid, fill, pids, terminate


def test_nothing_connects_before_the_first_query(db, store):
    child = store(db.conninfo(), min=2)
    assert child.counts().attempts == 0
    assert pids(db) == set()
    assert child.query("SELECT 'x'").value == "x"
    assert child.counts().attempts == 1


def test_requests_one_after_the_other_share_a_connection(db, store):
    child = store(db.conninfo())
    assert len({child.query(PID).value for _ in range(20)}) == 1


def test_there_are_never_more_connections_than_max(db, store):
    child = store(db.conninfo(), max=3, keep=3)
    answer = child.do("crowd", threads=16, count=40,
                      sql="SELECT pg_sleep(0.001)")
    assert answer.outcomes == {"granted": 640}
    assert child.counts().attempts <= 3
    assert len(pids(db)) <= 3


def test_who_waits_for_a_slot_is_answered_at_the_deadline(db, store):
    child = store(db.conninfo(), max=1, timeout_ms=400)
    answer = child.do("crowd", threads=6, count=1, sql="SELECT pg_sleep(0.3)")
    # Who gets the slot with little time left times out; the rest are busy.
    assert set(answer.outcomes) <= {"granted", "database_timeout",
                                    "database_busy"}
    assert answer.outcomes.get("granted", 0) <= 1
    assert answer.longest_ms < 1500
    assert child.query("SELECT 1").outcome == "granted"


def test_waiting_for_a_slot_counts_against_the_same_deadline(db, store):
    child = store(db.conninfo(), max=1, timeout_ms=1000)
    first = child.start_query("SELECT pg_sleep(0.5) /* first */")
    wait_for(lambda: busy_pid(db, "/* first"), "the first to run")
    second = child.query("SELECT pg_sleep(5)")
    assert first.get().outcome == "granted"
    assert second.outcome == "database_timeout"
    assert 950 < second.ms < 1400, "the second began to wait anew"


def test_a_slow_statement_is_given_up_at_the_deadline(db, store):
    child = store(db.conninfo(), timeout_ms=300)
    answer = child.query("SELECT pg_sleep(10)")
    assert answer.outcome == "database_timeout"
    assert 290 < answer.ms < 1500
    # Its connection owes an answer, so nobody may get it.
    assert child.counts().open == 0
    assert child.query("SELECT 'fresh'").value == "fresh"


def test_a_held_lock_is_given_up_at_the_deadline(db, store):
    db.psql("CREATE TABLE t AS SELECT 1 AS n; GRANT ALL ON t TO site_httpd")
    holder = db.connect(autocommit=False)
    holder.cursor().execute("UPDATE t SET n = 2")
    child = store(db.conninfo(), timeout_ms=300)
    answer = child.query("UPDATE t SET n = 3")
    assert answer.outcome == "database_timeout"
    assert 290 < answer.ms < 1500
    holder.rollback()
    holder.close()


def test_the_servers_own_lock_timeout_is_a_timeout_too(db, store):
    db.psql("CREATE TABLE t AS SELECT 1 AS n; GRANT ALL ON t TO site_httpd")
    holder = db.connect(autocommit=False)
    holder.cursor().execute("UPDATE t SET n = 2")
    child = store(db.conninfo())
    child.query("SELECT set_config('lock_timeout', '50ms', false)")
    pid = child.query(PID).value
    answer = child.query("UPDATE t SET n = 3")
    assert answer.outcome == "database_timeout"
    assert answer.detail.startswith("SQLSTATE 55P03: ")
    assert child.query(PID).value == pid  # in order, so it is kept
    holder.rollback()
    holder.close()


def test_an_idle_connection_that_was_cut_is_not_used(db, store):
    db.psql("CREATE TABLE t (n int); GRANT ALL ON t TO site_httpd")
    child = store(db.conninfo(), keep=5)
    fill(child, 3)
    before = pids(db)
    assert len(before) == 3
    for pid in before:
        terminate(db, pid)
    answer = child.query("INSERT INTO t VALUES (1) RETURNING n")
    assert answer.outcome == "granted"
    assert db.value("SELECT count(*) FROM t") == 1
    assert child.counts().attempts == 4


def test_one_dead_connection_makes_all_idle_ones_suspect(db, store):
    child = store(db.conninfo(), keep=5)
    fill(child, 3)
    before = pids(db)
    terminate(db, int(child.query(PID).value))
    assert child.query("SELECT 1").outcome == "granted"
    wait_for(lambda: not pids(db) & before, "the suspects to be closed")
    counts = child.counts()
    assert (counts.open, counts.attempts, counts.lost) == (1, 4, 1)


def test_a_connection_cut_in_a_query_is_repeated_with_other_values(db, store):
    child = store(db.conninfo())
    pending = child.start_query("SELECT $1::text, pg_sleep(0.3)", "first",
                                again=["again"])
    terminate(db, wait_for(lambda: busy_pid(db, "pg_sleep"), "the query"))
    answer = pending.get()
    assert (answer.outcome, answer.value) == ("granted", "again")
    assert child.counts().attempts == 2


def test_an_idle_connection_that_was_cut_does_not_use_up_the_repeat(db,
                                                                    store):
    child = store(db.conninfo())
    terminate(db, int(child.query(PID).value))
    pending = child.start_query("SELECT 'there', pg_sleep(0.3)")
    terminate(db, wait_for(lambda: busy_pid(db, "pg_sleep"), "the query"))
    assert pending.get().get("value") == "there"


def test_without_other_values_the_same_are_sent_again(db, store):
    child = store(db.conninfo())
    pending = child.start_query("SELECT $1::text, pg_sleep(0.3)", "first")
    terminate(db, wait_for(lambda: busy_pid(db, "pg_sleep"), "the query"))
    assert pending.get().value == "first"


def test_a_statement_is_repeated_once_and_no_more(db, store):
    db.psql("CREATE SEQUENCE runs; GRANT ALL ON runs TO site_httpd")
    child = store(db.conninfo())
    answer = child.query("SELECT nextval('runs'), "
                         "pg_terminate_backend(pg_backend_pid()), pg_sleep(1)")
    assert answer.outcome == "database_down"
    assert answer.detail.startswith("SQLSTATE 57P01: ")
    assert db.value("SELECT last_value FROM runs") == 2
    assert child.counts().open == 0
    # The server is there, so nobody has to wait.
    assert child.query("SELECT 1").outcome == "granted"


def test_connections_in_use_when_another_dies_are_not_kept(db, store):
    child = store(db.conninfo(), keep=5)
    fill(child, 2)
    slow = child.start_query(
        "SELECT pg_backend_pid(), pg_sleep(0.5) /* slow */")
    survivor = wait_for(lambda: busy_pid(db, "/* slow"), "the slow query")
    for pid in pids(db) - {survivor}:
        terminate(db, pid)
    fresh = child.query(PID).value
    assert slow.get().value == str(survivor)
    assert {child.query(PID).value for _ in range(5)} == {fresh}
    wait_for(lambda: pids(db) == {int(fresh)}, "the survivor to be closed")


def test_rows_are_no_answer_before_the_commit(db, store):
    """The row is on the wire before a deferred trigger refuses the commit."""
    db.psql("""
        CREATE TABLE t (n int);
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION USING ERRCODE = '23514'; END $$;
        CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t
            DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION refuse();
        GRANT ALL ON t TO site_httpd""")
    child = store(db.conninfo())
    pid = child.query(PID).value
    answer = child.query("INSERT INTO t VALUES (1) RETURNING n")
    assert answer.outcome == "database_error"
    assert answer.detail.startswith("SQLSTATE 23514")
    assert "value" not in answer
    assert child.query(PID).value == pid


def test_many_rows_are_no_answer_while_the_commit_hangs(db, store,
                                                        commit_hangs):
    """More than the server's buffer, so they come before the commit is done."""
    db.psql("CREATE TABLE t (n int); GRANT ALL ON t TO site_httpd")
    child = store(db.conninfo(), timeout_ms=400)
    assert child.query("SELECT 1").outcome == "granted"
    commit_hangs()
    answer = child.query("INSERT INTO t VALUES (1) "
                         "RETURNING repeat('x', 100000)")
    assert answer.outcome == "database_timeout"
    assert "value" not in answer


@pytest.mark.parametrize("sqlstate", ["57P01", "57P03", "08006", "08P01",
                                      "53300"])
def test_a_pooler_that_lost_its_server_is_asked_again(db, store, sqlstate):
    """It says so in an error, and keeps its own connection open."""
    db.psql("""CREATE SEQUENCE runs; GRANT ALL ON runs TO site_httpd;
               CREATE FUNCTION lose(state text) RETURNS bigint
               LANGUAGE plpgsql AS $$ DECLARE n bigint := nextval('runs');
               BEGIN IF n = 1 THEN RAISE EXCEPTION USING ERRCODE = state;
               END IF; RETURN n; END $$""")
    child = store(db.conninfo())
    answer = child.query("SELECT lose($1)", sqlstate)
    assert (answer.outcome, answer.get("value")) == ("granted", "2")
    assert child.counts().attempts == 2


def test_a_changed_setting_does_not_cost_the_connection(cluster, db, store):
    child = store(db.conninfo())
    pid = child.query(PID).value
    cluster.reload(datestyle="SQL, DMY")
    try:
        wait_for(lambda: child.query("SHOW datestyle").value == "SQL, DMY",
                 "the setting to arrive")
        assert child.query(PID).value == pid
        assert child.counts().attempts == 1
    finally:
        cluster.reload(datestyle="ISO, MDY")


def test_notices_go_nowhere(db, store):
    child = store(db.conninfo())
    answer = child.query("DO $$ BEGIN RAISE WARNING 'do not print'; END $$")
    assert answer.outcome == "granted"
    assert child.close() == 0
    assert child.errors == ""


def test_names_and_texts_are_utf8_whatever_conninfo_says(db, store):
    child = store(db.conninfo(client_encoding="LATIN1"))
    assert child.query("SHOW client_encoding").value == "UTF8"
    assert child.query("SELECT $1::text || 'é'", "ü").value == "üé"


def test_the_administrator_sees_who_connects(db, store):
    child = store(db.conninfo())
    assert child.query("SHOW application_name").value == "mod_auth_jwt_refresh"
    child = store(db.conninfo(application_name="web7"))
    assert child.query("SHOW application_name").value == "web7"


def test_details_are_one_line_without_values(db, store):
    child = store(db.conninfo())
    answer = child.query("SELECT $1::int", "hunter2")
    assert answer.outcome == "database_error"
    assert answer.detail.startswith("SQLSTATE 22P02")
    assert "hunter2" not in answer.detail
    db.psql("""CREATE FUNCTION raise(t text, s text) RETURNS int
               LANGUAGE plpgsql AS
               $$ BEGIN RAISE EXCEPTION '%', t USING ERRCODE = s; END $$""")
    answer = child.query("SELECT raise($1, 'P0001')", "login hunter2")
    assert "hunter2" not in answer.detail
    answer = child.query("SELECT raise($1, '55000')", "two\nlines\x1b[31m")
    assert answer.detail == "SQLSTATE 55000: two lines [31m"
    answer = child.query("SELECT raise($1, '55000')", "x" * 5000)
    assert len(answer.detail) < 500


def test_a_peaks_connections_go_and_keep_of_them_stay(db, store):
    child = store(db.conninfo(), keep=1, max=5)
    fill(child, 5)
    counts = child.counts()
    assert counts.open == counts.idle == 5  # not at once: the peak may go on
    wait_for(lambda: child.do("trim").open == 1, "the surplus to go", 5)
    assert child.query("SELECT 1").outcome == "granted"
    assert child.counts().attempts == 5
    wait_for(lambda: len(pids(db)) == 1, "the backends to end")


def test_what_is_idle_for_exptime_goes_down_to_min(db, store):
    child = store(db.conninfo(), min=1, keep=3, exptime_ms=200)
    fill(child, 3)
    assert child.counts().open == 3
    wait_for(lambda: child.do("trim").open == 1, "two to go", 5)
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        assert child.do("trim").open == 1
    child = store(db.conninfo(), min=0, keep=3, exptime_ms=200)
    fill(child, 2)
    wait_for(lambda: child.do("trim").open == 0, "all to go", 5)
    assert child.query("SELECT 1").outcome == "granted"


def test_requests_trim_what_is_too_old_without_being_asked(db, store):
    child = store(db.conninfo(), keep=1, max=5)
    fill(child, 4)
    wait_for(lambda: child.query("SELECT 1") and child.counts().open == 1,
             "the surplus to go", 5)


def test_another_process_neither_uses_nor_ends_the_connections(db, store):
    child = store(db.conninfo())
    pid = child.query(PID).value
    assert child.do("fork", sql="SELECT 1", values=[]).status == 0
    assert child.query(PID).value == pid
    assert child.counts().lost == 0


def test_a_child_told_to_stop_in_the_middle_just_ends(db, store):
    """As prefork's: one request, and the signal handler ends it."""
    for _ in range(20):
        child = store(db.conninfo())
        child.start("crowd", threads=1, for_ms=60000, sql="SELECT 1")
        wait_for(lambda: child.counts().open == 1, "the request")
        child.tell_to_stop()
        assert child.close() == 0


def test_no_descriptor_is_left_after_200_lost_connections(db, store):
    child = store(db.conninfo())
    child.query("SELECT 1")
    before = child.do("descriptors").count
    child.do("crowd", threads=1, count=100,
             sql="SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)")
    assert child.counts().lost == 200
    child.query("SELECT 1")
    assert child.do("descriptors").count == before


def test_threads_share_the_pool_while_connections_are_cut(db, store):
    child = store(db.conninfo(), max=6, keep=6)
    pending = child.start("crowd", threads=12, count=300,
                          sql="SELECT pg_sleep(0.0005)")
    for _ in range(10):
        victims = wait_for(lambda: pids(db), "connections")
        db.execute("SELECT pg_terminate_backend(%s)", min(victims))
    outcomes = pending.get().outcomes
    # Cut twice in one request is possible, and nothing worse.
    assert set(outcomes) <= {"granted", "database_down"}
    assert outcomes["granted"] >= 3590
    assert child.counts().open <= 6
