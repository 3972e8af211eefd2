-- SPDX-License-Identifier: Apache-2.0
-- JwtDatabaseAsync: only a plain rotation may be lost by a crash.
\ir helpers.psql
SELECT plan(7);

CREATE FUNCTION t.commits(sid uuid, n int, async boolean DEFAULT true,
                          rotate boolean DEFAULT true) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_verdict text;
BEGIN
    SET LOCAL synchronous_commit = on;
    v_verdict := t.rotate(sid, n, async => async, rotate => rotate);
    RETURN v_verdict || ', ' || current_setting('synchronous_commit');
END
$$;

SELECT is(t.commits(t.session(), 0), 'rotated 1, off', 'a rotation');
SELECT is(t.commits(t.session(), 0, false), 'rotated 1, on', 'if asked to');
SELECT is(t.commits(t.session(), 1), 'healed 2, on', 'not healing');
SELECT is(t.commits(t.session(generation => 3), 0), 'reused, on', 'not reuse');
SELECT is(t.commits(t.session(), 3), 'ahead, on', 'not ahead');
SELECT is(t.commits(t.session(used => '12 h'), 0, rotate => false),
          'current 0, on', 'not a touch');
SELECT is(t.commits(t.session(generation => 5, rotated => '1 s'), 4),
          'replayed 5, on', 'not a replay');

SELECT * FROM finish();
ROLLBACK;
