/* SPDX-License-Identifier: Apache-2.0 */
#include "url.h"

#include <string.h>

#include <apr_strings.h>

#include "form.h"

const char *ajr_url_edit(const char *url, const char *name, const char *value,
                         apr_pool_t *pool)
{
    const char *mark = url == NULL ? NULL : strchr(url, '?');
    const char *query;

    if (mark == NULL) {
        return url;
    }
    query = ajr_query_edit(mark + 1, name, value, pool);
    if (query == mark + 1) {
        return url;
    }
    return apr_pstrcat(pool,
                       apr_pstrmemdup(pool, url, (apr_size_t)(mark - url)),
                       *query == '\0' ? "" : "?", query, NULL);
}

/* Edits the query of a request line: METHOD SP URL [SP HTTP/x.y]. */
static const char *line_edit(const char *line, const char *name,
                             const char *value, apr_pool_t *pool)
{
    const char *mark = line == NULL ? NULL : strchr(line, '?');
    const char *behind = mark == NULL ? NULL : strrchr(mark, ' ');
    const char *url, *edited;

    if (behind == NULL) {
        return ajr_url_edit(line, name, value, pool);
    }
    url = apr_pstrmemdup(pool, line, (apr_size_t)(behind - line));
    edited = ajr_url_edit(url, name, value, pool);
    return edited == url ? line : apr_pstrcat(pool, edited, behind, NULL);
}

void ajr_url_edit_shown(request_rec *r, const char *name, const char *value)
{
    r->the_request = (char *)line_edit(r->the_request, name, value, r->pool);
    r->unparsed_uri =
        (char *)ajr_url_edit(r->unparsed_uri, name, value, r->pool);
}

/* An empty query is none. */
void ajr_url_edit_read(request_rec *r, const char *name, const char *value)
{
    char *args = (char *)ajr_query_edit(r->args, name, value, r->pool);

    r->args = args != NULL && *args == '\0' ? NULL : args;
    args = (char *)ajr_query_edit(r->parsed_uri.query, name, value, r->pool);
    r->parsed_uri.query = args != NULL && *args == '\0' ? NULL : args;
}
