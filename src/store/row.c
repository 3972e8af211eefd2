/* SPDX-License-Identifier: Apache-2.0 */
#include "row.h"

#include <errno.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "uuid.h"

enum { VERDICT, SID, GENERATION, SUBJECT, CLIENT, SCOPE, CLAIMS, REMAINING };

const char *ajr_row_text(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL
                                            : PQgetvalue(result, row, column);
}

bool ajr_row_integer(apr_int64_t *out, const PGresult *result, int row,
                     int column)
{
    const char *text = ajr_row_text(result, row, column);
    char *end;

    if (text == NULL || !(apr_isdigit(text[0]) || text[0] == '-')) {
        return false;
    }
    errno = 0;
    *out = apr_strtoi64(text, &end, 10);
    return errno == 0 && *end == '\0';
}

bool ajr_row_fit(const PGresult *result)
{
    return PQntuples(result) != 1 || PQnfields(result) < 1 ||
           strcmp(PQgetvalue(result, 0, VERDICT), "unfit") != 0;
}

ajr_outcome_t ajr_row_verdict(const char **detail, const PGresult *result,
                              const ajr_outcome_t *known)
{
    ajr_outcome_t verdict;

    if (PQntuples(result) != 1) {
        *detail = "the schema answered without a row";
        return AJR_DATABASE_ERROR;
    }
    verdict = ajr_outcome_find(ajr_row_text(result, 0, VERDICT));
    for (; *known != AJR_OUTCOMES; known++) {
        if (*known == verdict) {
            return verdict;
        }
    }
    *detail = "the schema answered with a verdict that is not its own";
    return AJR_DATABASE_ERROR;
}

/* NULL, or the column that is not as agreed. */
static const char *read_session(ajr_session_t *session, const PGresult *result,
                                apr_pool_t *pool)
{
    apr_int64_t generation;
    const char *claims = ajr_row_text(result, 0, CLAIMS);

    if (!ajr_uuid_parse(session->sid, ajr_row_text(result, 0, SID))) {
        return "sid";
    }
    if (!ajr_row_integer(&generation, result, 0, GENERATION) ||
        generation < 0 || generation > AJR_GENERATION_MAX) {
        return "generation";
    }
    session->generation = (apr_uint32_t)generation;
    session->subject = ajr_row_text(result, 0, SUBJECT);
    if (session->subject == NULL || session->subject[0] == '\0') {
        return "subject";
    }
    session->client = ajr_row_text(result, 0, CLIENT);
    session->scope = ajr_row_text(result, 0, SCOPE);
    if (claims == NULL ||
        !ajr_json_object(&session->claims, ajr_bytes_of(claims), pool)) {
        return "claims";
    }
    if (!ajr_row_integer(&session->remaining, result, 0, REMAINING)) {
        return "remaining";
    }
    return NULL;
}

ajr_outcome_t ajr_row_session(ajr_session_t **out, const char **detail,
                              const PGresult *result, apr_pool_t *pool)
{
    ajr_session_t *session = apr_pcalloc(pool, sizeof(*session));
    const char *wrong = read_session(session, result, pool);

    *out = NULL;
    if (wrong != NULL) {
        *detail = apr_pstrcat(pool, "the schema answered with an unreadable ",
                              wrong, NULL);
        return AJR_DATABASE_ERROR;
    }
    /* It may have ended while the row was on its way: nothing can be minted
     * that lives. */
    if (session->remaining <= 0) {
        return AJR_EXPIRED;
    }
    *out = session;
    return AJR_OK;
}
