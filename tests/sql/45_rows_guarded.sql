-- SPDX-License-Identifier: Apache-2.0
-- What no statement may do to a row, and what keeps refreshes cheap.
\ir helpers.psql
SELECT plan(49);

-- Triggers.
SELECT t.session(generation => 5) AS sid \gset
UPDATE session SET revoked_at = now() WHERE sid = :'sid';
SELECT throws_ok('UPDATE session SET revoked_at = NULL', '23000',
    format('session %s: it was ended and stays so', :'sid'),
    'no session is un-revoked');
SELECT lives_ok($$ UPDATE session SET revoked_at = now() - interval '1 h' $$,
                'its time may be corrected');
SELECT throws_ok('UPDATE session SET generation = generation - 1', '23000',
    format('session %s: its generation never falls', :'sid'),
    'no generation falls');
SELECT lives_ok('UPDATE session SET generation = generation + 1', 'it may rise');

-- CHECKs: one bad value at a time in a row that is fine.
CREATE FUNCTION t.bad(p_change jsonb) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO session SELECT * FROM jsonb_populate_record(
        (SELECT s FROM session s LIMIT 1),
        jsonb_build_object('sid', gen_random_uuid()) || p_change)
$$;
SELECT lives_ok($$ SELECT t.bad('{}') $$, 'the row is fine');
SELECT lives_ok(format('SELECT t.bad(%L)', change), 'so is ' || change)
  FROM unnest(ARRAY['{"generation": 2147483647}', '{"form": "js1"}',
                    '{"form": "laravel", "secret_hash": null}',
                    '{"form": "simplejwt", "secret_hash": null}']) AS change;
SELECT throws_ok(format('SELECT t.bad(%L)', change), '23514', NULL, change)
  FROM unnest(ARRAY['{"generation": -1}', '{"form": "jwt"}', '{"form": ""}',
        '{"secret_hash": null}', '{"form": "js1", "secret_hash": null}',
        '{"secret_hash": "\\x00"}', '{"form": "laravel"}',
        '{"form": "simplejwt"}', '{"subject": ""}', '{"subject": "*"}',
        '{"claims": []}', '{"claims": "text"}', '{"idle": "0"}',
        '{"idle": "-1 day"}', '{"expires_at": "2000-01-01"}']) AS change;
SELECT throws_ok(format('SELECT t.bad(%L)',
                        jsonb_build_object(name, NULL)), '23502', NULL,
                 name || ' is needed')
  FROM unnest(ARRAY['subject', 'site', 'form', 'claims', 'generation',
                    'created_at', 'used_at', 'expires_at', 'idle']) AS name;
SELECT throws_ok($$ SELECT t.bad('{"generation": 2147483648}') $$, '22003',
                 NULL, 'a generation has 31 bits');
SELECT throws_ok($$ INSERT INTO event (kind) VALUES ('other') $$, '23514',
                 NULL, 'kinds of event are known');

-- Every refresh is a HOT update.
SELECT set_eq($$ SELECT attname::text FROM pg_index JOIN pg_attribute
    ON attrelid = indexrelid WHERE indrelid = 'session'::regclass $$,
    ARRAY['sid', 'subject', 'expires_at'],
    'no index on what a refresh writes');
SELECT is((SELECT count(*)::int FROM pg_index
           WHERE indrelid = 'session'::regclass
           AND (indexprs IS NOT NULL OR indpred IS NOT NULL)), 0,
          'nor by an expression or a predicate');
SELECT is(reloptions, '{fillfactor=85}', 'room for the next version')
  FROM pg_class WHERE oid = 'session'::regclass;
SELECT is((SELECT count(*)::int FROM pg_trigger
           WHERE tgrelid = 'session'::regclass AND tgtype & 19 = 19), 0,
          'no BEFORE UPDATE trigger on session locks the row once more');

-- Time is the clock's: a call may have waited.
SELECT is((SELECT count(*)::int FROM pg_proc
           WHERE pronamespace = 'auth_jwt'::regnamespace
           AND (prosrc ~* '\mnow\(\)' OR prosrc ~* 'current_timestamp'
                OR pg_get_function_arguments(oid) ~* '\mnow\(\)')), 0,
          'no function says now()');
SELECT ok(proconfig @> ARRAY['lock_timeout=1500ms'],
          proname || '() waits a bounded time for a lock')
  FROM pg_proc WHERE pronamespace = 'auth_jwt'::regnamespace
   AND proname IN ('open', 'rotate', 'logout', 'open_session', 'adopt',
                   'logout_host', 'end_own_sessions', 'purge',
                   'raise_access_lifetime');

SELECT * FROM finish();
ROLLBACK;
