-- SPDX-License-Identifier: Apache-2.0
-- Who may do what: each grant once, and the refusal of everything else.
\ir helpers.psql
SELECT plan(90);

CREATE ROLE t_stranger;
GRANT USAGE ON SCHEMA auth_jwt, t, public TO t_stranger;
GRANT USAGE ON SCHEMA t TO auth_jwt_httpd, auth_jwt_app, auth_jwt_admin;
\set all_roles 'ARRAY[''auth_jwt_httpd'', ''auth_jwt_app'', ''auth_jwt_admin'', ''t_stranger'']'

SELECT ok(NOT rolcanlogin AND NOT rolsuper AND NOT rolcreaterole
          AND NOT rolcreatedb AND NOT rolbypassrls AND NOT rolreplication,
          rolname || ' is a bare role')
  FROM pg_roles WHERE rolname IN ('auth_jwt_httpd', 'auth_jwt_app',
                                  'auth_jwt_admin');

-- The whole of the privileges, from the catalog.
SELECT set_eq($$
    SELECT r, p.proname::text FROM unnest($$ || :'all_roles' || $$) AS r,
           pg_proc p WHERE p.pronamespace = 'auth_jwt'::regnamespace
       AND has_function_privilege(r, p.oid, 'EXECUTE') $$,
    $$ VALUES ('auth_jwt_httpd', 'open'), ('auth_jwt_httpd', 'rotate'),
              ('auth_jwt_httpd', 'logout'), ('auth_jwt_httpd', 'feed'),
              ('auth_jwt_httpd', 'standing'), ('auth_jwt_httpd', 'adopt'),
              ('auth_jwt_httpd', 'logout_host'),
              ('auth_jwt_httpd', 'mismatch'),
              ('auth_jwt_httpd', 'introspect'),
              ('auth_jwt_httpd', 'own_sessions'),
              ('auth_jwt_httpd', 'end_own_sessions'),
              ('auth_jwt_httpd', 'raise_access_lifetime'),
              ('auth_jwt_httpd', 'purge'), ('auth_jwt_admin', 'purge'),
              ('auth_jwt_admin', 'revoke_token'),
              ('auth_jwt_app', 'open_session'),
              ('auth_jwt_admin', 'revoke_session'),
              ('auth_jwt_admin', 'revoke_subject'),
              ('auth_jwt_admin', 'revoke_client'),
              ('auth_jwt_admin', 'revoke_all'),
              ('auth_jwt_admin', 'block_subject'),
              ('auth_jwt_admin', 'unblock_subject'),
              ('auth_jwt_admin', 'sessions_of') $$, 'functions');
SELECT set_eq($$
    SELECT r, c.relname || ' ' || privilege
      FROM unnest($$ || :'all_roles' || $$) AS r, pg_class c,
           unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE',
                        'REFERENCES', 'TRIGGER']) AS privilege
     WHERE c.relnamespace = 'auth_jwt'::regnamespace
       AND c.relkind IN ('r', 'v', 'm', 'p')
       AND has_table_privilege(r, c.oid, privilege) $$,
    $$ VALUES ('auth_jwt_admin', 'session DELETE'),
              ('auth_jwt_admin', 'subject SELECT'),
              ('auth_jwt_admin', 'client SELECT'),
              ('auth_jwt_admin', 'setting SELECT'),
              ('auth_jwt_admin', 'event SELECT'),
              ('auth_jwt_admin', 'revocation SELECT'),
              ('auth_jwt_admin', 'adoption SELECT'),
              ('auth_jwt_admin', 'stats SELECT'),
              ('auth_jwt_admin', 'active_session SELECT'),
              ('auth_jwt_admin', 'reuse_incident SELECT') $$, 'tables');
SELECT set_eq($$
    SELECT r, attname || ' ' || privilege
      FROM unnest($$ || :'all_roles' || $$) AS r, pg_attribute,
           unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'])
               AS privilege
     WHERE attrelid = 'auth_jwt.session'::regclass AND attnum > 0
       AND has_column_privilege(r, attrelid, attnum, privilege) $$,
    $$ SELECT 'auth_jwt_admin' AS r, attname || ' SELECT' AS p FROM pg_attribute
        WHERE attrelid = 'auth_jwt.session'::regclass AND attnum > 0
          AND attname <> 'secret_hash'
       UNION ALL VALUES ('auth_jwt_admin', 'revoked_at UPDATE'),
                        ('auth_jwt_admin', 'revoke_reason UPDATE') $$,
    'columns of session: all but the hash to read, the end to write');
SELECT is((SELECT count(*)::int FROM pg_attribute
           WHERE attname = 'secret_hash' AND attrelid IN (
               SELECT oid FROM pg_class
                WHERE relnamespace = 'auth_jwt'::regnamespace
                  AND relkind = 'v')), 0, 'no view shows the hash');
SELECT is(has_schema_privilege(r, 'auth_jwt', 'CREATE'), false,
          r || ' creates nothing') FROM unnest(:all_roles) AS r;
SELECT is(has_schema_privilege('public', 'auth_jwt', 'USAGE'), false,
          'PUBLIC does not even see the schema');

-- How the functions run.
SELECT is_empty($$ SELECT proname FROM pg_proc
    WHERE pronamespace = 'auth_jwt'::regnamespace AND prosecdef
      AND proconfig @> ARRAY['search_path=auth_jwt, pg_temp'] IS NOT TRUE $$,
    'with the owner''s rights only within our schema');
SELECT is_empty($$ SELECT proname FROM pg_proc
    WHERE pronamespace = 'auth_jwt'::regnamespace
      AND (proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl)
                                      WHERE grantee = 0)) $$,
    'no function is everybody''s');
SELECT is_empty($$ SELECT relname FROM pg_class
    WHERE relnamespace = 'auth_jwt'::regnamespace
      AND EXISTS (SELECT FROM aclexplode(relacl) WHERE grantee = 0) $$,
    'nor any table, view or sequence');
SELECT is_empty($$ SELECT DISTINCT proname FROM pg_proc,
        unnest($$ || :'all_roles' || $$) AS r
    WHERE pronamespace = 'auth_jwt'::regnamespace AND NOT prosecdef
      AND has_function_privilege(r, pg_proc.oid, 'EXECUTE') $$,
    'what a role may call runs with the owner''s rights');
SELECT is_empty($$ SELECT tgname FROM pg_trigger JOIN pg_proc p ON p.oid = tgfoid
    WHERE pronamespace = 'auth_jwt'::regnamespace AND NOT prosecdef
      AND prosrc !~ '^\s*BEGIN\s+RAISE EXCEPTION [^;]+;\s+END\s*$' $$,
    'and so does every trigger that does more than refuse');

-- Each function is called by each role that may not: a new one is not forgotten.
CREATE FUNCTION t.callable(roles text[]) RETURNS SETOF text
LANGUAGE plpgsql AS $f$
DECLARE
    f record;
    r text;
    state text;
BEGIN
    FOR f IN SELECT p.oid, proname, (SELECT coalesce(string_agg('NULL::'
                 || format_type(t, NULL), ', '), '')
                 FROM unnest(p.proargtypes) t) AS arguments
               FROM pg_proc p WHERE pronamespace = 'auth_jwt'::regnamespace
                AND prorettype <> 'trigger'::regtype
    LOOP
        FOREACH r IN ARRAY roles LOOP
            CONTINUE WHEN has_function_privilege(r, f.oid, 'EXECUTE');
            state := 'none';
            BEGIN
                PERFORM t.run_as(r, format('SELECT auth_jwt.%I(%s)', f.proname,
                                           f.arguments));
            EXCEPTION WHEN OTHERS THEN
                state := SQLSTATE;
            END;
            IF state <> '42501' THEN
                RETURN NEXT format('%s calls %s: %s', r, f.proname, state);
            END IF;
        END LOOP;
    END LOOP;
END
$f$;
SELECT is_empty(format('SELECT t.callable(%L)', :all_roles),
    'nobody calls what was not granted');

-- httpd at work.
SELECT is(t.run_as('auth_jwt_httpd', $$ SELECT verdict FROM
    auth_jwt.open('alice', '', NULL, sha256('S'), '1 h', '1 h', NULL, NULL) $$),
    'logged_in', 'httpd opens');
SELECT sid FROM session LIMIT 1 \gset
SELECT is(t.run_as('auth_jwt_httpd', format('SELECT verdict FROM
    auth_jwt.rotate(%L, 0, ''jr1'', sha256(''S''), NULL, '''', true, ''30 s'',
    true, NULL, NULL)', :'sid')), 'rotated', 'rotates');
SELECT is(t.run_as('auth_jwt_httpd', format('SELECT verdict FROM
    auth_jwt.rotate(%L, 1, ''jr1'', sha256(''S''), NULL, '''', false, ''0'',
    false, NULL, NULL)', :'sid')), 'current', 'reads');
SELECT is(t.run_as('auth_jwt_httpd', format('SELECT auth_jwt.logout(%L,
    ''jr1'', sha256(''S''), NULL, '''')', :'sid')), 'logged_out', 'logs out');
SELECT t.session(generation => 5) AS sid \gset
SELECT is(t.run_as('auth_jwt_httpd', format('SELECT verdict FROM
    auth_jwt.rotate(%L, 3, ''jr1'', sha256(''S''), NULL, '''', true, ''30 s'',
    true, NULL, NULL)', :'sid')), 'reused', 'and catches thieves');
SELECT t.session() AS sid \gset
SELECT is(t.run_as('auth_jwt_httpd', format('SELECT verdict FROM
    auth_jwt.rotate(%L, 1, ''jr1'', sha256(''S''), NULL, '''', true, ''30 s'',
    true, NULL, NULL)', :'sid')), 'healed', 'and heals');

-- A replaced function sees what its owner sees, and nobody calls it.
CREATE TABLE t.host_user (login text, id text);
INSERT INTO t.host_user VALUES ('alice@example.org', '42');
CREATE OR REPLACE FUNCTION subject_of(login text) RETURNS text
LANGUAGE sql AS $$
    SELECT u.id FROM t.host_user u WHERE u.login = subject_of.login
$$;
CREATE OR REPLACE FUNCTION claims(subject text, sid uuid) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_build_object('mail', u.login, 'by', current_user)
      FROM t.host_user u WHERE u.id = claims.subject
$$;
SELECT is(t.run_as('auth_jwt_httpd', $$ SELECT claims->>'mail' FROM
    auth_jwt.open('alice@example.org', '', NULL, sha256('S'), '1 h', '1 h',
                  NULL, NULL) $$),
    'alice@example.org', 'claims() and subject_of() run as the owner');
SELECT throws_ok(format('SELECT t.run_as(%L, %L)', r, statement), '42501',
                 NULL, format('%s may not: %s', r, statement))
  FROM unnest(:all_roles) AS r,
       unnest(ARRAY['SELECT auth_jwt.claims(''42'', NULL)',
                    'SELECT auth_jwt.subject_of(''x'')']) AS statement;

-- The host at work.
SELECT matches(t.run_as('auth_jwt_app',
    'SELECT auth_jwt.open_session(''42'')'), '^js1_', 'the host logs in');

-- The administrator at work.
CREATE FUNCTION t.admin(statement text) RETURNS text
LANGUAGE sql AS $$ SELECT t.run_as('auth_jwt_admin', statement) $$;
SELECT t.session(subject => '1') AS one, t.session(subject => '2') AS two,
       t.session(subject => '3') AS three, t.session(subject => '4') AS four
\gset
SELECT is(t.admin(format('UPDATE auth_jwt.session SET revoked_at = now()
    WHERE sid = %L RETURNING subject', :'one')), '1', 'plain UPDATE');
SELECT is(t.reason(:'one') || ' ' || t.events(:'one'), 'none given revoked',
          'is seen and recorded');
SELECT is(t.admin(format('UPDATE auth_jwt.session SET revoked_at = now(),
    revoke_reason = ''mine'' WHERE subject = ''2'' RETURNING subject')), '2',
    'with a reason');
SELECT is(t.admin(format('DELETE FROM auth_jwt.session WHERE sid = %L
    RETURNING subject', :'three')), '3', 'plain DELETE');
SELECT is(t.events(:'three'), 'revoked', 'is recorded');
SELECT is(t.admin(format('SELECT auth_jwt.revoke_session(%L)', :'four')),
          'true', 'revoke_session');
SELECT is(t.admin('SELECT auth_jwt.revoke_subject(''42'')'), '2',
          'revoke_subject');
SELECT is(t.admin('SELECT auth_jwt.block_subject(''42'')'), '0',
          'block_subject');
SELECT is(t.admin('SELECT auth_jwt.unblock_subject(''42'')'), 'true',
          'unblock_subject');
SELECT is(t.admin('SELECT auth_jwt.revoke_client(''web'')'), NULL,
          'revoke_client');
SELECT is(t.admin('SELECT auth_jwt.revoke_all()'), NULL, 'revoke_all');
SELECT is(t.admin('SELECT count(*) FROM auth_jwt.sessions_of(''42'')'), '2',
          'sessions_of');
SELECT is(t.admin('SELECT count(*) FROM auth_jwt.' || name) >= '0', true,
          'reads ' || name)
  FROM unnest(ARRAY['active_session', 'reuse_incident', 'subject', 'client',
                    'setting', 'event', 'session']) AS name;
SELECT is(t.admin(format('SELECT claims FROM auth_jwt.session
    WHERE sid = %L', :'four')), '{}', 'and the claims of a session');

-- Refused, tried for real. The catalog above says the same of the rest.
SELECT throws_ok(format('SELECT t.run_as(%L, %L)', r, statement), '42501',
                 NULL, format('%s may not: %s', r, statement))
  FROM (VALUES
    ('auth_jwt_httpd', 'SELECT sid FROM auth_jwt.session'),
    ('auth_jwt_httpd', 'DELETE FROM auth_jwt.session'),
    ('auth_jwt_httpd', 'SELECT name FROM auth_jwt.setting'),
    ('auth_jwt_httpd', 'SELECT sid FROM auth_jwt.active_session'),
    ('auth_jwt_httpd', 'SELECT sid FROM auth_jwt.event'),
    ('auth_jwt_httpd', 'INSERT INTO auth_jwt.event (kind) VALUES (''login'')'),
    ('auth_jwt_httpd', 'SELECT auth_jwt.open_session(''42'')'),
    ('auth_jwt_httpd', 'SELECT auth_jwt.begin_session(''42'', '''', ''js1'',
        NULL, NULL, ''{}'', sha256(''S''), NULL, NULL, NULL, NULL)'),
    ('auth_jwt_httpd', 'SELECT auth_jwt.live_claims(NULL, ''42'', NULL, now(),
        ''{}'')'),
    ('auth_jwt_httpd', 'SELECT auth_jwt.revoke_all()'),
    ('auth_jwt_httpd', 'SELECT auth_jwt.sessions_of(''42'')'),
    ('auth_jwt_app', 'SELECT sid FROM auth_jwt.session'),
    ('auth_jwt_app', 'SELECT auth_jwt.revoke_subject(''42'')'),
    ('auth_jwt_app', 'SELECT auth_jwt.open(''42'', '''', NULL, sha256(''S''),
        NULL, NULL, NULL, NULL)'),
    ('auth_jwt_admin', 'SELECT secret_hash FROM auth_jwt.session'),
    ('auth_jwt_admin', 'SELECT * FROM auth_jwt.session'),
    ('auth_jwt_admin', 'SELECT 1 FROM auth_jwt.session
        WHERE secret_hash = sha256(''S'')'),
    ('auth_jwt_admin', 'UPDATE auth_jwt.session SET generation = 0'),
    ('auth_jwt_admin', 'UPDATE auth_jwt.session SET subject = ''root'''),
    ('auth_jwt_admin', 'UPDATE auth_jwt.session SET claims = ''{}'''),
    ('auth_jwt_admin', 'UPDATE auth_jwt.session SET expires_at = ''infinity'''),
    ('auth_jwt_admin', 'INSERT INTO auth_jwt.session (sid) VALUES (NULL)'),
    ('auth_jwt_admin', 'TRUNCATE auth_jwt.session'),
    ('auth_jwt_admin', 'INSERT INTO auth_jwt.subject VALUES (''x'')'),
    ('auth_jwt_admin', 'DELETE FROM auth_jwt.subject'),
    ('auth_jwt_admin', 'UPDATE auth_jwt.client SET not_before = NULL'),
    ('auth_jwt_admin', 'DELETE FROM auth_jwt.event'),
    ('auth_jwt_admin', 'UPDATE auth_jwt.setting SET value = ''1 s'''),
    ('auth_jwt_admin', 'SELECT auth_jwt.open_session(''42'')'),
    ('auth_jwt_admin', 'SELECT auth_jwt.close_subject(''x'', true, '''')'),
    ('auth_jwt_admin', 'SELECT auth_jwt.rotate(NULL, 0, ''jr1'', NULL, NULL,
        '''', true, ''0'', false, NULL, NULL)'),
    ('t_stranger', 'SELECT auth_jwt.rotate(NULL, 0, ''jr1'', NULL, NULL,
        '''', true, ''0'', false, NULL, NULL)'),
    ('t_stranger', 'SELECT sid FROM auth_jwt.session')) AS a(r, statement);
SELECT throws_ok(format('SELECT t.admin(%L)',
    'UPDATE auth_jwt.session SET revoked_at = NULL'), '23000', NULL,
    'and what was ended stays so for the administrator, too');

-- A temporary table of the caller is not taken for ours.
GRANT TEMPORARY ON DATABASE :"DBNAME" TO auth_jwt_httpd;
SELECT t.session() AS sid \gset
SET LOCAL ROLE auth_jwt_httpd;
CREATE TEMP TABLE session (sid uuid);
RESET ROLE;
SELECT is('session'::regclass <> 'auth_jwt.session'::regclass, true,
          'httpd makes a table of that name');
SELECT is(t.run_as('auth_jwt_httpd', format('SELECT auth_jwt.logout(%L,
    ''jr1'', sha256(''S''), NULL, '''')', :'sid')), 'logged_out',
    'the functions read ours');

SELECT * FROM finish();
ROLLBACK;
