/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a connection may be tried now: the back-off after failed attempts.
 * Bookkeeping only: times are microseconds of the monotonic clock, the caller
 * holds the pool's lock.
 */
#ifndef AJR_HEALTH_H
#define AJR_HEALTH_H

#include <stdbool.h>

#include <apr_time.h>

/* Pause after the first failed attempt; doubles up to the second. With what
 * connecting takes, the longest stays below the second within which a
 * database that returned must be used again. */
#define AJR_HEALTH_PAUSE_MIN apr_time_from_msec(200)
#define AJR_HEALTH_PAUSE_MAX apr_time_from_msec(800)

/* Zero is the state before the first attempt. */
typedef struct ajr_health_t {
    apr_interval_time_t pause; /* 0 = the last attempt succeeded */
    apr_time_t next;           /* no attempt before, while pause > 0 */
    apr_time_t refused;        /* when an attempt failed last */
    bool full;                 /* the server had no connection to spare */
} ajr_health_t;

/* Whether a connection may be tried now. In the back-off one caller in each
 * pause gets true; the pause is claimed when the attempt starts, so that one
 * that hangs does not keep the next from finding the database back. */
bool ajr_health_may_connect(ajr_health_t *health, apr_time_t now);

/* Another process connected then: a database that it found after our failure
 * is back for us too. One that is full is not: that one has what we want. */
void ajr_health_heard(ajr_health_t *health, apr_time_t connected);

/* An attempt ended. full: the server lives, but has no connection to spare. */
void ajr_health_connected(ajr_health_t *health);
void ajr_health_refused(ajr_health_t *health, apr_time_t now, bool full);

#endif
