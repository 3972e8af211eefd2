/* SPDX-License-Identifier: Apache-2.0
 *
 * A JWK set (RFC 7517 5) <-> keys that verify.
 */
#ifndef AJR_JWKS_H
#define AJR_JWKS_H

#include "jwk.h"

/* Most keys for signatures in one set: a token without a kid is tried with
 * each of its algorithm. */
#define AJR_JWKS_MAX 64

/* The keys of a set, verification only. Members that are not for us are
 * passed over (RFC 7517 5); symmetric, malformed and weak ones are left out,
 * and `warning` (NULL = none) is a sentence without subject about the first of
 * them. A set in which nothing is left is refused. NULL, or a sentence without
 * subject. Neither repeats anything of the text. */
const char *ajr_jwks_read(ajr_keyset_t **out, const char **warning,
                          ajr_bytes_t text, apr_pool_t *pool);

/* The public set of keys, each once, symmetric ones left out: {"keys":[..]}.
 * Lives as long as the pool. NULL when memory is short. */
json_t *ajr_jwks_export(const ajr_keyset_t *keys, apr_pool_t *pool);

#endif
