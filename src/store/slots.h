/* SPDX-License-Identifier: Apache-2.0
 *
 * The slot list: which connections there are and who has them. Connecting and
 * querying happen outside its lock.
 */
#ifndef AJR_SLOTS_H
#define AJR_SLOTS_H

#include <pthread.h>

#include <libpq-fe.h>

#include "health.h"
#include "pg.h"

typedef struct ajr_slot_t {
    PGconn *connection;
    apr_time_t made;
    apr_time_t used; /* when it was last put back */
} ajr_slot_t;

/* All but conf is read and written with the lock held. The condition is not
 * APR's: that one counts in wall time. */
typedef struct ajr_slots_t {
    const ajr_pg_conf_t *conf;
    pthread_mutex_t lock;
    pthread_cond_t freed;
    ajr_slot_t *idle; /* a stack, the oldest at 0; room for conf->max */
    int idle_count;
    int making; /* connections being made */
    int open;   /* idle, in use, or being made */
    ajr_health_t health;

    /* Counts the deaths of connections. One made in an earlier epoch is
     * suspect; those in the stack are all of the present one. */
    unsigned epoch;
    apr_uint64_t attempts; /* to connect */
    apr_uint64_t lost;     /* connections found dead */
} ajr_slots_t;

/* A slot in the hands of one request. */
typedef struct ajr_lease_t {
    ajr_slot_t slot; /* no connection: one is to be made */
    unsigned epoch;
} ajr_lease_t;

/* False when there is no mutex. Zeroes what it is given. */
bool ajr_slots_make(ajr_slots_t *slots, const ajr_pg_conf_t *conf,
                    apr_pool_t *pchild);

/* Closes the idle connections, unless the lock is taken. */
void ajr_slots_close(ajr_slots_t *slots);

/* Waits for an idle connection or the right to make one. OK, DATABASE_BUSY,
 * or DATABASE_DOWN in the back-off. */
ajr_outcome_t ajr_slots_take(ajr_lease_t *lease, ajr_slots_t *slots,
                             apr_time_t deadline);

/* The attempt to make the connection of a lease ended: OK, DATABASE_BUSY (the
 * server is full), DATABASE_TIMEOUT (it had too little time to say anything of
 * the database) or DATABASE_DOWN. */
void ajr_slots_made(ajr_slots_t *slots, const ajr_lease_t *lease,
                    ajr_outcome_t outcome);

/* Ends a lease; the connection is kept when it can be used again. */
void ajr_slots_put_back(ajr_slots_t *slots, ajr_lease_t *lease);

/* Ends a lease whose connection is dead, and with it all that is idle. */
void ajr_slots_bury(ajr_slots_t *slots, ajr_lease_t *lease);

void ajr_slots_trim(ajr_slots_t *slots);
void ajr_slots_count(ajr_pg_counts_t *out, ajr_slots_t *slots);

#endif
