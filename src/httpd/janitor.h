/* SPDX-License-Identifier: Apache-2.0
 *
 * Who keeps the boards: a thread of each child for each board. The one that
 * has the board's lock leads: it listens, reads the feed at each notification
 * and once a second, and writes the board. The others try the lock ten times a
 * second, so the death of a child costs a tenth of one. A child that is told
 * to stop gives the lock away first, however long its last requests take.
 *
 * Not mod_watchdog: it gives a dead child's work away after ten seconds, and
 * wakes up ten times a second, not when there is news.
 */
#ifndef AJR_JANITOR_H
#define AJR_JANITOR_H

#include <pthread.h>

#include "boards.h"
#include "module.h"

/* How often the lock is tried, and what a leader looks at besides news. */
#define AJR_JANITOR_TICK apr_time_from_msec(100)

typedef struct ajr_janitor_t {
    ajr_shared_board_t *shared;
    ajr_store_t store;  /* with a connection of its own, when it needs one */
    server_rec *server; /* that server */
    apr_array_header_t *pgs;     /* ajr_pg_t *: all pools of that database */
    apr_interval_time_t longest; /* life that they give access tokens; 0 = ? */
    pid_t owner;
    int wake[2]; /* readable once the thread is to end */
    pthread_t thread;

    /* The thread's own. */
    apr_time_t trimmed;
    apr_time_t purge;  /* when the next batch is due */
    apr_time_t logged; /* trouble, 0 = there is none */
} ajr_janitor_t;

/* child_init, once there are connections: a thread for each board. */
void ajr_janitor_start(apr_pool_t *pchild, server_rec *first);

bool ajr_janitor_lock_take(pthread_mutex_t *lock);

/* purge.c: a batch, when it is time for one; the caller has the purge lock. */
void ajr_janitor_purge(ajr_janitor_t *janitor);

/* leader.c: keeps the board, whose lock the caller has, until the child is to
 * stop or the thread to end. */
void ajr_janitor_lead(ajr_janitor_t *janitor);

/* Whether a leader is to give the lock away. */
bool ajr_janitor_stopping(void);

/* Now and then: idle connections of a child without requests. */
void ajr_janitor_trim(ajr_janitor_t *janitor);

/* Waits, less long when the thread is to end. */
void ajr_janitor_rest(apr_interval_time_t interval);

#endif
