/* SPDX-License-Identifier: Apache-2.0
 *
 * Cookie headers, where one name is looked for (the first line) and another,
 * which must not notice (the second).
 */
#include "form.h"
#include "fuzz.h"

void fuzz_one(ajr_bytes_t in, apr_pool_t *pool)
{
    const char *name = fuzz_line(&in, pool);
    const char *other = fuzz_line(&in, pool);
    const char *header = apr_pstrmemdup(pool, (const char *)in.data, in.len);
    apr_array_header_t *found = ajr_cookie_values(header, name, pool);
    const char *without = ajr_cookie_without(header, name, pool);
    apr_array_header_t *before, *after;

    MUST(found->nelts == 0 || without != header);
    MUST(ajr_cookie_values(without, name, pool)->nelts == 0);
    if (without != NULL) {
        MUST(ajr_cookie_without(without, name, pool) == without);
    }
    if (strcmp(name, other) == 0 || strpbrk(name, "=") || strpbrk(other, "=") ||
        strchr(header, ',') != NULL) {
        return; /* a=b=c would be a cookie of both, and a comma joins lines */
    }
    MUST((found->nelts == 0) == (without == header));
    before = ajr_cookie_values(header, other, pool);
    after = ajr_cookie_values(without, other, pool);
    MUST(before->nelts == after->nelts);
    if (before->nelts > 0) {
        MUST(strcmp(apr_array_pstrcat(pool, before, ';'),
                    apr_array_pstrcat(pool, after, ';')) == 0);
    }
}
