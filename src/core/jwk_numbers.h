/* SPDX-License-Identifier: Apache-2.0
 *
 * The numbers of a JWK (RFC 7518 6, RFC 8037 2) -> a key of OpenSSL's.
 */
#ifndef AJR_JWK_NUMBERS_H
#define AJR_JWK_NUMBERS_H

#include "alg.h"

/* The key of a JWK whose kty and crv are those of alg, not symmetric; with
 * its private half or without. Owned by the pool. NULL, or a sentence without
 * subject. Whether the numbers are sound is not looked at. */
const char *ajr_jwk_pkey(EVP_PKEY **out, const json_t *jwk,
                         const ajr_alg_t *alg, bool private, apr_pool_t *pool);

/* The bytes of a base64url member, 1 to max of them; wiped with the pool. */
bool ajr_jwk_bytes(ajr_bytes_t *out, const json_t *jwk, const char *name,
                   apr_size_t max, apr_pool_t *pool);

#endif
