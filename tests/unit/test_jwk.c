/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "jwks.h"

/* RFC 8037 A.1, RFC 7515 A.3, a secret. */
#define OKP_X "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define OKP_D "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""
#define EC_X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define EC_Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define EC_D "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\""
#define K "\"k\":\"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg\""
#define OKP "\"kty\":\"OKP\",\"crv\":\"Ed25519\"," OKP_X
#define EC "\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "," EC_Y
#define OCT "\"kty\":\"oct\"," K

static const char *text_of(const json_t *json, apr_pool_t *pool)
{
    char *text = json_dumps(json, JSON_COMPACT);
    const char *copy = apr_pstrdup(pool, text);

    free(text);
    return copy;
}

static json_t *parsed(const char *text, apr_pool_t *pool)
{
    json_t *json = ajr_json_own(json_loads(text, 0, NULL), pool);

    assert_non_null(json);
    return json;
}

/* The sentence, NULL when the key was made. Never repeats a number. */
static const char *make(ajr_key_t **key, const char *alg, const char *text,
                        ajr_use_t use, apr_pool_t *pool)
{
    const char *why = ajr_jwk_make(key, ajr_alg_find(alg), ajr_bytes_of(text),
                                   NULL, use, pool);

    assert_int_equal(why == NULL, *key != NULL);
    assert_true(why == NULL || strstr(why, "11qY") == NULL);
    assert_true(why == NULL || strstr(why, "hJtX") == NULL);
    return why;
}

static bool refused(const char *alg, const char *text, apr_pool_t *pool)
{
    ajr_key_t *key = NULL;

    return make(&key, alg, text, AJR_USE_ANY, pool) != NULL;
}

static void assert_refused_with(const char *alg, const char *text,
                                const char *words, apr_pool_t *pool)
{
    ajr_key_t *key = NULL;
    const char *why = make(&key, alg, text, AJR_USE_ANY, pool);

    assert_non_null(why);
    if (strstr(why, words) == NULL) {
        fail_msg("`%s` lacks `%s`", why, words);
    }
}

/* ---- one key ---- */

/* PEM -> key -> JWK -> key: what one signs the other verifies, for each row of
 * the table. */
static void every_algorithm_goes_out_and_comes_back(void **state)
{
    int row;

    for (row = 0; ajr_alg_at(row) != NULL; row++) {
        const ajr_alg_t *alg = ajr_alg_at(row);
        const ajr_key_t *key = unit_key(alg->name, 0, "a kid", *state);
        json_t *jwk = ajr_jwk_export(key, *state);
        ajr_key_t *back = NULL;
        ajr_bytes_t signature;

        if (alg->type == AJR_KEY_OCT) {
            assert_null(jwk);
            continue;
        }
        assert_null(json_object_get(jwk, "d"));
        assert_null(
            make(&back, alg->name, text_of(jwk, *state), AJR_USE_ANY, *state));
        assert_false(back->signs || back->secret);
        assert_string_equal(back->kid, "a kid");
        assert_true(ajr_alg_sign(&signature, alg, &key->material, BYTES("text"),
                                 *state));
        assert_true(ajr_alg_verify(alg, &back->material, BYTES("text"),
                                   signature, *state));
    }
}

static void private_public_and_symmetric_keys_are_told_apart(void **state)
{
    ajr_key_t *key = NULL;

    assert_null(make(&key, "EdDSA", "{" OKP "}", AJR_USE_ANY, *state));
    assert_false(key->signs || key->secret);
    assert_null(
        make(&key, "EdDSA", "{" OKP "," OKP_D "}", AJR_USE_ANY, *state));
    assert_true(key->signs && key->secret);
    assert_null(
        make(&key, "EdDSA", "{" OKP "," OKP_D "}", AJR_USE_VERIFY, *state));
    assert_true(!key->signs && key->secret);
    assert_null(make(&key, "ES256", "{" EC "," EC_D "}", AJR_USE_SIGN, *state));
    assert_true(key->signs && key->secret);
    assert_null(make(&key, "HS256", "{" OCT "}", AJR_USE_ANY, *state));
    assert_true(key->signs && key->secret);
    assert_non_null(make(&key, "ES256", "{" EC "}", AJR_USE_SIGN, *state));
}

static void the_line_of_the_administrator_names_the_key(void **state)
{
    ajr_key_t *key = NULL;
    ajr_bytes_t text = BYTES("{" EC ",\"kid\":\"in the file\"}");

    assert_null(ajr_jwk_make(&key, ajr_alg_find("ES256"), text, NULL,
                             AJR_USE_ANY, *state));
    assert_string_equal(key->kid, "in the file");
    assert_null(ajr_jwk_make(&key, ajr_alg_find("ES256"), text, "on the line",
                             AJR_USE_ANY, *state));
    assert_string_equal(key->kid, "on the line");
}

static void a_key_serves_the_one_algorithm_it_is_pinned_to(void **state)
{
    static const char *const rows[][3] = {
        {"ES256", "{" OKP "}", "kty"},
        {"EdDSA", "{" EC "}", "kty"},
        {"RS256", "{" OCT "}", "kty"},
        {"HS256", "{" EC "}", "kty"},
        {"ES384", "{" EC "}", "crv"},
        {"ES256", "{" EC ",\"alg\":\"ES384\"}", "alg"},
        {"ES384", "{" EC ",\"alg\":\"ES384\"}", "alg"},
        {"HS512", "{" OCT ",\"alg\":\"HS256\"}", "alg"},
        {"HS512", "{" OCT "}", "needs at least 64"},
        {"HS256", "{" OCT ",\"alg\":\"A128KW\"}", "alg"},
        {"EdDSA", "{" OKP ",\"alg\":\"RS256\"}", "kty"},
        {"EdDSA", "{\"kty\":\"OKP\",\"crv\":\"X25519\"," OKP_X "}", "crv"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        assert_refused_with(rows[i][0], rows[i][1], rows[i][2], *state);
    }
    assert_false(refused("HS256", "{" OCT ",\"alg\":\"HS256\"}", *state));
    assert_false(refused("ES256", "{" EC ",\"alg\":\"ES256\"}", *state));
}

/* RFC 7517 4.2, 4.3 */
static void use_and_key_ops_are_obeyed(void **state)
{
    ajr_key_t *key = NULL;

    assert_refused_with("ES256", "{" EC ",\"use\":\"enc\"}", "use", *state);
    assert_refused_with("ES256", "{" EC ",\"key_ops\":[]}", "key_ops", *state);
    assert_refused_with("ES256", "{" EC ",\"key_ops\":[\"deriveKey\"]}",
                        "key_ops", *state);
    assert_null(make(&key, "ES256",
                     "{" EC "," EC_D ",\"use\":\"sig\",\"key_ops\":[\"sign\"]}",
                     AJR_USE_ANY, *state));
    assert_true(key->signs);
    assert_null(make(&key, "ES256",
                     "{" EC "," EC_D ",\"key_ops\":[\"verify\"]}", AJR_USE_ANY,
                     *state));
    assert_false(key->signs);
    assert_non_null(make(&key, "ES256",
                         "{" EC "," EC_D ",\"key_ops\":[\"verify\"]}",
                         AJR_USE_SIGN, *state));
}

static void a_malformed_key_is_refused(void **state)
{
    static const char *const rows[][2] = {
        {"ES256", ""},
        {"ES256", "[]"},
        {"ES256", "{" EC},
        {"ES256", "{" EC "}x"},
        {"ES256", "{" EC ",\"kty\":\"EC\"}"},
        {"ES256", "{}"},
        {"ES256", "{\"kty\":7}"},
        {"ES256", "{" EC ",\"use\":7}"},
        {"ES256", "{" EC ",\"kid\":7}"},
        {"ES256", "{" EC ",\"kid\":\"\"}"},
        {"ES256", "{" EC ",\"alg\":null}"},
        {"ES256", "{" EC ",\"key_ops\":\"verify\"}"},
        {"ES256", "{" EC ",\"key_ops\":[7]}"},
        {"ES256", "{\"kty\":\"EC\"," EC_X "," EC_Y "}"},
        {"ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "}"},
        {"ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\"," EC_Y "}"},
        {"ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":7," EC_Y "}"},
        /* the point of another key; y = x */
        {"ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X
                  ",\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}"},
        {"ES256", "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X ",\"y\":"
                  "\"AMf8RM0bvZt-hyzf7bnuvfSzaV1uqQskrYpGIyiFiOWt\"}"},
        {"ES256", "{" EC ",\"d\":\"AQ\"}"},
        {"ES256", "{" EC ",\"d\":7}"},
        /* the private half of another key */
        {"ES256",
         "{" EC ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}"},
        {"EdDSA",
         "{" OKP ",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}"},
        {"EdDSA", "{" OKP ",\"d\":\"AQ\"}"},
        {"EdDSA", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQ\"}"},
        {"RS256", "{\"kty\":\"RSA\",\"e\":\"AQAB\"}"},
        {"RS256", "{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":\"AQAB\"}"},
        {"RS256", "{\"kty\":\"RSA\",\"n\":\"AQ==\",\"e\":\"AQAB\"}"},
        {"HS256", "{\"kty\":\"oct\"}"},
        {"HS256", "{\"kty\":\"oct\",\"k\":\"\"}"},
        {"HS256", "{\"kty\":\"oct\",\"k\":\"a+b/\"}"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        if (!refused(rows[i][0], rows[i][1], *state)) {
            fail_msg("accepted: %s", rows[i][1]);
        }
    }
}

static json_t *rsa_jwk(const char *kind, apr_pool_t *pool)
{
    ajr_key_t key = {
        ajr_alg_find("RS256"), NULL, {NULL, unit_pkey(kind, 0)}, false, false};

    return ajr_jwk_export(&key, pool);
}

/* RSA keys below 2048 bits, an exponent of 1, half of the private numbers. */
static void weak_and_incomplete_rsa_keys_are_refused(void **state)
{
    json_t *jwk = rsa_jwk("RSA-1024", *state);

    assert_refused_with("RS256", text_of(jwk, *state), "2048", *state);
    jwk = rsa_jwk("RSA-2048", *state);
    assert_false(refused("RS256", text_of(jwk, *state), *state));
    json_object_set_new(jwk, "d", json_string("AQ"));
    assert_true(refused("RS256", text_of(jwk, *state), *state));
    json_object_set_new(jwk, "p", json_string("Aw"));
    assert_true(refused("RS256", text_of(jwk, *state), *state));
    json_object_set_new(jwk, "oth", json_array());
    assert_refused_with("RS256", text_of(jwk, *state), "oth", *state);
    jwk = rsa_jwk("RSA-2048", *state);
    json_object_set_new(jwk, "e", json_string("AQ"));
    assert_refused_with("RS256", text_of(jwk, *state), "sound", *state);
}

static void the_secret_of_a_symmetric_key_is_found(void **state)
{
    ajr_bytes_t secret;

    assert_null(ajr_jwk_secret(&secret, BYTES("{" OCT "}"), *state));
    assert_int_equal(secret.len, 32);
    assert_int_equal(secret.data[0], 0x84);
    assert_non_null(ajr_jwk_secret(&secret, BYTES("{" EC "}"), *state));
    assert_non_null(ajr_jwk_secret(&secret, BYTES("{\"k\":\"AQ\"}"), *state));
    assert_non_null(ajr_jwk_secret(&secret, BYTES("AQ"), *state));
}

/* ---- sets ---- */

static const char *read_set(ajr_keyset_t **keys, const char **warning,
                            const char *members, apr_pool_t *pool)
{
    const char *why = ajr_jwks_read(
        keys, warning,
        ajr_bytes_of(apr_pstrcat(pool, "{\"keys\":[", members, "]}", NULL)),
        pool);

    assert_int_equal(why == NULL, *keys != NULL);
    return why;
}

static void a_set_without_alg_pins_each_key_to_one(void **state)
{
    json_t *rsa = rsa_jwk("RSA-2048", *state);
    ajr_keyset_t *keys = NULL;
    const char *warning;

    json_object_del(rsa, "alg");
    assert_null(read_set(
        &keys, &warning,
        apr_pstrcat(*state, "{" EC "},{" OKP "},", text_of(rsa, *state), NULL),
        *state));
    assert_null(warning);
    assert_int_equal(keys->nelts, 3);
    assert_non_null(ajr_keyset_next(keys, NULL, ajr_alg_find("ES256"), NULL));
    assert_non_null(ajr_keyset_next(keys, NULL, ajr_alg_find("EdDSA"), NULL));
    assert_non_null(ajr_keyset_next(keys, NULL, ajr_alg_find("RS256"), NULL));
    assert_null(ajr_keyset_next(keys, NULL, ajr_alg_find("PS256"), NULL));
    assert_null(ajr_keyset_signer(keys));
}

/* RFC 7517 5: what is not for us is passed over without a word. */
static void foreign_members_are_passed_over(void **state)
{
    static const char *const members[] = {
        "{\"kty\":\"LMS\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed448\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"use\":\"enc\"}",
        "{\"kty\":\"EC\",\"crv\":\"secp256k1\"}",
        "{\"kty\":\"RSA\",\"alg\":\"RSA-OAEP\"}",
        "{\"kty\":\"oct\",\"alg\":\"A128KW\"}",
        "{" EC ",\"use\":\"enc\"}",
        "{" EC ",\"key_ops\":[\"sign\"]}",
        "{" EC ",\"key_ops\":[]}",
    };
    ajr_keyset_t *keys = NULL;
    const char *warning;
    size_t i;

    for (i = 0; i < COUNT(members); i++) {
        const char *why = read_set(&keys, &warning, members[i], *state);

        assert_non_null(strstr(why, "holds no key for signatures"));
        assert_null(warning);
        why = apr_pstrcat(*state, members[i], ",{" OKP ",\"future\":{}}", NULL);
        assert_null(read_set(&keys, &warning, why, *state));
        assert_null(warning);
        assert_int_equal(keys->nelts, 1);
    }
}

/* The classic: whoever can read the set could sign. */
static void symmetric_and_broken_members_are_left_out_and_told(void **state)
{
    static const char *const members[][2] = {
        {"{" OCT "}", "symmetric"},
        {"{" OCT ",\"alg\":\"HS256\"}", "symmetric"},
        {"7", "no JSON object"},
        {"{\"crv\":\"P-256\"}", "kty"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "}", "x or y"},
        {"{" EC ",\"alg\":\"ES384\"}", "fit"},
    };
    ajr_keyset_t *keys = NULL;
    const char *warning;
    size_t i;

    for (i = 0; i < COUNT(members); i++) {
        const char *why = read_set(&keys, &warning, members[i][0], *state);

        assert_non_null(strstr(why, members[i][1]));
        why = apr_pstrcat(*state, "{" EC "},", members[i][0], NULL);
        assert_null(read_set(&keys, &warning, why, *state));
        assert_int_equal(keys->nelts, 1);
        assert_non_null(strstr(warning, members[i][1]));
        assert_non_null(strstr(warning, "number 2"));
        assert_null(strstr(warning, "hJtX"));
    }
}

static void private_members_verify_and_nothing_more(void **state)
{
    ajr_keyset_t *keys = NULL;
    const char *warning;

    assert_null(
        read_set(&keys, &warning, "{" OKP "," OKP_D ",\"kid\":\"k\"}", *state));
    assert_null(ajr_keyset_signer(keys));
    assert_false(APR_ARRAY_IDX(keys, 0, const ajr_key_t *)->secret);
    assert_string_equal(text_of(ajr_jwks_export(keys, *state), *state),
                        "{\"keys\":[{" OKP
                        ",\"use\":\"sig\",\"alg\":\"EdDSA\",\"kid\":\"k\"}]}");
}

static void what_is_no_set_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "keys",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":[]}",
        "{" EC "}",
        "{\"keys\":[{" EC "}]",
        "{\"keys\":[{" EC "}],\"keys\":[]}",
        "\xef\xbb\xbf{\"keys\":[{" EC "}]}",
    };
    ajr_keyset_t *keys = (ajr_keyset_t *)*state;
    const char *warning;
    size_t i;

    for (i = 0; i < COUNT(texts); i++) {
        const char *why =
            ajr_jwks_read(&keys, &warning, ajr_bytes_of(texts[i]), *state);

        assert_non_null(why);
        assert_null(keys);
    }
}

static void a_set_is_bounded(void **state)
{
    ajr_keyset_t *keys = NULL;
    const char *warning;
    const char *members = "{" OKP "}";
    int i;

    for (i = 1; i < AJR_JWKS_MAX; i++) {
        members = apr_pstrcat(*state, members, ",{" OKP "}", NULL);
    }
    assert_null(read_set(&keys, &warning, members, *state));
    assert_int_equal(keys->nelts, AJR_JWKS_MAX);
    members = apr_pstrcat(*state, members, ",{" OKP "}", NULL);
    assert_non_null(read_set(&keys, &warning, members, *state));
}

static void the_public_set_has_each_key_once_and_no_secret(void **state)
{
    const ajr_key_t *secret = unit_key("HS256", 0, "s", *state);
    const ajr_key_t *a = unit_key("ES256", 0, "a", *state);
    const json_t *set =
        ajr_jwks_export(unit_keyset(secret, a, a, *state), *state);

    assert_int_equal(json_array_size(json_object_get(set, "keys")), 1);
    assert_null(strstr(text_of(set, *state), "oct"));
    set = ajr_jwks_export(unit_keyset(secret, NULL, NULL, *state), *state);
    assert_string_equal(text_of(set, *state), "{\"keys\":[]}");
    set = ajr_jwks_export(NULL, *state);
    assert_string_equal(text_of(set, *state), "{\"keys\":[]}");
}

static void shorten(json_t *jwk, const char *name, apr_pool_t *pool)
{
    ajr_bytes_t bytes;

    assert_true(ajr_base64url_decode(
        &bytes, ajr_bytes_of(json_string_value(json_object_get(jwk, name))),
        pool));
    assert_int_equal(bytes.data[0], 0);
    bytes.data++;
    bytes.len--;
    json_object_set_new(jwk, name,
                        json_string(ajr_base64url_encode(bytes, pool)));
}

/* A coordinate that starts with a zero byte keeps it (RFC 7518 6.2.1.2), and
 * is known where somebody else has dropped it. */
static void coordinates_keep_their_leading_zeros(void **state)
{
    int which, short_ones = 0;

    for (which = 0; which < 40000 && short_ones < 2; which++) {
        EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "prime256v1");
        ajr_key_t key = {
            ajr_alg_find("ES256"), NULL, {NULL, pkey}, false, false};
        json_t *jwk = ajr_jwk_export(&key, *state);

        if (strncmp(json_string_value(json_object_get(jwk, "x")), "AA", 2) ==
            0) {
            assert_int_equal(json_string_length(json_object_get(jwk, "x")), 43);
            assert_false(refused("ES256", text_of(jwk, *state), *state));
            shorten(jwk, "x", *state);
            assert_false(refused("ES256", text_of(jwk, *state), *state));
            short_ones++;
        }
        EVP_PKEY_free(pkey);
    }
    assert_int_equal(short_ones, 2);
}

static void a_member_that_is_no_object_does_no_harm(void **state)
{
    static const char *const texts[] = {"[7]", "[null]", "[[]]", "[\"x\"]"};
    size_t i;

    for (i = 0; i < COUNT(texts); i++) {
        ajr_key_t *key = NULL;
        bool foreign = true;

        assert_non_null(ajr_jwk_member(
            &key, &foreign, json_array_get(parsed(texts[i], *state), 0),
            *state));
        assert_false(foreign);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(every_algorithm_goes_out_and_comes_back),
        UNIT_TEST(private_public_and_symmetric_keys_are_told_apart),
        UNIT_TEST(the_line_of_the_administrator_names_the_key),
        UNIT_TEST(a_key_serves_the_one_algorithm_it_is_pinned_to),
        UNIT_TEST(use_and_key_ops_are_obeyed),
        UNIT_TEST(a_malformed_key_is_refused),
        UNIT_TEST(weak_and_incomplete_rsa_keys_are_refused),
        UNIT_TEST(the_secret_of_a_symmetric_key_is_found),
        UNIT_TEST(a_set_without_alg_pins_each_key_to_one),
        UNIT_TEST(foreign_members_are_passed_over),
        UNIT_TEST(symmetric_and_broken_members_are_left_out_and_told),
        UNIT_TEST(private_members_verify_and_nothing_more),
        UNIT_TEST(what_is_no_set_is_refused),
        UNIT_TEST(a_set_is_bounded),
        UNIT_TEST(the_public_set_has_each_key_once_and_no_secret),
        UNIT_TEST(coordinates_keep_their_leading_zeros),
        UNIT_TEST(a_member_that_is_no_object_does_no_harm),
    };

    return cmocka_run_group_tests_name("jwk", tests, NULL, NULL);
}
