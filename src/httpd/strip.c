/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtStrip: the backend does not see the token that was judged.
 */
#include "source.h"

#include <string.h>

#include "form.h"
#include "url.h"

static void header_put(request_rec *r, const char *name, const char *value)
{
    if (value == NULL) {
        apr_table_unset(r->headers_in, name);
    } else {
        apr_table_setn(r->headers_in, name, value);
    }
}

static void strip_query(request_rec *r, const char *name)
{
    ajr_url_edit_shown(r, name, NULL);
    ajr_url_edit_read(r, name, NULL);
    /* A URL that translate_name has made for mod_proxy has its query with it:
     * ProxyPass nocanon, RewriteRule [P]. */
    if (r->filename != NULL && strncmp(r->filename, "proxy:", 6) == 0) {
        r->filename = (char *)ajr_url_edit(r->filename, name, NULL, r->pool);
    }
}

static void strip_source(request_rec *r, const ajr_source_t *source)
{
    const char *cookies;

    switch (source->kind) {
    case AJR_SOURCE_HEADER:
        if (ajr_source_bearer(r) != NULL) {
            apr_table_unset(r->headers_in, ajr_source_header(r));
        }
        break;
    case AJR_SOURCE_COOKIE:
        cookies = apr_table_get(r->headers_in, "Cookie");
        if (cookies != NULL) {
            header_put(r, "Cookie",
                       ajr_cookie_without(cookies, source->name, r->pool));
        }
        break;
    case AJR_SOURCE_QUERY:
        strip_query(r, source->name);
        break;
    }
}

void ajr_source_strip(request_rec *r)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    const ajr_source_t *source;
    int i;

    if (!ajr_conf_strip(conf)) {
        return;
    }
    for (i = 0; (source = ajr_source_at(conf, i)) != NULL; i++) {
        strip_source(r, source);
    }
}

ajr_outcome_t ajr_source_take(ajr_bytes_t *token, apr_uint64_t *places,
                              request_rec *r)
{
    ajr_outcome_t outcome = ajr_source_find(token, places, r);

    if (outcome == AJR_OK) {
        ajr_source_strip(r);
    }
    return outcome;
}
