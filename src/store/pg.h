/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections to one PostgreSQL database, one pool per child process: a slot
 * list in apr_dbd's manner with one absolute deadline over waiting for a slot,
 * connecting and the query. Safe to share between threads. Opens nothing
 * before the first query, so a child starts with PostgreSQL down.
 *
 * Two things are outside the deadline: libpq resolves host names with the
 * blocking getaddrinfo() (write addresses, or have a local resolver), and a
 * Kerberos or LDAP library that libpq calls while connecting.
 */
#ifndef AJR_PG_H
#define AJR_PG_H

#include <stdatomic.h>
#include <stdbool.h>

#include <apr_pools.h>
#include <apr_time.h>

#include "outcome.h"

struct pg_result; /* libpq's PGresult; callers above the store need no libpq */

typedef struct ajr_pg_t ajr_pg_t;

/* When the database was away, as the children of one host saw it together: a
 * client's next attempt comes to another child. Zero is the state before the
 * first outage. Lock-free, so it may lie in shared memory. */
typedef struct ajr_outages_t {
    _Atomic apr_uint64_t trouble; /* see outage.c */
    _Atomic apr_uint64_t last;
    _Atomic apr_uint64_t connected;
} ajr_outages_t;

/* Filled when the configuration is read; read-only afterwards, and alive as
 * long as the pool of connections made from it. */
typedef struct ajr_pg_conf_t {
    const char *conninfo;        /* as libpq documents it */
    int min;                     /* connections never closed for idleness */
    int keep;                    /* idle ones beyond go after a second unused */
    int max;                     /* connections at most, >= 1 */
    apr_interval_time_t exptime; /* idle time after which one goes, 0 = never */
    apr_interval_time_t timeout; /* the whole deadline of a query, > 0 */
    ajr_outages_t *outages;      /* shared by all children; NULL = not */
} ajr_pg_conf_t;

/* One statement with text parameters. It runs at most twice: a connection
 * that proves dead before it answered is dropped with all idle ones, and the
 * statement is sent once more on a fresh one. It must therefore be idempotent;
 * `again`, when not NULL, replaces the values for that repeat. */
typedef struct ajr_pg_query_t {
    const char *sql;
    int count;
    const char *const *values; /* NULL members are SQL NULL */
    const char *const *again;

    /* Index of a value that each try replaces with the time, as an interval,
     * for which we shall still wait: so that the server can give up first. 0 =
     * none. */
    int patience;

    /* Whether the answer comes from a database that can serve, NULL = any
     * does. One that cannot (a standby) is dropped like a dead connection,
     * lest a pool made before a failover sticks to it. */
    bool (*fit)(const struct pg_result *result);
} ajr_pg_query_t;

/* NULL when libpq can parse conninfo, else a sentence without subject that
 * does not quote it (it may hold a password). */
const char *ajr_pg_conninfo_refuses(const char *conninfo);

/* The pool of connections of a child; closed when pchild goes. Call it in the
 * child: no connection is ever used by another process. NULL when there is no
 * memory or mutex. */
ajr_pg_t *ajr_pg_make(const ajr_pg_conf_t *conf, apr_pool_t *pchild);

/* Runs the query. OK: *result holds its rows, owned by pool, and the
 * transaction is committed. Else *result is NULL and *detail a sentence for
 * the log, one printable line: SQLSTATE and primary message, no values.
 *
 *   DATABASE_DOWN     no connection could be made, or it died twice; for a
 *                     short back-off after a failed connect this is answered
 *                     at once
 *   DATABASE_BUSY     no slot became free before the deadline, or the server
 *                     had no connection to spare: it lives
 *   DATABASE_TIMEOUT  no answer before the deadline (the connection is
 *                     closed; the statement may yet take effect), or
 *                     PostgreSQL's own lock_timeout or statement_timeout
 *   DATABASE_ERROR    the server refused the statement
 *   UNFIT             the database is read-only, or `fit` says so */
ajr_outcome_t ajr_pg_query(struct pg_result **result, const char **detail,
                           ajr_pg_t *pg, const ajr_pg_query_t *query,
                           apr_pool_t *pool);

/* The last time without a database: from the first request that failed to the
 * next that succeeded, when one of those between found no usable database.
 * An outage that goes on is given as ending now: the query that carries it to
 * the server is the one that ends it. */
typedef struct ajr_pg_outage_t {
    apr_interval_time_t began; /* ago, microseconds */
    apr_interval_time_t ended; /* ago, microseconds, <= began */
} ajr_pg_outage_t;

/* False when there was none. */
bool ajr_pg_outage(ajr_pg_outage_t *out, const ajr_pg_t *pg);

/* Closes what has been idle for too long. Every query does; a child without
 * requests needs someone to call this now and then. */
void ajr_pg_trim(ajr_pg_t *pg);

/* For the status page and the tests. */
typedef struct ajr_pg_counts_t {
    int open;              /* connections, made or being made */
    int idle;              /* of those */
    apr_uint64_t attempts; /* to connect, since the child began */
    apr_uint64_t lost;     /* connections that were found dead */
} ajr_pg_counts_t;

void ajr_pg_counts(ajr_pg_counts_t *out, ajr_pg_t *pg);

#endif
