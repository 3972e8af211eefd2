/* SPDX-License-Identifier: Apache-2.0
 *
 * Origins, as they come in Origin and Referer.
 */
#include "fuzz.h"
#include "origin.h"

/* An origin is scheme, host and port, and says nothing that a header or
 * a comparison could read in another way. */
static void origin_sane(const char *origin, apr_pool_t *pool)
{
    const char *host = strstr(origin, "://");
    const char *again = ajr_origin_parse(origin, pool);
    const char *at;

    MUST(host != NULL && host[3] != '\0');
    MUST((host - origin == 4 && strncmp(origin, "http", 4) == 0) ||
         (host - origin == 5 && strncmp(origin, "https", 5) == 0));
    for (at = host + 3; *at != '\0'; at++) {
        MUST(*at > ' ' && *at <= '~' && strchr("/@?#\\,;\"%", *at) == NULL);
        MUST(*at < 'A' || *at > 'Z');
    }
    MUST(again != NULL && strcmp(again, origin) == 0);
}

/* Whatever stands behind the authority, the origin is the same. */
static void path_ignored(const char *origin, const char *text, apr_pool_t *pool)
{
    static const char *const ends[] = {"/", "?", "#", "\\"};
    size_t i;

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        const char *found = ajr_origin_of_url(
            apr_pstrcat(pool, origin, ends[i], text, NULL), pool);

        MUST(found != NULL && strcmp(found, origin) == 0);
    }
}

void fuzz_one(ajr_bytes_t in, apr_pool_t *pool)
{
    const char *text = apr_pstrmemdup(pool, (const char *)in.data, in.len);
    const char *parsed = ajr_origin_parse(text, pool);
    const char *found = ajr_origin_of_url(text, pool);
    const char *made = ajr_origin_make("https", text, pool);

    MUST(parsed == NULL || (found != NULL && strcmp(found, parsed) == 0));
    if (found != NULL) {
        origin_sane(found, pool);
        path_ignored(found, text, pool);
    }
    if (made != NULL) {
        origin_sane(made, pool);
    }
}
