/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens whose signature has been verified in this process, so that a client's
 * next request costs a comparison and not a signature.
 *
 * An entry says one thing: these bytes were signed by a key of that set. It is
 * found by all of the token's bytes and by the set, compared in constant time,
 * and it is dropped when the token's `exp` has come. Claims are judged anew
 * each time; only what was verified gets in, so nobody can fill the cache
 * without tokens of his own. Safe between threads; bounded in number and size.
 */
#ifndef AJR_CACHE_H
#define AJR_CACHE_H

#include <apr_time.h>

#include "jwt.h"

/* Longest token kept: what is larger is verified each time. */
#define AJR_CACHE_TOKEN_MAX 2048

typedef struct ajr_cache_t ajr_cache_t;

/* A cache of at least `entries` tokens, freed with the pool. seed is random:
 * it keeps the places of tokens from being foreseen. NULL when there is no
 * memory or mutex. */
ajr_cache_t *ajr_cache_make(int entries, apr_uint64_t seed, apr_pool_t *pool);

/* As ajr_jwt_verify(), through the cache; cache NULL = without. `set` names
 * the keys: a number that no other set of this process has or will have. */
ajr_outcome_t ajr_cache_verify(const ajr_jwt_t **out, ajr_cache_t *cache,
                               ajr_bytes_t token, const ajr_keyset_t *keys,
                               apr_uint64_t set, apr_time_t now,
                               apr_pool_t *pool);

/* For the status page and the tests. */
typedef struct ajr_cache_counts_t {
    apr_uint64_t hits;
    apr_uint64_t misses;
} ajr_cache_counts_t;

void ajr_cache_counts(ajr_cache_counts_t *out, ajr_cache_t *cache);

#endif
