/* SPDX-License-Identifier: Apache-2.0
 *
 * What the unit tests share: a pool for each test, keys, tokens.
 */
#ifndef AJR_UNIT_H
#define AJR_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "key.h"

/* A test that finds its apr_pool_t in *state. */
#define UNIT_TEST(f) cmocka_unit_test_setup_teardown(f, unit_up, unit_down)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int unit_up(void **state);
int unit_down(void **state);

/* A key pair of that kind: "RSA-<bits>", "RSA-PSS", "ED25519", "X25519", ..
 * or an elliptic curve. Generated once; `which` tells several apart. */
EVP_PKEY *unit_pkey(const char *kind, int which);

/* The kind of key that fits an algorithm; NULL for HS*. */
const char *unit_kind(const ajr_alg_t *alg);

/* PEM text of a key pair. */
ajr_bytes_t unit_private_pem(EVP_PKEY *pkey, apr_pool_t *pool);
ajr_bytes_t unit_public_pem(EVP_PKEY *pkey, apr_pool_t *pool);
ajr_bytes_t unit_certificate_pem(EVP_PKEY *pkey, apr_pool_t *pool);

/* A key that signs, for the algorithm of that name. */
const ajr_key_t *unit_key(const char *alg, int which, const char *kid,
                          apr_pool_t *pool);

/* A set of up to three keys; NULL is left out. */
const ajr_keyset_t *unit_keyset(const ajr_key_t *a, const ajr_key_t *b,
                                const ajr_key_t *c, apr_pool_t *pool);

/* header.payload.signature, signed by key whatever the header says. */
const char *unit_token(const char *header, const char *payload,
                       const ajr_key_t *key, apr_pool_t *pool);
const char *unit_token_bytes(ajr_bytes_t header, ajr_bytes_t payload,
                             const ajr_key_t *key, apr_pool_t *pool);

/* Array of const char *, ended by NULL. */
apr_array_header_t *unit_list(apr_pool_t *pool, ...);

/* Bytes of a literal, with the NULs in it. */
#define BYTES(literal) \
    ((ajr_bytes_t){(const unsigned char *)(literal), sizeof(literal) - 1})

ajr_bytes_t unit_unhex(const char *hex, apr_pool_t *pool);

#endif
