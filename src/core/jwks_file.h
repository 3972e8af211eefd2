/* SPDX-License-Identifier: Apache-2.0
 *
 * A JWK set in a file that may be replaced while it is in use.
 *
 * Read as root with the configuration, then looked at by each child process
 * with its own rights. Requests hold the set that they judge by and take no
 * lock for it: one atomic addition to take it, one to give it back. A set that
 * was replaced is freed by the last request that holds it.
 */
#ifndef AJR_JWKS_FILE_H
#define AJR_JWKS_FILE_H

#include <apr_time.h>

#include "jwks.h"

typedef struct ajr_jwks_file_t ajr_jwks_file_t;

/* What a look at the file brought. All NULL and false: nothing new. */
typedef struct ajr_jwks_news_t {
    bool replaced;
    const char *error;   /* a sentence; the old set stays */
    const char *warning; /* a sentence about what is in force now */
} ajr_jwks_news_t;

/* Reads path, below root when it is relative. NULL, or a sentence that names
 * it and repeats nothing of its content. news->warning may be set. Make it
 * before processes fork: they then tell each error once, not once each. */
const char *ajr_jwks_file_open(ajr_jwks_file_t **out, ajr_jwks_news_t *news,
                               const char *path, const char *root,
                               apr_pool_t *pool);

const char *ajr_jwks_file_path(const ajr_jwks_file_t *file);

/* Looks whether the file is another than the one in force, once for each
 * second of `now`, in one thread at a time; the others go on. A file that
 * cannot be used is told once for each state of the file. Any thread. */
void ajr_jwks_file_look(ajr_jwks_news_t *news, ajr_jwks_file_t *file,
                        apr_time_t now, apr_pool_t *pool);

/* The set in force, which stays until the pool goes, and its number: no other
 * set of this file has or will have it. Any thread. */
const ajr_keyset_t *ajr_jwks_file_hold(apr_uint64_t *number,
                                       ajr_jwks_file_t *file, apr_pool_t *pool);

#endif
