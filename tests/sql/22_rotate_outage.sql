-- SPDX-License-Identifier: Apache-2.0
-- Time without a database does not count against the grace. The grace is
-- 30 s; all times are "ago".
\ir helpers.psql
SELECT plan(18);

CREATE FUNCTION t.refresh(rotated interval, n int, began interval,
                          ended interval) RETURNS text
LANGUAGE sql AS $$
    SELECT t.rotate(t.session(generation => 5, rotated => rotated), n,
                    began => began, ended => ended)
$$;

-- An outage from 600 s to 20 s ago.
SELECT is(t.refresh('620 s', 4, '600 s', '20 s'), 'replayed 5',
          'rotated 20 s before the outage, retried 20 s after it');
SELECT is(t.refresh('620 s', 5, '600 s', '20 s'), 'current 5',
          'nothing rotates while its predecessor is good');
SELECT is(t.refresh('640 s', 4, '600 s', '20 s'), 'reused',
          'rotated 40 s before the outage: no older one');
SELECT is(t.refresh('640 s', 5, '600 s', '20 s'), 'rotated 6',
          'and that one rotates');
SELECT is(t.refresh('595 s', 4, '600 s', '20 s'), 'replayed 5',
          'rotated as it began (the answer was lost)');
SELECT is(t.refresh('300 s', 4, '600 s', '20 s'), 'reused',
          'rotated during it: somebody did reach the database');
SELECT is(t.refresh('300 s', 5, '600 s', '20 s'), 'rotated 6',
          'and that one goes on');
SELECT is(t.refresh('1 day', 4, '600 s', '20 s'), 'reused',
          'a predecessor a day old right after a restart');

-- The outage ended longer than one grace ago.
SELECT is(t.refresh('620 s', 4, '600 s', '40 s'), 'reused',
          'retried 40 s after the outage: too late');
SELECT is(t.refresh('620 s', 5, '600 s', '40 s'), 'rotated 6', 'it is over');
SELECT is(t.refresh('50 s', 4, '600 s', '40 s'), 'reused',
          'a rotation since then has the plain grace');
SELECT is(t.refresh('20 s', 4, '600 s', '40 s'), 'replayed 5', 'not less');

-- None, or odd ones.
SELECT is(t.refresh('40 s', 4, NULL, NULL), 'reused', 'no outage');
SELECT is(t.refresh('20 s', 4, NULL, NULL), 'replayed 5', 'the plain grace');
SELECT is(t.refresh('40 s', 4, NULL, '1 s'), 'reused', 'half an outage');
SELECT is(t.refresh('40 s', 4, '20 s', NULL), 'reused', 'the other half');
SELECT is(t.refresh('20 s', 4, '1 s', '0'), 'replayed 5', 'a short one');
SELECT is(t.refresh('20 s', 3, '600 s', '1 s'), 'reused',
          'two behind stays two behind');

SELECT * FROM finish();
ROLLBACK;
