-- SPDX-License-Identifier: Apache-2.0
-- A refresh may narrow the scope of its session, never widen it (RFC 6749 6),
-- and what httpd no longer waits for does not rotate.
\ir helpers.psql
SELECT plan(18);

CREATE FUNCTION t.scoped(sid uuid, n int, scope text,
    patience interval DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
    SELECT concat_ws(' ', a.verdict, a.generation, quote_nullable(a.scope))
      FROM auth_jwt.rotate(sid, n, 'jr1', sha256('S'), NULL, '', true, '30 s',
                           false, NULL, NULL, scope, patience) a
$$;

SELECT t.session(scope => 'read write') AS sid \gset
SELECT t.row(:'sid') AS before \gset
SELECT is(t.scoped(:'sid', 0, s), 'scope_refused NULL', format('not %s', s))
  FROM unnest(ARRAY['admin', 'read admin', 'rea', 'Read', 'read  write',
                    ' read', 'read ', 'read,write']) s;
SELECT is(t.row(:'sid'), :'before', 'and nothing was rotated');
SELECT is(t.scoped(:'sid', 0, 'read'), 'rotated 1 ''read''', 'narrowed');
SELECT is(t.scoped(:'sid', 1, NULL), 'current 1 ''read write''',
          'the session keeps what it has');
SELECT is(t.scoped(:'sid', 0, 'write read'), 'replayed 1 ''write read''',
          'in any order');
SELECT is(t.scoped(:'sid', 0, 'admin'), 'scope_refused NULL',
          'nor by a replay');

SELECT t.session() AS sid \gset
SELECT is(t.scoped(:'sid', 0, 'read'), 'scope_refused NULL',
          'a session without scope gives none');

-- A scope that is refused does not hide a reuse.
SELECT t.session(generation => 5, rotated => '1 h', scope => 'read') AS sid \gset
SELECT is(t.scoped(:'sid', 4, 'admin'), 'reused NULL', 'the reuse comes first');
SELECT is(t.reason(:'sid'), 'reused', 'and ends the session');

SELECT t.session() AS sid \gset
SELECT is(t.scoped(:'sid', 0, NULL, '-1 ms'), 'database_timeout NULL',
          'given up');
SELECT is(t.generation(:'sid'), 0, 'and so not rotated');

SELECT * FROM finish();
ROLLBACK;
