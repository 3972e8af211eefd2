/* SPDX-License-Identifier: Apache-2.0
 *
 * Durations as administrators write them.
 */
#include "duration.h"
#include "unit.h"

static void each_unit_has_its_length(void **state)
{
    static const struct {
        const char *text;
        apr_interval_time_t microseconds;
    } rows[] = {
        {"0", 0},          {"30", 30000000},       {"500ms", 500000},
        {"30s", 30000000}, {"5m", 300000000},      {"2h", 7200000000},
        {"0ms", 0},        {"14d", 1209600000000},
    };
    apr_interval_time_t out;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        assert_true(ajr_duration_parse(&out, rows[i].text));
        assert_int_equal(out, rows[i].microseconds);
    }
}

static void what_is_no_duration_is_refused(void **state)
{
    static const char *const rows[] = {"",
                                       "s",
                                       "-1",
                                       "+1",
                                       "1.5h",
                                       "1 s",
                                       " 1",
                                       "1S",
                                       "1sec",
                                       "1s1",
                                       "0x1",
                                       "1w",
                                       "1h30m",
                                       "9223372036854775808",
                                       "99999999999999999999d"};
    apr_interval_time_t out;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        out = 1;
        assert_false(ajr_duration_parse(&out, rows[i]));
        assert_int_equal(out, 0);
    }
}

static void a_century_is_the_longest(void **state)
{
    apr_interval_time_t out;

    (void)state;
    assert_true(ajr_duration_parse(&out, "36600d"));
    assert_int_equal(out, AJR_DURATION_MAX);
    assert_false(ajr_duration_parse(&out, "36601d"));
    assert_false(ajr_duration_parse(&out, "3162240001"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(each_unit_has_its_length),
        UNIT_TEST(what_is_no_duration_is_refused),
        UNIT_TEST(a_century_is_the_longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
