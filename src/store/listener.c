/* SPDX-License-Identifier: Apache-2.0 */
#include "listener.h"

#include <libpq-fe.h>

#include <poll.h>
#include <string.h>

#include "await.h"
#include "connection.h"

#define CHANNEL "auth_jwt_revocation"

static ajr_outcome_t subscribe(ajr_listener_t *listener, const char **detail,
                               apr_pool_t *pool)
{
    ajr_pg_query_t query = {.sql = "LISTEN " CHANNEL};
    PGresult *result;

    return ajr_connection_run(
        &result, detail, listener->connection, &query, NULL,
        ajr_clock_now() + listener->store->conf.timeout, pool);
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

/* It wakes the listeners of other hosts too; they see that it names no
 * schema. */
void ajr_listener_probe(const ajr_listener_t *listener, apr_pool_t *pool)
{
    ajr_pg_query_t query = {.sql = "NOTIFY " CHANNEL};
    const char *detail;
    PGresult *result;

    if (listener->store->pg != NULL) {
        ajr_pg_query(&result, &detail, listener->store->pg, &query, pool);
    }
}

/* What libpq has read so far. idle: while no query of ours was under way, when
 * a pooler would have had nowhere to send it. */
static bool take_notifications(ajr_listener_t *listener, bool idle)
{
    bool news = false;
    PGnotify *notify;

    while ((notify = PQnotifies(listener->connection)) != NULL) {
        listener->heard |= idle;
        news |= strcmp(notify->extra, listener->store->schema) == 0;
        PQfreemem(notify);
    }
    return news;
}

ajr_heard_t ajr_listener_wait(ajr_listener_t *listener, apr_time_t deadline)
{
    PGconn *connection = listener->connection;
    bool idle = false; /* some may have come with the answer to a query */

    for (;; idle = true) {
        if (take_notifications(listener, idle)) {
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
