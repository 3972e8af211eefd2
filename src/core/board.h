/* SPDX-License-Identifier: Apache-2.0
 *
 * The board: what was revoked lately, in memory that all children of a host
 * share. One writer, whoever holds a lock outside of here; readers take none.
 *
 * The memory is an array of 64-bit atomics: a head, then two buffers of sorted
 * keyed hashes. The turn counter says which buffer counts. The writer fills
 * the other one, then moves the counter; a reader that finds it moved reads
 * again. So a writer that dies leaves nothing half done.
 *
 * Times are of two clocks. not_before, birth and `from` are wall time of the
 * database, in microseconds since 1970. `until` and the time of the last news
 * are monotonic time of this host, so that no clock that jumps can take an
 * entry away. Time is an input of each call.
 *
 * An entry leaves only by its `until`. When the board is full, those that came
 * last are left out and ajr_board_full() tells readers to ask the database.
 * What is superseded has a part of its own, where the oldest go.
 */
#ifndef AJR_BOARD_H
#define AJR_BOARD_H

#include <apr_time.h>

#include "bearer.h"
#include "outcome.h"
#include "siphash.h"

/* A not_before that every birth is before: while a subject is blocked. */
#define AJR_BOARD_FOREVER APR_INT64_MAX

typedef struct ajr_board_t ajr_board_t;

typedef enum ajr_board_kind_t {
    AJR_BOARD_SESSION,   /* key: the 16 bytes of a sid */
    AJR_BOARD_SUBJECT,   /* key: text */
    AJR_BOARD_CLIENT,    /* key: text; "*" is everyone */
    AJR_BOARD_SUPERSEDED /* key: a sid */
} ajr_board_kind_t;

/* One piece of news. Of two for the same gate (subject or client) the one of
 * the greater seq counts, except that a finite not_before never falls. */
typedef struct ajr_news_t {
    ajr_board_kind_t kind;
    ajr_bytes_t key;
    apr_time_t not_before;   /* of gates; of superseded ones: from when on */
    apr_uint32_t generation; /* superseded: tokens of a smaller one */
    apr_time_t until;
    apr_uint64_t seq; /* below 2^62 */
} ajr_news_t;

/* ---- making one ---- */

/* Bytes of memory for a board of that many entries. */
apr_size_t ajr_board_size(apr_size_t capacity);

/* A board in `memory`, which is ajr_board_size() zeroed bytes, aligned to 8,
 * and outlives it. The handle may be inherited by fork(). */
ajr_board_t *ajr_board_make(void *memory, apr_size_t capacity,
                            const unsigned char key[AJR_SIPHASH_KEY_SIZE],
                            apr_pool_t *pool);

/* A board of another capacity with all that `from` has; what does not fit
 * makes it full. `from` may be written meanwhile. */
ajr_board_t *ajr_board_make_from(void *memory, apr_size_t capacity,
                                 const ajr_board_t *from, apr_pool_t *pool);

apr_size_t ajr_board_capacity(const ajr_board_t *board);

/* ---- readers, any thread of any child ---- */

/* Whether there is nothing on it, so that judging is idle. */
bool ajr_board_bare(const ajr_board_t *board);

/* Whether news was left out for want of room. Ask it before judging. */
bool ajr_board_full(const ajr_board_t *board);

/* OK, TOKEN_REVOKED or TOKEN_SUPERSEDED; now is the database's time. */
ajr_outcome_t ajr_board_judge(const ajr_board_t *board,
                              const ajr_bearer_t *bearer, apr_time_t now);

/* When the last news came, be it that there is none; 0 = never. */
apr_time_t ajr_board_fed(const ajr_board_t *board);

/* Whether a first attempt to get news has ended, well or not. */
bool ajr_board_tried(const ajr_board_t *board);

/* The database's wall time less ours. */
apr_interval_time_t ajr_board_offset(const ajr_board_t *board);

/* How long after its minting a token's revocation is sure to be here. */
apr_interval_time_t ajr_board_lifetime(const ajr_board_t *board);

/* Whether notifications are known to arrive. */
bool ajr_board_listening(const ajr_board_t *board);

/* For the status page and the tests. */
typedef struct ajr_board_counts_t {
    apr_uint64_t sessions;
    apr_uint64_t subjects;
    apr_uint64_t clients; /* everyone included */
    apr_uint64_t superseded;
    apr_uint64_t turns; /* changes so far */
} ajr_board_counts_t;

void ajr_board_counts(ajr_board_counts_t *out, const ajr_board_t *board);

/* ---- the writer ---- */

/* News not yet on the board, at most `room` at a time. */
typedef struct ajr_batch_t ajr_batch_t;

ajr_batch_t *ajr_batch_make(const ajr_board_t *board, apr_size_t room,
                            apr_pool_t *pool);

/* False, and nothing done, when the batch is full. */
bool ajr_batch_add(ajr_batch_t *batch, const ajr_news_t *news);

/* Puts the batch on the board and empties it; entries whose `until` is not
 * after `now` leave. An empty batch changes nothing when nothing leaves. */
void ajr_board_merge(ajr_board_t *board, ajr_batch_t *batch, apr_time_t now);

/* A reading of all news begins, and has ended: when nothing was left out in
 * between, the board is no longer full. */
void ajr_board_reread_begin(ajr_board_t *board);
void ajr_board_reread_end(ajr_board_t *board);

/* An attempt to get news ended: at that time, with that clock. */
void ajr_board_note_news(ajr_board_t *board, apr_time_t now,
                         apr_interval_time_t offset,
                         apr_interval_time_t lifetime);
void ajr_board_note_failure(ajr_board_t *board);
void ajr_board_note_listening(ajr_board_t *board, bool listening);

#endif
