/* SPDX-License-Identifier: Apache-2.0 */
#include "limit.h"

#include <stdatomic.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "duration.h"

#define WAYS 8           /* places that a key may have: a cache line */
#define ROWS 8192        /* of keys that are counted: 512 KiB */
#define MEMORY_ROWS 4096 /* of keys that are remembered: 256 KiB */
#define COUNT_MAX 1000   /* of a rate: one each millisecond at least */
#define TIME_BITS 40     /* milliseconds since `born`: 34 years */
#define TIME_MAX ((APR_UINT64_C(1) << TIME_BITS) - 1)

/* A place: the key's last 24 bits above a time; a time that has passed means
 * that the place is free. */
typedef _Atomic apr_uint64_t place_t;

struct ajr_limit_t {
    unsigned char secret[AJR_SIPHASH_KEY_SIZE];
    apr_time_t born;
    _Alignas(64) place_t rows[ROWS][WAYS];
    place_t memory[MEMORY_ROWS][WAYS];
};

bool ajr_rate_parse(ajr_rate_t *rate, const char *text)
{
    apr_interval_time_t per = 0;
    char *end = NULL;
    apr_int64_t count = apr_strtoi64(text, &end, 10);

    memset(rate, 0, sizeof(*rate));
    if (apr_cstr_casecmp(text, "Off") == 0) {
        return true;
    }
    if (*text < '0' || *text > '9' || *end != '/' || count < 1 ||
        count > COUNT_MAX || !ajr_duration_parse(&per, end + 1) ||
        per < apr_time_from_sec(1) || per > apr_time_from_sec(86400)) {
        return false;
    }
    rate->count = (apr_uint32_t)count;
    rate->per = per;
    return true;
}

apr_size_t ajr_limit_size(void)
{
    return sizeof(ajr_limit_t);
}

void ajr_limit_start(ajr_limit_t *limit,
                     const unsigned char secret[AJR_SIPHASH_KEY_SIZE],
                     apr_time_t born)
{
    memcpy(limit->secret, secret, AJR_SIPHASH_KEY_SIZE);
    limit->born = born;
}

apr_uint64_t ajr_limit_key(const ajr_limit_t *limit, const char *text)
{
    return ajr_siphash(limit->secret, 0, ajr_bytes_of(text));
}

/* ---- places ---- */

static apr_uint64_t clock_of(const ajr_limit_t *limit, apr_time_t time)
{
    apr_uint64_t elapsed =
        time <= limit->born ? 1 : (apr_uint64_t)(time - limit->born) / 1000 + 1;

    return elapsed > TIME_MAX ? TIME_MAX : elapsed;
}

static apr_uint64_t time_of(apr_uint64_t word)
{
    return word & TIME_MAX;
}

static bool same_key(apr_uint64_t word, apr_uint64_t key)
{
    return (word ^ key) >> TIME_BITS == 0;
}

static apr_uint64_t word_of(apr_uint64_t key, apr_uint64_t time)
{
    return (key & ~TIME_MAX) | (time > TIME_MAX ? TIME_MAX : time);
}

static place_t *row_of(place_t rows[][WAYS], apr_uint64_t count,
                       apr_uint64_t key)
{
    return rows[key % count];
}

/* The place of a key, else the one that may be taken for it: free, or the
 * first to be. *word is what stands there. */
static place_t *place_find(apr_uint64_t *word, place_t *row, apr_uint64_t key)
{
    place_t *best = NULL;
    int way;

    for (way = 0; way < WAYS; way++) {
        apr_uint64_t there =
            atomic_load_explicit(&row[way], memory_order_relaxed);

        if (there != 0 && same_key(there, key)) {
            *word = there;
            return &row[way];
        }
        if (best == NULL || time_of(there) < time_of(*word)) {
            *word = there;
            best = &row[way];
        }
    }
    return best;
}

/* False when another changed it meanwhile. */
static bool place_set(place_t *place, apr_uint64_t word, apr_uint64_t next)
{
    return atomic_compare_exchange_strong_explicit(
        place, &word, next, memory_order_relaxed, memory_order_relaxed);
}

/* ---- taking ---- */

static apr_uint64_t cost_of(const ajr_rate_t *rate)
{
    return (apr_uint64_t)rate->per / 1000 / rate->count;
}

/* When the debt of a key will be paid: now, when it has none. One that no
 * clocks of this host could make was left by a clock that has been set back. */
static apr_uint64_t debt_of(apr_uint64_t word, apr_uint64_t key,
                            apr_uint64_t now, apr_uint64_t per)
{
    return !same_key(word, key) || time_of(word) < now ||
                   time_of(word) > now + 2 * per
               ? now
               : time_of(word);
}

apr_interval_time_t ajr_limit_take(ajr_limit_t *limit, apr_uint64_t key,
                                   const ajr_rate_t *rate, apr_time_t time)
{
    place_t *row = row_of(limit->rows, ROWS, key);
    apr_uint64_t now = clock_of(limit, time);
    apr_uint64_t per = (apr_uint64_t)rate->per / 1000;
    place_t *place;
    apr_uint64_t word, paid;

    do {
        place = place_find(&word, row, key);
        paid = debt_of(word, key, now, per) + cost_of(rate);
        if (paid > now + per) {
            return (apr_interval_time_t)(paid - now - per) * 1000;
        }
    } while (!place_set(place, word, word_of(key, paid)));
    return 0;
}

void ajr_limit_give_back(ajr_limit_t *limit, apr_uint64_t key,
                         const ajr_rate_t *rate, apr_time_t time)
{
    place_t *row = row_of(limit->rows, ROWS, key);
    apr_uint64_t now = clock_of(limit, time);
    place_t *place;
    apr_uint64_t word, less;

    do {
        place = place_find(&word, row, key);
        if (!same_key(word, key) || time_of(word) <= now) {
            return; /* paid, or driven out */
        }
        less = time_of(word) - now > cost_of(rate)
                   ? time_of(word) - cost_of(rate)
                   : now;
    } while (!place_set(place, word, word_of(key, less)));
}

/* ---- remembering ---- */

void ajr_limit_remember(ajr_limit_t *limit, apr_uint64_t key, apr_time_t until)
{
    place_t *row = row_of(limit->memory, MEMORY_ROWS, key);
    apr_uint64_t next = word_of(key, clock_of(limit, until));
    place_t *place;
    apr_uint64_t word;

    do {
        place = place_find(&word, row, key);
    } while (!place_set(place, word, next));
}

bool ajr_limit_remembers(ajr_limit_t *limit, apr_uint64_t key, apr_time_t time)
{
    apr_uint64_t word;

    place_find(&word, row_of(limit->memory, MEMORY_ROWS, key), key);
    return same_key(word, key) && time_of(word) > clock_of(limit, time);
}
