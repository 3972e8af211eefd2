/* SPDX-License-Identifier: Apache-2.0
 *
 * The refresh token: what is genuine is read back as it was, everything else
 * is refused before any database work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "grant.h"

#define JR1_LEN 82
#define JS1_LEN 47
#define PACKED 58

static apr_pool_t *pool;

static int make_pool(void **state)
{
    (void)state;
    return apr_pool_create(&pool, NULL);
}

static int drop_pool(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

/* ---- a small vocabulary ---- */

/* The key whose bytes are `seed`, seed + 1, ... */
static ajr_grant_key_t *key_of(unsigned seed)
{
    unsigned char bytes[40];
    ajr_bytes_t material = {bytes, sizeof(bytes)};
    ajr_grant_key_t *key;
    unsigned i;

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)((seed >> (i % 4 * 8)) + i);
    }
    assert_null(ajr_grant_key_make(&key, material, pool));
    return key;
}

static apr_array_header_t *keys_of(const ajr_grant_key_t *first,
                                   const ajr_grant_key_t *second)
{
    apr_array_header_t *keys =
        apr_array_make(pool, 2, sizeof(const ajr_grant_key_t *));

    APR_ARRAY_PUSH(keys, const ajr_grant_key_t *) = first;
    if (second != NULL) {
        APR_ARRAY_PUSH(keys, const ajr_grant_key_t *) = second;
    }
    return keys;
}

static ajr_grant_t sample(apr_uint32_t generation)
{
    ajr_grant_t grant = {.form = AJR_FORM_JR1, .generation = generation};
    int i;

    for (i = 0; i < 16; i++) {
        grant.sid[i] = (unsigned char)(0xa0 + i);
        grant.secret[i] = (unsigned char)(0x50 + 3 * i);
    }
    return grant;
}

static ajr_outcome_t parse(const char *token, const apr_array_header_t *keys)
{
    static const ajr_grant_t nothing;
    ajr_grant_t grant;
    ajr_outcome_t outcome =
        ajr_grant_parse(&grant, ajr_bytes_of(token), keys, pool);

    if (outcome != AJR_OK) { /* nothing of a refused token may leak out */
        assert_memory_equal(&grant, &nothing, sizeof(grant));
    }
    return outcome;
}

static unsigned char *packed_of(const char *token)
{
    ajr_bytes_t bytes;

    assert_true(ajr_base64url_decode(&bytes, ajr_bytes_of(token + 4), pool));
    return apr_pmemdup(pool, bytes.data, bytes.len);
}

static const char *token_of(const char *prefix, const unsigned char *packed,
                            apr_size_t size)
{
    ajr_bytes_t bytes = {packed, size};

    return apr_pstrcat(pool, prefix, ajr_base64url_encode(bytes, pool), NULL);
}

/* A token whose MAC is right for whatever the rest of it says. */
static const char *resigned(unsigned char *packed, unsigned seed)
{
    static const char label[] = "mod_auth_jwt_refresh grant 1";
    unsigned char key[40], text[128], mac[32];
    unsigned i;

    for (i = 0; i < sizeof(key); i++) {
        key[i] = (unsigned char)((seed >> (i % 4 * 8)) + i);
    }
    memcpy(text, label, sizeof(label) - 1);
    memcpy(text + sizeof(label) - 1, packed, PACKED - 20);
    HMAC(EVP_sha256(), key, sizeof(key), text, sizeof(label) - 1 + PACKED - 20,
         mac, NULL);
    memcpy(packed + PACKED - 20, mac, 20);
    return token_of("jr1_", packed, PACKED);
}

/* ---- the tests ---- */

static void a_token_is_read_back_as_it_was_built(void **state)
{
    static const apr_uint32_t generations[] = {0,   1,     255,
                                               256, 65536, AJR_GENERATION_MAX};
    ajr_grant_key_t *key = key_of(1);
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(generations) / sizeof(*generations); i++) {
        ajr_grant_t built = sample(generations[i]);
        ajr_grant_t read;
        const char *token = ajr_grant_build(&built, key, pool);

        assert_int_equal(strlen(token), JR1_LEN);
        assert_int_equal(ajr_grant_parse(&read, ajr_bytes_of(token),
                                         keys_of(key, NULL), pool),
                         AJR_OK);
        assert_int_equal(read.form, AJR_FORM_JR1);
        assert_int_equal(read.generation, generations[i]);
        assert_memory_equal(read.sid, built.sid, 16);
        assert_memory_equal(read.secret, built.secret, 16);
    }
}

static void the_bytes_on_the_wire_are_the_documented_ones(void **state)
{
    ajr_grant_t grant = sample(0x01020304);
    ajr_grant_key_t *key = key_of(1);
    unsigned char *packed = packed_of(ajr_grant_build(&grant, key, pool));
    const char *again;

    (void)state;
    assert_int_equal(packed[0], 1);
    assert_int_equal(packed[1], key->id);
    assert_memory_equal(packed + 2, grant.sid, 16);
    assert_memory_equal(packed + 18, "\1\2\3\4", 4);
    assert_memory_equal(packed + 22, grant.secret, 16);
    again = ajr_grant_build(&grant, key, pool);
    memset(packed + 38, 0, 20);
    assert_string_equal(resigned(packed, 1), again); /* an independent HMAC */
}

static void the_key_id_is_a_hash_of_the_key_not_its_place(void **state)
{
    static const char label[] = "mod_auth_jwt_refresh grant key id 1";
    unsigned char text[sizeof(label) - 1 + 40], hash[32];
    unsigned i;

    (void)state;
    memcpy(text, label, sizeof(label) - 1);
    for (i = 0; i < 40; i++) {
        text[sizeof(label) - 1 + i] = (unsigned char)((i % 4 == 0 ? 7 : 0) + i);
    }
    assert_true(EVP_Digest(text, sizeof(text), hash, NULL, EVP_sha256(), NULL));
    assert_int_equal(key_of(7)->id, hash[0]);
}

static void a_replay_gives_the_same_successor(void **state)
{
    ajr_grant_key_t *key = key_of(1);
    ajr_grant_t first = sample(5), second = sample(5);
    const char *one, *other;

    (void)state;
    first.generation++;
    second.generation++;
    one = ajr_grant_build(&first, key, pool);
    other = ajr_grant_build(&second, key, pool);
    assert_string_equal(one, other);
    second.generation++;
    assert_string_not_equal(one, ajr_grant_build(&second, key, pool));
}

static void every_flipped_bit_is_refused(void **state)
{
    ajr_grant_t grant = sample(3);
    ajr_grant_key_t *key = key_of(1);
    apr_array_header_t *keys = keys_of(key, NULL);
    unsigned char *packed = packed_of(ajr_grant_build(&grant, key, pool));
    int bit;

    (void)state;
    for (bit = 0; bit < PACKED * 8; bit++) {
        ajr_outcome_t outcome;

        packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
        outcome = parse(token_of("jr1_", packed, PACKED), keys);
        packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
        /* The version and the top bit of the generation are form. */
        assert_int_equal(outcome, bit < 8 || bit == 18 * 8 + 7
                                      ? AJR_GRANT_MALFORMED
                                      : AJR_GRANT_FORGED);
    }
    assert_int_equal(parse(token_of("jr1_", packed, PACKED), keys), AJR_OK);
}

static void every_changed_character_is_refused(void **state)
{
    ajr_grant_t grant = sample(3);
    ajr_grant_key_t *key = key_of(1);
    char *token = apr_pstrdup(pool, ajr_grant_build(&grant, key, pool));
    int at, bit;

    (void)state;
    for (at = 0; at < JR1_LEN; at++) {
        for (bit = 0; bit < 8; bit++) {
            token[at] ^= (char)(1 << bit);
            if (token[at] != '\0') {
                assert_int_not_equal(parse(token, keys_of(key, NULL)), AJR_OK);
            }
            token[at] ^= (char)(1 << bit);
        }
    }
}

static void every_other_length_is_malformed(void **state)
{
    ajr_grant_t grant = sample(3);
    ajr_grant_key_t *key = key_of(1);
    apr_array_header_t *keys = keys_of(key, NULL);
    const char *token = ajr_grant_build(&grant, key, pool);
    int len;

    (void)state;
    for (len = 0; len < JR1_LEN; len++) {
        assert_int_equal(parse(apr_pstrndup(pool, token, len), keys),
                         AJR_GRANT_MALFORMED);
    }
    assert_int_equal(parse(apr_pstrcat(pool, token, "A", NULL), keys),
                     AJR_GRANT_MALFORMED);
    assert_int_equal(parse(apr_pstrcat(pool, token, "=", NULL), keys),
                     AJR_GRANT_MALFORMED);
    assert_int_equal(parse(apr_pstrcat(pool, token, "\n", NULL), keys),
                     AJR_GRANT_MALFORMED);
    assert_int_equal(parse(apr_pstrcat(pool, " ", token, NULL), keys),
                     AJR_GRANT_MALFORMED);
}

static void a_nul_inside_is_malformed(void **state)
{
    ajr_grant_t grant = sample(3), read;
    ajr_grant_key_t *key = key_of(1);
    char *token = apr_pstrdup(pool, ajr_grant_build(&grant, key, pool));
    ajr_bytes_t bytes = {(unsigned char *)token, JR1_LEN};

    (void)state;
    token[40] = '\0';
    assert_int_equal(ajr_grant_parse(&read, bytes, keys_of(key, NULL), pool),
                     AJR_GRANT_MALFORMED);
}

static void another_spelling_of_the_same_bytes_is_malformed(void **state)
{
    ajr_grant_t grant = sample(3);
    ajr_grant_key_t *key = key_of(1);
    char *token = apr_pstrdup(pool, ajr_grant_build(&grant, key, pool));

    (void)state;
    /* 58 bytes leave four bits of the last character, which must be zero. */
    token[JR1_LEN - 1]++;
    assert_int_equal(parse(token, keys_of(key, NULL)), AJR_GRANT_MALFORMED);
    token[JR1_LEN - 1]--;
    memcpy(token, "JR1_", 4);
    assert_int_equal(parse(token, keys_of(key, NULL)), AJR_GRANT_MALFORMED);
    memcpy(token, "jr2_", 4);
    assert_int_equal(parse(token, keys_of(key, NULL)), AJR_GRANT_MALFORMED);
}

static void another_version_is_malformed_even_with_a_right_mac(void **state)
{
    ajr_grant_t grant = sample(3);
    ajr_grant_key_t *key = key_of(1);
    unsigned char *packed = packed_of(ajr_grant_build(&grant, key, pool));
    int version;

    (void)state;
    for (version = 0; version < 256; version++) {
        packed[0] = (unsigned char)version;
        assert_int_equal(parse(resigned(packed, 1), keys_of(key, NULL)),
                         version == 1 ? AJR_OK : AJR_GRANT_MALFORMED);
    }
}

static void a_generation_above_31_bits_is_malformed(void **state)
{
    ajr_grant_t grant = sample(AJR_GENERATION_MAX);
    ajr_grant_key_t *key = key_of(1);
    unsigned char *packed = packed_of(ajr_grant_build(&grant, key, pool));

    (void)state;
    memcpy(packed + 18, "\x7f\xff\xff\xff", 4);
    assert_int_equal(parse(resigned(packed, 1), keys_of(key, NULL)), AJR_OK);
    memcpy(packed + 18, "\x80\x00\x00\x00", 4);
    assert_int_equal(parse(resigned(packed, 1), keys_of(key, NULL)),
                     AJR_GRANT_MALFORMED);
    memcpy(packed + 18, "\xff\xff\xff\xff", 4);
    assert_int_equal(parse(resigned(packed, 1), keys_of(key, NULL)),
                     AJR_GRANT_MALFORMED);
    grant.generation++;
    assert_null(ajr_grant_build(&grant, key, pool));
}

static void an_unknown_key_id_is_forged(void **state)
{
    ajr_grant_t grant = sample(3);
    ajr_grant_key_t *key = key_of(1);
    unsigned char *packed = packed_of(ajr_grant_build(&grant, key, pool));

    (void)state;
    packed[1] ^= 1;
    /* Even the right MAC of a key that is there, under a wrong id. */
    assert_int_equal(parse(resigned(packed, 1), keys_of(key, NULL)),
                     AJR_GRANT_FORGED);
    packed[1] ^= 1;
    assert_int_equal(parse(resigned(packed, 1), NULL), AJR_GRANT_FORGED);
    assert_int_equal(
        parse(resigned(packed, 1),
              apr_array_make(pool, 1, sizeof(const ajr_grant_key_t *))),
        AJR_GRANT_FORGED);
}

static void rollover_accepts_both_keys_until_the_old_one_goes(void **state)
{
    ajr_grant_t grant = sample(3);
    ajr_grant_key_t *old = key_of(1), *new = key_of(2);
    const char *before = ajr_grant_build(&grant, old, pool);
    const char *after = ajr_grant_build(&grant, new, pool);

    (void)state;
    assert_string_not_equal(before, after);
    assert_int_equal(parse(before, keys_of(old, new)), AJR_OK);
    assert_int_equal(parse(after, keys_of(old, new)), AJR_OK);
    assert_int_equal(parse(before, keys_of(new, old)), AJR_OK);
    assert_int_equal(parse(after, keys_of(new, old)), AJR_OK);
    assert_int_equal(parse(before, keys_of(new, NULL)), AJR_GRANT_FORGED);
}

static void all_keys_of_one_id_are_tried(void **state)
{
    ajr_grant_t grant = sample(3);
    ajr_grant_key_t *one = key_of(1), *twin = NULL;
    const char *token;
    unsigned seed;

    (void)state;
    for (seed = 2; twin == NULL || twin->id != one->id; seed++) {
        twin = key_of(seed);
        assert_true(seed < 20000);
    }
    token = ajr_grant_build(&grant, twin, pool);
    assert_int_equal(parse(token, keys_of(one, twin)), AJR_OK);
    assert_int_equal(parse(token, keys_of(twin, one)), AJR_OK);
    assert_int_equal(parse(token, keys_of(one, NULL)), AJR_GRANT_FORGED);
}

static void a_js1_is_generation_0_and_left_to_the_database(void **state)
{
    ajr_grant_t grant = sample(0), read;
    unsigned char packed[32];
    const char *token;
    int len;

    (void)state;
    memcpy(packed, grant.sid, 16);
    memcpy(packed + 16, grant.secret, 16);
    token = token_of("js1_", packed, 32);
    assert_int_equal(strlen(token), JS1_LEN);
    assert_int_equal(ajr_grant_parse(&read, ajr_bytes_of(token), NULL, pool),
                     AJR_OK);
    assert_int_equal(read.form, AJR_FORM_JS1);
    assert_int_equal(read.generation, 0);
    assert_memory_equal(read.sid, grant.sid, 16);
    assert_memory_equal(read.secret, grant.secret, 16);
    for (len = 0; len < JS1_LEN; len++) {
        assert_int_equal(parse(apr_pstrndup(pool, token, len), NULL),
                         AJR_GRANT_MALFORMED);
    }
}

static void a_jr1_rewritten_as_js1_loses_its_form(void **state)
{
    ajr_grant_t grant = sample(3), read;
    ajr_grant_key_t *key = key_of(1);
    const char *token = ajr_grant_build(&grant, key, pool);
    unsigned char js1[32];

    (void)state;
    assert_int_equal(
        parse(apr_pstrcat(pool, "js1_", token + 4, NULL), keys_of(key, NULL)),
        AJR_GRANT_MALFORMED);
    /* Taken apart and put together it parses, and says to SQL what it is:
     * SQL refuses the form js1 for a session opened as jr1. */
    memcpy(js1, grant.sid, 16);
    memcpy(js1 + 16, grant.secret, 16);
    assert_int_equal(ajr_grant_parse(&read,
                                     ajr_bytes_of(token_of("js1_", js1, 32)),
                                     keys_of(key, NULL), pool),
                     AJR_OK);
    assert_string_equal(ajr_form_name(read.form), "js1");
    /* And the other way round it needs the key. */
    assert_int_equal(
        parse(apr_pstrcat(pool, "jr1_", token_of("", js1, 32), NULL),
              keys_of(key, NULL)),
        AJR_GRANT_MALFORMED);
}

static void a_js1_stays_one_until_it_is_traded(void **state)
{
    ajr_grant_t grant = sample(0);
    ajr_grant_key_t *key = key_of(1);
    ajr_grant_t again;
    const char *token;

    (void)state;
    grant.form = AJR_FORM_JS1;
    token = ajr_grant_build(&grant, key, pool);
    assert_int_equal(strlen(token), 4 + 43);
    assert_int_equal(ajr_grant_parse(&again, ajr_bytes_of(token), NULL, pool),
                     AJR_OK);
    assert_memory_equal(&again, &grant, sizeof(grant));
    grant.generation = 1;
    assert_memory_equal(ajr_grant_build(&grant, key, pool), "jr1_", 4);
}

static void a_short_key_is_refused_with_its_length(void **state)
{
    unsigned char bytes[32] = {0};
    ajr_bytes_t material = {bytes, 31};
    ajr_grant_key_t *key;

    (void)state;
    assert_string_equal(ajr_grant_key_make(&key, material, pool),
                        "has 31 bytes, a refresh key needs at least 32");
    assert_null(key);
    material.len = 32;
    assert_null(ajr_grant_key_make(&key, material, pool));
    assert_non_null(key);
}

static void the_database_gets_a_hash_of_the_secret(void **state)
{
    ajr_grant_t grant = sample(3);
    unsigned char hash[32], expected[32];

    (void)state;
    assert_true(ajr_grant_secret_hash(hash, &grant));
    assert_true(
        EVP_Digest(grant.secret, 16, expected, NULL, EVP_sha256(), NULL));
    assert_memory_equal(hash, expected, 32);
}

static void only_the_prefix_makes_it_look_like_one(void **state)
{
    (void)state;
    assert_true(ajr_grant_looks_like(ajr_bytes_of("jr1_")));
    assert_true(ajr_grant_looks_like(ajr_bytes_of("js1_rubbish")));
    assert_false(ajr_grant_looks_like(ajr_bytes_of("jr1")));
    assert_false(ajr_grant_looks_like(ajr_bytes_of("")));
    assert_false(
        ajr_grant_looks_like(ajr_bytes_of("eyJhbGciOiJub25lIn0.e30.")));
}

/* ---- JWTs that act as refresh tokens ---- */

static ajr_outcome_t of_claims(ajr_grant_t *grant, const char *text)
{
    json_t *claims;

    assert_true(ajr_json_object(&claims, ajr_bytes_of(text), pool));
    return ajr_grant_of_claims(grant, AJR_FORM_LARAVEL, claims);
}

#define SID "\"sid\":\"01890a5d-ac96-774b-bcce-b302099a8057\""

static void claims_name_session_and_generation(void **state)
{
    ajr_grant_t grant;

    (void)state;
    assert_int_equal(of_claims(&grant, "{" SID ",\"gen\":2147483647}"), AJR_OK);
    assert_int_equal(grant.form, AJR_FORM_LARAVEL);
    assert_int_equal(grant.generation, AJR_GENERATION_MAX);
    assert_int_equal(grant.sid[0], 0x01);
    assert_int_equal(grant.sid[15], 0x57);
}

static void a_token_of_somebody_else_is_unknown(void **state)
{
    ajr_grant_t grant;

    (void)state;
    assert_int_equal(of_claims(&grant, "{\"sub\":\"1\"}"), AJR_UNKNOWN);
    assert_int_equal(of_claims(&grant, "{\"gen\":1}"), AJR_UNKNOWN);
    assert_int_equal(of_claims(&grant, "{\"sid\":7,\"gen\":1}"), AJR_UNKNOWN);
    assert_int_equal(of_claims(&grant, "{\"sid\":\"x\",\"gen\":1}"),
                     AJR_UNKNOWN);
    /* Version 4: a session of the host. */
    assert_int_equal(of_claims(&grant, "{\"sid\":\"01890a5d-ac96-474b-bcce-"
                                       "b302099a8057\",\"gen\":\"x\"}"),
                     AJR_UNKNOWN);
}

static void a_session_without_a_generation_is_malformed(void **state)
{
    static const char *const texts[] = {
        "{" SID "}",
        "{" SID ",\"gen\":\"1\"}",
        "{" SID ",\"gen\":1.0}",
        "{" SID ",\"gen\":-1}",
        "{" SID ",\"gen\":2147483648}",
        "{" SID ",\"gen\":null}",
    };
    ajr_grant_t grant;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(of_claims(&grant, texts[i]), AJR_GRANT_MALFORMED);
    }
}

static void each_form_has_the_name_that_sql_knows(void **state)
{
    (void)state;
    assert_string_equal(ajr_form_name(AJR_FORM_JR1), "jr1");
    assert_string_equal(ajr_form_name(AJR_FORM_JS1), "js1");
    assert_string_equal(ajr_form_name(AJR_FORM_LARAVEL), "laravel");
    assert_string_equal(ajr_form_name(AJR_FORM_SIMPLEJWT), "simplejwt");
    assert_true(ajr_form_has_secret(AJR_FORM_JS1));
    assert_false(ajr_form_has_secret(AJR_FORM_LARAVEL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_read_back_as_it_was_built),
        cmocka_unit_test(the_bytes_on_the_wire_are_the_documented_ones),
        cmocka_unit_test(the_key_id_is_a_hash_of_the_key_not_its_place),
        cmocka_unit_test(a_replay_gives_the_same_successor),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(every_changed_character_is_refused),
        cmocka_unit_test(every_other_length_is_malformed),
        cmocka_unit_test(a_nul_inside_is_malformed),
        cmocka_unit_test(another_spelling_of_the_same_bytes_is_malformed),
        cmocka_unit_test(another_version_is_malformed_even_with_a_right_mac),
        cmocka_unit_test(a_generation_above_31_bits_is_malformed),
        cmocka_unit_test(an_unknown_key_id_is_forged),
        cmocka_unit_test(rollover_accepts_both_keys_until_the_old_one_goes),
        cmocka_unit_test(all_keys_of_one_id_are_tried),
        cmocka_unit_test(a_js1_is_generation_0_and_left_to_the_database),
        cmocka_unit_test(a_jr1_rewritten_as_js1_loses_its_form),
        cmocka_unit_test(a_js1_stays_one_until_it_is_traded),
        cmocka_unit_test(a_short_key_is_refused_with_its_length),
        cmocka_unit_test(the_database_gets_a_hash_of_the_secret),
        cmocka_unit_test(only_the_prefix_makes_it_look_like_one),
        cmocka_unit_test(claims_name_session_and_generation),
        cmocka_unit_test(a_token_of_somebody_else_is_unknown),
        cmocka_unit_test(a_session_without_a_generation_is_malformed),
        cmocka_unit_test(each_form_has_the_name_that_sql_knows),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, make_pool, drop_pool);
}
