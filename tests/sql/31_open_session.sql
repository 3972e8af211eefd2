-- SPDX-License-Identifier: Apache-2.0
-- open_session(): a host that logs people in itself gets a js1_ token.
\ir helpers.psql
SELECT plan(24);

CREATE FUNCTION t.bytes(token text) RETURNS bytea
LANGUAGE sql AS $$
    SELECT decode(translate(substr(token, 5), '-_', '+/') || '=', 'base64')
$$;
CREATE FUNCTION t.sid(token text) RETURNS uuid
LANGUAGE sql AS $$
    SELECT encode(substr(t.bytes(token), 1, 16), 'hex')::uuid
$$;

SELECT open_session('42', '{"role": "admin"}') AS token \gset
SELECT matches(:'token'::text, '^js1_[A-Za-z0-9_-]{43}$',
               'js1_ and base64url of 32 bytes without padding');
SELECT t.sid(:'token') AS sid, substr(t.bytes(:'token'), 17) AS secret \gset
SELECT is(to_jsonb(s) - '{sid,created_at,used_at,expires_at}'::text[],
    jsonb_build_object('subject', '42', 'site', '', 'form', 'js1',
    'client', NULL, 'scope', NULL, 'claims', '{"role": "admin"}'::jsonb,
    'generation', 0, 'secret_hash', sha256(:'secret'::bytea)::text,
    'binding', NULL, 'rotated_at', NULL, 'idle', '14 days', 'revoked_at', NULL,
    'revoke_reason', NULL, 'user_agent', NULL, 'address', NULL), 'the row')
  FROM session s WHERE sid = :'sid';
SELECT is(expires_at, created_at + interval '30 days', 'lives 30 days')
  FROM session WHERE sid = :'sid';
SELECT is(octet_length(:'secret'::bytea), 16, 'S has 16 bytes');
SELECT is(t.events(:'sid'), 'login', 'a login is recorded');
SELECT is(t.rotate(:'sid', 0, 'js1', :'secret'), 'rotated 1',
          'its first refresh');
SELECT is(t.rotate(:'sid', 0, 'js1', :'secret'), 'replayed 1', 'twice');
SELECT is(t.rotate(:'sid', 1, 'jr1', :'secret'), 'current 1', 'then as jr1_');
SELECT is(t.rotate(:'sid', 1, 'jr1', 'S'), 'unknown', 'with its S alone');
SELECT is(count(DISTINCT substr(t.bytes(open_session('many')), 17))::int, 100,
          'every S is another') FROM generate_series(1, 100);

-- Arguments, by name.
SELECT open_session(subject => 'bob', claims => '{"a": null}',
    lifetime => '2 h', idle => '1 h', client => 'web', scope => 'x y',
    site => 'shop') AS token \gset
SELECT ok(subject = 'bob' AND claims = '{"a": null}' AND client = 'web'
    AND expires_at = created_at + interval '2 h' AND idle = '1 h'
    AND scope = 'x y' AND site = 'shop', 'each reaches its column')
  FROM session WHERE sid = t.sid(:'token');
SELECT open_session('bob', NULL) AS token \gset
SELECT is(claims, '{}', 'claims NULL are none') FROM session
 WHERE sid = t.sid(:'token');
UPDATE setting SET value = '5 h' WHERE name = 'refresh_lifetime';
UPDATE setting SET value = '2 h' WHERE name = 'refresh_idle';
SELECT open_session('bob') AS token \gset
SELECT ok(expires_at = created_at + interval '5 h' AND idle = '2 h',
          'lifetimes from setting')
  FROM session WHERE sid = t.sid(:'token');

SELECT open_session('idler', idle => '300000 years') \g /dev/null
SELECT is(count(*)::int, 1, 'an idle time beyond all times harms no view')
  FROM active_session WHERE subject = 'idler';

-- Refused.
SELECT throws_ok($$ SELECT open_session('bob', '[1]') $$, '22023', NULL,
                 'claims that are no object');
SELECT throws_ok($$ SELECT open_session(NULL) $$, '22023', NULL, 'no subject');
SELECT throws_ok($$ SELECT open_session('') $$, '22023', NULL,
                 'an empty subject');
SELECT throws_ok($$ SELECT open_session('*') $$, '22023', NULL,
                 'a subject that reads like everyone');
SELECT block_subject('bob') \g /dev/null
SELECT count(*) AS sessions FROM session \gset
SELECT throws_ok($$ SELECT open_session('bob') $$, 'AJ001',
                 'subject "bob" is blocked', 'a blocked subject');
SELECT is(count(*)::int, :sessions, 'without a session') FROM session;
SELECT unblock_subject('bob') \g /dev/null
SELECT matches(open_session('bob'), '^js1_', 'unblocked, he logs in');
CREATE OR REPLACE FUNCTION claims(subject text, sid uuid) RETURNS jsonb
LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT throws_ok($$ SELECT open_session('bob') $$, 'AJ001', NULL,
                 'claims() NULL refuses as well');

-- Bad settings are refused where they are written.
SELECT throws_ok($$ UPDATE setting SET value = 'soon'
    WHERE name = 'refresh_lifetime' $$, '22007', NULL, 'no interval');
SELECT throws_ok($$ UPDATE setting SET value = '0'
    WHERE name = 'refresh_idle' $$, '23514', NULL, 'nothing at all');

SELECT * FROM finish();
ROLLBACK;
