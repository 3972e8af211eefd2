/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions, entries of the feed and events that are over leave the database in
 * batches, one process of all hosts at a time: purge() sees to the latter.
 */
#include "janitor.h"

#include "await.h"
#include "upkeep.h"

#define BATCH 1000                         /* rows of each kind */
#define BATCH_EACH apr_time_from_msec(100) /* while there is something left */
#define ROUND_EACH apr_time_from_sec(60)

void ajr_janitor_purge(ajr_janitor_t *janitor)
{
    const char *detail = NULL;
    apr_int64_t count = 0;
    apr_pool_t *pool;
    ajr_outcome_t outcome;

    if (ajr_clock_now() < janitor->purge ||
        apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS) {
        return;
    }
    outcome = ajr_store_purge(&count, &detail, &janitor->store, BATCH, pool);
    if (outcome != AJR_OK && !ajr_await_interrupted()) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, janitor->server,
                     "purge: %s: %s", ajr_outcome_row(outcome)->tag,
                     detail == NULL ? "-" : detail);
    }
    janitor->purge = ajr_clock_now() + (count > 0 ? BATCH_EACH : ROUND_EACH);
    apr_pool_destroy(pool);
}
