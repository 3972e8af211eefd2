-- SPDX-License-Identifier: Apache-2.0
-- purge(): what is over goes, in batches; what still matters stays.
\ir helpers.psql
SELECT plan(36);
SELECT t.no_gates() \g /dev/null

CREATE FUNCTION t.adopted(p_expired interval, site text DEFAULT '') RETURNS uuid
LANGUAGE sql AS $$
    INSERT INTO session (sid, subject, site, form, created_at, used_at,
                         expires_at, idle)
    SELECT overlay(new_sid(now - interval '30 d')::text PLACING '8'
                   FROM 15 FOR 1)::uuid, '42', site, 'laravel',
           now - interval '30 d', now, now - p_expired, '14 d'
      FROM clock_timestamp() AS now RETURNING session.sid
$$;

-- Sessions.
SELECT t.session() AS live, t.session(used => '2 d') AS idle,
       t.session(expires => '-1 ms') AS expired, t.session() AS gone,
       t.adopted('1 hour') AS lately, t.adopted('25 hours', 'shop') AS adopted
\gset
SELECT revoke_session(:'gone') \g /dev/null
DELETE FROM revocation;
DELETE FROM event;
SELECT is(purge()::int, 2, 'what has expired goes');
SELECT set_eq('SELECT sid FROM session', ARRAY[:'live', :'idle', :'gone',
    :'lately']::uuid[], 'an adopted one only a day later');
SELECT is(a.site || ' ' || (a.born > now() - interval '31 d'), 'shop true',
          'its age is remembered') FROM adoption a;
SELECT is(count(*)::int, 0, 'nothing is said about it') FROM t.feed();
SELECT is(count(*)::int, 0, 'nor recorded') FROM event;
SELECT is(purge()::int, 0, 'the second time nothing is left');

-- Batches.
SELECT count(t.session(expires => format('-%s min', n)::interval))
  FROM generate_series(1, 25) n \g /dev/null
SELECT is(purge(10)::int, 10, 'ten at a time');
SELECT is(count(*)::int, 15, 'are removed') FROM session
 WHERE expires_at < clock_timestamp() AND form = 'jr1';
SELECT is(max(clock_timestamp() - expires_at) < interval '17 min', true,
          'the oldest first') FROM session WHERE form = 'jr1'
   AND expires_at < clock_timestamp();
SELECT is(purge(10)::int, n, n || ' left')
  FROM unnest(ARRAY[10, 5, 0]) AS n;

-- The feed, by until; a block has no end.
SELECT revoke_session(:'idle') \g /dev/null
SELECT block_subject('eve') \g /dev/null
SELECT revoke_all(now() - interval '9 d') \g /dev/null
SELECT is(purge()::int, 0, 'entries stay');
UPDATE revocation SET until = clock_timestamp() WHERE until <> 'infinity';
SELECT is(purge()::int, 2, 'until they are over');
SELECT is(f, 'subject eve infinity', 'a block stays') FROM t.feed() f;

-- Events, by event_lifetime.
INSERT INTO event (at, kind) SELECT now() - interval '1 day' * n, 'login'
  FROM unnest(ARRAY[1, 89, 91, 400]) n;
SELECT is(purge()::int, 2, 'old events go');
UPDATE setting SET value = '1 hour' WHERE name = 'event_lifetime';
SELECT is(purge()::int, 2, 'by the setting');
SELECT ok(count(*) > 0, 'recent ones stay') FROM event;

-- Gates, once nothing can be older.
SELECT t.no_gates() \g /dev/null
INSERT INTO subject
SELECT name, now() - interval '1 day' * days, name = 'blocked'
  FROM (VALUES ('dead', 401), ('young', 399), ('held', 401), ('blocked', 401))
       AS v(name, days);
INSERT INTO client VALUES ('*', now() - interval '401 days');
SELECT t.session(subject => 'held', born => '402 days') AS old \gset
UPDATE revocation SET until = clock_timestamp() WHERE until <> 'infinity';
SELECT is(purge()::int, 5, 'one gate, four entries');
SELECT set_eq('SELECT subject FROM subject',
    ARRAY['young', 'held', 'blocked'], 'those that matter stay');
SELECT is(t.rotate(:'old', 0), 'blocked', 'one still holds a session');
SELECT is(count(*)::int, 1, 'those of clients are few') FROM client;
UPDATE setting SET value = '398 days' WHERE name = 'gate_lifetime';
SELECT is(purge()::int, 1, 'by the setting');

-- raise_access_lifetime(): only ever rises, to 7 days at most.
CREATE FUNCTION t.raised(p_to interval) RETURNS interval
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM raise_access_lifetime(p_to);
    RETURN access_lifetime();
END
$$;
SELECT revoke_client('early') \g /dev/null
SELECT is(raise_access_lifetime('1 min'), 'granted', 'httpd says its own');
SELECT is(t.raised(said), kept, coalesce(said::text, 'NULL'))
  FROM (VALUES ('1 min'::interval, '5 min'::interval), ('1 h', '1 h'),
               ('5 min', '1 h'), (NULL, '1 h'), ('-1 h', '1 h'),
               ('90.2 min', '5412 s'), ('1 year', '7 d'), ('1 h', '7 d'))
       AS v(said, kept);
SELECT revoke_client('web') \g /dev/null
SELECT ok(until > microseconds(clock_timestamp() + '7 d 59 min'),
          'entries are kept for as long')
  FROM feed() WHERE kind = 'client' AND key = 'web';
SELECT ok(until > microseconds(clock_timestamp() + '7 d 59 min'),
          'those that were there already too')
  FROM feed() WHERE kind = 'client' AND key = 'early';
SELECT is(generation, 604800, 'and httpd is told') FROM feed()
 WHERE kind = 'now';

-- A token of the host that lives for a day was refused by its row, and is now
-- judged by the feed: what has left that by the shorter life comes again.
DELETE FROM event;
UPDATE setting SET value = '5 min' WHERE name = 'access_lifetime';
SELECT t.session() AS ended, t.session() AS deleted, t.session() AS long_ago,
       t.session(subject => 'everywhere') AS everywhere \gset
SELECT revoke_session(:'ended'), revoke_subject('everywhere'),
       revoke_session(:'long_ago') \g /dev/null
DELETE FROM session WHERE sid = :'deleted';
UPDATE event SET at = at - interval '2 days' WHERE sid = :'long_ago';
DELETE FROM revocation;
SELECT raise_access_lifetime('1 day') \g /dev/null
SELECT set_eq($$SELECT key FROM feed() WHERE kind <> 'now'$$,
    ARRAY[:'ended', :'deleted', 'everywhere', 'web', 'early'],
    'a longer life: what was ended in it is told again');

SELECT * FROM finish();
ROLLBACK;
