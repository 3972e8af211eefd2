/* SPDX-License-Identifier: Apache-2.0 */
#include "jwk.h"

#include <string.h>

#include <apr_strings.h>

#include "jwk_numbers.h"

#define SECRET_MAX 65536 /* no limit: the file has one */

/* What a JWK says of itself, before its numbers are read. */
typedef struct about_t {
    const json_t *json;
    const ajr_alg_t *alg;
    const char *kid;
    bool private; /* has a private half */
    bool signs;   /* key_ops allows it */
    bool verifies;
    bool foreign; /* in order, but not for us */
} about_t;

/* ---- what it is ---- */

/* RFC 7518 6.1, 6.2.1.1; RFC 8037 2. */
static const struct {
    const char *kty, *crv, *alg;
} families[] = {
    {"EC", "P-256", "ES256"}, {"EC", "P-384", "ES384"},
    {"EC", "P-521", "ES512"}, {"OKP", "Ed25519", "EdDSA"},
    {"RSA", NULL, "RS256"},   {"oct", NULL, NULL},
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

static const char *kty_of(const ajr_alg_t *alg)
{
    static const char *const names[] = {"oct", "RSA", "EC", "OKP"};

    return names[alg->type];
}

/* A member that is text where it is there at all. */
static bool text_of(const char **out, const json_t *jwk, const char *name)
{
    const json_t *value = json_object_get(jwk, name);

    *out = json_string_value(value);
    return value == NULL || *out != NULL;
}

static const char *ops_read(about_t *about)
{
    const json_t *ops = json_object_get(about->json, "key_ops");
    size_t i;

    about->signs = about->verifies = ops == NULL;
    if (ops != NULL && !json_is_array(ops)) {
        return "has key_ops that are no array";
    }
    for (i = 0; i < json_array_size(ops); i++) {
        const char *op = json_string_value(json_array_get(ops, i));

        if (op == NULL) {
            return "has a member of key_ops that is no string";
        }
        about->signs = about->signs || strcmp(op, "sign") == 0;
        about->verifies = about->verifies || strcmp(op, "verify") == 0;
    }
    about->foreign = about->foreign || (!about->signs && !about->verifies);
    return NULL;
}

static const char *use_read(about_t *about)
{
    const char *use;

    if (!text_of(&use, about->json, "use")) {
        return "has a use that is no string";
    }
    about->foreign = use != NULL && strcmp(use, "sig") != 0;
    return ops_read(about);
}

/* The algorithm of a key type and curve where `alg` names none. */
static const char *alg_derive(about_t *about, const char *kty, const char *crv)
{
    const ajr_alg_t *derived = NULL;
    size_t i;

    for (i = 0; i < FAMILIES; i++) {
        if (strcmp(families[i].kty, kty) == 0 &&
            (families[i].crv == NULL ||
             (crv != NULL && strcmp(families[i].crv, crv) == 0))) {
            break;
        }
    }
    about->foreign = about->foreign || i == FAMILIES;
    if (i < FAMILIES && families[i].alg != NULL) {
        derived = ajr_alg_find(families[i].alg);
    }
    if (about->alg == NULL) {
        about->alg = derived;
    } else if (i < FAMILIES && families[i].crv != NULL &&
               derived != about->alg) {
        return "has an alg and a crv that do not fit each other";
    }
    return NULL;
}

static const char *alg_read(about_t *about, apr_pool_t *pool)
{
    const char *kty, *crv, *alg;

    if (!text_of(&kty, about->json, "kty") || kty == NULL) {
        return "has no kty";
    }
    if (!text_of(&alg, about->json, "alg") ||
        !text_of(&crv, about->json, "crv")) {
        return "has an alg or crv that is no string";
    }
    about->alg = alg != NULL ? ajr_alg_find(alg) : NULL;
    about->foreign = about->foreign || (alg != NULL && about->alg == NULL);
    if (about->alg != NULL && strcmp(kty_of(about->alg), kty) != 0) {
        return apr_psprintf(pool, "has the alg %s, which wants the kty %s",
                            about->alg->name, kty_of(about->alg));
    }
    return alg_derive(about, kty, crv);
}

static const char *about_read(about_t *about, const json_t *jwk,
                              apr_pool_t *pool)
{
    const char *why;

    memset(about, 0, sizeof(*about));
    about->json = jwk;
    about->private = json_object_get(jwk, "d") != NULL;
    if (!json_is_object(jwk)) {
        return "is no JSON object";
    }
    if (!text_of(&about->kid, jwk, "kid")) {
        return "has a kid that is no string";
    }
    why = use_read(about);
    return why != NULL ? why : alg_read(about, pool);
}

static const char *secret_read(ajr_bytes_t *out, const json_t *jwk,
                               apr_pool_t *pool)
{
    if (ajr_jwk_bytes(out, jwk, "k", SECRET_MAX, pool)) {
        return NULL;
    }
    *out = (ajr_bytes_t){NULL, 0};
    return "has a k that is missing, empty, too long or no base64url";
}

/* ---- the key ---- */

static const char *key_make(ajr_key_t **out, const about_t *about,
                            const char *kid, ajr_use_t use, apr_pool_t *pool)
{
    ajr_bytes_t secret;
    EVP_PKEY *pkey = NULL;
    const char *why;

    if (about->alg->type == AJR_KEY_OCT) {
        why = secret_read(&secret, about->json, pool);
        return why != NULL
                   ? why
                   : ajr_key_make(out, about->alg, secret, kid, use, pool);
    }
    why = ajr_jwk_pkey(&pkey, about->json, about->alg, about->private, pool);
    return why != NULL ? why
                       : ajr_key_adopt(out, about->alg, pkey, about->private,
                                       kid, use, pool);
}

const char *ajr_jwk_member(ajr_key_t **out, bool *foreign, const json_t *jwk,
                           apr_pool_t *pool)
{
    about_t about;
    const char *why = about_read(&about, jwk, pool);

    *out = NULL;
    *foreign = why == NULL && (about.foreign || !about.verifies);
    if (why != NULL || *foreign) {
        return why != NULL ? why : "is not for signatures that we know";
    }
    if (about.alg == NULL || about.alg->type == AJR_KEY_OCT) {
        return "is symmetric: who can read the set could sign; use JwtKey";
    }
    about.private = false;
    return key_make(out, &about, about.kid, AJR_USE_VERIFY, pool);
}

/* What stands between a JWK and the place that the administrator has for it. */
static const char *misplaced(about_t *about, const ajr_alg_t *alg,
                             ajr_use_t use, apr_pool_t *pool)
{
    const char *kty = json_string_value(json_object_get(about->json, "kty"));

    if (strcmp(kty, kty_of(alg)) != 0) {
        return apr_psprintf(pool, "has another kty than %s, which %s needs",
                            kty_of(alg), alg->name);
    }
    if (json_object_get(about->json, "alg") != NULL ||
        alg->type == AJR_KEY_EC) {
        if (about->alg != alg) {
            return apr_psprintf(pool, "is not for %s, says its alg or crv",
                                alg->name);
        }
    }
    if (about->foreign) {
        return "is not for signatures, says its use, key_ops or crv";
    }
    if (use == AJR_USE_SIGN && !about->signs) {
        return "may not sign, says its key_ops";
    }
    about->alg = alg;
    return NULL;
}

const char *ajr_jwk_make(ajr_key_t **out, const ajr_alg_t *alg,
                         ajr_bytes_t text, const char *kid, ajr_use_t use,
                         apr_pool_t *pool)
{
    about_t about;
    json_t *jwk = NULL;
    apr_pool_t *scratch;
    const char *why;

    *out = NULL;
    apr_pool_create(&scratch, pool);
    why = ajr_json_object(&jwk, text, scratch) ? about_read(&about, jwk, pool)
                                               : "is no strict JSON object";
    if (why == NULL) {
        why = misplaced(&about, alg, use, pool);
    }
    if (why == NULL) {
        why = key_make(out, &about, kid != NULL ? kid : about.kid,
                       about.signs ? use : AJR_USE_VERIFY, pool);
    }
    apr_pool_destroy(scratch);
    return why;
}

const char *ajr_jwk_secret(ajr_bytes_t *out, ajr_bytes_t text, apr_pool_t *pool)
{
    json_t *jwk = NULL;
    const char *kty;

    *out = (ajr_bytes_t){NULL, 0};
    if (!ajr_json_object(&jwk, text, pool)) {
        return "is no strict JSON object";
    }
    if (!text_of(&kty, jwk, "kty") || kty == NULL || strcmp(kty, "oct") != 0) {
        return "is no symmetric JWK (kty oct)";
    }
    return secret_read(out, jwk, pool);
}
