/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>

#include <apr_strings.h>

#include "form.h"

/* ---- forms ---- */

static apr_table_t *form(const char *text, apr_pool_t *pool)
{
    apr_table_t *out = NULL;
    bool good = ajr_form_parse(&out, ajr_bytes_of(text), pool);

    assert_int_equal(good, out != NULL);
    return out;
}

static void form_parameters_are_decoded(void **state)
{
    apr_table_t *got = form("a=1&b+c=%41%c3%A9+x&d&=&e=x=y%26", *state);

    assert_non_null(got);
    assert_string_equal(apr_table_get(got, "a"), "1");
    assert_string_equal(apr_table_get(got, "b c"), "A\xc3\xa9 x");
    assert_string_equal(apr_table_get(got, "d"), "");
    assert_string_equal(apr_table_get(got, ""), "");
    assert_string_equal(apr_table_get(got, "e"), "x=y&");
    assert_int_equal(apr_table_elts(got)->nelts, 5);
}

static void form_of_ampersands_alone_is_empty(void **state)
{
    assert_int_equal(apr_table_elts(form("", *state))->nelts, 0);
    assert_int_equal(apr_table_elts(form("&", *state))->nelts, 0);
    assert_int_equal(apr_table_elts(form("&&&&", *state))->nelts, 0);
    assert_int_equal(apr_table_elts(form("&a=1&&b=2&", *state))->nelts, 2);
}

static void form_parameters_that_come_twice_are_refused(void **state)
{
    assert_null(form("a=1&a=1", *state));
    assert_null(form("a=1&b=2&%61=2", *state));
    assert_null(form("a&a", *state));
    assert_null(form("token=1&Token=2", *state));
    assert_null(form("=1&=2", *state));
    assert_non_null(form("a=1&ab=1", *state));
}

static void form_percent_garbage_nul_and_non_utf8_are_refused(void **state)
{
    static const char *const bad[] = {
        "a=%",    "a=%4",     "a=%4g",     "a=%g1",       "%=1",      "a=%-1",
        "a=% 1",  "a=%%41",   "a=%00",     "%00=1",       "a=%ff",    "a=%c3",
        "a=\xff", "a=%4&b=1", "\xc3=\xa9", "a=%ed%a0%80", "a=%u0041", "a=%+1",
    };
    apr_table_t *out;
    size_t i;

    for (i = 0; i < COUNT(bad); i++) {
        assert_null(form(bad[i], *state));
    }
    assert_false(ajr_form_parse(&out, BYTES("a=x\0y"), *state));
    assert_false(ajr_form_parse(&out, BYTES("a\0=x"), *state));
}

static void form_with_too_many_parameters_is_refused(void **state)
{
    const char *text = "";
    int i;

    for (i = 0; i < AJR_FORM_MAX; i++) {
        text = apr_psprintf(*state, "%sa%d&", text, i);
    }
    assert_non_null(form(text, *state));
    assert_null(form(apr_pstrcat(*state, text, "b", NULL), *state));
}

/* ---- query strings ---- */

/* The values, joined by | */
static const char *query(const char *text, const char *name, apr_pool_t *pool)
{
    return apr_array_pstrcat(pool, ajr_query_values(text, name, pool), '|');
}

static void query_values_come_in_order_and_decoded(void **state)
{
    assert_string_equal(query("t=1", "t", *state), "1");
    assert_string_equal(query("a=0&t=1&&b=2&t=3", "t", *state), "1|3");
    assert_string_equal(query("%74=a%2eb+c", "t", *state), "a.b c");
    assert_string_equal(query("t=a=b==", "t", *state), "a=b==");
    assert_int_equal(ajr_query_values("t", "t", *state)->nelts, 1);
    assert_string_equal(query("t", "t", *state), "");
}

static void query_names_are_exact(void **state)
{
    static const char *const none[] = {"",      "&",      "T=1",   "tt=1",
                                       "a=t=1", "t%00=1", "t[]=1", "%74%=1",
                                       "=t",    NULL};
    int i;

    for (i = 0; none[i] != NULL; i++) {
        assert_int_equal(ajr_query_values(none[i], "t", *state)->nelts, 0);
    }
    assert_int_equal(ajr_query_values(NULL, "t", *state)->nelts, 0);
}

static void query_broken_elsewhere_is_nobodys_business(void **state)
{
    assert_string_equal(query("a=%&%zz=1&\xff=\xff&t=1&b=%0", "t", *state),
                        "1");
}

static void query_values_that_are_broken_stay_as_they_were_sent(void **state)
{
    assert_string_equal(query("t=1&t=%zz&t=%00&t=%ff", "t", *state),
                        "1|%zz|%00|%ff");
}

static void query_edit_leaves_the_rest_byte_for_byte(void **state)
{
    static const struct {
        const char *query, *without, *redacted;
    } rows[] = {
        {"t=1", "", "t=x"},
        {"a=%zz&t=1&b=+", "a=%zz&b=+", "a=%zz&t=x&b=+"},
        {"&&t=1&", "&&", "&&t=x&"},
        {"%74=1&t=2=3&u=4", "u=4", "%74=x&t=x&u=4"},
        {"a=1&t", "a=1", "a=1&t"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        assert_string_equal(ajr_query_edit(rows[i].query, "t", NULL, *state),
                            rows[i].without);
        assert_string_equal(ajr_query_edit(rows[i].query, "t", "x", *state),
                            rows[i].redacted);
    }
}

/* ---- cookies ---- */

/* The values, joined by | */
static const char *cookies(const char *header, const char *name,
                           apr_pool_t *pool)
{
    apr_array_header_t *found = ajr_cookie_values(header, name, pool);

    assert_non_null(found);
    return apr_array_pstrcat(pool, found, '|');
}

static void cookie_values_come_in_order(void **state)
{
    assert_string_equal(cookies("t=1", "t", *state), "1");
    assert_string_equal(cookies("a=0; t=1; b=2; t=3;t=4", "t", *state),
                        "1|3|4");
    assert_string_equal(cookies(" \tt=1 \t;\tt=2", "t", *state), "1|2");
    assert_string_equal(cookies("t=a=b==", "t", *state), "a=b==");
    assert_string_equal(cookies("t=a b", "t", *state), "a b");
}

static void cookie_names_are_exact(void **state)
{
    assert_int_equal(
        ajr_cookie_values("tt=1; T=2; t =3; xt=4; t; \"t\"=5; t\xc2\xa0=6", "t",
                          *state)
            ->nelts,
        0);
    assert_string_equal(
        cookies("__Host-refresh=x; refresh=y", "__Host-refresh", *state), "x");
    assert_string_equal(
        cookies("__Host-refresh=x; refresh=y", "refresh", *state), "y");
}

static void cookie_values_lose_one_pair_of_quotes(void **state)
{
    assert_string_equal(cookies("t=\"1\"", "t", *state), "1");
    assert_string_equal(cookies("t=\"\"1\"\"", "t", *state), "\"1\"");
    assert_string_equal(cookies("t=\"1; t=1\"; t=\"", "t", *state),
                        "\"1|1\"|\"");
    assert_string_equal(cookies("t=\"\"", "t", *state), "");
    assert_int_equal(ajr_cookie_values("t=\"\"", "t", *state)->nelts, 1);
}

static void cookie_headers_of_garbage_hold_nothing(void **state)
{
    static const char *const bad[] = {"",  ";", "=",  ";;=;=;",
                                      " ", "t", "=t", "==;t;;"};
    size_t i;

    assert_int_equal(ajr_cookie_values(NULL, "t", *state)->nelts, 0);
    for (i = 0; i < COUNT(bad); i++) {
        assert_int_equal(ajr_cookie_values(bad[i], "t", *state)->nelts, 0);
    }
    assert_int_equal(ajr_cookie_values("t=", "t", *state)->nelts, 1);
}

static void a_hundred_cookies_of_one_name_are_all_found(void **state)
{
    const char *text = "";
    int i;

    for (i = 0; i < 100; i++) {
        text = apr_pstrcat(*state, text, "t=x; ", NULL);
    }
    assert_int_equal(ajr_cookie_values(text, "t", *state)->nelts, 100);
}

static void cookies_of_a_name_are_removed_the_rest_byte_for_byte(void **state)
{
    static const struct {
        const char *header, *left;
    } rows[] = {
        {"t=1", NULL},
        {"t=1; t=2", NULL},
        {" t=1 ;;", NULL},
        {"a=1; t=x; b=2", "a=1; b=2"},
        {"t=x; a=\"1\";b==;  c", "a=\"1\";b==;  c"},
        {"a=1; t=\"x\"", "a=1"},
        {"a=1, t=x; b=2", "a=1; b=2"},
        {"a=1,b=2,t=x,c=3", "a=1,b=2"},
        {"t=x, a=1; b=2,c", "b=2,c"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const char *left = ajr_cookie_without(rows[i].header, "t", *state);

        assert_int_equal(left == NULL, rows[i].left == NULL);
        if (left != NULL) {
            assert_string_equal(left, rows[i].left);
        }
    }
    assert_ptr_equal(ajr_cookie_without(rows[3].header, "u", *state),
                     rows[3].header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(form_parameters_are_decoded),
        UNIT_TEST(form_of_ampersands_alone_is_empty),
        UNIT_TEST(form_parameters_that_come_twice_are_refused),
        UNIT_TEST(form_percent_garbage_nul_and_non_utf8_are_refused),
        UNIT_TEST(form_with_too_many_parameters_is_refused),
        UNIT_TEST(query_values_come_in_order_and_decoded),
        UNIT_TEST(query_names_are_exact),
        UNIT_TEST(query_broken_elsewhere_is_nobodys_business),
        UNIT_TEST(query_values_that_are_broken_stay_as_they_were_sent),
        UNIT_TEST(query_edit_leaves_the_rest_byte_for_byte),
        UNIT_TEST(cookie_values_come_in_order),
        UNIT_TEST(cookie_names_are_exact),
        UNIT_TEST(cookie_values_lose_one_pair_of_quotes),
        UNIT_TEST(cookie_headers_of_garbage_hold_nothing),
        UNIT_TEST(a_hundred_cookies_of_one_name_are_all_found),
        UNIT_TEST(cookies_of_a_name_are_removed_the_rest_byte_for_byte),
    };

    return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
