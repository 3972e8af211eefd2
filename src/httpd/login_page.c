/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtLoginPage: where a browser goes that may not see what it asked for. A URL
 * of the configuration alone: nothing of the request gets into it.
 */
#include "authn.h"
#include "identity.h"
#include "respond.h"

#include <string.h>

/* The first type of Accept is JSON of some kind. */
static bool accepts_json_first(const char *accept, apr_pool_t *pool)
{
    char *first = apr_pstrndup(pool, accept, strcspn(accept, ",;"));

    ap_str_tolower(first);
    return strstr(first, "/json") != NULL || strstr(first, "+json") != NULL;
}

/* As Laravel has it: a script that takes anything wants JSON too. */
static bool wants_json(const request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");
    const char *with = apr_table_get(r->headers_in, "X-Requested-With");
    bool anything = accept == NULL || *accept == '\0' ||
                    strncmp(accept, "*/*", 3) == 0 || strcmp(accept, "*") == 0;

    if (anything) {
        return with != NULL && ap_cstr_casecmp(with, "XMLHttpRequest") == 0;
    }
    return accepts_json_first(accept, r->pool);
}

/* A page that is protected itself would send the browser round in circles. */
static bool asks_for(request_rec *r, const char *page)
{
    const char *uri = ajr_identity_top(r)->uri;
    apr_size_t length = strcspn(page, "?#");

    return strlen(uri) == length && strncmp(uri, page, length) == 0;
}

/* Laravel's 401 is another outcome's 400, and express has 403 for tokens that
 * expired. */
static bool is_to_log_in(ajr_outcome_t outcome, int status)
{
    return status == HTTP_UNAUTHORIZED ||
           ajr_outcome_row(outcome)->status == HTTP_UNAUTHORIZED;
}

const char *ajr_login_page(request_rec *r, const ajr_incident_t *incident,
                           int status)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    const char *page = ajr_conf_login_page(conf);

    /* What a path is there is for whoever the request goes to. */
    if (r->proxyreq == PROXYREQ_PROXY) {
        return NULL;
    }
    if (*page == '\0' || !is_to_log_in(incident->outcome, status) ||
        (incident->place == AJR_PLACE_API &&
         !ajr_authn_ours(ap_auth_type(r))) ||
        (ajr_conf_dialect(conf)->pages & 1U << incident->place) == 0 ||
        wants_json(r) || asks_for(r, page)) {
        return NULL;
    }
    return page;
}
