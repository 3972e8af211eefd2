/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of src/store that need no server: when a connection may be tried,
 * what an outage is, what is sent, and what is believed of an answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "await.h"
#include "connection.h"
#include "health.h"
#include "outage.h"
#include "row.h"
#include "sendable.h"
#include "slots.h"

#define MS apr_time_from_msec
#define START apr_time_from_sec(100000)

static apr_pool_t *pool;

static int make_pool(void **state)
{
    (void)state;
    return apr_pool_create(&pool, NULL);
}

static int drop_pool(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

/* ---- health ---- */

static void attempts_are_free_until_one_fails(void **state)
{
    ajr_health_t health = {0};

    (void)state;
    assert_true(ajr_health_may_connect(&health, START));
    assert_true(ajr_health_may_connect(&health, START));
    ajr_health_refused(&health, START, false);
    assert_false(ajr_health_may_connect(&health, START));
    ajr_health_connected(&health);
    assert_true(ajr_health_may_connect(&health, START));
}

static void the_pause_doubles_and_stays_below_a_second(void **state)
{
    static const int pauses[] = {200, 400, 800, 800, 800};
    ajr_health_t health = {0};
    apr_time_t now = START;
    unsigned i;

    (void)state;
    ajr_health_refused(&health, now, false);
    for (i = 0; i < sizeof(pauses) / sizeof(*pauses); i++) {
        now += MS(pauses[i]) - 1;
        assert_false(ajr_health_may_connect(&health, now));
        now += 1;
        assert_true(ajr_health_may_connect(&health, now));
        /* One in each pause, while the first is still trying. */
        assert_false(ajr_health_may_connect(&health, now));
        ajr_health_refused(&health, now, false);
    }
}

static void many_failures_at_once_are_one(void **state)
{
    ajr_health_t health = {0};
    int i;

    (void)state;
    for (i = 0; i < 16; i++) {
        ajr_health_refused(&health, START, false);
    }
    assert_true(ajr_health_may_connect(&health, START + MS(200)));
}

static void a_prober_that_hangs_does_not_stop_the_next(void **state)
{
    ajr_health_t health = {0};

    (void)state;
    ajr_health_refused(&health, START, false);
    assert_true(ajr_health_may_connect(&health, START + MS(200)));
    assert_true(ajr_health_may_connect(&health, START + MS(600)));
    /* When it fails at last, there is a pause after it. */
    ajr_health_refused(&health, START + MS(2200), false);
    assert_false(ajr_health_may_connect(&health, START + MS(2300)));
    assert_true(ajr_health_may_connect(&health, START + MS(3000)));
}

static void one_who_connected_since_ends_the_pause(void **state)
{
    ajr_health_t health = {0};

    (void)state;
    ajr_health_refused(&health, START, false);
    ajr_health_heard(&health, START - MS(1));
    assert_false(ajr_health_may_connect(&health, START + MS(1)));
    ajr_health_heard(&health, START + MS(2));
    assert_true(ajr_health_may_connect(&health, START + MS(3)));
    ajr_health_refused(&health, START + MS(4), false);
    ajr_health_heard(&health, START + MS(2));
    assert_false(ajr_health_may_connect(&health, START + MS(5)));
}

static void a_connection_of_another_says_nothing_of_a_full_server(void **state)
{
    ajr_health_t health = {0};

    (void)state;
    ajr_health_refused(&health, START, true);
    ajr_health_heard(&health, START + MS(1));
    assert_false(ajr_health_may_connect(&health, START + MS(2)));
}

/* ---- slots; a lease without a connection needs no server ---- */

static ajr_slots_t slots_of(int max)
{
    static ajr_pg_conf_t conf;
    ajr_slots_t slots;

    conf.max = max;
    conf.keep = max;
    assert_true(ajr_slots_make(&slots, &conf, pool));
    return slots;
}

static ajr_outcome_t take_for(ajr_slots_t *slots, int ms, int *waited_ms)
{
    apr_time_t began = ajr_clock_now();
    ajr_lease_t lease;
    ajr_outcome_t outcome = ajr_slots_take(&lease, slots, began + MS(ms));

    *waited_ms = (int)((ajr_clock_now() - began) / 1000);
    return outcome;
}

static void without_a_free_slot_it_is_busy_at_the_deadline(void **state)
{
    ajr_slots_t slots = slots_of(2);
    int waited;

    (void)state;
    assert_int_equal(take_for(&slots, 1000, &waited), AJR_OK);
    assert_int_equal(take_for(&slots, 1000, &waited), AJR_OK);
    assert_int_equal(take_for(&slots, 200, &waited), AJR_DATABASE_BUSY);
    assert_in_range(waited, 199, 1500);
    assert_int_equal(slots.open, 2);
}

/* Frees the slot while the waiter's time runs out, so that it sees both. */
static void *free_too_late(void *data)
{
    ajr_slots_t *slots = data;

    apr_sleep(MS(50));
    pthread_mutex_lock(&slots->lock);
    apr_sleep(MS(150));
    slots->open--;
    pthread_mutex_unlock(&slots->lock);
    return NULL;
}

static void
a_slot_that_comes_too_late_does_not_make_the_database_down(void **state)
{
    ajr_slots_t slots = slots_of(1);
    pthread_t other;
    int waited;

    (void)state;
    assert_int_equal(take_for(&slots, 1000, &waited), AJR_OK);
    assert_int_equal(pthread_create(&other, NULL, free_too_late, &slots), 0);
    assert_int_equal(take_for(&slots, 100, &waited), AJR_DATABASE_BUSY);
    pthread_join(other, NULL);
}

static void
who_notices_a_death_late_spares_the_connections_made_since(void **state)
{
    ajr_slots_t slots = slots_of(4);
    ajr_lease_t first = {{0}, 0}, late = {{0}, 0};

    (void)state;
    slots.open = 3;
    ajr_slots_bury(&slots, &first);
    assert_int_equal(slots.epoch, 1);
    ajr_slots_bury(&slots, &late);
    assert_int_equal(slots.epoch, 1);
    assert_int_equal(slots.open, 1);
    assert_int_equal(slots.lost, 2);
}

/* In the signal handler that ends prefork's child, the lock may be held by
 * the very code that was interrupted. */
static void the_end_of_a_child_does_not_wait_for_the_lock(void **state)
{
    ajr_slots_t slots = slots_of(1);

    (void)state;
    alarm(10); /* SIGALRM ends the program where it would wait for ever */
    pthread_mutex_lock(&slots.lock);
    ajr_slots_close(&slots);
    pthread_mutex_unlock(&slots.lock);
    alarm(0);
}

static void *fail_to_connect(void *data)
{
    ajr_lease_t lease = {{0}, 0};

    apr_sleep(MS(50));
    ajr_slots_made(data, &lease, AJR_DATABASE_DOWN);
    return NULL;
}

static void a_connection_of_another_child_lets_this_one_try(void **state)
{
    static ajr_outages_t outages;
    ajr_pg_conf_t conf = {.max = 2, .outages = &outages};
    ajr_slots_t slots;
    ajr_lease_t lease;
    int waited;

    (void)state;
    assert_true(ajr_slots_make(&slots, &conf, pool));
    assert_int_equal(ajr_slots_take(&lease, &slots, 0), AJR_OK);
    ajr_slots_made(&slots, &lease, AJR_DATABASE_DOWN);
    assert_int_equal(take_for(&slots, 100, &waited), AJR_DATABASE_DOWN);
    ajr_outage_connected(&outages, slots.health.refused + 1);
    assert_int_equal(take_for(&slots, 100, &waited), AJR_OK);
}

static void those_who_wait_for_a_prober_fail_with_it(void **state)
{
    ajr_slots_t slots = slots_of(1);
    pthread_t prober;
    int waited;

    (void)state;
    assert_int_equal(take_for(&slots, 5000, &waited), AJR_OK);
    assert_int_equal(pthread_create(&prober, NULL, fail_to_connect, &slots), 0);
    assert_int_equal(take_for(&slots, 5000, &waited), AJR_DATABASE_DOWN);
    pthread_join(prober, NULL);
    assert_in_range(waited, 40, 2500);
    assert_int_equal(take_for(&slots, 5000, &waited), AJR_DATABASE_DOWN);
    assert_in_range(waited, 0, 40);
    assert_int_equal(slots.open, 0);
}

static void
in_the_back_off_a_connection_in_use_is_waited_for_briefly(void **state)
{
    ajr_slots_t slots = slots_of(4);
    int waited;

    (void)state;
    ajr_health_refused(&slots.health, ajr_clock_now(), false);
    slots.health.next += apr_time_from_sec(60);
    slots.open = 1; /* in use */
    assert_int_equal(take_for(&slots, 5000, &waited), AJR_DATABASE_DOWN);
    assert_in_range(waited, 49, 1500);
    slots.health.full = true; /* the server lives: it is worth the deadline */
    assert_int_equal(take_for(&slots, 300, &waited), AJR_DATABASE_BUSY);
    assert_in_range(waited, 299, 1500);
}

/* ---- connecting ---- */

/* A port where connections are made and nothing is ever said. */
static int listen_mutely(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void *interrupt_soon(void *fd)
{
    apr_sleep(MS(100));
    assert_int_equal(write(*(int *)fd, "", 1), 1);
    return NULL;
}

static void who_is_to_end_does_not_try_the_next_host(void **state)
{
    apr_time_t began = ajr_clock_now();
    int port, ends[2];
    int server = listen_mutely(&port);
    const char *detail = NULL;
    PGconn *connection;
    pthread_t thread;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, &ends[1]),
                     0);
    ajr_await_interrupt(ends[0]);
    assert_int_equal(
        ajr_connection_open(
            &connection, &detail,
            apr_psprintf(pool, "host=127.0.0.1,127.0.0.1 port=%d", port),
            began + MS(30000), pool),
        AJR_DATABASE_TIMEOUT);
    ajr_await_interrupt(-1);
    assert_true(ajr_clock_now() - began < MS(15000));
    pthread_join(thread, NULL);
    close(ends[0]);
    close(ends[1]);
    close(server);
}

/* ---- outage ---- */

static void assert_outage(ajr_outages_t *outages, apr_time_t now, int began_ms,
                          int ended_ms)
{
    ajr_pg_outage_t outage;

    assert_true(ajr_outage_last(&outage, outages, now));
    assert_int_equal(outage.began, MS(began_ms));
    assert_int_equal(outage.ended, MS(ended_ms));
}

static void
an_outage_lasts_from_the_first_failure_to_the_next_answer(void **state)
{
    ajr_outages_t outages = {0};
    ajr_pg_outage_t outage;

    (void)state;
    ajr_outage_answered(&outages, START);
    assert_false(ajr_outage_last(&outage, &outages, START));
    ajr_outage_away(&outages, START);
    ajr_outage_away(&outages, START + MS(5000));
    ajr_outage_answered(&outages, START + MS(9000));
    ajr_outage_answered(&outages, START + MS(9500));
    assert_outage(&outages, START + MS(10000), 10000, 1000);
}

static void an_outage_that_goes_on_ends_with_the_query_that_asks(void **state)
{
    ajr_outages_t outages = {0};

    (void)state;
    ajr_outage_away(&outages, START);
    assert_outage(&outages, START + MS(7000), 7000, 0);
}

static void timeouts_alone_are_no_outage_but_may_begin_one(void **state)
{
    ajr_outages_t outages = {0};
    ajr_pg_outage_t outage;

    (void)state;
    ajr_outage_troubled(&outages, START);
    assert_false(ajr_outage_last(&outage, &outages, START));
    ajr_outage_answered(&outages, START + MS(1000));
    assert_false(ajr_outage_last(&outage, &outages, START + MS(2000)));

    ajr_outage_troubled(&outages, START + MS(3000));
    ajr_outage_away(&outages, START + MS(5000));
    ajr_outage_answered(&outages, START + MS(6000));
    assert_outage(&outages, START + MS(6000), 3000, 0);
}

static void two_outages_in_quick_succession_are_one(void **state)
{
    ajr_outages_t outages = {0};

    (void)state;
    ajr_outage_away(&outages, START);
    ajr_outage_answered(&outages, START + MS(60000));
    ajr_outage_away(&outages, START + MS(64000));
    assert_outage(&outages, START + MS(64000), 64000, 0);
    ajr_outage_answered(&outages, START + MS(65000));
    assert_outage(&outages, START + MS(65000), 65000, 0);
    /* A later one is another. */
    ajr_outage_away(&outages, START + MS(71000));
    ajr_outage_answered(&outages, START + MS(72000));
    assert_outage(&outages, START + MS(72000), 1000, 0);
}

static void what_an_outage_excuses_is_never_cut_short_by_rounding(void **state)
{
    ajr_outages_t outages = {0};
    ajr_pg_outage_t outage;

    (void)state;
    ajr_outage_away(&outages, START + 50001);
    ajr_outage_answered(&outages, START + 250001);
    assert_true(ajr_outage_last(&outage, &outages, START + MS(1000)));
    assert_true(outage.began >= MS(1000) - 50001);
    assert_true(outage.ended <= MS(1000) - 250001);
}

/* ---- conninfo ---- */

static void assert_refused(const char *conninfo, const char *part)
{
    const char *sentence = ajr_pg_conninfo_refuses(conninfo);

    assert_non_null(sentence);
    assert_non_null(strstr(sentence, part));
    assert_null(strstr(sentence, "s3cret")); /* nor any part of it */
    assert_null(strstr(sentence, "s3"));
}

static void a_conninfo_is_refused_without_being_quoted(void **state)
{
    (void)state;
    assert_refused("host=db pasword=s3cret", "option");
    assert_refused("host=db password=s3 cret", "connection string");
    assert_refused("host=db password='s3cret", "quote");
    assert_refused("s3cret", "connection string");
    assert_refused("postgresql://u:s3%zzcret@db/x", "connection string");
    assert_refused("postgresql://u:a@s3cret@db/x", "%40");
    assert_refused("postgresql://u:a@b@s3cret,c/x", "%40");
    assert_refused("postgresql://u:s3/cret@db/x", "%2F");
}

static void what_libpq_documents_is_accepted(void **state)
{
    static const char *const fine[] = {
        "",
        "host=/run/postgresql dbname=site",
        "host=@abstract dbname=site",
        "host=a,b,c port=5432,5433,5434 target_session_attrs=read-write",
        "host=a,@abstract",
        "postgresql://u:p%40ss%2Fx@a:5432,b:5433/site?sslmode=require",
        "postgresql://[2001:db8::1]:5432/site",
        "service=site passfile=/etc/httpd/pgpass",
        "user=u password='it\\'s'"};
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
        assert_null(ajr_pg_conninfo_refuses(fine[i]));
    }
}

/* ---- what is sent ---- */

static void a_schema_is_quoted_as_an_identifier(void **state)
{
    (void)state;
    assert_string_equal(ajr_sendable_function("auth_jwt", "open", pool),
                        "\"auth_jwt\".open");
    assert_string_equal(
        ajr_sendable_function("a\"; DROP TABLE x; --", "open", pool),
        "\"a\"\"; DROP TABLE x; --\".open");
    assert_string_equal(ajr_sendable_function("\"", "f", pool), "\"\"\"\".f");
    assert_null(ajr_store_schema_refuses("we\"ird Schema"));
    assert_non_null(ajr_store_schema_refuses(""));
    assert_non_null(ajr_store_schema_refuses("a\nb"));
    assert_non_null(ajr_store_schema_refuses("\xff"));
    assert_null(ajr_store_schema_refuses(apr_psprintf(pool, "%063d", 1)));
    assert_non_null(ajr_store_schema_refuses(apr_psprintf(pool, "%064d", 1)));
}

static void an_interval_fits_every_postgresql(void **state)
{
    (void)state;
    assert_string_equal(ajr_sendable_interval(0, pool), "0.000000 seconds");
    assert_string_equal(ajr_sendable_interval(1500001, pool),
                        "1.500001 seconds");
    assert_string_equal(ajr_sendable_interval(-5, pool), "0.000000 seconds");
    assert_string_equal(ajr_sendable_interval(APR_INT64_MAX, pool),
                        "2147483647.000000 seconds");
}

static void a_user_agent_is_made_fit_for_a_text_column(void **state)
{
    char *many = apr_palloc(pool, 1001);

    (void)state;
    assert_null(ajr_sendable_note(NULL, 255, pool));
    assert_null(ajr_sendable_note("", 255, pool));
    assert_string_equal(ajr_sendable_note("Mozilla/5.0 (x)", 255, pool),
                        "Mozilla/5.0 (x)");
    assert_string_equal(ajr_sendable_note("a\r\nb\tc\x7f", 255, pool),
                        "a??b?c?");
    assert_string_equal(ajr_sendable_note("caf\xe9 caf\xc3\xa9", 255, pool),
                        "caf? caf\xc3\xa9");
    assert_string_equal(ajr_sendable_note("\xed\xa0\x80\xc0\xaf", 255, pool),
                        "?????");
    assert_string_equal(ajr_sendable_note("\xf0\x9f\x98\x80!", 255, pool),
                        "\xf0\x9f\x98\x80!");
    memset(many, 'x', 1000);
    many[1000] = '\0';
    assert_int_equal(strlen(ajr_sendable_note(many, 255, pool)), 255);
    /* The bound does not cut a character in two. */
    memcpy(many + 254, "\xc3\xa9", 2);
    assert_int_equal(strlen(ajr_sendable_note(many, 255, pool)), 254);
}

/* ---- what is believed ---- */

enum { COLUMNS = 8 };

static const char *const good_row[COLUMNS] = {
    "rotated", "01900000-0000-7000-8000-000000000001",
    "3",       "42",
    NULL,      NULL,
    "{}",      "60000000"};

/* A result of libpq with one row. */
static PGresult *result_of(const char *const *row, int columns)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc names[COLUMNS] = {{0}};
    int i;

    for (i = 0; i < columns; i++) {
        names[i].name = (char *)"column";
    }
    PQsetResultAttrs(result, columns, names);
    for (i = 0; row != NULL && i < columns; i++) {
        const char *text = row[i];

        PQsetvalue(result, 0, i, (char *)text, text ? (int)strlen(text) : -1);
    }
    return result;
}

static ajr_outcome_t session_with(int column, const char *text)
{
    const char *row[COLUMNS];
    ajr_session_t *session;
    const char *detail = NULL;
    PGresult *result;
    ajr_outcome_t outcome;

    memcpy(row, good_row, sizeof(row));
    row[column] = text;
    result = result_of(row, COLUMNS);
    outcome = ajr_row_session(&session, &detail, result, pool);
    PQclear(result);
    assert_true((outcome == AJR_OK) == (session != NULL));
    assert_true((outcome == AJR_DATABASE_ERROR) == (detail != NULL));
    return outcome;
}

static void a_row_is_read_strictly(void **state)
{
    static const struct {
        int column;
        const char *text;
        ajr_outcome_t outcome;
    } cases[] = {
        {0, "rotated", AJR_OK},
        {1, NULL, AJR_DATABASE_ERROR},
        {1, "", AJR_DATABASE_ERROR},
        {1, "not-a-uuid", AJR_DATABASE_ERROR},
        {1, "01900000-0000-7000-8000-00000000000G", AJR_DATABASE_ERROR},
        {2, NULL, AJR_DATABASE_ERROR},
        {2, "", AJR_DATABASE_ERROR},
        {2, "-1", AJR_DATABASE_ERROR},
        {2, " 1", AJR_DATABASE_ERROR},
        {2, "1x", AJR_DATABASE_ERROR},
        {2, "0x1", AJR_DATABASE_ERROR},
        {2, "2147483647", AJR_OK},
        {2, "2147483648", AJR_DATABASE_ERROR},
        {2, "99999999999999999999", AJR_DATABASE_ERROR},
        {3, NULL, AJR_DATABASE_ERROR},
        {3, "", AJR_DATABASE_ERROR},
        {4, "client", AJR_OK},
        {5, "read write", AJR_OK},
        {6, NULL, AJR_DATABASE_ERROR},
        {6, "", AJR_DATABASE_ERROR},
        {6, "[]", AJR_DATABASE_ERROR},
        {6, "null", AJR_DATABASE_ERROR},
        {6, "\"x\"", AJR_DATABASE_ERROR},
        {6, "{\"a\":1", AJR_DATABASE_ERROR},
        {6, "{\"a\":1e400}", AJR_DATABASE_ERROR},
        {6, "{\"a\":[1,{\"b\":null}]}", AJR_OK},
        {7, NULL, AJR_DATABASE_ERROR},
        {7, "1.5", AJR_DATABASE_ERROR},
        {7, "NaN", AJR_DATABASE_ERROR},
        {7, "1", AJR_OK},
        /* Ended on its way: minting for it failed with 500. */
        {7, "0", AJR_EXPIRED},
        {7, "-250", AJR_EXPIRED},
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (session_with(cases[i].column, cases[i].text) != cases[i].outcome) {
            fail_msg("column %d, %s", cases[i].column,
                     cases[i].text ? cases[i].text : "NULL");
        }
    }
}

static void only_a_verdict_of_the_verb_is_believed(void **state)
{
    static const ajr_outcome_t known[] = {AJR_ROTATED, AJR_UNKNOWN,
                                          AJR_OUTCOMES};
    static const char *const others[] = {
        "logged_in", "granted", "database_down", "Rotated",
        "rotated ",  "",        "internal",      NULL};
    const char *detail = NULL;
    PGresult *result;
    unsigned i;

    (void)state;
    result = result_of(good_row, COLUMNS);
    assert_int_equal(ajr_row_verdict(&detail, result, known), AJR_ROTATED);
    PQclear(result);
    for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
        detail = NULL;
        result = result_of(&others[i], 1);
        assert_int_equal(ajr_row_verdict(&detail, result, known),
                         AJR_DATABASE_ERROR);
        assert_non_null(detail);
        PQclear(result);
    }
    result = result_of(NULL, COLUMNS);
    assert_int_equal(ajr_row_verdict(&detail, result, known),
                     AJR_DATABASE_ERROR);
    PQclear(result);
    result = result_of(NULL, 0);
    assert_int_equal(ajr_row_verdict(&detail, result, known),
                     AJR_DATABASE_ERROR);
    assert_true(ajr_row_fit(result));
    PQclear(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempts_are_free_until_one_fails),
        cmocka_unit_test(the_pause_doubles_and_stays_below_a_second),
        cmocka_unit_test(many_failures_at_once_are_one),
        cmocka_unit_test(a_prober_that_hangs_does_not_stop_the_next),
        cmocka_unit_test(one_who_connected_since_ends_the_pause),
        cmocka_unit_test(a_connection_of_another_says_nothing_of_a_full_server),
        cmocka_unit_test(without_a_free_slot_it_is_busy_at_the_deadline),
        cmocka_unit_test(
            a_slot_that_comes_too_late_does_not_make_the_database_down),
        cmocka_unit_test(
            who_notices_a_death_late_spares_the_connections_made_since),
        cmocka_unit_test(the_end_of_a_child_does_not_wait_for_the_lock),
        cmocka_unit_test(a_connection_of_another_child_lets_this_one_try),
        cmocka_unit_test(those_who_wait_for_a_prober_fail_with_it),
        cmocka_unit_test(
            in_the_back_off_a_connection_in_use_is_waited_for_briefly),
        cmocka_unit_test(who_is_to_end_does_not_try_the_next_host),
        cmocka_unit_test(
            an_outage_lasts_from_the_first_failure_to_the_next_answer),
        cmocka_unit_test(an_outage_that_goes_on_ends_with_the_query_that_asks),
        cmocka_unit_test(timeouts_alone_are_no_outage_but_may_begin_one),
        cmocka_unit_test(two_outages_in_quick_succession_are_one),
        cmocka_unit_test(what_an_outage_excuses_is_never_cut_short_by_rounding),
        cmocka_unit_test(a_conninfo_is_refused_without_being_quoted),
        cmocka_unit_test(what_libpq_documents_is_accepted),
        cmocka_unit_test(a_schema_is_quoted_as_an_identifier),
        cmocka_unit_test(an_interval_fits_every_postgresql),
        cmocka_unit_test(a_user_agent_is_made_fit_for_a_text_column),
        cmocka_unit_test(a_row_is_read_strictly),
        cmocka_unit_test(only_a_verdict_of_the_verb_is_believed),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, make_pool, drop_pool);
}
