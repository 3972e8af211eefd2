/* SPDX-License-Identifier: Apache-2.0
 *
 * The leader among the janitors of a board: whoever has its lock.
 */
#include "await.h"
#include "feed.h"
#include "janitor.h"
#include "upkeep.h"

#define READ_EACH apr_time_from_sec(1)

/* A whole reading tells anew who is blocked, and whether a full board still
 * is one. */
#define WHOLE_EACH apr_time_from_sec(600)
#define WHOLE_EACH_FULL apr_time_from_sec(10)

/* After a failed attempt; the second within which a database that is back must
 * be noticed has room for the longest, and for connecting. */
#define PAUSE_MIN apr_time_from_msec(100)
#define PAUSE_MAX apr_time_from_msec(800)

/* Readings leave at least as much time as they took, up to this. */
#define REST_MAX apr_time_from_msec(10)

/* A leader that purges keeps news waiting: it looks seldom whether it must. */
#define ALONE_EACH apr_time_from_sec(5)

#define LOG_EACH apr_time_from_sec(60)

/* What the leader has. */
typedef struct lead_t {
    ajr_janitor_t *janitor;
    apr_pool_t *pool;
    apr_pool_t *scratch; /* cleared at each reading */
    ajr_listener_t listener;
    ajr_feed_t *feed;
    apr_interval_time_t pause; /* before the next attempt; 0 = at once */
    apr_time_t whole;          /* when the next whole reading is due */
    bool deaf_told;
    bool raised;      /* the life of access tokens was told */
    apr_time_t alone; /* when to look whether nobody else purges */
} lead_t;

static void tell_trouble(ajr_janitor_t *janitor, ajr_outcome_t outcome,
                         const char *detail)
{
    apr_time_t now = ajr_clock_now();

    if (janitor->logged != 0 && now - janitor->logged < LOG_EACH) {
        return;
    }
    janitor->logged = now;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, janitor->server,
                 "revocations: no news, %s: %s", ajr_outcome_row(outcome)->tag,
                 detail == NULL ? "-" : detail);
}

static void tell_news(ajr_janitor_t *janitor)
{
    if (janitor->logged != 0) {
        janitor->logged = 0;
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, janitor->server,
                     "revocations: there is news again");
    }
}

/* The first attempt after a loss comes at once. */
static void failed(lead_t *lead, ajr_outcome_t outcome, const char *detail)
{
    if (lead->listener.connection != NULL) {
        ajr_listener_close(&lead->listener);
    }
    if (ajr_janitor_stopping()) {
        return; /* that is why */
    }
    tell_trouble(lead->janitor, outcome, detail);
    ajr_board_note_failure(lead->janitor->shared->board);
    ajr_board_note_listening(lead->janitor->shared->board, false);
    ajr_janitor_rest(lead->pause);
    lead->pause = lead->pause == 0 ? PAUSE_MIN : lead->pause * 2;
    if (lead->pause > PAUSE_MAX) {
        lead->pause = PAUSE_MAX;
    }
}

/* One reading; after a new connection a whole one. */
static bool read_feed(lead_t *lead)
{
    const ajr_board_t *board = lead->janitor->shared->board;
    bool anew = lead->listener.connection == NULL;
    apr_time_t now = ajr_clock_now();
    const char *detail = NULL;
    ajr_outcome_t outcome = AJR_OK;
    bool whole = anew || now >= lead->whole;

    apr_pool_clear(lead->scratch);
    if (anew) {
        outcome = ajr_listener_open(&lead->listener, &detail, lead->scratch);
    }
    if (outcome == AJR_OK) {
        outcome = ajr_feed_read(&detail, lead->feed, &lead->listener, whole,
                                lead->scratch);
    }
    if (outcome != AJR_OK) {
        failed(lead, outcome, detail);
        return false;
    }
    lead->pause = 0;
    if (anew) {
        ajr_listener_probe(&lead->listener, lead->scratch);
    }
    if (whole) {
        lead->whole = ajr_clock_now() +
                      (ajr_board_full(board) ? WHOLE_EACH_FULL : WHOLE_EACH);
    }
    tell_news(lead->janitor);
    return true;
}

/* Once, by each leader; what it says is read with the next news. */
static void raise_lifetime(lead_t *lead)
{
    const ajr_janitor_t *janitor = lead->janitor;
    const char *detail = NULL;
    ajr_outcome_t outcome;

    if (lead->raised ||
        janitor->longest <= ajr_board_lifetime(janitor->shared->board)) {
        return;
    }
    lead->raised = true;
    outcome = ajr_store_raise_access_lifetime(&detail, &janitor->store,
                                              janitor->longest, lead->scratch);
    if (outcome != AJR_OK) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, janitor->server,
                     "revocations: the life of access tokens could not be "
                     "told, %s: %s; older ones are asked about",
                     ajr_outcome_row(outcome)->tag,
                     detail == NULL ? "-" : detail);
    }
}

/* Where there is one child only, its leader does it. */
static void purge_alone(lead_t *lead)
{
    pthread_mutex_t *lock = lead->janitor->shared->purge_lock;
    apr_time_t now = ajr_clock_now();

    if (now < lead->alone) {
        return;
    }
    lead->alone = now + ALONE_EACH;
    if (ajr_janitor_lock_take(lock)) {
        ajr_janitor_purge(lead->janitor);
        pthread_mutex_unlock(lock);
        if (lead->janitor->purge < lead->alone) {
            lead->alone = lead->janitor->purge;
        }
    }
}

static void note_hearing(lead_t *lead, ajr_heard_t heard)
{
    ajr_board_note_listening(lead->janitor->shared->board,
                             lead->listener.heard);
    if (heard == AJR_HEARD_NOTHING && !lead->listener.heard &&
        !lead->deaf_told) {
        lead->deaf_told = true;
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, lead->janitor->server,
                     "revocations: notifications do not arrive (a pooler, or "
                     "a standby): asking once a second");
    }
}

/* Until there is something to read: news, or a second has passed. */
static void await_news(lead_t *lead, apr_time_t since)
{
    apr_time_t deadline = since + READ_EACH;
    ajr_heard_t heard = AJR_HEARD_NOTHING;

    while (heard == AJR_HEARD_NOTHING && !ajr_janitor_stopping() &&
           ajr_clock_now() < deadline) {
        apr_time_t slice = ajr_clock_now() + AJR_JANITOR_TICK;

        heard = ajr_listener_wait(&lead->listener,
                                  slice < deadline ? slice : deadline);
        ajr_janitor_trim(lead->janitor);
        purge_alone(lead);
    }
    if (heard == AJR_HEARD_LOST) {
        ajr_listener_close(&lead->listener);
    } else if (!ajr_janitor_stopping()) {
        note_hearing(lead, heard);
    }
}

static void lead_on(lead_t *lead)
{
    while (!ajr_janitor_stopping()) {
        apr_time_t started = ajr_clock_now();
        apr_interval_time_t took;

        ajr_janitor_trim(lead->janitor);
        if (!read_feed(lead)) {
            continue;
        }
        raise_lifetime(lead);
        took = ajr_clock_now() - started;
        ajr_janitor_rest(took < REST_MAX ? took : REST_MAX);
        await_news(lead, started);
    }
}

/* The pool is nobody's child: the threads of a process share no allocator. */
void ajr_janitor_lead(ajr_janitor_t *janitor)
{
    lead_t lead = {.janitor = janitor,
                   .listener = {.store = &janitor->store},
                   .alone = ajr_clock_now() + ALONE_EACH};

    if (apr_pool_create_unmanaged_ex(&lead.pool, NULL, NULL) != APR_SUCCESS) {
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, janitor->server,
                 "revocations: this child leads");
    apr_pool_create(&lead.scratch, lead.pool);
    lead.feed = ajr_feed_make(janitor->shared->board, lead.pool);
    lead_on(&lead);
    if (lead.listener.connection != NULL) {
        ajr_listener_close(&lead.listener);
    }
    apr_pool_destroy(lead.pool);
}
