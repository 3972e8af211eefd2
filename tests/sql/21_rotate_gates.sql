-- SPDX-License-Identifier: Apache-2.0
-- Gates: whom they stop, whom not, and that they hide no thief.
\ir helpers.psql
SELECT plan(31);

-- Sessions of t.session() were born two days ago.
CREATE FUNCTION t.gate(p_table text, p_name text, p_ago interval) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM t.no_gates();
    EXECUTE format('INSERT INTO %1$I (%1$I, not_before)
        VALUES (%2$L, clock_timestamp() - %3$L::interval)',
        p_table, p_name, p_ago);
END
$$;

CREATE FUNCTION t.through(p_client text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
    SELECT string_agg(t.rotate(t.session(generation => 5, rotated => rotated,
                      client => p_client), n, client => p_client), ', ')
      FROM (VALUES (5, '1 day'::interval), (6, '1 day'), (5, '1 s'),
                   (4, '1 s')) AS s(n, rotated)
$$;
\set free 'rotated 6, healed 7, current 5, replayed 5'
\set shut 'blocked, blocked, blocked, blocked'

SELECT is(t.through(), :'free', 'no gate');

SELECT t.gate('subject', 'alice', '1 day') \g /dev/null
SELECT is(t.through(), :'shut', 'the subject''s not_before, after the birth');
SELECT t.gate('subject', 'alice', '3 days') \g /dev/null
SELECT is(t.through(), :'free', 'before the birth');
SELECT t.gate('subject', 'bob', '1 day') \g /dev/null
SELECT is(t.through(), :'free', 'of somebody else');

SELECT t.gate('client', 'web', '1 day') \g /dev/null
SELECT is(t.through('web'), :'shut', 'the client''s not_before');
SELECT is(t.through('app'), :'free', 'not for another client');
SELECT is(t.through(), :'free', 'not for a session without client');
SELECT t.gate('client', 'web', '3 days') \g /dev/null
SELECT is(t.through('web'), :'free', 'before the birth');
SELECT t.gate('client', '*', '1 day') \g /dev/null
SELECT is(t.through('web'), :'shut', 'everyone: with a client');
SELECT is(t.through(), :'shut', 'everyone: without');
SELECT t.gate('client', '*', '3 days') \g /dev/null
SELECT is(t.through('web'), :'free', 'everyone before the birth');

SELECT t.no_gates() \g /dev/null
INSERT INTO subject (subject, blocked) VALUES ('alice', true);
SELECT is(t.through(), :'shut', 'a blocked subject');
UPDATE subject SET not_before = now() - interval '3 days';
SELECT is(t.through(), :'shut', 'whenever born');
UPDATE subject SET blocked = false;
SELECT is(t.through(), :'shut', 'a block ends what was born before it ended');
SELECT is(t.rotate(t.session(born => '-1 ms'), 0), 'rotated 1',
          'who logs in afterwards is not blocked any more');

-- A closed gate costs no write, however often the token comes.
UPDATE subject SET blocked = true;
SELECT t.session(generation => 5, rotated => '1 day') AS sid \gset
SELECT t.row(:'sid') AS before \gset
SELECT xmax::text AS xmax FROM session WHERE sid = :'sid' \gset
SELECT is(t.rotate(:'sid', 5), 'blocked', 'again and again')
  FROM generate_series(1, 3);
SELECT is(t.row(:'sid') || xmax, :'before' || :'xmax',
          'no write, not even a lock') FROM session WHERE sid = :'sid';

-- It does not hide a thief or a database that lost commits.
SELECT is(t.rotate(:'sid', 4), 'reused', 'reuse behind a closed gate');
SELECT is(t.reason(:'sid'), 'reused', 'ends the session');
SELECT t.session(generation => 5) AS sid \gset
SELECT is(t.rotate(:'sid', 8), 'ahead', 'ahead behind a closed gate');
SELECT is(t.reason(:'sid'), 'ahead', 'ends the session');
SELECT t.session(used => '2 days') AS sid \gset
SELECT is(t.rotate(:'sid', 0), 'idle', 'idle before blocked');
SELECT t.session() AS sid \gset
SELECT is(t.rotate(:'sid', 0, secret => 'T'), 'unknown', 'unknown before all');

-- not_before is never in the future.
SELECT t.no_gates() \g /dev/null
INSERT INTO subject (subject, not_before) VALUES ('alice', 'infinity');
INSERT INTO client (client, not_before) VALUES ('web', now() + interval '1 h');
SELECT ok((SELECT not_before <= clock_timestamp() FROM subject),
          'a gate of a subject is clamped to the clock');
SELECT ok((SELECT not_before <= clock_timestamp() FROM client),
          'and that of a client');
UPDATE subject SET not_before = 'infinity';
UPDATE client SET not_before = 'infinity';
SELECT ok((SELECT not_before <= clock_timestamp() FROM subject), 'on UPDATE');
SELECT ok((SELECT not_before <= clock_timestamp() FROM client), 'of both');
INSERT INTO subject (subject) VALUES ('bob');
SELECT is(not_before, NULL, 'none is left alone') FROM subject
 WHERE subject = 'bob';
SELECT throws_ok($$ INSERT INTO subject (subject) VALUES ('*') $$, '23514',
    NULL, 'everyone is a row of client, not of subject');

SELECT * FROM finish();
ROLLBACK;
