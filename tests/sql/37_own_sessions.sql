-- SPDX-License-Identifier: Apache-2.0
-- The holder of a live session sees and ends those of the same subject.
\ir helpers.psql
SELECT plan(31);
SELECT t.no_gates() \g /dev/null

SELECT t.session(site => 'shop', used => '1 h', client => 'web') AS me,
       t.session(site => 'shop', used => '2 h') AS two,
       t.session(site => 'shop', used => '1 min') AS three,
       t.session(site => 'shop', expires => '-1 s') AS expired,
       t.session(site => 'shop', used => '2 d') AS idle,
       t.session(site => 'shop') AS gone,
       t.session(site => 'bank') AS bank,
       t.session(site => 'shop', subject => 'bob') AS bob \gset
SELECT revoke_session(:'gone') \g /dev/null
UPDATE session SET user_agent = 'agent', address = '192.0.2.1'
 WHERE sid = :'me';

SELECT results_eq(format('SELECT sid, current FROM own_sessions(%L, ''shop'',
    ''alice'')', :'me'), format('VALUES (%L::uuid, true), (%L, false), (%L, false)', :'me',
    :'three', :'two'), 'itself first, then the last used; nothing else');
SELECT is(concat_ws('|', o.user_agent, o.address, o.client,
    o.created_at = microseconds(s.created_at),
    o.used_at = microseconds(s.used_at),
    o.expires_at = microseconds(s.expires_at)),
    'agent|192.0.2.1|web|t|t|t', 'as they are')
  FROM own_sessions(:'me', 'shop', 'alice') o JOIN session s USING (sid)
 WHERE o.current;
SELECT is((SELECT count(*)::int FROM own_sessions(sid, site, subject)), 0, why)
  FROM (VALUES (:'me'::uuid, 'bank', 'alice', 'not at another site'),
               (:'me', '', 'alice', 'nor without one'),
               (:'me', 'shop', 'bob', 'nor for somebody else'),
               (:'me', 'shop', NULL, 'nor for nobody'),
               (:'gone', 'shop', 'alice', 'ended'),
               (:'expired', 'shop', 'alice', 'expired'),
               (:'idle', 'shop', 'alice', 'idle'),
               (new_sid(now()), 'shop', 'alice', 'unknown'),
               (NULL, 'shop', 'alice', 'none'))
       AS v(sid, site, subject, why);
INSERT INTO subject (subject, blocked) VALUES ('alice', true);
SELECT is(count(*)::int, 0, 'blocked') FROM own_sessions(:'me', 'shop', 'alice');
SELECT is(t::text, '(unknown,0)', 'and ends nothing')
  FROM end_own_sessions(:'me', 'shop', 'alice', NULL) t;
SELECT t.no_gates() \g /dev/null

-- Ending.
SELECT is(t::text, '(unknown,0)', why || ' ends nothing')
  FROM (VALUES (:'me'::uuid, 'bank', 'alice', 'another site'),
               (:'me', 'shop', 'bob', 'somebody else'),
               (:'me', 'shop', NULL, 'nobody'),
               (:'gone', 'shop', 'alice', 'ended'),
               (new_sid(now()), 'shop', 'alice', 'unknown'),
               (NULL, 'shop', 'alice', 'none')) AS v(sid, site, subject, why),
       end_own_sessions(v.sid, v.site, v.subject, NULL) t;
SELECT is(t::text, '(logged_out,0)', why)
  FROM (VALUES (:'bob'::uuid, 'somebody else''s'), (:'bank', 'another site''s'),
               (:'gone', 'an ended one'), (new_sid(now()), 'none at all'))
       AS v(sid, why), end_own_sessions(:'me', 'shop', 'alice', v.sid) t;
SELECT is(t::text, '(logged_out,1)', 'one')
  FROM end_own_sessions(:'me', 'shop', 'alice', :'two') t;
SELECT is(t.reason(:'two') || ' ' || t.events(:'two'), 'logout logout',
          'as its own logout would');
SELECT is(t::text, '(logged_out,2)', 'all others (an idle one may come back)')
  FROM end_own_sessions(:'me', 'shop', 'alice', NULL) t;
SELECT is(t.reason(:'me'), NULL, 'but not itself');
SELECT is(t.reason(:'bob') || t.reason(:'bank'), NULL, 'nor anybody else''s');
SELECT is(t::text, '(logged_out,1)', 'itself, when it is named')
  FROM end_own_sessions(:'me', 'shop', 'alice', :'me') t;

-- However many there are.
SELECT t.session(subject => 'service') AS me \gset
SELECT count(t.session(subject => 'service')) FROM generate_series(1, 150)
 \g /dev/null
SELECT is(count(*)::int, 100, 'a hundred are listed')
  FROM own_sessions(:'me', '', 'service');
SELECT is(ended::int, 150, 'all are ended')
  FROM end_own_sessions(:'me', '', 'service', NULL);

SELECT * FROM finish();
ROLLBACK;
