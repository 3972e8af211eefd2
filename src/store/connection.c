/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include <poll.h>
#include <string.h>

#include "await.h"
#include "complaint.h"

/* ---- a connection at rest ---- */

bool ajr_connection_reusable(const PGconn *connection)
{
    return PQstatus(connection) == CONNECTION_OK &&
           PQtransactionStatus(connection) == PQTRANS_IDLE;
}

bool ajr_connection_quiet(PGconn *connection)
{
    int reads;

    /* Readable: a parameter that changed, or the end, perhaps with FATAL
     * before it. Three reads tell which. */
    for (reads = 0; reads < 3; reads++) {
        if (!ajr_await(PQsocket(connection), POLLIN, 0)) {
            return ajr_connection_reusable(connection);
        }
        if (PQconsumeInput(connection) == 0 || PQisBusy(connection)) {
            return false;
        }
    }
    return false;
}

/* ---- a statement ---- */

/* Sends all of it; reads meanwhile, or both sides could wait for each other. */
static ajr_outcome_t flush(PGconn *connection, apr_time_t deadline)
{
    for (;;) {
        int left = PQflush(connection);

        if (left <= 0) {
            return left == 0 ? AJR_OK : AJR_DATABASE_DOWN;
        }
        if (!ajr_await(PQsocket(connection), POLLIN | POLLOUT, deadline)) {
            return AJR_DATABASE_TIMEOUT;
        }
        if (PQconsumeInput(connection) == 0) {
            return AJR_DATABASE_DOWN;
        }
    }
}

/* Until PQgetResult() does not block. */
static ajr_outcome_t receive(PGconn *connection, apr_time_t deadline)
{
    while (PQisBusy(connection)) {
        if (!ajr_await(PQsocket(connection), POLLIN, deadline)) {
            return AJR_DATABASE_TIMEOUT;
        }
        /* At the end of the connection there may still be a result: what the
         * server said before it went. */
        if (PQconsumeInput(connection) == 0) {
            break;
        }
    }
    return AJR_OK;
}

static apr_status_t clear_result(void *result)
{
    PQclear(result);
    return APR_SUCCESS;
}

static bool has_rows(const PGresult *result)
{
    return PQresultStatus(result) == PGRES_TUPLES_OK ||
           PQresultStatus(result) == PGRES_COMMAND_OK;
}

/* Reads until libpq says that there is no more. The rows come before the
 * commit, and an error of the commit after the rows: so the first error counts,
 * and rows without the end of the statement are no answer. */
static ajr_outcome_t drain(PGresult **last, PGconn *connection,
                           apr_time_t deadline, apr_pool_t *pool)
{
    PGresult *result;

    for (;;) {
        if (receive(connection, deadline) != AJR_OK) {
            return AJR_DATABASE_TIMEOUT;
        }
        result = PQgetResult(connection);
        if (result == NULL) {
            return *last == NULL ? AJR_DATABASE_DOWN : AJR_OK;
        }
        apr_pool_cleanup_register(pool, result, clear_result,
                                  apr_pool_cleanup_null);
        if (*last == NULL || has_rows(*last)) {
            *last = result;
        }
        if (!has_rows(result) && PQresultStatus(result) != PGRES_FATAL_ERROR) {
            return AJR_DATABASE_ERROR; /* COPY: no end would ever come */
        }
    }
}

static bool is_any(const char *sqlstate, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strncmp(sqlstate, *list, strlen(*list)) == 0) {
            return true;
        }
    }
    return false;
}

static ajr_outcome_t judge_error(const PGconn *connection,
                                 const PGresult *result)
{
    /* Shutdown, crash, start-up, idle timeout; a pooler's own troubles. */
    static const char *const lost[] = {"08", "57P", NULL};
    static const char *const late[] = {"57014", "55P03", NULL};
    static const char *const read_only[] = {"25006", NULL};
    static const char *const full[] = {AJR_TOO_MANY_CONNECTIONS, NULL};
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (sqlstate == NULL || PQstatus(connection) != CONNECTION_OK ||
        is_any(sqlstate, lost)) {
        return AJR_DATABASE_DOWN;
    }
    if (is_any(sqlstate, full)) {
        return AJR_DATABASE_BUSY;
    }
    if (is_any(sqlstate, late)) {
        return AJR_DATABASE_TIMEOUT;
    }
    return is_any(sqlstate, read_only) ? AJR_UNFIT : AJR_DATABASE_ERROR;
}

static ajr_outcome_t exchange(PGresult **last, PGconn *connection,
                              const ajr_pg_query_t *query,
                              const char *const *values, apr_time_t deadline,
                              apr_pool_t *pool)
{
    ajr_outcome_t outcome;

    if (!PQsendQueryParams(connection, query->sql, query->count, NULL, values,
                           NULL, NULL, 0)) {
        return AJR_DATABASE_DOWN;
    }
    outcome = flush(connection, deadline);
    if (outcome == AJR_DATABASE_DOWN) {
        /* The server may have said why it went; that can be read. */
        return drain(last, connection, deadline, pool);
    }
    return outcome == AJR_OK ? drain(last, connection, deadline, pool)
                             : outcome;
}

ajr_outcome_t ajr_connection_run(PGresult **result, const char **detail,
                                 PGconn *connection,
                                 const ajr_pg_query_t *query,
                                 const char *const *values, apr_time_t deadline,
                                 apr_pool_t *pool)
{
    PGresult *last = NULL;
    ajr_outcome_t outcome =
        exchange(&last, connection, query, values, deadline, pool);

    *result = NULL;
    if (outcome == AJR_DATABASE_TIMEOUT) {
        *detail = "the database did not answer in time";
        return outcome;
    }
    if (last == NULL) {
        *detail = "the connection was lost";
        return AJR_DATABASE_DOWN;
    }
    if (outcome == AJR_OK && has_rows(last)) {
        if (query->fit != NULL && !query->fit(last)) {
            *detail = "the database is not fit to serve";
            return AJR_UNFIT;
        }
        *result = last;
        return AJR_OK;
    }
    *detail = ajr_complaint_of_result(last, pool);
    return outcome == AJR_OK ? judge_error(connection, last) : outcome;
}

/* ---- a statement with a long answer ---- */

/* The next row, or what ends the answer; NULL when it has ended or nothing
 * came in time. */
static PGresult *next_result(PGconn *connection, apr_interval_time_t patience)
{
    if (receive(connection, ajr_clock_now() + patience) != AJR_OK) {
        return NULL;
    }
    return PQgetResult(connection);
}

/* Hands over one row. *ended when it was the last thing of the answer. */
static ajr_outcome_t hand_over(const char **detail, bool *ended,
                               PGconn *connection, const PGresult *result,
                               const char *(*each)(void *, const PGresult *),
                               void *data, apr_pool_t *pool)
{
    if (PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
        *detail = each(data, result);
        return *detail == NULL ? AJR_OK : AJR_DATABASE_ERROR;
    }
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        *ended = true;
        return AJR_OK;
    }
    *detail = ajr_complaint_of_result(result, pool);
    return judge_error(connection, result);
}

ajr_outcome_t
ajr_connection_stream(const char **detail, PGconn *connection,
                      const ajr_pg_query_t *query, apr_interval_time_t patience,
                      const char *(*each)(void *data, const PGresult *row),
                      void *data, apr_pool_t *pool)
{
    ajr_outcome_t outcome = AJR_OK;
    bool ended = false;
    PGresult *result;

    *detail = "the connection was lost";
    if (!PQsendQueryParams(connection, query->sql, query->count, NULL,
                           query->values, NULL, NULL, 0) ||
        !PQsetSingleRowMode(connection) ||
        flush(connection, ajr_clock_now() + patience) != AJR_OK) {
        return AJR_DATABASE_DOWN;
    }
    while (outcome == AJR_OK) {
        result = next_result(connection, patience);
        if (result == NULL) {
            break;
        }
        outcome =
            hand_over(detail, &ended, connection, result, each, data, pool);
        PQclear(result);
    }
    if (outcome == AJR_OK && !ended) {
        *detail = "the answer broke off, or did not come in time";
        return AJR_DATABASE_DOWN;
    }
    return outcome;
}
