/* SPDX-License-Identifier: Apache-2.0
 *
 * What exists when: post_config makes the stores and what all children share,
 * child_init the connections and what one child remembers.
 */
#include "lifecycle.h"

#include <string.h>

#include <ap_mpm.h>
#include <apr_strings.h>

#include "boards.h"
#include "janitor.h"
#include "random.h"
#include "shared.h"

static void store_fill(ajr_store_t *store, const ajr_server_conf_t *conf)
{
    store->conf.conninfo = ajr_server_database(conf);
    store->conf.min = ajr_server_database_min(conf);
    store->conf.keep = ajr_server_database_keep(conf);
    store->conf.max = ajr_server_database_max(conf);
    if (store->conf.keep > store->conf.max) {
        store->conf.keep = store->conf.max;
    }
    store->conf.exptime = ajr_server_database_exptime(conf);
    store->conf.timeout = ajr_server_database_timeout(conf);
    store->schema = ajr_server_database_schema(conf);
}

/* Servers with the same connections share one pool; schemas may differ. */
static bool pg_same(const ajr_pg_conf_t *a, const ajr_pg_conf_t *b)
{
    return strcmp(a->conninfo, b->conninfo) == 0 && a->min == b->min &&
           a->keep == b->keep && a->max == b->max && a->exptime == b->exptime &&
           a->timeout == b->timeout;
}

/* The store of an earlier server with the same connections, NULL = none. */
static const ajr_store_t *store_like(server_rec *first, const server_rec *s,
                                     const ajr_store_t *wanted)
{
    server_rec *other;

    for (other = first; other != s; other = other->next) {
        const ajr_store_t *store = &ajr_server_conf(other)->store;

        if (store->conf.conninfo != NULL &&
            pg_same(&store->conf, &wanted->conf)) {
            return store;
        }
    }
    return NULL;
}

/* What all children know of this database's outages, NULL = no memory. It is
 * kept: a graceful restart (logs are rotated by them) must not forget an
 * outage, or whoever lost a reply in it would be logged out. So a page stays
 * for each conninfo that was ever configured. */
static ajr_outages_t *outages_of(const char *conninfo, server_rec *s,
                                 apr_pool_t *ptemp)
{
    bool made;

    return ajr_shared_kept(&made,
                           apr_pstrcat(ptemp, "outages ", conninfo, NULL),
                           sizeof(ajr_outages_t), s, ptemp);
}

int ajr_lifecycle_share(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                        server_rec *first)
{
    server_rec *s;

    (void)pconf;
    (void)plog;
    /* httpd configures itself twice when it starts; the second time counts. */
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG) {
        ajr_conf_warn(first);
    }
    for (s = first; s != NULL; s = s->next) {
        ajr_server_conf_t *conf = ajr_server_conf(s);

        if (*ajr_server_database(conf) == '\0') {
            continue;
        }
        store_fill(&conf->store, conf);
        conf->store.conf.outages =
            outages_of(conf->store.conf.conninfo, s, ptemp);
        if (conf->store.conf.outages == NULL) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    if (!ajr_boards_share(first)) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, first,
                     "no shared memory for the board of revocations; see "
                     "JwtRevocationMax");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

/* Tokens remembered for each thread, and by a child at most: prefork has many
 * children, and a client comes back to few of them. */
#define CACHE_PER_THREAD 128
#define CACHE_MAX 4096

/* NULL, and all goes on without, when there is no memory or randomness. */
static ajr_cache_t *cache_make(int threads, apr_pool_t *pchild)
{
    apr_uint64_t seed = 0;
    int entries = threads < CACHE_MAX / CACHE_PER_THREAD
                      ? threads * CACHE_PER_THREAD
                      : CACHE_MAX;

    return ajr_random_fill(&seed, sizeof(seed))
               ? ajr_cache_make(entries, seed, pchild)
               : NULL;
}

static ajr_child_t *child_make(apr_pool_t *pchild)
{
    ajr_child_t *child = apr_pcalloc(pchild, sizeof(*child));
    int threads = 1;

    if (ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) != APR_SUCCESS ||
        threads < 1) {
        threads = 1; /* prefork says 0 */
    }
    child->cache = cache_make(threads, pchild);
    ajr_passwords_start(&child->passwords, threads);
    return child;
}

static void store_start(apr_pool_t *pchild, server_rec *first, server_rec *s)
{
    ajr_store_t *store = &ajr_server_conf(s)->store;
    const ajr_store_t *like;

    if (store->conf.conninfo == NULL) {
        return;
    }
    like = store_like(first, s, store);
    store->pg = like != NULL ? like->pg : ajr_pg_make(&store->conf, pchild);
    if (store->pg == NULL) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                     "no pool of database connections could be made");
    }
}

void ajr_lifecycle_child(apr_pool_t *pchild, server_rec *first)
{
    ajr_child_t *child = child_make(pchild);
    server_rec *s;

    for (s = first; s != NULL; s = s->next) {
        ajr_server_conf(s)->child = child;
        store_start(pchild, first, s);
    }
    ajr_janitor_start(pchild, first);
}
