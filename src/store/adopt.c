/* SPDX-License-Identifier: Apache-2.0 */
#include "adopt.h"

#include <apr_strings.h>

#include "sendable.h"
#include "uuid.h"
#include "verb.h"

static const ajr_outcome_t adopt_verdicts[] = {
    AJR_OK,      AJR_UNKNOWN, AJR_EXPIRED,  AJR_REVOKED,
    AJR_BLOCKED, AJR_UNFIT,   AJR_OUTCOMES,
};
static const ajr_outcome_t logout_verdicts[] = {
    AJR_LOGGED_OUT, AJR_UNKNOWN, AJR_REVOKED,
    AJR_EXPIRED,    AJR_UNFIT,   AJR_OUTCOMES,
};

/* Both functions begin with these; adopt() takes three more. */
#define TOKEN \
    "$1::uuid,$2::text,$3::jsonb,$4::text,$5::text,$6::text,$7::interval"

static ajr_outcome_t ask(const char **detail, const ajr_store_t *store,
                         const char *name, bool adopts,
                         const ajr_store_present_t *asked,
                         const ajr_store_host_t *host, apr_pool_t *pool)
{
    const char *values[] = {
        ajr_uuid_format(asked->grant->sid, pool),
        ajr_form_name(asked->grant->form),
        ajr_json_text(host->claims, pool),
        asked->subject,
        asked->client,
        asked->site,
        ajr_sendable_interval(host->lifetime, pool),
        ajr_sendable_interval(host->idle, pool),
        ajr_sendable_note(host->user_agent, AJR_USER_AGENT_MAX, pool),
        ajr_sendable_note(host->address, AJR_ADDRESS_MAX, pool)};
    ajr_pg_query_t query = {.count = adopts ? 10 : 7, .values = values};
    PGresult *result;

    *detail = NULL;
    if (!ajr_sendable_text(asked->client) ||
        !ajr_sendable_text(asked->subject)) {
        return AJR_UNKNOWN; /* no session can have them */
    }
    if (values[2] == NULL) {
        return AJR_INTERNAL;
    }
    query.sql = ajr_verb_select(
        store, name, "*",
        adopts ? TOKEN ",$8::interval,$9::text,$10::text" : TOKEN, pool);
    return ajr_verb_ask(&result, detail, store, &query,
                        adopts ? adopt_verdicts : logout_verdicts, pool);
}

ajr_outcome_t ajr_store_adopt(ajr_session_t **out, const char **detail,
                              const ajr_store_t *store,
                              const ajr_store_rotate_t *asked,
                              const ajr_store_host_t *host, apr_pool_t *pool)
{
    ajr_outcome_t outcome =
        ask(detail, store, "adopt", true, &asked->present, host, pool);

    *out = NULL;
    return outcome == AJR_OK ? ajr_store_rotate(out, detail, store, asked, pool)
                             : outcome;
}

ajr_outcome_t ajr_store_logout_host(const char **detail,
                                    const ajr_store_t *store,
                                    const ajr_store_present_t *asked,
                                    const ajr_store_host_t *host,
                                    apr_pool_t *pool)
{
    return ask(detail, store, "logout_host", false, asked, host, pool);
}
