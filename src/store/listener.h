/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection of its own on which one thread hears that something was revoked
 * (LISTEN), and asks what. Waiting ends early by ajr_await_interrupt().
 *
 * Notifications are a favour: a pooler that shares connections takes LISTEN
 * and delivers nothing but what comes while a query is under way; a standby
 * refuses it. So the listener is sent one, by another connection, to learn
 * whether they arrive, and whoever uses it asks now and then anyway.
 */
#ifndef AJR_LISTENER_H
#define AJR_LISTENER_H

#include "store.h"

struct pg_conn; /* libpq's PGconn */

typedef struct ajr_listener_t {
    const ajr_store_t *store;
    struct pg_conn *connection; /* NULL = closed */
    bool heard;                 /* one came while it was idle: they arrive */
} ajr_listener_t;

/* Connects, and listens where that can be. Call it before reading the feed:
 * what is revoked after the reading is heard of. OK or DATABASE_*. */
ajr_outcome_t ajr_listener_open(ajr_listener_t *listener, const char **detail,
                                apr_pool_t *pool);

/* Has a notification sent to all listeners, by a connection of the store. */
void ajr_listener_probe(const ajr_listener_t *listener, apr_pool_t *pool);

void ajr_listener_close(ajr_listener_t *listener);

typedef enum ajr_heard_t {
    AJR_HEARD_NEWS,    /* something was revoked in the store's schema */
    AJR_HEARD_NOTHING, /* until the deadline */
    AJR_HEARD_LOST     /* the connection is gone */
} ajr_heard_t;

/* Waits for news at most until the deadline of ajr_clock_now(). */
ajr_heard_t ajr_listener_wait(ajr_listener_t *listener, apr_time_t deadline);

#endif
