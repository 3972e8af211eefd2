/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers without a lock while the writer rebuilds the board as fast as it
 * can: what was published before a request is obeyed by it, what nobody
 * revoked is never refused. Built with SANITIZE=thread by `make test`.
 */
#include "board.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define READERS 3
/* Turns that the race takes at least. A torn read shows by luck, so many of
 * them; ThreadSanitizer needs none. */
#ifdef __SANITIZE_THREAD__
#define TURNS 3000
#else
#define TURNS 200000
#endif
#define CAPACITY 64
#define PINNED 16 /* sessions on the board from the beginning to the end */
#define ROUND 8   /* entries that come with each turn .. */
#define STAY 4    /* .. and stay for so many turns */
#define INNOCENT 0x80000000u

static const unsigned char key[AJR_SIPHASH_KEY_SIZE] = "a key for tests";

typedef struct race_t {
    ajr_board_t *board;
    ajr_batch_t *batch;
    _Atomic unsigned turn; /* the last one published */
    atomic_bool over;
    atomic_ulong wrong;
    atomic_ulong reads;
} race_t;

static void sid_write(unsigned char sid[AJR_UUID_SIZE], unsigned number)
{
    memset(sid, 0, AJR_UUID_SIZE);
    memcpy(sid, &number, sizeof(number));
}

static ajr_outcome_t said_of(const race_t *race, unsigned number,
                             const char *subject)
{
    unsigned char sid[AJR_UUID_SIZE];
    ajr_bearer_t bearer = {
        .sid = sid, .subject = subject, .born = 1000, .generation = 0};

    sid_write(sid, number);
    return ajr_board_judge(race->board, &bearer, 0);
}

static void add(race_t *race, unsigned number, apr_time_t until)
{
    unsigned char sid[AJR_UUID_SIZE];
    ajr_news_t news = {
        .kind = AJR_BOARD_SESSION, .key = {sid, AJR_UUID_SIZE}, .until = until};

    sid_write(sid, number);
    if (!ajr_batch_add(race->batch, &news)) {
        atomic_fetch_add(&race->wrong, 1);
    }
}

/* The session that comes with a turn, and leaves STAY turns later. */
static unsigned passing(unsigned turn, unsigned which)
{
    return PINNED + turn * ROUND + which;
}

/* Time is the number of turns. */
static void *write_on(void *data)
{
    race_t *race = data;
    unsigned turn;
    unsigned i;

    for (turn = 1; !atomic_load(&race->over); turn++) {
        for (i = 0; i < ROUND; i++) {
            add(race, passing(turn, i), turn + STAY);
        }
        ajr_board_merge(race->board, race->batch, turn);
        atomic_store(&race->turn, turn);
    }
    return NULL;
}

/* One request of each sort; what is published stays for a while. */
static unsigned long read_once(race_t *race, unsigned count)
{
    unsigned before = atomic_load(&race->turn);
    unsigned which = count % ROUND;
    bool newest = said_of(race, passing(before, which), "bob") == AJR_OK;
    unsigned long wrong = 0;

    /* It may have left when the writer was quick meanwhile. */
    if (before > 0 && newest && atomic_load(&race->turn) < before + STAY - 1) {
        wrong++;
    }
    wrong += said_of(race, count % PINNED, "bob") != AJR_TOKEN_REVOKED;
    wrong += said_of(race, INNOCENT + count, "bob") != AJR_OK;
    wrong += said_of(race, INNOCENT, "alice") != AJR_TOKEN_REVOKED;
    return wrong;
}

static void *read_on(void *data)
{
    race_t *race = data;
    unsigned count;

    for (count = 0; !atomic_load(&race->over); count++) {
        unsigned long wrong = read_once(race, count);

        if (wrong > 0) {
            atomic_fetch_add(&race->wrong, wrong);
        }
        atomic_fetch_add(&race->reads, 1);
    }
    return NULL;
}

static void pin(race_t *race)
{
    ajr_news_t gate = {.kind = AJR_BOARD_SUBJECT,
                       .key = ajr_bytes_of("alice"),
                       .not_before = 1001,
                       .until = APR_INT64_MAX};
    unsigned i;

    for (i = 0; i < PINNED; i++) {
        add(race, i, APR_INT64_MAX);
    }
    assert_true(ajr_batch_add(race->batch, &gate));
    ajr_board_merge(race->board, race->batch, 0);
}

static void requests_in_flight_are_judged_right(void **state)
{
    struct timespec pause = {0, 10000000};
    race_t race = {0};
    pthread_t threads[1 + READERS];
    size_t i;

    race.board = ajr_board_make(apr_pcalloc(*state, ajr_board_size(CAPACITY)),
                                CAPACITY, key, *state);
    race.batch = ajr_batch_make(race.board, PINNED + 1, *state);
    pin(&race);
    for (i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL,
                                        i == 0 ? write_on : read_on, &race),
                         0);
    }
    while (atomic_load(&race.turn) < TURNS ||
           atomic_load(&race.reads) < TURNS) {
        nanosleep(&pause, NULL);
    }
    atomic_store(&race.over, true);
    for (i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(race.wrong, 0);
    assert_false(ajr_board_full(race.board));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(requests_in_flight_are_judged_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
