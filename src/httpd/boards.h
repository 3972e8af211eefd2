/* SPDX-License-Identifier: Apache-2.0
 *
 * The boards of a host: one for each database and schema, in memory that
 * outlives graceful restarts, and its lock. A graceful restart forgets nothing:
 * the next generation reads, and writes, the same memory. Only another
 * JwtRevocationMax needs other memory; then what was known is copied.
 */
#ifndef AJR_BOARDS_H
#define AJR_BOARDS_H

#include <pthread.h>

#include <httpd.h>

#include "board.h"

/* Made by post_config, as root; read-only afterwards. */
typedef struct ajr_shared_board_t {
    const char *conninfo;
    const char *schema;
    ajr_board_t *board;

    /* Who has it writes the board. Robust: that of a process that died is
     * taken over. In the shared memory, so that it needs no file and no
     * semaphore. */
    pthread_mutex_t *lock;

    /* The same for the one who removes from the database what is over. */
    pthread_mutex_t *purge_lock;

    /* The process that has `lock`, 0 = nobody; for the status page. */
    _Atomic apr_uint64_t *leader;

    apr_pool_t *pool; /* of this board alone */
    bool wanted;      /* by the configuration that is being read */
} ajr_shared_board_t;

/* post_config: gives each server with a database its board; boards that no
 * server wants any more go. False when there is no memory. */
bool ajr_boards_share(server_rec *first);

#endif
