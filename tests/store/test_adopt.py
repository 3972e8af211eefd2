# SPDX-License-Identifier: Apache-2.0
"""Adoption: a host's own tokens go on as sessions, stepped where it races.

The sid comes from the token; here any UUID of version 8 with the birth in it.
"""

import os
import threading
import time
import uuid

import pytest
from lab.process import wait_for

DAY_MS = 24 * 60 * 60 * 1000
CLAIMS = {"sub": "42", "prv": "87e0af", "iat": 1}
HASHLESS = {"form": "laravel", "generation": 0, "site": "", "client": None}


def derived(ago=3600):
    """A sid as a token of that age has it."""
    born = int((time.time() - ago) * 1000)
    sid = bytearray(born.to_bytes(6, "big") + os.urandom(10))
    sid[6] = sid[6] & 0x0F | 0x80
    sid[8] = sid[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(sid)))


class Token:
    """A token of the host, at one child."""

    def __init__(self, child, sid=None, **fields):
        self.child = child
        self.sid = sid or derived()
        self.fields = {"sid": self.sid, "subject": "42", "rotate": True,
                       "grace_ms": 0, "lifetime_ms": 30 * DAY_MS,
                       "idle_ms": DAY_MS, **HASHLESS, **fields}

    def start(self, **changes):
        """As the host minted it."""
        return self.child.start("rotate", **{**self.fields, "claims": CLAIMS,
                                             **changes})

    def trade(self, **changes):
        return self.start(**changes).get()

    def again(self, generation, **changes):
        """As httpd mints its successors."""
        return self.child.do("rotate", **{**self.fields, **changes,
                                          "generation": generation})

    def logout(self, **changes):
        return self.child.do("logout", **{**self.fields, "claims": CLAIMS,
                                          **changes})


@pytest.fixture(name="child")
def _child(db, store):
    return store(db.conninfo())


@pytest.fixture(name="token")
def _token(child):
    return Token(child)


def waiting(db):
    return db.value("SELECT count(*) > 0 FROM pg_stat_activity WHERE"
                    " datname = current_database()"
                    " AND wait_event_type = 'Lock'")


@pytest.fixture(name="held")
def _held(db):
    """A transaction of the superuser, held by hand."""
    connection = db.connect(autocommit=False)
    yield connection
    connection.close()


def run(connection, sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)


def test_a_token_of_the_host_goes_on_as_a_session(db, token):
    answer = token.trade(user_agent="curl", address="192.0.2.1")
    assert answer.outcome == "rotated"
    assert answer.session["sid"] == token.sid
    assert answer.session["subject"] == "42"
    assert answer.session["claims"] == {"prv": "87e0af"}
    assert answer.session["generation"] == 1
    assert token.again(1).outcome == "rotated"
    assert db.execute("SELECT user_agent, address FROM auth_jwt.session") == [
        ("curl", "192.0.2.1")]


def test_same_iss_and_jti_for_two_users_are_two_sessions(child):
    """Hosts choose both badly: neither is in the sid."""
    one = Token(child)
    two = Token(child, subject="43")
    assert one.trade().session["subject"] == "42"
    assert two.trade().session["subject"] == "43"


@pytest.mark.parametrize("changes", [
    {"subject": "43"}, {"subject": None}, {"form": "simplejwt"},
    {"site": "shop"}, {"client": "web"},
    {"form": "jr1", "secret": "00" * 16}])
def test_a_session_is_for_the_token_it_was_made_for(token, changes):
    assert token.trade().outcome == "rotated"
    assert token.again(1, **changes).outcome == "unknown"
    assert token.again(1).outcome == "rotated"


def test_logged_out_before_it_was_ever_adopted(db, token):
    assert token.logout().outcome == "logged_out"
    assert token.trade().outcome == "revoked"
    assert token.logout().outcome == "revoked"
    assert db.value("SELECT count(*) FROM auth_jwt.feed()"
                    " WHERE kind = 'session' AND key = %s", token.sid) == 1


def test_minted_before_revoke_subject(db, child):
    db.execute("SELECT auth_jwt.revoke_subject('42')")
    assert Token(child).trade().outcome == "blocked"
    assert Token(child, derived(ago=-1)).trade().outcome == "rotated"


def test_too_old_is_expired_and_writes_nothing(db, child):
    assert Token(child, derived(ago=31 * 86400)).trade().outcome == "expired"
    assert Token(child, derived(ago=31 * 86400)).logout().outcome == "expired"
    assert db.value("SELECT count(*) FROM auth_jwt.session") == 0


def test_a_purged_row_is_not_adopted_again(db, child):
    token = Token(child, derived(ago=2 * 86400))
    assert token.trade().outcome == "rotated"
    db.execute("UPDATE auth_jwt.session SET expires_at ="
               " clock_timestamp() - interval '25 h'")
    assert child.do("purge", batch=10).removed == 1
    assert token.trade().outcome == "expired"
    assert Token(child, derived(ago=3 * 86400)).trade().outcome == "expired"
    assert Token(child, derived(ago=86400)).trade().outcome == "rotated"


def test_subjects_no_session_can_have_are_unknown(child):
    for subject in ("", "*", None):
        assert Token(child, subject=subject).trade().outcome == "unknown"


# -- races, stepped -----------------------------------------------------------

def test_two_that_adopt_at_once_are_one_session(db, held, token):
    """The second waits for the first, then finds its row."""
    run(held, "SELECT auth_jwt.adopt(%s, 'laravel', '{}', '42', NULL, '',"
        " '30 d', '1 d', NULL, NULL)", token.sid)
    pending = token.start()
    wait_for(lambda: waiting(db), "the second adoption to wait")
    held.commit()
    assert pending.get().outcome == "rotated"
    assert db.execute("SELECT kind FROM auth_jwt.event") == [("adopted",)]


def test_an_adoption_rolled_back_leaves_it_to_the_next(db, held, token):
    run(held, "SELECT auth_jwt.adopt(%s, 'laravel', '{}', '42', NULL, '',"
        " '30 d', '1 d', NULL, NULL)", token.sid)
    pending = token.start()
    wait_for(lambda: waiting(db), "the second adoption to wait")
    held.rollback()
    assert pending.get().outcome == "rotated"


def test_delete_of_an_adopted_row_against_its_adoption(db, held, token):
    """The DELETE is not committed yet; whoever adopts waits, and is refused."""
    run(held, "SELECT auth_jwt.adopt(%s, 'laravel', '{}', '42', NULL, '',"
        " '30 d', '1 d', NULL, NULL)", token.sid)
    held.commit()
    run(held, "DELETE FROM auth_jwt.session")
    pending = token.start()
    wait_for(lambda: waiting(db), "the refresh to wait")
    held.commit()
    assert pending.get().outcome == "revoked"
    assert token.trade().outcome == "revoked"


def test_a_gate_that_closes_between_adoption_and_rotation(db, held, token):
    """Two transactions: the second reads the gates anew."""
    db.execute("""
        CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NULL; END $$;
        CREATE TRIGGER hold AFTER INSERT ON auth_jwt.session
            FOR EACH ROW EXECUTE FUNCTION public.hold()""")
    run(held, "SELECT pg_advisory_lock(7)")
    held.commit()
    pending = token.start()
    wait_for(lambda: waiting(db), "the adoption to stand before its commit")
    # revoke_subject() sees no row to end yet: the gate has to do it.
    assert db.value("SELECT auth_jwt.revoke_subject('42')") == 0
    run(held, "SELECT pg_advisory_unlock(7)")
    assert pending.get().outcome == "blocked"


def test_many_that_adopt_at_once(db, token):
    """One rotates, the others replay it; one row, one generation, one event."""
    answers = []
    threads = [threading.Thread(
        target=lambda: answers.append(token.trade(grace_ms=30000)))
        for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answer.outcome for answer in answers) == (
        ["replayed"] * 15 + ["rotated"])
    assert {answer.session["generation"] for answer in answers} == {1}
    assert db.execute("SELECT kind FROM auth_jwt.event") == [("adopted",)]


def test_what_was_adopted_is_committed_synchronously(db, token, commit_hangs):
    """However rotations are committed (JwtDatabaseAsync)."""
    assert token.trade(**{"async": True}).outcome == "rotated"
    commit_hangs()
    other = Token(token.child)
    answer = other.trade(**{"async": True})
    assert answer.outcome == "database_timeout"
