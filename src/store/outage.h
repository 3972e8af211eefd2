/* SPDX-License-Identifier: Apache-2.0
 *
 * When the database was away. Times are microseconds of the monotonic clock,
 * which all processes of a host share. Safe between threads and processes.
 */
#ifndef AJR_OUTAGE_H
#define AJR_OUTAGE_H

#include "pg.h"

/* Outages closer than this are one (a server that restarts twice): only the
 * last is kept, and the second would take away what the first allows. */
#define AJR_OUTAGE_MERGE apr_time_from_sec(5)

/* A request ended: with an answer; without one; without a database. */
void ajr_outage_answered(ajr_outages_t *outages, apr_time_t now);
void ajr_outage_troubled(ajr_outages_t *outages, apr_time_t now);
void ajr_outage_away(ajr_outages_t *outages, apr_time_t now);

/* A new connection was made; when the last one was, 0 = none. */
void ajr_outage_connected(ajr_outages_t *outages, apr_time_t now);
apr_time_t ajr_outage_last_connected(ajr_outages_t *outages);

/* As ajr_pg_outage(). */
bool ajr_outage_last(ajr_pg_outage_t *out, ajr_outages_t *outages,
                     apr_time_t now);

#endif
