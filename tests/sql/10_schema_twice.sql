-- SPDX-License-Identifier: Apache-2.0
-- Loading the schema again changes nothing that people have put into it.
\set ON_ERROR_STOP on
\ir ../../conf/schema.sql
SELECT plan(21);
SET search_path = auth_jwt, public;

CREATE OR REPLACE FUNCTION claims(subject text, sid uuid) RETURNS jsonb
LANGUAGE sql AS $$ SELECT '{"mine": true}'::jsonb $$;
CREATE OR REPLACE FUNCTION subject_of(login text) RETURNS text
LANGUAGE sql AS $$ SELECT 'id of ' || login $$;
UPDATE setting SET value = '1 day' WHERE name = 'refresh_lifetime';
INSERT INTO subject (subject, blocked, reason) VALUES ('eve', true, 'spam');
SELECT revoke_all(now() - interval '1 day', 'restored') \g /dev/null
SELECT sid FROM open('alice', '', NULL, sha256('S'), NULL, NULL, NULL, NULL)
\gset
CREATE TEMP TABLE before AS
SELECT p.oid, p.proname, p.proacl::text FROM pg_proc p
 WHERE pronamespace = 'auth_jwt'::regnamespace;
CREATE TEMP TABLE shape AS
SELECT c.oid, c.relname, c.relacl::text, c.relfilenode FROM pg_class c
 WHERE relnamespace = 'auth_jwt'::regnamespace;
CREATE TEMP TABLE rules AS
SELECT oid FROM pg_trigger UNION ALL SELECT oid FROM pg_constraint;

\ir ../../conf/schema.sql
SET search_path = auth_jwt, public;

SELECT is(claims('a', NULL), '{"mine": true}', 'a replaced claims() stays');
SELECT is(subject_of('a'), 'id of a', 'and subject_of()');
SELECT is(value, '1 day', 'settings stay') FROM setting
 WHERE name = 'refresh_lifetime';
SELECT ok(blocked AND reason = 'spam', 'gates stay') FROM subject;
SELECT is(reason, 'restored', 'for everyone too') FROM client;
SELECT is(s.sid, :'sid', 'sessions stay') FROM session s;
SELECT is(verdict || generation, 'rotated1', 'and go on')
  FROM rotate(:'sid', 0, 'jr1', sha256('S'), NULL, '', true, '30 s', false,
              NULL, NULL);
SELECT set_eq($$ SELECT p.oid, p.proname, p.proacl::text FROM pg_proc p
    WHERE pronamespace = 'auth_jwt'::regnamespace $$,
    'SELECT * FROM before', 'functions and their privileges are the same');
SELECT set_eq($$ SELECT c.oid, c.relname, c.relacl::text, c.relfilenode
    FROM pg_class c WHERE relnamespace = 'auth_jwt'::regnamespace $$,
    'SELECT * FROM shape', 'tables, indexes and theirs as well');
SELECT set_eq(
    'SELECT oid FROM pg_trigger UNION ALL SELECT oid FROM pg_constraint',
    'SELECT * FROM rules', 'triggers and constraints too');
SELECT is(value, '2', 'the version is said once') FROM setting
 WHERE name = 'schema_version';

-- A second schema beside it, with a name that needs quotes.
\set schema 'it''s "ours"'
\ir ../../conf/schema.sql
SELECT is(current_schemas(false), '{auth_jwt,public}', 'search_path is restored');
SELECT is((SELECT count(*)::int FROM pg_proc p
    JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = :'schema'),
    (SELECT count(*)::int FROM pg_proc
    WHERE pronamespace = 'auth_jwt'::regnamespace), 'all functions are there');
SELECT is(count(*) FILTER (WHERE config = format('search_path=%I, pg_temp',
          :'schema')), count(*), 'and stay in it')
  FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace,
       unnest(proconfig) config
 WHERE nspname = :'schema' AND config LIKE 'search_path=%'
HAVING count(*) > 0;
SELECT is((SELECT count(*)::int FROM pg_proc p
    JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = :'schema'
    AND regexp_replace(prosrc, 'auth_jwt_(revocation|refresh)', '', 'g')
        LIKE '%auth_jwt%'), 0, 'no body names another schema');
SELECT a.verdict, a.sid FROM :"schema".open('zoe', '', NULL, sha256('S'),
    NULL, NULL, NULL, NULL) a \gset
SELECT is(:'verdict'::text, 'logged_in', 'a login there');
SELECT is(subject, 'zoe', 'is there, with a subject_of() of its own')
  FROM :"schema".session;
SELECT is(count(*)::int, 1, 'and not here') FROM auth_jwt.session;
SELECT is(verdict, 'rotated', 'refreshed there')
  FROM :"schema".rotate(:'sid', 0, 'jr1', sha256('S'), NULL, '', true, '30 s',
                        false, NULL, NULL);
SELECT is(:"schema".logout(:'sid', 'jr1', sha256('S'), NULL, ''), 'logged_out',
          'and ended there');
SELECT is(revoked_at, NULL, 'a gate of one schema') FROM auth_jwt.session;
SELECT * FROM finish();
