/* SPDX-License-Identifier: Apache-2.0
 *
 * A small file that holds a key, read whole.
 */
#ifndef AJR_FILE_H
#define AJR_FILE_H

#include "wire.h"

#define AJR_FILE_MAX 65536 /* bytes */

/* A file as it was found. data is writable and wiped with the pool. */
typedef struct ajr_file_t {
    unsigned char *data;
    apr_size_t len;
    bool exposed;   /* everybody on this host can read it */
    bool forgeable; /* everybody on this host can write it */
} ajr_file_t;

/* Reads `path`, taken below `root` when it is relative. NULL, or a sentence
 * without subject. Only regular files of at most AJR_FILE_MAX bytes. */
const char *ajr_file_read(ajr_file_t *out, const char *path, const char *root,
                          apr_pool_t *pool);

#endif
