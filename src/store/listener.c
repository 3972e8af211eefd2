/* SPDX-License-Identifier: Apache-2.0 */
#include "listener.h"

#include <libpq-fe.h>

#include <poll.h>
#include <string.h>

#include "await.h"
#include "connection.h"

#define CHANNEL "auth_jwt_revocation"

static ajr_outcome_t run(ajr_listener_t *listener, const char **detail,
                         const char *sql, apr_pool_t *pool)
{
    ajr_pg_query_t query = {.sql = sql};
    PGresult *result;

    return ajr_connection_run(
        &result, detail, listener->connection, &query, NULL,
        ajr_clock_now() + listener->store->conf.timeout, pool);
}

/* The second statement wakes the listeners of other hosts too; they see that
 * it names no schema. */
static ajr_outcome_t subscribe(ajr_listener_t *listener, const char **detail,
                               apr_pool_t *pool)
{
    ajr_outcome_t outcome = run(listener, detail, "LISTEN " CHANNEL, pool);

    return outcome == AJR_OK ? run(listener, detail, "NOTIFY " CHANNEL, pool)
                             : outcome;
}

ajr_outcome_t ajr_listener_open(ajr_listener_t *listener, const char **detail,
                                apr_pool_t *pool)
{
    const ajr_pg_conf_t *conf = &listener->store->conf;
    ajr_outcome_t outcome =
        ajr_connection_open(&listener->connection, detail, conf->conninfo,
                            ajr_clock_now() + conf->timeout, pool);

    listener->heard = false;
    if (outcome != AJR_OK) {
        return outcome;
    }
    outcome = subscribe(listener, detail, pool);
    if (outcome != AJR_OK && outcome != AJR_UNFIT) { /* a standby is */
        ajr_listener_close(listener);
        return outcome;
    }
    return AJR_OK;
}

void ajr_listener_close(ajr_listener_t *listener)
{
    PQfinish(listener->connection);
    listener->connection = NULL;
    listener->heard = false;
}

/* What libpq has read so far. */
static bool take_notifications(ajr_listener_t *listener)
{
    bool news = false;
    PGnotify *notify;

    while ((notify = PQnotifies(listener->connection)) != NULL) {
        listener->heard = true;
        news |= strcmp(notify->extra, listener->store->schema) == 0;
        PQfreemem(notify);
    }
    return news;
}

ajr_heard_t ajr_listener_wait(ajr_listener_t *listener, apr_time_t deadline)
{
    PGconn *connection = listener->connection;

    for (;;) {
        /* Some may have come with the answer to a query. */
        if (take_notifications(listener)) {
            return AJR_HEARD_NEWS;
        }
        if (!ajr_await(PQsocket(connection), POLLIN, deadline)) {
            return AJR_HEARD_NOTHING;
        }
        if (PQconsumeInput(connection) == 0 ||
            PQstatus(connection) != CONNECTION_OK) {
            return AJR_HEARD_LOST;
        }
    }
}
