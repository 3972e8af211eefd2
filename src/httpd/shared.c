/* SPDX-License-Identifier: Apache-2.0 */
#include "shared.h"

#include <string.h>

#include <apr_shm.h>

#define CACHE_LINE 64

/* apr_shm keeps its size in front: what it gives is aligned to 8 bytes. */
static void *memory_make(apr_size_t size, apr_pool_t *pool)
{
    apr_shm_t *shm = NULL;
    char *base;

    if (apr_shm_create(&shm, size + CACHE_LINE, NULL, pool) != APR_SUCCESS) {
        return NULL;
    }
    base = apr_shm_baseaddr_get(shm);
    return memset((void *)APR_ALIGN((apr_uintptr_t)base, CACHE_LINE), 0, size);
}

void *ajr_shared_memory(bool *made, const char *name, apr_size_t size,
                        server_rec *s)
{
    apr_pool_t *pool = s->process->pool;
    void *memory = NULL;

    name =
        apr_psprintf(pool, "auth_jwt_refresh %s %" APR_SIZE_T_FMT, name, size);
    apr_pool_userdata_get(&memory, name, pool);
    *made = memory == NULL;
    if (memory == NULL) {
        memory = memory_make(size, pool);
        apr_pool_userdata_set(memory, name, NULL, pool);
    }
    if (memory == NULL) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s,
                     "no shared memory for what all children know");
    }
    return memory;
}
