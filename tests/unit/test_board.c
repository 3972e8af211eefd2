/* SPDX-License-Identifier: Apache-2.0
 *
 * What the board says of tokens, and what makes an entry leave it. How it
 * stands readers while it is written is in test_board_race.c.
 */
#include "board.h"
#include "unit.h"

#include <apr_strings.h>

#define MS 1000
#define HOUR ((apr_time_t)3600 * 1000000)

/* Births and gates are database time; `until` is another clock. */
#define BORN ((apr_time_t)1700000000000000)
#define NOW (BORN + HOUR)
#define MONOTONIC ((apr_time_t)5000000)

static const unsigned char key[AJR_SIPHASH_KEY_SIZE] = "a key for tests";

static void *memory_for(apr_size_t capacity, apr_pool_t *pool)
{
    return apr_pcalloc(pool, ajr_board_size(capacity));
}

static ajr_board_t *board_of(apr_size_t capacity, apr_pool_t *pool)
{
    return ajr_board_make(memory_for(capacity, pool), capacity, key, pool);
}

static void put(ajr_board_t *board, const ajr_news_t *news, apr_pool_t *pool)
{
    ajr_batch_t *batch = ajr_batch_make(board, 4, pool);

    assert_true(ajr_batch_add(batch, news));
    ajr_board_merge(board, batch, MONOTONIC);
}

static ajr_bytes_t sid_of(unsigned number, apr_pool_t *pool)
{
    unsigned char *sid = apr_pcalloc(pool, AJR_UUID_SIZE);

    memcpy(sid, &number, sizeof(number));
    return (ajr_bytes_t){sid, AJR_UUID_SIZE};
}

static ajr_news_t session_ended(unsigned number, apr_pool_t *pool)
{
    return (ajr_news_t){.kind = AJR_BOARD_SESSION,
                        .key = sid_of(number, pool),
                        .until = MONOTONIC + HOUR};
}

static ajr_news_t gate(ajr_board_kind_t kind, const char *name,
                       apr_time_t not_before, apr_uint64_t seq)
{
    return (ajr_news_t){.kind = kind,
                        .key = ajr_bytes_of(name),
                        .not_before = not_before,
                        .until = MONOTONIC + HOUR,
                        .seq = seq};
}

static ajr_news_t traded(unsigned number, apr_uint32_t generation,
                         apr_time_t from, apr_pool_t *pool)
{
    return (ajr_news_t){.kind = AJR_BOARD_SUPERSEDED,
                        .key = sid_of(number, pool),
                        .not_before = from,
                        .generation = generation,
                        .until = MONOTONIC + HOUR};
}

static ajr_outcome_t said_of(const ajr_board_t *board, unsigned session,
                             apr_int64_t generation, apr_pool_t *pool)
{
    ajr_bearer_t bearer = {.sid = sid_of(session, pool).data,
                           .subject = "alice",
                           .client = "app",
                           .born = BORN,
                           .generation = generation};

    return ajr_board_judge(board, &bearer, NOW);
}

static void a_bare_board_refuses_nobody(void **state)
{
    ajr_board_t *board = board_of(4, *state);
    ajr_bearer_t bearer = {
        .subject = "alice", .born = APR_INT64_MIN, .generation = -1};

    assert_true(ajr_board_bare(board));
    assert_false(ajr_board_full(board));
    assert_false(ajr_board_tried(board));
    assert_int_equal(ajr_board_fed(board), 0);
    assert_int_equal(ajr_board_judge(board, &bearer, NOW), AJR_OK);
}

static void an_ended_session_is_refused_and_no_other(void **state)
{
    ajr_board_t *board = board_of(4, *state);
    ajr_news_t news = session_ended(7, *state);

    put(board, &news, *state);
    assert_false(ajr_board_bare(board));
    assert_int_equal(said_of(board, 7, 0, *state), AJR_TOKEN_REVOKED);
    assert_int_equal(said_of(board, 8, 0, *state), AJR_OK);
}

static void a_gate_refuses_sessions_born_before_it(void **state)
{
    static const struct {
        ajr_board_kind_t kind;
        const char *name;
        apr_time_t not_before;
        ajr_outcome_t outcome;
    } rows[] = {
        {AJR_BOARD_SUBJECT, "alice", BORN + MS, AJR_TOKEN_REVOKED},
        {AJR_BOARD_SUBJECT, "alice", BORN + 1, AJR_TOKEN_REVOKED},
        {AJR_BOARD_SUBJECT, "alice", BORN, AJR_OK},
        {AJR_BOARD_SUBJECT, "alice", AJR_BOARD_FOREVER, AJR_TOKEN_REVOKED},
        {AJR_BOARD_SUBJECT, "alic", BORN + MS, AJR_OK},
        {AJR_BOARD_SUBJECT, "app", BORN + MS, AJR_OK},
        {AJR_BOARD_SUBJECT, "*", BORN + MS, AJR_OK},
        {AJR_BOARD_CLIENT, "app", BORN + MS, AJR_TOKEN_REVOKED},
        {AJR_BOARD_CLIENT, "app", BORN, AJR_OK},
        {AJR_BOARD_CLIENT, "alice", BORN + MS, AJR_OK},
        {AJR_BOARD_CLIENT, "*", BORN + 1, AJR_TOKEN_REVOKED},
        {AJR_BOARD_CLIENT, "*", BORN, AJR_OK},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        ajr_board_t *board = board_of(4, *state);
        ajr_news_t news =
            gate(rows[i].kind, rows[i].name, rows[i].not_before, 1);

        put(board, &news, *state);
        assert_int_equal(said_of(board, 1, 0, *state), rows[i].outcome);
    }
}

static void a_token_of_unknown_age_is_older_than_any_gate(void **state)
{
    ajr_board_t *board = board_of(4, *state);
    ajr_news_t news = gate(AJR_BOARD_SUBJECT, "alice", 1, 1);
    ajr_bearer_t bearer = {
        .subject = "alice", .born = APR_INT64_MIN, .generation = -1};

    put(board, &news, *state);
    assert_int_equal(ajr_board_judge(board, &bearer, NOW), AJR_TOKEN_REVOKED);
}

/* FEED: of two rows the greater seq counts, a finite not_before never falls. */
static void of_two_gates_the_newer_one_counts(void **state)
{
    static const struct {
        apr_time_t first;
        apr_uint64_t first_seq;
        apr_time_t second;
        apr_uint64_t second_seq;
        ajr_outcome_t outcome; /* of a session born at BORN */
    } rows[] = {
        {BORN, 1, BORN + MS, 2, AJR_TOKEN_REVOKED},
        {BORN + MS, 1, BORN, 2, AJR_TOKEN_REVOKED},
        {BORN + MS, 2, BORN, 1, AJR_TOKEN_REVOKED},
        {AJR_BOARD_FOREVER, 1, BORN, 2, AJR_OK}, /* unblocked */
        {BORN, 2, AJR_BOARD_FOREVER, 1, AJR_OK}, /* the same, read late */
        {AJR_BOARD_FOREVER, 2, BORN, 1, AJR_TOKEN_REVOKED},
        {BORN, 1, AJR_BOARD_FOREVER, 2, AJR_TOKEN_REVOKED},
        {AJR_BOARD_FOREVER, 1, BORN, 1, AJR_OK}, /* the row was changed */
    };
    size_t i;
    int together;

    for (i = 0; i < COUNT(rows); i++) {
        for (together = 0; together <= 1; together++) {
            ajr_board_t *board = board_of(4, *state);
            ajr_batch_t *batch = ajr_batch_make(board, 4, *state);
            ajr_news_t first = gate(AJR_BOARD_SUBJECT, "alice", rows[i].first,
                                    rows[i].first_seq);
            ajr_news_t second = gate(AJR_BOARD_SUBJECT, "alice", rows[i].second,
                                     rows[i].second_seq);

            if (together && rows[i].first_seq == rows[i].second_seq) {
                continue; /* one reading has a row once */
            }
            assert_true(ajr_batch_add(batch, &first));
            if (!together) {
                ajr_board_merge(board, batch, MONOTONIC);
            }
            assert_true(ajr_batch_add(batch, &second));
            ajr_board_merge(board, batch, MONOTONIC);
            assert_int_equal(said_of(board, 1, 0, *state), rows[i].outcome);
        }
    }
}

static void a_traded_token_is_refused_when_its_time_has_come(void **state)
{
    ajr_board_t *board = board_of(4, *state);
    ajr_news_t later = traded(1, 3, NOW + 1, *state);
    ajr_news_t now = traded(2, 3, NOW, *state);

    put(board, &later, *state);
    put(board, &now, *state);
    assert_int_equal(said_of(board, 1, 1, *state), AJR_TOKEN_SUPERSEDED);
    assert_int_equal(said_of(board, 1, 2, *state), AJR_OK);
    assert_int_equal(said_of(board, 1, 3, *state), AJR_OK);
    assert_int_equal(said_of(board, 2, 2, *state), AJR_TOKEN_SUPERSEDED);
    assert_int_equal(said_of(board, 2, 3, *state), AJR_OK);
    assert_int_equal(said_of(board, 2, 4, *state), AJR_OK);
    assert_int_equal(said_of(board, 2, -1, *state), AJR_OK);
    assert_int_equal(said_of(board, 3, 0, *state), AJR_OK);
}

static void the_last_trade_of_a_session_counts(void **state)
{
    ajr_board_t *board = board_of(4, *state);
    ajr_news_t second = traded(1, 2, NOW + 1, *state);
    ajr_news_t first = traded(1, 1, NOW - HOUR, *state);

    put(board, &second, *state);
    put(board, &first, *state);
    assert_int_equal(said_of(board, 1, 0, *state), AJR_TOKEN_SUPERSEDED);
    assert_int_equal(said_of(board, 1, 1, *state), AJR_OK);
}

static void an_entry_leaves_by_its_until_alone(void **state)
{
    ajr_board_t *board = board_of(4, *state);
    ajr_batch_t *batch = ajr_batch_make(board, 4, *state);
    ajr_news_t news = session_ended(1, *state);

    put(board, &news, *state);
    ajr_board_reread_begin(board); /* it is not read again: a failover */
    ajr_board_merge(board, batch, MONOTONIC + HOUR - 1);
    ajr_board_reread_end(board);
    assert_int_equal(said_of(board, 1, 0, *state), AJR_TOKEN_REVOKED);

    news.until = MONOTONIC + 1; /* nothing shortens it */
    assert_true(ajr_batch_add(batch, &news));
    ajr_board_merge(board, batch, MONOTONIC);
    ajr_board_merge(board, batch, MONOTONIC + HOUR - 1);
    assert_int_equal(said_of(board, 1, 0, *state), AJR_TOKEN_REVOKED);

    ajr_board_merge(board, batch, MONOTONIC + HOUR);
    assert_int_equal(said_of(board, 1, 0, *state), AJR_OK);
    assert_true(ajr_board_bare(board));
}

static void everyones_gate_leaves_too(void **state)
{
    ajr_board_t *board = board_of(4, *state);
    ajr_batch_t *batch = ajr_batch_make(board, 4, *state);
    ajr_news_t news = gate(AJR_BOARD_CLIENT, "*", NOW, 1);

    put(board, &news, *state);
    assert_int_equal(said_of(board, 1, 0, *state), AJR_TOKEN_REVOKED);
    ajr_board_merge(board, batch, MONOTONIC + HOUR);
    assert_int_equal(said_of(board, 1, 0, *state), AJR_OK);
}

static void nothing_new_moves_nothing(void **state)
{
    ajr_board_t *board = board_of(4, *state);
    ajr_batch_t *batch = ajr_batch_make(board, 4, *state);
    ajr_news_t news = session_ended(1, *state);
    ajr_board_counts_t before;
    ajr_board_counts_t after;

    put(board, &news, *state);
    ajr_board_counts(&before, board);
    ajr_board_merge(board, batch, MONOTONIC);
    ajr_board_counts(&after, board);
    assert_int_equal(before.turns, after.turns);
    assert_int_equal(after.sessions, 1);
}

static void a_full_board_keeps_what_it_has_and_says_so(void **state)
{
    ajr_board_t *board = board_of(4, *state);
    ajr_news_t news;
    unsigned i;

    for (i = 1; i <= 4; i++) {
        news = session_ended(i, *state);
        put(board, &news, *state);
    }
    assert_false(ajr_board_full(board));
    news = session_ended(5, *state);
    put(board, &news, *state);
    assert_true(ajr_board_full(board));
    for (i = 1; i <= 4; i++) {
        assert_int_equal(said_of(board, i, 0, *state), AJR_TOKEN_REVOKED);
    }
    assert_int_equal(said_of(board, 5, 0, *state), AJR_OK);
}

static void a_full_board_is_so_until_all_was_read_and_fits(void **state)
{
    ajr_board_t *board = board_of(2, *state);
    ajr_batch_t *batch = ajr_batch_make(board, 4, *state);
    ajr_news_t news[3];
    apr_time_t now = MONOTONIC;
    int reading;
    size_t i;

    for (i = 0; i < COUNT(news); i++) {
        news[i] = session_ended((unsigned)i, *state);
    }
    news[0].until = MONOTONIC + 10;
    for (reading = 0; reading < 3; reading++, now += 10) {
        ajr_board_reread_begin(board);
        for (i = 0; i < COUNT(news); i++) {
            if (news[i].until > now) {
                assert_true(ajr_batch_add(batch, &news[i]));
            }
        }
        ajr_board_merge(board, batch, now);
        ajr_board_reread_end(board);
        assert_true(ajr_board_full(board) == (reading == 0));
    }
    assert_int_equal(said_of(board, 1, 0, *state), AJR_TOKEN_REVOKED);
    assert_int_equal(said_of(board, 2, 0, *state), AJR_TOKEN_REVOKED);
}

static void of_what_is_superseded_the_oldest_go(void **state)
{
    ajr_board_t *board = board_of(16, *state);
    ajr_news_t revoked = session_ended(100, *state);
    ajr_board_counts_t counts;
    unsigned i;

    put(board, &revoked, *state);
    for (i = 1; i <= 40; i++) {
        ajr_news_t news = traded(i, 1, NOW, *state);

        news.until += i;
        put(board, &news, *state);
        assert_int_equal(said_of(board, i, 0, *state), AJR_TOKEN_SUPERSEDED);
    }
    ajr_board_counts(&counts, board);
    assert_in_range(counts.superseded, 14, 16);
    assert_int_equal(said_of(board, 1, 0, *state), AJR_OK);
    assert_int_equal(said_of(board, 100, 0, *state), AJR_TOKEN_REVOKED);
    assert_false(ajr_board_full(board));
}

static void a_burst_larger_than_the_board_stays_within_it(void **state)
{
    ajr_board_t *board = board_of(100, *state);
    ajr_batch_t *batch = ajr_batch_make(board, 1000, *state);
    ajr_board_counts_t counts;
    unsigned i;

    for (i = 0; i < 1000; i++) {
        ajr_news_t ended = session_ended(i, *state);
        ajr_news_t old = traded(i, 1, NOW, *state);

        assert_true(ajr_batch_add(batch, &ended));
        assert_true(ajr_batch_add(batch, &old));
    }
    assert_false(
        ajr_batch_add(batch, &(ajr_news_t){.kind = AJR_BOARD_CLIENT,
                                           .key = ajr_bytes_of("app")}));
    ajr_board_merge(board, batch, MONOTONIC);
    ajr_board_counts(&counts, board);
    assert_int_equal(counts.sessions, 100);
    assert_true(counts.superseded <= 100);
    assert_true(ajr_board_full(board));
}

static void a_hundred_thousand_are_all_found(void **state)
{
    const apr_size_t many = 100000;
    ajr_board_t *board = board_of(many, *state);
    ajr_batch_t *batch = ajr_batch_make(board, 16384, *state);
    unsigned i;

    for (i = 0; i < many; i++) {
        ajr_news_t news = session_ended(i, *state);

        if (!ajr_batch_add(batch, &news)) {
            ajr_board_merge(board, batch, MONOTONIC);
            assert_true(ajr_batch_add(batch, &news));
        }
    }
    ajr_board_merge(board, batch, MONOTONIC);
    assert_false(ajr_board_full(board));
    for (i = 0; i < many; i += 97) {
        assert_int_equal(said_of(board, i, 0, *state), AJR_TOKEN_REVOKED);
        assert_int_equal(said_of(board, i + many, 0, *state), AJR_OK);
    }
}

static void a_board_of_another_size_takes_over(void **state)
{
    ajr_board_t *board = board_of(8, *state);
    ajr_board_t *larger;
    ajr_board_t *smaller;
    ajr_news_t gone = session_ended(1, *state);
    ajr_news_t shut = gate(AJR_BOARD_CLIENT, "*", BORN, 1);
    ajr_news_t old = traded(2, 1, NOW, *state);

    put(board, &gone, *state);
    put(board, &shut, *state);
    put(board, &old, *state);
    ajr_board_note_news(board, 11, -22, 33);
    larger = ajr_board_make_from(memory_for(16, *state), 16, board, *state);
    assert_int_equal(ajr_board_fed(larger), 11);
    assert_int_equal(ajr_board_offset(larger), -22);
    assert_int_equal(ajr_board_lifetime(larger), 33);
    assert_int_equal(said_of(larger, 1, 0, *state), AJR_TOKEN_REVOKED);
    assert_int_equal(said_of(larger, 2, 0, *state), AJR_TOKEN_SUPERSEDED);
    assert_int_equal(said_of(larger, 3, 0, *state), AJR_OK);
    assert_false(ajr_board_full(larger));

    smaller = ajr_board_make_from(memory_for(1, *state), 1, larger, *state);
    assert_true(ajr_board_full(smaller));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(a_bare_board_refuses_nobody),
        UNIT_TEST(an_ended_session_is_refused_and_no_other),
        UNIT_TEST(a_gate_refuses_sessions_born_before_it),
        UNIT_TEST(a_token_of_unknown_age_is_older_than_any_gate),
        UNIT_TEST(of_two_gates_the_newer_one_counts),
        UNIT_TEST(a_traded_token_is_refused_when_its_time_has_come),
        UNIT_TEST(the_last_trade_of_a_session_counts),
        UNIT_TEST(an_entry_leaves_by_its_until_alone),
        UNIT_TEST(everyones_gate_leaves_too),
        UNIT_TEST(nothing_new_moves_nothing),
        UNIT_TEST(a_full_board_keeps_what_it_has_and_says_so),
        UNIT_TEST(a_full_board_is_so_until_all_was_read_and_fits),
        UNIT_TEST(of_what_is_superseded_the_oldest_go),
        UNIT_TEST(a_burst_larger_than_the_board_stays_within_it),
        UNIT_TEST(a_hundred_thousand_are_all_found),
        UNIT_TEST(a_board_of_another_size_takes_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
