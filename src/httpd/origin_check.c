/* SPDX-License-Identifier: Apache-2.0 */
#include "origin_check.h"

#include <string.h>

#include "origin.h"
#include "record.h"

/* What of our replies a script wants, and browsers keep from it. */
#define EXPOSED "Authorization, Retry-After, WWW-Authenticate"

static const char *header(const request_rec *r, const char *name)
{
    return apr_table_get(r->headers_in, name);
}

static bool listed(const apr_array_header_t *origins, const char *origin)
{
    int i;

    for (i = 0; i < origins->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(origins, i, const char *), origin) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL = none was named, or `none`: then this origin is the list. */
static const apr_array_header_t *origins_of(request_rec *r)
{
    const apr_array_header_t *origins = ajr_conf_origins(ajr_dir_conf(r));

    return origins == NULL || origins->nelts == 0 ? NULL : origins;
}

/* By the Host that the browser wrote; X-Forwarded-* is anybody's. NULL = it
 * wrote none. */
static const char *own_origin(request_rec *r)
{
    const char *host = header(r, "Host");

    return host == NULL ? NULL
                        : ajr_origin_make(ap_http_scheme(r), host, r->pool);
}

static bool accepted(request_rec *r, const char *origin)
{
    const apr_array_header_t *origins = origins_of(r);
    const char *own;

    if (origins != NULL) {
        return listed(origins, origin);
    }
    own = own_origin(r);
    return own != NULL && strcmp(own, origin) == 0;
}

/* For the log: what an administrator compares with what was configured. An
 * origin that can be parsed has no character that would have to be escaped. */
static const char *why_refused(request_rec *r, const char *origin)
{
    const char *own = own_origin(r);
    const char *page =
        origin == NULL ? NULL : ajr_origin_parse(origin, r->pool);

    if (origin == NULL) {
        return "the request says nothing of the page that made it, by Origin, "
               "Referer or Sec-Fetch-Site";
    }
    return apr_psprintf(r->pool,
                        "made by a page of %.200s, which is not %.200s",
                        page == NULL ? "an unknown origin" : page,
                        origins_of(r) != NULL ? "in JwtOrigin"
                        : own == NULL         ? "this origin"
                                              : own);
}

ajr_outcome_t ajr_origin_check(request_rec *r)
{
    const char *fetch = header(r, "Sec-Fetch-Site");
    const char *origin = header(r, "Origin");
    const char *referer = header(r, "Referer");

    if (fetch != NULL && strcmp(fetch, "same-origin") == 0) {
        return AJR_OK;
    }
    if (origin == NULL && referer != NULL) {
        origin = ajr_origin_of_url(referer, r->pool);
    }
    if (origin != NULL && accepted(r, origin)) {
        return AJR_OK;
    }
    ajr_record(r)->detail = why_refused(r, origin);
    return AJR_CSRF;
}

bool ajr_origin_allow(request_rec *r, apr_table_t *headers)
{
    const apr_array_header_t *origins = origins_of(r);
    const char *origin = header(r, "Origin");

    if (origins == NULL && !ajr_conf_dialect(ajr_dir_conf(r))->cookie) {
        return false;
    }
    apr_table_mergen(headers, "Vary", "Origin");
    if (origins == NULL || origin == NULL || !listed(origins, origin)) {
        return false;
    }
    apr_table_setn(headers, "Access-Control-Allow-Origin", origin);
    apr_table_setn(headers, "Access-Control-Allow-Credentials", "true");
    apr_table_setn(headers, "Access-Control-Expose-Headers", EXPOSED);
    return true;
}

/* A page that may act here may send any header: what it sends along with all
 * its requests (of tracing, say) means nothing to a handler. */
void ajr_origin_preflight(request_rec *r, const char *methods)
{
    const char *headers = header(r, "Access-Control-Request-Headers");

    if (header(r, "Access-Control-Request-Method") != NULL &&
        apr_table_get(r->headers_out, "Access-Control-Allow-Origin") != NULL) {
        apr_table_setn(r->headers_out, "Access-Control-Allow-Methods", methods);
        if (headers != NULL) {
            apr_table_setn(r->headers_out, "Access-Control-Allow-Headers",
                           headers);
        }
        apr_table_setn(r->headers_out, "Access-Control-Max-Age", "600");
    }
}
