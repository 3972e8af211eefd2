/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "jwks_file.h"

#define NAME "keys.json"

static char folder[] = "/tmp/ajr-jwks-XXXXXX";
static apr_time_t now; /* a second later with every look */

static int make_folder(void **state)
{
    (void)state;
    now = apr_time_now();
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static const char *path_of(const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, folder, "/", name, NULL);
}

static void put(const char *text, apr_pool_t *pool)
{
    apr_file_t *file;

    assert_int_equal(
        apr_file_open(&file, path_of(NAME, pool),
                      APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE,
                      APR_FPROT_OS_DEFAULT, pool),
        APR_SUCCESS);
    apr_file_puts(text, file);
    apr_file_close(file);
}

/* As if it had been written at `now`, which runs ahead of the real time. */
static void put_now(const char *text, apr_pool_t *pool)
{
    struct timespec times[2] = {{apr_time_sec(now), 0}, {apr_time_sec(now), 0}};

    put(text, pool);
    assert_int_equal(utimensat(AT_FDCWD, path_of(NAME, pool), times, 0), 0);
}

static void drop(apr_pool_t *pool)
{
    assert_int_equal(unlink(path_of(NAME, pool)), 0);
}

/* A set of one key of that kid. */
static const char *set_of(const char *kid, apr_pool_t *pool)
{
    return apr_pstrcat(pool,
                       "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
                       "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
                       "\"kid\":\"",
                       kid, "\"}]}", NULL);
}

static ajr_jwks_file_t *opened(apr_pool_t *pool)
{
    ajr_jwks_file_t *file = NULL;
    ajr_jwks_news_t news;

    assert_null(ajr_jwks_file_open(&file, &news, NAME, folder, pool));
    return file;
}

/* Another look, a second later. */
static ajr_jwks_news_t look(ajr_jwks_file_t *file, apr_pool_t *pool)
{
    ajr_jwks_news_t news;

    now += APR_USEC_PER_SEC;
    ajr_jwks_file_look(&news, file, now, pool);
    return news;
}

static const char *kid_of(ajr_jwks_file_t *file, apr_pool_t *pool)
{
    apr_uint64_t number;
    const ajr_keyset_t *keys = ajr_jwks_file_hold(&number, file, pool);

    assert_int_equal(keys->nelts, 1);
    return APR_ARRAY_IDX(keys, 0, const ajr_key_t *)->kid;
}

/* ---- one thread ---- */

static void a_changed_file_comes_into_force(void **state)
{
    ajr_jwks_file_t *file;

    put(set_of("one", *state), *state);
    file = opened(*state);
    assert_false(look(file, *state).replaced);
    assert_string_equal(kid_of(file, *state), "one");
    put(set_of("two", *state), *state);
    assert_true(look(file, *state).replaced);
    assert_string_equal(kid_of(file, *state), "two");
    assert_false(look(file, *state).replaced);
    drop(*state);
}

static void it_is_looked_at_once_a_second(void **state)
{
    ajr_jwks_file_t *file;
    ajr_jwks_news_t news;

    put(set_of("one", *state), *state);
    file = opened(*state);
    look(file, *state);
    put(set_of("two", *state), *state);
    ajr_jwks_file_look(&news, file, now, *state);
    assert_false(news.replaced);
    assert_true(look(file, *state).replaced);
    drop(*state);
}

/* Same size, same inode, same time: only its content tells. */
static void a_change_within_one_tick_of_the_clock_is_seen(void **state)
{
    ajr_jwks_file_t *file;

    put(set_of("one", *state), *state);
    file = opened(*state);
    put_now(set_of("one", *state), *state);
    look(file, *state);
    now -= APR_USEC_PER_SEC;
    put_now(set_of("two", *state), *state);
    now += APR_USEC_PER_SEC;
    assert_true(look(file, *state).replaced);
    drop(*state);
}

static void a_broken_file_keeps_the_old_set_and_is_told_once(void **state)
{
    static const char *const broken[] = {"", "{", "{\"keys\":[]}", "secret"};
    ajr_jwks_file_t *file;
    size_t i;

    put(set_of("one", *state), *state);
    file = opened(*state);
    for (i = 0; i < COUNT(broken); i++) {
        ajr_jwks_news_t news;

        put(broken[i], *state);
        news = look(file, *state);
        assert_non_null(news.error);
        assert_non_null(strstr(news.error, NAME));
        assert_null(strstr(news.error, "secret"));
        assert_null(look(file, *state).error);
        assert_null(look(file, *state).error);
        assert_string_equal(kid_of(file, *state), "one");
    }
    put(set_of("two", *state), *state);
    assert_true(look(file, *state).replaced);
    drop(*state);
    assert_non_null(look(file, *state).error);
    assert_null(look(file, *state).error);
    assert_string_equal(kid_of(file, *state), "two");
    put(set_of("two", *state), *state);
    assert_null(look(file, *state).error);
    drop(*state);
    assert_non_null(look(file, *state).error);
}

static void a_file_that_cannot_be_used_is_not_opened(void **state)
{
    ajr_jwks_file_t *file = NULL;
    ajr_jwks_news_t news;
    const char *why = ajr_jwks_file_open(&file, &news, NAME, folder, *state);

    assert_non_null(strstr(why, NAME));
    assert_null(file);
    put("{\"keys\":[]}", *state);
    why = ajr_jwks_file_open(&file, &news, NAME, folder, *state);
    assert_non_null(strstr(why, "no key for signatures"));
    assert_null(file);
    drop(*state);
}

static void a_file_that_everybody_can_write_is_warned_of(void **state)
{
    ajr_jwks_file_t *file = NULL;
    ajr_jwks_news_t news;

    put(set_of("one", *state), *state);
    chmod(path_of(NAME, *state), 0666);
    assert_null(ajr_jwks_file_open(&file, &news, NAME, folder, *state));
    assert_non_null(strstr(news.warning, "chmod o-w"));
    drop(*state);
}

static void a_held_set_outlives_its_file(void **state)
{
    ajr_jwks_file_t *file;
    apr_pool_t *request;
    const ajr_keyset_t *held;
    apr_uint64_t number, other;

    put(set_of("one", *state), *state);
    file = opened(*state);
    apr_pool_create(&request, *state);
    held = ajr_jwks_file_hold(&number, file, request);
    put(set_of("two", *state), *state);
    look(file, *state);
    assert_string_equal(kid_of(file, *state), "two");
    assert_string_equal(APR_ARRAY_IDX(held, 0, const ajr_key_t *)->kid, "one");
    ajr_jwks_file_hold(&other, file, request);
    assert_int_not_equal(number, other);
    apr_pool_destroy(request);
    drop(*state);
}

/* Requests that never end cannot make it grow without bound. */
static void old_sets_in_memory_are_bounded(void **state)
{
    ajr_jwks_file_t *file;
    apr_pool_t *request;
    ajr_jwks_news_t news;
    apr_uint64_t number;
    int i;

    put(set_of("first", *state), *state);
    file = opened(*state);
    apr_pool_create(&request, *state);
    for (i = 0; i < 300; i++) {
        ajr_jwks_file_hold(&number, file, request);
        put_now(set_of(apr_itoa(*state, i), *state), *state);
        news = look(file, *state);
        if (!news.replaced) {
            break;
        }
    }
    assert_int_equal(i, 255);
    assert_non_null(strstr(news.error, "hold"));
    apr_pool_destroy(request);
    assert_true(look(file, *state).replaced);
    assert_string_equal(kid_of(file, *state), "255");
    drop(*state);
}

static size_t in_use(void)
{
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static void reload(ajr_jwks_file_t *file, int count, apr_pool_t *pool)
{
    apr_pool_t *request;
    int i;

    for (i = 0; i < count; i++) {
        apr_pool_create(&request, pool);
        put_now(set_of(apr_itoa(request, i), request), request);
        assert_true(look(file, request).replaced);
        assert_string_equal(kid_of(file, request), apr_itoa(request, i));
        apr_pool_destroy(request);
    }
}

static void a_thousand_reloads_leave_memory_flat(void **state)
{
    ajr_jwks_file_t *file;
    size_t before;

    put(set_of("first", *state), *state);
    file = opened(*state);
    reload(file, 100, *state);
    before = in_use();
    reload(file, 1000, *state);
    assert_true(in_use() < before + 65536);
    drop(*state);
}

/* ---- many threads ---- */

#define THREADS 4

typedef struct crowd_t {
    ajr_jwks_file_t *file;
    atomic_bool over;
    atomic_long judged;
    atomic_bool wrong;
} crowd_t;

/* What a request does: hold, use, let go. */
static void *APR_THREAD_FUNC judge(apr_thread_t *thread, void *data)
{
    crowd_t *crowd = data;
    apr_pool_t *request;

    apr_pool_create(&request, apr_thread_pool_get(thread));
    while (!crowd->over) {
        apr_uint64_t number;
        const ajr_keyset_t *keys =
            ajr_jwks_file_hold(&number, crowd->file, request);
        const ajr_key_t *key = APR_ARRAY_IDX(keys, 0, const ajr_key_t *);

        if (keys->nelts != 1 || key->kid == NULL || strlen(key->kid) + 1 > 5 ||
            EVP_PKEY_get_id(key->material.pkey) == 0) {
            crowd->wrong = true;
        }
        crowd->judged++;
        apr_pool_clear(request);
    }
    return NULL;
}

static void threads_judge_while_the_set_is_replaced(void **state)
{
    crowd_t crowd = {.over = false};
    apr_thread_t *threads[THREADS];
    apr_status_t result;
    int i;

    put(set_of("old", *state), *state);
    crowd.file = opened(*state);
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(
            apr_thread_create(&threads[i], NULL, judge, &crowd, *state),
            APR_SUCCESS);
    }
    reload(crowd.file, 1000, *state);
    crowd.over = true;
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&result, threads[i]);
    }
    assert_true(crowd.judged > 1000);
    assert_false(crowd.wrong);
    drop(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(a_changed_file_comes_into_force),
        UNIT_TEST(it_is_looked_at_once_a_second),
        UNIT_TEST(a_change_within_one_tick_of_the_clock_is_seen),
        UNIT_TEST(a_broken_file_keeps_the_old_set_and_is_told_once),
        UNIT_TEST(a_file_that_cannot_be_used_is_not_opened),
        UNIT_TEST(a_file_that_everybody_can_write_is_warned_of),
        UNIT_TEST(a_held_set_outlives_its_file),
        UNIT_TEST(old_sets_in_memory_are_bounded),
        UNIT_TEST(a_thousand_reloads_leave_memory_flat),
        UNIT_TEST(threads_judge_while_the_set_is_replaced),
    };

    return cmocka_run_group_tests_name("jwks_file", tests, make_folder,
                                       remove_folder);
}
