/* SPDX-License-Identifier: Apache-2.0 */
#include "wiped.h"

#include <string.h>

#include <openssl/crypto.h>

typedef struct wiped_t {
    unsigned char *data;
    apr_size_t len;
} wiped_t;

static apr_status_t wipe(void *data)
{
    wiped_t *wiped = data;

    OPENSSL_cleanse(wiped->data, wiped->len);
    return APR_SUCCESS;
}

void ajr_wiped_later(unsigned char *data, apr_size_t len, apr_pool_t *pool)
{
    wiped_t *wiped = apr_palloc(pool, sizeof(*wiped));

    wiped->data = data;
    wiped->len = len;
    apr_pool_cleanup_register(pool, wiped, wipe, apr_pool_cleanup_null);
}

unsigned char *ajr_wiped_alloc(apr_size_t len, apr_pool_t *pool)
{
    unsigned char *data = apr_pcalloc(pool, len);

    ajr_wiped_later(data, len, pool);
    return data;
}

ajr_bytes_t ajr_wiped_copy(ajr_bytes_t in, apr_pool_t *pool)
{
    unsigned char *data = ajr_wiped_alloc(in.len + 1, pool);
    ajr_bytes_t copy = {data, in.len};

    if (in.len > 0) {
        memcpy(data, in.data, in.len);
    }
    return copy;
}
