/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

int unit_up(void **state)
{
    apr_pool_t *pool = NULL;

    if (apr_initialize() != APR_SUCCESS ||
        apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return -1;
    }
    *state = pool;
    return 0;
}

/* OpenSSL's queue must be empty wherever OpenSSL was left: an error that stays
 * there is taken by somebody else's call for its own. */
int unit_down(void **state)
{
    unsigned long left = ERR_peek_error();

    apr_pool_destroy(*state);
    ERR_clear_error();
    return left == 0 ? 0 : -1;
}

/* EVP_PKEY_Q_keygen() does not know every type. */
static EVP_PKEY *generate_plain(const char *type)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (EVP_PKEY_keygen_init(ctx) == 1) {
        EVP_PKEY_generate(ctx, &pkey);
    }
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static EVP_PKEY *generate(const char *kind)
{
    if (strncmp(kind, "RSA-", 4) == 0 && strcmp(kind, "RSA-PSS") != 0) {
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
                                 (size_t)strtoul(kind + 4, NULL, 10));
    }
    if (strcmp(kind, "prime256v1") == 0 || strncmp(kind, "secp", 4) == 0) {
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    }
    return generate_plain(kind);
}

EVP_PKEY *unit_pkey(const char *kind, int which)
{
    static struct {
        char kind[16];
        int which;
        EVP_PKEY *pkey;
    } made[32];
    size_t i;

    for (i = 0; made[i].pkey != NULL; i++) {
        if (strcmp(made[i].kind, kind) == 0 && made[i].which == which) {
            return made[i].pkey;
        }
        assert_true(i + 1 < COUNT(made));
    }
    made[i].pkey = generate(kind);
    assert_non_null(made[i].pkey);
    apr_cpystrn(made[i].kind, kind, sizeof(made[i].kind));
    made[i].which = which;
    return made[i].pkey;
}

const char *unit_kind(const ajr_alg_t *alg)
{
    if (alg->type == AJR_KEY_OCT) {
        return NULL;
    }
    return alg->type == AJR_KEY_RSA ? "RSA-2048" : alg->curve;
}

static ajr_bytes_t drain(BIO *bio, apr_pool_t *pool)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    ajr_bytes_t bytes = {
        (unsigned char *)apr_pstrmemdup(pool, data, (apr_size_t)len),
        (apr_size_t)len};

    BIO_free(bio);
    return bytes;
}

ajr_bytes_t unit_private_pem(EVP_PKEY *pkey, apr_pool_t *pool)
{
    BIO *bio = BIO_new(BIO_s_mem());

    assert_int_equal(
        PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
    return drain(bio, pool);
}

ajr_bytes_t unit_public_pem(EVP_PKEY *pkey, apr_pool_t *pool)
{
    BIO *bio = BIO_new(BIO_s_mem());

    assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
    return drain(bio, pool);
}

ajr_bytes_t unit_certificate_pem(EVP_PKEY *pkey, apr_pool_t *pool)
{
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *certificate = X509_new();

    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, pkey);
    assert_true(
        X509_sign(certificate, pkey,
                  EVP_PKEY_is_a(pkey, "ED25519") ? NULL : EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
    X509_free(certificate);
    return drain(bio, pool);
}

const ajr_key_t *unit_key(const char *alg, int which, const char *kid,
                          apr_pool_t *pool)
{
    const ajr_alg_t *row = ajr_alg_find(alg);
    const char *kind = unit_kind(row);
    ajr_bytes_t material;
    ajr_key_t *key = NULL;
    const char *why;

    if (kind != NULL) {
        material = unit_private_pem(unit_pkey(kind, which), pool);
    } else {
        material = ajr_bytes_of(apr_psprintf(pool, "%064d of secret number %d",
                                             row->min_bits, which));
    }
    why = ajr_key_make(&key, row, material, kid, AJR_USE_ANY, pool);
    assert_null(why);
    assert_true(key->signs);
    return key;
}

const ajr_keyset_t *unit_keyset(const ajr_key_t *a, const ajr_key_t *b,
                                const ajr_key_t *c, apr_pool_t *pool)
{
    const ajr_key_t *all[] = {a, b, c};
    apr_array_header_t *keys = apr_array_make(pool, 3, sizeof(ajr_key_t *));
    size_t i;

    for (i = 0; i < COUNT(all); i++) {
        if (all[i] != NULL) {
            APR_ARRAY_PUSH(keys, const ajr_key_t *) = all[i];
        }
    }
    return keys;
}

const char *unit_token_bytes(ajr_bytes_t header, ajr_bytes_t payload,
                             const ajr_key_t *key, apr_pool_t *pool)
{
    const char *text =
        apr_pstrcat(pool, ajr_base64url_encode(header, pool), ".",
                    ajr_base64url_encode(payload, pool), NULL);
    ajr_bytes_t signature;

    assert_true(ajr_alg_sign(&signature, key->alg, &key->material,
                             ajr_bytes_of(text), pool));
    return apr_pstrcat(pool, text, ".", ajr_base64url_encode(signature, pool),
                       NULL);
}

const char *unit_token(const char *header, const char *payload,
                       const ajr_key_t *key, apr_pool_t *pool)
{
    return unit_token_bytes(ajr_bytes_of(header), ajr_bytes_of(payload), key,
                            pool);
}

apr_array_header_t *unit_list(apr_pool_t *pool, ...)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(char *));
    const char *item;
    va_list items;

    va_start(items, pool);
    for (item = va_arg(items, const char *); item != NULL;
         item = va_arg(items, const char *)) {
        APR_ARRAY_PUSH(list, const char *) = item;
    }
    va_end(items);
    return list;
}

ajr_bytes_t unit_unhex(const char *hex, apr_pool_t *pool)
{
    ajr_bytes_t bytes = {NULL, strlen(hex) / 2};
    unsigned char *data = apr_palloc(pool, bytes.len + 1);
    apr_size_t i;

    for (i = 0; i < bytes.len; i++) {
        data[i] =
            (unsigned char)(ajr_hex_value((unsigned char)hex[2 * i]) << 4 |
                            ajr_hex_value((unsigned char)hex[2 * i + 1]));
    }
    bytes.data = data;
    return bytes;
}
