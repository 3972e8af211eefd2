/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtCookie as an administrator may write it, and the Set-Cookie line that
 * comes of it: one cookie, whatever was written.
 */
#include "cookie.h"
#include "fuzz.h"

/* The attributes of a line, each from its first letter on. */
static int attributes_count(const char *line, const char *wanted)
{
    int found = 0;

    for (line = strchr(line, ';'); line != NULL; line = strchr(line, ';')) {
        line += 1 + strspn(line + 1, " ");
        found += strncasecmp(line, wanted, strlen(wanted)) == 0;
    }
    return found;
}

static void line_sane(const ajr_cookie_t *cookie, const char *line,
                      const char *value, apr_pool_t *pool)
{
    const char *begin =
        apr_pstrcat(pool, cookie->name, "=", value, "; Max-Age=", NULL);
    const char *at;

    MUST(strncmp(line, begin, strlen(begin)) == 0);
    for (at = line; *at != '\0'; at++) {
        MUST(*at >= ' ' && *at <= '~' && *at != ',');
    }
    MUST(attributes_count(line, "Max-Age") == 1);
    MUST(attributes_count(line, "Expires") == 0);
    MUST(cookie->secure == (attributes_count(line, "Secure") > 0));
    MUST(cookie->http_only == (attributes_count(line, "HttpOnly") > 0));
    if (strncasecmp(cookie->name, "__Host-", 7) == 0) {
        MUST(cookie->secure && attributes_count(line, "Domain") == 0);
    }
}

void fuzz_one(ajr_bytes_t in, apr_pool_t *pool)
{
    const char *text = apr_pstrmemdup(pool, (const char *)in.data, in.len);
    ajr_cookie_t *cookie = NULL;

    if (ajr_cookie_make(&cookie, text, pool) != NULL) {
        return;
    }
    MUST(*cookie->name != '\0' && strpbrk(cookie->name, "=;, \"\\") == NULL);
    line_sane(cookie, ajr_cookie_line(cookie, "v", 60, pool), "v", pool);
    line_sane(cookie, ajr_cookie_line(cookie, "", 60, pool), "", pool);
}
