/* SPDX-License-Identifier: Apache-2.0
 *
 * A token seen before costs no signature, and gains nothing by it.
 */
#include "cache.h"
#include "derived.h"
#include "unit.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#define NOW apr_time_from_sec(1000)

typedef struct story_t {
    apr_pool_t *pool;
    ajr_cache_t *cache;
    const ajr_key_t *key;
    const ajr_keyset_t *keys;
} story_t;

static story_t begin(void **state, int entries)
{
    story_t story = {.pool = *state};

    story.cache = ajr_cache_make(entries, 42, story.pool);
    story.key = unit_key("HS256", 0, NULL, story.pool);
    story.keys = unit_keyset(story.key, NULL, NULL, story.pool);
    return story;
}

static const char *token_of(const story_t *story, const char *claims)
{
    return unit_token("{\"alg\":\"HS256\"}", claims, story->key, story->pool);
}

static ajr_outcome_t verify(const story_t *story, const char *token,
                            apr_uint64_t set, apr_time_t now)
{
    const ajr_jwt_t *jwt;

    return ajr_cache_verify(&jwt, story->cache, ajr_bytes_of(token),
                            story->keys, set, now, story->pool);
}

static void hits_are(const story_t *story, int hits, int misses)
{
    ajr_cache_counts_t counts;

    ajr_cache_counts(&counts, story->cache);
    assert_int_equal(counts.hits, hits);
    assert_int_equal(counts.misses, misses);
}

static void the_second_time_is_a_hit_with_the_same_claims(void **state)
{
    story_t story = begin(state, 16);
    const char *token = token_of(&story, "{\"exp\":2000,\"sub\":\"a\"}");
    const ajr_jwt_t *jwt;
    int i;

    for (i = 0; i < 3; i++) {
        assert_int_equal(ajr_cache_verify(&jwt, story.cache,
                                          ajr_bytes_of(token), story.keys, 1,
                                          NOW, story.pool),
                         AJR_OK);
        assert_string_equal(
            json_string_value(json_object_get(jwt->claims, "sub")), "a");
        assert_ptr_equal(jwt->key, story.key);
        assert_non_null(json_object_get(jwt->header, "alg"));
    }
    hits_are(&story, 2, 1);
}

static void the_session_of_a_hosts_own_token_is_kept_with_it(void **state)
{
    static const char *const claims[] = {
        "{\"exp\":2000,\"iat\":900,\"sub\":\"a\"}",
        "{\"exp\":2000,\"iat\":900,\"sid\":\"of another kind\"}",
        "{\"exp\":2000,\"sub\":\"a\"}",
        "{\"exp\":2000,\"iat\":900,"
        "\"sid\":\"01890000-0000-7000-8000-000000000001\"}"};
    story_t story = begin(state, 16);
    size_t i;

    for (i = 0; i < COUNT(claims); i++) {
        ajr_bytes_t token = ajr_bytes_of(token_of(&story, claims[i]));
        unsigned char sid[AJR_UUID_SIZE];
        const ajr_jwt_t *jwt;
        int look;

        for (look = 0; look < 2; look++) {
            assert_int_equal(ajr_cache_verify(&jwt, story.cache, token,
                                              story.keys, 1, NOW, story.pool),
                             AJR_OK);
        }
        assert_int_equal(jwt->derived != NULL, i < 2);
        if (i < 2) {
            assert_int_equal(ajr_derived_sid(sid, token, jwt->claims), AJR_OK);
            assert_memory_equal(jwt->derived, sid, sizeof(sid));
        }
    }
}

static void every_byte_of_the_token_counts(void **state)
{
    story_t story = begin(state, 16);
    const char *token = token_of(&story, "{\"exp\":2000}");
    size_t i;

    assert_int_equal(verify(&story, token, 1, NOW), AJR_OK);
    for (i = 0; i < strlen(token); i++) {
        char *changed = apr_pstrdup(story.pool, token);

        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_int_not_equal(verify(&story, changed, 1, NOW), AJR_OK);
    }
    assert_int_not_equal(
        verify(&story, apr_pstrcat(story.pool, token, "A", NULL), 1, NOW),
        AJR_OK);
    assert_int_equal(verify(&story, token, 1, NOW), AJR_OK);
}

static void another_key_set_asks_its_own_keys(void **state)
{
    story_t story = begin(state, 16);
    const char *token = token_of(&story, "{\"exp\":2000}");

    assert_int_equal(verify(&story, token, 1, NOW), AJR_OK);
    story.keys = unit_keyset(unit_key("HS256", 1, NULL, story.pool), NULL, NULL,
                             story.pool);
    assert_int_equal(verify(&story, token, 2, NOW), AJR_SIGNATURE_BAD);
}

static void a_token_is_gone_when_its_exp_has_come(void **state)
{
    story_t story = begin(state, 16);
    const char *token = token_of(&story, "{\"exp\":2000}");

    assert_int_equal(verify(&story, token, 1, NOW), AJR_OK);
    assert_int_equal(verify(&story, token, 1, apr_time_from_sec(2000) - 1),
                     AJR_OK);
    hits_are(&story, 1, 1);
    assert_int_equal(verify(&story, token, 1, apr_time_from_sec(2000)), AJR_OK);
    hits_are(&story, 1, 2);
}

static void without_a_usable_exp_nothing_is_kept(void **state)
{
    story_t story = begin(state, 16);
    static const char *const claims[] = {"{}", "{\"exp\":\"2000\"}",
                                         "{\"exp\":null}", "{\"exp\":-1}",
                                         "{\"exp\":1000}"};
    size_t i;

    for (i = 0; i < COUNT(claims); i++) {
        const char *token = token_of(&story, claims[i]);

        assert_int_equal(verify(&story, token, 1, NOW), AJR_OK);
        assert_int_equal(verify(&story, token, 1, NOW), AJR_OK);
    }
    hits_are(&story, 0, 2 * COUNT(claims));
}

static void a_distant_exp_is_no_overflow(void **state)
{
    story_t story = begin(state, 16);
    const char *token = token_of(&story, "{\"exp\":1e300}");

    assert_int_equal(verify(&story, token, 1, NOW), AJR_OK);
    assert_int_equal(verify(&story, token, 1, NOW), AJR_OK);
    hits_are(&story, 1, 1);
}

static void what_was_refused_is_not_kept(void **state)
{
    story_t story = begin(state, 16);
    const char *token = token_of(&story, "{\"exp\":2000}");
    const ajr_keyset_t *keys = story.keys;

    story.keys = unit_keyset(unit_key("HS256", 1, NULL, story.pool), NULL, NULL,
                             story.pool);
    assert_int_equal(verify(&story, token, 1, NOW), AJR_SIGNATURE_BAD);
    assert_int_equal(verify(&story, token, 1, NOW), AJR_SIGNATURE_BAD);
    hits_are(&story, 0, 2);
    story.keys = keys;
    assert_int_equal(verify(&story, token, 1, NOW), AJR_OK);
}

static void a_full_cache_still_answers_right(void **state)
{
    story_t story = begin(state, 8);
    int i, round;

    for (round = 0; round < 2; round++) {
        for (i = 0; i < 200; i++) {
            const char *claims =
                apr_psprintf(story.pool, "{\"exp\":2000,\"sub\":\"%d\"}", i);
            const ajr_jwt_t *jwt;

            assert_int_equal(
                ajr_cache_verify(&jwt, story.cache,
                                 ajr_bytes_of(token_of(&story, claims)),
                                 story.keys, 1, NOW, story.pool),
                AJR_OK);
            assert_string_equal(
                json_string_value(json_object_get(jwt->claims, "sub")),
                apr_psprintf(story.pool, "%d", i));
        }
    }
}

static void a_large_token_is_verified_each_time(void **state)
{
    story_t story = begin(state, 16);
    char *filler = apr_pcalloc(story.pool, AJR_CACHE_TOKEN_MAX);
    const char *token;

    memset(filler, 'x', AJR_CACHE_TOKEN_MAX - 1);
    token = token_of(&story, apr_pstrcat(story.pool, "{\"exp\":2000,\"f\":\"",
                                         filler, "\"}", NULL));
    assert_int_equal(verify(&story, token, 1, NOW), AJR_OK);
    assert_int_equal(verify(&story, token, 1, NOW), AJR_OK);
    hits_are(&story, 0, 0);
}

static void without_a_cache_all_is_as_before(void **state)
{
    story_t story = begin(state, 16);

    story.cache = NULL;
    assert_int_equal(verify(&story, token_of(&story, "{\"exp\":2000}"), 1, NOW),
                     AJR_OK);
}

/* ---- threads ---- */

#define THREADS 8
#define TURNS 3000

typedef struct worker_t {
    const story_t *story;
    const char *const *tokens;
    int first;
    int wrong;
} worker_t;

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    apr_pool_t *pool;
    int i;

    (void)thread;
    apr_pool_create(&pool, NULL);
    for (i = 0; i < TURNS; i++) {
        int which = (worker->first + i) % 32;
        const ajr_jwt_t *jwt;
        const json_t *sub;

        if (ajr_cache_verify(&jwt, worker->story->cache,
                             ajr_bytes_of(worker->tokens[which]),
                             worker->story->keys, 1, NOW, pool) != AJR_OK) {
            worker->wrong++;
            continue;
        }
        sub = json_object_get(jwt->claims, "sub");
        worker->wrong += json_integer_value(sub) != which;
        if (i % 50 == 0) {
            apr_pool_clear(pool);
        }
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* 32 tokens in 8 places: entries go while others read them. */
static void threads_never_see_another_tokens_claims(void **state)
{
    story_t story = begin(state, 8);
    const char *tokens[32];
    worker_t workers[THREADS];
    apr_thread_t *threads[THREADS];
    apr_status_t status;
    int i;

    for (i = 0; i < 32; i++) {
        tokens[i] = token_of(
            &story, apr_psprintf(story.pool, "{\"exp\":2000,\"sub\":%d}", i));
    }
    for (i = 0; i < THREADS; i++) {
        workers[i] = (worker_t){&story, tokens, i * 5, 0};
        assert_int_equal(
            apr_thread_create(&threads[i], NULL, work, &workers[i], story.pool),
            APR_SUCCESS);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&status, threads[i]);
        assert_int_equal(workers[i].wrong, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(the_second_time_is_a_hit_with_the_same_claims),
        UNIT_TEST(the_session_of_a_hosts_own_token_is_kept_with_it),
        UNIT_TEST(every_byte_of_the_token_counts),
        UNIT_TEST(another_key_set_asks_its_own_keys),
        UNIT_TEST(a_token_is_gone_when_its_exp_has_come),
        UNIT_TEST(without_a_usable_exp_nothing_is_kept),
        UNIT_TEST(a_distant_exp_is_no_overflow),
        UNIT_TEST(what_was_refused_is_not_kept),
        UNIT_TEST(a_full_cache_still_answers_right),
        UNIT_TEST(a_large_token_is_verified_each_time),
        UNIT_TEST(without_a_cache_all_is_as_before),
        UNIT_TEST(threads_never_see_another_tokens_claims),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
