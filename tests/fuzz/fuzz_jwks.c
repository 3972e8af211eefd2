/* SPDX-License-Identifier: Apache-2.0
 *
 * JWK sets and single JWKs. The first byte chooses:
 *
 *   S  a set, as JwtKeySet reads it
 *   J  a letter for the algorithm, one for the use, then a JWK, as JwtKey
 *      reads it
 *   M  a JWK of an RSA private key that is sound, its members replaced by
 *      those of the rest: what stands behind the form is reached
 */
#include "fuzz.h"
#include "jwks.h"

#define SENTENCE_MAX 400

/* An RSA key that belongs to nobody but this file. */
static const char sound[] =
    "{\"kty\":\"RSA\",\"n\":\"sJYkfAYIdDh6dQASCHyE2ozpFkeLrJRgIUuJfQqb3ip79"
    "5IKYRrO3JEQq7kohCo1d5CuwdPtJgdCltLm7484UClxGKhhGDZO38rSaKEGX7Nd4IF-I9o"
    "e1m9ktRvZc7__zXfozYZE2-3CwwZNdwgrK3Q8jhQKULQNqfq6OVNMsKyO-FhYLIPhU03B1"
    "R-H1z6Jx-l3_28EcqsTPHcvXuZ8wt-eaWethUToPtFJQD07xT28tAhhEUoF4M_lnjiSV4s"
    "34JaIcIvyZ955T-xr_KtsJPLGUUN5dGKDCgIaI0W2v3reLCOF5MFdYkLwf1BR_GaMWQkx-"
    "6T9T7qeiZE4m2-vEQ\",\"e\":\"AQAB\",\"d\":\"FHfq1bdrTnFnfF1cOcCZM64GrI7"
    "xeTkfpWxYjPZoV8mr4ef7LQNK_BUSjh0hvaQY23mZUB1NDU3lIY9jtlvvBpevJNELpB9Ta"
    "Cxd1EPp9bjYRlgsM2KqlWeHEFkgjQKx13KxOPV50NZP74QxAX2gZ2KLTFq1UWJ1fQDziga"
    "GSqocHmBlx1qGlKEi2Cz6mk-2FoCLnZ-jcF-5LQgpAOtjp4J3UlZXLjOd3Ny9tAuAvu96e"
    "bUxUw0XqKMHnf361tCbLmaz5IJs9Y6BZ1aWsBf0c-0hSD_y-SNtheAZBF6uXETyPSfpIyH"
    "t1R36kdT34s06Wl-sDCGmswQqhGGoHLrtSw\"}";

/* Sentences go to the log: nothing of the text in them, so nothing odd. */
static void is_sentence(const char *why)
{
    MUST(why == NULL || (*why != '\0' && strlen(why) < SENTENCE_MAX &&
                         ajr_text_printable(ajr_bytes_of(why))));
}

static void is_public(const json_t *set)
{
    static const char *const private[] = {"d",  "p",  "q",   "dp",
                                          "dq", "qi", "oth", "k"};
    const json_t *members = json_object_get(set, "keys");
    size_t i, j;

    for (i = 0; i < json_array_size(members); i++) {
        const json_t *jwk = json_array_get(members, i);

        for (j = 0; j < sizeof(private) / sizeof(private[0]); j++) {
            MUST(json_object_get(jwk, private[j]) == NULL);
        }
    }
}

/* OpenSSL looks for factors of an RSA modulus with random numbers (SP 800-89
 * 5.3.3): one that is made of middling primes is refused by one check and
 * passes the next. No other key depends on chance. */
static bool depends_on_chance(const ajr_key_t *key)
{
    return key->alg->type == AJR_KEY_RSA;
}

static void fits(const ajr_key_t *key, apr_pool_t *pool)
{
    MUST(key->alg != NULL);
    MUST((key->material.hmac != NULL) == (key->alg->type == AJR_KEY_OCT));
    MUST((key->material.pkey != NULL) == (key->alg->type != AJR_KEY_OCT));
    if (depends_on_chance(key)) {
        MUST(EVP_PKEY_is_a(key->material.pkey, "RSA") == 1);
        MUST(EVP_PKEY_get_bits(key->material.pkey) >= key->alg->min_bits);
    } else if (key->material.pkey != NULL) {
        MUST(ajr_alg_refuses(key->alg, key->material.pkey, pool) == NULL);
    }
    MUST(key->secret || !key->signs);
}

static ajr_bytes_t text_of(const json_t *json, apr_pool_t *pool)
{
    char *text = json_dumps(json, JSON_COMPACT);
    const char *copy;

    MUST(text != NULL);
    copy = apr_pstrdup(pool, text);
    free(text);
    return ajr_bytes_of(copy);
}

/* What we publish is public, and another of us reads all of it. */
static void publish(const ajr_keyset_t *keys, apr_pool_t *pool)
{
    const json_t *set = ajr_jwks_export(keys, pool);
    size_t count = json_array_size(json_object_get(set, "keys"));
    const char *warning;
    ajr_keyset_t *again;
    bool certain = count > 0;
    int i;

    MUST(set != NULL);
    is_public(set);
    for (i = 0; i < keys->nelts; i++) {
        certain = certain &&
                  !depends_on_chance(APR_ARRAY_IDX(keys, i, const ajr_key_t *));
    }
    if (certain) {
        MUST(ajr_jwks_read(&again, &warning, text_of(set, pool), pool) == NULL);
        MUST(warning == NULL && again->nelts == (int)count);
        MUST(json_equal(set, ajr_jwks_export(again, pool)));
    }
}

static void read_set(ajr_bytes_t in, apr_pool_t *pool)
{
    ajr_keyset_t *keys;
    const char *warning;
    const char *why = ajr_jwks_read(&keys, &warning, in, pool);
    int i;

    is_sentence(why);
    is_sentence(warning);
    MUST((why == NULL) == (keys != NULL));
    if (keys == NULL) {
        return;
    }
    MUST(keys->nelts > 0 && keys->nelts <= AJR_JWKS_MAX);
    for (i = 0; i < keys->nelts; i++) {
        const ajr_key_t *key = APR_ARRAY_IDX(keys, i, const ajr_key_t *);

        fits(key, pool);
        MUST(!key->secret && key->alg->type != AJR_KEY_OCT);
    }
    MUST(ajr_keyset_signer(keys) == NULL);
    publish(keys, pool);
}

/* What a key signs, it verifies itself. */
static void sign(const ajr_key_t *key, apr_pool_t *pool)
{
    ajr_bytes_t text = ajr_bytes_of("header.payload");
    ajr_bytes_t signature;

    MUST(ajr_alg_sign(&signature, key->alg, &key->material, text, pool));
    MUST(ajr_alg_verify(key->alg, &key->material, text, signature, pool));
}

static void read_jwk(const ajr_alg_t *alg, ajr_use_t use, ajr_bytes_t in,
                     apr_pool_t *pool)
{
    ajr_keyset_t *keys = apr_array_make(pool, 1, sizeof(ajr_key_t *));
    ajr_key_t *key;
    ajr_bytes_t secret;
    const char *why = ajr_jwk_make(&key, alg, in, NULL, use, pool);

    is_sentence(why);
    MUST((why == NULL) == (key != NULL));
    if (key != NULL) {
        fits(key, pool);
        MUST(key->alg == alg);
        MUST(use != AJR_USE_SIGN || key->signs);
        MUST(use != AJR_USE_VERIFY || !key->signs);
        if (key->signs) {
            sign(key, pool);
        }
        APR_ARRAY_PUSH(keys, const ajr_key_t *) = key;
        publish(keys, pool);
    }
    why = ajr_jwk_secret(&secret, in, pool);
    is_sentence(why);
    MUST((why == NULL) == (secret.len > 0));
}

static const ajr_alg_t *some_alg(unsigned char choice)
{
    int count = 0;

    while (ajr_alg_at(count) != NULL) {
        count++;
    }
    return ajr_alg_at(choice % count);
}

static void altered(ajr_bytes_t in, apr_pool_t *pool)
{
    json_t *jwk, *changes;

    MUST(ajr_json_object(&jwk, ajr_bytes_of(sound), pool));
    if (ajr_json_object(&changes, in, pool)) {
        MUST(json_object_update(jwk, changes) == 0);
        read_jwk(ajr_alg_find("RS256"), AJR_USE_ANY, text_of(jwk, pool), pool);
    }
}

void fuzz_one(ajr_bytes_t in, apr_pool_t *pool)
{
    const ajr_alg_t *alg;
    ajr_use_t use;

    switch (fuzz_choice(&in)) {
    case 'S':
        read_set(in, pool);
        break;
    case 'J':
        alg = some_alg(fuzz_choice(&in));
        use = (ajr_use_t)(fuzz_choice(&in) % 3);
        read_jwk(alg, use, in, pool);
        break;
    case 'M':
        altered(in, pool);
        break;
    default:
        break;
    }
}
