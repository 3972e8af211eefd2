/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <signal.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "program.h"

#define SHELL "/bin/sh -c "

static apr_interval_time_t patience = 5000000;

static const char *run(ajr_bytes_t *out, const char *command, apr_pool_t *pool)
{
    return ajr_program_run(out, command, patience, pool);
}

static void assert_prints(const char *command, ajr_bytes_t expected,
                          apr_pool_t *pool)
{
    ajr_bytes_t out;

    assert_null(run(&out, command, pool));
    assert_int_equal(out.len, expected.len);
    assert_memory_equal(out.data, expected.data, expected.len);
}

static void what_a_program_prints_is_taken_byte_by_byte(void **state)
{
    assert_prints("/usr/bin/printf key", BYTES("key"), *state);
    assert_prints("/usr/bin/printf 'a\\\\000b\\\\n'", BYTES("a\0b\n"), *state);
    assert_prints("/bin/true", BYTES(""), *state);
}

/* Words are grouped by quotes; nothing else is done to them. */
static void there_is_no_shell(void **state)
{
    assert_prints(
        "/bin/echo -n $HOME `id` ; | > x * \"two  words\" 'and $more'",
        BYTES("$HOME `id` ; | > x * two  words and $more"), *state);
}

/* Whatever httpd does with signals, a program finds them as usual. */
static void standard_input_is_empty_and_signals_are_default(void **state)
{
    ajr_bytes_t out;

    assert_prints("/bin/cat", BYTES(""), *state);
    signal(SIGTERM, SIG_IGN);
    assert_string_equal(run(&out, SHELL "'kill -TERM $$; sleep 60'", *state),
                        "was ended by signal 15");
    signal(SIGTERM, SIG_DFL);
}

static void a_program_that_fails_gives_nothing(void **state)
{
    static const char *const rows[][2] = {
        {"/bin/false", "status 1"},
        {SHELL "'echo key; exit 3'", "status 3"},
        {SHELL "'echo key; kill -9 $$'", "signal 9"},
        {"/does/not/exist", "cannot be started"},
        {"/", "cannot be started"},
        {"", "absolute path"},
        {"   ", "absolute path"},
        {"echo key", "absolute path"},
        {"./echo key", "absolute path"},
        {"/bin/cat /dev/zero", "64 KiB"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        ajr_bytes_t out;
        const char *why = run(&out, rows[i][0], *state);

        assert_non_null(why);
        if (strstr(why, rows[i][1]) == NULL) {
            fail_msg("%s: %s", rows[i][0], why);
        }
    }
}

static void sixty_four_kib_are_the_most(void **state)
{
    ajr_bytes_t out;

    assert_null(run(&out, "/usr/bin/head -c 65536 /dev/zero", *state));
    assert_int_equal(out.len, 65536);
    assert_non_null(run(&out, "/usr/bin/head -c 65537 /dev/zero", *state));
}

/* Slow, slow behind a closed output, slow in a grandchild: all are killed. */
static void a_slow_program_is_given_up_with_all_it_started(void **state)
{
    static const char *const slow[] = {
        "/bin/sleep 60",
        SHELL "'exec >&-; sleep 60'",
        SHELL "'sleep 60 & echo key'",
    };
    size_t i;

    patience = apr_time_from_msec(300);
    for (i = 0; i < COUNT(slow); i++) {
        apr_time_t start = apr_time_now();
        ajr_bytes_t out;

        assert_string_equal(run(&out, slow[i], *state), "did not end in time");
        assert_true(apr_time_now() - start < apr_time_from_sec(5));
    }
    patience = apr_time_from_sec(5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(what_a_program_prints_is_taken_byte_by_byte),
        UNIT_TEST(there_is_no_shell),
        UNIT_TEST(standard_input_is_empty_and_signals_are_default),
        UNIT_TEST(a_program_that_fails_gives_nothing),
        UNIT_TEST(sixty_four_kib_are_the_most),
        UNIT_TEST(a_slow_program_is_given_up_with_all_it_started),
    };

    return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
