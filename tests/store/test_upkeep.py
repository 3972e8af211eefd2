# SPDX-License-Identifier: Apache-2.0
"""The janitor's verbs: purge, and how long the feed is kept."""

import pytest


@pytest.fixture(name="child")
def _child(db, store):
    return store(db.conninfo())


def expired(db, count):
    db.execute("""
        INSERT INTO auth_jwt.session (sid, subject, form, secret_hash,
            created_at, used_at, expires_at, idle)
        SELECT auth_jwt.new_sid(now()), 'alice', 'jr1', sha256('S'),
               now() - interval '1 h', now(), now() - interval '1 s', '1 h'
          FROM generate_series(1, %s)""", count)


def test_purge_says_how_much_went(db, child):
    expired(db, 25)
    assert [child.do("purge", batch=10).removed for _ in range(4)] == [
        10, 10, 5, 0]
    assert db.value("SELECT count(*) FROM auth_jwt.session") == 0


def test_two_that_purge_do_not_wait_for_each_other(db, child):
    expired(db, 5)
    other = db.connect(autocommit=False)
    with other.cursor() as cursor:
        cursor.execute("SELECT auth_jwt.purge(1)")
        answer = child.do("purge", batch=10)
        assert (answer.outcome, answer.removed) == ("granted", 0)
        other.commit()
    other.close()
    assert child.do("purge", batch=10).removed == 4


def test_rows_in_use_are_left_for_the_next_time(db, child):
    expired(db, 5)
    other = db.connect(autocommit=False)
    with other.cursor() as cursor:
        cursor.execute("SELECT * FROM auth_jwt.session LIMIT 2 FOR UPDATE")
        assert child.do("purge", batch=10).removed == 3
        other.rollback()
    other.close()
    assert child.do("purge", batch=10).removed == 2


def test_refreshes_go_on_while_a_purge_is_under_way(db, child):
    """Its transaction is held open, with everything deleted in it."""
    expired(db, 1000)
    db.execute("SELECT auth_jwt.open_session('alice')")
    other = db.connect(autocommit=False)
    with other.cursor() as cursor:
        cursor.execute("SELECT auth_jwt.purge(10000)")
        assert cursor.fetchone()[0] == 1000
        assert db.value("""
            SELECT r.verdict FROM auth_jwt.session s, auth_jwt.rotate(s.sid, 0,
                'js1', s.secret_hash, NULL, '', true, '0', false, NULL, NULL) r
             WHERE s.form = 'js1'""") == "rotated"
        assert db.execute("SELECT auth_jwt.open_session('bob')")
        other.commit()
    other.close()


def test_the_longest_life_of_access_tokens_rises(db, child):
    assert child.do("raise", lifetime_ms=3600000).outcome == "granted"
    assert child.do("raise", lifetime_ms=1000).outcome == "granted"
    assert db.value("SELECT generation FROM auth_jwt.feed()"
                    " WHERE kind = 'now'") == 3600


def test_a_schema_that_answers_otherwise_is_trouble(db, child):
    db.psql("""DROP FUNCTION auth_jwt.purge;
        CREATE FUNCTION auth_jwt.purge(batch int) RETURNS text LANGUAGE sql
            AS $$ SELECT 'many' $$;
        GRANT EXECUTE ON FUNCTION auth_jwt.purge TO auth_jwt_httpd""")
    answer = child.do("purge", batch=10)
    assert answer.outcome == "database_error"
    assert answer.detail == "purge() answered without a number"
