-- SPDX-License-Identifier: Apache-2.0
--
-- pgbench: what the store sends for one refresh (src/store/store.c), over the
-- sessions of Sessions.numbered(). Each client walks its own from the first to
-- the last, then again one generation higher. The verdicts are not seen here;
-- afterwards the generations must add up to the transactions.
\set turn :turn + 1
\set session :client_id * :each + mod(:turn, :each)
\set generation :turn / :each
SELECT verdict, sid, generation, subject, client, scope, claims,
       (remaining * 1000000)::bigint
  FROM "auth_jwt".rotate((:head || lpad(:session, 12, '0'))::uuid,
       :generation::int, :form::text, :hash::bytea, NULL::text, ''::text,
       :rotates::boolean, :grace::interval, :async::boolean, NULL::interval,
       NULL::interval, NULL::text, :patience::interval, false::boolean,
       NULL::text);
