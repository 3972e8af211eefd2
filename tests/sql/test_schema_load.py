# SPDX-License-Identifier: Apache-2.0
"""Where and by whom conf/schema.sql can be loaded, and what it refuses."""

import contextlib
import hashlib
import threading

import pytest
from lab.place import Place
from lab.postgres import SCHEMA, Cluster, Database

HASH = "\\x" + hashlib.sha256(b"S").hexdigest()
ADOPTED = "018bcfe5-6800-8fdc-982f-754b7d53995a"
OPEN = (f"SELECT verdict, sid FROM auth_jwt.open('alice', '', NULL, '{HASH}',"
        " '1 h', '1 h', NULL, NULL)")


@pytest.fixture(name="bare")
def _bare():
    """A cluster where nothing of ours was ever loaded."""
    with Place() as place:
        yield Cluster(place, fsync="off").start()


def test_newer_schema_is_not_loaded_over(db):
    db.psql("UPDATE auth_jwt.setting SET value = '2147483647'"
            " WHERE name = 'schema_version'")
    db.psql("DROP FUNCTION auth_jwt.revoke_all")
    with pytest.raises(RuntimeError, match="schema auth_jwt is newer"):
        db.cluster.load(SCHEMA, db.name)
    assert db.psql("SELECT to_regproc('auth_jwt.revoke_all') IS NULL") == "t\n"


def test_failure_leaves_nothing_half_done(db, tmp_path):
    db.psql("CREATE SCHEMA half; CREATE TABLE half.event (name text)")
    script = tmp_path / "half.sql"
    script.write_text(f"\\set schema half\n\\i '{SCHEMA}'\n")
    with pytest.raises(RuntimeError, match='column "at" does not exist'):
        db.cluster.load(script, db.name)
    assert db.psql("SELECT count(*) FROM pg_class WHERE relnamespace ="
                   " 'half'::regnamespace") == "1\n"


def test_loads_again_while_sessions_are_being_written(db):
    sid = db.psql(OPEN).strip().partition("|")[2]
    with contextlib.closing(db.connect(autocommit=False)) as busy:
        cursor = busy.cursor()
        cursor.execute("UPDATE auth_jwt.session SET used_at = now()")
        cursor.execute("SELECT * FROM auth_jwt.client FOR UPDATE")
        cursor.execute("INSERT INTO auth_jwt.event (kind) VALUES ('login')")
        db.cluster.load(SCHEMA, db.name)
        busy.rollback()
    assert db.psql("SELECT sid FROM auth_jwt.session").strip() == sid


def test_loads_into_two_databases_of_a_bare_cluster_at_once(bare):
    errors = []

    def load(name):
        try:
            bare.load(SCHEMA, name)
        except RuntimeError as error:
            errors.append(str(error))

    names = ["one", "two", "three", "four"]
    for name in names:
        bare.create_database(name)
    # Each database twice: against itself and against the others.
    threads = [threading.Thread(target=load, args=[name], daemon=True)
               for name in names * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert bare.psql("SELECT count(*) FROM pg_roles WHERE rolname LIKE"
                     " 'auth\\_jwt\\_%' AND NOT rolcanlogin") == "3\n"
    for name in names:
        assert bare.psql(OPEN, name).startswith("logged_in|")


def test_owner_needs_no_superuser(cluster):
    """The roles exist by then; everything else is the owner's."""
    cluster.database().drop()
    cluster.psql("CREATE ROLE t_owner LOGIN")
    cluster.psql("CREATE DATABASE t_owned OWNER t_owner")
    try:
        cluster.load(SCHEMA, "t_owned", "t_owner")
        cluster.load(SCHEMA, "t_owned", "t_owner")
        opened = cluster.psql(OPEN, "t_owned", "site_httpd")
        sid = opened.strip().partition("|")[2]
        rotate = (f"SELECT verdict FROM auth_jwt.rotate('{sid}', 0, 'jr1',"
                  f" '{HASH}', NULL, '', true, '0', true, NULL, NULL)")
        assert cluster.psql(rotate, "t_owned", "site_httpd") == "rotated\n"
        cluster.psql(f"UPDATE auth_jwt.session SET revoked_at = now()"
                     f" WHERE sid = '{sid}'", "t_owned", "site_admin")
        assert cluster.psql(rotate, "t_owned", "site_httpd") == "revoked\n"
        assert cluster.psql("SELECT kind FROM auth_jwt.event ORDER BY at",
                            "t_owned", "site_admin") == "login\nrevoked\n"
    finally:
        cluster.drop_database("t_owned")
        cluster.psql("DROP ROLE t_owner")


def test_standby_is_unfit_and_never_raises(bare):
    bare.load(SCHEMA)
    verdict, _, sid = bare.psql(OPEN).strip().partition("|")
    assert verdict == "logged_in"
    bare.stop()
    signal = bare.data / "standby.signal"
    signal.touch()
    bare.account.own(signal)
    bare.start()
    assert bare.psql("SELECT pg_is_in_recovery()") == "t\n"
    assert bare.psql(OPEN) == "unfit|\n"
    for rotate in ("true", "false"):
        assert bare.psql(
            f"SELECT verdict FROM auth_jwt.rotate('{sid}', 0, 'jr1', '{HASH}',"
            f" NULL, '', {rotate}, '30 s', true, NULL, NULL)") == "unfit\n"
    for call in (f"logout('{sid}', 'jr1', '{HASH}', NULL, '')",
                 f"standing('{sid}', 'alice', NULL, now(), NULL)",
                 f"adopt('{ADOPTED}', 'laravel', '{{}}', 'alice', NULL, '',"
                 " '30 d', '1 d', NULL, NULL)",
                 f"logout_host('{ADOPTED}', 'laravel', '{{}}', 'alice', NULL,"
                 " '', '30 d')",
                 "raise_access_lifetime('1 h')"):
        assert bare.psql(f"SELECT auth_jwt.{call}") == "unfit\n", call
    for call in (f"introspect('{sid}', 'jr1', 0, '{HASH}', '')",
                 f"end_own_sessions('{sid}', '', 'alice')"):
        assert bare.psql(f"SELECT verdict FROM auth_jwt.{call}") == "unfit\n"
    assert bare.psql("SELECT auth_jwt.purge()") == "0\n"
    assert bare.psql("SELECT kind FROM auth_jwt.feed()") == "now\n"


def test_dump_and_restore_keep_sessions_and_rules(db, tmp_path):
    sid = db.psql(OPEN).strip().partition("|")[2]
    script = tmp_path / "dump.sql"
    script.write_text(db.dump())
    db.cluster.create_database("t_restored")
    other = Database(db.cluster, "t_restored")
    try:
        db.cluster.load(script, other.name)
        assert other.psql(
            f"SELECT verdict FROM auth_jwt.rotate('{sid}', 0, 'jr1', '{HASH}',"
            " NULL, '', true, '0', false, NULL, NULL)",
            "site_httpd") == "rotated\n"
        other.psql("UPDATE auth_jwt.session SET revoked_at = now()")
        with pytest.raises(RuntimeError, match="stays so"):
            other.psql("UPDATE auth_jwt.session SET revoked_at = NULL")
        db.cluster.load(SCHEMA, other.name)
    finally:
        other.drop()
