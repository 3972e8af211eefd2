-- SPDX-License-Identifier: Apache-2.0
-- introspect(): what rotate() would say, without a write.
\ir helpers.psql
SELECT plan(37);
SELECT t.no_gates() \g /dev/null

CREATE FUNCTION t.introspect(sid uuid, n int, form text DEFAULT 'jr1',
    secret bytea DEFAULT 'S', site text DEFAULT '', grace interval DEFAULT '30 s',
    subject text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
    SELECT verdict FROM introspect(sid, form, n, sha256(secret), site, grace,
                                   subject)
$$;

-- A session that goes on, and all that is said of it.
SELECT t.session(generation => 5, rotated => '1 h', client => 'web',
    scope => 'read', claims => '{"role": "admin"}', subject => '42') AS sid
\gset
SELECT t.row(:'sid') AS before \gset
SELECT is(concat_ws('|', verdict, sid, generation, subject, client, scope,
    claims), 'granted|' || :'sid' || '|5|42|web|read|{"role": "admin"}',
    'a session') FROM introspect(:'sid', 'jr1', 5, sha256('S'), '');
SELECT ok(i.created_at = microseconds(s.created_at)
          AND i.used_at = microseconds(s.used_at)
          AND i.expires_at = microseconds(s.expires_at), 'with its times')
  FROM introspect(:'sid', 'jr1', 5, sha256('S'), '') i, session s
 WHERE s.sid = :'sid';
SELECT is(t.introspect(:'sid', n), verdict, format('generation %s', n))
  FROM (VALUES (0, 'reused'), (3, 'reused'), (4, 'reused'), (5, 'granted'),
               (6, 'granted'), (7, 'granted'), (8, 'ahead'),
               (2147483647, 'ahead'), (-1, 'unknown')) AS v(n, verdict);
SELECT is(t.row(:'sid') || t.events(:'sid'), :'before'::text,
          'nothing was written, not even for a thief');
SELECT t.session(generation => 5, rotated => '10 s') AS recent \gset
SELECT is(t.introspect(:'recent', 4), 'granted', 'within the grace');
SELECT is(t.introspect(:'recent', 4, grace => '9 s'), 'reused', 'after it');

-- Who is not the holder learns nothing.
SELECT is(t.introspect(:'sid', 5, form, secret, site), 'unknown', why)
  FROM (VALUES ('jr1', 'T'::bytea, '', 'another S'),
               ('jr1', NULL, '', 'no S'), ('js1', 'S', '', 'as js1_'),
               ('laravel', NULL, '', 'as a JWT'),
               ('jr1', 'S', 'shop', 'another site')) AS v(form, secret, site, why);
SELECT is(t.introspect(new_sid(now()), 0), 'unknown', 'no such session');
SELECT t.session(form => 'simplejwt') AS jwt \gset
SELECT is(t.introspect(:'jwt', 0, 'simplejwt', NULL), 'unknown',
          'a JWT needs its subject');
SELECT is(t.introspect(:'jwt', 0, 'simplejwt', NULL, subject => 'bob'),
          'unknown', 'that one');
SELECT is(t.introspect(:'jwt', 0, 'simplejwt', NULL, subject => 'alice'),
          'granted', 'and is one');

-- Over, with nothing else said.
SELECT t.session() AS revoked, t.session(expires => '-1 s') AS expired,
       t.session(used => '2 d') AS idle, t.session(subject => 'eve') AS gated
\gset
SELECT revoke_session(:'revoked') \g /dev/null
INSERT INTO subject (subject, blocked) VALUES ('eve', true);
SELECT is(i.*::text, format('(%s,,,,,,,,,)', v.verdict), v.verdict)
  FROM (VALUES (:'revoked'::uuid, 'revoked'), (:'expired', 'expired'),
               (:'idle', 'idle'), (:'gated', 'blocked'),
               (new_sid(now()), 'unknown')) AS v(sid, verdict),
       introspect(v.sid, 'jr1', 0, sha256('S'), '') i;

-- By a verified access token, which lives until its own exp.
SELECT is(t.introspect(sid, NULL, NULL, NULL), verdict, 'access: ' || verdict)
  FROM (VALUES (:'sid'::uuid, 'granted'), (:'revoked', 'revoked'),
               (:'expired', 'granted'), (:'idle', 'granted'),
               (:'gated', 'blocked'), (new_sid(now()), 'unknown'))
       AS v(sid, verdict);
SELECT is(t.introspect(:'sid', NULL, NULL, NULL, 'shop'), 'unknown',
          'access: of another site');

-- The claims are those of the next token.
CREATE OR REPLACE FUNCTION claims(subject text, sid uuid) RETURNS jsonb
LANGUAGE sql AS $$ SELECT CASE subject WHEN '42' THEN '{"role": "user"}'::jsonb
                   END $$;
SELECT is(claims, '{"role": "user"}', 'claims() is asked')
  FROM introspect(:'sid', 'jr1', 5, sha256('S'), '');
SELECT is(t.introspect(:'recent', 5), 'blocked', 'and may refuse');

SELECT * FROM finish();
ROLLBACK;
