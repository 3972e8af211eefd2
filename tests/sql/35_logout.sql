-- SPDX-License-Identifier: Apache-2.0
-- logout(): the holder ends the session, whatever the token's generation.
\ir helpers.psql
SELECT plan(36);

CREATE FUNCTION t.logout(sid uuid, form text DEFAULT 'jr1',
    secret bytea DEFAULT 'S', client text DEFAULT NULL,
    site text DEFAULT '', subject text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
    SELECT auth_jwt.logout(sid, form, sha256(secret), client, site, subject)
$$;

SELECT t.session(generation => 5, rotated => '1 h') AS sid \gset
SELECT is(t.logout(:'sid'), 'logged_out', 'a logout');
SELECT is(t.reason(:'sid'), 'logout', 'ends the session');
SELECT is(t.events(:'sid'), 'logout', 'which is recorded');
SELECT t.row(:'sid') AS before \gset
SELECT is(t.logout(:'sid'), 'revoked', 'once');
SELECT is(t.row(:'sid') || t.events(:'sid'), :'before' || 'logout',
          'the second one does not write');
SELECT is(t.rotate(:'sid', 5), 'revoked', 'no refresh any more');

SELECT is(t.logout(t.session(form => 'js1'), 'js1'), 'logged_out', 'a js1_');
SELECT is(t.logout(t.session(form => 'js1', generation => 3)), 'logged_out',
          'or the jr1_ it has become');
SELECT is(t.logout(t.session(form => 'laravel'), 'laravel', NULL,
                   subject => 'alice'), 'logged_out', 'a JWT');
SELECT is(t.logout(t.session(form => 'laravel'), 'laravel', NULL,
                   subject => 'bob'), 'unknown', 'of that subject');
SELECT is(t.logout(t.session(used => '2 days')), 'logged_out', 'an idle one');
SELECT is(t.logout(t.session(expires => '-1 s')), 'logged_out',
          'an expired one');
INSERT INTO subject (subject, blocked) VALUES ('eve', true);
SELECT is(t.logout(t.session(subject => 'eve')), 'logged_out',
          'whatever the gates');

-- By a verified access token: no form, no S.
SELECT t.session(form => form, client => 'web', site => 'shop') AS sid
  FROM (VALUES ('laravel')) AS f(form) \gset
SELECT is(t.logout(:'sid', NULL, NULL, 'web', 'bank', 'alice'), 'unknown',
          'an access token of another site');
SELECT is(t.logout(:'sid', NULL, NULL, NULL, 'shop', 'alice'), 'unknown',
          'or of no client');
SELECT is(t.logout(:'sid', NULL, NULL, 'web', 'shop', 'bob'), 'unknown',
          'or of somebody who wrote a sid of hers');
SELECT is(t.logout(:'sid', NULL, NULL, 'web', 'shop'), 'unknown',
          'or of nobody');
SELECT is(t.logout(:'sid', NULL, NULL, 'web', 'shop', 'alice'), 'logged_out',
          'the right one');
SELECT is(t.logout(:'sid', NULL, NULL, 'web', 'shop', 'alice'), 'revoked',
          'once');
SELECT is(t.logout(t.session(form => form), NULL, NULL, subject => 'alice'),
          'logged_out', 'of a session of form ' || form)
  FROM unnest(ARRAY['jr1', 'js1', 'simplejwt']) AS form;

-- Who is not the holder ends nothing and learns nothing.
SELECT is(t.logout(new_sid(now())), 'unknown', 'no such session');
SELECT is(t.logout(NULL), 'unknown', 'no sid');
SELECT t.session(client => 'web', site => 'shop') AS sid \gset
SELECT t.row(:'sid') AS before \gset
SELECT is(t.logout(:'sid', form, secret, client, site), 'unknown', what)
  FROM (VALUES ('wrong S', 'jr1', 'T'::bytea, 'web', 'shop'),
               ('no S', 'jr1', NULL, 'web', 'shop'),
               ('another client', 'jr1', 'S', 'app', 'shop'),
               ('no client', 'jr1', 'S', NULL, 'shop'),
               ('another site', 'jr1', 'S', 'web', 'bank'),
               ('no site', 'jr1', 'S', 'web', NULL),
               ('as js1', 'js1', 'S', 'web', 'shop'),
               ('as laravel', 'laravel', 'S', 'web', 'shop'),
               ('as laravel, no S', 'laravel', NULL, 'web', 'shop'))
           AS attack(what, form, secret, client, site);
SELECT is(t.row(:'sid') || t.events(:'sid'), :'before', 'no write');
UPDATE session SET revoked_at = now() WHERE sid = :'sid';
SELECT is(t.logout(:'sid', 'jr1', 'T', 'web', 'shop'), 'unknown',
          'ended or not is the holder''s business');
SELECT is(t.logout(:'sid', 'laravel', 'S'), 'unknown', 'with all of it wrong');

SELECT * FROM finish();
ROLLBACK;
