/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include <apr_strings.h>

/* ---- bytes ---- */

static void secrets_are_equal_only_when_every_byte_and_the_length_is(void **s)
{
    ajr_bytes_t secret = BYTES("0123456789abcdef");
    char other[] = "0123456789abcdef";
    size_t i;

    (void)s;
    assert_true(ajr_bytes_equal_secret(ajr_bytes_of(other), secret));
    assert_true(ajr_bytes_equal_secret(BYTES(""), BYTES("")));
    for (i = 0; i < secret.len; i++) {
        other[i] ^= 1;
        assert_false(ajr_bytes_equal_secret(ajr_bytes_of(other), secret));
        other[i] ^= 1;
    }
    assert_false(ajr_bytes_equal_secret(BYTES("0123456789abcde"), secret));
    assert_false(ajr_bytes_equal_secret(BYTES("0123456789abcdefg"), secret));
    assert_false(ajr_bytes_equal_secret(BYTES(""), secret));
    assert_false(ajr_bytes_equal_secret(secret, BYTES("")));
}

static void hex_digits_have_one_value_in_either_case(void **s)
{
    static const char lower[] = "0123456789abcdef",
                      upper[] = "0123456789ABCDEF";
    int c;

    (void)s;
    for (c = 0; c < 256; c++) {
        const char *in_lower = c != 0 ? strchr(lower, c) : NULL;
        const char *in_upper = c != 0 ? strchr(upper, c) : NULL;
        int expected = in_lower != NULL   ? (int)(in_lower - lower)
                       : in_upper != NULL ? (int)(in_upper - upper)
                                          : -1;

        assert_int_equal(ajr_hex_value((unsigned char)c), expected);
    }
}

/* ---- base64url ---- */

static bool decodes(const char *text, apr_pool_t *pool)
{
    ajr_bytes_t out;

    return ajr_base64url_decode(&out, ajr_bytes_of(text), pool);
}

static void base64url_knows_the_vectors_of_rfc_4648_10(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg"},
        {"fo", "Zm8"},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg"},
        {"fooba", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "-_-_"},
    };
    size_t i;

    for (i = 0; i < COUNT(pairs); i++) {
        ajr_bytes_t out;

        assert_string_equal(
            ajr_base64url_encode(ajr_bytes_of(pairs[i][0]), *state),
            pairs[i][1]);
        assert_true(
            ajr_base64url_decode(&out, ajr_bytes_of(pairs[i][1]), *state));
        assert_int_equal(out.len, strlen(pairs[i][0]));
        assert_string_equal((const char *)out.data, pairs[i][0]);
    }
}

static void base64url_round_trips_every_length_and_byte(void **state)
{
    unsigned char data[300];
    ajr_bytes_t in = {data, 0}, out;
    size_t i;

    for (i = 0; i < sizeof(data); i++) {
        data[i] = (unsigned char)(i * 167 + 13);
    }
    for (in.len = 0; in.len < sizeof(data); in.len++) {
        const char *text = ajr_base64url_encode(in, *state);

        assert_int_equal(strlen(text), (in.len * 4 + 2) / 3);
        assert_true(ajr_base64url_decode(&out, ajr_bytes_of(text), *state));
        assert_int_equal(out.len, in.len);
        assert_memory_equal(out.data, data, in.len);
        assert_int_equal(out.data[out.len], 0);
    }
}

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void base64url_has_one_spelling_for_each_value(void **state)
{
    char text[4] = "";
    int a, b, c, two = 0, three = 0;

    for (a = 0; a < 64; a++) {
        for (b = 0; b < 64; b++) {
            text[0] = alphabet[a];
            text[1] = alphabet[b];
            text[2] = '\0';
            two += decodes(text, *state);
            for (c = 0; c < 64; c++) {
                text[2] = alphabet[c];
                three += decodes(text, *state);
            }
        }
        apr_pool_clear(*state);
    }
    assert_int_equal(two, 256);
    assert_int_equal(three, 65536);
}

static void base64url_refuses_every_other_byte_at_every_place(void **state)
{
    size_t len, i;
    int c;

    for (len = 2; len <= 8; len += len == 4 ? 2 : 1) {
        char text[] = "AAAAAAAA";

        text[len] = '\0';
        assert_true(decodes(text, *state));
        for (i = 0; i < len; i++) {
            for (c = 0; c < 256; c++) {
                ajr_bytes_t in = {(unsigned char *)text, len}, out;
                bool digit = c != 0 && strchr(alphabet, c) != NULL;

                text[i] = (char)c;
                if (!digit) {
                    assert_false(ajr_base64url_decode(&out, in, *state));
                    assert_int_equal(out.len, 0);
                    assert_null(out.data);
                }
            }
            text[i] = 'A';
        }
    }
}

static void base64url_refuses_padding_blanks_and_impossible_lengths(void **s)
{
    static const char *const bad[] = {
        "Zg==", "Zg=",  "Zm8=", "Zm9v=", "=",     "A",      "AAAAA", "Zm9v\n",
        "Zm 9", "+_AA", "/_AA", " Zm9v", "Zm9v ", "Zm\r\n", "Zh",    "Zm9",
    };
    size_t i;

    ajr_bytes_t part = BYTES("AAAAAAAAA"), out;

    for (i = 0; i < COUNT(bad); i++) {
        assert_false(decodes(bad[i], *s));
    }
    for (; part.len > 0; part.len--) { /* what follows is not looked at */
        assert_int_equal(ajr_base64url_decode(&out, part, *s),
                         part.len % 4 != 1);
    }
}

/* ---- UTF-8 ---- */

/* Another reading of RFC 3629: decodes the number, then asks whether its
 * shortest spelling is what stood there. */
static bool one_character(const unsigned char *p, size_t len)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned point;
    size_t i;

    if (len == 1) {
        return p[0] < 0x80;
    }
    if ((unsigned)p[0] >> (7 - len) != (1u << (len + 1)) - 2) {
        return false;
    }
    point = p[0] & ((1u << (7 - len)) - 1);
    for (i = 1; i < len; i++) {
        if (p[i] >> 6 != 2) {
            return false;
        }
        point = point << 6 | (p[i] & 63u);
    }
    return point >= least[len] && point <= 0x10ffff && point >> 11 != 27;
}

static void utf8_refuses_overlong_surrogate_and_far_characters(void **state)
{
    static const unsigned char edges[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90,
                                          0x9f, 0xa0, 0xbf, 0xc0, 0xc3, 0xff};
    unsigned char p[4];
    size_t len;
    unsigned lead, b, c, d;

    (void)state;
    for (lead = 0x80; lead < 256; lead++) {
        p[0] = (unsigned char)lead;
        for (b = 0; b < COUNT(edges); b++) {
            for (c = 0; c < COUNT(edges); c++) {
                for (d = 0; d < COUNT(edges); d++) {
                    bool expected = false;

                    p[1] = edges[b];
                    p[2] = edges[c];
                    p[3] = edges[d];
                    for (len = 2; len <= 4; len++) {
                        /* one character, and ASCII behind it */
                        size_t i = len;

                        while (i < 4 && p[i] < 0x80) {
                            i++;
                        }
                        expected =
                            expected || (i == 4 && one_character(p, len));
                    }
                    /* or two of two bytes */
                    expected = expected ||
                               (one_character(p, 2) && one_character(p + 2, 2));
                    assert_int_equal(ajr_utf8_valid((ajr_bytes_t){p, 4}),
                                     expected);
                }
            }
        }
    }
}

static void utf8_refuses_characters_cut_short(void **state)
{
    ajr_bytes_t text = BYTES("\xf0\x9f\x98\x80");

    (void)state;
    assert_true(ajr_utf8_valid(BYTES("")));
    assert_true(ajr_utf8_valid(BYTES("a\0b")));
    assert_true(ajr_utf8_valid(text));
    for (text.len = 3; text.len > 0; text.len--) {
        assert_false(ajr_utf8_valid(text));
    }
}

/* ---- JSON ---- */

static bool reads(ajr_bytes_t text, apr_pool_t *pool)
{
    json_t *json = NULL;
    bool good = ajr_json_object(&json, text, pool);

    assert_int_equal(good, json != NULL);
    return good;
}

static void json_objects_are_read(void **state)
{
    json_t *json;

    assert_true(ajr_json_object(
        &json, BYTES(" {\"a\":[1,2.5,\"x\\u00e9\",{}],\"\":null}\r\n\t"),
        *state));
    assert_int_equal(json_array_size(json_object_get(json, "a")), 4);
    assert_true(reads(BYTES("{}"), *state));
    assert_true(reads(BYTES("{\"a\":1,\"A\":1}"), *state));
    assert_true(reads(BYTES("{\"a\":{\"x\":1},\"b\":{\"x\":1}}"), *state));
}

static void json_other_than_one_strict_object_is_refused(void **state)
{
    static const ajr_bytes_t bad[] = {
        {(const unsigned char *)"", 0},
        {(const unsigned char *)" ", 1},
        {(const unsigned char *)"{}\0", 3},
        {(const unsigned char *)"\0{}", 3},
        {(const unsigned char *)"{\"a\0\":1}", 8},
    };
    static const char *const text[] = {
        "[]",
        "[{}]",
        "\"a\"",
        "1",
        "null",
        "true",
        "{",
        "}",
        "{}{}",
        "{} x",
        "{},",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":1e400}",
        "{\"a\":-1e400}",
        "{\"a\":9223372036854775808}",
        "{\"a\":0x1}",
        "{\"a\":tru}",
        "{\"a\":\"\x01\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\\ud800\"}",
        "{\"a\" 1}",
        "{}//",
        "/**/{}",
        "\xef\xbb\xbf{}",
        "{\"a\":1]",
        "{\"a\":[1}",
    };
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        assert_false(reads(bad[i], *state));
    }
    for (i = 0; i < COUNT(text); i++) {
        assert_false(reads(ajr_bytes_of(text[i]), *state));
    }
}

static void json_members_that_come_twice_are_refused(void **state)
{
    assert_false(reads(BYTES("{\"a\":1,\"a\":1}"), *state));
    assert_false(reads(BYTES("{\"a\":1,\"\\u0061\":2}"), *state));
    assert_false(reads(BYTES("{\"x\":{\"a\":1,\"b\":2,\"a\":3}}"), *state));
    assert_false(reads(BYTES("{\"x\":[[{\"\":1,\"\":1}]]}"), *state));
}

static void json_u0000_is_refused_everywhere(void **state)
{
    assert_false(reads(BYTES("{\"a\":\"\\u0000\"}"), *state));
    assert_false(reads(BYTES("{\"a\\u0000b\":1}"), *state));
    assert_false(reads(BYTES("{\"a\":[\"x\\u0000\"]}"), *state));
}

static void json_that_is_not_utf8_is_refused(void **state)
{
    assert_true(reads(BYTES("{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\"}"), *state));
    assert_false(reads(BYTES("{\"a\":\"\xe9\"}"), *state));
    assert_false(reads(BYTES("{\"\xff\":1}"), *state));
    assert_false(reads(BYTES("{\"a\":\"\xc0\xaf\"}"), *state));
    assert_false(reads(BYTES("{\"a\":\"\xed\xa0\x80\"}"), *state));
    assert_false(reads(BYTES("{\"a\":\"\xf4\x90\x80\x80\"}"), *state));
    assert_false(reads(BYTES("{\"a\":\"\xc3"), *state));
}

/* {"a": opened `depth` times, the object itself counted. */
static ajr_bytes_t nested(int depth, bool objects, bool closed,
                          apr_pool_t *pool)
{
    apr_array_header_t *pieces = apr_array_make(pool, depth, sizeof(char *));
    int i;

    APR_ARRAY_PUSH(pieces, const char *) = "{\"a\":";
    for (i = 1; i < depth; i++) {
        APR_ARRAY_PUSH(pieces, const char *) = objects ? "{\"a\":" : "[";
    }
    APR_ARRAY_PUSH(pieces, const char *) = "1";
    for (i = depth; closed && i > 0; i--) {
        APR_ARRAY_PUSH(pieces, const char *) = i > 1 && !objects ? "]" : "}";
    }
    return ajr_bytes_of(apr_array_pstrcat(pool, pieces, 0));
}

static void json_depth_ends_at_its_limit(void **state)
{
    assert_true(reads(nested(AJR_JSON_DEPTH, false, true, *state), *state));
    assert_true(reads(nested(AJR_JSON_DEPTH, true, true, *state), *state));
    assert_false(
        reads(nested(AJR_JSON_DEPTH + 1, false, true, *state), *state));
    assert_false(reads(nested(AJR_JSON_DEPTH + 1, true, true, *state), *state));
}

/* Counts what jansson asks for, to know how far it went. */
static int allocations;

static void *counting_malloc(size_t size)
{
    allocations++;
    return malloc(size);
}

static void json_depth_bomb_never_reaches_the_recursive_parser(void **state)
{
    json_malloc_t old_malloc;
    json_free_t old_free;
    bool closed, open;

    json_get_alloc_funcs(&old_malloc, &old_free);
    allocations = 0;
    json_set_alloc_funcs(counting_malloc, free);
    closed = reads(nested(1000, false, true, *state), *state);
    open = reads(nested(100000, true, false, *state), *state);
    json_set_alloc_funcs(old_malloc, old_free);
    assert_false(closed);
    assert_false(open);
    assert_int_equal(allocations, 0);
}

static void json_brackets_in_strings_are_no_depth(void **state)
{
    assert_true(
        reads(BYTES("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}"),
              *state));
    assert_true(reads(
        BYTES("{\"a\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}"),
        *state));
    /* a string that ends in an escaped backslash has ended */
    assert_false(
        reads(BYTES("{\"a\":\"\\\\\",\"b\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"),
              *state));
    /* siblings are no depth either */
    assert_true(
        reads(BYTES("{\"a\":[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
                    "[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]}"),
              *state));
}

/* ---- JSON as text ---- */

static void written_as_jansson_writes_it(json_t *json, apr_pool_t *pool)
{
    char *expected;

    assert_non_null(json);
    expected = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_non_null(expected);
    assert_string_equal(ajr_json_text(json, pool), expected);
    free(expected);
    json_decref(json);
}

static void json_values_are_written_as_jansson_writes_them(void **state)
{
    static const char *const values[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-0.0",
        "2.5",
        "1e300",
        "9223372036854775807",
        "-9223372036854775808",
        "0.1",
        "\"\"",
        "{\"z\":1,\"a\":[[],{},[1,\"2\",null]],\"\":{\"b\":{\"c\":false}}}",
        "{\"a\\n\\\"b\\\\\":\"\xc3\xa9\xf0\x9f\x98\x80/\"}"};
    size_t i;

    for (i = 0; i < COUNT(values); i++) {
        written_as_jansson_writes_it(
            json_loads(values[i], JSON_DECODE_ANY, NULL), *state);
    }
}

static void json_strings_are_escaped_where_they_must_be(void **state)
{
    char string[] = "x_y";
    int c;

    for (c = 1; c < 128; c++) {
        string[1] = (char)c;
        written_as_jansson_writes_it(json_string(string), *state);
        written_as_jansson_writes_it(json_pack("{si}", string, c), *state);
    }
}

static void json_of_any_length_is_written(void **state)
{
    char string[3000] = "";
    size_t i;

    for (i = 0; i < sizeof(string) - 1; i++) {
        written_as_jansson_writes_it(json_pack("[ss]", string, "end"), *state);
        string[i] = i % 7 == 0 ? '"' : 'a';
    }
}

static void json_that_nests_without_end_is_not_written(void **state)
{
    json_t *deep = json_array();
    int i;

    for (i = 0; i <= 2 * AJR_JSON_DEPTH; i++) {
        deep = json_pack("[o]", deep);
    }
    assert_null(ajr_json_text(deep, *state));
    assert_non_null(ajr_json_text(json_array_get(deep, 0), *state));
    assert_null(ajr_json_text(NULL, *state));
    json_decref(deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(secrets_are_equal_only_when_every_byte_and_the_length_is),
        UNIT_TEST(hex_digits_have_one_value_in_either_case),
        UNIT_TEST(base64url_knows_the_vectors_of_rfc_4648_10),
        UNIT_TEST(base64url_round_trips_every_length_and_byte),
        UNIT_TEST(base64url_has_one_spelling_for_each_value),
        UNIT_TEST(base64url_refuses_every_other_byte_at_every_place),
        UNIT_TEST(base64url_refuses_padding_blanks_and_impossible_lengths),
        UNIT_TEST(utf8_refuses_overlong_surrogate_and_far_characters),
        UNIT_TEST(utf8_refuses_characters_cut_short),
        UNIT_TEST(json_objects_are_read),
        UNIT_TEST(json_other_than_one_strict_object_is_refused),
        UNIT_TEST(json_members_that_come_twice_are_refused),
        UNIT_TEST(json_u0000_is_refused_everywhere),
        UNIT_TEST(json_that_is_not_utf8_is_refused),
        UNIT_TEST(json_depth_ends_at_its_limit),
        UNIT_TEST(json_depth_bomb_never_reaches_the_recursive_parser),
        UNIT_TEST(json_brackets_in_strings_are_no_depth),
        UNIT_TEST(json_values_are_written_as_jansson_writes_them),
        UNIT_TEST(json_strings_are_escaped_where_they_must_be),
        UNIT_TEST(json_of_any_length_is_written),
        UNIT_TEST(json_that_nests_without_end_is_not_written),
    };

    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
