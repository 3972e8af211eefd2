/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect.h"

#include <string.h>

#include <apr_strings.h>

#include "row.h"
#include "sendable.h"
#include "uuid.h"
#include "verb.h"

static const ajr_outcome_t introspect_verdicts[] = {
    AJR_OK,    AJR_UNKNOWN, AJR_REVOKED, AJR_EXPIRED, AJR_IDLE,
    AJR_AHEAD, AJR_REUSED,  AJR_BLOCKED, AJR_UNFIT,   AJR_OUTCOMES};
static const ajr_outcome_t end_verdicts[] = {AJR_LOGGED_OUT, AJR_UNKNOWN,
                                             AJR_UNFIT, AJR_OUTCOMES};

static ajr_outcome_t unreadable(const char **detail)
{
    *detail = "the schema answered with an unreadable session";
    return AJR_DATABASE_ERROR;
}

/* ---- introspect ---- */

enum { VERDICT, SUBJECT, CLIENT, SCOPE, CREATED, EXPIRES };

/* NULL unless it has the shape agreed upon. */
static ajr_inspected_t *inspected_of(const PGresult *result, apr_pool_t *pool)
{
    ajr_inspected_t *session = apr_pcalloc(pool, sizeof(*session));

    session->subject = ajr_row_text(result, 0, SUBJECT);
    session->client = ajr_row_text(result, 0, CLIENT);
    session->scope = ajr_row_text(result, 0, SCOPE);
    return session->subject != NULL &&
                   ajr_row_integer(&session->created, result, 0, CREATED) &&
                   ajr_row_integer(&session->expires, result, 0, EXPIRES)
               ? session
               : NULL;
}

ajr_outcome_t ajr_store_introspect(ajr_inspected_t **out, const char **detail,
                                   const ajr_store_t *store,
                                   const ajr_store_introspect_t *asked,
                                   apr_pool_t *pool)
{
    const char *values[] = {ajr_uuid_format(asked->sid, pool),
                            NULL,
                            NULL,
                            NULL,
                            asked->site,
                            ajr_sendable_interval(asked->grace, pool),
                            asked->grant == NULL ? NULL : asked->subject};
    ajr_pg_query_t query = {.count = 7, .values = values};
    PGresult *result;
    ajr_outcome_t outcome;

    *out = NULL;
    *detail = NULL;
    if (asked->grant != NULL) { /* an access token has none of these */
        values[1] = ajr_form_name(asked->grant->form);
        values[2] = apr_psprintf(pool, "%u", asked->grant->generation);
        if (!ajr_sendable_secret(&values[3], asked->grant, pool)) {
            return AJR_INTERNAL;
        }
    }
    query.sql = ajr_verb_select(
        store, "introspect",
        "verdict, subject, client, scope, created_at, expires_at",
        "$1::uuid,$2::text,$3::int,$4::bytea,$5::text,$6::interval,$7::text",
        pool);
    outcome =
        ajr_verb_ask(&result, detail, store, &query, introspect_verdicts, pool);
    if (outcome != AJR_OK) {
        return outcome;
    }
    *out = inspected_of(result, pool);
    return *out != NULL ? AJR_OK : unreadable(detail);
}

/* ---- one's own ---- */

enum { SID, USER_AGENT, ADDRESS, OWN_CLIENT, BORN, USED, ENDS, CURRENT };

static bool own_read(ajr_own_session_t *session, const PGresult *result,
                     int row)
{
    const char *current = ajr_row_text(result, row, CURRENT);

    session->sid = ajr_row_text(result, row, SID);
    session->user_agent = ajr_row_text(result, row, USER_AGENT);
    session->address = ajr_row_text(result, row, ADDRESS);
    session->client = ajr_row_text(result, row, OWN_CLIENT);
    session->current = current != NULL && strcmp(current, "t") == 0;
    return session->sid != NULL &&
           ajr_row_integer(&session->created, result, row, BORN) &&
           ajr_row_integer(&session->used, result, row, USED) &&
           ajr_row_integer(&session->expires, result, row, ENDS);
}

ajr_outcome_t ajr_store_own_list(apr_array_header_t **out, const char **detail,
                                 const ajr_store_t *store,
                                 const unsigned char sid[AJR_SID_SIZE],
                                 const char *subject, const char *site,
                                 apr_pool_t *pool)
{
    const char *values[] = {ajr_uuid_format(sid, pool), site, subject};
    ajr_pg_query_t query = {.count = 3, .values = values};
    PGresult *result;
    ajr_outcome_t outcome;
    int i;

    query.sql = ajr_verb_select(store, "own_sessions",
                                "sid, user_agent, address, client, created_at, "
                                "used_at, expires_at, current",
                                "$1::uuid,$2::text,$3::text", pool);
    *out = apr_array_make(pool, 8, sizeof(ajr_own_session_t));
    outcome = ajr_verb_rows(&result, detail, store, &query, pool);
    for (i = 0; outcome == AJR_OK && i < PQntuples(result); i++) {
        if (!own_read(apr_array_push(*out), result, i)) {
            outcome = unreadable(detail);
        }
    }
    return outcome == AJR_OK && i == 0 ? AJR_UNKNOWN : outcome;
}

ajr_outcome_t ajr_store_own_end(apr_int64_t *ended, const char **detail,
                                const ajr_store_t *store,
                                const unsigned char sid[AJR_SID_SIZE],
                                const char *subject, const char *site,
                                const unsigned char *which, apr_pool_t *pool)
{
    const char *values[] = {ajr_uuid_format(sid, pool), site, subject,
                            which == NULL ? NULL
                                          : ajr_uuid_format(which, pool)};
    ajr_pg_query_t query = {.count = 4, .values = values};
    PGresult *result;
    ajr_outcome_t outcome;

    *ended = 0;
    query.sql = ajr_verb_select(store, "end_own_sessions", "verdict, ended",
                                "$1::uuid,$2::text,$3::text,$4::uuid", pool);
    outcome = ajr_verb_ask(&result, detail, store, &query, end_verdicts, pool);
    if (outcome == AJR_LOGGED_OUT && !ajr_row_integer(ended, result, 0, 1)) {
        return unreadable(detail);
    }
    return outcome;
}
