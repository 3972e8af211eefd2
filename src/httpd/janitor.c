/* SPDX-License-Identifier: Apache-2.0 */
#include "janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include <ap_mpm.h>

#include "await.h"

#define TRIM_EACH apr_time_from_sec(1)

/* For the thread to end by itself; it looks at what ends it wherever it waits,
 * but not in name resolution. */
#define END_WAIT 2 /* seconds */

/* ---- every child ---- */

static bool mpm_stopping(void)
{
    int state = AP_MPMQ_RUNNING;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS &&
           state == AP_MPMQ_STOPPING;
}

bool ajr_janitor_stopping(void)
{
    return ajr_await_interrupted() || mpm_stopping();
}

void ajr_janitor_rest(apr_interval_time_t interval)
{
    ajr_await(-1, 0, ajr_clock_now() + interval);
}

/* Idle connections of a child without requests. */
void ajr_janitor_trim(ajr_janitor_t *janitor)
{
    apr_time_t now = ajr_clock_now();
    int i;

    if (now - janitor->trimmed < TRIM_EACH) {
        return;
    }
    janitor->trimmed = now;
    for (i = 0; i < janitor->pgs->nelts; i++) {
        ajr_pg_trim(APR_ARRAY_IDX(janitor->pgs, i, ajr_pg_t *));
    }
}

bool ajr_janitor_lock_take(pthread_mutex_t *lock)
{
    int taken = pthread_mutex_trylock(lock);

    if (taken == EOWNERDEAD) {
        /* The board is whole: its writer changes what nobody reads yet. */
        pthread_mutex_consistent(lock);
        return true;
    }
    return taken == 0;
}

/* The work of those who do not lead: one of them purges, lest news wait. */
static void follow(ajr_janitor_t *janitor, bool *purges)
{
    if (!*purges && !mpm_stopping()) {
        *purges = ajr_janitor_lock_take(janitor->shared->purge_lock);
    }
    if (*purges) {
        ajr_janitor_purge(janitor);
    }
    ajr_janitor_trim(janitor);
    ajr_janitor_rest(AJR_JANITOR_TICK);
}

static void stop_purging(ajr_janitor_t *janitor, bool *purges)
{
    if (*purges) {
        pthread_mutex_unlock(janitor->shared->purge_lock);
        *purges = false;
    }
}

static void *keep(void *data)
{
    ajr_janitor_t *janitor = data;
    bool purges = false;

    ajr_await_interrupt(janitor->wake[0]);
    while (!ajr_await_interrupted()) {
        if (mpm_stopping()) {
            stop_purging(janitor, &purges);
        } else if (ajr_janitor_lock_take(janitor->shared->lock)) {
            stop_purging(janitor, &purges);
            atomic_store(janitor->shared->leader, (apr_uint64_t)getpid());
            ajr_janitor_lead(janitor);
            atomic_store(janitor->shared->leader, 0);
            pthread_mutex_unlock(janitor->shared->lock);
        }
        follow(janitor, &purges);
    }
    stop_purging(janitor, &purges);
    return NULL;
}

/* ---- its life ---- */

static bool joined(const ajr_janitor_t *janitor)
{
    struct timespec deadline;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += END_WAIT;
    return pthread_timedjoin_np(janitor->thread, NULL, &deadline) == 0;
}

/* The thread must not outlive its memory, which goes next, nor this module.
 * Where it is late it is cancelled; its locks are taken over. Not even that
 * is waited for without limit: prefork may have called us from within a
 * malloc() that the thread waits for. */
static apr_status_t stop(void *data)
{
    ajr_janitor_t *janitor = data;
    bool told;

    if (janitor->owner != getpid()) {
        return APR_SUCCESS; /* a fork of ours, in which no thread runs */
    }
    told = write(janitor->wake[1], "", 1) == 1;
    if (!told || !joined(janitor)) {
        pthread_cancel(janitor->thread);
        if (!joined(janitor)) {
            return APR_SUCCESS;
        }
    }
    close(janitor->wake[0]);
    close(janitor->wake[1]);
    return APR_SUCCESS;
}

/* Signals are for httpd's own threads. */
static bool thread_make(ajr_janitor_t *janitor)
{
    sigset_t all, before;
    bool made;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    made = pthread_create(&janitor->thread, NULL, keep, janitor) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return made;
}

static bool start(ajr_janitor_t *janitor, apr_pool_t *pchild)
{
    if (pipe2(janitor->wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        return false;
    }
    if (!thread_make(janitor)) {
        close(janitor->wake[0]);
        close(janitor->wake[1]);
        return false;
    }
    /* Before the pools below, and the connections, go. */
    apr_pool_pre_cleanup_register(pchild, janitor, stop);
    return true;
}

/* The pools of connections of all servers with that board, each once. */
static apr_array_header_t *pgs_of(const ajr_shared_board_t *shared,
                                  server_rec *first, apr_pool_t *pchild)
{
    apr_array_header_t *pgs = apr_array_make(pchild, 1, sizeof(ajr_pg_t *));

    for (; first != NULL; first = first->next) {
        const ajr_server_conf_t *conf = ajr_server_conf(first);
        bool known = conf->board != shared || conf->store.pg == NULL;
        int i;

        for (i = 0; i < pgs->nelts; i++) {
            known |= APR_ARRAY_IDX(pgs, i, ajr_pg_t *) == conf->store.pg;
        }
        if (!known) {
            APR_ARRAY_PUSH(pgs, ajr_pg_t *) = conf->store.pg;
        }
    }
    return pgs;
}

static apr_interval_time_t longest_of(const ajr_shared_board_t *shared,
                                      server_rec *first)
{
    apr_interval_time_t longest = 0;

    for (; first != NULL; first = first->next) {
        const ajr_server_conf_t *conf = ajr_server_conf(first);

        if (conf->board == shared && conf->longest > longest) {
            longest = conf->longest;
        }
    }
    return longest;
}

/* Whether an earlier server has the same board. */
static bool has_janitor(server_rec *first, server_rec *s)
{
    for (; first != s; first = first->next) {
        if (ajr_server_conf(first)->board == ajr_server_conf(s)->board) {
            return true;
        }
    }
    return false;
}

/* The store with a pool of one connection, which goes when it is idle: those
 * of requests are for requests. */
static bool store_make(ajr_store_t *out, const ajr_store_t *store,
                       apr_pool_t *pchild)
{
    *out = *store;
    out->conf.min = 0;
    out->conf.keep = 0;
    out->conf.max = 1;
    out->conf.outages = NULL;
    out->pg = ajr_pg_make(&out->conf, pchild);
    return out->pg != NULL;
}

void ajr_janitor_start(apr_pool_t *pchild, server_rec *first)
{
    server_rec *s;

    for (s = first; s != NULL; s = s->next) {
        const ajr_server_conf_t *conf = ajr_server_conf(s);
        ajr_janitor_t *janitor;

        if (conf->board == NULL || has_janitor(first, s)) {
            continue;
        }
        janitor = apr_pcalloc(pchild, sizeof(*janitor));
        janitor->shared = conf->board;
        if (!store_make(&janitor->store, &conf->store, pchild)) {
            continue;
        }
        janitor->server = s;
        janitor->pgs = pgs_of(conf->board, first, pchild);
        APR_ARRAY_PUSH(janitor->pgs, ajr_pg_t *) = janitor->store.pg;
        janitor->longest = longest_of(conf->board, first);
        janitor->owner = getpid();
        if (!start(janitor, pchild)) {
            ap_log_error(APLOG_MARK, APLOG_CRIT, errno, s,
                         "no thread for news of revocations");
        }
    }
}
