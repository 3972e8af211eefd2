-- SPDX-License-Identifier: Apache-2.0
--
-- The sessions of mod_auth_jwt_refresh. PostgreSQL 13 or later, no extension.
--
--     psql -d DATABASE -f schema.sql                  schema auth_jwt
--     psql -d DATABASE -v schema=NAME -f schema.sql   another one
--
-- Loading it again, or over an older version, brings everything here up to
-- date and leaves sessions, gates, settings and a replaced claims() or
-- subject_of() alone. It is one transaction: all of it or nothing.
--
--   session   one row from login to absolute expiry. A refresh token names a
--             row (sid) and a generation and carries a secret S; the row has
--             SHA-256(S) only, so that this database mints nothing.
--   subject   gates. A session born before the not_before of its subject, of
--   client    its client or of the client row '*' (everyone) is over; so is
--             every session of a blocked subject.
--   revocation  what httpd must know of access tokens that have not expired:
--             sessions ended, gates closed, tokens traded. Written by triggers,
--             whoever ends a session and however; read by feed(); gone after
--             `until`.
--   adoption  which tokens of a host are too old to get a session here.
--   setting   lifetimes for open_session(), and the version of this schema.
--   event     audit: a row per login, per end and for what is odd; none per
--             refresh.
--
-- How rotate() trades generation n of a session:
--
--   1. Look, without a lock: identity, life and generation give a verdict.
--      `reused` and `ahead` end the session; most others are final.
--   2. Read the gates and claims(). A closed gate or NULL: `blocked`. So a
--      dead token costs no write, however often it comes.
--   3. `rotated` and `healed`: lock the row as it was seen, without waiting.
--      Where that fails, somebody else is at it: wait for the lock, then begin
--      again at 1 with new snapshots. So the loser of a race is `replayed`,
--      no thief, and a gate that closed during the wait is seen.
--   4. Write. Nothing was written before, so nothing is ever put back, and the
--      trigger "a generation never falls" has no exception.
--
-- A session rotates at most once per grace: the current and the previous
-- generation are answered with the token that the row is at.
--
-- Rules that keep this fast and right:
--   * No index on a column that refresh writes (generation, rotated_at,
--     used_at): every rotation is a HOT update.
--   * No BEFORE UPDATE row trigger on session: PostgreSQL would lock and
--     re-read the row for it on every rotation. AFTER triggers with a WHEN
--     clause cost nothing until they fire.
--   * clock_timestamp(), never now(): calls wait for locks.
--   * Every CREATE FUNCTION is followed by its REVOKE.

\set ON_ERROR_STOP on
\if :{?schema}
\else
\set schema auth_jwt
\endif

BEGIN;

SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = '10s';
SELECT pg_advisory_xact_lock(hashtextextended('auth_jwt schema', 0)) \g /dev/null

CREATE SCHEMA IF NOT EXISTS :"schema";
SET LOCAL search_path = :"schema", pg_temp;

-- Roles belong to the cluster; a load into another database may be creating
-- them at this moment. Sites grant them to logins of their own.
DO $$
DECLARE
    v_role text;
BEGIN
    FOREACH v_role IN ARRAY
        ARRAY['auth_jwt_httpd', 'auth_jwt_app', 'auth_jwt_admin']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = v_role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END
$$;


-- Tables ---------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS setting (
    name  text PRIMARY KEY,
    value text NOT NULL,
    CONSTRAINT setting_positive CHECK (
        CASE WHEN name LIKE '%lifetime' OR name = 'refresh_idle'
             THEN value::interval > interval '0' ELSE true END)
);

DO $$
BEGIN
    IF (SELECT value::int FROM setting WHERE name = 'schema_version') > 2 THEN
        RAISE EXCEPTION 'schema % is newer than this file', current_schema();
    END IF;
END
$$;

INSERT INTO setting (name, value) VALUES
    ('refresh_lifetime', '30 days'),
    ('refresh_idle', '14 days'),
    ('access_lifetime', '5 minutes'),
    ('gate_lifetime', '400 days'),
    ('event_lifetime', '90 days')
ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS session (
    sid           uuid PRIMARY KEY,
    subject       text NOT NULL,
    site          text NOT NULL DEFAULT '',
    form          text NOT NULL,
    client        text,
    scope         text,
    claims        jsonb NOT NULL DEFAULT '{}',
    generation    int NOT NULL DEFAULT 0,
    secret_hash   bytea,
    binding       text,
    created_at    timestamptz NOT NULL,
    rotated_at    timestamptz,
    used_at       timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    idle          interval NOT NULL,
    revoked_at    timestamptz,
    revoke_reason text,
    user_agent    text,
    address       text,
    CONSTRAINT session_subject CHECK (subject NOT IN ('', '*')),
    CONSTRAINT session_form
        CHECK (form IN ('jr1', 'js1', 'laravel', 'simplejwt')),
    CONSTRAINT session_claims CHECK (jsonb_typeof(claims) = 'object'),
    CONSTRAINT session_generation CHECK (generation >= 0),
    CONSTRAINT session_secret_hash CHECK (
        CASE WHEN form IN ('jr1', 'js1')
             THEN secret_hash IS NOT NULL AND octet_length(secret_hash) = 32
             ELSE secret_hash IS NULL END),
    CONSTRAINT session_lifetime CHECK (expires_at > created_at),
    CONSTRAINT session_idle CHECK (idle > interval '0')
) WITH (fillfactor = 85);

COMMENT ON TABLE session IS
    'One row per login. Ending one: UPDATE … SET revoked_at = now(), or DELETE';
COMMENT ON COLUMN session.form IS
    'What may be presented: jr1 (opened by httpd), js1 (by open_session: js1_ '
    'as generation 0, jr1_ after), laravel or simplejwt (a JWT)';
COMMENT ON COLUMN session.created_at IS
    'In whole milliseconds, as the sid says it: the gates and the tokens agree';
COMMENT ON COLUMN session.secret_hash IS
    'SHA-256 of the secret that the holder of the token has; NULL for a JWT';

CREATE TABLE IF NOT EXISTS subject (
    subject    text PRIMARY KEY,
    not_before timestamptz,
    blocked    boolean NOT NULL DEFAULT false,
    reason     text,
    CONSTRAINT subject_everyone_is_a_client_row CHECK (subject <> '*')
);
COMMENT ON TABLE subject IS
    'Gates: sessions born before not_before are over; blocked: all of them';

CREATE TABLE IF NOT EXISTS client (
    client     text PRIMARY KEY,
    not_before timestamptz NOT NULL,
    reason     text
);
COMMENT ON TABLE client IS 'Gates of clients; the row ''*'' is for everyone';

-- Commit order is not seq order: a reader asks for xid >= the xmin of its last
-- snapshot, which misses no transaction however long it stayed open.
CREATE TABLE IF NOT EXISTS revocation (
    seq        bigint GENERATED ALWAYS AS IDENTITY,
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    kind       text NOT NULL,
    key        text NOT NULL,
    not_before timestamptz,
    generation int,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    until      timestamptz NOT NULL,
    PRIMARY KEY (xid, seq),
    CONSTRAINT revocation_kind CHECK (
        CASE kind WHEN 'session' THEN not_before IS NULL AND generation IS NULL
                  WHEN 'subject' THEN not_before IS NOT NULL
                  WHEN 'client' THEN not_before IS NOT NULL
                  WHEN 'superseded' THEN not_before IS NOT NULL
                                         AND generation IS NOT NULL
                  ELSE false END)
);
COMMENT ON TABLE revocation IS
    'Feed for httpd: access tokens that are refused until they have expired';
COMMENT ON COLUMN revocation.kind IS
    'session (key = sid), subject or client (key = its name: sessions born '
    'before not_before; infinity while blocked), superseded (key = sid: tokens '
    'of an older generation, from not_before on)';

-- What the rows of adopted tokens that are gone have left: no token of the site
-- that is as old as the youngest of them is adopted any more.
CREATE TABLE IF NOT EXISTS adoption (
    site text PRIMARY KEY,
    born timestamptz NOT NULL
);
COMMENT ON TABLE adoption IS
    'Tokens of a host born until then are not adopted: their row may be gone';

CREATE TABLE IF NOT EXISTS event (
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind    text NOT NULL,
    sid     uuid,
    subject text,
    detail  text,
    CONSTRAINT event_kind CHECK (kind IN ('login', 'logout', 'revoked',
        'reused', 'healed', 'ahead', 'adopted', 'mismatch'))
);

-- Schemas from before the kind mismatch.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_constraint c
                WHERE c.conrelid = 'event'::regclass AND c.conname = 'event_kind'
                  AND pg_get_constraintdef(c.oid) NOT LIKE '%mismatch%') THEN
        ALTER TABLE event DROP CONSTRAINT event_kind;
        ALTER TABLE event ADD CONSTRAINT event_kind CHECK (kind IN ('login',
            'logout', 'revoked', 'reused', 'healed', 'ahead', 'adopted',
            'mismatch'));
    END IF;
END
$$;

-- Not CREATE INDEX IF NOT EXISTS: that locks out every refresh to find out.
DO $$
BEGIN
    IF to_regclass('session_subject_idx') IS NULL THEN
        CREATE INDEX session_subject_idx ON session (subject);
    END IF;
    IF to_regclass('session_expires_at_idx') IS NULL THEN
        CREATE INDEX session_expires_at_idx ON session (expires_at);
    END IF;
    IF to_regclass('event_at_idx') IS NULL THEN
        CREATE INDEX event_at_idx ON event (at);
    END IF;
    IF to_regclass('subject_not_before_idx') IS NULL THEN
        CREATE INDEX subject_not_before_idx ON subject (not_before)
         WHERE NOT blocked;
    END IF;
    IF to_regclass('revocation_until_idx') IS NULL THEN
        CREATE INDEX revocation_until_idx ON revocation (until);
    END IF;
    IF to_regclass('revocation_superseded_idx') IS NULL THEN
        CREATE INDEX revocation_superseded_idx ON revocation (key)
         WHERE kind = 'superseded';
    END IF;
END
$$;

-- What open() and rotate() answer: always one row. All but the verdict is NULL
-- unless the session may go on; remaining is in seconds.
DO $$
BEGIN
    IF to_regtype('answer') IS NULL THEN
        CREATE TYPE answer AS (
            verdict    text,
            sid        uuid,
            generation int,
            subject    text,
            client     text,
            scope      text,
            claims     jsonb,
            remaining  double precision
        );
    END IF;
END
$$;


-- What rotate() would let go on. Views read with their owner's rights; ours
-- leave secret_hash out.
CREATE OR REPLACE VIEW active_session AS
SELECT t.sid, t.subject, t.site, t.form, t.client, t.scope, t.generation,
       t.created_at, t.rotated_at, t.used_at, t.expires_at, t.user_agent,
       t.address
  FROM session t
 WHERE t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
   AND t.used_at + t.idle >= clock_timestamp()
   AND NOT EXISTS (SELECT FROM subject g WHERE g.subject = t.subject
                   AND (g.blocked OR g.not_before > t.created_at))
   AND NOT EXISTS (SELECT FROM client g WHERE g.client IN ('*', t.client)
                   AND g.not_before > t.created_at);


-- Functions that a site may replace ------------------------------------------
--
-- Created when absent, never overwritten. Replace them as the schema's owner,
-- with CREATE OR REPLACE, which keeps their privileges. They run with the
-- owner's rights and with this schema as search_path: qualify other names.

DO $$
BEGIN
    -- Extra claims, read at login and at every refresh; on top of those of the
    -- session. A JSON null takes a claim away, NULL refuses the token. At
    -- login the session does not exist yet.
    IF to_regprocedure('claims(text, uuid)') IS NULL THEN
        CREATE FUNCTION claims(subject text, sid uuid) RETURNS jsonb
        LANGUAGE sql STABLE AS $f$ SELECT '{}'::jsonb $f$;
    END IF;

    -- The subject of a login name; NULL refuses the login.
    IF to_regprocedure('subject_of(text)') IS NULL THEN
        CREATE FUNCTION subject_of(login text) RETURNS text
        LANGUAGE sql STABLE AS $f$ SELECT login $f$;
    END IF;

    -- Whether a token with these claims, which the host minted itself, may
    -- become a session (JwtAdopt). Ask the host's own blacklist here, or
    -- adoption revives what the host has logged out.
    IF to_regprocedure('adoptable(jsonb)') IS NULL THEN
        CREATE FUNCTION adoptable(claims jsonb) RETURNS boolean
        LANGUAGE sql STABLE AS $f$ SELECT true $f$;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION claims(text, uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION subject_of(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION adoptable(jsonb) FROM PUBLIC;


-- Gone since version 1 -------------------------------------------------------
--
-- An overload with more arguments would make the old calls ambiguous.

DROP FUNCTION IF EXISTS rotate(uuid, int, text, bytea, text, text, boolean,
    interval, boolean, interval, interval, text, interval);
DROP FUNCTION IF EXISTS logout(uuid, text, bytea, text, text);
DROP FUNCTION IF EXISTS own_sessions(uuid, text);
DROP FUNCTION IF EXISTS end_own_sessions(uuid, text, uuid);


-- Helpers --------------------------------------------------------------------
--
-- Called with the owner's rights by the functions below, by nobody else.

-- A standby would raise, and a snapshot older than the wait for a lock would
-- judge by what was true before: neither may decide on a session.
CREATE OR REPLACE FUNCTION unfit() RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT current_setting('transaction_read_only')::boolean
        OR current_setting('transaction_isolation') <> 'read committed'
$$;
REVOKE ALL ON FUNCTION unfit() FROM PUBLIC;

-- Whether a token of p_form and p_generation may be presented for a session of
-- form p_session_form.
CREATE OR REPLACE FUNCTION presentable(
    p_session_form text, p_form text, p_generation int) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_session_form <> 'js1' THEN p_form = p_session_form
                WHEN p_generation = 0 THEN p_form = 'js1'
                ELSE p_form = 'jr1' END
$$;
REVOKE ALL ON FUNCTION presentable(text, text, int) FROM PUBLIC;

-- Whether a sid was derived from a token that a host minted: UUID version 8.
CREATE OR REPLACE FUNCTION derived(p_sid uuid) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT get_byte(uuid_send(p_sid), 6) >> 4 = 8
$$;
REVOKE ALL ON FUNCTION derived(uuid) FROM PUBLIC;

-- VOLATILE on purpose: each call reads what is committed at that moment.
CREATE OR REPLACE FUNCTION gate_open(
    p_subject text, p_client text, p_born timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM FROM subject g
     WHERE g.subject = p_subject AND (g.blocked OR g.not_before > p_born);
    IF FOUND THEN
        RETURN false;
    END IF;
    PERFORM FROM client g
     WHERE g.client IN ('*', p_client) AND g.not_before > p_born;
    RETURN NOT FOUND;
END
$$;
REVOKE ALL ON FUNCTION gate_open(text, text, timestamptz) FROM PUBLIC;

-- The longest life of an access token. In PL/pgSQL, which keeps its plan: a
-- refresh may ask (supersede()).
CREATE OR REPLACE FUNCTION access_lifetime() RETURNS interval
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT s.value::interval FROM setting s
                      WHERE s.name = 'access_lifetime'), interval '7 days');
END
$$;
REVOKE ALL ON FUNCTION access_lifetime() FROM PUBLIC;

-- How long an entry of the feed matters: that life, and an hour for leeway,
-- refreshes under way, long transactions and clocks.
CREATE OR REPLACE FUNCTION feed_life() RETURNS interval
LANGUAGE sql STABLE AS $$ SELECT access_lifetime() + interval '1 hour' $$;
REVOKE ALL ON FUNCTION feed_life() FROM PUBLIC;

-- Writes the feed and wakes its readers. Ordinary refreshes never come here:
-- NOTIFY takes a lock of the whole instance at commit.
CREATE OR REPLACE FUNCTION announce(
    p_kind text, p_key text, p_not_before timestamptz DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    INSERT INTO revocation (kind, key, not_before, until)
    VALUES (p_kind, p_key, p_not_before,
            CASE WHEN p_not_before = 'infinity' THEN p_not_before
                 ELSE clock_timestamp() + feed_life() END);
    PERFORM pg_notify('auth_jwt_revocation', current_schema());
END
$$;
REVOKE ALL ON FUNCTION announce(text, text, timestamptz) FROM PUBLIC;

-- One row per refresh, where JwtSupersede is on. Polls are fast enough for it,
-- unless there is next to no grace.
CREATE OR REPLACE FUNCTION supersede(
    p_sid uuid, p_generation int, p_from timestamptz, p_urgent boolean)
RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    INSERT INTO revocation (kind, key, not_before, generation, until)
    VALUES ('superseded', p_sid, p_from, p_generation, p_from + feed_life());
    IF p_urgent THEN
        PERFORM pg_notify('auth_jwt_revocation', current_schema());
    END IF;
END
$$;
REVOKE ALL ON FUNCTION supersede(uuid, int, timestamptz, boolean) FROM PUBLIC;

-- Times as httpd reads them: microseconds since 1970.
CREATE OR REPLACE FUNCTION microseconds(p_at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN isfinite(p_at)
                THEN (extract(epoch FROM p_at) * 1000000)::bigint
                WHEN p_at > '2000-01-01' THEN 9223372036854775807
                WHEN p_at < '2000-01-01' THEN -9223372036854775808 END
$$;
REVOKE ALL ON FUNCTION microseconds(timestamptz) FROM PUBLIC;

-- The claims of a token to be minted now; NULL when none may be.
CREATE OR REPLACE FUNCTION live_claims(
    p_sid uuid, p_subject text, p_client text, p_born timestamptz,
    p_claims jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_claims jsonb;
BEGIN
    v_claims := claims(p_subject, p_sid);
    IF jsonb_typeof(v_claims) <> 'object' THEN
        RAISE EXCEPTION 'claims() must return a JSON object or NULL';
    END IF;
    -- Last, for claims() may take its time.
    IF NOT gate_open(p_subject, p_client, p_born) THEN
        RETURN NULL;
    END IF;
    RETURN p_claims || v_claims;
END
$$;
REVOKE ALL ON FUNCTION live_claims(uuid, text, text, timestamptz, jsonb)
    FROM PUBLIC;

-- UUID version 7 (RFC 9562 5.7): 48 bits of milliseconds, then random ones.
-- A random UUID has version 0100; two more bits make it 0111.
CREATE OR REPLACE FUNCTION new_sid(p_born timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
               PLACING substring(int8send(
                   round(extract(epoch FROM p_born) * 1000)::bigint) FROM 3)
               FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;
REVOKE ALL ON FUNCTION new_sid(timestamptz) FROM PUBLIC;

-- 128 random bits: 244 of two version-4 UUIDs, evened out.
CREATE OR REPLACE FUNCTION new_secret() RETURNS bytea
LANGUAGE sql VOLATILE AS $$
    SELECT substring(sha256(uuid_send(gen_random_uuid())
                         || uuid_send(gen_random_uuid())) FROM 1 FOR 16)
$$;
REVOKE ALL ON FUNCTION new_secret() FROM PUBLIC;

-- A new session at generation 0; verdict `blocked` when a gate is closed.
CREATE OR REPLACE FUNCTION begin_session(
    p_subject text, p_site text, p_form text, p_client text, p_scope text,
    p_claims jsonb, p_secret_hash bytea, p_lifetime interval, p_idle interval,
    p_user_agent text, p_address text) RETURNS answer
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_born timestamptz;
    v_expires_at timestamptz;
    v answer;
BEGIN
    -- The birth has whole milliseconds. A login in the very millisecond of a
    -- revocation would count as older than it, so it is born in the next one.
    FOR attempt IN 1..2 LOOP
        v_born := date_trunc('milliseconds', clock_timestamp());
        v.sid := new_sid(v_born);
        v.claims := live_claims(v.sid, p_subject, p_client, v_born, p_claims);
        EXIT WHEN v.claims IS NOT NULL;
        PERFORM pg_sleep(0.001);
    END LOOP;
    IF v.claims IS NULL THEN
        RETURN ('blocked', NULL, NULL, NULL, NULL, NULL, NULL, NULL)::answer;
    END IF;

    v_expires_at := v_born + coalesce(p_lifetime, (SELECT s.value::interval
        FROM setting s WHERE s.name = 'refresh_lifetime'));
    INSERT INTO session (sid, subject, site, form, client, scope, claims,
        secret_hash, created_at, used_at, expires_at, idle, user_agent, address)
    VALUES (v.sid, p_subject, coalesce(p_site, ''), p_form, p_client, p_scope,
        p_claims, p_secret_hash, v_born, v_born, v_expires_at,
        -- Longer ones would make a sum that no timestamp holds.
        least(coalesce(p_idle, (SELECT s.value::interval
            FROM setting s WHERE s.name = 'refresh_idle')),
            interval '1000 years'),
        left(p_user_agent, 512), left(p_address, 64));
    INSERT INTO event (kind, sid, subject, detail)
    VALUES ('login', v.sid, p_subject, p_form);

    v.verdict := 'logged_in';
    v.generation := 0;
    v.subject := p_subject;
    v.client := p_client;
    v.scope := p_scope;
    v.remaining := extract(epoch FROM v_expires_at - clock_timestamp());
    RETURN v;
END
$$;
REVOKE ALL ON FUNCTION begin_session(text, text, text, text, text, jsonb,
    bytea, interval, interval, text, text) FROM PUBLIC;

-- The birth that a sid says, in whole milliseconds.
CREATE OR REPLACE FUNCTION born(p_sid uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
    SELECT timestamptz 'epoch' + interval '1 millisecond'
         * ('x' || left(translate(p_sid::text, '-', ''), 12))::bit(48)::bigint
$$;
REVOKE ALL ON FUNCTION born(uuid) FROM PUBLIC;

-- The end of a session that begins with a token of the host: exp for
-- simplejwt, else p_lifetime after the birth. NULL: such a token has none.
CREATE OR REPLACE FUNCTION adopted_until(
    p_sid uuid, p_form text, p_claims jsonb, p_lifetime interval)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_form = 'laravel' THEN born(p_sid) + p_lifetime
                WHEN jsonb_typeof(p_claims->'exp') = 'number'
                     AND (p_claims->>'exp')::numeric BETWEEN 0 AND 99999999999
                THEN to_timestamp((p_claims->>'exp')::float8) END
$$;
REVOKE ALL ON FUNCTION adopted_until(uuid, text, jsonb, interval) FROM PUBLIC;

-- For how long a gate is kept, and so how old an adopted token may be.
CREATE OR REPLACE FUNCTION gate_lifetime() RETURNS interval
LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT s.value::interval FROM setting s
                      WHERE s.name = 'gate_lifetime'), interval '400 days')
$$;
REVOKE ALL ON FUNCTION gate_lifetime() FROM PUBLIC;

-- Whether a token of the host can have a session: `known` when it has one, else
-- `granted`, `unknown`, `expired` or `unfit`. What is older than rows and gates
-- are kept is expired.
CREATE OR REPLACE FUNCTION adoption_verdict(
    p_sid uuid, p_form text, p_claims jsonb, p_subject text, p_site text,
    p_lifetime interval) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_until timestamptz;
BEGIN
    IF unfit() THEN
        RETURN 'unfit';
    END IF;
    IF derived(p_sid) IS NOT TRUE OR p_form IS NULL
       OR p_form NOT IN ('laravel', 'simplejwt')
       OR coalesce(p_subject, '') IN ('', '*')
       OR jsonb_typeof(p_claims) IS DISTINCT FROM 'object'
       -- jsonb writes out 1e300 as digits, which httpd takes for no number.
       OR jsonb_path_exists(p_claims, '$.** ? (@.type() == "number" && (@ >
           9223372036854775807 || @ < -9223372036854775808))') THEN
        RETURN 'unknown';
    END IF;
    PERFORM FROM session t WHERE t.sid = p_sid;
    IF FOUND THEN
        RETURN 'known';
    END IF;
    v_until := adopted_until(p_sid, p_form, p_claims, p_lifetime);
    PERFORM FROM adoption a
      WHERE a.site = coalesce(p_site, '') AND a.born >= born(p_sid);
    IF FOUND OR v_until <= greatest(born(p_sid), clock_timestamp())
       OR born(p_sid) < clock_timestamp() - gate_lifetime() THEN
        RETURN 'expired';
    END IF;
    RETURN CASE WHEN v_until IS NULL THEN 'unknown' ELSE 'granted' END;
END
$$;
REVOKE ALL ON FUNCTION adoption_verdict(uuid, text, jsonb, text, text,
    interval) FROM PUBLIC;

-- The row of a token of the host, at generation 0; false when it is there
-- already. Being adopted is a use: nobody knows when it was used before.
CREATE OR REPLACE FUNCTION adopted(
    p_sid uuid, p_form text, p_claims jsonb, p_subject text, p_client text,
    p_site text, p_lifetime interval, p_idle interval, p_user_agent text,
    p_address text) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    INSERT INTO session (sid, subject, site, form, client, claims, created_at,
        used_at, expires_at, idle, user_agent, address)
    VALUES (p_sid, p_subject, coalesce(p_site, ''), p_form, p_client,
        p_claims - ARRAY['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti',
            'sid', 'gen', 'scope', 'scp', 'client_id', 'token_type', 'cnf'],
        born(p_sid), clock_timestamp(),
        adopted_until(p_sid, p_form, p_claims, p_lifetime),
        coalesce(p_idle, (SELECT s.value::interval
            FROM setting s WHERE s.name = 'refresh_idle')),
        left(p_user_agent, 512), left(p_address, 64))
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;
REVOKE ALL ON FUNCTION adopted(uuid, text, jsonb, text, text, text, interval,
    interval, text, text) FROM PUBLIC;


-- The module's functions -----------------------------------------------------
--
-- They answer a verdict and do not raise on one: an exception would undo the
-- revocation that comes with it. lock_timeout is set here because a NOLOGIN
-- role hands no settings to its members.

-- A login that httpd's provider has agreed to: `logged_in`, `login_refused`
-- (subject_of() knows no such login), `blocked` or `unfit`. p_form is `jr1`, or
-- that of a JWT, which has no S: `laravel`, `simplejwt`. Never `js1`: httpd's
-- login to the database opens nothing that works without the MAC key.
DROP FUNCTION IF EXISTS open(text, text, text, bytea, interval, interval, text,
    text);
CREATE OR REPLACE FUNCTION open(
    p_login text, p_site text, p_client text, p_secret_hash bytea,
    p_lifetime interval, p_idle interval, p_user_agent text, p_address text,
    p_form text DEFAULT 'jr1')
RETURNS answer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
SET lock_timeout = '1500ms'
AS $$
DECLARE
    v answer;
    v_subject text;
BEGIN
    IF p_form IS NULL OR p_form NOT IN ('jr1', 'laravel', 'simplejwt') THEN
        RAISE EXCEPTION 'open() makes no session of form %', p_form;
    END IF;
    IF unfit() THEN
        v.verdict := 'unfit';
        RETURN v;
    END IF;
    v_subject := subject_of(p_login);
    IF v_subject IS NULL OR v_subject IN ('', '*') THEN
        v.verdict := 'login_refused';
        RETURN v;
    END IF;
    RETURN begin_session(v_subject, p_site, p_form, p_client, NULL, '{}',
        p_secret_hash, p_lifetime, p_idle, p_user_agent, p_address);
END
$$;
REVOKE ALL ON FUNCTION open(text, text, text, bytea, interval, interval, text,
    text, text) FROM PUBLIC;

-- One refresh; see the top of this file. The session may go on after
--   rotated   generation n was traded for n + 1
--   healed    the same, with the row up to 2 behind the token: lost commits
--   current   n is the row's generation, within grace or without rotation
--   replayed  n is the one before, within grace
-- with the token of the generation in the answer. Else, in this order:
--   unknown   no such session for this holder; never a write: sids are public
--   revoked, expired, idle
--   ahead     the token is more than 2 ahead; the session ends
--   reused    n was traded before; the session ends
--   blocked   a gate is closed, or claims() says NULL
--   scope_refused   p_scope is not within the session's scope
-- and `unfit` when this transaction must not judge.
--
-- p_grace is larger when httpd repeats a call whose answer was lost.
-- p_outage_began and p_outage_ended say how long ago httpd last had no
-- database; that time does not count against the grace. p_rotate false: n must
-- be the row's generation, and only used_at moves, rarely. p_scope narrows the
-- answer; NULL takes all of it. p_patience is how long httpd will wait: what it
-- gave up must not rotate behind its back (`database_timeout`), or its client,
-- asking again without a grace, would look like a thief. p_supersede: access
-- tokens of older generations are refused once the grace is over. p_subject is
-- needed, and must be the session's, for a JWT, which has no S.
CREATE OR REPLACE FUNCTION rotate(
    p_sid uuid, p_generation int, p_form text, p_secret_hash bytea,
    p_client text, p_site text, p_rotate boolean, p_grace interval,
    p_async boolean, p_outage_began interval, p_outage_ended interval,
    p_scope text DEFAULT NULL, p_patience interval DEFAULT NULL,
    p_supersede boolean DEFAULT false, p_subject text DEFAULT NULL)
RETURNS answer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
SET lock_timeout = '1500ms'
AS $$
DECLARE
    v answer;
    s record;
    v_rotates boolean;
    v_touches boolean;
    v_claims jsonb;
    v_deadline timestamptz := clock_timestamp() + p_patience;
    -- Rotations since then are within grace. So are, until the grace after an
    -- outage, those close to its beginning, and no others: whoever can make
    -- httpd believe in outages gains nothing for what was rotated meanwhile.
    -- For every use of the grace alike: nothing rotates while its predecessor
    -- is good.
    v_recent timestamptz;
    v_lost timestamptz := CASE WHEN p_outage_ended <= p_grace
        THEN clock_timestamp() - p_outage_began END;
BEGIN
    IF unfit() THEN
        v.verdict := 'unfit';
        RETURN v;
    END IF;

    FOR attempt IN 1..3 LOOP
        v_recent := clock_timestamp() - p_grace;

        -- 1. Look. p_generation - t.generation cannot overflow, a sum could.
        SELECT t.subject, t.client, t.scope, t.claims, t.generation,
               t.created_at, t.rotated_at, t.used_at, t.expires_at, t.idle,
               CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked'
                    WHEN t.expires_at <= clock_timestamp() THEN 'expired'
                    WHEN t.used_at + t.idle < clock_timestamp() THEN 'idle'
                    WHEN p_generation - t.generation
                         > CASE WHEN p_rotate THEN 2 ELSE 0 END THEN 'ahead'
                    WHEN p_generation = t.generation AND (NOT p_rotate
                         OR t.rotated_at >= v_recent OR t.rotated_at
                         BETWEEN v_lost - p_grace AND v_lost + p_grace)
                         THEN 'current'
                    WHEN p_generation >= t.generation
                         AND p_generation = 2147483647 THEN 'expired'
                    WHEN p_generation = t.generation THEN 'rotated'
                    WHEN p_generation > t.generation THEN 'healed'
                    WHEN p_generation = t.generation - 1
                         AND (t.rotated_at >= v_recent OR t.rotated_at
                         BETWEEN v_lost - p_grace AND v_lost + p_grace)
                         THEN 'replayed'
                    ELSE 'reused' END AS verdict
          INTO s
          FROM session t
         WHERE t.sid = p_sid AND t.site = coalesce(p_site, '')
           AND presentable(t.form, p_form, p_generation)
           AND p_generation >= 0
           AND t.client IS NOT DISTINCT FROM p_client
           AND t.secret_hash IS NOT DISTINCT FROM p_secret_hash
           AND (t.secret_hash IS NOT NULL OR t.subject = p_subject);
        v.verdict := coalesce(s.verdict, 'unknown');

        IF v.verdict IN ('reused', 'ahead') THEN
            -- A reuse stays one whatever happens meanwhile; a row that moves
            -- may no longer be behind.
            UPDATE session t
               SET revoked_at = clock_timestamp(), revoke_reason = v.verdict
             WHERE t.sid = p_sid AND t.revoked_at IS NULL
               AND (v.verdict = 'reused' OR t.generation = s.generation);
            CONTINUE WHEN NOT FOUND;
            RETURN v;
        END IF;
        IF v.verdict NOT IN ('rotated', 'healed', 'current', 'replayed') THEN
            RETURN v;
        END IF;

        -- 2. Gates and claims.
        v_claims := live_claims(p_sid, s.subject, s.client, s.created_at,
                                s.claims);
        IF v_claims IS NULL THEN
            v.verdict := 'blocked';
            RETURN v;
        END IF;
        IF NOT string_to_array(p_scope, ' ')
               <@ coalesce(string_to_array(s.scope, ' '), '{}') THEN
            v.verdict := 'scope_refused';
            RETURN v;
        END IF;

        -- 3. Is the row still as it was seen? To write it, lock it, or wait
        -- for the lock and begin again: the second time nobody is faster.
        v_rotates := v.verdict IN ('rotated', 'healed');
        v_touches := NOT p_rotate AND v.verdict = 'current'
                     AND s.used_at + s.idle / 8 < clock_timestamp();
        IF v_rotates OR v_touches THEN
            PERFORM FROM session t
              WHERE t.sid = p_sid AND t.revoked_at IS NULL
                AND t.generation = s.generation
                FOR NO KEY UPDATE SKIP LOCKED;
            IF NOT FOUND THEN
                PERFORM set_config('lock_timeout', greatest(1, round(1000
                    * extract(epoch FROM v_deadline - clock_timestamp())))
                    ::text, true) WHERE p_patience IS NOT NULL;
                PERFORM FROM session t WHERE t.sid = p_sid FOR NO KEY UPDATE;
                CONTINUE;
            END IF;
        ELSE
            PERFORM FROM session t
              WHERE t.sid = p_sid AND t.revoked_at IS NULL
                AND t.generation = s.generation;
            CONTINUE WHEN NOT FOUND;
        END IF;

        -- 4. Write, if somebody still waits for the answer.
        IF clock_timestamp() > v_deadline THEN
            v.verdict := 'database_timeout';
            RETURN v;
        END IF;
        IF v_rotates THEN
            s.generation := p_generation + 1;
            s.rotated_at := clock_timestamp();
            UPDATE session t
               SET generation = s.generation,
                   rotated_at = s.rotated_at, used_at = s.rotated_at
             WHERE t.sid = p_sid;
            IF p_supersede THEN
                PERFORM supersede(p_sid, s.generation, s.rotated_at + p_grace,
                                  p_grace < interval '2 s');
            END IF;
        ELSIF v_touches THEN
            UPDATE session t SET used_at = clock_timestamp()
             WHERE t.sid = p_sid;
        END IF;
        IF v.verdict = 'healed' THEN
            INSERT INTO event (kind, sid, subject, detail) VALUES ('healed',
                p_sid, s.subject, format('generation %s', p_generation));
        ELSIF v.verdict = 'rotated' AND p_async THEN
            PERFORM set_config('synchronous_commit', 'off', true);
        END IF;

        RETURN (v.verdict, p_sid, s.generation, s.subject, s.client,
                coalesce(p_scope, s.scope), v_claims,
                extract(epoch FROM s.expires_at - clock_timestamp()))::answer;
    END LOOP;

    -- Overtaken three times while only reading. Nothing is lost by a retry.
    v.verdict := 'unfit';
    RETURN v;
END
$$;
REVOKE ALL ON FUNCTION rotate(uuid, int, text, bytea, text, text, boolean,
    interval, boolean, interval, interval, text, interval, boolean, text)
    FROM PUBLIC;

-- Ends a session for the holder of one of its refresh tokens, whatever its
-- generation, or (p_form NULL) of a verified access token, which has no S:
-- `logged_out`, `revoked` (ended before), `unknown` or `unfit`. p_subject as in
-- rotate(); an access token needs it too, for others whose tokens httpd takes
-- may write any sid.
CREATE OR REPLACE FUNCTION logout(
    p_sid uuid, p_form text, p_secret_hash bytea, p_client text, p_site text,
    p_subject text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
SET lock_timeout = '1500ms'
AS $$
DECLARE
    v_revoked_at timestamptz;
BEGIN
    IF unfit() THEN
        RETURN 'unfit';
    END IF;
    SELECT t.revoked_at INTO v_revoked_at
      FROM session t
     WHERE t.sid = p_sid AND t.site = coalesce(p_site, '')
       AND t.client IS NOT DISTINCT FROM p_client
       AND CASE WHEN p_form IS NULL THEN t.subject = p_subject
                ELSE (presentable(t.form, p_form, 0)
                      OR presentable(t.form, p_form, 1))
                     AND t.secret_hash IS NOT DISTINCT FROM p_secret_hash
                     AND (t.secret_hash IS NOT NULL OR t.subject = p_subject)
                END;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    UPDATE session t
       SET revoked_at = clock_timestamp(), revoke_reason = 'logout'
     WHERE t.sid = p_sid AND t.revoked_at IS NULL AND v_revoked_at IS NULL;
    RETURN CASE WHEN FOUND THEN 'logged_out' ELSE 'revoked' END;
END
$$;
REVOKE ALL ON FUNCTION logout(uuid, text, bytea, text, text, text) FROM PUBLIC;

-- A refresh token came together with the access token of another session, or
-- of an older generation. The session goes on; an event says so, at most once
-- per session and minute: `token_mismatch`. Else `unknown` or `unfit`.
CREATE OR REPLACE FUNCTION mismatch(
    p_sid uuid, p_form text, p_secret_hash bytea, p_client text, p_site text,
    p_subject text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
DECLARE
    v_subject text;
BEGIN
    IF unfit() THEN
        RETURN 'unfit';
    END IF;
    SELECT t.subject INTO v_subject
      FROM session t
     WHERE t.sid = p_sid AND t.site = coalesce(p_site, '')
       AND t.client IS NOT DISTINCT FROM p_client
       AND (presentable(t.form, p_form, 0) OR presentable(t.form, p_form, 1))
       AND t.secret_hash IS NOT DISTINCT FROM p_secret_hash
       AND (t.secret_hash IS NOT NULL OR t.subject = p_subject);
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    -- Two at once: the second is one too many.
    IF pg_try_advisory_xact_lock(hashtextextended(p_sid::text, 0)) THEN
        INSERT INTO event (kind, sid, subject)
        SELECT 'mismatch', p_sid, v_subject
         WHERE NOT EXISTS (SELECT FROM event e
             WHERE e.at > clock_timestamp() - interval '1 minute'
               AND e.kind = 'mismatch' AND e.sid = p_sid);
    END IF;
    RETURN 'token_mismatch';
END
$$;
REVOKE ALL ON FUNCTION mismatch(uuid, text, bytea, text, text, text) FROM PUBLIC;

-- A refresh token that a host minted itself becomes a session, generation 0:
-- `granted`, then rotate() judges it, as it does where the row was there before.
-- Else `unknown` (no such token), `expired`, `revoked` (adoptable() says no),
-- `blocked` or `unfit`, and nothing is written. A transaction of its own: what
-- was adopted is committed synchronously, whatever rotate() may be allowed.
CREATE OR REPLACE FUNCTION adopt(
    p_sid uuid, p_form text, p_claims jsonb, p_subject text, p_client text,
    p_site text, p_lifetime interval, p_idle interval, p_user_agent text,
    p_address text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
SET lock_timeout = '1500ms'
AS $$
DECLARE
    v_verdict text := adoption_verdict(p_sid, p_form, p_claims, p_subject,
                                       p_site, p_lifetime);
BEGIN
    IF v_verdict <> 'granted' THEN
        RETURN CASE v_verdict WHEN 'known' THEN 'granted' ELSE v_verdict END;
    END IF;
    IF adoptable(p_claims) IS NOT TRUE THEN
        RETURN 'revoked';
    END IF;
    IF NOT gate_open(p_subject, p_client, born(p_sid)) THEN
        RETURN 'blocked';
    END IF;
    IF adopted(p_sid, p_form, p_claims, p_subject, p_client, p_site,
               p_lifetime, p_idle, p_user_agent, p_address) THEN
        INSERT INTO event (kind, sid, subject, detail)
        VALUES ('adopted', p_sid, p_subject, p_form);
    END IF;
    RETURN 'granted';
END
$$;
REVOKE ALL ON FUNCTION adopt(uuid, text, jsonb, text, text, text, interval,
    interval, text, text) FROM PUBLIC;

-- Ends the session of a refresh token that a host minted itself. Where it was
-- never adopted it is now, as one that has ended. As logout(), or `expired`.
CREATE OR REPLACE FUNCTION logout_host(
    p_sid uuid, p_form text, p_claims jsonb, p_subject text, p_client text,
    p_site text, p_lifetime interval) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
SET lock_timeout = '1500ms'
AS $$
DECLARE
    v_verdict text := adoption_verdict(p_sid, p_form, p_claims, p_subject,
                                       p_site, p_lifetime);
BEGIN
    IF v_verdict NOT IN ('granted', 'known') THEN
        RETURN v_verdict;
    END IF;
    PERFORM adopted(p_sid, p_form, p_claims, p_subject, p_client, p_site,
                    p_lifetime, NULL, NULL, NULL);
    RETURN logout(p_sid, p_form, NULL, p_client, p_site, p_subject);
END
$$;
REVOKE ALL ON FUNCTION logout_host(uuid, text, jsonb, text, text, text,
    interval) FROM PUBLIC;

-- What rotate() would say of a refresh token, without writing anything (RFC
-- 7662): `granted` with the session, or its verdict alone. p_form NULL: of the
-- session that a verified access token names; that may be expired or idle.
-- Times are microseconds since 1970. p_subject as in rotate().
CREATE OR REPLACE FUNCTION introspect(
    p_sid uuid, p_form text, p_generation int, p_secret_hash bytea,
    p_site text, p_grace interval DEFAULT '0', p_subject text DEFAULT NULL)
RETURNS TABLE (
    verdict text, sid uuid, generation int, subject text, client text,
    scope text, claims jsonb, created_at bigint, used_at bigint,
    expires_at bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
DECLARE
    s session;
BEGIN
    SELECT t.* INTO s
      FROM session t
     WHERE t.sid = p_sid AND t.site = coalesce(p_site, '')
       AND (p_form IS NULL
            OR presentable(t.form, p_form, p_generation)
               AND p_generation >= 0
               AND t.secret_hash IS NOT DISTINCT FROM p_secret_hash
               AND (t.secret_hash IS NOT NULL OR t.subject = p_subject));
    verdict := CASE
        WHEN unfit() THEN 'unfit'
        WHEN s.sid IS NULL THEN 'unknown'
        WHEN s.revoked_at IS NOT NULL THEN 'revoked'
        WHEN p_form IS NULL THEN 'granted'
        WHEN s.expires_at <= clock_timestamp() THEN 'expired'
        WHEN s.used_at + s.idle < clock_timestamp() THEN 'idle'
        WHEN p_generation - s.generation > 2 THEN 'ahead'
        WHEN p_generation >= s.generation THEN 'granted'
        WHEN p_generation = s.generation - 1
             AND s.rotated_at >= clock_timestamp() - p_grace THEN 'granted'
        ELSE 'reused' END;
    IF verdict = 'granted' THEN
        claims := live_claims(s.sid, s.subject, s.client, s.created_at,
                              s.claims);
        IF claims IS NULL THEN
            verdict := 'blocked';
        ELSE
            sid := s.sid;
            generation := s.generation;
            subject := s.subject;
            client := s.client;
            scope := s.scope;
            created_at := microseconds(s.created_at);
            used_at := microseconds(s.used_at);
            expires_at := microseconds(s.expires_at);
        END IF;
    END IF;
    RETURN NEXT;
END
$$;
REVOKE ALL ON FUNCTION introspect(uuid, text, int, bytea, text, interval, text)
    FROM PUBLIC;

-- For the holder of a live session: those of its subject on that site that may
-- go on, itself first, then the last used, 100 at most. None when p_sid is not
-- live: httpd learns nothing by a subject's name. None when it is not
-- p_subject's: others whose tokens httpd takes may write any sid.
CREATE OR REPLACE FUNCTION own_sessions(
    p_sid uuid, p_site text, p_subject text)
RETURNS TABLE (
    sid uuid, created_at bigint, used_at bigint, expires_at bigint,
    user_agent text, address text, client text, current boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
    SELECT t.sid, microseconds(t.created_at), microseconds(t.used_at),
           microseconds(t.expires_at), t.user_agent, t.address, t.client,
           t.sid = own.sid
      FROM active_session own
      JOIN active_session t ON t.subject = own.subject AND t.site = own.site
     WHERE own.sid = p_sid AND own.site = coalesce(p_site, '')
       AND own.subject = p_subject
     ORDER BY t.sid = own.sid DESC, t.used_at DESC
     LIMIT 100
$$;
REVOKE ALL ON FUNCTION own_sessions(uuid, text, text) FROM PUBLIC;

-- Ends p_which of them, or (NULL) all but p_sid: `logged_out` and how many,
-- which may be none; `unknown` when p_sid is not live or not p_subject's, or
-- `unfit`.
CREATE OR REPLACE FUNCTION end_own_sessions(
    p_sid uuid, p_site text, p_subject text, p_which uuid DEFAULT NULL)
RETURNS TABLE (verdict text, ended bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
SET lock_timeout = '1500ms'
AS $$
DECLARE
    v_subject text;
BEGIN
    IF unfit() THEN
        verdict := 'unfit';
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT own.subject INTO v_subject
      FROM active_session own
     WHERE own.sid = p_sid AND own.site = coalesce(p_site, '')
       AND own.subject = p_subject;
    verdict := CASE WHEN FOUND THEN 'logged_out' ELSE 'unknown' END;
    UPDATE session t
       SET revoked_at = clock_timestamp(), revoke_reason = 'logout'
     WHERE t.subject = v_subject AND t.site = coalesce(p_site, '')
       AND CASE WHEN p_which IS NULL THEN t.sid <> p_sid
                ELSE t.sid = p_which END
       AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp();
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN NEXT;
END
$$;
REVOKE ALL ON FUNCTION end_own_sessions(uuid, text, text, uuid) FROM PUBLIC;

-- What access tokens are refused although they have not expired, for the board
-- in httpd's memory. First one row of kind `now`: key = the xmin to ask with
-- the next time, not_before = the database's time, generation = the longest
-- life of an access token in seconds, until = when this server was started:
-- another one may have lost what the last had, and counts on from there, so a
-- reader that sees a new value begins again. Then entries of transactions >=
-- p_since (NULL: all), in the order of seq. Times are microseconds since 1970,
-- infinity the largest bigint. A standby may be asked: what it has not heard is
-- missing.
CREATE OR REPLACE FUNCTION feed(p_since xid8 DEFAULT NULL) RETURNS TABLE (
    kind text, key text, not_before bigint, generation int, until bigint,
    seq bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_snapshot pg_snapshot := pg_current_snapshot();
    v_now timestamptz := clock_timestamp();
    -- A reader ahead of us read another database: it has to begin again.
    v_since xid8 := CASE WHEN p_since <= pg_snapshot_xmax(v_snapshot)
                         THEN p_since ELSE '0' END;
BEGIN
    RETURN QUERY
    SELECT 'now', pg_snapshot_xmin(v_snapshot)::text, microseconds(v_now),
           extract(epoch FROM access_lifetime())::int,
           microseconds(pg_postmaster_start_time()), NULL::bigint;
    RETURN QUERY
    SELECT r.kind, r.key, microseconds(r.not_before), r.generation,
           microseconds(r.until), r.seq
      FROM revocation r
     WHERE r.xid >= v_since AND r.until > v_now
     ORDER BY r.seq;
END
$$;
REVOKE ALL ON FUNCTION feed(xid8) FROM PUBLIC;

-- One access token that the board cannot judge: `granted`, `revoked`,
-- `superseded` or `unfit`. p_sid NULL: it names no session, p_born is when it
-- was minted. A session without a row was ended by DELETE, unless its sid was
-- derived from a token that a host minted (version 8): then the gates decide.
-- p_generation NULL: predecessors are as good as their successors.
CREATE OR REPLACE FUNCTION standing(
    p_sid uuid, p_subject text, p_client text, p_born timestamptz,
    p_generation int) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
DECLARE
    s record;
BEGIN
    IF unfit() THEN
        RETURN 'unfit';
    END IF;
    SELECT t.subject, t.client, t.created_at, t.generation, t.rotated_at,
           t.revoked_at INTO s
      FROM session t WHERE t.sid = p_sid;
    IF s.revoked_at IS NOT NULL
       OR s.subject IS NULL AND NOT derived(p_sid)
       OR NOT gate_open(p_subject, p_client,
                        coalesce(p_born, s.created_at, '-infinity'))
       OR NOT gate_open(s.subject, s.client, s.created_at) THEN
        RETURN 'revoked';
    END IF;
    -- Two behind: the successor itself was traded, a grace later at least. One
    -- behind: the feed knows from when, for as long as it keeps such rows.
    IF p_generation < s.generation - 1
       OR p_generation < s.generation
          AND (s.rotated_at < clock_timestamp() - feed_life()
               OR EXISTS (SELECT FROM revocation r
                           WHERE r.kind = 'superseded' AND r.key = p_sid::text
                             AND r.generation > p_generation
                             AND r.not_before <= clock_timestamp())) THEN
        RETURN 'superseded';
    END IF;
    RETURN 'granted';
END
$$;
REVOKE ALL ON FUNCTION standing(uuid, text, text, timestamptz, int)
    FROM PUBLIC;

-- How long access tokens live where httpd mints or judges them; it says so when
-- it starts, and entries of the feed are kept for as long. It only ever rises,
-- to 7 days at most: httpd asks standing() of what is older.
CREATE OR REPLACE FUNCTION raise_access_lifetime(p_lifetime interval)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
SET lock_timeout = '1500ms'
AS $$
DECLARE
    v_lifetime interval := least(p_lifetime, interval '7 days');
BEGIN
    IF unfit() THEN
        RETURN 'unfit';
    END IF;
    IF p_lifetime > access_lifetime() THEN
        UPDATE setting s
           SET value = ceil(extract(epoch FROM v_lifetime)) || ' seconds'
         WHERE s.name = 'access_lifetime' AND s.value::interval < v_lifetime;
    END IF;
    RETURN 'granted';
END
$$;
REVOKE ALL ON FUNCTION raise_access_lifetime(interval) FROM PUBLIC;

-- Removes what is over, `batch` rows of each kind at most, and returns how many
-- went: call it until that is 0. Expired sessions (adopted ones a day later,
-- should a clock be wrong), entries of the feed, old events, and gates that
-- nothing can be older than. Gates of clients are few, and stay. 0 at once when
-- somebody else is at it. Rows in use are left for the next time.
CREATE OR REPLACE FUNCTION purge(batch int DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
SET lock_timeout = '1500ms'
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_count bigint;
    v_sum bigint := 0;
BEGIN
    IF unfit() OR NOT pg_try_advisory_xact_lock(
            hashtextextended('purge of ' || current_schema(), 0)) THEN
        RETURN 0;
    END IF;

    DELETE FROM session t WHERE t.sid = ANY (ARRAY(
        SELECT o.sid FROM session o
         WHERE o.expires_at <= v_now
           AND (o.expires_at <= v_now - interval '1 day' OR NOT derived(o.sid))
         ORDER BY o.expires_at LIMIT purge.batch FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_sum := v_sum + v_count;

    DELETE FROM revocation r WHERE r.ctid = ANY (ARRAY(
        SELECT o.ctid FROM revocation o
         WHERE o.until <= v_now
         ORDER BY o.until LIMIT purge.batch FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_sum := v_sum + v_count;

    DELETE FROM event e WHERE e.ctid = ANY (ARRAY(
        SELECT o.ctid FROM event o
         WHERE o.at <= v_now - coalesce((SELECT s.value::interval
                   FROM setting s WHERE s.name = 'event_lifetime'), '90 days')
         ORDER BY o.at LIMIT purge.batch FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_sum := v_sum + v_count;

    DELETE FROM subject g WHERE g.subject = ANY (ARRAY(
        SELECT o.subject FROM subject o
         WHERE NOT o.blocked AND o.not_before <= v_now - gate_lifetime()
           AND NOT EXISTS (SELECT FROM session t
                            WHERE t.subject = o.subject
                              AND t.created_at < o.not_before)
         ORDER BY o.not_before LIMIT purge.batch FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_sum + v_count;
END
$$;
REVOKE ALL ON FUNCTION purge(int) FROM PUBLIC;


-- For hosts that log people in themselves ------------------------------------

-- Returns the refresh token: 'js1_' || base64url(sid || S), no padding. Raises
-- SQLSTATE AJ001 for a subject that may not log in.
CREATE OR REPLACE FUNCTION open_session(
    subject text, claims jsonb DEFAULT '{}', lifetime interval DEFAULT NULL,
    idle interval DEFAULT NULL, client text DEFAULT NULL,
    scope text DEFAULT NULL, site text DEFAULT '') RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
SET lock_timeout = '1500ms'
AS $$
DECLARE
    v_secret bytea := new_secret();
    v answer;
BEGIN
    IF coalesce(open_session.subject, '') IN ('', '*') THEN
        RAISE EXCEPTION 'open_session: a session needs a subject'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF jsonb_typeof(open_session.claims) <> 'object' THEN
        RAISE EXCEPTION 'open_session: claims must be a JSON object'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    v := begin_session(open_session.subject, open_session.site, 'js1',
        open_session.client, open_session.scope,
        coalesce(open_session.claims, '{}'), sha256(v_secret),
        open_session.lifetime, open_session.idle, NULL, NULL);
    IF v.verdict <> 'logged_in' THEN
        RAISE EXCEPTION 'subject "%" is blocked', open_session.subject
            USING ERRCODE = 'AJ001';
    END IF;
    RETURN 'js1_' || translate(
        rtrim(encode(uuid_send(v.sid) || v_secret, 'base64'), '='),
        '+/', '-_');
END
$$;
REVOKE ALL ON FUNCTION open_session(text, jsonb, interval, interval, text,
    text, text) FROM PUBLIC;


-- For administrators ---------------------------------------------------------
--
-- Ending a row takes its lock, which serialises it with rotate(): whoever
-- waited looks again. A gate alone is one row for any number of sessions.

-- True when the session was still to be ended.
CREATE OR REPLACE FUNCTION revoke_session(
    sid uuid, reason text DEFAULT 'admin') RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
BEGIN
    UPDATE session t
       SET revoked_at = clock_timestamp(), revoke_reason = revoke_session.reason
     WHERE t.sid = revoke_session.sid AND t.revoked_at IS NULL;
    RETURN FOUND;
END
$$;
REVOKE ALL ON FUNCTION revoke_session(uuid, text) FROM PUBLIC;

-- Base64url without padding (RFC 4648 5).
CREATE OR REPLACE FUNCTION from_base64url(p_text text) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
    SELECT decode(rpad(translate(p_text, '-_', '+/'),
                       (length(p_text) + 3) / 4 * 4, '='), 'base64')
$$;
REVOKE ALL ON FUNCTION from_base64url(text) FROM PUBLIC;

-- The sid of a token that a host minted itself and that names no session of
-- ours, as src/core/derived.c has it: 48 bits of iat in milliseconds, then a
-- hash of header and payload. NULL without a proper iat.
CREATE OR REPLACE FUNCTION derived_sid(p_token text, p_claims jsonb)
RETURNS uuid
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_birth numeric;
    v_sid bytea;
BEGIN
    IF jsonb_typeof(p_claims->'iat') IS DISTINCT FROM 'number' THEN
        RETURN NULL;
    END IF;
    v_birth := (p_claims->>'iat')::numeric * 1000;
    IF v_birth < 0 OR v_birth >= 281474976710656 THEN
        RETURN NULL;
    END IF;
    -- As C counts it, with doubles: where a host writes more digits than
    -- microseconds, decimals may come to another millisecond.
    v_birth := floor((p_claims->>'iat')::float8 * 1000 + 0.0005);
    v_sid := substring(int8send(v_birth::bigint) FROM 3)
          || substring(sha256(convert_to(
                 'mod_auth_jwt_refresh adopted sid v1'
                 || regexp_replace(p_token, '\.[^.]*$', ''), 'UTF8'))
                 FROM 1 FOR 10);
    v_sid := set_byte(v_sid, 6, get_byte(v_sid, 6) & 15 | 128);
    v_sid := set_byte(v_sid, 8, get_byte(v_sid, 8) & 63 | 128);
    RETURN encode(v_sid, 'hex')::uuid;
END
$$;
REVOKE ALL ON FUNCTION derived_sid(text, jsonb) FROM PUBLIC;

-- The session that a token names, of whatever kind; no signature is looked at.
CREATE OR REPLACE FUNCTION sid_of(p_token text, p_claims jsonb) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN p_token LIKE 'jr1\_%' THEN
            encode(substring(from_base64url(substr(p_token, 5))
                             FROM 3 FOR 16), 'hex')::uuid
        WHEN p_token LIKE 'js1\_%' THEN
            encode(substring(from_base64url(substr(p_token, 5))
                             FROM 1 FOR 16), 'hex')::uuid
        WHEN p_claims->>'sid' ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
             AND substr(p_claims->>'sid', 15, 1) IN ('7', '8') THEN
            (p_claims->>'sid')::uuid
        ELSE derived_sid(p_token, p_claims) END
$$;
REVOKE ALL ON FUNCTION sid_of(text, jsonb) FROM PUBLIC;

-- Ends the session of a token that somebody found: a refresh token or any JWT.
-- One that a host minted and that was never adopted is entered as ended, for as
-- long as it could be adopted, or used. True when it was still to be ended; a text that is no
-- token is an error.
CREATE OR REPLACE FUNCTION revoke_token(
    token text, reason text DEFAULT 'admin', site text DEFAULT '')
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
DECLARE
    v_token text := regexp_replace(revoke_token.token, '\s', '', 'g');
    v_claims jsonb;
    v_sid uuid;
    v_until timestamptz;
BEGIN
    IF v_token ~ '^[\w-]+\.[\w-]+\.[\w-]+$' THEN
        BEGIN
            v_claims := convert_from(from_base64url(
                split_part(v_token, '.', 2)), 'UTF8')::jsonb;
        EXCEPTION WHEN data_exception THEN
            NULL;
        END;
    END IF;
    IF jsonb_typeof(v_claims) = 'object'
       OR v_token ~ '^(jr1_[\w-]{78}|js1_[\w-]{43})$' THEN
        v_sid := sid_of(v_token, v_claims);
    END IF;
    IF v_sid IS NULL THEN
        RAISE EXCEPTION 'revoke_token: this is no refresh token, and no JWT '
            'that names a session or says when it was minted'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    IF derived(v_sid) THEN
        -- exp, and the leeway of whoever judges it; no exp is no end.
        v_until := greatest(born(v_sid) + gate_lifetime(), CASE
            WHEN jsonb_typeof(v_claims->'exp') IS DISTINCT FROM 'number'
                 OR (v_claims->>'exp')::numeric > 99999999999 THEN 'infinity'
            WHEN (v_claims->>'exp')::numeric > 0
                 THEN to_timestamp((v_claims->>'exp')::float8)
                      + interval '1 day' END);
    END IF;
    IF v_until > clock_timestamp() THEN
        INSERT INTO session (sid, subject, site, form, claims, created_at,
                             used_at, expires_at, idle)
        VALUES (v_sid,
                coalesce(nullif(nullif(v_claims->>'sub', ''), '*'),
                         nullif(nullif(v_claims->>'user_id', ''), '*'), '?'),
                coalesce(revoke_token.site, ''),
                CASE v_claims->>'token_type' WHEN 'refresh' THEN 'simplejwt'
                     ELSE 'laravel' END, '{}', born(v_sid), clock_timestamp(),
                v_until, gate_lifetime())
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN revoke_session(v_sid, revoke_token.reason);
END
$$;
REVOKE ALL ON FUNCTION revoke_token(text, text, text) FROM PUBLIC;

-- Writes the gate first (it holds for a login that commits later with an
-- earlier birth), then ends the rows and returns their number.
CREATE OR REPLACE FUNCTION close_subject(
    p_subject text, p_blocked boolean, p_reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_count bigint;
BEGIN
    INSERT INTO subject AS g (subject, not_before, blocked, reason)
    VALUES (p_subject, clock_timestamp(), p_blocked, p_reason)
    ON CONFLICT (subject) DO UPDATE
       SET not_before = greatest(g.not_before, excluded.not_before),
           blocked = g.blocked OR excluded.blocked,
           reason = excluded.reason;
    UPDATE session t
       SET revoked_at = clock_timestamp(), revoke_reason = p_reason
     WHERE t.subject = p_subject AND t.revoked_at IS NULL
       AND t.expires_at > clock_timestamp();
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;
REVOKE ALL ON FUNCTION close_subject(text, boolean, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION revoke_subject(
    subject text, reason text DEFAULT 'admin') RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
    SELECT close_subject(revoke_subject.subject, false, revoke_subject.reason)
$$;
REVOKE ALL ON FUNCTION revoke_subject(text, text) FROM PUBLIC;

-- Also refuses logins until unblock_subject(). Number of sessions ended.
CREATE OR REPLACE FUNCTION block_subject(
    subject text, reason text DEFAULT 'admin') RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
    SELECT close_subject(block_subject.subject, true, block_subject.reason)
$$;
REVOKE ALL ON FUNCTION block_subject(text, text) FROM PUBLIC;

-- True when the subject was blocked. Sessions ended stay ended.
CREATE OR REPLACE FUNCTION unblock_subject(subject text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
BEGIN
    UPDATE subject g SET blocked = false
     WHERE g.subject = unblock_subject.subject AND g.blocked;
    RETURN FOUND;
END
$$;
REVOKE ALL ON FUNCTION unblock_subject(text) FROM PUBLIC;

-- The gate of a client, or of everyone ('*'). It never moves back.
CREATE OR REPLACE FUNCTION close_client(
    p_client text, p_before timestamptz, p_reason text) RETURNS void
LANGUAGE sql VOLATILE AS $$
    INSERT INTO client AS g (client, not_before, reason)
    VALUES (p_client, p_before, p_reason)
    ON CONFLICT (client) DO UPDATE
       SET not_before = greatest(g.not_before, excluded.not_before),
           reason = excluded.reason
$$;
REVOKE ALL ON FUNCTION close_client(text, timestamptz, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION revoke_client(
    client text, reason text DEFAULT 'admin') RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
    SELECT close_client(revoke_client.client, clock_timestamp(),
                        revoke_client.reason)
$$;
REVOKE ALL ON FUNCTION revoke_client(text, text) FROM PUBLIC;

-- Everyone whose session was born before. Call it after restoring a backup.
CREATE OR REPLACE FUNCTION revoke_all(
    before timestamptz DEFAULT clock_timestamp(), reason text DEFAULT 'admin')
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
    SELECT close_client('*', revoke_all.before, revoke_all.reason)
$$;
REVOKE ALL ON FUNCTION revoke_all(timestamptz, text) FROM PUBLIC;

-- What rotate() would say of each session, from the newest to the oldest.
CREATE OR REPLACE FUNCTION sessions_of(subject text) RETURNS TABLE (
    sid uuid, state text, site text, form text, client text, scope text,
    generation int, created_at timestamptz, used_at timestamptz,
    expires_at timestamptz, revoked_at timestamptz, revoke_reason text,
    user_agent text, address text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
    SELECT t.sid,
           CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked'
                WHEN t.expires_at <= clock_timestamp() THEN 'expired'
                WHEN t.used_at + t.idle < clock_timestamp() THEN 'idle'
                WHEN NOT gate_open(t.subject, t.client, t.created_at)
                     THEN 'blocked'
                ELSE 'active' END,
           t.site, t.form, t.client, t.scope, t.generation, t.created_at,
           t.used_at, t.expires_at, t.revoked_at, t.revoke_reason,
           t.user_agent, t.address
      FROM session t
     WHERE t.subject = sessions_of.subject
     ORDER BY t.sid DESC
$$;
REVOKE ALL ON FUNCTION sessions_of(text) FROM PUBLIC;

-- Refresh tokens that came a second time: somebody had a copy.
CREATE OR REPLACE VIEW reuse_incident AS
SELECT e.at, e.sid, e.subject, e.detail, t.site, t.client, t.created_at,
       t.user_agent, t.address
  FROM event e LEFT JOIN session t USING (sid)
 WHERE e.kind = 'reused';

-- A look at the whole; the first lines read all sessions.
CREATE OR REPLACE VIEW stats AS
SELECT 'sessions' AS figure, count(*) AS value,
       'rows, with those that are over' AS about FROM session
UNION ALL
SELECT 'active', count(*), 'may refresh' FROM active_session
UNION ALL
SELECT 'revoked', count(*), 'ended before their time' FROM session t
 WHERE t.revoked_at IS NOT NULL
UNION ALL
SELECT 'expired', count(*), 'waiting for purge()' FROM session t
 WHERE t.expires_at <= clock_timestamp()
UNION ALL
SELECT 'blocked', count(*), 'subjects that may not log in' FROM subject g
 WHERE g.blocked
UNION ALL
SELECT 'feed', count(*), 'entries that httpd has to know' FROM revocation r
 WHERE r.until > clock_timestamp()
UNION ALL
SELECT k.kind, count(e.kind), 'events of the last 24 hours'
  FROM unnest(ARRAY['login', 'logout', 'revoked', 'reused', 'healed', 'ahead',
                    'adopted', 'mismatch']) AS k(kind)
  LEFT JOIN event e ON e.kind = k.kind
                   AND e.at > clock_timestamp() - interval '24 hours'
 GROUP BY k.kind;

COMMENT ON VIEW active_session IS
    'Sessions that a refresh token may go on with';
COMMENT ON VIEW reuse_incident IS
    'Refresh tokens that were presented after they had been traded: when, which '
    'generation (detail), and whose session ended by it';
COMMENT ON VIEW stats IS 'Figures of the whole: figure, value, what it is';
COMMENT ON TABLE setting IS
    'refresh_lifetime and refresh_idle for open_session(); access_lifetime, '
    'which httpd raises; gate_lifetime and event_lifetime for purge()';
COMMENT ON TABLE event IS
    'Audit: logins, logouts, revocations, reuse; refreshes leave no row';


-- Triggers -------------------------------------------------------------------

CREATE OR REPLACE FUNCTION session_refuse() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'session %: %', OLD.sid, TG_ARGV[0]
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
REVOKE ALL ON FUNCTION session_refuse() FROM PUBLIC;

-- The end of a session, whoever wrote it: a function, an UPDATE or a DELETE.
-- With the owner's rights: who may end sessions need not write events.
CREATE OR REPLACE FUNCTION session_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
DECLARE
    v_reason text := CASE TG_OP WHEN 'DELETE' THEN 'deleted'
                                ELSE coalesce(NEW.revoke_reason, 'admin') END;
BEGIN
    INSERT INTO event (kind, sid, subject, detail)
    VALUES (CASE WHEN v_reason IN ('logout', 'reused', 'ahead') THEN v_reason
                 ELSE 'revoked' END,
            OLD.sid, OLD.subject,
            CASE WHEN v_reason IN ('reused', 'ahead')
                 THEN format('generation %s', OLD.generation)
                 ELSE v_reason END);
    -- A gate that closes the session as well has told so already: "log out
    -- everywhere" is one entry, not one more per session.
    IF gate_open(OLD.subject, OLD.client, OLD.created_at) THEN
        PERFORM announce('session', OLD.sid::text);
    END IF;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION session_ended() FROM PUBLIC;

-- An adopted row is what prevents a second adoption: deleted before its token
-- has expired, it ends and stays.
CREATE OR REPLACE FUNCTION adopted_stays() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
BEGIN
    UPDATE session t
       SET revoked_at = clock_timestamp(), revoke_reason = 'deleted'
     WHERE t.sid = OLD.sid AND t.revoked_at IS NULL;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION adopted_stays() FROM PUBLIC;

-- Gone for good: no token of that age is adopted again.
CREATE OR REPLACE FUNCTION adopted_gone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
BEGIN
    INSERT INTO adoption AS a (site, born)
    SELECT g.site, max(g.created_at) FROM gone g
     WHERE derived(g.sid) GROUP BY g.site
    ON CONFLICT (site) DO UPDATE SET born = excluded.born
        WHERE a.born < excluded.born;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION adopted_gone() FROM PUBLIC;

-- A gate in the future would refuse tomorrow's logins. One that moved back or
-- got another name would open for refreshes what httpd goes on refusing. When
-- a block is lifted, what was born before is over: a login that committed
-- during the block may have read the gate before it.
CREATE OR REPLACE FUNCTION gate_clamp() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
BEGIN
    IF NEW.not_before > clock_timestamp() THEN
        NEW.not_before := clock_timestamp();
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NEW.not_before < OLD.not_before
           OR NEW.not_before IS NULL AND OLD.not_before IS NOT NULL
           OR gate_name(to_jsonb(NEW)) <> gate_name(to_jsonb(OLD)) THEN
            RAISE EXCEPTION 'the gate of % "%" keeps its name and never moves '
                'back', TG_TABLE_NAME, gate_name(to_jsonb(OLD))
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF TG_TABLE_NAME = 'subject' THEN
            IF OLD.blocked AND NOT NEW.blocked THEN
                NEW.not_before := clock_timestamp();
            END IF;
        END IF;
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION gate_clamp() FROM PUBLIC;

-- The column that a row of subject or client is named by.
CREATE OR REPLACE FUNCTION gate_name(p_row jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(p_row->>'subject', p_row->>'client')
$$;
REVOKE ALL ON FUNCTION gate_name(jsonb) FROM PUBLIC;

-- A gate that closes further, whoever wrote it.
CREATE OR REPLACE FUNCTION gate_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
DECLARE
    v_key text := gate_name(to_jsonb(NEW));
    v_blocked boolean := coalesce((to_jsonb(NEW)->>'blocked')::boolean, false);
    v_was_blocked boolean := false;
    v_not_before timestamptz;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        v_was_blocked :=
            coalesce((to_jsonb(OLD)->>'blocked')::boolean, false);
        v_not_before := OLD.not_before;
    END IF;
    -- For one subject the entry with the greatest seq counts, so nothing is
    -- said that would end a block before it ends.
    IF v_blocked THEN
        IF NOT v_was_blocked THEN
            PERFORM announce(TG_TABLE_NAME::text, v_key, 'infinity');
        END IF;
    ELSIF NEW.not_before IS DISTINCT FROM v_not_before THEN
        PERFORM announce(TG_TABLE_NAME::text, v_key, NEW.not_before);
    END IF;
    IF v_was_blocked AND NOT v_blocked THEN
        UPDATE revocation r SET until = clock_timestamp() + feed_life()
         WHERE r.kind = 'subject' AND r.key = v_key AND r.until = 'infinity';
    END IF;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION gate_closed() FROM PUBLIC;

-- httpd adds what it is told and never forgets it early. A gate that went away
-- meanwhile would let refreshes succeed whose access tokens are refused.
CREATE OR REPLACE FUNCTION gate_stays() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
DECLARE
    v_key text := gate_name(to_jsonb(OLD));
    v_until timestamptz := (SELECT max(r.until) FROM revocation r
        WHERE r.kind = TG_TABLE_NAME AND r.key = v_key
          AND r.until > clock_timestamp());
BEGIN
    IF v_until IS NOT NULL THEN
        RAISE EXCEPTION 'the gate of % "%" is needed until %', TG_TABLE_NAME,
            v_key, CASE WHEN isfinite(v_until) THEN v_until::text
                        ELSE 'unblock_subject() lifts it' END
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END
$$;
REVOKE ALL ON FUNCTION gate_stays() FROM PUBLIC;

-- httpd judges by the feed what is younger than the longest life of an access
-- token. So when that becomes longer, what was ended in it is told again: some
-- entries are gone by the life that was.
CREATE OR REPLACE FUNCTION lifetime_raised() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = :"schema", pg_temp
AS $$
DECLARE
    v_since timestamptz := clock_timestamp() - feed_life();
BEGIN
    UPDATE revocation r
       SET until = r.until + (NEW.value::interval - OLD.value::interval)
     WHERE r.until <> 'infinity';
    PERFORM announce('subject', g.subject, g.not_before) FROM subject g
      WHERE g.not_before > v_since AND NOT g.blocked
        AND NOT EXISTS (SELECT FROM revocation r
                         WHERE r.kind = 'subject' AND r.key = g.subject);
    PERFORM announce('client', g.client, g.not_before) FROM client g
      WHERE g.not_before > v_since
        AND NOT EXISTS (SELECT FROM revocation r
                         WHERE r.kind = 'client' AND r.key = g.client);
    -- These may be many: no call for each, or httpd would give up waiting.
    INSERT INTO revocation (kind, key, until)
    SELECT 'session', e.sid, e.at + feed_life() FROM event e
     WHERE e.at > v_since
       AND e.kind IN ('logout', 'revoked', 'reused', 'ahead')
       AND NOT EXISTS (SELECT FROM subject g
                        WHERE g.subject = e.subject AND (g.blocked
                              OR g.not_before > born(e.sid)))
       AND NOT EXISTS (SELECT FROM revocation r
                        WHERE r.kind = 'session' AND r.key = e.sid::text);
    PERFORM pg_notify('auth_jwt_revocation', current_schema());
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION lifetime_raised() FROM PUBLIC;

-- TRUNCATE has no row triggers: httpd would never hear of it.
CREATE OR REPLACE FUNCTION refuse_truncate() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of % would end sessions without telling httpd: '
        'DELETE, or revoke_all()', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
REVOKE ALL ON FUNCTION refuse_truncate() FROM PUBLIC;

-- Created when absent: replacing one would lock out every refresh behind the
-- longest transaction of the database.
DO $$
DECLARE
    v_have text[] := ARRAY(SELECT tgname FROM pg_trigger WHERE tgrelid IN
        ('session'::regclass, 'subject'::regclass, 'client'::regclass,
         'setting'::regclass));
    v_table text;
BEGIN
    IF 'setting_lifetime_raised' <> ALL (v_have) THEN
        CREATE TRIGGER setting_lifetime_raised AFTER UPDATE ON setting
        FOR EACH ROW
        WHEN (CASE WHEN NEW.name = 'access_lifetime'
              THEN NEW.value::interval > OLD.value::interval END)
        EXECUTE FUNCTION lifetime_raised();
    END IF;
    FOREACH v_table IN ARRAY ARRAY['session', 'subject', 'client'] LOOP
        IF v_table || '_truncate' <> ALL (v_have) THEN
            EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
                'FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate()',
                v_table || '_truncate', v_table);
        END IF;
    END LOOP;
    FOREACH v_table IN ARRAY ARRAY['subject', 'client'] LOOP
        IF v_table || '_clamp' <> ALL (v_have) THEN
            EXECUTE format('CREATE TRIGGER %I BEFORE INSERT OR UPDATE ON %I '
                'FOR EACH ROW EXECUTE FUNCTION gate_clamp()',
                v_table || '_clamp', v_table);
        END IF;
        IF v_table || '_closed' <> ALL (v_have) THEN
            EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE ON %I '
                'FOR EACH ROW EXECUTE FUNCTION gate_closed()',
                v_table || '_closed', v_table);
        END IF;
        IF v_table || '_stays' <> ALL (v_have) THEN
            EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I '
                'FOR EACH ROW EXECUTE FUNCTION gate_stays()',
                v_table || '_stays', v_table);
        END IF;
    END LOOP;
    IF 'session_stays_revoked' <> ALL (v_have) THEN
        CREATE TRIGGER session_stays_revoked AFTER UPDATE ON session
        FOR EACH ROW
        WHEN (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL)
        EXECUTE FUNCTION session_refuse('it was ended and stays so');
    END IF;
    IF 'session_generation_rises' <> ALL (v_have) THEN
        CREATE TRIGGER session_generation_rises AFTER UPDATE ON session
        FOR EACH ROW WHEN (NEW.generation < OLD.generation)
        EXECUTE FUNCTION session_refuse('its generation never falls');
    END IF;
    IF 'session_revoked' <> ALL (v_have) THEN
        CREATE TRIGGER session_revoked AFTER UPDATE ON session
        FOR EACH ROW
        WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
        EXECUTE FUNCTION session_ended();
    END IF;
    -- Privileges are checked for what a WHEN clause calls: no derived() here.
    IF 'session_adopted_stays' <> ALL (v_have) THEN
        CREATE TRIGGER session_adopted_stays BEFORE DELETE ON session
        FOR EACH ROW
        WHEN (substr(OLD.sid::text, 15, 1) = '8'
              AND OLD.expires_at > clock_timestamp())
        EXECUTE FUNCTION adopted_stays();
    END IF;
    IF 'session_adopted_gone' <> ALL (v_have) THEN
        CREATE TRIGGER session_adopted_gone AFTER DELETE ON session
        REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
        EXECUTE FUNCTION adopted_gone();
    END IF;
    IF 'session_deleted' <> ALL (v_have) THEN
        CREATE TRIGGER session_deleted AFTER DELETE ON session
        FOR EACH ROW
        WHEN (OLD.revoked_at IS NULL AND OLD.expires_at > clock_timestamp())
        EXECUTE FUNCTION session_ended();
    END IF;
END
$$;


-- From version 1, which had no feed ------------------------------------------
--
-- What was ended or closed while its access tokens may still live, told now.

DO $$
BEGIN
    IF (SELECT value::int FROM setting WHERE name = 'schema_version') < 2 THEN
        PERFORM announce('session', t.sid::text) FROM session t
          WHERE t.revoked_at > clock_timestamp() - feed_life();
        PERFORM announce('subject', g.subject, CASE WHEN g.blocked
            THEN 'infinity' ELSE g.not_before END) FROM subject g
          WHERE g.blocked OR g.not_before > clock_timestamp() - feed_life();
        PERFORM announce('client', g.client, g.not_before) FROM client g
          WHERE g.not_before > clock_timestamp() - feed_life();
    END IF;
END
$$;

INSERT INTO setting AS s (name, value) VALUES ('schema_version', '2')
ON CONFLICT (name) DO UPDATE SET value = excluded.value
    WHERE s.value <> excluded.value;


-- Privileges -----------------------------------------------------------------

REVOKE ALL ON SCHEMA :"schema" FROM PUBLIC;
GRANT USAGE ON SCHEMA :"schema"
    TO auth_jwt_httpd, auth_jwt_app, auth_jwt_admin;

-- httpd: functions, no table. Its password, stolen, mints nothing.
GRANT EXECUTE ON FUNCTION open(text, text, text, bytea, interval, interval,
    text, text, text) TO auth_jwt_httpd;
GRANT EXECUTE ON FUNCTION mismatch(uuid, text, bytea, text, text, text)
    TO auth_jwt_httpd;
GRANT EXECUTE ON FUNCTION rotate(uuid, int, text, bytea, text, text, boolean,
    interval, boolean, interval, interval, text, interval, boolean, text)
    TO auth_jwt_httpd;
GRANT EXECUTE ON FUNCTION
    logout(uuid, text, bytea, text, text, text),
    adopt(uuid, text, jsonb, text, text, text, interval, interval, text, text),
    logout_host(uuid, text, jsonb, text, text, text, interval),
    introspect(uuid, text, int, bytea, text, interval, text),
    own_sessions(uuid, text, text), end_own_sessions(uuid, text, text, uuid),
    feed(xid8), standing(uuid, text, text, timestamptz, int),
    raise_access_lifetime(interval), purge(int)
    TO auth_jwt_httpd;

GRANT EXECUTE ON FUNCTION open_session(text, jsonb, interval, interval, text,
    text, text) TO auth_jwt_app;

-- Administrators: everything but secret_hash to read, ending to write.
GRANT SELECT (sid, subject, site, form, client, scope, claims, generation,
        binding, created_at, rotated_at, used_at, expires_at, idle, revoked_at,
        revoke_reason, user_agent, address),
      UPDATE (revoked_at, revoke_reason), DELETE
    ON session TO auth_jwt_admin;
GRANT SELECT ON subject, client, setting, event, revocation, adoption,
    active_session, reuse_incident, stats TO auth_jwt_admin;
GRANT EXECUTE ON FUNCTION revoke_session(uuid, text),
    revoke_subject(text, text), block_subject(text, text),
    unblock_subject(text), revoke_client(text, text),
    revoke_all(timestamptz, text), revoke_token(text, text, text),
    sessions_of(text), purge(int) TO auth_jwt_admin;

COMMIT;
