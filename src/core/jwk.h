/* SPDX-License-Identifier: Apache-2.0
 *
 * One JSON Web Key (RFC 7517 4, RFC 7518 6, RFC 8037 2) <-> one key.
 *
 * A key belongs to one algorithm (RFC 8725 3.1). Where the JWK has no `alg`:
 * EC by its curve, OKP EdDSA, RSA RS256. The last is what issuers that leave
 * `alg` out sign with; one that means another has to say so, for a key that
 * served every RS* and PS* would let the token choose.
 */
#ifndef AJR_JWK_H
#define AJR_JWK_H

#include "key.h"

/* A key of `alg` from the text of a JWK, private, public or symmetric. Its own
 * `alg`, if any, must be the same one; kid, if any, replaces its own. use and
 * key_ops are obeyed: no key for encryption, no minting without `sign`.
 * NULL, or a sentence without subject that repeats nothing of the text. */
const char *ajr_jwk_make(ajr_key_t **out, const ajr_alg_t *alg,
                         ajr_bytes_t text, const char *kid, ajr_use_t use,
                         apr_pool_t *pool);

/* A key that verifies, from a member of a JWK set: the public half of it. A
 * symmetric one is refused, whoever can read the set could sign; `foreign`
 * tells of one that is in order but for something else (encryption, a type,
 * curve or algorithm that we do not have), which RFC 7517 5 has us ignore. */
const char *ajr_jwk_member(ajr_key_t **out, bool *foreign, const json_t *jwk,
                           apr_pool_t *pool);

/* The secret of a symmetric JWK: for what is no JWS key. NULL or a sentence
 * without subject. */
const char *ajr_jwk_secret(ajr_bytes_t *out, ajr_bytes_t text,
                           apr_pool_t *pool);

/* The public half as a JWK: kty, use "sig", alg, kid and the numbers. NULL for
 * a symmetric key, which has none. Lives as long as the pool. */
json_t *ajr_jwk_export(const ajr_key_t *key, apr_pool_t *pool);

#endif
