-- SPDX-License-Identifier: Apache-2.0
-- What administrators do: end sessions, close gates, look.
\ir helpers.psql
SELECT plan(66);

-- One session.
SELECT t.session() AS sid \gset
SELECT is(revoke_session(:'sid'), true, 'revoke_session');
SELECT is(t.reason(:'sid'), 'admin', 'by default for the administrator');
SELECT is(t.rotate(:'sid', 0), 'revoked', 'ends it');
SELECT is(revoke_session(:'sid', 'again'), false, 'once');
SELECT is(t.reason(:'sid') || t.events(:'sid'), 'adminrevoked',
          'the second one writes nothing');
SELECT is(revoke_session(new_sid(now())), false, 'an unknown one');
SELECT is(revoke_session(t.session(), reason => 'lost phone'), true, 'a reason');
SELECT is(detail, 'lost phone', 'is recorded') FROM event
 WHERE kind = 'revoked' ORDER BY at DESC LIMIT 1;

-- By plain SQL.
SELECT t.session() AS sid \gset
UPDATE session SET revoked_at = now() WHERE sid = :'sid';
SELECT is(t.rotate(:'sid', 0), 'revoked', 'UPDATE ends a session');
SELECT is(t.events(:'sid'), 'revoked', 'which is recorded');
UPDATE session SET revoke_reason = 'theft' WHERE sid = :'sid';
SELECT is(t.events(:'sid'), 'revoked', 'once');
SELECT t.session() AS sid \gset
DELETE FROM session WHERE sid = :'sid';
SELECT is(t.rotate(:'sid', 0), 'unknown', 'DELETE ends a session');
SELECT is(kind || ' ' || detail, 'revoked deleted', 'which is recorded')
  FROM event WHERE sid = :'sid';
SELECT t.session() AS sid \gset
UPDATE session SET revoked_at = now() WHERE sid = :'sid';
DELETE FROM session WHERE sid = :'sid';
SELECT is(t.events(:'sid'), 'revoked', 'not again when it had ended');
SELECT t.session(expires => '-1 s') AS sid \gset
DELETE FROM session WHERE sid = :'sid';
SELECT is(t.events(:'sid'), '', 'nor when it was over');

-- A subject.
SELECT t.session(subject => 'bob') AS one, t.session(subject => 'bob') AS two,
       t.session(subject => 'bob', expires => '-1 s') AS over,
       t.session(subject => 'carol') AS other \gset
SELECT revoke_session(:'two') \g /dev/null
SELECT is(revoke_subject('bob'), 1::bigint, 'revoke_subject: sessions ended');
SELECT is(t.rotate(:'one', 0), 'revoked', 'the row is ended');
SELECT is(t.rotate(:'other', 0), 'rotated 1', 'others go on');
SELECT ok(not_before BETWEEN clock_timestamp() - interval '1 s'
          AND clock_timestamp() AND NOT blocked AND reason = 'admin',
          'and the gate is closed') FROM subject WHERE subject = 'bob';
SELECT is(t.rotate(t.session(subject => 'bob', born => '1 s'), 0), 'blocked',
          'also for a session whose row came too late to be ended');
SELECT is(revoke_subject('nobody yet', 'x'), 0::bigint, 'without sessions');
SELECT is(revoke_subject('bob', 'second'), 1::bigint, 'again');
SELECT is(reason, 'second', 'the last reason stands') FROM subject
 WHERE subject = 'bob';
SELECT throws_ok($$ SELECT revoke_subject('*') $$, '23514', NULL,
                 'everyone is revoke_all()');

-- Blocked.
SELECT t.session(subject => 'eve') AS sid \gset
SELECT is(block_subject('eve', 'spam'), 1::bigint, 'block_subject');
SELECT is(t.rotate(:'sid', 0), 'revoked', 'ends sessions');
SELECT throws_ok($$ SELECT open_session('eve') $$, 'AJ001', NULL,
                 'and refuses logins');
SELECT is(revoke_subject('eve'), 0::bigint, 'revoke_subject');
SELECT throws_ok($$ SELECT open_session('eve') $$, 'AJ001', NULL,
                 'does not unblock');
SELECT is(unblock_subject('eve'), true, 'unblock_subject');
SELECT is(unblock_subject('eve'), false, 'once');
SELECT is(unblock_subject('nobody'), false, 'nobody');
SELECT is(t.rotate(:'sid', 0), 'revoked', 'what was ended stays so');
SELECT is(t.rotate(t.session(subject => 'eve'), 0), 'blocked',
          'by the gate as well');

-- A client.
SELECT t.session(client => 'web') AS web, t.session(client => 'app') AS app
\gset
SELECT is(revoke_client('web')::text, NULL, 'revoke_client');
SELECT is(t.rotate(:'web', 0, client => 'web'), 'blocked', 'ends its sessions');
SELECT is(t.rotate(:'app', 0, client => 'app'), 'rotated 1', 'not others');
SELECT is(reason, 'admin', 'with a reason') FROM client WHERE client = 'web';

-- Everyone.
SELECT t.session(born => '3 h') AS old, t.session(born => '1 h') AS young \gset
SELECT is(revoke_all(now() - interval '2 h', 'restored')::text, NULL, 'revoke_all');
SELECT is(t.rotate(:'old', 0), 'blocked', 'older sessions');
SELECT is(t.rotate(:'young', 0), 'rotated 1', 'not younger ones');
SELECT is(revoke_all(now() - interval '9 h')::text, NULL, 'an older time');
SELECT is(t.rotate(:'old', 0), 'blocked', 'does not bring them back');
SELECT is(revoke_all()::text, NULL, 'by default all');
SELECT is(t.rotate(:'young', 1), 'blocked', 'born until now');
SELECT is(revoke_all('infinity')::text, NULL, 'even those of the future');
SELECT matches(open_session('new'), '^js1', 'can log in');

-- Views.
DELETE FROM session;
SELECT t.no_gates() \g /dev/null
DELETE FROM event;
SELECT t.session(subject => 'zoe') AS live,
       t.session(subject => 'zoe', expires => '-1 s') AS expired,
       t.session(subject => 'zoe', used => '2 days') AS idle,
       t.session(subject => 'zoe', born => '9 days') AS gated,
       t.session(subject => 'zoe', client => 'web') AS client,
       t.session(subject => 'zoe', generation => 5) AS stolen,
       t.session(subject => 'abe') AS other \gset
SELECT is(t.rotate(:'stolen', 3), 'reused', 'a thief');
INSERT INTO subject VALUES ('zoe', now() - interval '5 days');
INSERT INTO client VALUES ('web', now() - interval '1 day');
SELECT set_eq('SELECT sid FROM active_session',
    format('VALUES (%L::uuid), (%L)', :'live', :'other'),
    'active_session: what rotate() would let go on');
SELECT set_eq('SELECT sid, state FROM sessions_of(''zoe'')',
    format('VALUES (%L::uuid, ''active''), (%L, ''expired''), (%L, ''idle''),
        (%L, ''blocked''), (%L, ''blocked''), (%L, ''revoked'')', :'live',
        :'expired', :'idle', :'gated', :'client', :'stolen'),
    'sessions_of: all of one subject, with their state');
SELECT is(array_agg(sid), array_agg(sid ORDER BY sid DESC), 'newest first')
  FROM sessions_of('zoe');
SELECT results_eq('SELECT sid, subject FROM reuse_incident',
    format('VALUES (%L::uuid, ''zoe'')', :'stolen'), 'reuse_incident');
DELETE FROM session WHERE sid = :'stolen';
SELECT is(count(*)::int, 1, 'outlives the session') FROM reuse_incident;
UPDATE subject SET blocked = true;
SELECT set_eq('SELECT sid FROM active_session',
    format('VALUES (%L::uuid)', :'other'), 'not those of a blocked subject');

SELECT is(value, (SELECT count(*) FROM event e WHERE e.kind = figure),
          'stats: events of kind ' || figure)
  FROM stats WHERE about LIKE 'events%';
SELECT set_eq($$ SELECT figure FROM stats WHERE about LIKE 'events%' $$,
    $$ SELECT (regexp_matches(pg_get_constraintdef(oid), '''(\w+)''', 'g'))[1]
         FROM pg_constraint WHERE conname = 'event_kind'
          AND conrelid = 'auth_jwt.event'::regclass $$, 'each of them');
SELECT is(value, (SELECT count(*) FROM active_session), 'stats: active')
  FROM stats WHERE figure = 'active';
SELECT ok(string_agg(figure, ',') LIKE
    'sessions,active,revoked,expired,blocked,feed,%', 'stats: and the rest')
  FROM stats;
SELECT throws_ok($$ SELECT revoke_all(NULL) $$, '23502', NULL,
                 'a NULL that would revoke nobody is an error');

SELECT * FROM finish();
ROLLBACK;
