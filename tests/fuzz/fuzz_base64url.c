/* SPDX-License-Identifier: Apache-2.0
 *
 * base64url: what is encoded decodes to itself, and what is accepted has this
 * one spelling.
 */
#include "fuzz.h"

void fuzz_one(ajr_bytes_t in, apr_pool_t *pool)
{
    const char *text = ajr_base64url_encode(in, pool);
    ajr_bytes_t out;

    MUST(strlen(text) == (in.len * 4 + 2) / 3);
    MUST(ajr_base64url_decode(&out, ajr_bytes_of(text), pool));
    MUST(fuzz_same(out, in));
    if (ajr_base64url_decode(&out, in, pool)) {
        MUST(out.data[out.len] == '\0');
        text = ajr_base64url_encode(out, pool);
        MUST(fuzz_same(ajr_bytes_of(text), in));
    }
}
