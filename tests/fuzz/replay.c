/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a fuzz target over a folder of inputs, without libFuzzer: any compiler
 * will do, and any sanitizer.
 *
 *   replay_<target> FOLDER
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly the file's size: a read behind its end is seen. */
static int replay(const char *path, apr_size_t size, apr_pool_t *pool)
{
    uint8_t *data = malloc(size > 0 ? size : 1);
    apr_file_t *file = NULL;
    int good = data != NULL &&
               apr_file_open(&file, path, APR_READ | APR_BINARY, 0, pool) ==
                   APR_SUCCESS &&
               (size == 0 ||
                apr_file_read_full(file, data, size, NULL) == APR_SUCCESS);

    if (good) {
        LLVMFuzzerTestOneInput(data, size);
        apr_file_close(file);
    } else {
        fprintf(stderr, "replay: cannot read %s\n", path);
    }
    free(data);
    return good;
}

int main(int argc, char **argv)
{
    apr_pool_t *pool = NULL;
    apr_dir_t *folder = NULL;
    apr_finfo_t entry;
    int count = 0;

    if (argc != 2 || apr_initialize() != APR_SUCCESS ||
        apr_pool_create(&pool, NULL) != APR_SUCCESS ||
        apr_dir_open(&folder, argv[1], pool) != APR_SUCCESS) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    while (apr_dir_read(&entry,
                        APR_FINFO_NAME | APR_FINFO_TYPE | APR_FINFO_SIZE,
                        folder) == APR_SUCCESS) {
        if (entry.filetype != APR_REG) {
            continue;
        }
        if (!replay(apr_pstrcat(pool, argv[1], "/", entry.name, NULL),
                    (apr_size_t)entry.size, pool)) {
            return 1;
        }
        count++;
    }
    apr_dir_close(folder);
    apr_pool_destroy(pool);
    printf("%s: %d inputs\n", argv[1], count);
    return count > 0 ? 0 : 1;
}
