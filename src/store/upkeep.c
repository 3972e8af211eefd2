/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep.h"

#include <apr_strings.h>

#include "row.h"
#include "sendable.h"
#include "verb.h"

ajr_outcome_t ajr_store_purge(apr_int64_t *removed, const char **detail,
                              const ajr_store_t *store, int batch,
                              apr_pool_t *pool)
{
    const char *values[] = {apr_itoa(pool, batch)};
    ajr_pg_query_t query = {.count = 1, .values = values};
    PGresult *result;
    ajr_outcome_t outcome;

    *removed = 0;
    query.sql = ajr_verb_select(store, "purge", "*", "$1::int", pool);
    outcome = ajr_verb_rows(&result, detail, store, &query, pool);
    if (outcome != AJR_OK) {
        return outcome;
    }
    if (PQntuples(result) != 1 || !ajr_row_integer(removed, result, 0, 0)) {
        *detail = "purge() answered without a number";
        return AJR_DATABASE_ERROR;
    }
    return AJR_OK;
}

ajr_outcome_t ajr_store_raise_access_lifetime(const char **detail,
                                              const ajr_store_t *store,
                                              apr_interval_time_t lifetime,
                                              apr_pool_t *pool)
{
    static const ajr_outcome_t verdicts[] = {AJR_OK, AJR_UNFIT, AJR_OUTCOMES};
    const char *values[] = {ajr_sendable_interval(lifetime, pool)};
    ajr_pg_query_t query = {.count = 1, .values = values};
    PGresult *result;

    query.sql = ajr_verb_select(store, "raise_access_lifetime", "*",
                                "$1::interval", pool);
    return ajr_verb_ask(&result, detail, store, &query, verdicts, pool);
}
