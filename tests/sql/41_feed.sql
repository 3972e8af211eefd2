-- SPDX-License-Identifier: Apache-2.0
-- The feed: whoever ends a session or closes a gate, and however, httpd is told.
\ir helpers.psql
SELECT plan(57);
SELECT t.no_gates() \g /dev/null

-- Empties the feed, runs a statement and returns what it has told.
CREATE FUNCTION t.told(statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM revocation;
    EXECUTE statement;
    RETURN (SELECT coalesce(string_agg(f, ', '), '') FROM t.feed() f);
END
$$;
CREATE FUNCTION t.admin_told(statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM revocation;
    PERFORM t.run_as('auth_jwt_admin', statement);
    RETURN (SELECT coalesce(string_agg(f, ', '), '') FROM t.feed() f);
END
$$;
GRANT USAGE ON SCHEMA t TO auth_jwt_admin, auth_jwt_httpd;

-- Its first row, always there.
SELECT is(count(*)::int, 1, 'an empty feed has one row') FROM feed();
SELECT is(kind, 'now', 'of kind now') FROM feed();
SELECT is(key, pg_snapshot_xmin(pg_current_snapshot())::text,
          'with the xmin to go on from') FROM feed();
SELECT ok(abs(not_before / 1e6 - extract(epoch FROM clock_timestamp())) < 5,
          'the time of the database') FROM feed();
SELECT is(generation, 300, 'and the longest life of an access token')
  FROM feed();
SELECT is(until, microseconds(pg_postmaster_start_time()),
          'which server it is, by when it was started') FROM feed();
SELECT ok(seq IS NULL, 'and nothing else') FROM feed();

-- Sessions.
SELECT t.session() AS a, t.session() AS b, t.session() AS c, t.session() AS d,
       t.session() AS e, t.session(expires => '-1 s') AS over,
       t.session(generation => 9) AS stolen, t.session() AS far \gset
SELECT is(t.admin_told(format('UPDATE auth_jwt.session SET revoked_at = now()
    WHERE sid = %L RETURNING 1', :'a')), 'session ' || :'a', 'plain UPDATE');
SELECT is(t.admin_told(format('UPDATE auth_jwt.session SET revoked_at = now()
    WHERE sid = %L RETURNING 1', :'a')), '', 'of one that was ended: nothing');
SELECT is(t.admin_told(format('DELETE FROM auth_jwt.session WHERE sid = %L
    RETURNING 1', :'b')), 'session ' || :'b', 'plain DELETE');
SELECT is(t.admin_told(format('DELETE FROM auth_jwt.session WHERE sid = %L
    RETURNING 1', :'a')), '', 'of one that was ended: nothing');
SELECT is(t.admin_told(format('DELETE FROM auth_jwt.session WHERE sid = %L
    RETURNING 1', :'over')), '', 'of an expired one: nothing');
SELECT is(t.admin_told(format('SELECT auth_jwt.revoke_session(%L)', :'c')),
          'session ' || :'c', 'revoke_session');
SELECT is(t.told(format('SELECT t.rotate(%L, 3)', :'stolen')),
          'session ' || :'stolen', 'a thief');
SELECT is(t.told(format('SELECT t.rotate(%L, 3)', :'far')),
          'session ' || :'far', 'a token from the future');
SELECT is(t.told(format('SELECT logout(%L, ''jr1'', sha256(''S''), NULL, '''')',
          :'d')), 'session ' || :'d', 'a logout');
SELECT is(t.told(format('SELECT t.rotate(%L, 0)', :'e')), '',
          'a refresh: nothing');
SELECT is(t.told(format('SELECT t.rotate(%L, 1, rotate => false)', :'e')), '',
          'nor a touch');

-- An entry lives as long as any access token, and an hour.
SELECT ok(abs(until / 1e6 - extract(epoch FROM clock_timestamp()
              + interval '1 h 5 min')) < 5, 'until')
  FROM t.told(format('SELECT revoke_session(%L)', :'e')), feed()
 WHERE kind = 'session';
UPDATE revocation SET until = clock_timestamp();
SELECT is(count(*)::int, 1, 'afterwards it is not told') FROM feed();

-- Gates.
SELECT t.session(subject => 'eve') AS a, t.session(subject => 'eve') AS b \gset
SELECT is(t.admin_told('SELECT auth_jwt.revoke_subject(''eve'')'),
          'subject eve', 'revoke_subject: the gate, not each session');
SELECT is(t.reason(:'a') || t.reason(:'b'), 'adminadmin', 'which end as well');
SELECT is(f.not_before, microseconds(g.not_before), 'with its time')
  FROM feed() f JOIN subject g ON g.subject = f.key;
SELECT is(t.admin_told('SELECT auth_jwt.revoke_client(''web'')'),
          'client web', 'revoke_client');
SELECT is(t.admin_told('SELECT auth_jwt.revoke_all()'), 'client *',
          'revoke_all');
SELECT is(t.admin_told('SELECT auth_jwt.revoke_all(now() - interval ''1 d'')'),
          '', 'to an older time: nothing');
SELECT is(t.told('INSERT INTO subject (subject, not_before)
    VALUES (''zoe'', now() - interval ''1 day'')'), 'subject zoe',
    'plain INSERT');
SELECT is(t.told('UPDATE subject SET not_before = now() WHERE subject = ''zoe'''),
    'subject zoe', 'plain UPDATE');
SELECT is(t.told('UPDATE subject SET reason = ''x'' WHERE subject = ''zoe'''),
    '', 'of the reason: nothing');
SELECT is(t.told('INSERT INTO client VALUES (''app'', now())'), 'client app',
    'plain INSERT of a client');
SELECT is(t.told('UPDATE client SET not_before = clock_timestamp()
    WHERE client = ''app'''), 'client app', 'plain UPDATE of a client');
SELECT is(t.told('INSERT INTO subject (subject) VALUES (''bob'')'), '',
    'a gate that is open: nothing');

-- Blocked until unblocked.
SELECT t.no_gates() \g /dev/null
SELECT is(t.admin_told('SELECT auth_jwt.block_subject(''eve'')'),
          'subject eve infinity', 'block_subject');
SELECT is(until, 9223372036854775807, 'for ever') FROM feed() WHERE kind <> 'now';
SELECT revoke_subject('eve') \g /dev/null
SELECT block_subject('eve') \g /dev/null
SELECT is(string_agg(f, ', '), 'subject eve infinity',
    'nothing finite is said while it lasts') FROM t.feed() f;
SELECT is(t.run_as('auth_jwt_admin', 'SELECT auth_jwt.unblock_subject(''eve'')'),
    'true', 'unblock_subject');
SELECT is(string_agg(f, ', '), 'subject eve infinity, subject eve',
    'says so after it') FROM t.feed() f;
SELECT ok(max(until) < 9223372036854775807, 'and the block runs out')
  FROM feed();
SELECT is(f.not_before, microseconds(g.not_before), 'the gate stands at the end')
  FROM feed() f, subject g WHERE f.kind = 'subject' AND f.seq =
       (SELECT max(seq) FROM revocation);
SELECT ok(not_before > clock_timestamp() - interval '5 s', 'of the block')
  FROM subject;

-- What httpd goes on refusing may not come back for refreshes.
SELECT throws_ok(statement, '23000', NULL, statement)
  FROM unnest(ARRAY[
    'UPDATE subject SET not_before = not_before - interval ''1 s''',
    'UPDATE subject SET not_before = NULL',
    'UPDATE subject SET subject = ''adam''',
    'DELETE FROM subject',
    'TRUNCATE subject', 'TRUNCATE client', 'TRUNCATE session']) AS statement;
SELECT matches(t.told('SELECT revoke_client(''app'')'), 'client app', 'a gate');
SELECT throws_ok('DELETE FROM client', '23000', NULL, 'stays');
UPDATE revocation SET until = clock_timestamp();
SELECT lives_ok('DELETE FROM client', 'until httpd has forgotten it');
SELECT lives_ok('DELETE FROM subject', 'that of a subject as well');
SELECT is(t.told('INSERT INTO subject (subject, blocked) VALUES (''eve'', true)'),
    'subject eve infinity', 'a plain block');
SELECT throws_ok('DELETE FROM subject', '23000',
    'the gate of subject "eve" is needed until unblock_subject() lifts it',
    'is lifted, not deleted');

-- Where to go on.
SELECT is(count(*)::int, 1, 'from before our transaction: ours is told')
  FROM t.feed(pg_current_xact_id());
SELECT is(count(*)::int, 0, 'what an older transaction told is left out')
  FROM t.feed(pg_snapshot_xmax(pg_current_snapshot()));
SELECT is(count(*)::int, 1, 'from a future that only another database has: all')
  FROM t.feed('18446744073709551615');

SELECT throws_ok($$ INSERT INTO revocation (kind, key, until)
    VALUES ('other', 'x', now()) $$, '23514', NULL, 'kinds are known');

SELECT * FROM finish();
ROLLBACK;
