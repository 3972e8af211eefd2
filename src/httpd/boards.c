/* SPDX-License-Identifier: Apache-2.0 */
#include "boards.h"

#include <string.h>

#include "module.h"
#include "random.h"
#include "shared.h"

/* Under this name the boards are kept in the process's pool: another version
 * of this module, loaded by a graceful restart, may see them otherwise. */
#define NAME "mod_auth_jwt_refresh boards 2"

/* Room for each of the two locks, and for the leader, before the board. */
#define LOCK_SIZE 64
#define LOCKS_SIZE (3 * LOCK_SIZE)

static apr_array_header_t *boards_kept(apr_pool_t *process)
{
    void *kept = NULL;

    apr_pool_userdata_get(&kept, NAME, process);
    if (kept == NULL) {
        kept = apr_array_make(process, 1, sizeof(ajr_shared_board_t *));
        apr_pool_userdata_set(kept, NAME, apr_pool_cleanup_null, process);
    }
    return kept;
}

static ajr_shared_board_t *board_find(const apr_array_header_t *kept,
                                      const ajr_store_t *store)
{
    int i;

    for (i = 0; i < kept->nelts; i++) {
        ajr_shared_board_t *shared =
            APR_ARRAY_IDX(kept, i, ajr_shared_board_t *);

        if (strcmp(shared->conninfo, store->conf.conninfo) == 0 &&
            strcmp(shared->schema, store->schema) == 0) {
            return shared;
        }
    }
    return NULL;
}

/* ---- making one ---- */

_Static_assert(sizeof(pthread_mutex_t) <= LOCK_SIZE, "a lock has its room");

static bool lock_make(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;
    bool made;

    if (pthread_mutexattr_init(&attributes) != 0) {
        return false;
    }
    made =
        pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) ==
            0 &&
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0 &&
        pthread_mutex_init(lock, &attributes) == 0;
    pthread_mutexattr_destroy(&attributes);
    return made;
}

static ajr_board_t *board_in(char *memory, apr_size_t capacity,
                             const ajr_shared_board_t *before, apr_pool_t *pool)
{
    unsigned char key[AJR_SIPHASH_KEY_SIZE];

    if (before != NULL) {
        return ajr_board_make_from(memory, capacity, before->board, pool);
    }
    return ajr_random_fill(key, sizeof(key))
               ? ajr_board_make(memory, capacity, key, pool)
               : NULL;
}

/* NULL when there is no memory, lock or randomness. */
static ajr_shared_board_t *board_make(const ajr_store_t *store,
                                      apr_size_t capacity,
                                      const ajr_shared_board_t *before,
                                      apr_pool_t *process)
{
    ajr_shared_board_t *shared;
    apr_pool_t *pool;
    char *memory;

    apr_pool_create(&pool, process);
    shared = apr_pcalloc(pool, sizeof(*shared));
    shared->pool = pool;
    shared->conninfo = apr_pstrdup(pool, store->conf.conninfo);
    shared->schema = apr_pstrdup(pool, store->schema);
    memory = ajr_shared_make(LOCKS_SIZE + ajr_board_size(capacity), pool);
    if (memory != NULL && lock_make((pthread_mutex_t *)memory) &&
        lock_make((pthread_mutex_t *)(memory + LOCK_SIZE))) {
        shared->lock = (pthread_mutex_t *)memory;
        shared->purge_lock = (pthread_mutex_t *)(memory + LOCK_SIZE);
        shared->leader = (_Atomic apr_uint64_t *)(memory + 2 * LOCK_SIZE);
        shared->board = board_in(memory + LOCKS_SIZE, capacity, before, pool);
    }
    if (shared->board == NULL) {
        apr_pool_destroy(pool);
        return NULL;
    }
    return shared;
}

/* ---- those of a configuration ---- */

/* The largest JwtRevocationMax of the servers that share it. */
static apr_size_t capacity_for(server_rec *first, const ajr_store_t *store)
{
    int most = 0;

    for (; first != NULL; first = first->next) {
        const ajr_server_conf_t *conf = ajr_server_conf(first);
        int wanted = ajr_server_revocation_max(conf);

        if (conf->store.conf.conninfo != NULL &&
            strcmp(conf->store.conf.conninfo, store->conf.conninfo) == 0 &&
            strcmp(conf->store.schema, store->schema) == 0) {
            most = wanted > most ? wanted : most;
        }
    }
    return (apr_size_t)most;
}

/* Children of the generation before go on with their own mapping. */
static void forget(apr_array_header_t *kept, const ajr_shared_board_t *shared)
{
    ajr_shared_board_t **boards = (ajr_shared_board_t **)kept->elts;
    apr_pool_t *pool = shared->pool;
    int i;

    for (i = 0; i < kept->nelts; i++) {
        if (boards[i] == shared) {
            boards[i] = boards[--kept->nelts];
        }
    }
    apr_pool_destroy(pool);
}

static ajr_shared_board_t *
board_for(server_rec *first, apr_array_header_t *kept, const ajr_store_t *store)
{
    apr_size_t capacity = capacity_for(first, store);
    ajr_shared_board_t *before = board_find(kept, store);
    ajr_shared_board_t *shared = before;

    if (before == NULL || ajr_board_capacity(before->board) != capacity) {
        shared = board_make(store, capacity, before, first->process->pool);
        if (shared != NULL) {
            if (before != NULL) {
                forget(kept, before);
            }
            APR_ARRAY_PUSH(kept, ajr_shared_board_t *) = shared;
        }
    }
    return shared;
}

static void forget_unwanted(apr_array_header_t *kept)
{
    int i;

    for (i = kept->nelts - 1; i >= 0; i--) {
        ajr_shared_board_t *shared =
            APR_ARRAY_IDX(kept, i, ajr_shared_board_t *);

        if (!shared->wanted) {
            forget(kept, shared);
        } else {
            shared->wanted = false;
        }
    }
}

bool ajr_boards_share(server_rec *first)
{
    apr_array_header_t *kept = boards_kept(first->process->pool);
    server_rec *s;

    for (s = first; s != NULL; s = s->next) {
        ajr_server_conf_t *conf = ajr_server_conf(s);

        if (conf->store.conf.conninfo == NULL) {
            continue;
        }
        conf->board = board_for(first, kept, &conf->store);
        if (conf->board == NULL) {
            return false;
        }
        conf->board->wanted = true;
    }
    forget_unwanted(kept);
    return true;
}
