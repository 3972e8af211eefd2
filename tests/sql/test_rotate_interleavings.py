# SPDX-License-Identifier: Apache-2.0
"""rotate() against everything that may happen at the same time, step by step.

One transaction is held by hand, the other call runs into it and is seen to
wait, then the first one goes on. Random load finds none of these. Between the
statements of rotate() a call is stopped inside claims(), by an advisory lock.
"""

import contextlib
import threading
import uuid

import psycopg2.errors
import pytest
from lab.process import wait_for

from stepped import HASH, call

GATE_IN_CLAIMS = """
    CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text, sid uuid)
    RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(1);
        RETURN '{}';
    END $$"""


@pytest.fixture(name="session")
def _session(db):
    """session(generation, rotated=…): a new one of alice; its sid."""
    def make(generation=0, rotated="1 hour", form="jr1"):
        return db.value(
            "INSERT INTO auth_jwt.session (sid, subject, form, generation,"
            " secret_hash, created_at, rotated_at, used_at, expires_at, idle)"
            " SELECT auth_jwt.new_sid(now), 'alice', %s, %s, %s,"
            " now - interval '1 day', now - %s::interval,"
            " now - interval '4 h', now + interval '1 day', '1 day'"
            " FROM date_trunc('milliseconds', clock_timestamp()) AS now"
            " RETURNING sid::text", form, generation, HASH, rotated)
    return make


def row(db, sid):
    """(generation, revoke_reason or whether ended)."""
    return db.execute("SELECT generation, coalesce(revoke_reason,"
                      " (revoked_at IS NOT NULL)::text)"
                      " FROM auth_jwt.session WHERE sid = %s", sid)[0]


def age(db, sid, interval="1 hour"):
    db.execute("UPDATE auth_jwt.session SET rotated_at = rotated_at -"
               " %s::interval WHERE sid = %s", interval, sid)


# -- two refreshes -----------------------------------------------------------

def test_loser_of_a_race_gets_the_winners_successor(db, holder, httpd, waits,
                                                    session):
    sid = session(5)
    assert holder.rotate(sid, 5) == ("rotated", 6)
    httpd.begin_rotate(sid, 5)
    waits(httpd)
    holder.commit()
    assert httpd.result() == ("replayed", 6)
    assert row(db, sid) == (6, "false")


def test_winner_that_rolls_back_leaves_the_race_to_the_other(
        db, holder, httpd, waits, session):
    sid = session(5)
    assert holder.rotate(sid, 5) == ("rotated", 6)
    httpd.begin_rotate(sid, 5)
    waits(httpd)
    holder.rollback()
    assert httpd.result() == ("rotated", 6)
    assert row(db, sid) == (6, "false")


def test_js1_presented_twice_at_once(db, holder, httpd, waits, session):
    sid = session(0, None, "js1")
    assert holder.rotate(sid, 0, form="js1") == ("rotated", 1)
    httpd.begin_rotate(sid, 0, form="js1")
    waits(httpd)
    holder.commit()
    assert httpd.result() == ("replayed", 1)


def test_replay_waits_for_nobody(holder, httpd, session):
    sid = session(5, "1 s")
    holder.run("SELECT FROM auth_jwt.session WHERE sid = %s FOR UPDATE", sid)
    assert httpd.rotate(sid, 5) == ("current", 5)
    assert httpd.rotate(sid, 4) == ("replayed", 5)


def test_n_then_its_successor_then_late_n(db, httpd, session):
    sid = session(5)
    assert httpd.rotate(sid, 5) == ("rotated", 6)
    assert httpd.rotate(sid, 6) == ("current", 6)
    assert httpd.rotate(sid, 5) == ("replayed", 6), "within the grace"
    age(db, sid)
    assert httpd.rotate(sid, 6) == ("rotated", 7)
    assert httpd.rotate(sid, 5) == ("reused", None)
    assert httpd.rotate(sid, 7) == ("revoked", None)
    assert row(db, sid) == (7, "reused")


def test_late_n_that_waits_behind_two_rotations_is_reuse(
        db, holder, httpd, waits, session):
    sid = session(5)
    assert holder.rotate(sid, 5, grace="0") == ("rotated", 6)
    assert holder.rotate(sid, 6, grace="0") == ("rotated", 7)
    httpd.begin_rotate(sid, 5)
    waits(httpd)
    holder.commit()
    assert httpd.result() == ("reused", None)
    assert row(db, sid) == (7, "reused")


def test_rotation_by_another_between_look_and_lock(db, holder, httpd, waits,
                                                   client, session):
    sid = session(5)
    db.execute(GATE_IN_CLAIMS)
    holder.run("SELECT pg_advisory_lock(1)")
    holder.commit()
    httpd.begin_rotate(sid, 5)
    waits(httpd)
    db.execute("UPDATE auth_jwt.session SET generation = 6,"
               " rotated_at = clock_timestamp() WHERE sid = %s", sid)
    holder.run("SELECT pg_advisory_unlock(1)")
    assert httpd.result() == ("replayed", 6)
    assert row(db, sid) == (6, "false")


def test_reuse_by_many_thieves_at_once_ends_the_session_once(
        db, holder, client, waits, session):
    sid = session(5)
    thieves = [client("site_httpd") for _ in range(4)]
    holder.run("SELECT FROM auth_jwt.session WHERE sid = %s FOR UPDATE", sid)
    for thief in thieves:
        thief.begin_rotate(sid, 4)
    for thief in thieves:
        waits(thief)
    holder.commit()
    verdicts = sorted(thief.result()[0] for thief in thieves)
    assert verdicts == ["reused", "revoked", "revoked", "revoked"]
    assert db.value("SELECT count(*) FROM auth_jwt.event"
                    " WHERE kind = 'reused'") == 1


@pytest.mark.parametrize("count", [2, 8, 64])
def test_parallel_refreshes_move_one_generation(db, client, session, count):
    clients = [client("site_httpd") for _ in range(count)]
    for _ in range(3):
        sid = session(5)
        start = threading.Barrier(count)
        answers = []

        def refresh(one, sid=sid, start=start, answers=answers):
            start.wait(10)
            answers.append(one.rotate(sid, 5))

        threads = [threading.Thread(target=refresh, args=[one], daemon=True)
                   for one in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(answers) == ([("replayed", 6)] * (count - 1)
                                   + [("rotated", 6)])
        assert row(db, sid) == (6, "false")


# -- against revocation ------------------------------------------------------

ENDINGS = {
    "revoke_session": "SELECT auth_jwt.revoke_session(%(sid)s)",
    "revoke_subject": "SELECT auth_jwt.revoke_subject('alice')",
    "block_subject": "SELECT auth_jwt.block_subject('alice')",
    "update": "UPDATE auth_jwt.session SET revoked_at = now()"
              " WHERE sid = %(sid)s",
    "delete": "DELETE FROM auth_jwt.session WHERE sid = %(sid)s"}
MODES = {"rotated": (5, True), "healed": (6, True), "touched": (5, False)}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("mode", MODES)
def test_refresh_that_waits_for_a_revocation_fails(db, client, httpd, waits,
                                                   session, ending, mode):
    sid = session(5)
    admin = client("site_admin", autocommit=False)
    with admin.connection.cursor() as cursor:
        cursor.execute(ENDINGS[ending], {"sid": sid})
    generation, rotate = MODES[mode]
    httpd.begin_rotate(sid, generation, rotate=rotate)
    waits(httpd)
    admin.commit()
    expected = "unknown" if ending == "delete" else "revoked"
    assert httpd.result() == (expected, None)
    assert httpd.rotate(sid, generation) == (expected, None)
    if ending != "delete":
        assert row(db, sid)[0] == 5


@pytest.mark.parametrize("ending", ENDINGS)
def test_refresh_goes_on_when_the_revocation_is_rolled_back(
        client, httpd, waits, session, ending):
    sid = session(5)
    admin = client("site_admin", autocommit=False)
    with admin.connection.cursor() as cursor:
        cursor.execute(ENDINGS[ending], {"sid": sid})
    httpd.begin_rotate(sid, 5)
    waits(httpd)
    admin.rollback()
    assert httpd.result() == ("rotated", 6)


@pytest.mark.parametrize("ending", ENDINGS)
def test_revocation_that_waits_for_a_refresh_ends_its_successor(
        db, holder, client, httpd, waits, session, ending):
    sid = session(5)
    admin = client("site_admin")
    assert holder.rotate(sid, 5) == ("rotated", 6)
    admin.begin(ENDINGS[ending].replace("%(sid)s", f"'{sid}'"))
    waits(admin)
    holder.commit()
    admin.result()
    expected = "unknown" if ending == "delete" else "revoked"
    for generation in (5, 6, 7):
        assert httpd.rotate(sid, generation) == (expected, None)


def test_logout_that_waits_for_a_refresh_ends_its_successor(
        db, holder, client, httpd, waits, session):
    sid = session(5)
    assert holder.rotate(sid, 5) == ("rotated", 6)
    other = client("site_httpd")
    other.begin("SELECT auth_jwt.logout(%s, 'jr1', %s, NULL, '')", sid, HASH)
    waits(other)
    holder.commit()
    assert other.result() == ("logged_out",)
    assert httpd.rotate(sid, 6) == ("revoked", None)


def test_two_logouts_at_once_log_out_once(holder, httpd, waits, session):
    sid = session(5)
    ask = ("SELECT auth_jwt.logout(%s, 'jr1', %s, NULL, '')", sid, HASH)
    assert holder.run(*ask) == ("logged_out",)
    httpd.begin(*ask)
    waits(httpd)
    holder.commit()
    assert httpd.result() == ("revoked",)


@pytest.mark.parametrize("verdict, generation, rotated, rotate", [
    ("rotated", 5, "1 hour", True), ("healed", 6, "1 hour", True),
    ("current", 5, "1 s", True), ("replayed", 4, "1 s", True),
    ("touched", 5, "1 hour", False)])
def test_revocation_between_two_statements_of_a_refresh(
        db, holder, httpd, waits, session, verdict, generation, rotated,
        rotate):
    sid = session(5, rotated)
    db.execute(GATE_IN_CLAIMS)
    holder.run("SELECT pg_advisory_lock(1)")
    holder.commit()
    httpd.begin_rotate(sid, generation, rotate=rotate)
    waits(httpd)
    assert db.value("SELECT auth_jwt.revoke_session(%s)", sid)
    holder.run("SELECT pg_advisory_unlock(1)")
    assert httpd.result() == ("revoked", None), verdict
    assert row(db, sid) == (5, "admin")


# -- against gates -----------------------------------------------------------

GATES = {
    "blocked": "INSERT INTO auth_jwt.subject (subject, blocked)"
               " VALUES ('alice', true)",
    "subject": "INSERT INTO auth_jwt.subject (subject, not_before)"
               " VALUES ('alice', now())",
    "everyone": "SELECT auth_jwt.revoke_all()"}


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("mode", MODES)
def test_gate_that_closes_while_a_refresh_waits_for_the_row(
        db, holder, httpd, waits, session, gate, mode):
    sid = session(5)
    generation, rotate = MODES[mode]
    before = db.execute("SELECT * FROM auth_jwt.session")
    holder.run("SELECT FROM auth_jwt.session WHERE sid = %s FOR UPDATE", sid)
    httpd.begin_rotate(sid, generation, rotate=rotate)
    waits(httpd)
    holder.run(GATES[gate])
    holder.commit()
    assert httpd.result() == ("blocked", None)
    assert db.execute("SELECT * FROM auth_jwt.session") == before


def test_gate_that_closes_behind_another_rotation(db, holder, httpd, waits,
                                                  session):
    sid = session(5)
    assert holder.rotate(sid, 5) == ("rotated", 6)
    holder.run(GATES["blocked"])
    httpd.begin_rotate(sid, 5)
    waits(httpd)
    holder.commit()
    assert httpd.result() == ("blocked", None)
    assert row(db, sid) == (6, "false")


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("generation, rotated", [
    (5, "1 hour"), (6, "1 hour"), (5, "1 s"), (4, "1 s")])
def test_gate_that_closes_between_two_statements_of_a_refresh(
        db, holder, httpd, waits, session, gate, generation, rotated):
    sid = session(5, rotated)
    db.execute(GATE_IN_CLAIMS)
    holder.run("SELECT pg_advisory_lock(1)")
    holder.commit()
    httpd.begin_rotate(sid, generation)
    waits(httpd)
    db.execute(GATES[gate])
    holder.run("SELECT pg_advisory_unlock(1)")
    assert httpd.result() == ("blocked", None)
    assert row(db, sid) == (5, "false")


def test_block_that_is_lifted_between_two_statements_of_a_refresh(
        db, holder, httpd, waits, session):
    """What was born before its end stays over, whenever it is looked at."""
    sid = session(5)
    db.execute(GATE_IN_CLAIMS)
    db.execute(GATES["blocked"])
    holder.run("SELECT pg_advisory_lock(1)")
    holder.commit()
    httpd.begin_rotate(sid, 5)
    waits(httpd)
    assert db.value("SELECT auth_jwt.unblock_subject('alice')")
    holder.run("SELECT pg_advisory_unlock(1)")
    assert httpd.result() == ("blocked", None)
    assert row(db, sid) == (5, "false")


def test_claims_withdrawn_while_a_refresh_waits_for_the_row(
        db, holder, httpd, waits, session):
    sid = session(5)
    db.execute("CREATE TABLE public.host_user (id text)")
    db.execute("INSERT INTO public.host_user VALUES ('alice')")
    db.execute("""
        CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text, sid uuid)
        RETURNS jsonb LANGUAGE sql STABLE AS $$
            SELECT '{}'::jsonb FROM public.host_user u
             WHERE u.id = claims.subject $$""")
    holder.run("SELECT FROM auth_jwt.session WHERE sid = %s FOR UPDATE", sid)
    httpd.begin_rotate(sid, 5)
    waits(httpd)
    holder.run("DELETE FROM public.host_user")
    holder.commit()
    assert httpd.result() == ("blocked", None)
    assert row(db, sid) == (5, "false")


def test_login_that_commits_after_revoke_subject_but_was_born_before(
        db, holder, httpd):
    (sid,) = holder.run("SELECT sid::text FROM auth_jwt.open('alice', '',"
                        " NULL, %s, '1 h', '1 h', NULL, NULL)", HASH)
    assert db.value("SELECT auth_jwt.revoke_subject('alice')") == 0
    holder.commit()
    assert httpd.rotate(sid, 0) == ("blocked", None)


# -- lost commits ------------------------------------------------------------

def restore(db, sid, generation):
    """Makes the row what an older backup had."""
    with contextlib.closing(db.connect()) as connection:
        connection.cursor().execute(
            "SET session_replication_role = replica;"
            "UPDATE auth_jwt.session SET generation = %s,"
            " rotated_at = now() - interval '1 h' WHERE sid = %s",
            [generation, sid])


def test_restored_row_heals_and_the_old_token_is_caught(db, httpd, session):
    sid = session(5)
    assert httpd.rotate(sid, 5) == ("rotated", 6)
    age(db, sid)
    assert httpd.rotate(sid, 6) == ("rotated", 7)
    restore(db, sid, 5)
    assert httpd.rotate(sid, 7) == ("healed", 8)
    assert httpd.rotate(sid, 7) == ("replayed", 8)
    assert httpd.rotate(sid, 8) == ("current", 8)
    assert httpd.rotate(sid, 5) == ("reused", None)


def test_row_restored_from_too_long_ago_is_ahead(db, httpd, session):
    sid = session(8)
    restore(db, sid, 5)
    assert httpd.rotate(sid, 8) == ("ahead", None)
    assert row(db, sid) == (5, "ahead")


def test_two_heal_at_once(db, holder, httpd, waits, session):
    sid = session(5)
    assert holder.rotate(sid, 7) == ("healed", 8)
    httpd.begin_rotate(sid, 7)
    waits(httpd)
    holder.commit()
    assert httpd.result() == ("replayed", 8)
    assert db.value("SELECT count(*) FROM auth_jwt.event"
                    " WHERE kind = 'healed'") == 1


def test_ahead_of_a_row_that_heals_meanwhile_is_not_ahead(db, holder, httpd,
                                                          waits, session):
    sid = session(5)
    assert holder.rotate(sid, 7) == ("healed", 8)
    httpd.begin_rotate(sid, 8)
    waits(httpd)
    holder.commit()
    assert httpd.result() == ("current", 8)
    assert row(db, sid) == (8, "false")


def test_answer_lost_in_an_outage_is_replayed_after_it(db, httpd, session):
    sid = session(5)
    assert httpd.rotate(sid, 5) == ("rotated", 6)
    age(db, sid, "10 min")
    ask = ("SELECT verdict, generation FROM auth_jwt.rotate(%s, 5, 'jr1', %s,"
           " NULL, '', true, '30 s', false, '10 min', %s)")
    assert httpd.run(ask, sid, HASH, "5 s") == ("replayed", 6)
    assert httpd.run(ask, sid, HASH, "31 s") == ("reused", None)


# -- where no verdict may be given -------------------------------------------

def asks(sid):
    """One call of each of httpd's functions, and its verdict."""
    return [call(sid, 5),
            ("SELECT auth_jwt.logout(%s, 'jr1', %s, NULL, ''), NULL", sid,
             HASH),
            ("SELECT verdict, generation FROM auth_jwt.open('alice', '', NULL,"
             " %s, '1 h', '1 h', NULL, NULL)", HASH)]


@pytest.mark.parametrize("mode", [
    "ISOLATION LEVEL REPEATABLE READ", "ISOLATION LEVEL SERIALIZABLE",
    "READ ONLY"])
def test_other_transactions_are_unfit(db, client, session, mode):
    sid = session(5)
    for ask in asks(sid):
        one = client("site_httpd", autocommit=False)
        one.run(f"SET TRANSACTION {mode}")
        assert one.run(*ask) == ("unfit", None)
        one.commit()
    assert row(db, sid) == (5, "false")
    assert db.value("SELECT count(*) FROM auth_jwt.session") == 1


def test_row_locked_for_too_long_is_an_error_that_loses_nothing(
        db, holder, httpd, waits, session):
    sid = session(5)
    holder.run("SELECT FROM auth_jwt.session WHERE sid = %s FOR UPDATE", sid)
    httpd.begin_rotate(sid, 5)
    waits(httpd)
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        httpd.result()
    holder.commit()
    assert httpd.rotate(sid, 5) == ("rotated", 6)


# -- cost --------------------------------------------------------------------

def test_every_rotation_is_a_hot_update(db, client, session):
    one = client("site_httpd")
    for sid in [session(0) for _ in range(40)]:
        for generation in range(25):
            assert one.rotate(sid, generation, "0") == ("rotated",
                                                        generation + 1)
    one.connection.close()  # sends its counters
    counters = ("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
                " WHERE relid = 'auth_jwt.session'::regclass")
    wait_for(lambda: db.execute(counters)[0][0] == 1000, "the statistics")
    assert db.execute(counters) == [(1000, 1000)]


def test_dead_tokens_write_nothing(db, client, session):
    """No transaction id is spent on a token that is refused."""
    sids = [session(5) for _ in range(3)]
    db.execute("UPDATE auth_jwt.session SET revoked_at = now()"
               " WHERE sid = %s", sids[0])
    db.execute("UPDATE auth_jwt.session SET expires_at = now()"
               " WHERE sid = %s", sids[1])
    db.execute(GATES["everyone"])
    one = client("site_httpd", autocommit=False)
    for sid, verdict in [*zip(sids, ("revoked", "expired", "blocked")),
                         (str(uuid.uuid4()), "unknown")]:
        assert one.rotate(sid, 5) == (verdict, None)
        assert one.run("SELECT pg_current_xact_id_if_assigned()") == (None,)
        one.commit()


def test_a_call_given_up_does_not_rotate(db, session, holder, httpd):
    """httpd stops waiting before the lock is free: no generation is lost.

    Without a grace its client, asking again, would look like a thief.
    """
    sid = session()
    holder.run("SELECT FROM auth_jwt.session WHERE sid = %s FOR UPDATE", sid)
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        httpd.run("SELECT auth_jwt.rotate(%s, 0, 'jr1', %s, NULL, '', true,"
                  " '0', false, NULL, NULL, NULL, '100 ms')", sid, HASH)
    holder.rollback()
    assert db.value("SELECT generation FROM auth_jwt.session"
                    " WHERE sid = %s", sid) == 0
    assert httpd.run(*call(sid, 0, grace="0")) == ("rotated", 1)
