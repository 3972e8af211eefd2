-- SPDX-License-Identifier: Apache-2.0
-- revoke_token(): whatever token an administrator was sent ends its session.
\ir helpers.psql
SELECT plan(55);
SELECT t.no_gates() \g /dev/null

CREATE FUNCTION t.base64url(p_bytes bytea) RETURNS text
LANGUAGE sql AS $$
    SELECT translate(rtrim(replace(encode(p_bytes, 'base64'), E'\n', ''), '='),
                     '+/', '-_')
$$;
CREATE FUNCTION t.jwt(p_claims text) RETURNS text
LANGUAGE sql AS $$
    SELECT t.base64url('{"alg":"HS256"}') || '.'
        || t.base64url(convert_to(p_claims, 'UTF8')) || '.c2lnbmF0dXJl'
$$;
CREATE FUNCTION t.token(p_sid uuid) RETURNS text
LANGUAGE sql AS $$
    SELECT 'jr1_' || t.base64url('\x0107'::bytea || uuid_send(p_sid)
        || '\x00000005'::bytea || sha256('S') || '\x00000000'::bytea)
$$;

-- The sid that httpd derives (src/core/derived.c has the same vector).
\set head eyJhbGciOiJIUzI1NiJ9
SELECT is(derived_sid(:'head' || '.eyJpYXQiOjE3MDAwMDAwMDB9.c2ln',
    '{"iat": 1700000000}'), '018bcfe5-6800-8fdc-982f-754b7d53995a',
    'the vector');
SELECT is(derived_sid(:'head' || '.eyJpYXQiOjE3MDAwMDAwMDB9.b3RoZXI',
    '{"iat": 1700000000}'), '018bcfe5-6800-8fdc-982f-754b7d53995a',
    'whatever the signature');
SELECT isnt(derived_sid(:'head' || '.eyJpYXQiOjE3MDAwMDAwMDF9.c2ln',
    '{"iat": 1700000000}'), '018bcfe5-6800-8fdc-982f-754b7d53995a',
    'not whatever the payload');
SELECT is(left(derived_sid('a.b.c', claims)::text, 15), start, claims::text)
  FROM (VALUES ('{"iat": 1700000000.123}'::jsonb, '018bcfe5-687b-8'),
               ('{"iat": 1700000000.122999}', '018bcfe5-687a-8'),
               ('{"iat": 1700000000.1229998}', '018bcfe5-687b-8'),
               ('{"iat": 1.7e9}', '018bcfe5-6800-8'),
               ('{"iat": 0}', '00000000-0000-8'),
               ('{"iat": 281474976710.655}', 'ffffffff-ffff-8'),
               ('{"iat": 281474976710.656}', NULL), ('{"iat": -1}', NULL),
               ('{"iat": 1e300}', NULL), ('{"iat": "1"}', NULL),
               ('{"iat": null}', NULL), ('{}', NULL)) AS v(claims, start);
SELECT is(born(derived_sid('a.b.c', '{"iat": 1700000000.5}')),
          to_timestamp(1700000000.5), 'a birth is read back');

-- Refresh tokens.
SELECT t.session() AS a, t.session() AS b, t.session() AS c, t.session() AS d
\gset
SELECT is(revoke_token(t.token(:'a'), 'stolen'), true, 'a jr1_');
SELECT is(t.reason(:'a'), 'stolen', 'ends its session');
SELECT is(revoke_token(t.token(:'a')), false, 'once');
SELECT is(revoke_token(t.token(new_sid(now()))), false, 'of an unknown one');
SELECT is(revoke_token(E' ' || t.token(:'b') || E'\r\n'), true,
          'as it was pasted');
SELECT open_session('42') AS js1 \gset
SELECT is(revoke_token(:'js1'), true, 'a js1_');
SELECT is(count(*)::int, 0, 'ends its session') FROM active_session
 WHERE subject = '42';

-- Access tokens of ours.
SELECT is(revoke_token(t.jwt(format('{"sid": %s, "iat": 1700000000}',
          to_jsonb(:'c'::text)))), true, 'a JWT that names its session');
SELECT is(t.reason(:'c'), 'admin', 'ends it');
SELECT is(revoke_token(t.jwt('{"sid": "018bcfe5-6800-7000-8000-000000000000",
          "iat": 1700000000}')), false, 'of one that is gone');
SELECT is(count(*)::int, 0, 'nothing is entered for it') FROM session
 WHERE sid = '018bcfe5-6800-7000-8000-000000000000';

-- Tokens of a host.
CREATE TEMP TABLE host AS SELECT t.jwt(format('{"iat": %s, "sub": "7",
    "sid": "their own"}', extract(epoch FROM now())::bigint - 60)) AS token,
    t.jwt(format('{"iat": %s, "user_id": 8, "token_type": "refresh"}',
    extract(epoch FROM now())::bigint - 60)) AS other;
SELECT sid_of(token, convert_from(from_base64url(split_part(token, '.', 2)),
       'UTF8')::jsonb) AS sid FROM host \gset
DELETE FROM revocation;
SELECT is(revoke_token(token), true, 'never adopted') FROM host;
SELECT is(subject || ' ' || form || ' ' || revoke_reason, '7 laravel admin',
          'is entered as ended') FROM session WHERE sid = :'sid';
SELECT is(f, 'session ' || :'sid', 'and httpd is told') FROM t.feed() f;
SELECT is(revoke_token(token), false, 'once') FROM host;
SELECT is(adopt(:'sid', 'laravel', '{}', '7', NULL, '', '30 d', '14 d', NULL,
          NULL) || ' ' || t.rotate(:'sid', 0, 'laravel', NULL, subject => '7'),
          'granted revoked', 'it is not adopted any more');
SELECT is(adopt(:'sid', 'laravel', '{}', '7', NULL, 'shop', '30 d', '14 d',
          NULL, NULL) || ' ' || t.rotate(:'sid', 0, 'laravel', NULL,
          site => 'shop', subject => '7'), 'granted unknown',
          'at whatever site');
DELETE FROM session WHERE sid = :'sid';
SELECT is(count(*)::int, 1, 'and its row stays') FROM session
 WHERE sid = :'sid';
SELECT is(revoke_token(other, 'found', 'shop'), true, 'of simplejwt') FROM host;
SELECT is(subject || ' ' || form || ' ' || site, '8 simplejwt shop',
          'as what it is') FROM session WHERE revoke_reason = 'found';
SELECT is(revoke_token(t.jwt('{"iat": 1, "exp": 2}')), false,
          'long over: nothing to enter');
-- Older than any gate, and good for longer.
CREATE FUNCTION t.ends(p_exp text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM revoke_token(t.jwt(format('{"iat": 1, "exp": %s}', p_exp)), p_exp);
    RETURN (SELECT microseconds(expires_at)::text FROM session
             WHERE revoke_reason = p_exp AND revoked_at IS NOT NULL);
END
$$;
SELECT is(t.ends(exp), ends, 'as long as a token is good: exp ' || exp)
  FROM (VALUES ('4000000000', '4000086400000000'),
               ('1e300', '9223372036854775807'),
               ('null', '9223372036854775807')) AS v(exp, ends);
SELECT is(revoke_token(t.jwt('{"iat": 1}')), true, 'or for ever');
SELECT is(revoke_token(t.jwt(format('{"iat": %s}',
          extract(epoch FROM now())::bigint))), true, 'without a subject');

-- What is no token.
SELECT throws_ok(format('SELECT revoke_token(%L)', token), '22023', NULL,
                 format('no token: %L', left(token, 30)))
  FROM (VALUES (NULL), (''), ('42'), ('jr1_short'), ('js1_' || repeat('A', 44)),
               ('a.b'), ('a.b.c'), ('a.!.c'), (t.jwt('[]')),
               (t.jwt('{"sub": "7"}')), (t.jwt('{"iat": 1')),
               (left(t.token(:'d'), -1))) AS v(token);
SELECT is(t.reason(:'d'), NULL, 'ends nothing');

SELECT * FROM finish();
ROLLBACK;
