/* SPDX-License-Identifier: Apache-2.0 */
#include "origin.h"

#include <stdbool.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

/* The port that goes without saying, NULL = no such scheme. */
static const char *port_of(const char *scheme)
{
    if (strcmp(scheme, "http") == 0) {
        return ":80";
    }
    return strcmp(scheme, "https") == 0 ? ":443" : NULL;
}

/* Names, IPv4, [IPv6], each with an optional port. */
static bool authority_sane(const char *authority)
{
    const char *colon = strrchr(authority, ':');
    const char *end = authority[0] == '[' ? strchr(authority, ']') : colon;
    const char *at;

    if (authority[0] == '[' && end == NULL) {
        return false;
    }
    for (at = authority; *at != '\0'; at++) {
        if (!apr_isalnum(*at) && strchr(".-_:[]", *at) == NULL) {
            return false;
        }
    }
    if (colon == NULL || (authority[0] == '[' && colon < end)) {
        return authority[0] != '\0';
    }
    return colon > authority && colon[1] != '\0' &&
           colon[1 + strspn(colon + 1, "0123456789")] == '\0' &&
           (authority[0] == '[' ? colon == end + 1
                                : strchr(authority, ':') == colon);
}

static char *lower(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text);
    char *at;

    for (at = copy; *at != '\0'; at++) {
        *at = (char)apr_tolower(*at);
    }
    return copy;
}

const char *ajr_origin_make(const char *scheme, const char *authority,
                            apr_pool_t *pool)
{
    const char *name = lower(scheme, pool);
    char *host = lower(authority, pool);
    const char *port;
    apr_size_t length, rest;

    port = port_of(name);
    if (port == NULL || !authority_sane(host)) {
        return NULL;
    }
    length = strlen(host);
    rest = strlen(port);
    if (length > rest && strcmp(host + length - rest, port) == 0) {
        host[length - rest] = '\0';
    }
    return apr_pstrcat(pool, name, "://", host, NULL);
}

/* Cuts the authority out of a URL; *rest is what stands behind it. */
static const char *origin_cut(const char **rest, const char *url,
                              apr_pool_t *pool)
{
    const char *authority = strstr(url, "://");
    apr_size_t length;

    *rest = "";
    if (authority == NULL) {
        return NULL;
    }
    length = strcspn(authority + 3, "/?#\\");
    *rest = authority + 3 + length;
    return ajr_origin_make(
        apr_pstrmemdup(pool, url, (apr_size_t)(authority - url)),
        apr_pstrmemdup(pool, authority + 3, length), pool);
}

const char *ajr_origin_of_url(const char *url, apr_pool_t *pool)
{
    const char *rest;

    return origin_cut(&rest, url, pool);
}

const char *ajr_origin_parse(const char *text, apr_pool_t *pool)
{
    const char *rest;
    const char *origin = origin_cut(&rest, text, pool);

    return *rest == '\0' ? origin : NULL;
}
