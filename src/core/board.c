/* SPDX-License-Identifier: Apache-2.0
 *
 * The board as readers see it. The writer is in board_merge.c.
 */
#include "board.h"

#include <string.h>

#include "board_words.h"

/* ---- making one ---- */

apr_size_t ajr_board_size(apr_size_t capacity)
{
    return (HEAD_SIZE + 2 * buffer_size(capacity)) * sizeof(ajr_word_t);
}

ajr_board_t *ajr_board_make(void *memory, apr_size_t capacity,
                            const unsigned char key[AJR_SIPHASH_KEY_SIZE],
                            apr_pool_t *pool)
{
    ajr_board_t *board = apr_pcalloc(pool, sizeof(*board));

    board->words = memory;
    board->capacity = capacity;
    memcpy(board->key, key, sizeof(board->key));
    board->everyone = hash_of(board, AJR_BOARD_CLIENT, ajr_bytes_of("*"));
    return board;
}

apr_size_t ajr_board_capacity(const ajr_board_t *board)
{
    return board->capacity;
}

/* ---- the head ---- */

bool ajr_board_full(const ajr_board_t *board)
{
    return word_get(&board->words[HEAD_FULL]) != 0;
}

apr_time_t ajr_board_fed(const ajr_board_t *board)
{
    return (apr_time_t)word_get(&board->words[HEAD_FED]);
}

bool ajr_board_tried(const ajr_board_t *board)
{
    return word_get(&board->words[HEAD_TRIED]) != 0;
}

apr_interval_time_t ajr_board_offset(const ajr_board_t *board)
{
    return (apr_interval_time_t)word_get(&board->words[HEAD_OFFSET]);
}

apr_interval_time_t ajr_board_lifetime(const ajr_board_t *board)
{
    return (apr_interval_time_t)word_get(&board->words[HEAD_LIFETIME]);
}

bool ajr_board_listening(const ajr_board_t *board)
{
    return word_get(&board->words[HEAD_LISTENING]) != 0;
}

/* ---- looking up ---- */

/* What one look at a buffer is about. */
typedef struct look_t {
    const ajr_board_t *board;
    ajr_word_t *buffer;
    const ajr_bearer_t *bearer;
    apr_time_t now;
} look_t;

/* How many entries lie between two hashes that far apart: they are evenly
 * spread, for nobody can choose them. */
static apr_int64_t entries_in(apr_int64_t distance, apr_size_t count)
{
    return (distance >> 32) * (apr_int64_t)count >> 32;
}

static apr_size_t moved(apr_size_t at, apr_int64_t by, apr_size_t count)
{
    apr_int64_t to = (apr_int64_t)at + by;

    return to < 0 ? 0 : (to < (apr_int64_t)count ? (apr_size_t)to : count - 1);
}

/* The place of a hash; -1 when it is not there. Two guesses come within a few
 * entries of it: halving would miss the processor's cache each time. */
static apr_ssize_t find(const look_t *look, int part, apr_uint64_t hash)
{
    const ajr_word_t *hashes =
        column_at(look->board, look->buffer, part, COLUMN_HASH);
    apr_size_t count = part_count(look->buffer, part);
    apr_size_t at;
    int guess;

    if (count == 0 || count > look->board->capacity) {
        return -1; /* more: it is being written, the turn has moved */
    }
    at = (apr_size_t)((hash >> 32) * count >> 32);
    for (guess = 0; guess < 2; guess++) {
        apr_uint64_t here = word_get(&hashes[at]);

        at = moved(at, entries_in((apr_int64_t)(hash - here), count), count);
    }
    while (at + 1 < count && word_get(&hashes[at]) < hash) {
        at++;
    }
    while (at > 0 && word_get(&hashes[at]) > hash) {
        at--;
    }
    return word_get(&hashes[at]) == hash ? (apr_ssize_t)at : -1;
}

static bool has_kind(const look_t *look, ajr_board_kind_t kind)
{
    return word_get(&look->buffer[SUM_KINDS + kind]) != 0;
}

/* Whether the bearer's session is older than the gate of a key. A session on
 * the board has a gate that all births are before. */
static bool shut(const look_t *look, ajr_board_kind_t kind, ajr_bytes_t key)
{
    apr_ssize_t at;

    if (!has_kind(look, kind)) {
        return false;
    }
    at = find(look, PART_REVOKED, hash_of(look->board, kind, key));
    return at >= 0 &&
           look->bearer->born <
               (apr_time_t)word_get(&column_at(look->board, look->buffer,
                                               PART_REVOKED, COLUMN_VALUE)[at]);
}

/* Generation g from `from` on: those before g - 1 at once, for g - 1 itself
 * was made only when their time was over. */
static bool superseded(const look_t *look, ajr_bytes_t sid)
{
    apr_ssize_t at;
    apr_int64_t generation;
    apr_time_t from;

    if (look->bearer->generation < 0 || !has_kind(look, AJR_BOARD_SUPERSEDED)) {
        return false;
    }
    at = find(look, PART_SUPERSEDED,
              hash_of(look->board, AJR_BOARD_SUPERSEDED, sid));
    if (at < 0) {
        return false;
    }
    generation =
        (apr_int64_t)(word_get(&column_at(look->board, look->buffer,
                                          PART_SUPERSEDED, COLUMN_RANK)[at]) >>
                      2);
    from = (apr_time_t)word_get(&column_at(look->board, look->buffer,
                                           PART_SUPERSEDED, COLUMN_VALUE)[at]);
    return look->bearer->generation < generation - 1 ||
           (look->bearer->generation == generation - 1 && look->now >= from);
}

static ajr_outcome_t judge(const look_t *look)
{
    const ajr_bearer_t *bearer = look->bearer;
    ajr_bytes_t sid = {bearer->sid, AJR_UUID_SIZE};
    apr_time_t everyone = (apr_time_t)word_get(&look->buffer[SUM_EVERYONE]);

    if ((everyone != 0 && bearer->born < everyone) ||
        (bearer->sid != NULL && shut(look, AJR_BOARD_SESSION, sid)) ||
        shut(look, AJR_BOARD_SUBJECT, ajr_bytes_of(bearer->subject)) ||
        (bearer->client != NULL &&
         shut(look, AJR_BOARD_CLIENT, ajr_bytes_of(bearer->client)))) {
        return AJR_TOKEN_REVOKED;
    }
    return bearer->sid != NULL && superseded(look, sid) ? AJR_TOKEN_SUPERSEDED
                                                        : AJR_OK;
}

ajr_outcome_t ajr_board_judge(const ajr_board_t *board,
                              const ajr_bearer_t *bearer, apr_time_t now)
{
    apr_uint64_t turn = word_get(&board->words[HEAD_TURN]);

    for (;;) {
        look_t look = {board, buffer_at(board, turn), bearer, now};
        ajr_outcome_t outcome = judge(&look);
        apr_uint64_t later = word_get(&board->words[HEAD_TURN]);

        if (later == turn) {
            return outcome;
        }
        turn = later;
    }
}

void ajr_board_counts(ajr_board_counts_t *out, const ajr_board_t *board)
{
    apr_uint64_t turn;

    do {
        const ajr_word_t *sums;

        turn = word_get(&board->words[HEAD_TURN]);
        sums = buffer_at(board, turn) + SUM_KINDS;
        out->sessions = word_get(&sums[AJR_BOARD_SESSION]);
        out->subjects = word_get(&sums[AJR_BOARD_SUBJECT]);
        out->clients = word_get(&sums[AJR_BOARD_CLIENT]);
        out->superseded = word_get(&sums[AJR_BOARD_SUPERSEDED]);
    } while (word_get(&board->words[HEAD_TURN]) != turn);
    out->turns = turn;
}

bool ajr_board_bare(const ajr_board_t *board)
{
    ajr_board_counts_t counts;

    ajr_board_counts(&counts, board);
    return counts.sessions + counts.subjects + counts.clients +
               counts.superseded ==
           0;
}
