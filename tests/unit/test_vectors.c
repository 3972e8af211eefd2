/* SPDX-License-Identifier: Apache-2.0
 *
 * The examples of the RFCs, one file each below tests/vectors:
 *
 *   source  where it stands
 *   alg     of the key
 *   jwk     the key, private where the RFC has it
 *   jws     signed by it; may be absent
 *   jwks    a set, and `usable`: how many of its keys verify
 */
#include "unit.h"

#include <dirent.h>
#include <stdlib.h>

#include <apr_strings.h>

#include "jwks.h"

#define FOLDER "tests/vectors/"

typedef struct vector_t {
    const json_t *json;
    const ajr_key_t *key;
    ajr_bytes_t input, signature; /* of jws; NULL = none */
} vector_t;

static ajr_bytes_t dump(const json_t *json, apr_pool_t *pool)
{
    char *text = json_dumps(json, 0);
    ajr_bytes_t copy = ajr_bytes_of(apr_pstrdup(pool, text));

    free(text);
    return copy;
}

static void load(vector_t *vector, const char *path, apr_pool_t *pool)
{
    json_t *json = ajr_json_own(json_load_file(path, 0, NULL), pool);
    const char *jws = json_string_value(json_object_get(json, "jws"));
    const char *alg = json_string_value(json_object_get(json, "alg"));
    const char *dot;
    ajr_key_t *key = NULL;

    assert_non_null(json);
    memset(vector, 0, sizeof(*vector));
    vector->json = json;
    assert_null(ajr_jwk_make(&key, ajr_alg_find(alg),
                             dump(json_object_get(json, "jwk"), pool), NULL,
                             AJR_USE_ANY, pool));
    vector->key = key;
    if (jws != NULL) {
        dot = strrchr(jws, '.');
        vector->input.data = (const unsigned char *)jws;
        vector->input.len = (apr_size_t)(dot - jws);
        assert_true(ajr_base64url_decode(&vector->signature,
                                         ajr_bytes_of(dot + 1), pool));
    }
}

static bool good(const ajr_key_t *key, ajr_bytes_t input, ajr_bytes_t signature,
                 apr_pool_t *pool)
{
    return ajr_alg_verify(key->alg, &key->material, input, signature, pool);
}

static ajr_bytes_t flipped(ajr_bytes_t in, apr_size_t at, apr_pool_t *pool)
{
    unsigned char *copy = apr_pmemdup(pool, in.data, in.len);

    copy[at] ^= 1;
    return (ajr_bytes_t){copy, in.len};
}

/* The signature of the RFC is good, and any bit of it counts. */
static void verify(const vector_t *vector, apr_pool_t *pool)
{
    apr_size_t i;

    assert_true(good(vector->key, vector->input, vector->signature, pool));
    for (i = 0; i < vector->signature.len; i++) {
        assert_false(good(vector->key, vector->input,
                          flipped(vector->signature, i, pool), pool));
    }
    assert_false(good(vector->key, flipped(vector->input, 3, pool),
                      vector->signature, pool));
}

/* What the private key signs is verified by the exported half of it, and is
 * the signature of the RFC where signatures have no random part. */
static void sign(const vector_t *vector, apr_pool_t *pool)
{
    const ajr_alg_t *alg = vector->key->alg;
    json_t *public = ajr_jwk_export(vector->key, pool);
    ajr_key_t *verifier = NULL;
    bool foreign = false;
    ajr_bytes_t input = BYTES("a.b"), signature;

    assert_true(
        ajr_alg_sign(&signature, alg, &vector->key->material, input, pool));
    assert_int_equal(public == NULL, alg->type == AJR_KEY_OCT);
    if (public != NULL) {
        assert_null(json_object_get(public, "d"));
        assert_null(ajr_jwk_member(&verifier, &foreign, public, pool));
        assert_false(verifier->signs || verifier->secret);
        assert_true(good(verifier, input, signature, pool));
    }
    if (vector->signature.data != NULL && alg->type != AJR_KEY_EC) {
        assert_true(ajr_alg_sign(&signature, alg, &vector->key->material,
                                 vector->input, pool));
        assert_int_equal(signature.len, vector->signature.len);
        assert_memory_equal(signature.data, vector->signature.data,
                            signature.len);
    }
}

static void judge_set(const vector_t *vector, const json_t *set,
                      apr_pool_t *pool)
{
    json_int_t usable =
        json_integer_value(json_object_get(vector->json, "usable"));
    ajr_keyset_t *keys = NULL;
    ajr_bytes_t signature, input = BYTES("a.b");
    const char *warning;
    const char *why = ajr_jwks_read(&keys, &warning, dump(set, pool), pool);

    assert_int_equal(why == NULL, usable > 0);
    if (usable > 0) {
        assert_int_equal(keys->nelts, usable);
        assert_true(ajr_alg_sign(&signature, vector->key->alg,
                                 &vector->key->material, input, pool));
        assert_true(good(
            ajr_keyset_next(keys, NULL, vector->key->alg, vector->key->kid),
            input, signature, pool));
    }
}

static void judge(const char *path, apr_pool_t *pool)
{
    const json_t *set;
    vector_t vector;

    load(&vector, path, pool);
    set = json_object_get(vector.json, "jwks");
    assert_true(vector.signature.data != NULL || set != NULL);
    if (vector.signature.data != NULL) {
        verify(&vector, pool);
    }
    if (vector.key->signs) {
        sign(&vector, pool);
    }
    if (set != NULL) {
        judge_set(&vector, set, pool);
    }
}

/* A folder without vectors is a mistake, not a success. */
static void judge_folder(const char *name, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, FOLDER, name, NULL);
    DIR *folder = opendir(path);
    const struct dirent *entry;
    int judged = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            judge(apr_pstrcat(pool, path, "/", entry->d_name, NULL), pool);
            judged++;
        }
    }
    closedir(folder);
    print_message("%s: %d vectors\n", name, judged);
    assert_true(judged > 0);
}

static void rfc7515_json_web_signature(void **state)
{
    judge_folder("rfc7515", *state);
}

static void rfc7517_json_web_key(void **state)
{
    judge_folder("rfc7517", *state);
}

static void rfc7520_examples_of_protecting_content(void **state)
{
    judge_folder("rfc7520", *state);
}

static void rfc8037_edwards_curves(void **state)
{
    judge_folder("rfc8037", *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(rfc7515_json_web_signature),
        UNIT_TEST(rfc7517_json_web_key),
        UNIT_TEST(rfc7520_examples_of_protecting_content),
        UNIT_TEST(rfc8037_edwards_curves),
    };

    return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
