/* SPDX-License-Identifier: Apache-2.0
 *
 * One call of a function of conf/schema.sql: one round trip.
 */
#ifndef AJR_VERB_H
#define AJR_VERB_H

#include <libpq-fe.h>

#include "store.h"

/* What a session keeps of these, in bytes. */
#define AJR_USER_AGENT_MAX 255
#define AJR_ADDRESS_MAX 64

/* SELECT columns FROM "schema".name(arguments) */
const char *ajr_verb_select(const ajr_store_t *store, const char *name,
                            const char *columns, const char *arguments,
                            apr_pool_t *pool);

/* Runs it. OK and its rows, owned by pool; DATABASE_*, UNFIT or INTERNAL. */
ajr_outcome_t ajr_verb_rows(PGresult **result, const char **detail,
                            const ajr_store_t *store, ajr_pg_query_t *query,
                            apr_pool_t *pool);

/* The same, and the verdict in its one row: one of `verdicts`, which ends with
 * AJR_OUTCOMES. */
ajr_outcome_t ajr_verb_ask(PGresult **result, const char **detail,
                           const ajr_store_t *store, ajr_pg_query_t *query,
                           const ajr_outcome_t *verdicts, apr_pool_t *pool);

#endif
