-- SPDX-License-Identifier: Apache-2.0
-- JwtSupersede: a refresh also ends the access tokens of older generations.
\ir helpers.psql
SELECT plan(17);

CREATE FUNCTION t.fed() RETURNS text
LANGUAGE sql AS $$ SELECT coalesce(string_agg(f, ', '), '') FROM t.feed() f $$;

SELECT t.session(generation => 5) AS sid \gset
SELECT is(t.rotate(:'sid', 5), 'rotated 6', 'without it');
SELECT is(t.fed(), '', 'nothing is told');
SELECT t.session(generation => 5) AS sid \gset
SELECT is(t.rotate(:'sid', 5, supersede => true), 'rotated 6', 'with it');
SELECT is(t.fed(), format('superseded %s 6', :'sid'), 'what came before is');
SELECT is(f.not_before, microseconds(s.rotated_at + interval '30 s'),
          'from the end of the grace on')
  FROM feed() f JOIN session s ON s.sid::text = f.key;
SELECT ok(until > microseconds(clock_timestamp()) + 3600 * 1000000::bigint,
          'for as long as any access token lives')
  FROM feed() WHERE kind = 'superseded';
SELECT is(t.rotate(:'sid', 6, supersede => true), 'current 6', 'a burst');
SELECT is(t.rotate(:'sid', 5, supersede => true), 'replayed 6', 'of tabs');
SELECT is(t.fed(), format('superseded %s 6', :'sid'), 'tells nothing more');

DELETE FROM revocation;
SELECT t.session(generation => 5) AS sid \gset
SELECT is(t.rotate(:'sid', 7, supersede => true), 'healed 8', 'healed');
SELECT is(t.fed(), format('superseded %s 8', :'sid'), 'as rotated');

DELETE FROM revocation;
SELECT t.session(generation => 5) AS sid \gset
SELECT is(t.rotate(:'sid', 5, rotate => false, supersede => true), 'current 5',
          'without rotation');
SELECT is(t.fed(), '', 'nothing is superseded');

-- standing() says the same of it.
SELECT t.session(generation => 5) AS sid \gset
SELECT t.rotate(:'sid', 5, supersede => true) \g /dev/null
SELECT is(standing(:'sid', 'alice', NULL, now() - interval '2 d', 5), 'granted',
          'the predecessor within the grace');
SELECT t.session(generation => 5) AS sid \gset
SELECT t.rotate(:'sid', 5, grace => '0', supersede => true) \g /dev/null
SELECT is(standing(:'sid', 'alice', NULL, now() - interval '2 d', 5),
          'superseded', 'and after it');
SELECT is(standing(:'sid', 'alice', NULL, now() - interval '2 d', 6),
          'granted', 'not the successor');

-- A session that ends is ended, not superseded.
DELETE FROM revocation;
SELECT t.rotate(:'sid', 4, grace => '0', supersede => true) \g /dev/null
SELECT is(t.fed(), 'session ' || :'sid', 'a thief supersedes nothing');

SELECT * FROM finish();
ROLLBACK;
