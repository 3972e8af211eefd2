-- SPDX-License-Identifier: Apache-2.0
-- JwtRefreshRotate Off: one token for the session's life, and rare writes.
\ir helpers.psql
SELECT plan(18);

SELECT t.session(generation => 5, rotated => '12 h', used => '2:59') AS sid \gset
SELECT t.row(:'sid') AS before \gset
SELECT is(t.rotate(:'sid', 5, rotate => false), 'current 5', 'always current');
SELECT is(t.row(:'sid'), :'before', 'no write within an eighth of the idle day');

SELECT t.session(generation => 5, rotated => '12 h', used => '3:01') AS sid \gset
SELECT rotated_at AS rotated FROM session WHERE sid = :'sid' \gset
SELECT is(t.rotate(:'sid', 5, rotate => false), 'current 5', 'after it as well');
SELECT ok(used_at > now() - interval '1 min', 'a touch of used_at')
  FROM session WHERE sid = :'sid';
SELECT ok(rotated_at = :'rotated' AND generation = 5,
          'never of rotated_at or the generation')
  FROM session WHERE sid = :'sid';

SELECT t.session() AS sid \gset
SELECT is(t.rotate(:'sid', 0, rotate => false), 'current 0', 'from the start');
SELECT t.session(form => 'js1') AS sid \gset
SELECT is(t.rotate(:'sid', 0, 'js1', rotate => false), 'current 0', 'a js1_ too');
SELECT t.session(generation => 2147483647) AS sid \gset
SELECT is(t.rotate(:'sid', 2147483647, rotate => false), 'current 2147483647',
          'there is no last generation');

-- n must be the row's generation.
SELECT t.session(generation => 5, rotated => '1 h') AS sid \gset
SELECT is(t.rotate(:'sid', 4, rotate => false), 'reused', 'behind is reuse');
SELECT is(t.reason(:'sid'), 'reused', 'that ends the session');
SELECT t.session(generation => 5, rotated => '1 h') AS sid \gset
SELECT is(t.rotate(:'sid', 6, rotate => false), 'ahead',
          'nothing heals: one ahead is ahead');
SELECT is(t.reason(:'sid'), 'ahead', 'and ends the session');
SELECT is(t.generation(:'sid'), 5, 'where it was');
SELECT t.session(generation => 5, rotated => '1 s') AS sid \gset
SELECT is(t.rotate(:'sid', 4, rotate => false), 'replayed 5',
    'switched off a second after a rotation: its answer may still be replayed');

SELECT t.session(used => '1 day 1 s') AS sid \gset
SELECT is(t.rotate(:'sid', 0, rotate => false), 'idle', 'idle all the same');
SELECT t.session(expires => '-1 s') AS sid \gset
SELECT is(t.rotate(:'sid', 0, rotate => false), 'expired', 'and expired');
SELECT t.session(used => '12 h') AS sid \gset
SELECT t.row(:'sid') AS before \gset
INSERT INTO subject (subject, blocked) VALUES ('alice', true);
SELECT is(t.rotate(:'sid', 0, rotate => false), 'blocked', 'and blocked');
SELECT is(t.row(:'sid'), :'before', 'without a touch');

SELECT * FROM finish();
ROLLBACK;
