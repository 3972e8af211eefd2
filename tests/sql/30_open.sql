-- SPDX-License-Identifier: Apache-2.0
-- open(): a login that httpd's provider has agreed to.
\ir helpers.psql
SELECT plan(61);

CREATE FUNCTION t.open(
    login text DEFAULT 'alice', site text DEFAULT 'shop',
    client text DEFAULT 'web', secret bytea DEFAULT 'S',
    lifetime interval DEFAULT '10 h', idle interval DEFAULT '1 h',
    agent text DEFAULT 'curl', address text DEFAULT '::1') RETURNS answer
LANGUAGE sql AS $$
    SELECT auth_jwt.open(login, site, client, sha256(secret), lifetime, idle,
                         agent, address)
$$;

SELECT clock_timestamp() AS began \gset
SELECT verdict, sid, generation, subject, client, claims, remaining,
       scope IS NULL AS no_scope FROM t.open() \gset
SELECT is(:'verdict'::text, 'logged_in', 'a login');
SELECT is(:generation, 0, 'at generation 0');
SELECT is(:'subject' || :'client', 'aliceweb', 'says whose and for which client');
SELECT ok(:'no_scope', 'takes no scope');
SELECT is(:'claims'::jsonb, '{}', 'and no claims but those of claims()');
SELECT ok(:remaining > 35998 AND :remaining <= 36000, 'lives for its lifetime');

SELECT is(to_jsonb(s) - '{sid,created_at,used_at,expires_at}'::text[],
    jsonb_build_object('subject', 'alice', 'site', 'shop', 'form', 'jr1',
    'client', 'web', 'scope', NULL, 'claims', '{}'::jsonb, 'generation', 0,
    'secret_hash', sha256('S')::text, 'binding', NULL, 'rotated_at', NULL,
    'idle', '01:00:00', 'revoked_at', NULL, 'revoke_reason', NULL,
    'user_agent', 'curl', 'address', '::1'), 'the row') FROM session s;
SELECT ok(created_at BETWEEN :'began'::timestamptz - interval '1 ms'
          AND clock_timestamp() AND created_at = used_at
          AND expires_at = created_at + interval '10 h', 'its times')
  FROM session;
SELECT is(t.events(:'sid'), 'login', 'and its event');

-- Sessions whose refresh token is a JWT have no S; a js1 would work without
-- the MAC key, so httpd's login cannot open one.
SELECT is((open('alice', '', NULL, NULL, '1 h', '1 h', NULL, NULL, f.form)
          ).verdict, 'logged_in', 'form ' || f.form)
  FROM (VALUES ('laravel'), ('simplejwt')) f(form);
SELECT is(array_agg(form ORDER BY form), '{laravel,simplejwt}', 'without S')
  FROM session WHERE secret_hash IS NULL;
SELECT throws_like(format($$ SELECT open('alice', '', NULL, sha256('S'), '1 h',
    '1 h', NULL, NULL, %L) $$, f.form), 'open() makes no session of form%',
    'no session of form ' || coalesce(f.form, 'NULL'))
  FROM (VALUES ('js1'), ('other'), (NULL)) f(form);
SELECT throws_ok($$ SELECT open('alice', '', NULL, sha256('S'), '1 h', '1 h',
    NULL, NULL, 'laravel') $$, '23514', NULL, 'a JWT has no S');
DELETE FROM session WHERE form <> 'jr1';

-- The sid is a UUID of version 7 that says the birth.
SELECT is(substr(:'sid', 15, 1), '7', 'version 7');
SELECT ok(substr(:'sid', 20, 1) IN ('8', '9', 'a', 'b'), 'RFC variant');
SELECT is(created_at, to_timestamp(('x' || lpad(
    substr(replace(sid::text, '-', ''), 1, 12), 16, '0'))::bit(64)::bigint
    / 1000.0), 'its milliseconds are created_at') FROM session;
SELECT is(count(DISTINCT substr(new_sid(now())::text, 15))::int, 1000,
          'the rest is random') FROM generate_series(1, 1000);
SELECT is(round(avg(get_bit(uuid_send(new_sid(now())), bit)), 0) IN (0, 1)
          AND stddev(get_bit(uuid_send(new_sid(now())), bit)) > 0.4, true,
          format('bit %s is random', bit))
  FROM generate_series(1, 400), unnest(ARRAY[48, 51, 56, 63, 64, 69, 72, 127])
       AS bit GROUP BY bit;

-- It is refreshed as what it is.
SELECT is(t.rotate(:'sid', 0, client => 'web', site => 'shop'), 'rotated 1',
          'the holder refreshes');
SELECT is(t.rotate(:'sid', 0, 'js1', client => 'web', site => 'shop'),
          'unknown', 'never as js1_');

-- NULLs: no client, no site, the lifetimes of the schema.
UPDATE setting SET value = '5 h' WHERE name = 'refresh_lifetime';
UPDATE setting SET value = '2 h' WHERE name = 'refresh_idle';
SELECT sid FROM t.open(client => NULL, site => NULL, lifetime => NULL,
    idle => NULL, agent => NULL, address => NULL) \gset
SELECT ok(expires_at = created_at + interval '5 h' AND idle = '2 h',
          'lifetimes from setting') FROM session WHERE sid = :'sid';
SELECT ok(site = '' AND client IS NULL AND user_agent IS NULL
          AND address IS NULL, 'the rest stays unknown')
  FROM session WHERE sid = :'sid';
SELECT sid FROM t.open(agent => repeat('ä', 9999)) \gset
SELECT is(length(user_agent), 512, 'a long user agent is cut')
  FROM session WHERE sid = :'sid';
SELECT throws_ok($$ SELECT t.open(lifetime => '0') $$, '23514', NULL,
                 'no lifetime, no session');
SELECT throws_ok($$ SELECT t.open(idle => '-1 s') $$, '23514', NULL,
                 'nor one that is always idle');
SELECT throws_ok($$ SELECT t.open(secret => NULL) $$, '23514', NULL,
                 'nor one without a secret');

-- subject_of() and claims().
CREATE OR REPLACE FUNCTION subject_of(login text) RETURNS text
LANGUAGE sql AS $$ SELECT CASE login WHEN 'alice@example.org' THEN '42'
    WHEN 'empty' THEN '' WHEN 'star' THEN '*' END $$;
CREATE OR REPLACE FUNCTION claims(subject text, sid uuid) RETURNS jsonb
LANGUAGE sql AS $$ SELECT CASE WHEN subject = '42' THEN
    jsonb_build_object('role', 'admin', 'session', sid) END $$;
SELECT is(a.subject, '42', 'an e-mail becomes the host''s id')
  FROM t.open('alice@example.org') a;
SELECT is(a.claims, jsonb_build_object('role', 'admin', 'session', a.sid),
          'with its claims') FROM t.open('alice@example.org') a;
SELECT is(claims, '{}', 'which the row does not keep') FROM session
 WHERE subject = '42' LIMIT 1;
SELECT count(*) AS sessions FROM session \gset
SELECT is(t.open(login)::text, '(login_refused,,,,,,,)',
          format('subject_of() refuses %L', login))
  FROM unnest(ARRAY['nobody', 'empty', 'star', NULL]) AS login;
CREATE OR REPLACE FUNCTION claims(subject text, sid uuid) RETURNS jsonb
LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT is(t.open('alice@example.org')::text, '(blocked,,,,,,,)',
          'claims() NULL refuses the mint');
CREATE OR REPLACE FUNCTION claims(subject text, sid uuid) RETURNS jsonb
LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;

-- Gates.
INSERT INTO subject (subject, blocked) VALUES ('42', true);
SELECT is(t.open('alice@example.org')::text, '(blocked,,,,,,,)',
          'a blocked subject');
SELECT is(count(*)::int, :sessions, 'no session of those refused') FROM session;
UPDATE subject SET blocked = false;

-- The gate's time and the birth may share a millisecond: the birth gives way.
CREATE FUNCTION t.revoke_then_open(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v answer;
BEGIN
    EXECUTE statement;
    v := t.open('alice@example.org');
    RETURN concat_ws(' ', v.verdict, t.rotate(v.sid, 0, client => 'web',
                                              site => 'shop'));
END
$$;
SELECT is(t.revoke_then_open(statement), 'logged_in rotated 1',
          'a login right after ' || statement)
  FROM unnest(ARRAY['SELECT revoke_subject(''42'')',
                    'SELECT revoke_client(''web'')',
                    'SELECT revoke_all()']) AS statement,
       generate_series(1, 5);

SELECT * FROM finish();
ROLLBACK;
