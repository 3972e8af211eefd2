/* SPDX-License-Identifier: Apache-2.0 */
#include "verb.h"

#include <apr_strings.h>

#include "row.h"
#include "sendable.h"

const char *ajr_verb_select(const ajr_store_t *store, const char *name,
                            const char *columns, const char *arguments,
                            apr_pool_t *pool)
{
    return apr_pstrcat(pool, "SELECT ", columns, " FROM ",
                       ajr_sendable_function(store->schema, name, pool), "(",
                       arguments, ")", NULL);
}

ajr_outcome_t ajr_verb_rows(PGresult **result, const char **detail,
                            const ajr_store_t *store, ajr_pg_query_t *query,
                            apr_pool_t *pool)
{
    *result = NULL;
    *detail = NULL;
    if (store->pg == NULL) {
        *detail = "the child has no pool of connections";
        return AJR_INTERNAL;
    }
    query->fit = ajr_row_fit;
    return ajr_pg_query(result, detail, store->pg, query, pool);
}

ajr_outcome_t ajr_verb_ask(PGresult **result, const char **detail,
                           const ajr_store_t *store, ajr_pg_query_t *query,
                           const ajr_outcome_t *verdicts, apr_pool_t *pool)
{
    ajr_outcome_t outcome = ajr_verb_rows(result, detail, store, query, pool);

    return outcome == AJR_OK ? ajr_row_verdict(detail, *result, verdicts)
                             : outcome;
}
