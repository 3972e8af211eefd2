/* SPDX-License-Identifier: Apache-2.0
 *
 * How often something may happen, for more names than anybody can count: a
 * table of fixed size in memory that processes share, without locks.
 *
 * A key is a keyed hash of 64 bits: nobody outside knows which names share a
 * row. A row that is full loses what would be forgotten first, so that a name
 * under attack is the last to go.
 */
#ifndef AJR_LIMIT_H
#define AJR_LIMIT_H

#include <apr_time.h>

#include "siphash.h"

/* `count` at once, and then one each per / count: a debt that time pays. */
typedef struct ajr_rate_t {
    apr_uint32_t count;      /* 0 = no limit, at most 1000 */
    apr_interval_time_t per; /* 1 s to 1 d */
} ajr_rate_t;

typedef struct ajr_limit_t ajr_limit_t;

/* "10/1m" or "Off"; false for everything else. */
bool ajr_rate_parse(ajr_rate_t *rate, const char *text);

/* Bytes of a table. */
apr_size_t ajr_limit_size(void);

/* Makes a table of zeroed memory. `born`: no later time is before it, but for
 * a clock that is set back. */
void ajr_limit_start(ajr_limit_t *limit,
                     const unsigned char secret[AJR_SIPHASH_KEY_SIZE],
                     apr_time_t born);

apr_uint64_t ajr_limit_key(const ajr_limit_t *limit, const char *text);

/* 0: it may happen, and has been counted. Else nothing was counted, and it may
 * after so many microseconds. */
apr_interval_time_t ajr_limit_take(ajr_limit_t *limit, apr_uint64_t key,
                                   const ajr_rate_t *rate, apr_time_t now);

/* It did not happen after all. */
void ajr_limit_give_back(ajr_limit_t *limit, apr_uint64_t key,
                         const ajr_rate_t *rate, apr_time_t now);

/* Remembers a key until then, in a part of the table that no taking touches;
 * the oldest are forgotten earlier when there are too many. */
void ajr_limit_remember(ajr_limit_t *limit, apr_uint64_t key, apr_time_t until);
bool ajr_limit_remembers(ajr_limit_t *limit, apr_uint64_t key, apr_time_t now);

#endif
