/* SPDX-License-Identifier: Apache-2.0
 *
 * A key -> its public JWK. Nothing here reads a private number.
 */
#include "jwk.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#define NUMBER_MAX 2048 /* bytes */

/* RFC 7518 6.2.1.1 */
static const char *crv_of(const ajr_alg_t *alg)
{
    switch (alg->min_bits) {
    case 256:
        return "P-256";
    case 384:
        return "P-384";
    default:
        return "P-521";
    }
}

static bool text_set(json_t *jwk, const char *name, const char *text)
{
    return json_object_set_new(jwk, name, json_string(text)) == 0;
}

static bool bytes_set(json_t *jwk, const char *name, const unsigned char *data,
                      apr_size_t len, apr_pool_t *pool)
{
    ajr_bytes_t bytes = {data, len};

    return text_set(jwk, name, ajr_base64url_encode(bytes, pool));
}

/* A public number, in `size` bytes, or in as few as it needs for size 0. */
static bool number_set(json_t *jwk, const char *name, EVP_PKEY *pkey,
                       const char *key, int size, apr_pool_t *pool)
{
    unsigned char data[NUMBER_MAX];
    BIGNUM *number = NULL;
    bool good = false;

    if (EVP_PKEY_get_bn_param(pkey, key, &number) == 1) {
        size = size != 0 ? size : BN_num_bytes(number);
        good = size <= NUMBER_MAX && BN_bn2binpad(number, data, size) == size &&
               bytes_set(jwk, name, data, (apr_size_t)size, pool);
    }
    BN_free(number);
    return good;
}

static bool rsa_set(json_t *jwk, const ajr_key_t *key, apr_pool_t *pool)
{
    EVP_PKEY *pkey = key->material.pkey;

    return number_set(jwk, "n", pkey, OSSL_PKEY_PARAM_RSA_N, 0, pool) &&
           number_set(jwk, "e", pkey, OSSL_PKEY_PARAM_RSA_E, 0, pool);
}

static bool ec_set(json_t *jwk, const ajr_key_t *key, apr_pool_t *pool)
{
    EVP_PKEY *pkey = key->material.pkey;
    int size = (int)(key->alg->signature_size / 2);

    return text_set(jwk, "crv", crv_of(key->alg)) &&
           number_set(jwk, "x", pkey, OSSL_PKEY_PARAM_EC_PUB_X, size, pool) &&
           number_set(jwk, "y", pkey, OSSL_PKEY_PARAM_EC_PUB_Y, size, pool);
}

static bool okp_set(json_t *jwk, const ajr_key_t *key, apr_pool_t *pool)
{
    unsigned char data[32];
    size_t size = sizeof(data);

    return EVP_PKEY_get_raw_public_key(key->material.pkey, data, &size) == 1 &&
           text_set(jwk, "crv", "Ed25519") &&
           bytes_set(jwk, "x", data, size, pool);
}

/* kty and the numbers. */
static bool key_set(json_t *jwk, const ajr_key_t *key, apr_pool_t *pool)
{
    switch (key->alg->type) {
    case AJR_KEY_RSA:
        return text_set(jwk, "kty", "RSA") && rsa_set(jwk, key, pool);
    case AJR_KEY_EC:
        return text_set(jwk, "kty", "EC") && ec_set(jwk, key, pool);
    case AJR_KEY_OKP:
        return text_set(jwk, "kty", "OKP") && okp_set(jwk, key, pool);
    default:
        return false;
    }
}

json_t *ajr_jwk_export(const ajr_key_t *key, apr_pool_t *pool)
{
    json_t *jwk = ajr_json_own(json_object(), pool);
    bool good = key_set(jwk, key, pool) && text_set(jwk, "use", "sig") &&
                text_set(jwk, "alg", key->alg->name) &&
                (key->kid == NULL || text_set(jwk, "kid", key->kid));

    ERR_clear_error();
    return good ? jwk : NULL;
}
