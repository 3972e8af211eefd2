/* SPDX-License-Identifier: Apache-2.0
 *
 * An outcome -> status, challenge, body and the one log line.
 */
#include "module.h"

#include <stdlib.h>
#include <string.h>

/* Seconds after which a client may try again: the pool's back-off has ended
 * by then, and a database that is back answers. */
#define RETRY_AFTER "1"

/* "Bearer realm=.."; httpd has escaped the quotes of AuthName. */
static const char *scheme_and_realm(request_rec *r, const char *scheme)
{
    const char *realm = ap_auth_name(r);

    return apr_pstrcat(r->pool, scheme, " realm=\"", realm ? realm : "", "\"",
                       NULL);
}

/* RFC 6750 3: no error code for a request without credentials. */
static const char *bearer_challenge(request_rec *r, ajr_outcome_t outcome)
{
    const ajr_outcome_row_t *row = ajr_outcome_row(outcome);
    const char *challenge = scheme_and_realm(r, "Bearer");

    if (row->error != NULL) {
        challenge =
            apr_pstrcat(r->pool, challenge, ", error=\"", row->error,
                        "\", error_description=\"", row->text, "\"", NULL);
    }
    /* Scopes have no quote and no backslash: the configuration saw to it. */
    if (outcome == AJR_SCOPE_INSUFFICIENT && ajr_record(r)->scopes != NULL) {
        challenge = apr_pstrcat(r->pool, challenge, ", scope=\"",
                                ajr_record(r)->scopes, "\"", NULL);
    }
    return challenge;
}

/* Who speaks Basic learns that by its own challenge, and nothing else. */
void ajr_respond_challenge(request_rec *r, ajr_outcome_t outcome)
{
    const char *challenge;

    if (ajr_authn_ours(ap_auth_type(r))) {
        challenge = bearer_challenge(r, outcome);
    } else if (ajr_outcome_row(outcome)->status == HTTP_UNAUTHORIZED) {
        challenge = scheme_and_realm(r, "Basic");
    } else {
        /* httpd has put one there; no other password would help. */
        apr_table_unset(r->err_headers_out, "WWW-Authenticate");
        return;
    }
    apr_table_setn(r->err_headers_out,
                   r->proxyreq == PROXYREQ_PROXY ? "Proxy-Authenticate"
                                                 : "WWW-Authenticate",
                   challenge);
}

/* A refusal of the access pipeline writes no body: httpd does, or the
 * administrator's ErrorDocument. */
int ajr_respond_access(request_rec *r, ajr_outcome_t outcome)
{
    const ajr_outcome_row_t *row = ajr_outcome_row(outcome);

    ajr_log_outcome(r, outcome);
    if (row->status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER);
    } else if (row->status < 500) {
        ajr_respond_challenge(r, outcome);
    }
    ajr_refusal_note(r, outcome,
                     apr_table_get(r->err_headers_out, "WWW-Authenticate"));
    if (row->status == HTTP_UNAUTHORIZED && r->proxyreq == PROXYREQ_PROXY) {
        return HTTP_PROXY_AUTHENTICATION_REQUIRED;
    }
    return row->status;
}

/* RFC 6749 5.1: nobody on the way keeps what a handler says. */
static void head(request_rec *r, int status)
{
    r->status = status;
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "Pragma", "no-cache");
}

int ajr_respond_empty(request_rec *r, ajr_outcome_t outcome, int status)
{
    ajr_log_outcome(r, outcome);
    head(r, status);
    ap_set_content_length(r, 0);
    return OK;
}

int ajr_respond_json(request_rec *r, ajr_outcome_t outcome, json_t *body)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);

    if (text == NULL) {
        return ajr_respond_empty(r, AJR_INTERNAL, HTTP_INTERNAL_SERVER_ERROR);
    }
    ajr_log_outcome(r, outcome);
    head(r, ajr_outcome_row(outcome)->status);
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, (apr_off_t)strlen(text));
    ap_rputs(text, r);
    free(text);
    return OK;
}

int ajr_respond_refusal(request_rec *r, ajr_outcome_t outcome)
{
    const ajr_outcome_row_t *row = ajr_outcome_row(outcome);
    const ajr_dialect_t *dialect = ajr_conf_dialect(ajr_dir_conf(r));

    if (row->status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->headers_out, "Retry-After", RETRY_AFTER);
    }
    if (row->status == HTTP_METHOD_NOT_ALLOWED) {
        apr_table_setn(r->headers_out, "Allow",
                       ajr_record(r)->handler->methods);
    }
    return ajr_respond_json(r, outcome,
                            ajr_json_own(dialect->refusal(row), r->pool));
}
