/* SPDX-License-Identifier: Apache-2.0 */
#include "alg.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define PKCS1 RSA_PKCS1_PADDING
#define PSS RSA_PKCS1_PSS_PADDING

static const ajr_alg_t rows[] = {
    {"HS256", AJR_KEY_OCT, "SHA256", NULL, 0, 256, 32},
    {"HS384", AJR_KEY_OCT, "SHA384", NULL, 0, 384, 48},
    {"HS512", AJR_KEY_OCT, "SHA512", NULL, 0, 512, 64},
    {"RS256", AJR_KEY_RSA, "SHA256", NULL, PKCS1, 2048, 0},
    {"RS384", AJR_KEY_RSA, "SHA384", NULL, PKCS1, 2048, 0},
    {"RS512", AJR_KEY_RSA, "SHA512", NULL, PKCS1, 2048, 0},
    {"PS256", AJR_KEY_RSA, "SHA256", NULL, PSS, 2048, 0},
    {"PS384", AJR_KEY_RSA, "SHA384", NULL, PSS, 2048, 0},
    {"PS512", AJR_KEY_RSA, "SHA512", NULL, PSS, 2048, 0},
    {"ES256", AJR_KEY_EC, "SHA256", "prime256v1", 0, 256, 64},
    {"ES384", AJR_KEY_EC, "SHA384", "secp384r1", 0, 384, 96},
    {"ES512", AJR_KEY_EC, "SHA512", "secp521r1", 0, 521, 132},
    {"EdDSA", AJR_KEY_OKP, NULL, "ED25519", 0, 0, 64},
};

#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

const ajr_alg_t *ajr_alg_find(const char *name)
{
    int i;

    for (i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const ajr_alg_t *ajr_alg_at(int index)
{
    return index >= 0 && index < ROWS ? &rows[index] : NULL;
}

/* ---- does a key fit its row ---- */

/* OpenSSL's name of the key type that the row needs. RSA-PSS is a type of its
 * own there, with parameters that the row would have to agree with. */
static const char *type_name(const ajr_alg_t *alg)
{
    switch (alg->type) {
    case AJR_KEY_RSA:
        return "RSA";
    case AJR_KEY_EC:
        return "EC";
    case AJR_KEY_OKP:
        return alg->curve;
    default:
        return NULL;
    }
}

static bool type_fits(const ajr_alg_t *alg, const EVP_PKEY *pkey)
{
    const char *name = type_name(alg);

    return name != NULL && pkey != NULL && EVP_PKEY_is_a(pkey, name) == 1;
}

#define CURVE_MAX 64 /* bytes of the longest name of a curve */

/* Whether the key is on the row's curve; tells which one it is on. */
static bool on_curve(char curve[CURVE_MAX], const ajr_alg_t *alg,
                     EVP_PKEY *pkey)
{
    size_t size = 0;

    if (EVP_PKEY_get_group_name(pkey, curve, CURVE_MAX, &size) != 1) {
        apr_cpystrn(curve, "(unnamed)", CURVE_MAX);
    }
    return strcmp(curve, alg->curve) == 0;
}

/* Keys are bound to their row when they are made; this holds should another
 * one slip through: r and s of P-256 fit into the halves of ES512. */
static bool fits(const ajr_alg_t *alg, EVP_PKEY *pkey)
{
    char curve[CURVE_MAX];

    return type_fits(alg, pkey) &&
           (alg->type != AJR_KEY_EC || on_curve(curve, alg, pkey));
}

static const char *type_refused(const ajr_alg_t *alg, const EVP_PKEY *pkey,
                                apr_pool_t *pool)
{
    const char *needs = type_name(alg);
    const char *is = EVP_PKEY_get0_type_name(pkey);

    if (is == NULL) {
        is = "unknown";
    }
    return apr_psprintf(pool, "is %s %s key, %s needs %s",
                        strchr("AEFHILMNORSXu", is[0]) != NULL ? "an" : "a", is,
                        alg->name, needs != NULL ? needs : "a secret");
}

static const char *curve_refused(const ajr_alg_t *alg, EVP_PKEY *pkey,
                                 apr_pool_t *pool)
{
    char curve[CURVE_MAX];

    return on_curve(curve, alg, pkey)
               ? NULL
               : apr_psprintf(pool, "is on the curve %s, %s needs %s", curve,
                              alg->name, alg->curve);
}

static apr_status_t free_pkey_ctx(void *ctx)
{
    EVP_PKEY_CTX_free(ctx);
    return APR_SUCCESS;
}

/* An RSA exponent of 1, a composite that is none, a point off its curve:
 * anyone could sign for such a key. */
static bool sound(EVP_PKEY *pkey, apr_pool_t *pool)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    apr_pool_cleanup_register(pool, ctx, free_pkey_ctx, apr_pool_cleanup_null);
    return ctx != NULL && EVP_PKEY_public_check(ctx) == 1;
}

static const char *refuses(const ajr_alg_t *alg, EVP_PKEY *pkey,
                           apr_pool_t *pool)
{
    int bits = EVP_PKEY_get_bits(pkey);
    const char *why;

    if (!type_fits(alg, pkey)) {
        return type_refused(alg, pkey, pool);
    }
    why = alg->type == AJR_KEY_EC ? curve_refused(alg, pkey, pool) : NULL;
    if (why != NULL) {
        return why;
    }
    if (bits < alg->min_bits) {
        return apr_psprintf(pool, "has %d bits, %s needs %d", bits, alg->name,
                            alg->min_bits);
    }
    return sound(pkey, pool) ? NULL : "is not a sound public key";
}

const char *ajr_alg_refuses(const ajr_alg_t *alg, EVP_PKEY *pkey,
                            apr_pool_t *pool)
{
    const char *why = refuses(alg, pkey, pool);

    ERR_clear_error();
    return why;
}

/* ---- signatures ---- */

static apr_status_t free_md_ctx(void *ctx)
{
    EVP_MD_CTX_free(ctx);
    return APR_SUCCESS;
}

static EVP_MD_CTX *make_md_ctx(apr_pool_t *pool)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    apr_pool_cleanup_register(pool, ctx, free_md_ctx, apr_pool_cleanup_null);
    return ctx;
}

/* PSS: MGF1 with the same digest, salt as long as it (RFC 7518 3.5). */
static bool pad(EVP_PKEY_CTX *settings, const ajr_alg_t *alg)
{
    if (alg->padding == 0) {
        return true;
    }
    if (EVP_PKEY_CTX_set_rsa_padding(settings, alg->padding) != 1) {
        return false;
    }
    return alg->padding != PSS || EVP_PKEY_CTX_set_rsa_pss_saltlen(
                                      settings, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static apr_status_t free_ecdsa(void *sig)
{
    ECDSA_SIG_free(sig);
    return APR_SUCCESS;
}

/* OpenSSL's DER -> r||s, each as long as the group's order (RFC 7518 3.4). */
static bool ecdsa_to_jws(ajr_bytes_t *signature, ajr_bytes_t der,
                         const ajr_alg_t *alg, apr_pool_t *pool)
{
    const unsigned char *p = der.data;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);
    int half = (int)(alg->signature_size / 2);
    unsigned char *data = apr_palloc(pool, alg->signature_size);

    apr_pool_cleanup_register(pool, sig, free_ecdsa, apr_pool_cleanup_null);
    if (sig == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(sig), data, half) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), data + half, half) < 0) {
        return false;
    }
    signature->data = data;
    signature->len = alg->signature_size;
    return true;
}

/* r||s -> DER. OpenSSL refuses r and s that are zero or >= n by itself. */
static bool ecdsa_from_jws(ajr_bytes_t *der, ajr_bytes_t signature,
                           apr_pool_t *pool)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    int half = (int)(signature.len / 2);
    BIGNUM *r = BN_bin2bn(signature.data, half, NULL);
    BIGNUM *s = BN_bin2bn(signature.data + half, half, NULL);
    unsigned char *data, *end;
    int size;

    apr_pool_cleanup_register(pool, sig, free_ecdsa, apr_pool_cleanup_null);
    if (sig == NULL || r == NULL || s == NULL) {
        BN_free(r);
        BN_free(s);
        return false;
    }
    ECDSA_SIG_set0(sig, r, s);
    size = i2d_ECDSA_SIG(sig, NULL);
    if (size <= 0) {
        return false;
    }
    data = end = apr_palloc(pool, (apr_size_t)size);
    der->data = data;
    der->len = (apr_size_t)i2d_ECDSA_SIG(sig, &end);
    return true;
}

/* Whether the private half is there. Without it OpenSSL 3.0.2, for one, signs
 * Ed25519 with a NULL pointer and crashes (openssl issue 19524). */
static bool can_sign(const EVP_PKEY *pkey, const ajr_alg_t *alg)
{
    size_t size = 0;

    return alg->type != AJR_KEY_OKP ||
           (EVP_PKEY_get_raw_private_key(pkey, NULL, &size) == 1 && size > 0);
}

static bool sign_pkey(ajr_bytes_t *signature, const ajr_alg_t *alg,
                      EVP_PKEY *pkey, ajr_bytes_t input, apr_pool_t *pool)
{
    EVP_MD_CTX *ctx = make_md_ctx(pool);
    EVP_PKEY_CTX *settings = NULL; /* part of ctx */
    size_t size = 0;
    ajr_bytes_t made;
    unsigned char *data;

    if (ctx == NULL || !fits(alg, pkey) || !can_sign(pkey, alg) ||
        EVP_DigestSignInit_ex(ctx, &settings, alg->digest, NULL, NULL, pkey,
                              NULL) != 1 ||
        !pad(settings, alg) ||
        EVP_DigestSign(ctx, NULL, &size, input.data, input.len) != 1) {
        return false;
    }
    data = apr_palloc(pool, size);
    if (EVP_DigestSign(ctx, data, &size, input.data, input.len) != 1) {
        return false;
    }
    made.data = data;
    made.len = size;
    if (alg->type == AJR_KEY_EC) {
        return ecdsa_to_jws(signature, made, alg, pool);
    }
    *signature = made;
    return true;
}

static bool sign_hmac(ajr_bytes_t *signature, const ajr_alg_t *alg,
                      const ajr_hmac_t *hmac, ajr_bytes_t input,
                      apr_pool_t *pool)
{
    static const ajr_bytes_t nothing = {NULL, 0};
    unsigned char *mac = apr_palloc(pool, AJR_HMAC_MAX);

    if (hmac == NULL || ajr_hmac_size(hmac) != alg->signature_size ||
        !ajr_hmac_sign(mac, hmac, input, nothing)) {
        return false;
    }
    signature->data = mac;
    signature->len = alg->signature_size;
    return true;
}

bool ajr_alg_sign(ajr_bytes_t *signature, const ajr_alg_t *alg,
                  const ajr_alg_key_t *key, ajr_bytes_t input, apr_pool_t *pool)
{
    static const ajr_bytes_t nothing = {NULL, 0};
    bool good;

    *signature = nothing;
    if (alg->type == AJR_KEY_OCT) {
        return sign_hmac(signature, alg, key->hmac, input, pool);
    }
    good = sign_pkey(signature, alg, key->pkey, input, pool);
    ERR_clear_error();
    return good;
}

static bool verify_pkey(const ajr_alg_t *alg, EVP_PKEY *pkey, ajr_bytes_t input,
                        ajr_bytes_t signature, apr_pool_t *pool)
{
    EVP_MD_CTX *ctx;
    EVP_PKEY_CTX *settings = NULL; /* part of ctx */

    if (!fits(alg, pkey) ||
        signature.len != (alg->signature_size != 0
                              ? alg->signature_size
                              : (apr_size_t)EVP_PKEY_get_size(pkey)) ||
        (alg->type == AJR_KEY_EC &&
         !ecdsa_from_jws(&signature, signature, pool))) {
        return false;
    }
    ctx = make_md_ctx(pool);
    return ctx != NULL &&
           EVP_DigestVerifyInit_ex(ctx, &settings, alg->digest, NULL, NULL,
                                   pkey, NULL) == 1 &&
           pad(settings, alg) &&
           EVP_DigestVerify(ctx, signature.data, signature.len, input.data,
                            input.len) == 1;
}

bool ajr_alg_verify(const ajr_alg_t *alg, const ajr_alg_key_t *key,
                    ajr_bytes_t input, ajr_bytes_t signature, apr_pool_t *pool)
{
    ajr_bytes_t mac;
    bool good;

    if (alg->type == AJR_KEY_OCT) {
        return sign_hmac(&mac, alg, key->hmac, input, pool) &&
               ajr_bytes_equal_secret(signature, mac);
    }
    good = verify_pkey(alg, key->pkey, input, signature, pool);
    ERR_clear_error();
    return good;
}
