# SPDX-License-Identifier: Apache-2.0
"""The verbs of src/store against conf/schema.sql."""

import secrets
import time

import pytest

from lab.process import wait_for

from store_site import hammer, terminate

DAY_MS = 24 * 60 * 60 * 1000


class Session:
    """What a client holds: the fields of its refresh token."""

    def __init__(self, child, **changes):
        self.child = child
        self.fields = {"secret": secrets.token_hex(16), "site": "",
                       "client": None, "form": "jr1", "generation": 0}
        self.answer = child.do("open", **{
            "login": "alice", "lifetime_ms": 30 * DAY_MS,
            "idle_ms": 14 * DAY_MS, **self.fields, **changes})
        if self.answer.session:
            self.fields["sid"] = self.answer.session["sid"]

    def start_rotate(self, **changes):
        """Presents the token, perhaps with other fields."""
        return self.child.start("rotate", **{
            "rotate": True, "async": False, "grace_ms": 0, **self.fields,
            **changes})

    def rotate(self, **changes):
        """start_rotate() and its answer; follows the generation."""
        answer = self.start_rotate(**changes).get()
        if answer.session:
            self.fields["generation"] = answer.session["generation"]
        return answer

    def logout(self, verb="logout", **changes):
        """Ends the session."""
        return self.child.do(verb, **{**self.fields, **changes})


@pytest.fixture(name="child")
def _child(db, store):
    return store(db.conninfo())


def test_a_session_is_opened_rotated_replayed_and_ended(child):
    session = Session(child)
    assert session.answer.outcome == "logged_in"
    opened = session.answer.session
    assert opened["subject"] == "alice"
    assert opened["generation"] == 0
    assert opened["claims"] == {}
    assert opened["client"] is opened["scope"] is None
    assert 29.9 * DAY_MS < opened["remaining_us"] / 1000 <= 30 * DAY_MS
    answer = session.rotate()
    assert answer.outcome == "rotated"
    assert answer.session["generation"] == 1
    assert answer.session["sid"] == opened["sid"]
    assert session.rotate(grace_ms=30000).outcome == "current"
    assert session.rotate(grace_ms=30000, generation=0).outcome == "replayed"
    assert session.rotate(rotate=False).outcome == "current"
    assert session.rotate().session["generation"] == 2
    assert session.logout().outcome == "logged_out"
    assert session.logout().outcome == "revoked"
    answer = session.rotate()
    assert (answer.outcome, answer.session) == ("revoked", None)


def test_the_columns_of_the_session_arrive(db, child):
    session = Session(child, site="shop", client="spa")
    db.execute("UPDATE auth_jwt.session SET scope = 'read', claims = "
               """'{"role": "é", "n": [1, {"x": null}]}' WHERE sid = %s""",
               session.fields["sid"])
    answer = session.rotate(site="shop", client="spa")
    assert answer.outcome == "rotated"
    assert answer.session["scope"] == "read"
    assert answer.session["client"] == "spa"
    assert answer.session["claims"] == {"role": "é", "n": [1, {"x": None}]}


def test_what_is_not_the_holders_is_unknown(child):
    session = Session(child, site="shop", client="spa")
    mine = {"site": "shop", "client": "spa"}
    for wrong in ({"site": ""}, {"client": None}, {"client": "other"},
                  {"secret": "00" * 16}, {"form": "js1"},
                  {"sid": "01900000-0000-7000-8000-000000000000"}):
        assert session.rotate(**{**mine, **wrong}).outcome == "unknown"
        assert session.logout(**{**mine, **wrong}).outcome == "unknown"
    access = {"verb": "logout_sid", "subject": "alice", **mine}
    for wrong in ({"site": ""}, {"client": None}, {"subject": "bob"},
                  {"subject": None}, {"subject": ""}):
        assert session.logout(**{**access, **wrong}).outcome == "unknown"
    assert session.rotate(**mine).outcome == "rotated"


def test_an_access_token_ends_its_session_without_the_secret(child):
    session = Session(child)
    assert session.logout("logout_sid", secret="00" * 16,
                          subject="alice").outcome == "logged_out"
    assert session.rotate().outcome == "revoked"


def test_every_refusal_of_rotate_arrives_as_its_outcome(db, child):
    def refused(change, **fields):
        session = Session(child)
        session.rotate()
        if change:
            db.execute(f"UPDATE auth_jwt.session SET {change} WHERE sid = %s",
                       session.fields["sid"])
        answer = session.rotate(**fields)
        assert answer.session is None
        return answer.outcome

    assert refused("created_at = created_at - interval '40 days', "
                   "expires_at = now() - interval '1 s'") == "expired"
    assert refused("used_at = used_at - interval '15 days'") == "idle"
    assert refused("revoked_at = now()") == "revoked"
    assert refused(None, generation=0) == "reused"
    assert refused(None, generation=9) == "ahead"
    assert Session(child, login="").answer.outcome == "login_refused"
    assert Session(child).rotate(generation=1).outcome == "healed"
    db.psql("SELECT auth_jwt.block_subject('alice')")
    assert Session(child).answer.outcome == "blocked"


def test_a_verdict_that_the_verb_cannot_give_is_an_error(db, child):
    session = Session(child)
    db.psql("""CREATE OR REPLACE FUNCTION auth_jwt.logout(p_sid uuid,
        p_form text, p_secret_hash bytea, p_client text, p_site text,
        p_subject text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$ SELECT 'rotated' $$""")
    answer = session.logout()
    assert answer.outcome == "database_error"
    assert "verdict" in answer.detail


def test_a_row_that_cannot_be_read_is_an_error(db, child):
    db.psql("""CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text,
        sid uuid) RETURNS jsonb LANGUAGE sql AS
        $$ SELECT '{"n": 1e400}'::jsonb $$""")
    session = Session(child)
    assert session.answer.outcome == "database_error"
    assert session.answer.detail \
        == "the schema answered with an unreadable claims"
    assert session.answer.session is None


def test_the_schemas_name_is_quoted(db, store):
    db.psql('''CREATE SCHEMA "we""ird .S";
        CREATE FUNCTION "we""ird .S".logout(uuid, text, bytea, text, text,
            text)
        RETURNS text LANGUAGE sql AS $$ SELECT 'logged_out' $$;
        GRANT USAGE ON SCHEMA "we""ird .S" TO PUBLIC''')
    child = store(db.conninfo(), schema='we"ird .S')
    answer = child.do("logout_sid", form="jr1", secret="00" * 16, site="",
                      sid="01900000-0000-7000-8000-000000000000")
    assert answer.outcome == "logged_out"
    child = store(db.conninfo(), schema='nowhere"; DROP TABLE session; --')
    assert Session(child).answer.outcome == "database_error"


def test_what_browsers_call_themselves_is_no_trouble(db, child):
    def kept(**member):
        session = Session(child, address="2001:db8::1", **member)
        assert session.answer.outcome == "logged_in"
        return db.value("SELECT user_agent FROM auth_jwt.session "
                        "WHERE sid = %s", session.fields["sid"])

    assert kept(user_agent="Mozilla/5.0") == "Mozilla/5.0"
    assert kept(user_agent="'; DROP TABLE session; --") \
        == "'; DROP TABLE session; --"
    assert kept(raw_user_agent="ff41c30a") == "?A??"
    assert len(kept(user_agent="x" * 5000)) == 255
    assert kept() is None
    assert db.value("SELECT address::text FROM auth_jwt.session LIMIT 1") \
        .startswith("2001:db8::1")


def test_a_login_that_is_no_text_never_reaches_the_database(cluster, child):
    mark = cluster.log_mark()
    session = Session(child, raw_login="ff")
    assert session.answer.outcome == "login_refused"
    assert child.counts().attempts == 0
    assert cluster.log_since(mark) == ""


def test_values_are_sent_as_parameters_only(cluster, child):
    mark = cluster.log_mark()
    Session(child, login="bobby'tables")
    statements = [line for line in cluster.log_since(mark).splitlines()
                  if '"auth_jwt".open' in line]
    assert len(statements) == 1
    assert "bobby" not in statements[0]


def test_a_database_that_must_not_judge_is_unfit_until_it_may(db, child):
    session = Session(child)
    db.execute(f"ALTER DATABASE {db.name} SET default_transaction_isolation "
               "= 'serializable'")
    terminate(db, int(child.query("SELECT pg_backend_pid()").value))
    assert session.rotate().outcome == "unfit"
    db.execute(f"ALTER DATABASE {db.name} RESET default_transaction_isolation")
    # The connection is of the old kind, and is left as soon as it may be.
    wait_for(lambda: session.rotate().outcome == "rotated",
             "a connection that is fit", 5)
    assert session.fields["generation"] == 1


def test_a_rotation_waits_for_a_lock_no_longer_than_the_deadline(db, store):
    child = store(db.conninfo(), timeout_ms=500)
    session = Session(child)
    holder = db.connect(autocommit=False)
    holder.cursor().execute("SELECT FROM auth_jwt.session FOR UPDATE")
    answer = session.rotate()
    assert answer.outcome == "database_timeout"
    assert 300 < answer.ms < 1500
    holder.rollback()
    holder.close()
    # The server gave up first, so nothing rotates behind our back.
    assert session.rotate(grace_ms=30000).outcome == "rotated"


def test_a_rotation_whose_answer_was_lost_gets_it_again(db, child,
                                                        commit_hangs):
    """Committed, then cut: the repeat must not take us for a thief."""
    session = Session(child)
    commit_hangs()
    pending = session.start_rotate(grace_ms=0)
    terminate(db, wait_for(lambda: db.value(
        "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"),
        "the commit to hang"))
    answer = pending.get()
    assert answer.outcome == "replayed"
    assert answer.session["generation"] == 1
    assert child.counts().lost == 1


def test_a_rotation_is_not_confirmed_before_it_is_committed(db, store,
                                                            commit_hangs):
    child = store(db.conninfo(), timeout_ms=400)
    session = Session(child)
    commit_hangs()
    answer = session.rotate()
    assert answer.outcome == "database_timeout"
    assert answer.session is None


@pytest.mark.parametrize("before_ms, outcome", [(100, "replayed"),
                                                (1000, "reused")])
def test_time_without_a_database_does_not_count_against_the_grace(
        cluster, db, child, before_ms, outcome):
    """The reply was lost, and the client could not ask again in time."""
    session = Session(child)
    assert session.start_rotate().get().outcome == "rotated"
    cluster.stop()
    assert session.start_rotate().get().outcome == "database_down"
    hammer(child, 0.3)
    cluster.start()
    # As if it had rotated so long before the outage began.
    began_us = child.do("outage").began_us
    db.execute("UPDATE auth_jwt.session SET rotated_at = clock_timestamp() - "
               f"interval '{began_us + before_ms * 1000} us'")
    answer = wait_for(lambda: ready(session), "the database to be used", 5)
    assert answer.outcome == outcome


def ready(session):
    """The answer to the old token once the database answers."""
    answer = session.start_rotate(grace_ms=500).get()
    return None if answer.outcome == "database_down" else answer


def test_without_an_outage_the_grace_is_the_grace(db, child):
    session = Session(child)
    assert session.start_rotate(grace_ms=100).get().outcome == "rotated"
    db.execute("UPDATE auth_jwt.session SET rotated_at = rotated_at - "
               "interval '1 s'")
    assert session.start_rotate(grace_ms=100).get().outcome == "reused"


def test_many_threads_rotate_one_token_by_one_step(child):
    session = Session(child)
    pending = [session.start_rotate(grace_ms=30000) for _ in range(16)]
    answers = [one.get() for one in pending]
    assert {answer.session["generation"] for answer in answers} == {1}
    assert [answer.outcome for answer in answers].count("rotated") == 1


def test_a_rotation_is_one_quick_round_trip(child, figures):
    session = Session(child)
    answer = child.do("bench", count=300, **session.fields)
    assert answer.done == 300
    figures(f"{answer.us_each:.0f} us each")
    assert answer.us_each < 20000


def test_async_rotation_is_asked_for(db, child):
    session = Session(child)
    assert session.rotate(**{"async": True}).outcome == "rotated"
    assert db.value("SELECT generation FROM auth_jwt.session") == 1
