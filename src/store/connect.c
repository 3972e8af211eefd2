/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "await.h"
#include "complaint.h"

static void drop_notice(void *unused, const PGresult *notice)
{
    (void)unused;
    (void)notice;
}

/* An attempt to connect. libpq goes from host to host by itself but applies
 * no connect_timeout here, so that one that is switched off would keep the
 * whole deadline from those after it. Each gets an equal part of what is left.
 */
typedef struct attempt_t {
    PGconn *connection;
    const char *host; /* the one being tried, by identity */
    int left;         /* hosts, that one included */
    apr_time_t until; /* the end of its part */
    apr_time_t deadline;
} attempt_t;

static int commas(const char *list)
{
    int count = 0;

    for (; list != NULL && *list != '\0'; list++) {
        count += *list == ',';
    }
    return count;
}

/* After libpq has read service files and the environment. */
static int count_hosts(PGconn *connection)
{
    PQconninfoOption *options = PQconninfo(connection);
    PQconninfoOption *option;
    int most = 0;

    for (option = options; option && option->keyword; option++) {
        if (strncmp(option->keyword, "host", 4) == 0) { /* and hostaddr */
            int count = commas(option->val);

            most = count > most ? count : most;
        }
    }
    PQconninfoFree(options);
    return most + 1;
}

static void allot(attempt_t *attempt)
{
    apr_time_t now = ajr_clock_now();

    attempt->until = now + (attempt->deadline - now) / attempt->left;
    if (attempt->left == 1) {
        attempt->until = attempt->deadline;
    }
}

/* libpq's multi-host list moves on by itself; notice it. */
static void follow(attempt_t *attempt)
{
    const char *host = PQhost(attempt->connection);

    if (host == attempt->host) {
        return;
    }
    if (attempt->host != NULL && attempt->left > 1) {
        attempt->left--;
    }
    attempt->host = host;
    allot(attempt);
}

/* The part of this host is over. Shutting down a socket that is not connected
 * yet makes libpq see a failed connect and try the next address. Past that,
 * libpq cannot be made to. */
static bool give_up_host(attempt_t *attempt)
{
    if (attempt->until >= attempt->deadline || ajr_await_interrupted()) {
        return false;
    }
    if (PQstatus(attempt->connection) == CONNECTION_STARTED) {
        shutdown(PQsocket(attempt->connection), SHUT_RDWR);
    }
    allot(attempt);
    return true;
}

static ajr_outcome_t finish_connecting(attempt_t *attempt)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;

    while (status != PGRES_POLLING_OK) {
        short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;

        if (status == PGRES_POLLING_FAILED) {
            return AJR_DATABASE_DOWN;
        }
        follow(attempt);
        /* Asked anew each time: another host is another socket. */
        if (!ajr_await(PQsocket(attempt->connection), events, attempt->until) &&
            !give_up_host(attempt)) {
            return AJR_DATABASE_TIMEOUT;
        }
        status = PQconnectPoll(attempt->connection);
    }
    return AJR_OK;
}

/* After conninfo comes what it may not change: names and texts are UTF-8
 * everywhere in this module. */
static PGconn *start_connecting(const char *conninfo)
{
    const char *const names[] = {"fallback_application_name", "dbname",
                                 "client_encoding", NULL};
    const char *const values[] = {"mod_auth_jwt_refresh", conninfo, "UTF8",
                                  NULL};
    PGconn *connection = PQconnectStartParams(names, values, 1);

    if (connection != NULL) {
        PQsetNoticeReceiver(connection, drop_notice, NULL);
        PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
    }
    return connection;
}

static ajr_outcome_t connect_by(PGconn *connection, apr_time_t deadline)
{
    attempt_t attempt = {connection, NULL, 1, 0, deadline};
    ajr_outcome_t outcome;

    if (connection == NULL || PQstatus(connection) == CONNECTION_BAD) {
        return AJR_DATABASE_DOWN;
    }
    attempt.left = count_hosts(connection);
    outcome = finish_connecting(&attempt);
    if (outcome == AJR_OK && PQsetnonblocking(connection, 1) != 0) {
        return AJR_DATABASE_DOWN;
    }
    return outcome;
}

/* PgBouncer gives all its errors the SQLSTATE of a broken protocol. */
static bool is_full(const char *complaint)
{
    return strstr(complaint, " " AJR_TOO_MANY_CONNECTIONS ": ") != NULL ||
           strstr(complaint, " 08P01: no more connections allowed") != NULL;
}

ajr_outcome_t ajr_connection_open(PGconn **out, const char **detail,
                                  const char *conninfo, apr_time_t deadline,
                                  apr_pool_t *pool)
{
    PGconn *connection = start_connecting(conninfo);
    ajr_outcome_t outcome = connect_by(connection, deadline);

    *out = NULL;
    if (outcome == AJR_OK) {
        *out = connection;
        return AJR_OK;
    }
    *detail = "the server did not answer in time";
    if (outcome == AJR_DATABASE_DOWN) {
        *detail = ajr_complaint_of_connection(connection, pool);
        if (is_full(*detail)) {
            outcome = AJR_DATABASE_BUSY;
        }
    }
    PQfinish(connection);
    return outcome;
}
