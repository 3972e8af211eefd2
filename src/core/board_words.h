/* SPDX-License-Identifier: Apache-2.0
 *
 * How a board lies in memory; for board.c and board_merge.c alone.
 *
 *   head | buffer 0 | buffer 1
 *   buffer: sums | part of revocations | part of what is superseded
 *   part:   hashes | values | untils | ranks, each `capacity` words
 *
 * A value is a not_before; the rank is seq << 2 | kind. Of what is superseded
 * the value is `from` and the rank is generation << 2 | kind.
 *
 * What a reader read counts only if the turn did not move meanwhile. So words
 * of a buffer are stored with release and loaded with acquire: who sees a word
 * of the turn after next sees that the turn has moved. (Fences would do too;
 * ThreadSanitizer does not know them.)
 */
#ifndef AJR_BOARD_WORDS_H
#define AJR_BOARD_WORDS_H

#include "board.h"

#include <stdatomic.h>

typedef _Atomic apr_uint64_t ajr_word_t;

enum {
    HEAD_TURN,
    HEAD_FULL,
    HEAD_FED,
    HEAD_TRIED,
    HEAD_OFFSET,
    HEAD_LIFETIME,
    HEAD_LISTENING,
    HEAD_UNUSED,
    HEAD_SIZE
};

/* Entries of each kind, and the not_before of everyone. */
enum { SUM_KINDS, SUM_EVERYONE = SUM_KINDS + 4, SUM_SIZE = 8 };

enum { COLUMN_HASH, COLUMN_VALUE, COLUMN_UNTIL, COLUMN_RANK, COLUMNS };
enum { PART_REVOKED, PART_SUPERSEDED, PARTS };

struct ajr_board_t {
    ajr_word_t *words;
    apr_size_t capacity;
    unsigned char key[AJR_SIPHASH_KEY_SIZE];
    apr_uint64_t everyone; /* the hash of client "*" */
    bool left_out;         /* the writer's: in this reading */
};

static inline apr_uint64_t word_get(const ajr_word_t *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

static inline void word_set(ajr_word_t *word, apr_uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_release);
}

static inline apr_size_t buffer_size(apr_size_t capacity)
{
    return SUM_SIZE + (apr_size_t)PARTS * COLUMNS * capacity;
}

/* The buffer that counts, or is to count, at a turn. */
static inline ajr_word_t *buffer_at(const ajr_board_t *board, apr_uint64_t turn)
{
    return board->words + HEAD_SIZE + (turn & 1) * buffer_size(board->capacity);
}

static inline ajr_word_t *column_at(const ajr_board_t *board,
                                    ajr_word_t *buffer, int part, int column)
{
    return buffer + SUM_SIZE +
           ((apr_size_t)part * COLUMNS + (apr_size_t)column) * board->capacity;
}

/* Entries in a part; never more than there is room for, whatever a reader
 * finds while it is being written. */
static inline apr_size_t part_count(const ajr_word_t *buffer, int part)
{
    if (part == PART_SUPERSEDED) {
        return (apr_size_t)word_get(&buffer[SUM_KINDS + AJR_BOARD_SUPERSEDED]);
    }
    return (apr_size_t)(word_get(&buffer[SUM_KINDS + AJR_BOARD_SESSION]) +
                        word_get(&buffer[SUM_KINDS + AJR_BOARD_SUBJECT]) +
                        word_get(&buffer[SUM_KINDS + AJR_BOARD_CLIENT]));
}

static inline apr_uint64_t hash_of(const ajr_board_t *board,
                                   ajr_board_kind_t kind, ajr_bytes_t key)
{
    return ajr_siphash(board->key, (unsigned char)kind, key);
}

#endif
