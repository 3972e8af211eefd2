/* SPDX-License-Identifier: Apache-2.0 */
#include "refresh_cookie.h"

#include <string.h>

#include <apr_atomic.h>

#include "form.h"
#include "grants.h"
#include "identity.h"

/* What browsers sent, before it was taken out of the request. */
static apr_array_header_t *values(request_rec *r)
{
    const ajr_record_t *top = ajr_record_peek(ajr_identity_top(r));

    return ajr_cookie_values(top == NULL ? NULL : top->cookies,
                             ajr_conf_cookie(ajr_dir_conf(r))->name, r->pool);
}

const char *ajr_refresh_cookie_find(request_rec *r)
{
    const apr_array_header_t *sent = values(r);
    const char *first = NULL;
    ajr_presented_t presented;
    int i;

    for (i = 0; i < sent->nelts; i++) {
        const char *value = APR_ARRAY_IDX(sent, i, const char *);

        if (*value == '\0') {
            continue;
        }
        if (ajr_grants_read(&presented, r, ajr_bytes_of(value)) == AJR_OK) {
            return value;
        }
        first = first == NULL ? value : first;
    }
    return first;
}

/* A browser keeps a Secure cookie of plain http on localhost alone: said once,
 * for clients could fill the disk. */
static void warn_of_plain_http(request_rec *r, const ajr_cookie_t *cookie)
{
    ajr_server_conf_t *conf = ajr_server_conf(r->server);

    if (cookie->secure && strcmp(ap_http_scheme(r), "https") != 0 &&
        apr_atomic_xchg32(&conf->plain_http_told, 1) == 0) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "JwtCookie %s is Secure, but this is plain http: "
                      "browsers will not keep it, except from localhost; use "
                      "https",
                      cookie->name);
    }
}

static void line_add(request_rec *r, const char *value, apr_int64_t max_age)
{
    const ajr_cookie_t *cookie = ajr_conf_cookie(ajr_dir_conf(r));

    apr_table_addn(r->headers_out, "Set-Cookie",
                   ajr_cookie_line(cookie, value, max_age, r->pool));
}

void ajr_refresh_cookie_set(request_rec *r, const char *token,
                            apr_interval_time_t remaining)
{
    warn_of_plain_http(r, ajr_conf_cookie(ajr_dir_conf(r)));
    line_add(r, token, apr_time_sec(remaining));
}

void ajr_refresh_cookie_clear(request_rec *r)
{
    if (values(r)->nelts > 0) {
        line_add(r, "", 0);
    }
}
