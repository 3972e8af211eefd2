/* SPDX-License-Identifier: Apache-2.0 */
#include "key.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* ---- PEM ---- */

static apr_status_t free_pkey(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

static apr_status_t free_bio(void *bio)
{
    BIO_free(bio);
    return APR_SUCCESS;
}

static apr_status_t free_x509(void *certificate)
{
    X509_free(certificate);
    return APR_SUCCESS;
}

/* Stands in for OpenSSL's password prompt, which would block the start of
 * httpd. Tells that a password was wanted. */
static int no_password(char *buffer, int size, int writing, void *wanted)
{
    (void)buffer;
    (void)size;
    (void)writing;
    *(bool *)wanted = true;
    return -1;
}

typedef enum kind_t { PRIVATE_KEY, PUBLIC_KEY, CERTIFICATE } kind_t;

static EVP_PKEY *read_certificate(BIO *bio, bool *wanted, apr_pool_t *pool)
{
    X509 *certificate = PEM_read_bio_X509(bio, NULL, no_password, wanted);

    if (certificate == NULL) {
        return NULL;
    }
    apr_pool_cleanup_register(pool, certificate, free_x509,
                              apr_pool_cleanup_null);
    return X509_get_pubkey(certificate);
}

/* The first thing of that kind in PEM text, NULL when there is none. */
static EVP_PKEY *read_kind(ajr_bytes_t text, kind_t kind, bool *wanted,
                           apr_pool_t *pool)
{
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);

    if (bio == NULL) {
        return NULL;
    }
    apr_pool_cleanup_register(pool, bio, free_bio, apr_pool_cleanup_null);
    switch (kind) {
    case PRIVATE_KEY:
        return PEM_read_bio_PrivateKey(bio, NULL, no_password, wanted);
    case PUBLIC_KEY:
        return PEM_read_bio_PUBKEY(bio, NULL, no_password, wanted);
    default:
        return read_certificate(bio, wanted, pool);
    }
}

static bool contains(ajr_bytes_t text, const char *word)
{
    return memmem(text.data, text.len, word, strlen(word)) != NULL;
}

static const char *read_pem(EVP_PKEY **out, bool *private, ajr_bytes_t text,
                            apr_pool_t *pool)
{
    bool wanted = false;
    int kind;

    *out = NULL;
    for (kind = PRIVATE_KEY; *out == NULL && kind <= CERTIFICATE; kind++) {
        *out = read_kind(text, (kind_t)kind, &wanted, pool);
        *private = kind == PRIVATE_KEY;
    }
    if (*out != NULL) {
        apr_pool_cleanup_register(pool, *out, free_pkey, apr_pool_cleanup_null);
        return NULL;
    }
    if (wanted) {
        return "is protected by a password; store it without one "
               "(openssl pkey -in old.pem -out new.pem)";
    }
    return contains(text, "-----BEGIN ")
               ? "holds no PEM private key, public key or certificate that "
                 "OpenSSL can read"
               : "is not PEM (no -----BEGIN line)";
}

/* ---- keys ---- */

static const char *make_secret(ajr_key_t *key, ajr_bytes_t material,
                               apr_pool_t *pool)
{
    if (contains(material, "-----BEGIN")) {
        /* The classic confusion: everybody has the public key, so everybody
         * could sign (RFC 8725 2.1). */
        return apr_psprintf(pool,
                            "is PEM text, but %s needs a secret; "
                            "a PEM key wants RS, PS, ES or EdDSA",
                            key->alg->name);
    }
    if (material.len < (apr_size_t)key->alg->min_bits / 8) {
        return apr_psprintf(
            pool, "has %" APR_SIZE_T_FMT " bytes, %s needs at least %d",
            material.len, key->alg->name, key->alg->min_bits / 8);
    }
    key->secret = true;
    key->material.hmac = ajr_hmac_make(key->alg->digest, material, pool);
    return key->material.hmac != NULL ? NULL : "cannot be used by OpenSSL";
}

/* Signs and verifies a sample, so that halves that do not belong together, or
 * a provider that cannot do it, show now and not at the first login. */
static const char *test_sign(const ajr_key_t *key, apr_pool_t *pool)
{
    ajr_bytes_t sample = ajr_bytes_of("mod_auth_jwt_refresh");
    ajr_bytes_t signature;
    apr_pool_t *scratch;
    bool good;

    apr_pool_create(&scratch, pool);
    good =
        ajr_alg_sign(&signature, key->alg, &key->material, sample, scratch) &&
        ajr_alg_verify(key->alg, &key->material, sample, signature, scratch);
    apr_pool_destroy(scratch);
    return good ? NULL
                : "cannot verify what it signs; its halves do not belong "
                  "together";
}

static const char *allow(ajr_key_t *key, ajr_use_t use, apr_pool_t *pool)
{
    const char *why = NULL;

    if (key->secret) {
        why = test_sign(key, pool);
    } else if (use == AJR_USE_SIGN) {
        why = "is a public key, and use=sign needs the private one";
    }
    key->signs = key->secret && use != AJR_USE_VERIFY;
    return why;
}

static const char *name(ajr_key_t *key, const char *kid, apr_pool_t *pool)
{
    if (kid != NULL && (*kid == '\0' || !ajr_utf8_valid(ajr_bytes_of(kid)))) {
        return "has a kid that is empty or not UTF-8";
    }
    key->kid = apr_pstrdup(pool, kid);
    return NULL;
}

const char *ajr_key_adopt(ajr_key_t **out, const ajr_alg_t *alg, EVP_PKEY *pkey,
                          bool private, const char *kid, ajr_use_t use,
                          apr_pool_t *pool)
{
    ajr_key_t *key = apr_pcalloc(pool, sizeof(*key));
    const char *why = name(key, kid, pool);

    *out = NULL;
    key->alg = alg;
    key->material.pkey = pkey;
    key->secret = private;
    if (why == NULL) {
        why = ajr_alg_refuses(alg, pkey, pool);
    }
    if (why == NULL) {
        why = allow(key, use, pool);
    }
    ERR_clear_error();
    *out = why == NULL ? key : NULL;
    return why;
}

static const char *make_symmetric(ajr_key_t **out, const ajr_alg_t *alg,
                                  ajr_bytes_t material, const char *kid,
                                  ajr_use_t use, apr_pool_t *pool)
{
    ajr_key_t *key = apr_pcalloc(pool, sizeof(*key));
    const char *why = name(key, kid, pool);

    key->alg = alg;
    if (why == NULL) {
        why = make_secret(key, material, pool);
    }
    if (why == NULL) {
        why = allow(key, use, pool);
    }
    *out = why == NULL ? key : NULL;
    return why;
}

const char *ajr_key_make(ajr_key_t **out, const ajr_alg_t *alg,
                         ajr_bytes_t material, const char *kid, ajr_use_t use,
                         apr_pool_t *pool)
{
    EVP_PKEY *pkey = NULL;
    bool private = false;
    const char *why;

    *out = NULL;
    if (alg->type == AJR_KEY_OCT) {
        why = make_symmetric(out, alg, material, kid, use, pool);
    } else {
        why = read_pem(&pkey, &private, material, pool);
        if (why == NULL) {
            why = ajr_key_adopt(out, alg, pkey, private, kid, use, pool);
        }
    }
    ERR_clear_error();
    return why;
}

/* ---- key sets ---- */

static const ajr_key_t *key_at(const ajr_keyset_t *keys, int index)
{
    return APR_ARRAY_IDX(keys, index, const ajr_key_t *);
}

const ajr_key_t *ajr_keyset_signer(const ajr_keyset_t *keys)
{
    int i;

    for (i = 0; keys != NULL && i < keys->nelts; i++) {
        if (key_at(keys, i)->signs) {
            return key_at(keys, i);
        }
    }
    return NULL;
}

static bool serves(const ajr_key_t *key, const ajr_alg_t *alg, const char *kid)
{
    return key->alg == alg &&
           (kid == NULL || key->kid == NULL || strcmp(key->kid, kid) == 0);
}

const ajr_key_t *ajr_keyset_next(const ajr_keyset_t *keys,
                                 const ajr_key_t *after, const ajr_alg_t *alg,
                                 const char *kid)
{
    bool started = after == NULL;
    int i;

    for (i = 0; keys != NULL && i < keys->nelts; i++) {
        if (started && serves(key_at(keys, i), alg, kid)) {
            return key_at(keys, i);
        }
        started = started || key_at(keys, i) == after;
    }
    return NULL;
}
