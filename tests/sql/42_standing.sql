-- SPDX-License-Identifier: Apache-2.0
-- An access token that the board cannot judge: asked of the table itself.
\ir helpers.psql
SELECT plan(27);
SELECT t.no_gates() \g /dev/null

CREATE FUNCTION t.standing(
    p_sid uuid, p_generation int DEFAULT NULL, p_subject text DEFAULT 'alice',
    p_client text DEFAULT NULL, p_ago interval DEFAULT '2 days') RETURNS text
LANGUAGE sql AS $$
    SELECT standing(p_sid, p_subject, p_client, clock_timestamp() - p_ago,
                    p_generation)
$$;

SELECT t.session() AS live, t.session() AS gone,
       t.session(expires => '-1 s') AS expired,
       t.session(used => '9 days') AS idle, t.session() AS deleted \gset
SELECT is(t.standing(:'live'), 'granted', 'a live session');
SELECT revoke_session(:'gone') \g /dev/null
SELECT is(t.standing(:'gone'), 'revoked', 'one that was ended');
DELETE FROM session WHERE sid = :'deleted';
SELECT is(t.standing(:'deleted'), 'revoked', 'one that was deleted');
SELECT is(t.standing(:'expired'), 'granted',
          'the end of a session does not shorten its last token');
SELECT is(t.standing(:'idle'), 'granted', 'nor does idleness');
SELECT is(t.standing('018bcfe5-6800-8000-8000-000000000000'), 'granted',
          'a host''s token without a row is for the gates');
SELECT is(t.standing(NULL), 'granted', 'so is one that names no session');
SELECT is(t.standing('018bcfe5-6800-4000-8000-000000000000'), 'revoked',
          'a sid that we never make is none of ours');

-- Gates: of the session, and of what the token says.
INSERT INTO subject (subject, not_before)
VALUES ('alice', clock_timestamp() - interval '1 day');
SELECT is(t.standing(:'live'), 'revoked', 'born before the gate');
SELECT is(t.standing(NULL), 'revoked', 'minted before the gate');
SELECT is(t.standing('018bcfe5-6800-8000-8000-000000000000'), 'revoked',
          'by the host too');
SELECT is(t.standing('018bcfe5-6800-8000-8000-000000000000',
          p_ago => '1 hour'), 'granted', 'minted after it');
SELECT is(standing(NULL, 'alice', NULL, NULL, NULL), 'revoked',
          'without a time it is as old as can be');
SELECT is(t.standing(:'live', p_subject => 'bob', p_ago => '0'), 'revoked',
          'the row''s subject counts whatever the token says');
SELECT t.session(subject => 'eve', client => 'web') AS eve \gset
SELECT is(t.standing(:'eve', p_subject => 'eve', p_client => 'web'), 'granted',
          'another subject');
INSERT INTO client VALUES ('web', clock_timestamp() - interval '1 day');
SELECT is(t.standing(:'eve', p_subject => 'eve', p_client => 'web'), 'revoked',
          'a client');
SELECT is(t.standing(NULL, p_subject => 'eve', p_client => 'app'), 'granted',
          'not another');
INSERT INTO client VALUES ('*', clock_timestamp() - interval '1 day');
SELECT is(t.standing(NULL, p_subject => 'eve', p_client => 'app'), 'revoked',
          'everyone');
SELECT t.no_gates() \g /dev/null
INSERT INTO subject (subject, blocked) VALUES ('alice', true);
SELECT is(t.standing(NULL, p_ago => '0'), 'revoked', 'blocked');
SELECT t.no_gates() \g /dev/null

-- Predecessors, where they are refused.
SELECT t.session(generation => 5, rotated => '10 s') AS sid \gset
SELECT is(t.standing(:'sid', 5), 'granted', 'the current generation');
SELECT is(t.standing(:'sid', 4), 'granted', 'one behind, while nothing is told');
SELECT is(t.standing(:'sid', 3), 'superseded', 'two behind');
SELECT is(t.standing(:'sid', NULL), 'granted', 'without a generation');
INSERT INTO revocation (kind, key, not_before, generation, until)
VALUES ('superseded', :'sid', clock_timestamp() + interval '20 s', 5,
        clock_timestamp() + interval '1 h');
SELECT is(t.standing(:'sid', 4), 'granted', 'one behind, within the grace');
UPDATE revocation SET not_before = clock_timestamp();
SELECT is(t.standing(:'sid', 4), 'superseded', 'and after it');
SELECT is(t.standing(:'sid', 5), 'granted', 'the current one stays');
SELECT t.session(generation => 5, rotated => '2 h') AS sid \gset
SELECT is(t.standing(:'sid', 4), 'superseded',
          'one behind, when the feed has long forgotten it');

SELECT * FROM finish();
ROLLBACK;
