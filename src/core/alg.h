/* SPDX-License-Identifier: Apache-2.0
 *
 * The algorithm table (RFC 7518 3.1, RFC 8037 3.1). Key type, digest, curve,
 * padding and sizes are columns, so that a token cannot choose a combination
 * that is not a row, and a key cannot serve another algorithm than its own.
 */
#ifndef AJR_ALG_H
#define AJR_ALG_H

#include <openssl/evp.h>

#include "hmac.h"

typedef enum ajr_key_type_t {
    AJR_KEY_OCT, /* symmetric (RFC 7518 6.4) */
    AJR_KEY_RSA,
    AJR_KEY_EC,
    AJR_KEY_OKP /* Edwards curves (RFC 8037 2) */
} ajr_key_type_t;

typedef struct ajr_alg_t {
    const char *name; /* "alg" in the header, compared exactly */
    ajr_key_type_t type;
    const char *digest;        /* OpenSSL name; NULL: the curve has its own */
    const char *curve;         /* OpenSSL group or key name; NULL: none */
    int padding;               /* RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, 0 */
    int min_bits;              /* smallest key, in bits */
    apr_size_t signature_size; /* bytes; 0 = as long as the RSA modulus */
} ajr_alg_t;

/* A key as the algorithms see it: hmac for AJR_KEY_OCT, pkey for the rest. */
typedef struct ajr_alg_key_t {
    const ajr_hmac_t *hmac;
    EVP_PKEY *pkey;
} ajr_alg_key_t;

/* The row of that name, NULL when there is none ("none" never is one). */
const ajr_alg_t *ajr_alg_find(const char *name);

/* The rows in order, for tests and messages; NULL past the last. */
const ajr_alg_t *ajr_alg_at(int index);

/* NULL when pkey fits the row, else what is wrong with it, as a sentence
 * without subject: "has 1024 bits, RS256 needs 2048". */
const char *ajr_alg_refuses(const ajr_alg_t *alg, EVP_PKEY *pkey,
                            apr_pool_t *pool);

/* JWS signature (RFC 7515 5.1) of input, in JWS shape: r||s for ECDSA. False
 * when OpenSSL fails or the key cannot sign. */
bool ajr_alg_sign(ajr_bytes_t *signature, const ajr_alg_t *alg,
                  const ajr_alg_key_t *key, ajr_bytes_t input,
                  apr_pool_t *pool);

/* Whether signature is that of input. Wrong length, DER in place of r||s, r
 * or s out of range: false. Constant time for MACs. Drains OpenSSL's error
 * queue. */
bool ajr_alg_verify(const ajr_alg_t *alg, const ajr_alg_key_t *key,
                    ajr_bytes_t input, ajr_bytes_t signature, apr_pool_t *pool);

#endif
