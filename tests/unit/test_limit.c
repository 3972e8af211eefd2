/* SPDX-License-Identifier: Apache-2.0
 *
 * Guesses are bounded, time pays debts, and an attack on one name cannot be
 * washed out of the table by others.
 */
#include "limit.h"
#include "unit.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#define BORN apr_time_from_sec(1000000)
#define SECOND apr_time_from_sec(1)

static const ajr_rate_t ten = {10, 60 * SECOND};

static ajr_limit_t *table_of(void **state)
{
    ajr_limit_t *limit = apr_pcalloc(*state, ajr_limit_size() + 64);

    /* The rows of the table begin at cache lines. */
    limit = (ajr_limit_t *)(((uintptr_t)limit + 63) & ~(uintptr_t)63);
    ajr_limit_start(limit, (const unsigned char *)"sixteen bytes...", BORN);
    return limit;
}

static int taken(ajr_limit_t *limit, apr_uint64_t key, int tries,
                 apr_time_t now)
{
    int good = 0;

    while (tries-- > 0) {
        good += ajr_limit_take(limit, key, &ten, now) == 0;
    }
    return good;
}

static void ten_at_once_then_one_each_six_seconds(void **state)
{
    ajr_limit_t *limit = table_of(state);
    apr_uint64_t key = ajr_limit_key(limit, "alice");
    apr_time_t now = BORN + SECOND;
    int i;

    assert_int_equal(taken(limit, key, 1000, now), 10);
    assert_int_equal(ajr_limit_take(limit, key, &ten, now), 6 * SECOND);
    for (i = 0; i < 5; i++) {
        now += 6 * SECOND;
        assert_int_equal(taken(limit, key, 1000, now), 1);
    }
    assert_int_equal(taken(limit, key, 1000, now + 3600 * SECOND), 10);
}

static void names_do_not_share(void **state)
{
    ajr_limit_t *limit = table_of(state);
    apr_time_t now = BORN + SECOND;

    assert_int_equal(taken(limit, ajr_limit_key(limit, "a"), 20, now), 10);
    assert_int_equal(taken(limit, ajr_limit_key(limit, "b"), 20, now), 10);
    assert_int_equal(taken(limit, 0, 20, now), 10);
}

static void a_success_is_given_back(void **state)
{
    ajr_limit_t *limit = table_of(state);
    apr_uint64_t key = ajr_limit_key(limit, "alice");
    apr_time_t now = BORN + SECOND;
    int i;

    for (i = 0; i < 1000; i++) {
        assert_int_equal(taken(limit, key, 1, now), 1);
        ajr_limit_give_back(limit, key, &ten, now);
    }
    assert_int_equal(taken(limit, key, 20, now), 10);
    /* Nobody gains by giving back what time has paid. */
    now += 3600 * SECOND;
    ajr_limit_give_back(limit, key, &ten, now);
    assert_int_equal(taken(limit, key, 20, now), 10);
}

static void a_clock_set_back_locks_nobody_out(void **state)
{
    ajr_limit_t *limit = table_of(state);
    apr_uint64_t key = ajr_limit_key(limit, "alice");
    apr_time_t now = BORN + 7200 * SECOND;

    assert_int_equal(taken(limit, key, 20, now), 10);
    /* Children read the clock one after the other: that frees nobody. */
    assert_int_equal(taken(limit, key, 20, now - SECOND / 2), 0);
    now -= 3600 * SECOND;
    assert_int_equal(taken(limit, key, 20, now), 10);
    /* Before the table was made, too. */
    assert_int_equal(taken(limit, key, 20, 0), 10);
}

static void a_storm_of_names_does_not_free_the_one_under_attack(void **state)
{
    ajr_limit_t *limit = table_of(state);
    apr_uint64_t key = ajr_limit_key(limit, "alice");
    apr_time_t now = BORN + SECOND;
    int i;

    assert_int_equal(taken(limit, key, 20, now), 10);
    for (i = 0; i < 500000; i++) {
        const char *name = apr_psprintf(*state, "name%d", i);

        (void)ajr_limit_take(limit, ajr_limit_key(limit, name), &ten, now);
    }
    assert_int_equal(taken(limit, key, 20, now), 0);
}

static void what_is_remembered_stands_apart(void **state)
{
    ajr_limit_t *limit = table_of(state);
    apr_uint64_t key = ajr_limit_key(limit, "alice at home");
    apr_time_t now = BORN + SECOND;

    assert_false(ajr_limit_remembers(limit, key, now));
    ajr_limit_remember(limit, key, now + 60 * SECOND);
    assert_true(ajr_limit_remembers(limit, key, now));
    assert_int_equal(taken(limit, key, 20, now), 10);
    assert_true(ajr_limit_remembers(limit, key, now + 59 * SECOND));
    assert_false(ajr_limit_remembers(limit, key, now + 61 * SECOND));
    assert_false(ajr_limit_remembers(limit, 0, now));
}

static void the_oldest_are_forgotten_first(void **state)
{
    ajr_limit_t *limit = table_of(state);
    apr_time_t now = BORN + SECOND;
    int i, kept = 0;

    for (i = 0; i < 100000; i++) {
        apr_uint64_t key = ajr_limit_key(limit, apr_itoa(*state, i));

        ajr_limit_remember(limit, key, now + (3600 + i) * SECOND);
    }
    for (i = 90000; i < 100000; i++) {
        apr_uint64_t key = ajr_limit_key(limit, apr_itoa(*state, i));

        kept += ajr_limit_remembers(limit, key, now);
    }
    assert_true(kept > 9900);
    assert_false(ajr_limit_remembers(limit, ajr_limit_key(limit, "0"), now));
}

static void keys_depend_on_the_secret(void **state)
{
    ajr_limit_t *one = table_of(state), *two = table_of(state);

    ajr_limit_start(two, (const unsigned char *)"another secret..", BORN);
    assert_true(ajr_limit_key(one, "alice") != ajr_limit_key(two, "alice"));
}

typedef struct storm_t {
    ajr_limit_t *limit;
    int good;
} storm_t;

static void *APR_THREAD_FUNC storm(apr_thread_t *thread, void *data)
{
    storm_t *mine = data;

    (void)thread;
    mine->good = taken(mine->limit, 42, 20000, BORN + SECOND);
    return NULL;
}

static void eight_threads_get_ten_together(void **state)
{
    ajr_limit_t *limit = table_of(state);
    apr_thread_t *threads[8];
    storm_t storms[8];
    apr_status_t status;
    int i, good = 0;

    for (i = 0; i < 8; i++) {
        storms[i] = (storm_t){limit, 0};
        assert_int_equal(
            apr_thread_create(&threads[i], NULL, storm, &storms[i], *state),
            APR_SUCCESS);
    }
    for (i = 0; i < 8; i++) {
        apr_thread_join(&status, threads[i]);
        good += storms[i].good;
    }
    assert_int_equal(good, 10);
}

static void rates_have_one_spelling(void **state)
{
    static const char *const wrong[] = {"",
                                        "10",
                                        "/1m",
                                        "10/",
                                        "0/1m",
                                        "-1/1m",
                                        "+1/1m",
                                        " 1/1m",
                                        "1001/1m",
                                        "10/1m ",
                                        "10/0",
                                        "10/10ms",
                                        "10/2d",
                                        "10/x",
                                        "x/1m",
                                        "1/1m/1",
                                        "99999999999999999999/1m",
                                        "Offf"};
    ajr_rate_t rate;
    unsigned i;

    (void)state;
    assert_true(ajr_rate_parse(&rate, "10/1m"));
    assert_int_equal(rate.count, 10);
    assert_int_equal(rate.per, 60 * SECOND);
    assert_true(ajr_rate_parse(&rate, "1000/1s"));
    assert_true(ajr_rate_parse(&rate, "off"));
    assert_int_equal(rate.count, 0);
    for (i = 0; i < COUNT(wrong); i++) {
        rate.count = 7;
        assert_false(ajr_rate_parse(&rate, wrong[i]));
        assert_int_equal(rate.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(ten_at_once_then_one_each_six_seconds),
        UNIT_TEST(names_do_not_share),
        UNIT_TEST(a_success_is_given_back),
        UNIT_TEST(a_clock_set_back_locks_nobody_out),
        UNIT_TEST(a_storm_of_names_does_not_free_the_one_under_attack),
        UNIT_TEST(what_is_remembered_stands_apart),
        UNIT_TEST(the_oldest_are_forgotten_first),
        UNIT_TEST(keys_depend_on_the_secret),
        UNIT_TEST(eight_threads_get_ten_together),
        UNIT_TEST(rates_have_one_spelling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
