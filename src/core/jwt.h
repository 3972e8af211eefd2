/* SPDX-License-Identifier: Apache-2.0
 *
 * Compact JWS (RFC 7515 3.1) <-> verified header and claims (RFC 7519). No
 * clock and no policy: see policy.h for what the claims must say.
 */
#ifndef AJR_JWT_H
#define AJR_JWT_H

#include "key.h"
#include "outcome.h"

#define AJR_JWT_MAX 8192 /* bytes of the longest token accepted */

/* Claims that every judgment asks for. */
typedef enum ajr_known_t {
    AJR_KNOWN_EXP,
    AJR_KNOWN_SUB,
    AJR_KNOWN_NBF,
    AJR_KNOWN_IAT,
    AJR_KNOWN_ISS,
    AJR_KNOWN_AUD,
    AJR_KNOWN_JTI,
    AJR_KNOWN_TOKEN_TYPE,
    AJR_KNOWN_TOKEN_USE,
    AJR_KNOWN_CLIENT_ID,
    AJR_KNOWN_SID,
    AJR_KNOWN_GEN,
    AJR_KNOWN_CLAIMS
} ajr_known_t;

typedef struct ajr_jwt_t {
    const ajr_key_t *key; /* that verified it */
    /* Both live as long as the pool, and are shared by threads: never changed,
     * never incref'd, nothing of them put into another object. */
    const json_t *header; /* JOSE header */
    const json_t *claims; /* payload */
    /* Found in them beforehand: a token is verified once and judged often. */
    const json_t *typ;
    const json_t *known[AJR_KNOWN_CLAIMS];
    /* ajr_derived_sid() of a token without sid, where the cache keeps it; NULL:
     * nobody has computed it. */
    const unsigned char *derived;
} ajr_jwt_t;

/* Fills `typ` and `known` from header and claims. */
void ajr_jwt_know(ajr_jwt_t *jwt);

/* The claim of that name, NULL = none. */
const json_t *ajr_jwt_claim(const ajr_jwt_t *jwt, const char *name);

/* Verifies `token`. Nothing of the payload is parsed before the signature
 * holds. Refuses: shapes other than three non-empty base64url parts, headers
 * that are no strict JSON object, `alg` not a string of the algorithm table,
 * `crit`, `zip`, `enc`, `b64`, a `kid` that is no string. Ignores jwk, jku,
 * x5u, x5c. OK, TOKEN_MALFORMED, HEADER_REFUSED, ALG_REFUSED, KEY_UNKNOWN or
 * SIGNATURE_BAD; *out is NULL unless OK. */
ajr_outcome_t ajr_jwt_verify(const ajr_jwt_t **out, ajr_bytes_t token,
                             const ajr_keyset_t *keys, apr_pool_t *pool);

/* What a refused token says of itself, for the log and for nothing else:
 * never NULL, "-" for what is absent, not in the algorithm table, or not fit
 * to be printed (a kid of at most 64 printable characters is). */
void ajr_jwt_describe(const char **alg, const char **kid, ajr_bytes_t token,
                      apr_pool_t *pool);

/* Signs claims (compact, insertion order). typ NULL = no `typ`. The header is
 * typ, alg and, when the key has one, kid. OK or INTERNAL: claims that are no
 * object, a key that may not sign, a token longer than AJR_JWT_MAX. */
ajr_outcome_t ajr_jwt_sign(const char **out, const json_t *claims,
                           const char *typ, const ajr_key_t *key,
                           apr_pool_t *pool);

#endif
