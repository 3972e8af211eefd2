/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths to claims, and claims as text for environment and headers.
 */
#include "claim.h"
#include "unit.h"

#include <apr_strings.h>

static const json_t *find(const char *path, const char *claims,
                          apr_pool_t *pool)
{
    ajr_claim_t *claim;
    json_t *json;

    assert_null(ajr_claim_compile(&claim, path, pool));
    assert_true(ajr_json_object(&json, ajr_bytes_of(claims), pool));
    return ajr_claim_find(claim, json);
}

static const char *text(const char *path, const char *claims, apr_pool_t *pool)
{
    return ajr_claim_text(find(path, claims, pool), pool);
}

static void a_path_walks_members_and_elements(void **state)
{
    apr_pool_t *pool = *state;
    const char *claims = "{\"a\":{\"b\":[\"x\",[\"y\",\"z\"]]},\"a.b\":\"dot\","
                         "\"q[0]\":\"bracket\",\"\\\\\":\"slash\"}";

    assert_string_equal(text("a.b[0]", claims, pool), "x");
    assert_string_equal(text("a.b[1][1]", claims, pool), "z");
    assert_string_equal(text("a\\.b", claims, pool), "dot");
    assert_string_equal(text("q\\[0]", claims, pool), "bracket");
    assert_string_equal(text("\\\\", claims, pool), "slash");
}

static void what_is_not_there_is_null(void **state)
{
    apr_pool_t *pool = *state;
    const char *claims = "{\"ab\":\"x\",\"list\":[1],\"text\":\"abc\"}";
    static const char *const paths[] = {"a",       "abc",       "ab.c",
                                        "ab[0]",   "list[1]",   "list.0",
                                        "text[0]", "list[9999]"};
    size_t i;

    for (i = 0; i < COUNT(paths); i++) {
        assert_null(find(paths[i], claims, pool));
    }
}

static void a_broken_path_is_a_sentence(void **state)
{
    apr_pool_t *pool = *state;
    static const char *const paths[] = {
        "",         ".",     "a.",
        ".a",       "a..b",  "[0]",
        "a[",       "a[]",   "a[x]",
        "a[-1]",    "a[0",   "a[0]b",
        "a[99999]", "a[1 ]", "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"};
    ajr_claim_t *claim;
    size_t i;

    for (i = 0; i < COUNT(paths); i++) {
        assert_non_null(ajr_claim_compile(&claim, paths[i], pool));
        assert_null(claim);
    }
}

static void values_have_one_spelling(void **state)
{
    apr_pool_t *pool = *state;
    const char *claims = "{\"s\":\"a b\",\"i\":-7,\"r\":1.5,\"t\":true,"
                         "\"n\":null,\"l\":[1,\"x\"],\"o\":{\"k\":false},"
                         "\"e\":\"\",\"u\":\"\\u00fc\"}";

    assert_string_equal(text("s", claims, pool), "a b");
    assert_string_equal(text("i", claims, pool), "-7");
    assert_string_equal(text("r", claims, pool), "1.5");
    assert_string_equal(text("t", claims, pool), "true");
    assert_string_equal(text("l", claims, pool), "[1,\"x\"]");
    assert_string_equal(text("o", claims, pool), "{\"k\":false}");
    assert_string_equal(text("e", claims, pool), "");
    assert_string_equal(text("u", claims, pool), "\xc3\xbc");
    assert_null(text("n", claims, pool));
    assert_null(ajr_claim_text(NULL, pool));
}

static void control_characters_are_never_text(void **state)
{
    apr_pool_t *pool = *state;
    static const char *const escapes[] = {
        "\\r", "\\n", "\\t", "\\u0001", "\\u007f", "\\u0085", "\\u009f"};
    size_t i;

    for (i = 0; i < COUNT(escapes); i++) {
        const char *claims =
            apr_pstrcat(pool, "{\"a\":\"x", escapes[i], "y\"}", NULL);

        assert_null(text("a", claims, pool));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(a_path_walks_members_and_elements),
        UNIT_TEST(what_is_not_there_is_null),
        UNIT_TEST(a_broken_path_is_a_sentence),
        UNIT_TEST(values_have_one_spelling),
        UNIT_TEST(control_characters_are_never_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
