/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include <string.h>

#include <apr_strings.h>

#include "await.h"
#include "connection.h"
#include "row.h"
#include "sendable.h"

#define ROOM 16384                    /* entries merged at a time */
#define SINCE_SIZE 24                 /* digits of an xid8, and more */
#define SLACK apr_time_from_sec(3600) /* as until in SQL has it */

/* For the first row of a whole reading, before which PostgreSQL sorts them all:
 * that takes some seconds where a million sessions were ended. What is new
 * since the last reading is less, or becomes a whole reading. */
#define WHOLE_PATIENCE apr_time_from_sec(30)

enum { KIND, KEY, NOT_BEFORE, GENERATION, UNTIL, SEQ };

struct ajr_feed_t {
    ajr_board_t *board;
    ajr_batch_t *batch;
    char since[SINCE_SIZE];       /* "" = nothing was read yet */
    apr_interval_time_t lifetime; /* of the last reading */
    apr_int64_t server;           /* that gave it: when it was started */

    /* Of the reading that goes on. */
    char next[SINCE_SIZE];
    apr_time_t asked;      /* our monotonic clock .. */
    apr_time_t asked_wall; /* .. and wall clock when it began */
    apr_time_t now;        /* the database's, then */
    apr_interval_time_t offset;
    apr_interval_time_t lived;
    apr_int64_t asked_server;
};

ajr_feed_t *ajr_feed_make(ajr_board_t *board, apr_pool_t *pool)
{
    ajr_feed_t *feed = apr_pcalloc(pool, sizeof(*feed));

    feed->board = board;
    feed->batch = ajr_batch_make(board, ROOM, pool);
    return feed;
}

/* ---- rows ---- */

/* The first row: what the reading is, by the database's clock. It came at some
 * time since we asked: the middle is wrong by half of that at most. */
static const char *take_now(ajr_feed_t *feed, const PGresult *row)
{
    apr_time_t came = ajr_clock_now();
    const char *next = PQgetvalue(row, 0, KEY);
    apr_int64_t now, seconds;

    if (!ajr_row_integer(&now, row, 0, NOT_BEFORE) ||
        !ajr_row_integer(&seconds, row, 0, GENERATION) || seconds <= 0 ||
        !ajr_row_integer(&feed->asked_server, row, 0, UNTIL) ||
        next[0] == '\0' || strlen(next) >= SINCE_SIZE) {
        return "the feed is not the one of this module; load conf/schema.sql "
               "again";
    }
    apr_cpystrn(feed->next, next, SINCE_SIZE);
    feed->now = now;
    feed->offset = now - (feed->asked_wall + (came - feed->asked) / 2);
    feed->lived = apr_time_from_sec(seconds);
    return NULL;
}

static bool kind_of(ajr_board_kind_t *kind, const char *name)
{
    static const char *const names[] = {"session", "subject", "client",
                                        "superseded"};
    int i;

    for (i = 0; i < 4; i++) {
        if (strcmp(name, names[i]) == 0) {
            *kind = (ajr_board_kind_t)i;
            return true;
        }
    }
    return false;
}

/* A time of the database's clock on ours. What lasts forever there, while a
 * subject is blocked, is here told again by each whole reading: were its end
 * lost by a failover, it would end nevertheless. */
static apr_time_t until_of(const ajr_feed_t *feed, apr_int64_t until)
{
    apr_interval_time_t longest = feed->lived + SLACK;
    apr_interval_time_t left =
        until == AJR_BOARD_FOREVER ? longest : until - feed->now;

    return feed->asked + left;
}

/* The columns that entries of that kind have. */
static bool numbers_of(ajr_news_t *news, const ajr_feed_t *feed,
                       const PGresult *row)
{
    apr_int64_t generation = 0;
    apr_int64_t until, seq;

    if (!ajr_row_integer(&until, row, 0, UNTIL) ||
        !ajr_row_integer(&seq, row, 0, SEQ) || seq < 0 || until <= feed->now) {
        return false;
    }
    news->until = until_of(feed, until);
    news->seq = (apr_uint64_t)seq;
    if (news->kind != AJR_BOARD_SESSION &&
        !ajr_row_integer(&news->not_before, row, 0, NOT_BEFORE)) {
        return false;
    }
    if (news->kind == AJR_BOARD_SUPERSEDED &&
        (!ajr_row_integer(&generation, row, 0, GENERATION) || generation < 0 ||
         generation > AJR_GENERATION_MAX)) {
        return false;
    }
    news->generation = (apr_uint32_t)generation;
    return true;
}

static const char *take_row(void *data, const PGresult *row)
{
    ajr_feed_t *feed = data;
    unsigned char sid[AJR_SID_SIZE];
    ajr_news_t news = {0};

    if (PQnfields(row) <= SEQ) {
        return "the feed has other columns";
    }
    if (feed->now == 0) {
        return take_now(feed, row);
    }
    if (!kind_of(&news.kind, PQgetvalue(row, 0, KIND)) ||
        !numbers_of(&news, feed, row)) {
        return "the feed has an unreadable row";
    }
    news.key = ajr_bytes_of(PQgetvalue(row, 0, KEY));
    if (news.kind == AJR_BOARD_SESSION || news.kind == AJR_BOARD_SUPERSEDED) {
        if (!ajr_uuid_parse(sid, PQgetvalue(row, 0, KEY))) {
            return "the feed has an unreadable sid";
        }
        news.key = (ajr_bytes_t){sid, sizeof(sid)};
    }
    if (!ajr_batch_add(feed->batch, &news)) {
        ajr_board_merge(feed->board, feed->batch, feed->asked);
        ajr_batch_add(feed->batch, &news);
    }
    return NULL;
}

/* ---- a reading ---- */

/* The moment of asking is the time of the news: what was revoked after it may
 * not be in the answer. */
static ajr_outcome_t read_since(const char **detail, ajr_feed_t *feed,
                                const ajr_listener_t *listener,
                                const char *since, apr_pool_t *pool)
{
    const char *sql = apr_pstrcat(
        pool, "SELECT kind, key, not_before, generation, until, seq FROM ",
        ajr_sendable_function(listener->store->schema, "feed", pool),
        "($1::xid8)", NULL);
    ajr_pg_query_t query = {.sql = sql, .count = 1, .values = &since};
    apr_interval_time_t patience = listener->store->conf.timeout;
    ajr_outcome_t outcome;

    if (since == NULL && patience < WHOLE_PATIENCE) {
        patience = WHOLE_PATIENCE;
    }
    feed->now = 0;
    feed->asked = ajr_clock_now();
    feed->asked_wall = apr_time_now();
    outcome = ajr_connection_stream(detail, listener->connection, &query,
                                    patience, take_row, feed, pool);
    /* What came is true, be it all or not. */
    ajr_board_merge(feed->board, feed->batch, feed->asked);
    if (outcome == AJR_OK && feed->now == 0) {
        *detail = "the feed is empty";
        outcome = AJR_DATABASE_ERROR;
    }
    return outcome;
}

static ajr_outcome_t read_whole(const char **detail, ajr_feed_t *feed,
                                const ajr_listener_t *listener,
                                apr_pool_t *pool)
{
    ajr_outcome_t outcome;

    ajr_board_reread_begin(feed->board);
    outcome = read_since(detail, feed, listener, NULL, pool);
    if (outcome == AJR_OK) {
        ajr_board_reread_end(feed->board);
    }
    return outcome;
}

ajr_outcome_t ajr_feed_read(const char **detail, ajr_feed_t *feed,
                            const ajr_listener_t *listener, bool whole,
                            apr_pool_t *pool)
{
    ajr_outcome_t outcome = AJR_OK;

    whole |= feed->since[0] == '\0';
    if (!whole) {
        outcome = read_since(detail, feed, listener, feed->since, pool);
    }
    /* Entries were given longer when that life was made longer. And where a
     * pooler hides a failover, the new server counts transactions on from
     * where it was, which may be below what we have seen of the old one. */
    if (outcome == AJR_OK && (whole || feed->lived != feed->lifetime ||
                              feed->asked_server != feed->server)) {
        outcome = read_whole(detail, feed, listener, pool);
    }
    if (outcome != AJR_OK) {
        return outcome;
    }
    memcpy(feed->since, feed->next, SINCE_SIZE);
    feed->lifetime = feed->lived;
    feed->server = feed->asked_server;
    ajr_board_note_news(feed->board, feed->asked, feed->offset, feed->lived);
    return AJR_OK;
}
