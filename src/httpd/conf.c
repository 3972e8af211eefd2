/* SPDX-License-Identifier: Apache-2.0
 *
 * Creation, merging and the lives of the conf structures; the rows are in
 * directives.def, their parsers in commands.c.
 */
#include "module.h"

#include <string.h>

#include <ap_mpm.h>
#include <apr_shm.h>
#include <openssl/rand.h>

#define CREATE_DIR(kind, member) conf->member = AJR_UNSET_##kind;
#define CREATE_SERVER(kind, member)
#define ROW(scope, kind, member, directive, dflt, where, help) \
    CREATE_##scope(kind, member)

void *ajr_dir_conf_create(apr_pool_t *pconf, char *path)
{
    ajr_dir_conf_t *conf = apr_pcalloc(pconf, sizeof(*conf));

    (void)path;
#include "directives.def"
    return conf;
}

#undef CREATE_DIR
#undef CREATE_SERVER
#define CREATE_DIR(kind, member)
#define CREATE_SERVER(kind, member) conf->member = AJR_UNSET_##kind;

void *ajr_server_conf_create(apr_pool_t *pconf, server_rec *s)
{
    ajr_server_conf_t *conf = apr_pcalloc(pconf, sizeof(*conf));

    (void)s;
#include "directives.def"
    conf->exported_headers = apr_array_make(pconf, 0, sizeof(const char *));
    conf->key_files = apr_array_make(pconf, 0, sizeof(ajr_key_file_t));
    return conf;
}

#undef ROW
#define MERGE(kind, member) \
    conf->member =          \
        child->member == AJR_UNSET_##kind ? parent->member : child->member;
#define MERGE_DIR(kind, member) MERGE(kind, member)
#define MERGE_SERVER(kind, member)
#define ROW(scope, kind, member, directive, dflt, where, help) \
    MERGE_##scope(kind, member)

void *ajr_dir_conf_merge(apr_pool_t *pool, void *parent_, void *child_)
{
    const ajr_dir_conf_t *parent = parent_;
    const ajr_dir_conf_t *child = child_;
    ajr_dir_conf_t *conf = apr_palloc(pool, sizeof(*conf));

#include "directives.def"
    return conf;
}

#undef MERGE_DIR
#undef MERGE_SERVER
#define MERGE_DIR(kind, member)
#define MERGE_SERVER(kind, member) MERGE(kind, member)

void *ajr_server_conf_merge(apr_pool_t *pconf, void *parent_, void *child_)
{
    const ajr_server_conf_t *parent = parent_;
    const ajr_server_conf_t *child = child_;
    ajr_server_conf_t *conf = apr_pcalloc(pconf, sizeof(*conf));

#include "directives.def"
    conf->exported_headers = apr_array_append(pconf, parent->exported_headers,
                                              child->exported_headers);
    conf->key_files = child->key_files;
    return conf;
}

#undef ROW
#define SAME_DIR(member) same &= a->member == b->member;
#define SAME_SERVER(member)
#define ROW(scope, kind, member, directive, dflt, where, help) \
    SAME_##scope(member)

bool ajr_dir_conf_same(const ajr_dir_conf_t *a, const ajr_dir_conf_t *b)
{
    bool same = true;

#include "directives.def"
    return same;
}

#undef ROW

bool ajr_conf_rotates(const ajr_dir_conf_t *conf)
{
    int choice = ajr_conf_refresh_rotate(conf);

    return choice == AJR_CHOICE_DIALECT ? ajr_conf_dialect(conf)->rotates
                                        : choice == AJR_CHOICE_ON;
}

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

/* Zeroed memory that all children see; NULL when there is none. */
static ajr_outages_t *outages_make(apr_pool_t *pconf)
{
    apr_shm_t *shm = NULL;

    if (apr_shm_create(&shm, sizeof(ajr_outages_t), NULL, pconf) !=
        APR_SUCCESS) {
        return NULL;
    }
    return memset(apr_shm_baseaddr_get(shm), 0, sizeof(ajr_outages_t));
}

int ajr_conf_share(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                   server_rec *first)
{
    server_rec *s;

    (void)plog;
    (void)ptemp;
    for (s = first; s != NULL; s = s->next) {
        ajr_server_conf_t *conf = ajr_server_conf(s);
        const ajr_store_t *like;

        if (ajr_server_database(conf) == NULL) {
            continue;
        }
        store_fill(&conf->store, conf);
        like = store_like(first, s, &conf->store);
        conf->store.conf.outages =
            like != NULL ? like->conf.outages : outages_make(pconf);
        if (conf->store.conf.outages == NULL) {
            ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s,
                         "no shared memory for what the children know of the "
                         "database");
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

/* Tokens remembered for each thread, and by a child at most: prefork has many
 * children, and a client comes back to few of them. */
#define CACHE_PER_THREAD 128
#define CACHE_MAX 4096

/* NULL, and all goes on without, when there is no memory or randomness. */
static ajr_cache_t *cache_make(apr_pool_t *pchild)
{
    apr_uint64_t seed = 0;
    int threads = 1;
    int entries;

    if (ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) != APR_SUCCESS ||
        threads < 1) {
        threads = 1; /* prefork says 0 */
    }
    entries = threads < CACHE_MAX / CACHE_PER_THREAD
                  ? threads * CACHE_PER_THREAD
                  : CACHE_MAX;
    if (RAND_bytes((unsigned char *)&seed, sizeof(seed)) != 1) {
        return NULL;
    }
    return ajr_cache_make(entries, seed, pchild);
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

void ajr_conf_child_init(apr_pool_t *pchild, server_rec *first)
{
    ajr_cache_t *cache = cache_make(pchild);
    server_rec *s;

    for (s = first; s != NULL; s = s->next) {
        ajr_server_conf(s)->cache = cache;
        store_start(pchild, first, s);
    }
}
