/* SPDX-License-Identifier: Apache-2.0
 *
 * What the fuzz targets share. Each is one file with one function, which
 * libFuzzer calls with bytes of its making and replay.c with those of a file.
 */
#ifndef AJR_FUZZ_H
#define AJR_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "wire.h"

/* A property that must hold, whatever the bytes. */
#define MUST(condition)                                                   \
    do {                                                                  \
        if (!(condition)) {                                               \
            fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, \
                    #condition);                                          \
            abort();                                                      \
        }                                                                 \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a target does with one input. */
void fuzz_one(ajr_bytes_t in, apr_pool_t *pool);

/* Of the leak sanitizer, absent without it. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* What is made between the two lives as long as the program. Pools may lie in
 * memory where the leak sanitizer looks for no pointers. */
static inline void fuzz_keep_begin(void)
{
    if (__lsan_disable != NULL) {
        __lsan_disable();
    }
}

static inline void fuzz_keep_end(void)
{
    if (__lsan_enable != NULL) {
        __lsan_enable();
    }
}

/* Lives as long as the program. */
static inline apr_pool_t *fuzz_forever(void)
{
    static apr_pool_t *pool;

    if (pool == NULL) {
        fuzz_keep_begin();
        MUST(apr_initialize() == APR_SUCCESS);
        MUST(apr_pool_create(&pool, NULL) == APR_SUCCESS);
        fuzz_keep_end();
    }
    return pool;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ajr_bytes_t in = {size > 0 ? data : (const uint8_t *)"", size};
    apr_pool_t *pool = NULL;

    MUST(apr_pool_create(&pool, fuzz_forever()) == APR_SUCCESS);
    fuzz_one(in, pool);
    apr_pool_destroy(pool);
    return 0;
}

/* The first byte of an input, which chooses what is done with the rest. */
static inline unsigned char fuzz_choice(ajr_bytes_t *in)
{
    if (in->len == 0) {
        return 0;
    }
    in->len--;
    return *in->data++;
}

/* Cuts what stands before the first newline off `in`, as a C string. */
static inline char *fuzz_line(ajr_bytes_t *in, apr_pool_t *pool)
{
    const unsigned char *end =
        in->len > 0 ? memchr(in->data, '\n', in->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - in->data) : in->len;
    char *line = apr_pstrmemdup(pool, (const char *)in->data, len);

    in->data += end != NULL ? len + 1 : len;
    in->len -= end != NULL ? len + 1 : len;
    return line;
}

static inline int fuzz_same(ajr_bytes_t a, ajr_bytes_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#endif
