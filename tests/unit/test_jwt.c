/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "jwt.h"

#define HS256 "{\"typ\":\"JWT\",\"alg\":\"HS256\"}"
#define CLAIMS "{\"sub\":\"42\",\"exp\":2000000000}"

static ajr_outcome_t verify_bytes(ajr_bytes_t token, const ajr_keyset_t *keys,
                                  apr_pool_t *pool)
{
    const ajr_jwt_t *jwt = (const ajr_jwt_t *)pool;
    ajr_outcome_t outcome = ajr_jwt_verify(&jwt, token, keys, pool);

    assert_int_equal(outcome == AJR_OK, jwt != NULL);
    return outcome;
}

static ajr_outcome_t verify(const char *token, const ajr_keyset_t *keys,
                            apr_pool_t *pool)
{
    return verify_bytes(ajr_bytes_of(token), keys, pool);
}

/* What becomes of a token with that header and payload, signed by the one
 * HS256 key there is. */
static ajr_outcome_t judged(const char *header, const char *payload,
                            apr_pool_t *pool)
{
    const ajr_key_t *key = unit_key("HS256", 0, NULL, pool);

    return verify(unit_token(header, payload, key, pool),
                  unit_keyset(key, NULL, NULL, pool), pool);
}

static const char *good_token(apr_pool_t *pool)
{
    return unit_token(HS256, CLAIMS, unit_key("HS256", 0, NULL, pool), pool);
}

static const ajr_keyset_t *one_key(apr_pool_t *pool)
{
    return unit_keyset(unit_key("HS256", 0, NULL, pool), NULL, NULL, pool);
}

/* ---- what is granted ---- */

static void a_genuine_token_yields_header_claims_and_key(void **state)
{
    const ajr_keyset_t *keys = one_key(*state);
    const ajr_jwt_t *jwt;

    assert_int_equal(
        ajr_jwt_verify(&jwt, ajr_bytes_of(good_token(*state)), keys, *state),
        AJR_OK);
    assert_ptr_equal(jwt->key, APR_ARRAY_IDX(keys, 0, const ajr_key_t *));
    assert_string_equal(json_string_value(json_object_get(jwt->header, "typ")),
                        "JWT");
    assert_string_equal(json_string_value(json_object_get(jwt->claims, "sub")),
                        "42");
}

static void every_algorithm_signs_a_token_that_it_verifies(void **state)
{
    json_t *claims = json_pack("{s:s,s:i}", "sub", "42", "exp", 5);
    int row;

    for (row = 0; ajr_alg_at(row) != NULL; row++) {
        const ajr_key_t *key = unit_key(ajr_alg_at(row)->name, 0, "k1", *state);
        const char *token = NULL;

        assert_int_equal(ajr_jwt_sign(&token, claims, "at+jwt", key, *state),
                         AJR_OK);
        assert_int_equal(
            verify(token, unit_keyset(key, NULL, NULL, *state), *state),
            AJR_OK);
    }
    json_decref(claims);
}

/* ---- shape ---- */

static void tokens_of_1_2_4_or_5_parts_are_malformed(void **state)
{
    const char *good = good_token(*state);
    const ajr_keyset_t *keys = one_key(*state);
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "...",
        "....",
        "e30",
        "e30.e30",
        "e30.",
        ".e30",
        "e30.e30.",
        "e30..e30",
        ".e30.e30",
        "..e30",
        "e30..",
        ".e30.",
        "e30.e30.e30.e30",
        "e30.e30.e30.e30.e30",
    };
    size_t i;

    assert_int_equal(verify(good, keys, *state), AJR_OK);
    for (i = 0; i < COUNT(bad); i++) {
        assert_int_equal(verify(bad[i], keys, *state), AJR_TOKEN_MALFORMED);
    }
    assert_int_equal(verify(apr_pstrcat(*state, good, ".", NULL), keys, *state),
                     AJR_TOKEN_MALFORMED);
    assert_int_equal(
        verify(apr_pstrcat(*state, good, ".e30", NULL), keys, *state),
        AJR_TOKEN_MALFORMED);
    assert_int_equal(
        verify(apr_pstrcat(*state, good, ".e30.e30", NULL), keys, *state),
        AJR_TOKEN_MALFORMED);
    assert_int_equal(verify(apr_pstrcat(*state, ".", good, NULL), keys, *state),
                     AJR_TOKEN_MALFORMED);
    assert_int_equal(verify_bytes((ajr_bytes_t){NULL, 0}, keys, *state),
                     AJR_TOKEN_MALFORMED);
}

/* Also: NUL, CR, LF, blank, padding and digits of the other alphabet, put in
 * or put in place of a byte. */
static void foreign_bytes_anywhere_are_malformed(void **state)
{
    static const char foreign[] = {'\0', '\r', '\n', ' ', '\t', '=',
                                   '+',  '/',  '%',  '"', ',',  '\x80'};
    const char *good = good_token(*state);
    const ajr_keyset_t *keys = one_key(*state);
    size_t len = strlen(good), at, i;
    unsigned char *bad = apr_palloc(*state, len + 1);

    for (at = 0; at < len; at++) {
        for (i = 0; i < sizeof(foreign); i++) {
            memcpy(bad, good, len);
            bad[at] = (unsigned char)foreign[i];
            assert_int_equal(
                verify_bytes((ajr_bytes_t){bad, len}, keys, *state),
                AJR_TOKEN_MALFORMED);
            memcpy(bad + at + 1, good + at, len - at);
            assert_int_equal(
                verify_bytes((ajr_bytes_t){bad, len + 1}, keys, *state),
                AJR_TOKEN_MALFORMED);
        }
    }
    for (i = 0; i < sizeof(foreign); i++) { /* trailing bytes */
        memcpy(bad, good, len);
        bad[len] = (unsigned char)foreign[i];
        assert_int_equal(
            verify_bytes((ajr_bytes_t){bad, len + 1}, keys, *state),
            AJR_TOKEN_MALFORMED);
    }
}

static void a_token_cut_short_is_never_granted(void **state)
{
    const char *good = good_token(*state);
    const ajr_keyset_t *keys = one_key(*state);
    ajr_bytes_t token = ajr_bytes_of(good);

    while (token.len-- > 0) {
        assert_int_not_equal(verify_bytes(token, keys, *state), AJR_OK);
    }
}

/* The same bytes in another spelling would be another token to every cache
 * and list of revoked tokens. */
static void a_part_spelled_otherwise_is_malformed(void **state)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const ajr_keyset_t *keys = one_key(*state);
    char *token = apr_pstrdup(*state, good_token(*state));
    char *last = token + strlen(token) - 1; /* 43 digits: 2 spare bits */

    *last = digits[strchr(digits, *last) - digits + 1];
    assert_int_equal(verify(token, keys, *state), AJR_TOKEN_MALFORMED);
    /* header and payload, as the signature covers them: "{}" is e30, not e31 */
    assert_int_equal(verify("e31.e30.e30", keys, *state), AJR_TOKEN_MALFORMED);
    assert_int_equal(verify("eyJhbGciOiJIUzI1NiJ9.e31.e30", keys, *state),
                     AJR_TOKEN_MALFORMED);
}

/* A signed token of exactly that many bytes: blanks in the header and filler
 * in the payload reach every length between them. */
static const char *long_token(size_t size, const ajr_key_t *key,
                              apr_pool_t *pool)
{
    int blanks, filler;

    for (blanks = 0; blanks < 4; blanks++) {
        const char *header =
            apr_psprintf(pool, "{\"alg\":\"HS256\"%*s}", blanks, "");

        for (filler = (int)size * 3 / 4 - 150; filler < (int)size; filler++) {
            const char *payload =
                apr_psprintf(pool, "{\"x\":\"%0*d\"}", filler, 0);
            const char *token = unit_token(header, payload, key, pool);

            if (strlen(token) >= size) {
                if (strlen(token) == size) {
                    return token;
                }
                break;
            }
        }
    }
    fail();
    return NULL;
}

static void eight_kibibytes_are_accepted_and_one_byte_more_is_not(void **state)
{
    const ajr_key_t *key = unit_key("HS256", 0, NULL, *state);
    const ajr_keyset_t *keys = unit_keyset(key, NULL, NULL, *state);

    assert_int_equal(AJR_JWT_MAX, 8192);
    assert_int_equal(verify(long_token(AJR_JWT_MAX, key, *state), keys, *state),
                     AJR_OK);
    assert_int_equal(
        verify(long_token(AJR_JWT_MAX + 1, key, *state), keys, *state),
        AJR_TOKEN_MALFORMED);
}

/* ---- header: algorithm ---- */

static void alg_none_in_every_spelling_is_refused(void **state)
{
    static const char *const names[] = {"none", "None", "NONE",  "nOnE",
                                        "NoNe", "",     " none", "none "};
    const char *header;
    size_t i;

    for (i = 0; i < COUNT(names); i++) {
        header = apr_psprintf(*state, "{\"alg\":\"%s\"}", names[i]);
        assert_int_equal(judged(header, CLAIMS, *state), AJR_ALG_REFUSED);
        /* and without signature, as it is meant to be sent */
        assert_int_equal(
            verify(apr_pstrcat(
                       *state,
                       ajr_base64url_encode(ajr_bytes_of(header), *state), ".",
                       ajr_base64url_encode(BYTES(CLAIMS), *state), ".", NULL),
                   one_key(*state), *state),
            AJR_TOKEN_MALFORMED);
    }
}

static void alg_missing_or_not_a_name_of_the_table_is_refused(void **state)
{
    static const char *const headers[] = {
        "{}",
        "{\"typ\":\"JWT\"}",
        "{\"Alg\":\"HS256\"}",
        "{\"ALG\":\"HS256\"}",
        "{\"alg\":null}",
        "{\"alg\":256}",
        "{\"alg\":true}",
        "{\"alg\":[\"HS256\"]}",
        "{\"alg\":{\"HS256\":1}}",
        "{\"alg\":\"HS\"}",
        "{\"alg\":\"HS25\"}",
        "{\"alg\":\"HS2560\"}",
        "{\"alg\":\"hs256\"}",
        "{\"alg\":\"HS256 \"}",
        "{\"alg\":\"A128KW\"}",
        "{\"alg\":\"dir\"}",
        "{\"alg\":\"ES256K\"}",
    };
    size_t i;

    for (i = 0; i < COUNT(headers); i++) {
        assert_int_equal(judged(headers[i], CLAIMS, *state), AJR_ALG_REFUSED);
    }
}

/* The classic: the public key is public, and the token says that it is the
 * secret. */
static void hs256_with_the_public_key_as_secret_is_refused(void **state)
{
    static const char *const algs[] = {"RS256", "PS256", "ES256", "EdDSA"};
    size_t i;

    for (i = 0; i < COUNT(algs); i++) {
        const ajr_key_t *genuine = unit_key(algs[i], 0, NULL, *state);
        ajr_bytes_t pem = unit_public_pem(genuine->material.pkey, *state);
        ajr_key_t forged = {
            ajr_alg_find("HS256"), NULL, {NULL, NULL}, true, true};
        const ajr_keyset_t *keys = unit_keyset(genuine, NULL, NULL, *state);

        forged.material.hmac = ajr_hmac_make("SHA256", pem, *state);
        assert_int_equal(
            verify(unit_token(HS256, CLAIMS, &forged, *state), keys, *state),
            AJR_KEY_UNKNOWN);
        /* that MAC under the algorithm that the key is for */
        assert_int_equal(
            verify(unit_token(apr_psprintf(*state, "{\"alg\":\"%s\"}", algs[i]),
                              CLAIMS, &forged, *state),
                   keys, *state),
            AJR_SIGNATURE_BAD);
    }
}

static void an_algorithm_other_than_the_keys_is_refused(void **state)
{
    const ajr_key_t *rs256 = unit_key("RS256", 0, NULL, *state);
    const ajr_keyset_t *keys = unit_keyset(rs256, NULL, NULL, *state);
    static const char *const others[] = {"PS256", "RS384", "RS512",
                                         "ES256", "EdDSA", "HS512"};
    size_t i;

    assert_int_equal(
        verify(unit_token("{\"alg\":\"RS256\"}", CLAIMS, rs256, *state), keys,
               *state),
        AJR_OK);
    for (i = 0; i < COUNT(others); i++) {
        const char *header =
            apr_psprintf(*state, "{\"alg\":\"%s\"}", others[i]);

        assert_int_equal(
            verify(unit_token(header, CLAIMS, rs256, *state), keys, *state),
            AJR_KEY_UNKNOWN);
    }
}

static void the_right_algorithm_with_another_key_is_refused(void **state)
{
    int row;

    for (row = 0; ajr_alg_at(row) != NULL; row++) {
        const char *alg = ajr_alg_at(row)->name;
        const ajr_key_t *theirs = unit_key(alg, 1, NULL, *state);
        const char *header = apr_psprintf(*state, "{\"alg\":\"%s\"}", alg);

        assert_int_equal(verify(unit_token(header, CLAIMS, theirs, *state),
                                unit_keyset(unit_key(alg, 0, NULL, *state),
                                            NULL, NULL, *state),
                                *state),
                         AJR_SIGNATURE_BAD);
    }
}

static void without_keys_nothing_is_granted(void **state)
{
    assert_int_equal(verify(good_token(*state), NULL, *state), AJR_KEY_UNKNOWN);
    assert_int_equal(verify(good_token(*state),
                            unit_keyset(NULL, NULL, NULL, *state), *state),
                     AJR_KEY_UNKNOWN);
}

/* ---- header: extensions ---- */

static void crit_b64_enc_and_zip_are_refused_whatever_they_say(void **state)
{
    static const char *const names[] = {"crit", "b64", "enc", "zip"};
    static const char *const values[] = {
        "null", "true",      "false",     "\"\"", "\"DEF\"",
        "[]",   "[\"exp\"]", "[\"b64\"]", "{}",   "0",
    };
    size_t i, j;

    for (i = 0; i < COUNT(names); i++) {
        for (j = 0; j < COUNT(values); j++) {
            const char *header = apr_psprintf(
                *state, "{\"alg\":\"HS256\",\"%s\":%s}", names[i], values[j]);

            assert_int_equal(judged(header, CLAIMS, *state),
                             AJR_HEADER_REFUSED);
        }
    }
}

/* The key that the token brings along verifies it, and is still not asked;
 * what it points at is never fetched. */
static void keys_that_the_token_brings_along_are_ignored(void **state)
{
    static const char *const members[] = {
        "\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "\"jku\":\"https://evil.example/keys\"",
        "\"x5u\":\"file:///etc/passwd\"",
        "\"x5c\":[\"MIIB\"]",
        "\"jwk\":7,\"jku\":null,\"x5u\":[],\"x5c\":{},\"x5t\":\"a\"",
    };
    const ajr_key_t *theirs = unit_key("HS256", 1, NULL, *state);
    size_t i;

    for (i = 0; i < COUNT(members); i++) {
        const char *header =
            apr_psprintf(*state, "{\"alg\":\"HS256\",%s}", members[i]);

        assert_int_equal(judged(header, CLAIMS, *state), AJR_OK);
        assert_int_equal(verify(unit_token(header, CLAIMS, theirs, *state),
                                one_key(*state), *state),
                         AJR_SIGNATURE_BAD);
    }
}

static void a_kid_that_is_no_string_is_refused(void **state)
{
    static const char *const values[] = {"null", "1",  "true",
                                         "[]",   "{}", "[\"a\"]"};
    size_t i;

    for (i = 0; i < COUNT(values); i++) {
        const char *header =
            apr_psprintf(*state, "{\"alg\":\"HS256\",\"kid\":%s}", values[i]);

        assert_int_equal(judged(header, CLAIMS, *state), AJR_HEADER_REFUSED);
    }
}

static void a_kid_is_only_a_map_key(void **state)
{
    static const char *const kids[] = {
        "../../../../dev/null",
        "/etc/passwd",
        "' OR 1=1 --",
        "x'; DROP TABLE session; --",
        "%s%s%s%n",
        "|id",
        "",
        "KEY",
        "key ",
        "ke",
        "\\u00e9",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    const ajr_key_t *key = unit_key("HS256", 0, "key", *state);
    const ajr_keyset_t *keys = unit_keyset(key, NULL, NULL, *state);
    size_t i;

    for (i = 0; i < COUNT(kids); i++) {
        const char *header = apr_pstrcat(
            *state, "{\"alg\":\"HS256\",\"kid\":\"", kids[i], "\"}", NULL);

        assert_int_equal(
            verify(unit_token(header, CLAIMS, key, *state), keys, *state),
            AJR_KEY_UNKNOWN);
    }
    assert_int_equal(verify(unit_token("{\"alg\":\"HS256\",\"kid\":\"key\"}",
                                       CLAIMS, key, *state),
                            keys, *state),
                     AJR_OK);
}

/* Rollover: without a kid every key of the algorithm is tried. */
static void without_a_kid_every_key_of_the_algorithm_is_tried(void **state)
{
    const ajr_key_t *old = unit_key("HS256", 0, "old", *state);
    const ajr_key_t *wide = unit_key("HS512", 0, NULL, *state);
    const ajr_key_t *new = unit_key("HS256", 1, "new", *state);
    const ajr_keyset_t *keys = unit_keyset(old, wide, new, *state);
    const ajr_jwt_t *jwt;
    ajr_bytes_t token = ajr_bytes_of(unit_token(HS256, CLAIMS, new, *state));

    assert_int_equal(ajr_jwt_verify(&jwt, token, keys, *state), AJR_OK);
    assert_ptr_equal(jwt->key, new);
    assert_int_equal(verify(unit_token("{\"alg\":\"HS256\",\"kid\":\"old\"}",
                                       CLAIMS, new, *state),
                            keys, *state),
                     AJR_SIGNATURE_BAD);
}

/* ---- JSON of header and payload ---- */

static void a_header_that_is_no_strict_object_is_malformed(void **state)
{
    static const char *const headers[] = {
        "[]",
        "\"HS256\"",
        "null",
        "7",
        "{",
        "{\"alg\":\"HS256\"",
        "{\"alg\":\"HS256\"}x",
        "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
        "{\"alg\":\"none\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"kid\":\"a\",\"kid\":\"b\"}",
        "{\"alg\":\"HS256\",\"x\":{\"a\":1,\"a\":1}}",
        "{\"alg\":\"HS256\\u0000\"}",
        "{\"alg\":\"HS256\",\"x\":\"\xff\"}",
        "{\"alg\":\"HS256\",}",
        "{'alg':'HS256'}",
        ("\xef\xbb\xbf" HS256),
    };
    size_t i;

    for (i = 0; i < COUNT(headers); i++) {
        assert_int_equal(judged(headers[i], CLAIMS, *state),
                         AJR_TOKEN_MALFORMED);
    }
}

static void a_payload_that_is_no_strict_object_is_malformed(void **state)
{
    static const char *const payloads[] = {
        "[]",
        "[{\"sub\":\"42\"}]",
        "\"42\"",
        "42",
        "null",
        "true",
        " ",
        "{\"sub\":\"42\"",
        "{\"sub\":\"42\"}}",
        "{\"sub\":\"42\"}{}",
        "{\"sub\":\"1\",\"sub\":\"2\"}",
        "{\"sub\":\"1\",\"s\\u0075b\":\"2\"}",
        "{\"exp\":1,\"a\":{\"b\":1,\"b\":2}}",
        "{\"sub\":\"4\\u00002\"}",
        "{\"sub\":\"\xff\xfe\"}",
        "{\"sub\":\"\xed\xa0\x80\"}",
        "{\"exp\":1e999}",
        "{\"exp\":99999999999999999999}",
        "{\"exp\":NaN}",
        "PAYLOAD",
    };
    const ajr_key_t *key = unit_key("HS256", 0, NULL, *state);
    size_t i;

    for (i = 0; i < COUNT(payloads); i++) {
        assert_int_equal(judged(HS256, payloads[i], *state),
                         AJR_TOKEN_MALFORMED);
    }
    assert_int_equal(
        verify(unit_token_bytes(BYTES(HS256), BYTES("{}\0"), key, *state),
               one_key(*state), *state),
        AJR_TOKEN_MALFORMED);
}

static const char *bomb(int depth, apr_pool_t *pool)
{
    char *text = apr_pcalloc(pool, (apr_size_t)depth + 8);

    memcpy(text, "{\"a\":", 5);
    memset(text + 5, '[', (size_t)depth);
    return text;
}

static void depth_bombs_are_malformed(void **state)
{
    assert_int_equal(judged(bomb(3000, *state), CLAIMS, *state),
                     AJR_TOKEN_MALFORMED);
    assert_int_equal(judged(HS256, bomb(3000, *state), *state),
                     AJR_TOKEN_MALFORMED);
}

/* A payload costs nothing before its signature holds. */
static void nothing_of_a_forged_payload_is_parsed(void **state)
{
    const ajr_key_t *theirs = unit_key("HS256", 1, NULL, *state);

    assert_int_equal(
        verify(unit_token(HS256, "not JSON at all", theirs, *state),
               one_key(*state), *state),
        AJR_SIGNATURE_BAD);
    assert_int_equal(
        verify(unit_token(HS256, bomb(3000, *state), theirs, *state),
               one_key(*state), *state),
        AJR_SIGNATURE_BAD);
}

static void a_signature_moved_to_another_payload_is_refused(void **state)
{
    const ajr_key_t *key = unit_key("HS256", 0, NULL, *state);
    const char *a = unit_token(HS256, CLAIMS, key, *state);
    const char *b =
        unit_token(HS256, "{\"sub\":\"43\",\"exp\":2000000000}", key, *state);
    const char *signature = strrchr(a, '.');
    const char *spliced = apr_pstrcat(
        *state, apr_pstrmemdup(*state, b, strlen(b) - strlen(signature)),
        signature, NULL);

    assert_int_equal(verify(b, one_key(*state), *state), AJR_OK);
    assert_int_equal(verify(spliced, one_key(*state), *state),
                     AJR_SIGNATURE_BAD);
}

/* ---- signing ---- */

static const char *header_of(const char *token, apr_pool_t *pool)
{
    const char *dot = strchr(token, '.');
    ajr_bytes_t part = {(const unsigned char *)token,
                        (apr_size_t)(dot - token)};
    ajr_bytes_t out;

    assert_true(ajr_base64url_decode(&out, part, pool));
    return (const char *)out.data;
}

static const char *signed_header(const char *typ, const char *kid,
                                 apr_pool_t *pool)
{
    const ajr_key_t *key = unit_key("HS256", 0, kid, pool);
    json_t *claims =
        ajr_json_own(json_pack("{s:i,s:s}", "z", 1, "a", "b"), pool);
    const char *token = NULL;

    assert_int_equal(ajr_jwt_sign(&token, claims, typ, key, pool), AJR_OK);
    assert_non_null(strstr(token, ".eyJ6IjoxLCJhIjoiYiJ9.")); /* as inserted */
    return header_of(token, pool);
}

static void a_signed_header_holds_typ_alg_and_kid(void **state)
{
    assert_string_equal(signed_header("JWT", NULL, *state), HS256);
    assert_string_equal(signed_header(NULL, NULL, *state),
                        "{\"alg\":\"HS256\"}");
    assert_string_equal(
        signed_header("at+jwt", "a\"b", *state),
        "{\"typ\":\"at+jwt\",\"alg\":\"HS256\",\"kid\":\"a\\\"b\"}");
}

static void what_cannot_be_verified_is_not_signed(void **state)
{
    const ajr_key_t *key = unit_key("HS256", 0, NULL, *state);
    ajr_key_t verifier = *key;
    json_t *claims = ajr_json_own(json_object(), *state);
    json_t *list = ajr_json_own(json_array(), *state);
    const char *token = "";

    verifier.signs = false;
    assert_int_equal(ajr_jwt_sign(&token, claims, NULL, &verifier, *state),
                     AJR_INTERNAL);
    assert_null(token);
    assert_int_equal(ajr_jwt_sign(&token, list, NULL, key, *state),
                     AJR_INTERNAL);
    assert_int_equal(ajr_jwt_sign(&token, NULL, NULL, key, *state),
                     AJR_INTERNAL);
    assert_int_equal(ajr_jwt_sign(&token, claims, "\xff", key, *state),
                     AJR_INTERNAL);
    json_object_set_new(
        claims, "x", json_string(apr_psprintf(*state, "%0*d", AJR_JWT_MAX, 0)));
    assert_int_equal(ajr_jwt_sign(&token, claims, NULL, key, *state),
                     AJR_INTERNAL);
    assert_null(token);
}

/* ---- the standards' own examples ---- */

#define RFC7515_PAYLOAD                                                \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt" \
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

static const ajr_keyset_t *keys_of(const char *alg, ajr_bytes_t material,
                                   apr_pool_t *pool)
{
    ajr_key_t *key = NULL;

    assert_null(ajr_key_make(&key, ajr_alg_find(alg), material, NULL,
                             AJR_USE_ANY, pool));
    return unit_keyset(key, NULL, NULL, pool);
}

static void rfc_7515_a_1_hs256(void **state)
{
    ajr_bytes_t k;

    assert_true(ajr_base64url_decode(
        &k,
        BYTES("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0"
              "iPS4hcgUuTwjAzZr1Z9CAow"),
        *state));
    assert_int_equal(
        verify("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC7515_PAYLOAD
               ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
               keys_of("HS256", k, *state), *state),
        AJR_OK);
}

static void rfc_7515_a_2_rs256(void **state)
{
    static const char pem[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
        "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"
        "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"
        "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"
        "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"
        "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"
        "oQIDAQAB\n"
        "-----END PUBLIC KEY-----\n";

    assert_int_equal(
        verify("eyJhbGciOiJSUzI1NiJ9." RFC7515_PAYLOAD
               ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5R"
               "Zmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQj"
               "bKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMH"
               "lb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZE"
               "Sc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5A"
               "XLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
               keys_of("RS256", ajr_bytes_of(pem), *state), *state),
        AJR_OK);
}

static void rfc_7515_a_3_es256(void **state)
{
    static const char pem[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
        "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
        "-----END PUBLIC KEY-----\n";

    assert_int_equal(
        verify("eyJhbGciOiJFUzI1NiJ9." RFC7515_PAYLOAD
               ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8I"
               "SlSApmWQxfKTUJqPP3-Kg6NU1Q",
               keys_of("ES256", ajr_bytes_of(pem), *state), *state),
        AJR_OK);
}

/* Its payload is the word Payload: the signature holds, the claims do not. */
static void rfc_7515_a_4_es512(void **state)
{
    static const char pem[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQB6SkFDxJPxrxVx9U5M2Xfne9KsMIs\n"
        "sleY+TTrBOPGuuNwGlenkQ6dgb82MVno68sVXWNJ9L22zPipTFxZx6rBAaQANKZE\n"
        "DjdnUNI3H9G9wsjztx0vTuXqNDLIFcyjFWD+XZOH7HdLVYOGMOXLv1qMvgqR3QBk\n"
        "xpmaH25uZ/rd7eTIyPY=\n"
        "-----END PUBLIC KEY-----\n";
    const ajr_keyset_t *keys = keys_of("ES512", ajr_bytes_of(pem), *state);
    const ajr_key_t *key = APR_ARRAY_IDX(keys, 0, const ajr_key_t *);
    static const char signature[] =
        "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2S"
        "I-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgz"
        "DO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    ajr_bytes_t decoded;

    assert_true(
        ajr_base64url_decode(&decoded, ajr_bytes_of(signature), *state));
    assert_true(ajr_alg_verify(key->alg, &key->material,
                               BYTES("eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA"),
                               decoded, *state));
    assert_int_equal(
        verify(apr_pstrcat(*state, "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.",
                           signature, NULL),
               keys, *state),
        AJR_TOKEN_MALFORMED);
}

/* EdDSA has one signature for each text: making it shows signing as well. */
static void rfc_8037_a_4_eddsa(void **state)
{
    static const char pem[] =
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
        "-----END PRIVATE KEY-----\n";
    const ajr_keyset_t *keys = keys_of("EdDSA", ajr_bytes_of(pem), *state);

    assert_string_equal(
        unit_token("{\"alg\":\"EdDSA\"}", "Example of Ed25519 signing",
                   APR_ARRAY_IDX(keys, 0, const ajr_key_t *), *state),
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt"
        "9g7sVvpAr_MuM0KAg");
}

/* ---- want of memory ---- */

static int until_failure;

static void *failing_malloc(size_t size)
{
    return until_failure-- == 0 ? NULL : malloc(size);
}

static void want_of_memory_grants_nothing(void **state)
{
    const ajr_key_t *key = unit_key("HS256", 0, "k", *state);
    const ajr_keyset_t *keys = unit_keyset(key, NULL, NULL, *state);
    json_t *claims = ajr_json_own(json_pack("{s:s}", "sub", "42"), *state);
    json_malloc_t old_malloc;
    json_free_t old_free;
    const char *token = NULL;
    ajr_outcome_t outcome;
    int n, refused = 0;

    json_get_alloc_funcs(&old_malloc, &old_free);
    for (n = 0; n < 200; n++) {
        until_failure = n;
        json_set_alloc_funcs(failing_malloc, free);
        outcome = ajr_jwt_sign(&token, claims, "JWT", key, *state);
        json_set_alloc_funcs(old_malloc, old_free);
        assert_true(outcome == AJR_OK || outcome == AJR_INTERNAL);
        refused += outcome != AJR_OK;
    }
    assert_true(refused > 3 && refused < 200);
    refused = 0;
    for (n = 0; n < 200; n++) {
        until_failure = n;
        json_set_alloc_funcs(failing_malloc, free);
        outcome = verify(token, keys, *state);
        json_set_alloc_funcs(old_malloc, old_free);
        assert_true(outcome == AJR_OK || outcome == AJR_TOKEN_MALFORMED);
        refused += outcome != AJR_OK;
    }
    assert_true(refused > 3 && refused < 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(a_genuine_token_yields_header_claims_and_key),
        UNIT_TEST(every_algorithm_signs_a_token_that_it_verifies),
        UNIT_TEST(tokens_of_1_2_4_or_5_parts_are_malformed),
        UNIT_TEST(foreign_bytes_anywhere_are_malformed),
        UNIT_TEST(a_token_cut_short_is_never_granted),
        UNIT_TEST(a_part_spelled_otherwise_is_malformed),
        UNIT_TEST(eight_kibibytes_are_accepted_and_one_byte_more_is_not),
        UNIT_TEST(alg_none_in_every_spelling_is_refused),
        UNIT_TEST(alg_missing_or_not_a_name_of_the_table_is_refused),
        UNIT_TEST(hs256_with_the_public_key_as_secret_is_refused),
        UNIT_TEST(an_algorithm_other_than_the_keys_is_refused),
        UNIT_TEST(the_right_algorithm_with_another_key_is_refused),
        UNIT_TEST(without_keys_nothing_is_granted),
        UNIT_TEST(crit_b64_enc_and_zip_are_refused_whatever_they_say),
        UNIT_TEST(keys_that_the_token_brings_along_are_ignored),
        UNIT_TEST(a_kid_that_is_no_string_is_refused),
        UNIT_TEST(a_kid_is_only_a_map_key),
        UNIT_TEST(without_a_kid_every_key_of_the_algorithm_is_tried),
        UNIT_TEST(a_header_that_is_no_strict_object_is_malformed),
        UNIT_TEST(a_payload_that_is_no_strict_object_is_malformed),
        UNIT_TEST(depth_bombs_are_malformed),
        UNIT_TEST(nothing_of_a_forged_payload_is_parsed),
        UNIT_TEST(a_signature_moved_to_another_payload_is_refused),
        UNIT_TEST(a_signed_header_holds_typ_alg_and_kid),
        UNIT_TEST(what_cannot_be_verified_is_not_signed),
        UNIT_TEST(rfc_7515_a_1_hs256),
        UNIT_TEST(rfc_7515_a_2_rs256),
        UNIT_TEST(rfc_7515_a_3_es256),
        UNIT_TEST(rfc_7515_a_4_es512),
        UNIT_TEST(rfc_8037_a_4_eddsa),
        UNIT_TEST(want_of_memory_grants_nothing),
    };

    return cmocka_run_group_tests_name("jwt", tests, NULL, NULL);
}
