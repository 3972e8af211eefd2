/* SPDX-License-Identifier: Apache-2.0 */
#include "pg.h"

#include <unistd.h>

#include <apr_strings.h>

#include "await.h"
#include "connection.h"
#include "outage.h"
#include "sendable.h"
#include "slots.h"

/* Younger than this, a connection is not blamed for an unfit database: while
 * that lasts, each request would open a new one. */
#define YOUNG apr_time_from_sec(1)

struct ajr_pg_t {
    const ajr_pg_conf_t *conf;
    ajr_outages_t *outages;
    ajr_outages_t own_outages;
    pid_t owner;
    ajr_slots_t slots;
};

/* ---- a child's pool ---- */

/* Another process, forked from ours, must not end our sessions. And where
 * prefork ends a child in the middle of a request, this runs in a signal
 * handler that may have interrupted the holder of the lock: then the end of
 * the process closes what is open. */
static apr_status_t close_all(void *data)
{
    ajr_pg_t *pg = data;

    if (pg->owner == getpid()) {
        ajr_slots_close(&pg->slots);
    }
    return APR_SUCCESS;
}

ajr_pg_t *ajr_pg_make(const ajr_pg_conf_t *conf, apr_pool_t *pchild)
{
    ajr_pg_t *pg = apr_pcalloc(pchild, sizeof(*pg));

    pg->conf = conf;
    pg->outages = conf->outages ? conf->outages : &pg->own_outages;
    pg->owner = getpid();
    if (!ajr_slots_make(&pg->slots, conf, pchild)) {
        return NULL;
    }
    apr_pool_cleanup_register(pchild, pg, close_all, apr_pool_cleanup_null);
    return pg;
}

/* ---- a connection for a request ---- */

/* A time-out speaks against the database only when it had time. */
static bool had_time(const ajr_pg_t *pg, apr_time_t started)
{
    return ajr_clock_now() - started >= pg->conf->timeout / 2;
}

static ajr_outcome_t connect_lease(ajr_lease_t *lease, const char **detail,
                                   ajr_pg_t *pg, apr_time_t deadline,
                                   apr_pool_t *pool)
{
    apr_time_t started = ajr_clock_now();
    ajr_outcome_t outcome = ajr_connection_open(
        &lease->slot.connection, detail, pg->conf->conninfo, deadline, pool);

    if (outcome == AJR_DATABASE_TIMEOUT && had_time(pg, started)) {
        outcome = AJR_DATABASE_DOWN;
    }
    lease->slot.made = ajr_clock_now();
    if (outcome == AJR_OK) {
        ajr_outage_connected(pg->outages, lease->slot.made);
    }
    ajr_slots_made(&pg->slots, lease, outcome);
    return outcome;
}

/* Why there is no slot; `failed` is what our own attempt met, if any. */
static const char *reason(ajr_outcome_t outcome, const char *failed)
{
    if (failed != NULL) {
        return failed;
    }
    return outcome == AJR_DATABASE_BUSY ? "no connection is free"
                                        : "the last attempt to connect failed";
}

/* A lease with a connection that seems alive. After an attempt that failed,
 * someone else's connection may become free. */
static ajr_outcome_t acquire(ajr_lease_t *lease, const char **detail,
                             ajr_pg_t *pg, apr_time_t deadline,
                             apr_pool_t *pool)
{
    const char *failed = NULL;

    for (;;) {
        ajr_outcome_t outcome = ajr_slots_take(lease, &pg->slots, deadline);

        if (outcome != AJR_OK) {
            *detail = reason(outcome, failed);
            return outcome;
        }
        if (lease->slot.connection == NULL) {
            outcome = connect_lease(lease, detail, pg, deadline, pool);
            if (outcome == AJR_OK || outcome == AJR_DATABASE_TIMEOUT) {
                return outcome;
            }
            failed = *detail;
        } else if (ajr_connection_quiet(lease->slot.connection)) {
            return AJR_OK;
        } else {
            ajr_slots_bury(&pg->slots, lease);
        }
    }
}

/* ---- the query ---- */

/* Whether the connection is to blame, so that another may do better. */
static bool to_blame(const ajr_lease_t *lease, ajr_outcome_t outcome)
{
    apr_time_t age = ajr_clock_now() - lease->slot.made;

    /* Busy: a pooler had no server to give (53300). */
    return outcome == AJR_DATABASE_DOWN || outcome == AJR_DATABASE_BUSY ||
           (outcome == AJR_UNFIT && age >= YOUNG);
}

/* The values with the time that is left, less what the answer needs to come
 * back. */
static const char *const *with_patience(const ajr_pg_query_t *query,
                                        const char *const *values,
                                        apr_time_t deadline, apr_pool_t *pool)
{
    apr_interval_time_t left = deadline - ajr_clock_now();
    const char **filled;

    if (query->patience == 0) {
        return values;
    }
    filled =
        apr_pmemdup(pool, values, (apr_size_t)query->count * sizeof(*filled));
    filled[query->patience] = ajr_sendable_interval(left - left / 8, pool);
    return filled;
}

/* One try; *repeat says whether a second makes sense. */
static ajr_outcome_t try_once(PGresult **result, const char **detail,
                              bool *repeat, ajr_pg_t *pg,
                              const ajr_pg_query_t *query,
                              const char *const *values, apr_time_t deadline,
                              apr_pool_t *pool)
{
    ajr_lease_t lease;
    ajr_outcome_t outcome = acquire(&lease, detail, pg, deadline, pool);

    *repeat = false;
    if (outcome != AJR_OK) {
        return outcome;
    }
    outcome = ajr_connection_run(result, detail, lease.slot.connection, query,
                                 with_patience(query, values, deadline, pool),
                                 deadline, pool);
    *repeat = to_blame(&lease, outcome);
    if (*repeat) {
        ajr_slots_bury(&pg->slots, &lease);
    } else {
        ajr_slots_put_back(&pg->slots, &lease);
    }
    return outcome;
}

static void note_request(ajr_outages_t *outages, ajr_outcome_t outcome)
{
    apr_time_t now = ajr_clock_now();

    switch (outcome) {
    case AJR_OK:
    case AJR_DATABASE_ERROR:
        ajr_outage_answered(outages, now);
        break;
    case AJR_DATABASE_DOWN:
    case AJR_UNFIT:
        ajr_outage_away(outages, now);
        break;
    case AJR_DATABASE_TIMEOUT:
        ajr_outage_troubled(outages, now);
        break;
    default: /* busy: says nothing of the database */
        break;
    }
}

ajr_outcome_t ajr_pg_query(struct pg_result **result, const char **detail,
                           ajr_pg_t *pg, const ajr_pg_query_t *query,
                           apr_pool_t *pool)
{
    apr_time_t deadline = ajr_clock_now() + pg->conf->timeout;
    ajr_outcome_t outcome;
    bool repeat;

    *result = NULL;
    *detail = NULL;
    if (pg->owner != getpid()) {
        *detail = "the connections belong to another process";
        return AJR_DATABASE_DOWN;
    }
    outcome = try_once(result, detail, &repeat, pg, query, query->values,
                       deadline, pool);
    if (repeat) {
        outcome = try_once(result, detail, &repeat, pg, query,
                           query->again ? query->again : query->values,
                           deadline, pool);
    }
    if (outcome == AJR_OK) {
        *detail = NULL;
    }
    note_request(pg->outages, outcome);
    return outcome;
}

/* ---- about the pool ---- */

bool ajr_pg_outage(ajr_pg_outage_t *out, const ajr_pg_t *pg)
{
    return ajr_outage_last(out, pg->outages, ajr_clock_now());
}

void ajr_pg_trim(ajr_pg_t *pg)
{
    ajr_slots_trim(&pg->slots);
}

void ajr_pg_counts(ajr_pg_counts_t *out, ajr_pg_t *pg)
{
    ajr_slots_count(out, &pg->slots);
}
