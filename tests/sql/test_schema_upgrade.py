# SPDX-License-Identifier: Apache-2.0
"""An older schema is brought up to date in place."""

import hashlib
import pathlib
import threading

import pytest
from lab.postgres import SCHEMA, Database
from lab.process import wait_for

OLD = pathlib.Path(__file__).parent / "old" / "schema_1.sql"
HASH = "\\x" + hashlib.sha256(b"S").hexdigest()
OPEN = (f"SELECT sid FROM auth_jwt.open('%s', '', NULL, '{HASH}',"
        " '30 d', '14 d', NULL, NULL)")
CLAIMS = """CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text, sid uuid)
            RETURNS jsonb LANGUAGE sql AS $$ SELECT '{"mine": true}'::jsonb $$"""

#: All that loading the file makes, as text, but for generated names.
SHAPE = {
    "functions": """SELECT concat_ws(' ', p.oid::regprocedure, p.prosrc,
        p.proconfig, p.prosecdef, p.provolatile, pg_get_function_result(p.oid),
        pg_get_function_arguments(p.oid), p.proacl) FROM pg_proc p
        WHERE pronamespace = 'auth_jwt'::regnamespace""",
    "columns": """SELECT concat_ws(' ', attrelid::regclass, attname,
        format_type(atttypid, atttypmod), attnotnull, attidentity,
        pg_get_expr(adbin, adrelid), attacl) FROM pg_attribute
        JOIN pg_class c ON c.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'auth_jwt'::regnamespace AND attnum > 0
        AND NOT attisdropped""",
    "relations": """SELECT concat_ws(' ', relname, relkind, relacl, reloptions)
        FROM pg_class WHERE relnamespace = 'auth_jwt'::regnamespace""",
    "indexes": """SELECT pg_get_indexdef(indexrelid) FROM pg_index
        JOIN pg_class c ON c.oid = indrelid
        WHERE relnamespace = 'auth_jwt'::regnamespace""",
    "views": """SELECT viewname || definition FROM pg_views
        WHERE schemaname = 'auth_jwt'""",
    "constraints": """SELECT conrelid::regclass || pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'auth_jwt'::regnamespace""",
    "triggers": """SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t
        JOIN pg_class c ON c.oid = tgrelid
        WHERE relnamespace = 'auth_jwt'::regnamespace AND NOT tgisinternal""",
    "settings": "SELECT name || ' ' || value FROM auth_jwt.setting",
}


@pytest.fixture(name="old")
def _old(db):
    """A database with version 1 in it."""
    name = f"{db.name}_old"
    db.cluster.create_database(name)
    made = Database(db.cluster, name)
    db.cluster.load(OLD, name)
    yield made
    made.drop()


def upgrade(db):
    db.cluster.load(SCHEMA, db.name)


def rotate(db, sid, generation):
    return db.value("SELECT verdict FROM auth_jwt.rotate(%s, %s, 'jr1', %s,"
                    " NULL, '', true, '0', false, NULL, NULL)",
                    sid, generation, HASH)


def feed(db):
    return sorted((kind, key) for kind, key in db.execute(
        "SELECT kind, key FROM auth_jwt.feed() WHERE kind <> 'now'"))


def test_sessions_and_replaced_functions_survive(old):
    sid = old.value(OPEN % "alice")
    assert rotate(old, sid, 0) == "rotated"
    old.execute(CLAIMS)
    old.execute("UPDATE auth_jwt.setting SET value = '3 days'"
                " WHERE name = 'refresh_lifetime'")
    upgrade(old)
    assert old.value("SELECT claims FROM auth_jwt.rotate(%s, 1, 'jr1', %s,"
                     " NULL, '', true, '0', false, NULL, NULL)",
                     sid, HASH) == {"mine": True}
    assert old.value("SELECT value FROM auth_jwt.setting"
                     " WHERE name = 'refresh_lifetime'") == "3 days"


@pytest.mark.parametrize("what", SHAPE)
def test_nothing_tells_an_upgraded_schema_from_a_new_one(old, db, what):
    upgrade(old)
    assert old.execute(SHAPE[what])
    assert sorted(old.execute(SHAPE[what])) == sorted(db.execute(SHAPE[what]))


def test_what_was_ended_lately_reaches_httpd(old):
    """Its access tokens may still live; those of last week do not."""
    late, early, live = (old.value(OPEN % name)
                         for name in ("late", "early", "live"))
    old.execute("UPDATE auth_jwt.session SET revoked_at = now()"
                " WHERE sid = %s", late)
    old.execute("UPDATE auth_jwt.session SET revoked_at = now() -"
                " interval '1 week' WHERE sid = %s", early)
    old.execute("INSERT INTO auth_jwt.subject VALUES"
                " ('young', now(), false),"
                " ('old', now() - interval '1 week', false),"
                " ('blocked', now() - interval '1 week', true)")
    old.execute("INSERT INTO auth_jwt.client VALUES"
                " ('*', now()), ('web', now() - interval '1 week')")
    upgrade(old)
    told = [("client", "*"), ("session", late), ("subject", "blocked"),
            ("subject", "young")]
    assert feed(old) == told
    upgrade(old)
    assert feed(old) == told, "told once"
    old.execute("DELETE FROM auth_jwt.revocation")
    assert rotate(old, live, 0) == "blocked", "a gate stays one"


def test_upgrade_waits_for_a_refresh_under_way(old):
    sid = old.value(OPEN % "alice")
    busy = old.connect(autocommit=False)
    with busy.cursor() as cursor:
        cursor.execute("UPDATE auth_jwt.session SET used_at = now()")
        loading = threading.Thread(target=upgrade, args=[old], daemon=True)
        loading.start()
        wait_for(lambda: old.value("SELECT count(*) FROM pg_locks"
                                   " WHERE NOT granted"), "the load to wait")
        busy.commit()
    loading.join(20)
    busy.close()
    assert rotate(old, sid, 0) == "rotated"
