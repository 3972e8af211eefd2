-- SPDX-License-Identifier: Apache-2.0
-- Adoption: tokens that a host minted itself go on as sessions, once.
\ir helpers.psql
SELECT plan(78);
SELECT t.no_gates() \g /dev/null

-- A sid as it is derived from a token of that birth; no two of it are alike.
CREATE FUNCTION t.derived(p_ago interval DEFAULT '1 hour') RETURNS uuid
LANGUAGE sql AS $$
    SELECT overlay(new_sid(date_trunc('second', clock_timestamp() - p_ago))::text
                   PLACING '8' FROM 15 FOR 1)::uuid
$$;
CREATE FUNCTION t.adopt(
    p_sid uuid, p_form text DEFAULT 'laravel', p_claims jsonb DEFAULT '{}',
    p_subject text DEFAULT '42', p_client text DEFAULT NULL,
    p_site text DEFAULT '', p_lifetime interval DEFAULT '30 days',
    p_idle interval DEFAULT '14 days') RETURNS text
LANGUAGE sql AS $$
    SELECT adopt(p_sid, p_form, p_claims, p_subject, p_client, p_site,
                 p_lifetime, p_idle, 'agent', '192.0.2.1')
$$;
CREATE FUNCTION t.logout_host(
    p_sid uuid, p_subject text DEFAULT '42', p_lifetime interval DEFAULT '30 d',
    p_site text DEFAULT '') RETURNS text
LANGUAGE sql AS $$
    SELECT logout_host(p_sid, 'laravel', '{"prv": "x"}', p_subject, NULL,
                       p_site, p_lifetime)
$$;
CREATE FUNCTION t.trade(p_sid uuid, p_n int, p_subject text DEFAULT '42',
    p_form text DEFAULT 'laravel', p_site text DEFAULT '',
    p_grace interval DEFAULT '30 s') RETURNS text
LANGUAGE sql AS $$
    SELECT t.rotate(p_sid, p_n, p_form, NULL, site => p_site,
                    subject => p_subject, grace => p_grace)
$$;
-- Numbers that are digits in jsonb, and too many for httpd.
SELECT is(t.adopt(t.derived(), p_claims => claims), said, claims::text)
  FROM (VALUES ('{"a": [{"b": 1e300}]}'::jsonb, 'unknown'),
               ('{"a": -9223372036854775809}', 'unknown'),
               ('{"a": [9223372036854775807, 1.5e3, "1e300"]}', 'granted'))
       AS v(claims, said);
DELETE FROM event;

-- The row.
SELECT t.derived() AS sid \gset
SELECT is(t.trade(:'sid', 0), 'unknown', 'not adopted, not known');
SELECT is(t.adopt(:'sid', p_claims => '{"iss": "https://host",
    "sub": "42", "aud": "x", "exp": 1, "nbf": 1, "iat": 1, "jti": "j",
    "sid": "y", "gen": 7, "scope": "all", "scp": ["all"], "client_id": "c",
    "token_type": "bearer", "cnf": {}, "prv": "87e0af", "role": "admin"}'),
    'granted', 'adopted');
SELECT is(subject || '|' || site || '|' || form || '|' || generation,
          '42||laravel|0', 'the row') FROM session WHERE sid = :'sid';
SELECT is(claims, '{"prv": "87e0af", "role": "admin"}',
          'keeps what is not the module''s to say')
  FROM session WHERE sid = :'sid';
SELECT ok(secret_hash IS NULL AND scope IS NULL AND client IS NULL,
          'and no more') FROM session WHERE sid = :'sid';
SELECT ok(created_at BETWEEN now() - interval '3601 s'
                         AND now() - interval '3595 s', 'born when it was minted')
  FROM session WHERE sid = :'sid';
SELECT is(expires_at - created_at, '30 days', 'over a lifetime later')
  FROM session WHERE sid = :'sid';
SELECT ok(used_at > clock_timestamp() - interval '5 s', 'and just used')
  FROM session WHERE sid = :'sid';
SELECT is(user_agent || ' ' || address, 'agent 192.0.2.1', 'by whom')
  FROM session WHERE sid = :'sid';
SELECT is(t.events(:'sid'), 'adopted', 'an event');

-- Then it lives as any other; the token of the host is its generation 0.
SELECT is(t.trade(:'sid', 0), 'rotated 1', 'traded');
SELECT is(t.adopt(:'sid') || ' ' || t.trade(:'sid', 0), 'granted replayed 1',
          'within the grace the same successor');
SELECT is(t.trade(:'sid', 1), 'current 1', 'the successor');
SELECT is(t.events(:'sid'), 'adopted', 'adopted once');
UPDATE session SET rotated_at = rotated_at - interval '1 h'
 WHERE sid = :'sid';
SELECT is(t.adopt(:'sid') || ' ' || t.trade(:'sid', 0), 'granted reused',
          'later it is a second use');
SELECT is(t.adopt(:'sid') || ' ' || t.trade(:'sid', 0), 'granted revoked',
          'after which it is not adopted again');

-- Identity.
SELECT t.derived() AS sid \gset
SELECT t.adopt(:'sid', p_site => 'shop') \g /dev/null
SELECT is(t.trade(:'sid', 0, p_site => 'shop', p_subject => '43'), 'unknown',
          'the same sid for another subject');
SELECT is(t.trade(:'sid', 0, p_site => 'bank'), 'unknown', 'at another site');
SELECT is(t.trade(:'sid', 0, p_site => 'shop', p_form => 'simplejwt'),
          'unknown', 'in another form');
SELECT is(t.rotate(:'sid', 0, site => 'shop'), 'unknown', 'or as a jr1_');
SELECT is(t.trade(:'sid', 0, p_site => 'shop'), 'rotated 1', 'as it is');

-- What cannot be adopted.
SELECT is(t.adopt(new_sid(now())), 'unknown', 'a sid that we made');
SELECT is(t.adopt(gen_random_uuid()), 'unknown', 'a sid that anybody made');
SELECT is(t.adopt(NULL), 'unknown', 'no sid');
SELECT is(t.adopt(t.derived(), form), 'unknown',
          'form ' || coalesce(form, 'NULL'))
  FROM unnest(ARRAY['jr1', 'js1', '', NULL]) AS form;
SELECT is(t.adopt(t.derived(), p_subject => subject), 'unknown',
          'subject ' || coalesce(subject, 'NULL'))
  FROM unnest(ARRAY['', '*', NULL]) AS subject;
SELECT is(t.adopt(t.derived(), p_claims => claims), 'unknown',
          'claims ' || coalesce(claims::text, 'NULL'))
  FROM unnest(ARRAY['[]', 'null', '"x"', NULL]::jsonb[]) AS claims;
SELECT is(t.adopt(t.derived('30 days 1 s')), 'expired', 'a lifetime old');
SELECT is(t.adopt(t.derived('29 days 23 h')), 'granted', 'not quite');
SELECT is(t.adopt(t.derived('401 days'), p_lifetime => '10 years'), 'expired',
          'older than gates are kept');
SELECT is(count(*)::int, 0, 'nothing was written for what was refused')
  FROM session WHERE subject <> '42';

-- simplejwt: until exp.
SELECT t.derived() AS sid \gset
SELECT is(t.adopt(:'sid', 'simplejwt', '{"exp": 7777777777}'), 'granted',
          'simplejwt');
SELECT is(expires_at, to_timestamp(7777777777), 'until exp') FROM session
 WHERE sid = :'sid';
SELECT is(t.adopt(t.derived(), 'simplejwt', claims), verdict, claims::text)
  FROM (VALUES ('{}'::jsonb, 'unknown'), ('{"exp": "9"}', 'unknown'),
               ('{"exp": null}', 'unknown'), ('{"exp": 1e300}', 'unknown'),
               ('{"exp": -1}', 'unknown'), ('{"exp": 1}', 'expired'))
       AS v(claims, verdict);

-- Gates are asked with the token's own birth.
SELECT revoke_subject('7') \g /dev/null
SELECT is(t.adopt(t.derived(), p_subject => '7'), 'blocked',
          'minted before revoke_subject');
SELECT is(t.adopt(t.derived('-1 s'), p_subject => '7'), 'granted',
          'minted after it');
SELECT block_subject('8') \g /dev/null
SELECT is(t.adopt(t.derived(), p_subject => '8'), 'blocked', 'blocked');
INSERT INTO client VALUES ('app', now() - interval '1 min');
SELECT is(t.adopt(t.derived(), p_client => 'app'), 'blocked', 'its client');

-- The host is asked.
SELECT t.derived() AS sid \gset
CREATE OR REPLACE FUNCTION adoptable(claims jsonb) RETURNS boolean
LANGUAGE sql AS $$ SELECT CASE claims->>'jti' WHEN 'good' THEN true
                               WHEN 'bad' THEN false END $$;
SELECT is(t.adopt(:'sid', p_claims => '{"jti": "bad"}'), 'revoked',
          'the host has logged it out');
SELECT is(t.adopt(:'sid', p_claims => '{"jti": "other"}'), 'revoked',
          'or does not know');
SELECT is(count(*)::int, 0, 'nothing is written') FROM session
 WHERE sid = :'sid';
SELECT is(t.adopt(:'sid', p_claims => '{"jti": "good"}'), 'granted', 'or has not');
SELECT is(t.adopt(:'sid', p_claims => '{"jti": "bad"}'), 'granted',
          'once adopted, it is ours to end');

-- Logged out before it was ever adopted.
SELECT t.derived() AS sid \gset
SELECT is(t.logout_host(:'sid'), 'logged_out', 'a logout');
SELECT is(t.adopt(:'sid') || ' ' || t.trade(:'sid', 0), 'granted revoked',
          'adopts it as ended');
SELECT is(t.logout_host(:'sid'), 'revoked', 'once');
SELECT ok(string_agg(f, ', ') LIKE '%session ' || :'sid', 'httpd is told')
  FROM t.feed() f;
SELECT is(t.events(:'sid'), 'logout', 'and so is the audit');
SELECT is(t.logout_host(t.derived('31 days')), 'expired',
          'an expired one leaves nothing');
SELECT t.derived() AS sid \gset
SELECT t.adopt(:'sid', p_claims => '{"jti": "good"}') \g /dev/null
SELECT is(t.logout_host(:'sid', '43'), 'unknown', 'not for another subject');
SELECT is(t.logout_host(:'sid'), 'logged_out', 'nor only before adoption');

-- The row is what prevents a second adoption.
SELECT t.derived() AS sid \gset
SELECT t.adopt(:'sid', p_claims => '{"jti": "good"}') \g /dev/null
SELECT is(t.run_as('auth_jwt_admin', format('DELETE FROM auth_jwt.session
    WHERE sid = %L RETURNING 1', :'sid')), NULL, 'DELETE removes nothing');
SELECT is(t.reason(:'sid') || ' ' || t.events(:'sid'),
          'deleted adopted revoked', 'it ends the session');
DELETE FROM session WHERE sid = :'sid';
SELECT is(t.adopt(:'sid') || ' ' || t.trade(:'sid', 0), 'granted revoked',
          'however often');
UPDATE session SET expires_at = clock_timestamp() WHERE sid = :'sid';
SELECT is(count(*)::int, 0, 'nothing was forgotten yet') FROM adoption;
DELETE FROM session WHERE sid = :'sid';
SELECT is(count(*)::int, 0, 'an expired one goes') FROM session
 WHERE sid = :'sid';
SELECT is(born, born(:'sid'), 'and is remembered') FROM adoption;
SELECT is(t.adopt(:'sid', p_lifetime => '300 days'), 'expired',
          'not adopted again, whatever the lifetime is now');
SELECT is(t.adopt(t.derived('2 h'), p_claims => '{"jti": "good"}'), 'expired',
          'nor what is older');
SELECT is(t.adopt(t.derived('1 min'), p_claims => '{"jti": "good"}'), 'granted',
          'what is younger is');
SELECT is(t.adopt(t.derived('2 h'), p_claims => '{"jti": "good"}',
                  p_site => 'shop'), 'granted', 'and what is of another site');
SELECT is(t.adopt((SELECT sid FROM session WHERE form = 'laravel'
          AND revoked_at IS NULL AND created_at < clock_timestamp()
          - interval '29 d')), 'granted', 'older sessions go on');

SELECT * FROM finish();
ROLLBACK;
