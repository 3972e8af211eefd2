# SPDX-License-Identifier: Apache-2.0
"""No reader of the feed misses a revocation, in whatever order they commit."""

import contextlib
import select

import pytest
from lab.process import wait_for

CHANNEL = "auth_jwt_revocation"


@pytest.fixture(name="admin")
def _admin(db):
    """admin(): a transaction of an administrator, held by hand."""
    with contextlib.ExitStack() as stack:
        def make(autocommit=False):
            return stack.enter_context(contextlib.closing(
                db.connect("site_admin", autocommit)))
        yield make


class Reader:
    """A janitor: what it has been told so far, and where it goes on."""

    def __init__(self, db):
        self._connection = db.connect("site_httpd")
        self.since = None
        self.told = set()

    def read(self):
        """One poll; what it returned beyond the row `now`."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT kind, key FROM auth_jwt.feed(%s::xid8)",
                           [self.since])
            (first, self.since), *rows = cursor.fetchall()
        assert first == "now"
        self.told.update(rows)
        return rows

    def listen(self):
        self.run(f"LISTEN {CHANNEL}")

    def run(self, sql):
        with self._connection.cursor() as cursor:
            cursor.execute(sql)

    def notified(self, patience=10):
        """The payloads that have come."""
        select.select([self._connection], [], [], patience)
        self._connection.poll()
        notifies = [notify.payload for notify in self._connection.notifies]
        self._connection.notifies.clear()
        return notifies

    def close(self):
        self._connection.close()


@pytest.fixture(name="reader")
def _reader(db):
    with contextlib.closing(Reader(db)) as made:
        yield made


def opened(db, subject):
    db.execute("SELECT auth_jwt.open_session(%s)", subject)
    return db.value("SELECT sid::text FROM auth_jwt.session"
                    " WHERE subject = %s", subject)


def end(transaction, sid):
    with transaction.cursor() as cursor:
        cursor.execute("UPDATE auth_jwt.session SET revoked_at = now()"
                       " WHERE sid = %s", [sid])


def test_a_revocation_that_stays_uncommitted_for_long_is_not_missed(
        db, admin, reader):
    """A is told before B, and commits long after it: ten minutes or ten polls,
    what counts is that B's seq and xid are greater and were read."""
    a, b, c = (opened(db, name) for name in "abc")
    first, second = admin(), admin()
    end(first, a)
    assert reader.read() == []
    end(second, b)
    second.commit()
    assert reader.read() == [("session", b)]
    for _ in range(10):
        db.execute("SELECT auth_jwt.revoke_session(%s)", c)
        reader.read()
    assert reader.told == {("session", b), ("session", c)}
    first.commit()
    assert ("session", a) in reader.read()
    assert reader.told == {("session", sid) for sid in (a, b, c)}


def test_a_subtransaction_is_told_with_its_transaction(db, admin, reader):
    """Its own xid is not the one that the snapshot waits for."""
    a, b = opened(db, "a"), opened(db, "b")
    long = admin()
    with long.cursor() as cursor:
        cursor.execute("SAVEPOINT one")
    end(long, a)
    with long.cursor() as cursor:
        cursor.execute("RELEASE one")
    db.execute("SELECT auth_jwt.revoke_session(%s)", b)
    assert reader.read() == [("session", b)]
    long.commit()
    assert ("session", a) in reader.read()


def test_what_is_rolled_back_is_never_told(db, admin, reader):
    sid = opened(db, "a")
    transaction = admin()
    end(transaction, sid)
    reader.read()
    transaction.rollback()
    assert reader.read() == []


def test_polls_do_not_repeat_what_was_told(db, reader):
    """Once nothing older is under way (an autovacuum may be)."""
    for subject in "ab":
        db.execute("SELECT auth_jwt.revoke_session(%s)", opened(db, subject))
        assert reader.read()
        wait_for(lambda: reader.read() == [], "the feed to be silent")
    assert len(reader.told) == 2


@pytest.mark.parametrize("statement", [
    "UPDATE auth_jwt.session SET revoked_at = now()",
    "DELETE FROM auth_jwt.session",
    "SELECT auth_jwt.revoke_subject('alice')",
    "SELECT auth_jwt.block_subject('alice')",
    "SELECT auth_jwt.revoke_client('web')",
    "SELECT auth_jwt.revoke_all()"])
def test_listeners_are_woken_when_it_commits(db, admin, reader, statement):
    """The payload is the schema: sites share databases."""
    sid = opened(db, "alice")
    reader.listen()
    administrator = admin()
    with administrator.cursor() as cursor:
        cursor.execute(statement)
    assert reader.notified(0) == []
    administrator.commit()
    assert reader.notified() == ["auth_jwt"]
    kind, key = reader.read()[-1]
    assert key == {"session": sid, "subject": "alice"}.get(kind, key)


def test_a_refresh_wakes_nobody(db, reader):
    """NOTIFY takes a lock of the whole instance at commit."""
    opened(db, "alice")
    reader.listen()
    db.execute("SELECT auth_jwt.rotate(sid, 0, 'js1', secret_hash, NULL, '',"
               " true, '0', false, NULL, NULL) FROM auth_jwt.session")
    assert db.value("SELECT generation FROM auth_jwt.session") == 1
    db.execute(f"NOTIFY {CHANNEL}, 'mine'")
    assert reader.notified() == ["mine"]


def test_a_reader_of_another_database_begins_again(db, reader):
    """After a failover to a younger copy its xids lie in the future."""
    db.execute("SELECT auth_jwt.revoke_session(%s)", opened(db, "a"))
    reader.read()
    reader.since = "4294967296000"
    assert len(reader.read()) == 1
