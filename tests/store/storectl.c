/* SPDX-License-Identifier: Apache-2.0
 *
 * Drives src/store for the tests in this folder: a child of httpd without
 * httpd. One JSON object a line on stdin, one answer a line on stdout. Each
 * command runs in a thread of its own, so answers come as they are ready; the
 * member "id" tells which is which.
 *
 *   first line  {"conninfo", "min", "keep", "max", "exptime_ms",
 *                "timeout_ms", "schema"}
 *   then        {"id", "do", ...}, see the table at the end
 */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <libpq-fe.h>

#include "adopt.h"
#include "await.h"
#include "store.h"
#include "upkeep.h"
#include "uuid.h"

static ajr_store_t store;
static apr_pool_t *pchild;
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

static void say(json_t *answer)
{
    char *line = json_dumps(answer, JSON_COMPACT);

    pthread_mutex_lock(&output);
    puts(line);
    fflush(stdout);
    pthread_mutex_unlock(&output);
    free(line);
    json_decref(answer);
}

/* ---- members of a command ---- */

static const char *text_of(const json_t *command, const char *name)
{
    return json_string_value(json_object_get(command, name));
}

static apr_int64_t number_of(const json_t *command, const char *name)
{
    return json_integer_value(json_object_get(command, name));
}

static apr_interval_time_t ms_of(const json_t *command, const char *name)
{
    return apr_time_from_msec(number_of(command, name));
}

static const char **values_of(const json_t *command, const char *name,
                              apr_pool_t *pool)
{
    json_t *list = json_object_get(command, name);
    apr_size_t count = json_array_size(list), i;
    const char **values = apr_pcalloc(pool, sizeof(*values) * (count + 1));

    for (i = 0; i < count; i++) {
        values[i] = json_string_value(json_array_get(list, i));
    }
    return list == NULL ? NULL : values;
}

static void hex_of(unsigned char *out, apr_size_t size, const char *hex)
{
    apr_size_t i;

    for (i = 0; i < size; i++) {
        unsigned byte = 0;

        sscanf(hex + 2 * i, "%2x", &byte);
        out[i] = (unsigned char)byte;
    }
}

/* ---- answers ---- */

static json_t *answer(ajr_outcome_t outcome, const char *detail)
{
    return json_pack("{s:s, s:s?}", "outcome", ajr_outcome_row(outcome)->tag,
                     "detail", detail);
}

static json_t *session_json(const ajr_session_t *session, apr_pool_t *pool)
{
    if (session == NULL) {
        return json_null();
    }
    return json_pack("{s:s, s:i, s:s, s:s?, s:s?, s:O, s:I}", "sid",
                     ajr_uuid_format(session->sid, pool), "generation",
                     (int)session->generation, "subject", session->subject,
                     "client", session->client, "scope", session->scope,
                     "claims", session->claims, "remaining_us",
                     (json_int_t)session->remaining);
}

/* ---- commands ---- */

static ajr_outcome_t query_once(PGresult **result, const char **detail,
                                const json_t *command, apr_pool_t *pool)
{
    json_t *values = json_object_get(command, "values");
    ajr_pg_query_t query = {
        .sql = text_of(command, "sql"),
        .count = (int)json_array_size(values),
        .values = values_of(command, "values", pool),
        .again = values_of(command, "again", pool),
    };

    return ajr_pg_query(result, detail, store.pg, &query, pool);
}

static json_t *do_query(const json_t *command, apr_pool_t *pool)
{
    PGresult *result;
    const char *detail;
    ajr_outcome_t outcome = query_once(&result, &detail, command, pool);
    json_t *said = answer(outcome, detail);

    if (result != NULL && PQntuples(result) > 0) {
        json_object_set_new(said, "value",
                            json_string(PQgetvalue(result, 0, 0)));
    }
    return said;
}

/* Many threads with the same query, `count` times each or for "for_ms". */
typedef struct crowd_t {
    const json_t *command;
    pthread_t thread;
    apr_uint64_t outcomes[AJR_OUTCOMES];
    apr_interval_time_t longest;
} crowd_t;

static void *run_crowd(void *data)
{
    crowd_t *crowd = data;
    apr_int64_t left = number_of(crowd->command, "count");
    apr_time_t end = ajr_clock_now() + ms_of(crowd->command, "for_ms");
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    for (; left > 0 || ajr_clock_now() < end; left--) {
        apr_time_t began = ajr_clock_now();
        PGresult *result;
        const char *detail;

        crowd->outcomes[query_once(&result, &detail, crowd->command, pool)]++;
        if (ajr_clock_now() - began > crowd->longest) {
            crowd->longest = ajr_clock_now() - began;
        }
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static json_t *do_crowd(const json_t *command, apr_pool_t *pool)
{
    int count = (int)number_of(command, "threads"), i, outcome;
    crowd_t *crowd = apr_pcalloc(pool, sizeof(*crowd) * (apr_size_t)count);
    apr_interval_time_t longest = 0;
    json_t *outcomes = json_object();

    for (i = 0; i < count; i++) {
        crowd[i].command = command;
        pthread_create(&crowd[i].thread, NULL, run_crowd, &crowd[i]);
    }
    for (i = 0; i < count; i++) {
        pthread_join(crowd[i].thread, NULL);
        longest = crowd[i].longest > longest ? crowd[i].longest : longest;
        for (outcome = 0; outcome < AJR_OUTCOMES; outcome++) {
            const char *tag = ajr_outcome_row((ajr_outcome_t)outcome)->tag;
            json_int_t sum =
                json_integer_value(json_object_get(outcomes, tag)) +
                (json_int_t)crowd[i].outcomes[outcome];

            if (sum > 0) {
                json_object_set_new(outcomes, tag, json_integer(sum));
            }
        }
    }
    return json_pack("{s:o, s:f}", "outcomes", outcomes, "longest_ms",
                     (double)longest / 1000);
}

static json_t *do_open(const json_t *command, apr_pool_t *pool)
{
    unsigned char hash[AJR_SECRET_HASH_SIZE];
    ajr_store_open_t asked = {.login = text_of(command, "login"),
                              .site = text_of(command, "site"),
                              .client = text_of(command, "client"),
                              .secret_hash = hash,
                              .lifetime = ms_of(command, "lifetime_ms"),
                              .idle = ms_of(command, "idle_ms"),
                              .user_agent = text_of(command, "user_agent"),
                              .address = text_of(command, "address")};
    const char *raw = text_of(command, "raw_user_agent");
    ajr_grant_t grant = {.form = AJR_FORM_JR1};
    ajr_session_t *session;
    const char *detail;
    json_t *said;

    if (raw != NULL) { /* bytes that JSON cannot carry, in hexadecimal */
        apr_size_t size = strlen(raw) / 2;
        unsigned char *bytes = apr_pcalloc(pool, size + 1);

        hex_of(bytes, size, raw);
        asked.user_agent = (char *)bytes;
    }
    if (text_of(command, "raw_login") != NULL) {
        char *bytes = apr_pcalloc(pool, 2);

        hex_of((unsigned char *)bytes, 1, text_of(command, "raw_login"));
        asked.login = bytes;
    }
    hex_of(grant.secret, AJR_SECRET_SIZE, text_of(command, "secret"));
    ajr_grant_secret_hash(hash, &grant);
    said =
        answer(ajr_store_open(&session, &detail, &store, &asked, pool), NULL);
    json_object_set_new(said, "detail",
                        detail ? json_string(detail) : json_null());
    json_object_set_new(said, "session", session_json(session, pool));
    return said;
}

static ajr_store_host_t host_of(const json_t *command)
{
    return (ajr_store_host_t){.claims = json_object_get(command, "claims"),
                              .lifetime = ms_of(command, "lifetime_ms"),
                              .idle = ms_of(command, "idle_ms"),
                              .user_agent = text_of(command, "user_agent"),
                              .address = text_of(command, "address")};
}

static ajr_grant_t grant_of(const json_t *command)
{
    const char *form = text_of(command, "form");
    ajr_grant_t grant = {.form = AJR_FORM_JR1,
                         .generation =
                             (apr_uint32_t)number_of(command, "generation")};

    while (grant.form < AJR_FORM_SIMPLEJWT &&
           strcmp(ajr_form_name(grant.form), form) != 0) {
        grant.form++;
    }
    ajr_uuid_parse(grant.sid, text_of(command, "sid"));
    if (ajr_form_has_secret(grant.form)) {
        hex_of(grant.secret, AJR_SECRET_SIZE, text_of(command, "secret"));
    }
    return grant;
}

static ajr_store_present_t present_of(const json_t *command,
                                      const ajr_grant_t *grant)
{
    return (ajr_store_present_t){.grant = grant,
                                 .site = text_of(command, "site"),
                                 .client = text_of(command, "client"),
                                 .subject = text_of(command, "subject")};
}

/* With "claims", the token is a host's own. */
static json_t *do_rotate(const json_t *command, apr_pool_t *pool)
{
    ajr_grant_t grant = grant_of(command);
    ajr_store_host_t host = host_of(command);
    ajr_store_rotate_t asked = {
        .present = present_of(command, &grant),
        .rotate = json_is_true(json_object_get(command, "rotate")),
        .async = json_is_true(json_object_get(command, "async")),
        .supersede = json_is_true(json_object_get(command, "supersede")),
        .grace = ms_of(command, "grace_ms")};
    ajr_session_t *session;
    const char *detail;
    json_t *said = answer(
        host.claims == NULL
            ? ajr_store_rotate(&session, &detail, &store, &asked, pool)
            : ajr_store_adopt(&session, &detail, &store, &asked, &host, pool),
        NULL);

    json_object_set_new(said, "detail",
                        detail ? json_string(detail) : json_null());
    json_object_set_new(said, "session", session_json(session, pool));
    return said;
}

static json_t *do_logout(const json_t *command, apr_pool_t *pool)
{
    ajr_grant_t grant = grant_of(command);
    ajr_store_present_t asked = present_of(command, &grant);
    const char *detail;
    ajr_store_host_t host = host_of(command);
    ajr_outcome_t outcome =
        host.claims == NULL
            ? ajr_store_logout(&detail, &store, &asked, pool)
            : ajr_store_logout_host(&detail, &store, &asked, &host, pool);

    return answer(outcome, detail);
}

static json_t *do_logout_sid(const json_t *command, apr_pool_t *pool)
{
    ajr_grant_t grant = grant_of(command);
    const char *detail;
    ajr_outcome_t outcome = ajr_store_logout_sid(
        &detail, &store, grant.sid, text_of(command, "subject"),
        text_of(command, "site"), text_of(command, "client"), pool);

    return answer(outcome, detail);
}

static json_t *do_purge(const json_t *command, apr_pool_t *pool)
{
    apr_int64_t removed;
    const char *detail;
    json_t *said =
        answer(ajr_store_purge(&removed, &detail, &store,
                               (int)number_of(command, "batch"), pool),
               NULL);

    json_object_set_new(said, "detail",
                        detail ? json_string(detail) : json_null());
    json_object_set_new(said, "removed", json_integer(removed));
    return said;
}

static json_t *do_raise(const json_t *command, apr_pool_t *pool)
{
    const char *detail;
    ajr_outcome_t outcome = ajr_store_raise_access_lifetime(
        &detail, &store, ms_of(command, "lifetime_ms"), pool);

    return answer(outcome, detail);
}

/* Rotations one after the other, for the time of a round trip. */
static json_t *do_bench(const json_t *command, apr_pool_t *pool)
{
    ajr_grant_t grant = grant_of(command);
    ajr_store_rotate_t asked = {
        .present = present_of(command, &grant),
        .rotate = true,
        .async = json_is_true(json_object_get(command, "async"))};
    apr_int64_t count = number_of(command, "count"), i;
    apr_time_t began = ajr_clock_now();
    apr_pool_t *request;

    apr_pool_create(&request, pool);
    for (i = 0; i < count; i++) {
        ajr_session_t *session;
        const char *detail;

        if (ajr_store_rotate(&session, &detail, &store, &asked, request) !=
            AJR_ROTATED) {
            break;
        }
        grant.generation = session->generation;
        apr_pool_clear(request);
    }
    return json_pack("{s:I, s:f}", "done", (json_int_t)i, "us_each",
                     (double)(ajr_clock_now() - began) / (double)count);
}

static json_t *do_counts(const json_t *command, apr_pool_t *pool)
{
    ajr_pg_counts_t counts;

    (void)command;
    (void)pool;
    ajr_pg_counts(&counts, store.pg);
    return json_pack("{s:i, s:i, s:I, s:I}", "open", counts.open, "idle",
                     counts.idle, "attempts", (json_int_t)counts.attempts,
                     "lost", (json_int_t)counts.lost);
}

static json_t *do_trim(const json_t *command, apr_pool_t *pool)
{
    ajr_pg_trim(store.pg);
    return do_counts(command, pool);
}

static json_t *do_outage(const json_t *command, apr_pool_t *pool)
{
    ajr_pg_outage_t outage;

    (void)command;
    (void)pool;
    if (!ajr_pg_outage(&outage, store.pg)) {
        return json_pack("{s:n}", "began_us");
    }
    return json_pack("{s:I, s:I}", "began_us", (json_int_t)outage.began,
                     "ended_us", (json_int_t)outage.ended);
}

static json_t *do_descriptors(const json_t *command, apr_pool_t *pool)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    (void)command;
    (void)pool;
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return json_pack("{s:i}", "count", count);
}

/* A process forked from the child: it may neither use nor end its sessions. */
static json_t *do_fork(const json_t *command, apr_pool_t *pool)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        PGresult *result;
        const char *detail;
        ajr_outcome_t outcome = query_once(&result, &detail, command, pool);

        apr_pool_destroy(pchild);
        _exit(outcome == AJR_DATABASE_DOWN ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    return json_pack("{s:i}", "status", status);
}

/* The end of a child: the pool of connections goes while a query may run. */
static json_t *do_end(const json_t *command, apr_pool_t *pool)
{
    (void)command;
    (void)pool;
    apr_pool_destroy(pchild);
    return json_object();
}

static const struct {
    const char *name;
    json_t *(*run)(const json_t *command, apr_pool_t *pool);
} verbs[] = {
    {"query", do_query},   {"crowd", do_crowd},
    {"open", do_open},     {"rotate", do_rotate},
    {"logout", do_logout}, {"logout_sid", do_logout_sid},
    {"purge", do_purge},   {"raise", do_raise},
    {"bench", do_bench},   {"counts", do_counts},
    {"trim", do_trim},     {"outage", do_outage},
    {"fork", do_fork},     {"descriptors", do_descriptors},
    {"end", do_end},
};

static void *run_command(void *data)
{
    json_t *command = data;
    apr_time_t began = ajr_clock_now();
    apr_pool_t *pool;
    json_t *said = NULL;
    unsigned i;

    apr_pool_create(&pool, NULL);
    for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
        if (strcmp(verbs[i].name, text_of(command, "do")) == 0) {
            said = verbs[i].run(command, pool);
        }
    }
    if (said == NULL) {
        said = json_pack("{s:s}", "error", "no such verb");
    }
    json_object_set(said, "id", json_object_get(command, "id"));
    json_object_set_new(said, "ms",
                        json_real((double)(ajr_clock_now() - began) / 1000));
    apr_pool_destroy(pool);
    say(said);
    json_decref(command);
    return NULL;
}

/* As prefork's child ends when it is told to stop: in the signal handler, in
 * the middle of whatever it did. */
static void die_now(int signal_number)
{
    (void)signal_number;
    apr_pool_destroy(pchild);
    _exit(0);
}

static bool prepare(const json_t *conf)
{
    const char *sentence = ajr_pg_conninfo_refuses(text_of(conf, "conninfo"));

    if (sentence != NULL) {
        say(json_pack("{s:s}", "refused", sentence));
        return false;
    }
    store.conf.conninfo = text_of(conf, "conninfo");
    store.conf.min = (int)number_of(conf, "min");
    store.conf.keep = (int)number_of(conf, "keep");
    store.conf.max = (int)number_of(conf, "max");
    store.conf.exptime = ms_of(conf, "exptime_ms");
    store.conf.timeout = ms_of(conf, "timeout_ms");
    store.schema = text_of(conf, "schema");
    store.pg = ajr_pg_make(&store.conf, pchild);
    say(json_pack("{s:b}", "ready", store.pg != NULL));
    return store.pg != NULL;
}

static json_t *read_line(char **line, size_t *size)
{
    return getline(line, size, stdin) > 0 ? json_loads(*line, 0, NULL) : NULL;
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    json_t *conf, *command;
    pthread_attr_t detached;

    apr_initialize();
    signal(SIGPIPE, SIG_IGN); /* as httpd does */
    signal(SIGTERM, die_now);
    apr_pool_create(&pchild, NULL);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    conf = read_line(&line, &size);
    if (conf == NULL || !prepare(conf)) {
        json_decref(conf);
        free(line);
        return 1;
    }
    while ((command = read_line(&line, &size)) != NULL) {
        bool last = strcmp(text_of(command, "do"), "end") == 0;
        pthread_t thread;

        if (last) {
            run_command(command);
            break;
        }
        pthread_create(&thread, &detached, run_command, command);
    }
    free(line);
    json_decref(conf);
    return 0;
}
