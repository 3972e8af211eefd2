/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtPreflight: what a browser asks before a cross-origin request.
 */
#include "preflight.h"

#include "authn.h"
#include "identity.h"
#include "respond.h"
#include "source.h"

static bool has(const request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->headers_in, name);

    return value != NULL && *value != '\0';
}

/* Whether this request, or one that it was made of, carries a token. */
static bool with_token(request_rec *r)
{
    const request_rec *at;
    ajr_bytes_t token;
    apr_uint64_t places;

    for (at = r; at != NULL; at = at->prev != NULL ? at->prev : at->main) {
        const ajr_record_t *record = ajr_record_peek(at);

        if (record != NULL && record->token.len > 0) {
            return true;
        }
    }
    return ajr_source_find(&token, &places, r) != AJR_TOKEN_MISSING;
}

/* A CORS preflight (Fetch 4.8) as it came in, whatever httpd has since made of
 * it. Browsers send no credentials with one. */
static bool preflight(request_rec *r)
{
    const request_rec *top = ajr_identity_top(r);

    return top->method_number == M_OPTIONS && has(top, "Origin") &&
           has(top, "Access-Control-Request-Method") && !with_token(r);
}

/* Admits a preflight where httpd would ask who it is, and only there: an
 * address that is refused stays refused. */
int ajr_preflight_admit(request_rec *r)
{
    ajr_record_t *record;
    int verdict;

    if (!ajr_conf_preflight(ajr_dir_conf(r)) ||
        !ajr_authn_ours(ap_auth_type(r)) || !preflight(r)) {
        return DECLINED;
    }
    record = ajr_record(r);
    record->authorizing = true;
    verdict = ap_run_access_checker_ex(r);
    record->authorizing = false;
    record->undecided = false; /* nobody is going to be asked */
    if (verdict != DECLINED && verdict != OK) {
        return verdict;
    }
    ajr_log_outcome(r, AJR_PREFLIGHT);
    return OK;
}
