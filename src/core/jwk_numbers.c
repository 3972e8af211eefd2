/* SPDX-License-Identifier: Apache-2.0 */
#include "jwk_numbers.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "wiped.h"

#define RSA_BYTES_MAX 2048 /* OpenSSL verifies with no longer modulus */

/* The half of a key that is wanted. */
typedef struct half_t {
    const json_t *json;
    const ajr_alg_t *alg;
    bool private;
} half_t;

/* Numbers on their way to OpenSSL, in scratch memory. */
typedef struct numbers_t {
    const json_t *jwk;
    OSSL_PARAM list[12];
    size_t count;
    apr_pool_t *scratch;
} numbers_t;

bool ajr_jwk_bytes(ajr_bytes_t *out, const json_t *jwk, const char *name,
                   apr_size_t max, apr_pool_t *scratch)
{
    const json_t *value = json_object_get(jwk, name);
    ajr_bytes_t text = {(const unsigned char *)json_string_value(value),
                        json_string_length(value)};

    if (text.data == NULL || !ajr_base64url_decode(out, text, scratch)) {
        return false;
    }
    ajr_wiped_later((unsigned char *)out->data, out->len, scratch);
    return out->len > 0 && out->len <= max;
}

/* Big-endian bytes as the parameter that OpenSSL calls `key`. */
static bool number_add(numbers_t *numbers, const char *key, ajr_bytes_t bytes)
{
    BIGNUM *number = BN_bin2bn(bytes.data, (int)bytes.len, NULL);
    unsigned char *native = ajr_wiped_alloc(bytes.len, numbers->scratch);
    bool good = number != NULL && !BN_is_zero(number) &&
                BN_bn2nativepad(number, native, (int)bytes.len) >= 0;

    BN_clear_free(number);
    numbers->list[numbers->count++] =
        OSSL_PARAM_construct_BN(key, native, bytes.len);
    return good;
}

static const char *number_read(numbers_t *numbers, const char *key,
                               const char *name)
{
    ajr_bytes_t bytes;

    if (!ajr_jwk_bytes(&bytes, numbers->jwk, name, RSA_BYTES_MAX,
                       numbers->scratch) ||
        !number_add(numbers, key, bytes)) {
        return apr_psprintf(numbers->scratch,
                            "lacks `%s`, or that is no base64url number", name);
    }
    return NULL;
}

static apr_status_t free_pkey(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

static const char *own(EVP_PKEY **out, EVP_PKEY *pkey, apr_pool_t *pool)
{
    *out = pkey;
    if (pkey == NULL) {
        return "has numbers that OpenSSL takes for no key";
    }
    apr_pool_cleanup_register(pool, pkey, free_pkey, apr_pool_cleanup_null);
    return NULL;
}

static const char *build(EVP_PKEY **out, const char *type, numbers_t *numbers,
                         bool private, apr_pool_t *pool)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    numbers->list[numbers->count] = OSSL_PARAM_construct_end();
    if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1) {
        EVP_PKEY_fromdata(ctx, &pkey,
                          private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                          numbers->list);
    }
    EVP_PKEY_CTX_free(ctx);
    return own(out, pkey, pool);
}

/* RFC 7518 6.3. The numbers behind d come all or not at all. */
static const char *rsa_read(EVP_PKEY **out, const half_t *half,
                            apr_pool_t *scratch, apr_pool_t *pool)
{
    static const char *const names[][2] = {
        {"n", OSSL_PKEY_PARAM_RSA_N},
        {"e", OSSL_PKEY_PARAM_RSA_E},
        {"d", OSSL_PKEY_PARAM_RSA_D},
        {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
        {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
        {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
        {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
        {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
    };
    numbers_t numbers = {.jwk = half->json, .scratch = scratch};
    size_t wanted = !half->private                             ? 2
                    : json_object_get(half->json, "p") == NULL ? 3
                                                               : 8;
    const char *why = NULL;
    size_t i;

    if (half->private && json_object_get(half->json, "oth") != NULL) {
        return "has more than two primes (oth), which is not supported";
    }
    for (i = 0; why == NULL && i < wanted; i++) {
        why = number_read(&numbers, names[i][1], names[i][0]);
    }
    return why != NULL ? why : build(out, "RSA", &numbers, half->private, pool);
}

/* RFC 7518 6.2. Coordinates are to be as long as the field. Widely used writers
 * (PyJWT, for one) leave out zero bytes in front, as numbers elsewhere in JWK
 * do, in one key of 128 and in every other one of P-521: read as what is meant,
 * for the point is looked at anyhow. */
static const char *ec_read(EVP_PKEY **out, const half_t *half,
                           apr_pool_t *scratch, apr_pool_t *pool)
{
    numbers_t numbers = {.jwk = half->json, .scratch = scratch};
    apr_size_t size = half->alg->signature_size / 2;
    unsigned char *point = apr_pcalloc(scratch, 1 + 2 * size);
    ajr_bytes_t x, y, d;

    if (!ajr_jwk_bytes(&x, half->json, "x", size, scratch) ||
        !ajr_jwk_bytes(&y, half->json, "y", size, scratch)) {
        return "has x or y that is missing or longer than its curve allows";
    }
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(point + 1 + size - x.len, x.data, x.len);
    memcpy(point + 1 + 2 * size - y.len, y.data, y.len);
    numbers.list[numbers.count++] = OSSL_PARAM_construct_utf8_string(
        OSSL_PKEY_PARAM_GROUP_NAME, (char *)half->alg->curve, 0);
    numbers.list[numbers.count++] = OSSL_PARAM_construct_octet_string(
        OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size);
    if (half->private && (!ajr_jwk_bytes(&d, half->json, "d", size, scratch) ||
                          !number_add(&numbers, OSSL_PKEY_PARAM_PRIV_KEY, d))) {
        return "has a d that is longer than its curve allows";
    }
    return build(out, "EC", &numbers, half->private, pool);
}

/* RFC 8037 2. OpenSSL makes x from d: they must be halves of one key. */
static const char *okp_read(EVP_PKEY **out, const half_t *half,
                            apr_pool_t *scratch, apr_pool_t *pool)
{
    const char *curve = half->alg->curve;
    ajr_bytes_t x, d;
    unsigned char public[32];
    size_t size = sizeof(public);
    const char *why;

    if (!ajr_jwk_bytes(&x, half->json, "x", sizeof(public), scratch) ||
        x.len != sizeof(public)) {
        return "has an x that is missing or not 32 bytes long";
    }
    if (!half->private) {
        return own(
            out,
            EVP_PKEY_new_raw_public_key_ex(NULL, curve, NULL, x.data, x.len),
            pool);
    }
    if (!ajr_jwk_bytes(&d, half->json, "d", sizeof(public), scratch) ||
        d.len != sizeof(public)) {
        return "has a d that is not 32 bytes long";
    }
    why = own(out,
              EVP_PKEY_new_raw_private_key_ex(NULL, curve, NULL, d.data, d.len),
              pool);
    if (why == NULL && (EVP_PKEY_get_raw_public_key(*out, public, &size) != 1 ||
                        size != x.len || memcmp(public, x.data, size) != 0)) {
        return "has an x that does not belong to its d";
    }
    return why;
}

static const char *pkey_read(EVP_PKEY **out, const half_t *half,
                             apr_pool_t *scratch, apr_pool_t *pool)
{
    switch (half->alg->type) {
    case AJR_KEY_RSA:
        return rsa_read(out, half, scratch, pool);
    case AJR_KEY_EC:
        return ec_read(out, half, scratch, pool);
    default:
        return okp_read(out, half, scratch, pool);
    }
}

const char *ajr_jwk_pkey(EVP_PKEY **out, const json_t *jwk,
                         const ajr_alg_t *alg, bool private, apr_pool_t *pool)
{
    const half_t half = {jwk, alg, private};
    apr_pool_t *scratch;
    const char *why;

    *out = NULL;
    apr_pool_create(&scratch, pool);
    why = apr_pstrdup(pool, pkey_read(out, &half, scratch, pool));
    apr_pool_destroy(scratch);
    ERR_clear_error();
    return why;
}
