-- SPDX-License-Identifier: Apache-2.0
-- Every verdict of rotate(), at both sides of each of its limits.
\ir helpers.psql
SELECT plan(164);

-- rotated ---------------------------------------------------------------------
SELECT t.session(used => '1 h') AS sid \gset
SELECT is(t.rotate(:'sid', 0), 'rotated 1', 'the first refresh rotates');
SELECT is(t.generation(:'sid'), 1, 'the row moved one generation');
SELECT ok(rotated_at BETWEEN clock_timestamp() - interval '1 s'
          AND clock_timestamp() AND used_at >= now(), 'and knows when')
  FROM session WHERE sid = :'sid';
SELECT is(t.events(:'sid'), '', 'no event row per refresh');

SELECT t.session(generation => 7, rotated => '31 s') AS sid \gset
SELECT is(t.rotate(:'sid', 7), 'rotated 8', 'the grace over, it rotates');
SELECT t.session(generation => 7, rotated => '29 s') AS sid \gset
SELECT is(t.rotate(:'sid', 7), 'current 7', 'not before');
SELECT t.session(generation => 7, rotated => '1 ms') AS sid \gset
SELECT is(t.rotate(:'sid', 7, grace => '0'), 'rotated 8',
          'grace 0: every refresh rotates');
SELECT t.session(generation => 7, rotated => '1 hour') AS sid \gset
SELECT is(t.rotate(:'sid', 7, grace => '2 hours'), 'current 7',
          'the grace is the caller''s');

SELECT t.session(generation => 2147483646, rotated => '1 hour') AS sid \gset
SELECT is(t.rotate(:'sid', 2147483646), 'rotated 2147483647',
          'the last generation can be reached');
SELECT is(t.rotate(:'sid', 2147483647), 'current 2147483647', 'and used');
SELECT t.session(generation => 2147483647, rotated => '1 hour') AS sid \gset
SELECT is(t.rotate(:'sid', 2147483647), 'expired',
          'after the last generation the session is over, without an error');
SELECT t.session(generation => 2147483646, rotated => '1 hour') AS sid \gset
SELECT is(t.rotate(:'sid', 2147483647), 'expired',
          'nor does healing pass the last generation');

-- current, replayed -----------------------------------------------------------
SELECT t.session(generation => 5, rotated => '29 s') AS sid \gset
SELECT t.row(:'sid') AS before \gset
SELECT is(t.rotate(:'sid', 5), 'current 5', 'the row''s generation in grace');
SELECT is(t.rotate(:'sid', 4), 'replayed 5',
          'its predecessor gets the same token');
SELECT is(t.rotate(:'sid', 4), 'replayed 5', 'as often as it asks');
SELECT is(t.row(:'sid'), :'before', 'neither writes');

-- reused ----------------------------------------------------------------------
SELECT t.session(generation => 5, rotated => '31 s') AS sid \gset
SELECT is(t.rotate(:'sid', 4), 'reused', 'the predecessor after grace');
SELECT is(t.reason(:'sid'), 'reused', 'ends the session');
SELECT is(t.events(:'sid'), 'reused', 'and is recorded');
SELECT is(detail, 'generation 5', 'with the generation that the row was at')
  FROM event WHERE sid = :'sid';
SELECT t.row(:'sid') AS before \gset
SELECT is(t.rotate(:'sid', 4), 'revoked', 'the thief again');
SELECT is(t.rotate(:'sid', 5), 'revoked', 'the victim');
SELECT is(t.row(:'sid') || t.events(:'sid'), :'before' || 'reused',
          'neither writes');

SELECT t.session(generation => 5, rotated => '1 s') AS sid \gset
SELECT is(t.rotate(:'sid', 3), 'reused', 'two behind is no replay, ever');
SELECT t.session(generation => 5, rotated => '1 ms') AS sid \gset
SELECT is(t.rotate(:'sid', 4, grace => '0'), 'reused',
          'grace 0: the predecessor is a thief at once');
SELECT t.session(generation => 2147483647, rotated => '1 s') AS sid \gset
SELECT is(t.rotate(:'sid', 0), 'reused', 'as far behind as can be');

-- healed, ahead ---------------------------------------------------------------
SELECT t.session(generation => 5, rotated => '1 s') AS sid \gset
SELECT is(t.rotate(:'sid', 6), 'healed 7', 'one ahead: the row catches up');
SELECT is(t.generation(:'sid'), 7, 'past the token');
SELECT is(t.events(:'sid'), 'healed', 'which is recorded');
SELECT t.session(generation => 5, rotated => '1 s') AS sid \gset
SELECT is(t.rotate(:'sid', 7), 'healed 8', 'two ahead');
SELECT t.session(form => 'js1') AS sid \gset
SELECT is(t.rotate(:'sid', 2), 'healed 3', 'a restored js1_ session heals');
SELECT t.session(generation => 5) AS sid \gset
SELECT is(t.rotate(:'sid', 8), 'ahead', 'three ahead');
SELECT is(t.reason(:'sid'), 'ahead', 'ends the session');
SELECT is(t.generation(:'sid'), 5, 'at the generation it had');
SELECT is(t.events(:'sid'), 'ahead', 'which is recorded');
SELECT is(t.rotate(:'sid', 8), 'revoked', 'once');
SELECT t.session(generation => 0) AS sid \gset
SELECT is(t.rotate(:'sid', 2147483647), 'ahead', 'as far ahead as can be');

-- unknown: identity, before anything else --------------------------------------
SELECT is(t.rotate(new_sid(clock_timestamp()), 0), 'unknown', 'no such sid');
SELECT is(t.rotate(NULL, 0), 'unknown', 'no sid');

-- Each session is in a state that its holder would hear about or change.
SELECT t.session(generation => 5, rotated => '1 day', client => 'web',
                 site => 'shop') AS sid \gset
SELECT t.row(:'sid') AS before \gset
SELECT is(t.rotate(:'sid', n, client => client, site => site, form => form,
                   secret => secret),
          'unknown', format('%s at generation %s', what, n))
  FROM (VALUES ('right sid, wrong S', 'jr1', 'T'::bytea, 'web', 'shop'),
               ('no S', 'jr1', NULL, 'web', 'shop'),
               ('another client', 'jr1', 'S', 'app', 'shop'),
               ('no client', 'jr1', 'S', NULL, 'shop'),
               ('another site', 'jr1', 'S', 'web', 'bank'),
               ('no site', 'jr1', 'S', 'web', ''),
               ('site NULL', 'jr1', 'S', 'web', NULL),
               ('as js1', 'js1', 'S', 'web', 'shop'),
               ('as laravel', 'laravel', 'S', 'web', 'shop'),
               ('as simplejwt', 'simplejwt', NULL, 'web', 'shop'),
               ('as nothing', NULL, 'S', 'web', 'shop'))
           AS attack(what, form, secret, client, site),
       (VALUES (0), (4), (5), (6), (9), (-1), (NULL)) AS generation(n);
SELECT is(t.row(:'sid') || t.events(:'sid'), :'before',
          'the victim is unharmed');
SELECT is(t.rotate(:'sid', 5, client => 'web', site => 'shop'), 'rotated 6',
          'and goes on');
SELECT t.session(generation => 0, rotated => '1 s') AS sid \gset
SELECT is(t.rotate(:'sid', -1), 'unknown', 'a negative generation');
SELECT is(t.rotate(:'sid', NULL), 'unknown', 'no generation');
SELECT is(t.rotate(:'sid', 0, client => 'web'), 'unknown',
          'a client where the session has none');
SELECT is(t.rotate(:'sid', 0, site => NULL), 'current 0',
          'site NULL is no site');

-- forms -----------------------------------------------------------------------
SELECT t.session(form => 'js1') AS sid \gset
SELECT is(t.rotate(:'sid', 0), 'unknown', 'a jr1_ of generation 0 for a js1_');
SELECT is(t.rotate(:'sid', 1, 'js1'), 'unknown', 'a js1_ has generation 0 only');
SELECT is(t.rotate(:'sid', 0, 'js1'), 'rotated 1', 'js1_ is generation 0');
SELECT is(t.rotate(:'sid', 0, 'js1'), 'replayed 1', 'replayed in grace');
SELECT is(t.rotate(:'sid', 1), 'current 1', 'its successor is a jr1_');
SELECT t.session(form => 'js1', generation => 1, rotated => '31 s') AS sid \gset
SELECT is(t.rotate(:'sid', 0, 'js1'), 'reused', 'a js1_ replayed after grace');
SELECT t.session() AS sid \gset
SELECT is(t.rotate(:'sid', 0, 'js1'), 'unknown', 'a jr1_ rewritten as js1_');
SELECT t.session(form => 'laravel') AS sid \gset
SELECT is(t.rotate(:'sid', 0, 'laravel', NULL), 'unknown',
          'a JWT that names no subject');
SELECT is(t.rotate(:'sid', 0, 'laravel', NULL, subject => 'Alice'), 'unknown',
          'or another one: its host may have let the caller choose the sid');
SELECT is(t.rotate(:'sid', 0, 'laravel', NULL, subject => 'alice'), 'rotated 1',
          'a laravel JWT');
SELECT is(t.rotate(:'sid', 1, form, secret, subject => 'alice'), 'unknown',
          why)
  FROM (VALUES ('simplejwt', NULL, 'by name'), ('jr1', NULL, 'no jr1_ is one'),
               ('laravel', 'S'::bytea, 'nor one with an S'))
       AS v(form, secret, why);
SELECT t.session(form => 'simplejwt') AS sid \gset
SELECT is(t.rotate(:'sid', 0, 'simplejwt', NULL, subject => 'alice'),
          'rotated 1', 'a simplejwt JWT');

-- revoked, expired, idle, in this order ----------------------------------------
-- Each has a token that would be reused, ahead or rotated.
SELECT t.session(generation => 5, expires => '-1 s', used => '2 days')
    AS sid \gset
UPDATE session SET revoked_at = now() WHERE sid = :'sid';
SELECT is(t.rotate(:'sid', n), 'revoked', format('revoked first, at %s', n))
  FROM (VALUES (3), (5), (9)) AS g(n);
SELECT t.session(generation => 5, expires => '-1 ms', used => '2 days')
    AS sid \gset
SELECT is(t.rotate(:'sid', n), 'expired', format('then expired, at %s', n))
  FROM (VALUES (3), (5), (9)) AS g(n);
SELECT t.session(generation => 5, used => '1 day 1 s') AS sid \gset
SELECT is(t.rotate(:'sid', n), 'idle', format('then idle, at %s', n))
  FROM (VALUES (3), (5), (9)) AS g(n);
SELECT is(t.reason(:'sid'), NULL, 'none of them writes');
SELECT t.session(used => '23:59', expires => '1 s') AS sid \gset
SELECT is(t.rotate(:'sid', 0), 'rotated 1', 'alive to the last second');

-- the answer ------------------------------------------------------------------
SELECT t.session(subject => 'bob', client => 'web', scope => 'a b',
    expires => '100 s', claims => '{"role": "user", "tenant": 7}') AS sid \gset
CREATE OR REPLACE FUNCTION claims(subject text, sid uuid) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_build_object('role', 'admin', 'of', subject, 'sid2', sid,
                              'gone', NULL)
$$;
SELECT is(a - 'remaining', jsonb_build_object('verdict', 'rotated',
          'sid', :'sid', 'generation', 1, 'subject', 'bob', 'client', 'web',
          'scope', 'a b', 'claims', jsonb_build_object('role', 'admin',
          'tenant', 7, 'of', 'bob', 'sid2', :'sid', 'gone', NULL)),
          'the row, with claims() on top of it; JSON null is kept')
  FROM to_jsonb(t.answer(:'sid', 0, client => 'web')) a;
SELECT cmp_ok(remaining, '>', 98::float8, 'seconds to the absolute end')
  FROM t.answer(:'sid', 1, client => 'web');
SELECT cmp_ok(remaining, '<=', 100::float8, 'not more')
  FROM t.answer(:'sid', 1, client => 'web');
SELECT is(claims->>'role', 'admin', 'claims() again at every refresh')
  FROM t.answer(:'sid', 0, client => 'web');
SELECT is((SELECT count(*)::int FROM t.answer(:'sid', 7)), 1, 'always one row');
SELECT is(t.answer(:'sid', 7)::text, '(unknown,,,,,,,)',
          'nothing but the verdict for a stranger');
UPDATE session SET revoked_at = now() WHERE sid = :'sid';
SELECT is(t.answer(:'sid', 1, client => 'web')::text, '(revoked,,,,,,,)',
          'nor after the end');
SELECT t.session(generation => 5, rotated => '1 day') AS sid \gset
SELECT is(t.answer(:'sid', 4)::text, '(reused,,,,,,,)', 'nor for a thief');

-- claims() --------------------------------------------------------------------
SELECT t.session(generation => 5, rotated => '1 day') AS sid \gset
SELECT t.session(generation => 5, rotated => '1 s') AS fresh \gset
SELECT t.row(:'sid') AS before \gset
CREATE OR REPLACE FUNCTION claims(subject text, sid uuid) RETURNS jsonb
LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT is(t.answer(:'sid', 5)::text, '(blocked,,,,,,,)', 'NULL refuses the mint');
SELECT is(t.rotate(:'sid', 6), 'blocked', 'when healing');
SELECT is(t.rotate(:'fresh', 5), 'blocked', 'in grace');
SELECT is(t.rotate(:'fresh', 4), 'blocked', 'replaying');
SELECT is(t.rotate(:'sid', 5, rotate => false), 'blocked', 'not rotating');
SELECT is(t.row(:'sid'), :'before', 'nothing was written');
CREATE OR REPLACE FUNCTION claims(subject text, sid uuid) RETURNS jsonb
LANGUAGE sql AS $$ SELECT '["no", "object"]'::jsonb $$;
SELECT throws_like(format('SELECT t.rotate(%L, 5)', :'sid'),
    'claims() must return%', 'anything else than an object is an error');
SELECT is(t.row(:'sid'), :'before', 'that loses nothing');
CREATE OR REPLACE FUNCTION claims(subject text, sid uuid) RETURNS jsonb
LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
SELECT is(t.rotate(:'sid', 5), 'rotated 6', 'the token is still good');

SELECT * FROM finish();
ROLLBACK;
