/* SPDX-License-Identifier: Apache-2.0
 *
 * What an access token says, and who may make it say so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "mint.h"

/* 2025-11-21 08:00:00.9 UTC: the fraction must not reach the token. */
#define NOW (apr_time_from_sec(1763712000) + 900000)

static apr_pool_t *pool;
static apr_array_header_t *keys;
static const ajr_key_t *key;

static int prepare(void **state)
{
    ajr_key_t *made;

    (void)state;
    apr_pool_create(&pool, NULL);
    assert_null(
        ajr_key_make(&made, ajr_alg_find("HS256"),
                     ajr_bytes_of("a secret of at least 32 bytes, for tests"),
                     NULL, AJR_USE_ANY, pool));
    keys = apr_array_make(pool, 1, sizeof(const ajr_key_t *));
    APR_ARRAY_PUSH(keys, const ajr_key_t *) = made;
    key = made;
    return 0;
}

static int drop_pool(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static json_t *json_of(const char *text)
{
    json_t *json;

    assert_true(ajr_json_object(&json, ajr_bytes_of(text), pool));
    return json;
}

static ajr_mint_t sample(void)
{
    ajr_mint_t mint = {.issuer = "https://issuer.example",
                       .subject = "42",
                       .generation = 7,
                       .lifetime = apr_time_from_sec(300)};
    int i;

    for (i = 0; i < 16; i++) {
        mint.sid[i] = (unsigned char)(i * 17);
        mint.jti[i] = (unsigned char)(255 - i * 17);
    }
    return mint;
}

static const apr_array_header_t *list(const char *first, const char *second)
{
    apr_array_header_t *made = apr_array_make(pool, 2, sizeof(const char *));

    APR_ARRAY_PUSH(made, const char *) = first;
    if (second != NULL) {
        APR_ARRAY_PUSH(made, const char *) = second;
    }
    return made;
}

/* Mints, verifies and returns the claims. */
static const json_t *claims_of(const ajr_mint_t *mint)
{
    const char *token;
    apr_int64_t expires_in;
    const ajr_jwt_t *jwt;

    assert_int_equal(
        ajr_mint_access(&token, &expires_in, mint, "at+jwt", key, NOW, pool),
        AJR_OK);
    assert_int_equal(ajr_jwt_verify(&jwt, ajr_bytes_of(token), keys, pool),
                     AJR_OK);
    return jwt->claims;
}

static void assert_claims(const ajr_mint_t *mint, const char *expected)
{
    char *said = json_dumps(claims_of(mint), JSON_COMPACT | JSON_SORT_KEYS);
    char *meant = json_dumps(json_of(expected), JSON_COMPACT | JSON_SORT_KEYS);

    assert_string_equal(said, meant);
    free(said);
    free(meant);
}

static void a_token_says_what_the_module_knows_and_no_more(void **state)
{
    ajr_mint_t mint = sample();

    (void)state;
    assert_claims(&mint, "{\"iss\":\"https://issuer.example\",\"sub\":\"42\","
                         "\"iat\":1763712000,\"exp\":1763712300,"
                         "\"jti\":\"ffeeddcc-bbaa-9988-7766-554433221100\","
                         "\"sid\":\"00112233-4455-6677-8899-aabbccddeeff\","
                         "\"gen\":7}");
    mint.issuer = NULL;
    mint.client = "spa";
    mint.scope = "read write";
    mint.generation = AJR_GENERATION_MAX;
    mint.audiences = list("api", NULL);
    assert_claims(&mint, "{\"sub\":\"42\",\"client_id\":\"spa\","
                         "\"scope\":\"read write\",\"aud\":\"api\","
                         "\"iat\":1763712000,\"exp\":1763712300,"
                         "\"jti\":\"ffeeddcc-bbaa-9988-7766-554433221100\","
                         "\"sid\":\"00112233-4455-6677-8899-aabbccddeeff\","
                         "\"gen\":2147483647}");
}

/* nbf, the iat of the token traded, a jti without hyphens, a token_type. */
static void a_style_adds_what_its_hosts_expect(void **state)
{
    const ajr_mint_style_t style = {true, true, true, "access", false};
    ajr_mint_t mint = sample();

    (void)state;
    mint.style = &style;
    mint.first_issued = apr_time_from_sec(1763700000);
    assert_claims(&mint, "{\"iss\":\"https://issuer.example\",\"sub\":\"42\","
                         "\"iat\":1763700000,\"nbf\":1763712000,"
                         "\"exp\":1763712300,\"token_type\":\"access\","
                         "\"jti\":\"ffeeddccbbaa99887766554433221100\","
                         "\"sid\":\"00112233-4455-6677-8899-aabbccddeeff\","
                         "\"gen\":7}");
    mint.first_issued = 0;
    assert_int_equal(
        json_integer_value(json_object_get(claims_of(&mint), "iat")),
        1763712000);
}

static void several_audiences_are_a_list_none_is_absent(void **state)
{
    ajr_mint_t mint = sample();
    const json_t *aud;

    (void)state;
    mint.audiences = list("one", "two");
    aud = json_object_get(claims_of(&mint), "aud");
    assert_int_equal(json_array_size(aud), 2);
    assert_string_equal(json_string_value(json_array_get(aud, 1)), "two");
    mint.audiences = apr_array_make(pool, 1, sizeof(const char *));
    assert_null(json_object_get(claims_of(&mint), "aud"));
}

static void claims_of_sql_cannot_stand_in_for_the_module(void **state)
{
    static const char *const reserved[] = {
        "iss", "sub", "aud",   "exp", "nbf",       "iat",        "jti",
        "sid", "gen", "scope", "scp", "client_id", "token_type", "cnf"};
    ajr_mint_t mint = sample();
    json_t *claims = json_of("{\"role\":\"editor\"}");
    const json_t *said;
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
        assert_true(ajr_mint_reserved(reserved[i]));
        json_object_set_new(claims, reserved[i], json_string("evil"));
    }
    mint.claims = claims;
    said = claims_of(&mint);
    for (i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
        const char *text =
            json_string_value(json_object_get(said, reserved[i]));

        assert_true(text == NULL || strcmp(text, "evil") != 0);
    }
    assert_string_equal(json_string_value(json_object_get(said, "role")),
                        "editor");
    assert_null(json_object_get(said, "nbf"));
    assert_null(json_object_get(said, "aud"));
    assert_null(json_object_get(said, "cnf"));
    assert_false(ajr_mint_reserved("role"));
    assert_false(ajr_mint_reserved("su"));
    assert_false(ajr_mint_reserved("subx"));
    assert_false(ajr_mint_reserved(""));
    /* The caller's object is as it was. */
    assert_int_equal(json_object_size(claims), 15);
}

static void a_null_removes_its_claim_and_no_reserved_one(void **state)
{
    ajr_mint_t mint = sample();
    const json_t *said;

    (void)state;
    mint.claims = json_of("{\"role\":null,\"sub\":null,\"exp\":null,"
                          "\"team\":{\"lead\":null}}");
    said = claims_of(&mint);
    assert_null(json_object_get(said, "role"));
    assert_string_equal(json_string_value(json_object_get(said, "sub")), "42");
    assert_true(json_is_integer(json_object_get(said, "exp")));
    assert_true(
        json_is_null(json_object_get(json_object_get(said, "team"), "lead")));
}

static void the_configuration_stands_over_sql_and_below_the_module(void **state)
{
    ajr_mint_t mint = sample();
    const json_t *said;

    (void)state;
    mint.claims = json_of("{\"role\":\"user\",\"team\":1,\"old\":true}");
    mint.configured =
        json_of("{\"role\":[\"a\"],\"old\":null,\"sub\":\"1\",\"new\":2}");
    said = claims_of(&mint);
    assert_true(json_is_array(json_object_get(said, "role")));
    assert_int_equal(json_integer_value(json_object_get(said, "team")), 1);
    assert_int_equal(json_integer_value(json_object_get(said, "new")), 2);
    assert_null(json_object_get(said, "old"));
    assert_string_equal(json_string_value(json_object_get(said, "sub")), "42");
}

static void another_subject_claim_takes_the_place_of_sub(void **state)
{
    ajr_mint_t mint = sample();
    const json_t *said;

    (void)state;
    mint.subject_claim = "user_id";
    mint.claims = json_of("{\"user_id\":\"1\"}");
    said = claims_of(&mint);
    assert_string_equal(json_string_value(json_object_get(said, "user_id")),
                        "42");
    assert_null(json_object_get(said, "sub"));
}

static apr_int64_t expires_in(apr_interval_time_t lifetime, apr_time_t now)
{
    ajr_mint_t mint = sample();
    const char *token;
    apr_int64_t seconds = -1;
    ajr_outcome_t outcome;

    mint.lifetime = lifetime;
    outcome = ajr_mint_access(&token, &seconds, &mint, NULL, key, now, pool);
    if (outcome != AJR_OK) {
        assert_int_equal(outcome, AJR_INTERNAL);
        assert_null(token);
        return -1;
    }
    assert_non_null(token);
    return seconds;
}

static void a_token_never_outlives_its_lifetime(void **state)
{
    ajr_mint_t mint = sample();
    const json_t *said;

    (void)state;
    assert_int_equal(expires_in(apr_time_from_sec(300), NOW), 300);
    assert_int_equal(expires_in(apr_time_from_sec(1), NOW), 1);
    mint.lifetime = 1050000; /* 08:00:00.9 + 1.05 s = 08:00:01.95 */
    said = claims_of(&mint);
    assert_int_equal(json_integer_value(json_object_get(said, "exp")),
                     1763712001);
}

static void an_absurd_lifetime_mints_nothing(void **state)
{
    (void)state;
    assert_int_equal(expires_in(0, NOW), -1);
    assert_int_equal(expires_in(-1, NOW), -1);
    assert_int_equal(expires_in(APR_INT64_MAX, NOW), -1);
    assert_int_equal(expires_in(1, -1), -1);
}

static void text_that_is_no_utf8_mints_nothing(void **state)
{
    ajr_mint_t mint = sample();
    const char *token;
    apr_int64_t seconds;

    (void)state;
    mint.subject = "caf\xe9";
    assert_int_equal(
        ajr_mint_access(&token, &seconds, &mint, NULL, key, NOW, pool),
        AJR_INTERNAL);
    assert_null(token);
    mint = sample();
    mint.audiences = list("one", "\xff");
    assert_int_equal(
        ajr_mint_access(&token, &seconds, &mint, NULL, key, NOW, pool),
        AJR_INTERNAL);
    assert_null(token);
}

static void a_uuid_has_one_spelling(void **state)
{
    static const char *const wrong[] = {"",
                                        "00112233-4455-6677-8899-aabbccddeef",
                                        "00112233-4455-6677-8899-aabbccddeeff0",
                                        "00112233-4455-6677-8899-AABBCCDDEEFF",
                                        "{0112233-4455-6677-8899-aabbccddeef}",
                                        "001122334455-6677-8899-aabbccddeeff-",
                                        "00112233-4455-6677-8899_aabbccddeeff",
                                        "0011223344556677-8899-aabbccddeeff--",
                                        "00112233-4455-6677-8899-aabbccddeefg",
                                        " 0112233-4455-6677-8899-aabbccddeeff"};
    static const char right[] = "00112233-4455-6677-8899-aabbccddeeff";
    unsigned char uuid[16], kept[16];
    unsigned i;

    (void)state;
    assert_true(ajr_uuid_parse(uuid, right));
    assert_string_equal(ajr_uuid_format(uuid, pool), right);
    memcpy(kept, uuid, 16);
    for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_false(ajr_uuid_parse(uuid, wrong[i]));
    }
    assert_false(ajr_uuid_parse(uuid, NULL));
    assert_memory_equal(uuid, kept, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_says_what_the_module_knows_and_no_more),
        cmocka_unit_test(a_style_adds_what_its_hosts_expect),
        cmocka_unit_test(several_audiences_are_a_list_none_is_absent),
        cmocka_unit_test(claims_of_sql_cannot_stand_in_for_the_module),
        cmocka_unit_test(a_null_removes_its_claim_and_no_reserved_one),
        cmocka_unit_test(
            the_configuration_stands_over_sql_and_below_the_module),
        cmocka_unit_test(another_subject_claim_takes_the_place_of_sub),
        cmocka_unit_test(a_token_never_outlives_its_lifetime),
        cmocka_unit_test(an_absurd_lifetime_mints_nothing),
        cmocka_unit_test(text_that_is_no_utf8_mints_nothing),
        cmocka_unit_test(a_uuid_has_one_spelling),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, prepare, drop_pool);
}
