/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-status: what an administrator wants to see of a running
 * httpd, as text for people or as JSON. No token, name, address or connection
 * string is in it.
 */
#include "handler.h"
#include "respond.h"
#include "tally.h"

#include <stdatomic.h>
#include <string.h>

#include <unistd.h>

#include "await.h"
#include "boards.h"

/* ---- what there is to say ---- */

static json_t *outcomes_say(const ajr_tally_t *tally)
{
    json_t *said = json_object();
    ajr_outcome_t outcome;

    for (outcome = 0; outcome < AJR_OUTCOMES; outcome++) {
        apr_uint64_t count = ajr_tally_read(tally, outcome);

        if (count > 0) {
            json_object_set_new(said, ajr_outcome_row(outcome)->tag,
                                json_integer((json_int_t)count));
        }
    }
    return said;
}

static json_t *cache_says(ajr_cache_t *cache)
{
    ajr_cache_counts_t counts;

    if (cache == NULL) {
        return json_null();
    }
    ajr_cache_counts(&counts, cache);
    return json_pack("{sI, sI}", "hits", (json_int_t)counts.hits, "misses",
                     (json_int_t)counts.misses);
}

static json_t *connections_say(ajr_pg_t *pg)
{
    ajr_pg_counts_t counts;

    if (pg == NULL) {
        return json_null();
    }
    ajr_pg_counts(&counts, pg);
    return json_pack("{si, si, sI, sI}", "open", counts.open, "idle",
                     counts.idle, "attempts", (json_int_t)counts.attempts,
                     "lost", (json_int_t)counts.lost);
}

/* null: there was none since httpd was started. */
static json_t *outage_says(const ajr_pg_t *pg)
{
    ajr_pg_outage_t outage;

    if (pg == NULL || !ajr_pg_outage(&outage, pg)) {
        return json_null();
    }
    return json_pack(
        "{sI, sI}", "began_seconds_ago", (json_int_t)apr_time_sec(outage.began),
        "ended_seconds_ago", (json_int_t)apr_time_sec(outage.ended));
}

/* Age in whole seconds of a moment of the monotonic clock; null = never. */
static json_t *age_of(apr_time_t moment)
{
    return moment == 0 ? json_null()
                       : json_integer((json_int_t)apr_time_sec(ajr_clock_now() -
                                                               moment));
}

/* What revocations are known here, since when, and by whom. */
static json_t *board_says(const ajr_shared_board_t *shared)
{
    const ajr_board_t *board = shared == NULL ? NULL : shared->board;
    ajr_board_counts_t counts;

    if (board == NULL) {
        return json_null();
    }
    ajr_board_counts(&counts, board);
    return json_pack(
        "{sI, sI, sI, sI, sI, sI, sb, so, sb, sI, sI}", "capacity",
        (json_int_t)ajr_board_capacity(board), "sessions",
        (json_int_t)counts.sessions, "subjects", (json_int_t)counts.subjects,
        "clients", (json_int_t)counts.clients, "superseded",
        (json_int_t)counts.superseded, "changes", (json_int_t)counts.turns,
        "full", (int)ajr_board_full(board), "news_seconds_ago",
        age_of(ajr_board_fed(board)), "listening",
        (int)ajr_board_listening(board), "leader_pid",
        (json_int_t)atomic_load(shared->leader), "clock_offset_ms",
        (json_int_t)apr_time_as_msec(ajr_board_offset(board)));
}

/* NULL when there is no memory. What one child knows is not what the others
 * do: it says which one it is. */
static json_t *status_make(request_rec *r)
{
    const ajr_server_conf_t *conf = ajr_server_conf(r->server);

    return ajr_json_own(json_pack("{so, so, so, s{si, so, so}}", "outcomes",
                                  outcomes_say(conf->tally), "outage",
                                  outage_says(conf->store.pg), "board",
                                  board_says(conf->board), "child", "pid",
                                  (int)getpid(), "cache",
                                  cache_says(conf->child->cache), "connections",
                                  connections_say(conf->store.pg)),
                        r->pool);
}

/* ---- how it is said ---- */

static bool wants_json(request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");

    return accept != NULL && strstr(accept, "json") != NULL;
}

/* A line for each value: outcomes.rotated: 3 */
static void print(request_rec *r, const char *name, json_t *value)
{
    const char *member;
    json_t *below;

    if (json_is_object(value)) {
        json_object_foreach(value, member, below)
        {
            print(r,
                  *name == '\0' ? member
                                : apr_pstrcat(r->pool, name, ".", member, NULL),
                  below);
        }
    } else {
        ap_rprintf(r, "%s: %s\n", name,
                   json_is_null(value) ? "none"
                                       : ajr_claim_text(value, r->pool));
    }
}

int ajr_status_run(request_rec *r)
{
    json_t *status = status_make(r);

    if (status == NULL) {
        return ajr_respond_refusal(r, AJR_INTERNAL);
    }
    if (wants_json(r)) {
        return ajr_respond_json(r, AJR_OK, status);
    }
    ajr_log_outcome(r, AJR_OK);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    ap_set_content_type(r, "text/plain; charset=utf-8");
    print(r, "", status);
    return OK;
}
