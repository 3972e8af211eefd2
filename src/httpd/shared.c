/* SPDX-License-Identifier: Apache-2.0 */
#include "shared.h"

#include <apr_shm.h>

#define CACHE_LINE 64

/* Zeroed by the kernel, which gives a page when it is first written to.
 * apr_shm keeps its size in front: what it gives is aligned to 8 bytes. */
void *ajr_shared_make(apr_size_t size, apr_pool_t *pool)
{
    apr_shm_t *shm = NULL;
    apr_uintptr_t base;

    if (apr_shm_create(&shm, size + CACHE_LINE, NULL, pool) != APR_SUCCESS) {
        return NULL;
    }
    base = (apr_uintptr_t)apr_shm_baseaddr_get(shm);
    return (void *)APR_ALIGN(base, CACHE_LINE);
}

void *ajr_shared_kept(bool *made, const char *name, apr_size_t size,
                      server_rec *s, apr_pool_t *ptemp)
{
    apr_pool_t *process = s->process->pool;
    const char *key =
        apr_psprintf(ptemp, "auth_jwt_refresh %s %" APR_SIZE_T_FMT, name, size);
    void *memory = NULL;

    apr_pool_userdata_get(&memory, key, process);
    *made = memory == NULL;
    if (memory == NULL) {
        memory = ajr_shared_make(size, process);
        apr_pool_userdata_set(memory, key, NULL, process);
    }
    if (memory == NULL) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s,
                     "no shared memory for what all children know");
    }
    return memory;
}
