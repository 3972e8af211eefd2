/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <apr_thread_mutex.h>

#include "derived.h"
#include "grant.h"

#define WAYS 4     /* places that a token may have */
#define STRIPES 64 /* mutexes; places are spread over them */
#define TAIL 16    /* last bytes of a token: those of its signature */

/* Seconds to which a distant exp is cut: 69 000 years, which still fits when
 * they are microseconds. */
#define FAR (APR_INT64_C(1) << 41)

/* A token that was verified. Read-only but for its count: one for the place in
 * the table, one for each request that reads it. The count is our own, since
 * that of jansson is not made for several threads. */
typedef struct entry_t {
    atomic_int references;
    apr_uint64_t set;
    apr_time_t until; /* exp */
    ajr_jwt_t jwt;    /* copies, shared with nobody */
    unsigned char derived[AJR_UUID_SIZE];
    apr_size_t len;
    unsigned char token[];
} entry_t;

typedef struct stripe_t {
    apr_thread_mutex_t *lock;
    ajr_cache_counts_t counts;
} stripe_t;

struct ajr_cache_t {
    apr_uint64_t seed;
    apr_uint64_t mask; /* rows - 1 */
    stripe_t stripes[STRIPES];
    entry_t *(*rows)[WAYS]; /* NULL = free */
};

/* ---- entries ---- */

/* A pool cleanup; NULL is left alone. */
static apr_status_t entry_release(void *data)
{
    entry_t *entry = data;

    if (entry != NULL && atomic_fetch_sub(&entry->references, 1) == 1) {
        json_decref((json_t *)entry->jwt.header); /* ours */
        json_decref((json_t *)entry->jwt.claims);
        free(entry);
    }
    return APR_SUCCESS;
}

/* The end of a token's life, 0 when it has none that can be used. */
static apr_time_t life_end(const ajr_jwt_t *jwt)
{
    const json_t *exp = jwt->known[AJR_KNOWN_EXP];
    double seconds = json_number_value(exp);

    if (!json_is_number(exp) || seconds <= 0) {
        return 0;
    }
    return seconds >= (double)FAR ? apr_time_from_sec(FAR)
                                  : (apr_time_t)(seconds * APR_USEC_PER_SEC);
}

/* A host's own tokens name no session: theirs comes from a hash of the token,
 * which is not to be computed for each look at the board. */
static void derive(entry_t *entry, ajr_bytes_t token)
{
    unsigned char named[AJR_SID_SIZE];

    if (!ajr_grant_sid_read(named, entry->jwt.known[AJR_KNOWN_SID]) &&
        ajr_derived_sid(entry->derived, token, entry->jwt.claims) == AJR_OK) {
        entry->jwt.derived = entry->derived;
    }
}

/* NULL when there is no memory. */
static entry_t *entry_make(ajr_bytes_t token, apr_uint64_t set,
                           const ajr_jwt_t *jwt)
{
    entry_t *entry = malloc(sizeof(*entry) + token.len);

    if (entry == NULL) {
        return NULL;
    }
    atomic_init(&entry->references, 1);
    entry->set = set;
    entry->until = life_end(jwt);
    entry->jwt.key = jwt->key;
    entry->jwt.derived = NULL;
    entry->jwt.header = json_deep_copy(jwt->header);
    entry->jwt.claims = json_deep_copy(jwt->claims);
    entry->len = token.len;
    memcpy(entry->token, token.data, token.len);
    if (entry->jwt.header == NULL || entry->jwt.claims == NULL) {
        entry_release(entry);
        return NULL;
    }
    ajr_jwt_know(&entry->jwt);
    derive(entry, token);
    return entry;
}

static bool entry_is(const entry_t *entry, ajr_bytes_t token, apr_uint64_t set)
{
    ajr_bytes_t known = {entry == NULL ? NULL : entry->token,
                         entry == NULL ? 0 : entry->len};

    return entry != NULL && entry->set == set &&
           ajr_bytes_equal_secret(known, token);
}

/* ---- the table ---- */

static apr_status_t release(void *data)
{
    ajr_cache_t *cache = data;
    apr_uint64_t row;
    int way;

    for (row = 0; row <= cache->mask; row++) {
        for (way = 0; way < WAYS; way++) {
            entry_release(cache->rows[row][way]);
        }
    }
    free(cache->rows);
    return APR_SUCCESS;
}

ajr_cache_t *ajr_cache_make(int entries, apr_uint64_t seed, apr_pool_t *pool)
{
    ajr_cache_t *cache = apr_pcalloc(pool, sizeof(*cache));
    apr_uint64_t rows = 1;
    int i;

    while (rows * WAYS < (apr_uint64_t)(entries > 0 ? entries : 1)) {
        rows *= 2;
    }
    cache->seed = seed;
    cache->mask = rows - 1;
    for (i = 0; i < STRIPES; i++) {
        if (apr_thread_mutex_create(&cache->stripes[i].lock,
                                    APR_THREAD_MUTEX_DEFAULT,
                                    pool) != APR_SUCCESS) {
            return NULL;
        }
    }
    cache->rows = calloc(rows, sizeof(*cache->rows));
    if (cache->rows == NULL) {
        return NULL;
    }
    apr_pool_cleanup_register(pool, cache, release, apr_pool_cleanup_null);
    return cache;
}

/* The row of a token. Its tail is part of a signature that has been verified
 * when it gets in, so it is spread evenly; the seed is for those who search
 * for tails that meet. */
static apr_uint64_t row_of(const ajr_cache_t *cache, ajr_bytes_t token)
{
    apr_uint64_t half[2];
    apr_uint64_t mixed;

    memcpy(half, token.data + token.len - TAIL, TAIL);
    mixed = (half[0] ^ cache->seed) * APR_UINT64_C(0x9e3779b97f4a7c15);
    mixed =
        ((mixed ^ mixed >> 32) ^ half[1]) * APR_UINT64_C(0xd6e8feb86659fd93);
    return (mixed ^ mixed >> 32) & cache->mask;
}

static bool cacheable(ajr_bytes_t token)
{
    return token.len >= TAIL && token.len <= AJR_CACHE_TOKEN_MAX;
}

/* The entry of a token, with a reference for the caller; NULL = none. */
static entry_t *find(ajr_cache_t *cache, ajr_bytes_t token, apr_uint64_t set,
                     apr_time_t now)
{
    apr_uint64_t row = row_of(cache, token);
    stripe_t *stripe = &cache->stripes[row % STRIPES];
    entry_t *found = NULL;
    int way;

    apr_thread_mutex_lock(stripe->lock);
    for (way = 0; way < WAYS && found == NULL; way++) {
        entry_t *entry = cache->rows[row][way];

        if (entry_is(entry, token, set) && entry->until > now) {
            atomic_fetch_add(&entry->references, 1);
            found = entry;
        }
    }
    stripe->counts.hits += found != NULL;
    stripe->counts.misses += found == NULL;
    apr_thread_mutex_unlock(stripe->lock);
    return found;
}

/* Where a new entry goes: its own place, a free one, or that of the token
 * with the shortest life left. */
static entry_t **place_for(const entry_t *new, entry_t **row)
{
    ajr_bytes_t token = {new->token, new->len};
    entry_t **chosen = row;
    int way;

    for (way = 0; way < WAYS; way++) {
        if (row[way] == NULL || entry_is(row[way], token, new->set)) {
            return &row[way];
        }
        if (row[way]->until < (*chosen)->until) {
            chosen = &row[way];
        }
    }
    return chosen;
}

static void add(ajr_cache_t *cache, ajr_bytes_t token, apr_uint64_t set,
                const ajr_jwt_t *jwt)
{
    apr_uint64_t row = row_of(cache, token);
    stripe_t *stripe = &cache->stripes[row % STRIPES];
    entry_t *new = entry_make(token, set, jwt);
    entry_t *old;
    entry_t **place;

    if (new == NULL) {
        return;
    }
    apr_thread_mutex_lock(stripe->lock);
    place = place_for(new, cache->rows[row]);
    old = *place;
    *place = new;
    apr_thread_mutex_unlock(stripe->lock);
    entry_release(old);
}

ajr_outcome_t ajr_cache_verify(const ajr_jwt_t **out, ajr_cache_t *cache,
                               ajr_bytes_t token, const ajr_keyset_t *keys,
                               apr_uint64_t set, apr_time_t now,
                               apr_pool_t *pool)
{
    ajr_outcome_t outcome;
    entry_t *entry;

    if (cache == NULL || !cacheable(token)) {
        return ajr_jwt_verify(out, token, keys, pool);
    }
    entry = find(cache, token, set, now);
    if (entry != NULL) {
        apr_pool_cleanup_register(pool, entry, entry_release,
                                  apr_pool_cleanup_null);
        *out = &entry->jwt;
        return AJR_OK;
    }
    outcome = ajr_jwt_verify(out, token, keys, pool);
    if (outcome == AJR_OK && life_end(*out) > now) {
        add(cache, token, set, *out);
    }
    return outcome;
}

void ajr_cache_counts(ajr_cache_counts_t *out, ajr_cache_t *cache)
{
    int i;

    memset(out, 0, sizeof(*out));
    for (i = 0; i < STRIPES; i++) {
        stripe_t *stripe = &cache->stripes[i];

        apr_thread_mutex_lock(stripe->lock);
        out->hits += stripe->counts.hits;
        out->misses += stripe->counts.misses;
        apr_thread_mutex_unlock(stripe->lock);
    }
}
