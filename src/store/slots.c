/* SPDX-License-Identifier: Apache-2.0 */
#include "slots.h"

#include <string.h>
#include <time.h>

#include "await.h"
#include "connection.h"
#include "outage.h"

/* A connection above `keep` goes when unused for this long: a pool that
 * closed it at once would connect anew for every other request. */
#define SURPLUS_IDLE apr_time_from_sec(1)

/* In the back-off, how long to wait for a connection in use: one that works
 * comes back sooner, and when the database is gone, those who wait for it
 * must not be many. */
#define BACK_OFF_WAIT apr_time_from_msec(50)

/* ---- making, closing ---- */

static bool make_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    bool good;

    if (pthread_condattr_init(&attributes) != 0) {
        return false;
    }
    good = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
           pthread_cond_init(condition, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return good;
}

bool ajr_slots_make(ajr_slots_t *slots, const ajr_pg_conf_t *conf,
                    apr_pool_t *pchild)
{
    memset(slots, 0, sizeof(*slots));
    slots->conf = conf;
    slots->idle =
        apr_pcalloc(pchild, sizeof(ajr_slot_t) * (apr_size_t)conf->max);
    return pthread_mutex_init(&slots->lock, NULL) == 0 &&
           make_condition(&slots->freed);
}

/* Lock held. */
static void close_idle(ajr_slots_t *slots)
{
    while (slots->idle_count > 0) {
        PQfinish(slots->idle[--slots->idle_count].connection);
        slots->open--;
    }
}

void ajr_slots_close(ajr_slots_t *slots)
{
    if (pthread_mutex_trylock(&slots->lock) == 0) {
        close_idle(slots);
        pthread_mutex_unlock(&slots->lock);
    }
}

/* ---- what has been idle for too long; lock held ---- */

static bool overdue(const ajr_slots_t *slots, apr_time_t now)
{
    const ajr_pg_conf_t *conf = slots->conf;
    apr_time_t unused = now - slots->idle[0].used;

    if (slots->idle_count > conf->keep && unused >= SURPLUS_IDLE) {
        return true;
    }
    return slots->open > conf->min && conf->exptime > 0 &&
           unused >= conf->exptime;
}

static void trim(ajr_slots_t *slots, apr_time_t now)
{
    while (slots->idle_count > 0 && overdue(slots, now)) {
        PQfinish(slots->idle[0].connection);
        slots->open--;
        slots->idle_count--;
        memmove(slots->idle, slots->idle + 1,
                sizeof(ajr_slot_t) * (apr_size_t)slots->idle_count);
    }
}

void ajr_slots_trim(ajr_slots_t *slots)
{
    pthread_mutex_lock(&slots->lock);
    trim(slots, ajr_clock_now());
    pthread_mutex_unlock(&slots->lock);
}

/* ---- taking; lock held ---- */

static bool may_connect(ajr_slots_t *slots)
{
    if (slots->conf->outages != NULL) {
        ajr_health_heard(&slots->health,
                         ajr_outage_last_connected(slots->conf->outages));
    }
    return ajr_health_may_connect(&slots->health, ajr_clock_now());
}

/* An idle connection, else the right to make one. */
static bool take_now(ajr_lease_t *lease, ajr_slots_t *slots)
{
    memset(&lease->slot, 0, sizeof(lease->slot));
    lease->epoch = slots->epoch;
    if (slots->idle_count > 0) {
        lease->slot = slots->idle[--slots->idle_count];
        return true;
    }
    if (slots->open >= slots->conf->max || !may_connect(slots)) {
        return false;
    }
    slots->open++;
    slots->making++;
    slots->attempts++;
    return true;
}

/* Until when it makes sense to wait for someone else's connection: not at
 * all when the database is away and none is in use. */
static apr_time_t patience(const ajr_slots_t *slots, apr_time_t came,
                           apr_time_t deadline)
{
    if (slots->open >= slots->conf->max) {
        return deadline;
    }
    if (slots->open - slots->making == 0) {
        return 0;
    }
    /* The server is full but lives, and so do our connections. */
    if (slots->health.full || came + BACK_OFF_WAIT > deadline) {
        return deadline;
    }
    return came + BACK_OFF_WAIT;
}

static bool wait_freed(ajr_slots_t *slots, apr_time_t until)
{
    struct timespec time = {(time_t)apr_time_sec(until),
                            (long)apr_time_usec(until) * 1000};

    return until > 0 &&
           pthread_cond_timedwait(&slots->freed, &slots->lock, &time) == 0;
}

/* A server that is full is not away: were it an outage, whoever asks often
 * enough could stretch the grace of everybody (outage.h). */
static ajr_outcome_t why_not(const ajr_slots_t *slots)
{
    return slots->open < slots->conf->max && slots->health.pause > 0 &&
                   !slots->health.full
               ? AJR_DATABASE_DOWN
               : AJR_DATABASE_BUSY;
}

ajr_outcome_t ajr_slots_take(ajr_lease_t *lease, ajr_slots_t *slots,
                             apr_time_t deadline)
{
    apr_time_t came = ajr_clock_now();
    ajr_outcome_t outcome = AJR_OK;

    pthread_mutex_lock(&slots->lock);
    while (outcome == AJR_OK && !take_now(lease, slots)) {
        if (!wait_freed(slots, patience(slots, came, deadline))) {
            outcome = why_not(slots);
            /* A slot may have come with the end of the wait: too late for us,
             * perhaps not for the next. */
            pthread_cond_signal(&slots->freed);
        }
    }
    pthread_mutex_unlock(&slots->lock);
    return outcome;
}

/* ---- giving back ---- */

void ajr_slots_made(ajr_slots_t *slots, const ajr_lease_t *lease,
                    ajr_outcome_t outcome)
{
    pthread_mutex_lock(&slots->lock);
    slots->making--;
    if (lease->slot.connection == NULL) {
        slots->open--;
    }
    if (outcome == AJR_OK) {
        ajr_health_connected(&slots->health);
    } else if (outcome != AJR_DATABASE_TIMEOUT) {
        ajr_health_refused(&slots->health, ajr_clock_now(),
                           outcome == AJR_DATABASE_BUSY);
    }
    /* After a failure, those who wait are to fail as well. */
    pthread_cond_broadcast(&slots->freed);
    pthread_mutex_unlock(&slots->lock);
}

void ajr_slots_put_back(ajr_slots_t *slots, ajr_lease_t *lease)
{
    PGconn *doomed = NULL;
    apr_time_t now = ajr_clock_now();

    pthread_mutex_lock(&slots->lock);
    if (lease->epoch == slots->epoch &&
        ajr_connection_reusable(lease->slot.connection)) {
        lease->slot.used = now;
        slots->idle[slots->idle_count++] = lease->slot;
    } else {
        doomed = lease->slot.connection;
        slots->open--;
    }
    trim(slots, now);
    pthread_cond_signal(&slots->freed);
    pthread_mutex_unlock(&slots->lock);
    PQfinish(doomed);
}

/* What killed one has killed the idle ones as well. That is news only from a
 * connection of the present epoch: after a restart of the server, requests
 * that notice late must not drop the connections made since. */
void ajr_slots_bury(ajr_slots_t *slots, ajr_lease_t *lease)
{
    PQfinish(lease->slot.connection);
    pthread_mutex_lock(&slots->lock);
    slots->open--;
    slots->lost++;
    if (lease->epoch == slots->epoch) {
        slots->epoch++;
        close_idle(slots);
    }
    pthread_cond_broadcast(&slots->freed);
    pthread_mutex_unlock(&slots->lock);
}

void ajr_slots_count(ajr_pg_counts_t *out, ajr_slots_t *slots)
{
    pthread_mutex_lock(&slots->lock);
    out->open = slots->open;
    out->idle = slots->idle_count;
    out->attempts = slots->attempts;
    out->lost = slots->lost;
    pthread_mutex_unlock(&slots->lock);
}
