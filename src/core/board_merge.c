/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer of the board: news, gathered and sorted, merged with what is
 * there into the buffer that does not count yet. A burst costs one pass.
 */
#include "board.h"

#include <stdlib.h>
#include <string.h>

#include "board_words.h"

/* One entry outside of shared memory. */
typedef struct entry_t {
    apr_uint64_t hash;
    apr_time_t value;
    apr_time_t until;
    apr_uint64_t rank;
} entry_t;

typedef struct pile_t {
    entry_t *entries;
    apr_size_t count;
} pile_t;

struct ajr_batch_t {
    const ajr_board_t *board;
    pile_t piles[PARTS];
    apr_size_t room;
    apr_time_t *ages; /* scratch: every until of a part and its pile */
};

/* ---- gathering ---- */

ajr_batch_t *ajr_batch_make(const ajr_board_t *board, apr_size_t room,
                            apr_pool_t *pool)
{
    ajr_batch_t *batch = apr_pcalloc(pool, sizeof(*batch));
    int part;

    batch->board = board;
    batch->room = room;
    for (part = 0; part < PARTS; part++) {
        batch->piles[part].entries = apr_palloc(pool, room * sizeof(entry_t));
    }
    batch->ages =
        apr_palloc(pool, (board->capacity + room) * sizeof(*batch->ages));
    return batch;
}

bool ajr_batch_add(ajr_batch_t *batch, const ajr_news_t *news)
{
    bool superseded = news->kind == AJR_BOARD_SUPERSEDED;
    pile_t *pile = &batch->piles[superseded ? PART_SUPERSEDED : PART_REVOKED];
    entry_t *entry = &pile->entries[pile->count];

    if (pile->count == batch->room) {
        return false;
    }
    entry->hash = hash_of(batch->board, news->kind, news->key);
    entry->value =
        news->kind == AJR_BOARD_SESSION ? AJR_BOARD_FOREVER : news->not_before;
    entry->until = news->until;
    entry->rank = (superseded ? news->generation : news->seq) << 2 |
                  (apr_uint64_t)news->kind;
    pile->count++;
    return true;
}

/* ---- two entries of one key ---- */

static apr_time_t later(apr_time_t a, apr_time_t b)
{
    return a > b ? a : b;
}

/* Gates: the newer one counts; finite ones never fall. */
static apr_time_t gate_of(const entry_t *newer, const entry_t *older)
{
    if (newer->value == AJR_BOARD_FOREVER ||
        older->value == AJR_BOARD_FOREVER) {
        return newer->value;
    }
    return later(newer->value, older->value);
}

/* `news` was read after `entry`. Of what is superseded the rank is the
 * generation: the newer one says more. */
static void unite(entry_t *entry, const entry_t *news)
{
    bool newer = news->rank >= entry->rank;
    apr_time_t value =
        (news->rank & 3) == AJR_BOARD_SUPERSEDED
            ? (newer ? news->value : entry->value)
            : gate_of(newer ? news : entry, newer ? entry : news);

    entry->value = value;
    entry->until = later(entry->until, news->until);
    if (newer) {
        entry->rank = news->rank;
    }
}

static int by_hash(const void *a_, const void *b_)
{
    const entry_t *a = a_;
    const entry_t *b = b_;

    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }
    return a->rank == b->rank ? 0 : (a->rank < b->rank ? -1 : 1);
}

/* Sorted, each key once. */
static void settle(pile_t *pile)
{
    apr_size_t kept = 0;
    apr_size_t i;

    qsort(pile->entries, pile->count, sizeof(entry_t), by_hash);
    for (i = 1; i < pile->count; i++) {
        if (pile->entries[i].hash == pile->entries[kept].hash) {
            unite(&pile->entries[kept], &pile->entries[i]);
        } else {
            pile->entries[++kept] = pile->entries[i];
        }
    }
    pile->count = pile->count == 0 ? 0 : kept + 1;
}

/* ---- a part, read and written ---- */

typedef struct part_t {
    ajr_word_t *columns[COLUMNS];
    apr_size_t count;
} part_t;

static part_t part_at(const ajr_board_t *board, ajr_word_t *buffer, int part)
{
    part_t out;
    int column;

    for (column = 0; column < COLUMNS; column++) {
        out.columns[column] = column_at(board, buffer, part, column);
    }
    out.count = part_count(buffer, part);
    return out;
}

static entry_t part_get(const part_t *part, apr_size_t at)
{
    entry_t entry = {
        .hash = word_get(&part->columns[COLUMN_HASH][at]),
        .value = (apr_time_t)word_get(&part->columns[COLUMN_VALUE][at]),
        .until = (apr_time_t)word_get(&part->columns[COLUMN_UNTIL][at]),
        .rank = word_get(&part->columns[COLUMN_RANK][at]),
    };

    return entry;
}

/* What a buffer holds, counted while it is written. */
typedef struct sums_t {
    apr_uint64_t kinds[4];
    apr_time_t everyone;
} sums_t;

static void part_put(part_t *part, sums_t *sums, const ajr_board_t *board,
                     const entry_t *entry)
{
    word_set(&part->columns[COLUMN_HASH][part->count], entry->hash);
    word_set(&part->columns[COLUMN_VALUE][part->count],
             (apr_uint64_t)entry->value);
    word_set(&part->columns[COLUMN_UNTIL][part->count],
             (apr_uint64_t)entry->until);
    word_set(&part->columns[COLUMN_RANK][part->count], entry->rank);
    part->count++;
    sums->kinds[entry->rank & 3]++;
    if (entry->hash == board->everyone) {
        sums->everyone = entry->value;
    }
}

static void sums_put(ajr_word_t *buffer, const sums_t *sums)
{
    int kind;

    for (kind = 0; kind < 4; kind++) {
        word_set(&buffer[SUM_KINDS + kind], sums->kinds[kind]);
    }
    word_set(&buffer[SUM_EVERYONE], (apr_uint64_t)sums->everyone);
}

/* ---- merging ---- */

static int by_age(const void *a_, const void *b_)
{
    apr_time_t a = *(const apr_time_t *)a_;
    apr_time_t b = *(const apr_time_t *)b_;

    return a == b ? 0 : (a < b ? -1 : 1);
}

/* The `until` up to which entries must go, so that what is superseded fits,
 * with an eighth to spare lest this be asked at each merge. */
static apr_time_t cutoff(const ajr_batch_t *batch, const part_t *old,
                         const pile_t *pile, apr_time_t now)
{
    apr_size_t capacity = batch->board->capacity;
    apr_size_t count = 0;
    apr_size_t i;

    for (i = 0; i < old->count; i++) {
        apr_time_t until = (apr_time_t)word_get(&old->columns[COLUMN_UNTIL][i]);

        if (until > now) {
            batch->ages[count++] = until;
        }
    }
    for (i = 0; i < pile->count; i++) {
        batch->ages[count++] = pile->entries[i].until;
    }
    if (count <= capacity) {
        return now;
    }
    qsort(batch->ages, count, sizeof(*batch->ages), by_age);
    return later(now, batch->ages[count - capacity + capacity / 8 - 1]);
}

/* How many keys can be added to a part when nothing that stays in it is to be
 * pushed out. */
static apr_size_t places(const part_t *old, apr_size_t capacity,
                         apr_time_t after)
{
    apr_size_t staying = 0;
    apr_size_t i;

    for (i = 0; i < old->count; i++) {
        staying += (apr_time_t)word_get(&old->columns[COLUMN_UNTIL][i]) > after;
    }
    return capacity - staying;
}

/* Writes what of `old` and the pile has an `until` after `after`. False when
 * something of the pile found no place. */
static bool merge_part(part_t *out, sums_t *sums, const ajr_board_t *board,
                       const part_t *old, const pile_t *pile, apr_time_t after)
{
    apr_size_t left = places(old, board->capacity, after);
    bool fits = true;
    apr_size_t i = 0;
    apr_size_t j = 0;

    while (i < old->count || j < pile->count) {
        entry_t entry = i < old->count ? part_get(old, i) : pile->entries[j];
        bool known = i < old->count &&
                     (j == pile->count || entry.hash <= pile->entries[j].hash);

        if (!known) {
            entry = pile->entries[j++];
        } else {
            known = entry.until > after;
            i++;
            if (j < pile->count && entry.hash == pile->entries[j].hash) {
                unite(&entry, &pile->entries[j++]);
            }
        }
        if (entry.until <= after) {
            continue;
        }
        if (!known && left == 0) {
            fits = false;
            continue;
        }
        left -= !known;
        part_put(out, sums, board, &entry);
    }
    return fits;
}

static bool has_expired(const ajr_board_t *board, ajr_word_t *buffer,
                        apr_time_t now)
{
    int part;

    for (part = 0; part < PARTS; part++) {
        part_t old = part_at(board, buffer, part);

        if (places(&old, old.count, now) > 0) {
            return true;
        }
    }
    return false;
}

void ajr_board_merge(ajr_board_t *board, ajr_batch_t *batch, apr_time_t now)
{
    apr_uint64_t turn = word_get(&board->words[HEAD_TURN]);
    ajr_word_t *from = buffer_at(board, turn);
    ajr_word_t *to = buffer_at(board, turn + 1);
    sums_t sums = {{0}, 0};
    int part;

    if (batch->piles[0].count + batch->piles[1].count == 0 &&
        !has_expired(board, from, now)) {
        return;
    }
    for (part = 0; part < PARTS; part++) {
        pile_t *pile = &batch->piles[part];
        part_t old = part_at(board, from, part);
        part_t out = part_at(board, to, part);
        bool oldest_go = part == PART_SUPERSEDED;
        bool fits;

        settle(pile);
        out.count = 0;
        fits = merge_part(&out, &sums, board, &old, pile,
                          oldest_go ? cutoff(batch, &old, pile, now) : now);
        if (!fits && !oldest_go) {
            board->left_out = true;
            word_set(&board->words[HEAD_FULL], 1);
        }
        pile->count = 0;
    }
    sums_put(to, &sums);
    word_set(&board->words[HEAD_TURN], turn + 1);
}

/* ---- the head ---- */

void ajr_board_reread_begin(ajr_board_t *board)
{
    board->left_out = false;
}

void ajr_board_reread_end(ajr_board_t *board)
{
    if (!board->left_out) {
        word_set(&board->words[HEAD_FULL], 0);
    }
}

void ajr_board_note_news(ajr_board_t *board, apr_time_t now,
                         apr_interval_time_t offset,
                         apr_interval_time_t lifetime)
{
    word_set(&board->words[HEAD_OFFSET], (apr_uint64_t)offset);
    word_set(&board->words[HEAD_LIFETIME], (apr_uint64_t)lifetime);
    word_set(&board->words[HEAD_FED], (apr_uint64_t)now);
    word_set(&board->words[HEAD_TRIED], 1);
}

void ajr_board_note_failure(ajr_board_t *board)
{
    word_set(&board->words[HEAD_TRIED], 1);
}

void ajr_board_note_listening(ajr_board_t *board, bool listening)
{
    word_set(&board->words[HEAD_LISTENING], listening);
}

/* ---- another capacity ---- */

/* As much of a part as there is room for. */
static bool copy_part(ajr_board_t *to, sums_t *sums, ajr_word_t *buffer,
                      const ajr_board_t *from, apr_uint64_t turn, int which)
{
    part_t out = part_at(to, buffer, which);
    part_t in = part_at(from, buffer_at(from, turn), which);
    apr_size_t i;

    out.count = 0;
    for (i = 0; i < in.count && i < from->capacity && i < to->capacity; i++) {
        entry_t entry = part_get(&in, i);

        part_put(&out, sums, to, &entry);
    }
    return in.count <= to->capacity;
}

ajr_board_t *ajr_board_make_from(void *memory, apr_size_t capacity,
                                 const ajr_board_t *from, apr_pool_t *pool)
{
    ajr_board_t *board = ajr_board_make(memory, capacity, from->key, pool);
    ajr_word_t *buffer = buffer_at(board, 0);
    apr_uint64_t turn;
    bool fits;
    int i;

    do {
        sums_t sums = {{0}, 0};

        turn = word_get(&from->words[HEAD_TURN]);
        for (i = HEAD_FULL; i < HEAD_SIZE; i++) {
            word_set(&board->words[i], word_get(&from->words[i]));
        }
        fits = copy_part(board, &sums, buffer, from, turn, PART_REVOKED);
        copy_part(board, &sums, buffer, from, turn, PART_SUPERSEDED);
        sums_put(buffer, &sums);
    } while (word_get(&from->words[HEAD_TURN]) != turn);
    if (!fits) {
        word_set(&board->words[HEAD_FULL], 1);
    }
    return board;
}
