/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <string.h>

#include <apr_strings.h>

#include "row.h"
#include "sendable.h"
#include "uuid.h"
#include "verb.h"

/* What each verb may answer; anything else is trouble with the schema. */
static const ajr_outcome_t open_verdicts[] = {
    AJR_LOGGED_IN, AJR_LOGIN_REFUSED, AJR_BLOCKED, AJR_UNFIT, AJR_OUTCOMES};
static const ajr_outcome_t rotate_verdicts[] = {
    AJR_ROTATED,       AJR_HEALED,           AJR_CURRENT, AJR_REPLAYED,
    AJR_UNKNOWN,       AJR_REVOKED,          AJR_EXPIRED, AJR_IDLE,
    AJR_AHEAD,         AJR_REUSED,           AJR_BLOCKED, AJR_UNFIT,
    AJR_SCOPE_REFUSED, AJR_DATABASE_TIMEOUT, AJR_OUTCOMES};
static const ajr_outcome_t logout_verdicts[] = {
    AJR_LOGGED_OUT, AJR_UNKNOWN, AJR_REVOKED, AJR_UNFIT, AJR_OUTCOMES};
static const ajr_outcome_t mismatch_verdicts[] = {
    AJR_TOKEN_MISMATCH, AJR_UNKNOWN, AJR_UNFIT, AJR_OUTCOMES};
static const ajr_outcome_t standing_verdicts[] = {
    AJR_OK, AJR_TOKEN_REVOKED, AJR_TOKEN_SUPERSEDED, AJR_UNFIT, AJR_OUTCOMES};

const char *ajr_store_schema_refuses(const char *schema)
{
    const char *at;

    if (schema[0] == '\0' || strlen(schema) > 63) {
        return "needs 1 to 63 bytes";
    }
    for (at = schema; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 127) {
            return "has a control character";
        }
    }
    return ajr_sendable_text(schema) ? NULL : "is not UTF-8";
}

/* ---- one round trip ---- */

/* For verbs that answer with a session. */
static ajr_outcome_t ask_session(ajr_session_t **out, const char **detail,
                                 const ajr_store_t *store,
                                 ajr_pg_query_t *query,
                                 const ajr_outcome_t *verdicts,
                                 apr_pool_t *pool)
{
    PGresult *result;
    ajr_outcome_t outcome =
        ajr_verb_ask(&result, detail, store, query, verdicts, pool);
    ajr_outcome_t read;

    *out = NULL;
    if (!ajr_outcome_good(outcome)) {
        return outcome;
    }
    read = ajr_row_session(out, detail, result, pool);
    return read == AJR_OK ? outcome : read;
}

/* ---- open ---- */

ajr_outcome_t ajr_store_open(ajr_session_t **out, const char **detail,
                             const ajr_store_t *store,
                             const ajr_store_open_t *asked, apr_pool_t *pool)
{
    ajr_bytes_t hash = {asked->secret_hash, AJR_SECRET_HASH_SIZE};
    const char *values[] = {
        asked->login,
        asked->site,
        asked->client,
        asked->secret_hash == NULL ? NULL : ajr_sendable_bytea(hash, pool),
        ajr_sendable_interval(asked->lifetime, pool),
        ajr_sendable_interval(asked->idle, pool),
        ajr_sendable_note(asked->user_agent, AJR_USER_AGENT_MAX, pool),
        ajr_sendable_note(asked->address, AJR_ADDRESS_MAX, pool),
        ajr_form_name(asked->form)};
    /* Repeated after a lost connection, the first session may stay behind:
     * nobody learns its sid. */
    ajr_pg_query_t query = {.count = 9, .values = values};

    *out = NULL;
    *detail = NULL;
    if (!ajr_sendable_text(asked->login) || !ajr_sendable_text(asked->client)) {
        *detail = "the login or the client is not UTF-8";
        return AJR_LOGIN_REFUSED;
    }
    query.sql =
        ajr_verb_select(store, "open", AJR_ROW_COLUMNS,
                        "$1::text,$2::text,$3::text,$4::bytea,"
                        "$5::interval,$6::interval,$7::text,$8::text,$9::text",
                        pool);
    return ask_session(out, detail, store, &query, open_verdicts, pool);
}

/* ---- rotate ---- */

/* NULL twice when there was no outage. */
static void outage_values(const char **began, const char **ended,
                          const ajr_pg_t *pg, apr_pool_t *pool)
{
    ajr_pg_outage_t outage;

    *began = NULL;
    *ended = NULL;
    if (pg != NULL && ajr_pg_outage(&outage, pg)) {
        *began = ajr_sendable_interval(outage.began, pool);
        *ended = ajr_sendable_interval(outage.ended, pool);
    }
}

/* $8 and $13 of rotate(). */
enum { GRACE = 7, PATIENCE = 12, ROTATE_VALUES = 15 };

static const char rotate_arguments[] =
    "$1::uuid,$2::int,$3::text,$4::bytea,$5::text,$6::text,$7::boolean,"
    "$8::interval,$9::boolean,$10::interval,$11::interval,$12::text,"
    "$13::interval,$14::boolean,$15::text";

/* The first attempt may have rotated; its answer is to be had again for as long
 * as we may have waited for it. */
static void again_values(const char **again, const char *const *values,
                         const ajr_store_t *store,
                         const ajr_store_rotate_t *asked, apr_pool_t *pool)
{
    memcpy(again, values, ROTATE_VALUES * sizeof(*values));
    if (asked->grace < store->conf.timeout) {
        again[GRACE] = ajr_sendable_interval(store->conf.timeout, pool);
    }
}

ajr_outcome_t ajr_store_rotate(ajr_session_t **out, const char **detail,
                               const ajr_store_t *store,
                               const ajr_store_rotate_t *asked,
                               apr_pool_t *pool)
{
    const ajr_grant_t *grant = asked->present.grant;
    const char *values[ROTATE_VALUES] = {
        ajr_uuid_format(grant->sid, pool),
        apr_psprintf(pool, "%u", grant->generation),
        ajr_form_name(grant->form),
        NULL, /* the secret's hash */
        asked->present.client,
        asked->present.site,
        asked->rotate ? "true" : "false",
        ajr_sendable_interval(asked->grace, pool),
        asked->async ? "true" : "false",
        NULL, /* the last outage: */
        NULL,
        asked->scope,
        NULL, /* how long we wait */
        asked->supersede ? "true" : "false",
        asked->present.subject};
    const char *again[ROTATE_VALUES];
    ajr_pg_query_t query = {.count = ROTATE_VALUES,
                            .values = values,
                            .again = again,
                            .patience = PATIENCE};

    *out = NULL;
    *detail = NULL;
    if (!ajr_sendable_text(asked->present.client) ||
        !ajr_sendable_text(asked->present.subject)) {
        return AJR_UNKNOWN; /* no session can have it */
    }
    if (!ajr_sendable_secret(&values[3], grant, pool)) {
        return AJR_INTERNAL;
    }
    outage_values(&values[9], &values[10], store->pg, pool);
    again_values(again, values, store, asked, pool);
    query.sql = ajr_verb_select(store, "rotate", AJR_ROW_COLUMNS,
                                rotate_arguments, pool);
    return ask_session(out, detail, store, &query, rotate_verdicts, pool);
}

/* ---- logout ---- */

/* Calls a function of a holder: sid, form, hash of S, client, site, subject. */
static ajr_outcome_t call_holder(const char **detail, const ajr_store_t *store,
                                 const char *function,
                                 const char *const *values,
                                 const ajr_outcome_t *verdicts,
                                 apr_pool_t *pool)
{
    PGresult *result;
    ajr_pg_query_t query = {.count = 6, .values = values};

    if (!ajr_sendable_text(values[3]) || !ajr_sendable_text(values[5])) {
        return AJR_UNKNOWN; /* no session can have them */
    }
    query.sql = ajr_verb_select(store, function, "*",
                                "$1::uuid,$2::text,$3::bytea,$4::text,$5::text,"
                                "$6::text",
                                pool);
    return ajr_verb_ask(&result, detail, store, &query, verdicts, pool);
}

/* The same for a refresh token presented. */
static ajr_outcome_t call_present(const char **detail, const ajr_store_t *store,
                                  const char *function,
                                  const ajr_store_present_t *asked,
                                  const ajr_outcome_t *verdicts,
                                  apr_pool_t *pool)
{
    const char *values[] = {ajr_uuid_format(asked->grant->sid, pool),
                            ajr_form_name(asked->grant->form),
                            NULL,
                            asked->client,
                            asked->site,
                            asked->subject};

    *detail = NULL;
    if (!ajr_sendable_secret(&values[2], asked->grant, pool)) {
        return AJR_INTERNAL;
    }
    return call_holder(detail, store, function, values, verdicts, pool);
}

ajr_outcome_t ajr_store_logout(const char **detail, const ajr_store_t *store,
                               const ajr_store_present_t *asked,
                               apr_pool_t *pool)
{
    return call_present(detail, store, "logout", asked, logout_verdicts, pool);
}

ajr_outcome_t ajr_store_mismatch(const char **detail, const ajr_store_t *store,
                                 const ajr_store_present_t *asked,
                                 apr_pool_t *pool)
{
    return call_present(detail, store, "mismatch", asked, mismatch_verdicts,
                        pool);
}

ajr_outcome_t ajr_store_logout_sid(const char **detail,
                                   const ajr_store_t *store,
                                   const unsigned char sid[AJR_SID_SIZE],
                                   const char *subject, const char *site,
                                   const char *client, apr_pool_t *pool)
{
    const char *values[] = {
        ajr_uuid_format(sid, pool), NULL, NULL, client, site, subject};

    *detail = NULL;
    return call_holder(detail, store, "logout", values, logout_verdicts, pool);
}

/* ---- standing ---- */

ajr_outcome_t ajr_store_standing(const char **detail, const ajr_store_t *store,
                                 const ajr_bearer_t *bearer, apr_pool_t *pool)
{
    const char *values[] = {
        bearer->sid == NULL ? NULL : ajr_uuid_format(bearer->sid, pool),
        bearer->subject, bearer->client,
        bearer->born == APR_INT64_MIN /* before any other */
            ? NULL
            : apr_psprintf(pool, "%" APR_TIME_T_FMT, bearer->born),
        bearer->generation < 0
            ? NULL
            : apr_psprintf(pool, "%" APR_INT64_T_FMT, bearer->generation)};
    ajr_pg_query_t query = {.count = 5, .values = values};
    PGresult *result;

    *detail = NULL;
    query.sql = ajr_verb_select(
        store, "standing",
        "CASE standing WHEN 'granted' THEN standing WHEN 'unfit' THEN standing "
        "ELSE 'token_' || standing END",
        "$1::uuid,$2::text,$3::text,"
        "coalesce(to_timestamp($4::bigint / 1e6), '-infinity'),$5::int",
        pool);
    return ajr_verb_ask(&result, detail, store, &query, standing_verdicts,
                        pool);
}
