/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection: libpq without blocking, under an absolute deadline. The
 * deadline is in microseconds of ajr_clock_now(). Connections are closed with
 * PQfinish(), never PQcancel(): that one opens a connection of its own and
 * waits for it without limit.
 */
#ifndef AJR_CONNECTION_H
#define AJR_CONNECTION_H

#include <libpq-fe.h>

#include "pg.h"

/* SQLSTATE: the server, the role or the database has no connection left. */
#define AJR_TOO_MANY_CONNECTIONS "53300"

/* Connects. OK, DATABASE_DOWN, DATABASE_BUSY (the server has no connection to
 * spare), DATABASE_TIMEOUT; *out is NULL unless OK. */
ajr_outcome_t ajr_connection_open(PGconn **out, const char **detail,
                                  const char *conninfo, apr_time_t deadline,
                                  apr_pool_t *pool);

/* Whether an idle connection seems usable: false when the server has closed
 * it, which libpq notices only when it reads. Never waits. */
bool ajr_connection_quiet(PGconn *connection);

/* Runs a statement in a transaction of its own. As ajr_pg_query(), except that
 * DATABASE_DOWN says that the connection died. It may be used again after OK,
 * DATABASE_ERROR and UNFIT if ajr_connection_reusable(). */
ajr_outcome_t ajr_connection_run(PGresult **result, const char **detail,
                                 PGconn *connection,
                                 const ajr_pg_query_t *query,
                                 const char *const *values, apr_time_t deadline,
                                 apr_pool_t *pool);

/* The same, row by row: each is handed to `each`, in the order they come, and
 * is gone when that returns. A long answer may take its time: `patience` bounds
 * each pause in it. `each` says NULL, or what is wrong with the row: then the
 * answer is DATABASE_ERROR. After anything but OK the connection is of no more
 * use. */
ajr_outcome_t
ajr_connection_stream(const char **detail, PGconn *connection,
                      const ajr_pg_query_t *query, apr_interval_time_t patience,
                      const char *(*each)(void *data, const PGresult *row),
                      void *data, apr_pool_t *pool);

/* Whether it is in order and outside a transaction, with no answer due. */
bool ajr_connection_reusable(const PGconn *connection);

#endif
