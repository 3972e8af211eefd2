/* SPDX-License-Identifier: Apache-2.0
 *
 * What an access token says of its session, for whoever knows what was
 * revoked.
 */
#ifndef AJR_BEARER_H
#define AJR_BEARER_H

#include <apr_time.h>

#include "jwt.h"
#include "uuid.h"

typedef struct ajr_bearer_t {
    const unsigned char *sid; /* AJR_UUID_SIZE bytes, NULL = none */
    const char *subject;
    const char *client;     /* NULL = none */
    apr_time_t born;        /* APR_INT64_MIN = nobody knows: before any gate */
    apr_int64_t generation; /* -1 = none */
} ajr_bearer_t;

/* Of a token that holds; its claims and subject are borrowed. offset: the
 * database's wall time less ours. OK, or INTERNAL: OpenSSL failed. */
ajr_outcome_t ajr_bearer_read(ajr_bearer_t *out, ajr_bytes_t token,
                              const ajr_jwt_t *jwt, const char *subject,
                              apr_interval_time_t offset, apr_pool_t *pool);

/* The name that a claim is, as gates have it: hosts write some as numbers.
 * NULL = none. */
const char *ajr_bearer_name(const json_t *value, apr_pool_t *pool);

/* When the token was minted, by its minter's clock; keeps_iat: iat may be that
 * of the login. APR_INT64_MIN when it does not say. */
apr_time_t ajr_bearer_minted(const ajr_jwt_t *jwt, bool keeps_iat);

#endif
