# SPDX-License-Identifier: Apache-2.0
"""adopt() against whatever else happens to the same token of the host.

As test_rotate_interleavings: a transaction is held by hand, or adopt() is
stopped inside adoptable(), between its look and its write.
"""

import pytest

GATE_IN_ADOPTABLE = """
    CREATE OR REPLACE FUNCTION auth_jwt.adoptable(claims jsonb)
    RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(2);
        RETURN true;
    END $$"""
ADOPT = ("SELECT auth_jwt.adopt(%s, 'laravel', '{}', %s, NULL, '', '30 days',"
         " '14 days', NULL, NULL)")
LOGOUT = ("SELECT auth_jwt.logout_host(%s, 'laravel', '{}', 'alice', NULL, '',"
          " '30 days')")
TRADE = ("SELECT verdict, generation FROM auth_jwt.rotate(%s, %s, 'laravel',"
         " NULL, NULL, '', true, '30 s', false, NULL, NULL,"
         " p_subject => %s)")


def adopt(sid, subject="alice"):
    return ADOPT, sid, subject


def trade(sid, generation=0, subject="alice"):
    return TRADE, sid, generation, subject


@pytest.fixture(name="sid")
def _sid(db):
    """Of a token that the host minted an hour ago."""
    return db.value("SELECT overlay(auth_jwt.new_sid(clock_timestamp() -"
                    " interval '1 hour')::text PLACING '8' FROM 15 FOR 1)")


def events(db):
    return [kind for kind, in db.execute(
        "SELECT kind FROM auth_jwt.event ORDER BY at")]


def test_two_adopt_at_once_and_one_session_begins(db, holder, httpd, waits,
                                                  sid):
    assert holder.run(*adopt(sid)) == ("granted",)
    assert holder.run(*trade(sid)) == ("rotated", 1)
    httpd.begin(*adopt(sid))
    waits(httpd)
    holder.commit()
    assert httpd.result() == ("granted",)
    assert httpd.run(*trade(sid)) == ("replayed", 1)
    assert events(db) == ["adopted"]


def test_adoption_that_is_rolled_back_leaves_it_to_the_other(
        db, holder, httpd, waits, sid):
    assert holder.run(*adopt(sid)) == ("granted",)
    httpd.begin(*adopt(sid))
    waits(httpd)
    holder.rollback()
    assert httpd.result() == ("granted",)
    assert httpd.run(*trade(sid)) == ("rotated", 1)
    assert events(db) == ["adopted"]


def test_same_token_of_two_users_is_the_firsts(holder, httpd, waits, sid):
    """A host that gives two users one iat and jti still signs two texts; if
    not even that, the second is nobody."""
    assert holder.run(*adopt(sid)) == ("granted",)
    httpd.begin(*adopt(sid, "bob"))
    waits(httpd)
    holder.commit()
    assert httpd.result() == ("granted",)
    assert httpd.run(*trade(sid, subject="bob")) == ("unknown", None)
    assert httpd.run(*trade(sid)) == ("rotated", 1)


@pytest.mark.parametrize("end", ["delete", "update", "revoke_session"])
def test_ending_an_adopted_row_against_its_second_adoption(
        db, client, httpd, waits, sid, end):
    """DELETE is no way to make the token adoptable again."""
    httpd.run(*adopt(sid))
    httpd.run(*trade(sid))
    admin = client("site_admin", autocommit=False)
    admin.run({"delete": "DELETE FROM auth_jwt.session WHERE sid = %s",
               "update": "UPDATE auth_jwt.session SET revoked_at = now()"
                         " WHERE sid = %s",
               "revoke_session": "SELECT auth_jwt.revoke_session(%s)"}[end],
              sid)
    assert httpd.run(*adopt(sid)) == ("granted",), "not ended yet"
    assert httpd.run(*trade(sid, 1)) == ("current", 1), "not ended yet"
    admin.commit()
    assert httpd.run(*adopt(sid)) == ("granted",)
    for generation in (0, 1, 2):
        assert httpd.run(*trade(sid, generation)) == ("revoked", None)
    assert events(db) == ["adopted", "revoked"]


def test_delete_that_waits_for_a_refresh_ends_its_successor(
        db, holder, client, httpd, waits, sid):
    httpd.run(*adopt(sid))
    assert holder.run(*trade(sid)) == ("rotated", 1)
    admin = client("site_admin")
    admin.begin("DELETE FROM auth_jwt.session WHERE sid = %s", sid)
    waits(admin)
    holder.commit()
    admin.result()
    assert httpd.run(*adopt(sid)) == ("granted",)
    for generation in (0, 1, 2):
        assert httpd.run(*trade(sid, generation)) == ("revoked", None)
    assert db.value("SELECT revoked_at IS NOT NULL FROM auth_jwt.session"
                    " WHERE sid = %s", sid)


def stopped(db, holder, httpd, waits, sid):
    """Starts an adoption that is stopped between its look and its write."""
    db.execute(GATE_IN_ADOPTABLE)
    holder.run("SELECT pg_advisory_lock(2)")
    holder.commit()
    httpd.begin(*adopt(sid))
    waits(httpd)


def go_on(holder, httpd):
    """Lets it go on: what it returned."""
    holder.run("SELECT pg_advisory_unlock(2)")
    return httpd.result()


def test_row_inserted_between_look_and_write(db, holder, httpd, waits, sid):
    """Somebody else adopted and traded it meanwhile."""
    stopped(db, holder, httpd, waits, sid)
    db.execute("INSERT INTO auth_jwt.session (sid, subject, form, created_at,"
               " generation, rotated_at, used_at, expires_at, idle) VALUES"
               " (%s, 'alice', 'laravel', now(), 1, now(), now(),"
               " now() + interval '1 day', '1 day')", sid)
    assert go_on(holder, httpd) == ("granted",)
    assert httpd.run(*trade(sid)) == ("replayed", 1)
    assert events(db) == []


def test_token_logged_out_between_look_and_write(db, holder, client, httpd,
                                                 waits, sid):
    """It was never adopted before, and is not alive afterwards."""
    stopped(db, holder, httpd, waits, sid)
    assert client("site_httpd").run(LOGOUT, sid) == ("logged_out",)
    assert go_on(holder, httpd) == ("granted",)
    assert httpd.run(*trade(sid)) == ("revoked", None)
    assert events(db) == ["logout"]


@pytest.mark.parametrize("gate", [
    "SELECT auth_jwt.revoke_subject('alice')",
    "SELECT auth_jwt.block_subject('alice')", "SELECT auth_jwt.revoke_all()"])
def test_gate_that_closes_between_look_and_write(db, holder, httpd, waits, sid,
                                                 gate):
    stopped(db, holder, httpd, waits, sid)
    db.execute(gate)
    assert go_on(holder, httpd) == ("blocked",)
    assert db.value("SELECT count(*) FROM auth_jwt.session") == 0


@pytest.mark.parametrize("gate", [
    "SELECT auth_jwt.revoke_subject('alice')",
    "SELECT auth_jwt.block_subject('alice')", "SELECT auth_jwt.revoke_all()"])
def test_adoption_that_commits_after_a_gate_has_closed(db, holder, httpd, sid,
                                                       gate):
    """The gate saw no row to end; it holds by the token's birth."""
    assert holder.run(*adopt(sid)) == ("granted",)
    db.execute(gate)
    holder.commit()
    assert httpd.run(*trade(sid)) == ("blocked", None)


def test_logout_of_a_token_that_is_being_adopted(holder, httpd, waits, sid):
    assert holder.run(*adopt(sid)) == ("granted",)
    assert holder.run(*trade(sid)) == ("rotated", 1)
    httpd.begin(LOGOUT, sid)
    waits(httpd)
    holder.commit()
    assert httpd.result() == ("logged_out",)
    for generation in (0, 1):
        assert httpd.run(*trade(sid, generation)) == ("revoked", None)
