/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and key sets. A key belongs to one algorithm from the moment it is
 * made. Read-only once the configuration has been read; shared by all threads.
 */
#ifndef AJR_KEY_H
#define AJR_KEY_H

#include "alg.h"

typedef struct ajr_key_t {
    const ajr_alg_t *alg;
    const char *kid; /* NULL = none */
    ajr_alg_key_t material;
    bool secret; /* private or symmetric */
    bool signs;  /* secret, and allowed to mint */
} ajr_key_t;

/* const ajr_key_t * in the order of configuration. NULL = no keys. */
typedef apr_array_header_t ajr_keyset_t;

/* What the administrator allows a key to be used for. */
typedef enum ajr_use_t { AJR_USE_ANY, AJR_USE_SIGN, AJR_USE_VERIFY } ajr_use_t;

/* A key of `alg` from its bytes: the secret itself for HS*, PEM (private key,
 * public key or certificate) for the rest. A private key is test-signed. use
 * SIGN needs a key that can; VERIFY keeps it from minting. Returns NULL or a
 * sentence without subject ("is an EC key, RS256 needs RSA"). */
const char *ajr_key_make(ajr_key_t **out, const ajr_alg_t *alg,
                         ajr_bytes_t material, const char *kid, ajr_use_t use,
                         apr_pool_t *pool);

/* The same of a key that OpenSSL has taken in already and the pool owns;
 * `private` tells whether its private half is there. */
const char *ajr_key_adopt(ajr_key_t **out, const ajr_alg_t *alg, EVP_PKEY *pkey,
                          bool private, const char *kid, ajr_use_t use,
                          apr_pool_t *pool);

/* The first key that may mint, NULL when none. */
const ajr_key_t *ajr_keyset_signer(const ajr_keyset_t *keys);

/* The next key after `after` (NULL = from the start) that can verify a token
 * of `alg` and `kid`: with a kid, keys of that kid and keys without one; with
 * kid NULL, every key of that algorithm. NULL when there is no further. */
const ajr_key_t *ajr_keyset_next(const ajr_keyset_t *keys,
                                 const ajr_key_t *after, const ajr_alg_t *alg,
                                 const char *kid);

#endif
