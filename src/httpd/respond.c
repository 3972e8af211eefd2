/* SPDX-License-Identifier: Apache-2.0
 *
 * An outcome -> status, challenge, body and the one log line.
 */
#include "respond.h"

#include <string.h>

#include "authn.h"
#include "handler.h"
#include "origin_check.h"
#include "refresh_cookie.h"
#include "refusal.h"

/* Seconds after which a client may try again: the pool's back-off has ended
 * by then, and a database that is back answers. */
#define RETRY_AFTER "1"

/* JwtErrorText of this scope, NULL = the dialect's own. */
static const char *text_configured(const ajr_dir_conf_t *conf,
                                   ajr_outcome_t outcome)
{
    const apr_array_header_t *texts = ajr_conf_error_texts(conf);
    int i;

    for (i = 0; texts != NULL && i < texts->nelts; i++) {
        const ajr_error_text_t *entry =
            &APR_ARRAY_IDX(texts, i, const ajr_error_text_t);

        if (entry->outcome == outcome) {
            return entry->text;
        }
    }
    return NULL;
}

static ajr_incident_t incident_of(request_rec *r, ajr_outcome_t outcome,
                                  ajr_place_t place)
{
    ajr_incident_t incident = {.outcome = outcome, .place = place};

    incident.text = text_configured(ajr_dir_conf(r), outcome);
    /* HttpProtocolOptions Unsafe lets through what JSON cannot hold. */
    incident.method =
        ajr_text_printable(ajr_bytes_of(r->method)) ? r->method : NULL;
    incident.fields = ajr_record(r)->missing;
    incident.explains = ajr_conf_reply_header(ajr_dir_conf(r));
    return incident;
}

/* Who speaks Basic is no client of a dialect. */
static const ajr_dialect_t *dialect_of(request_rec *r, ajr_place_t place)
{
    return place == AJR_PLACE_API && !ajr_authn_ours(ap_auth_type(r))
               ? ajr_dialect_find(NULL)
               : ajr_conf_dialect(ajr_dir_conf(r));
}

/* ---- challenge ---- */

/* "Bearer realm=.."; httpd has escaped the quotes of AuthName. */
static const char *scheme_and_realm(request_rec *r, const char *scheme)
{
    const char *realm = ap_auth_name(r);

    return apr_pstrcat(r->pool, scheme, " realm=\"", realm ? realm : "", "\"",
                       NULL);
}

/* RFC 6750 3: no error code for a request without credentials. */
static const char *bearer_challenge(request_rec *r, ajr_outcome_t outcome,
                                    const ajr_refusal_t *refusal)
{
    const char *error = ajr_outcome_row(outcome)->error;
    const char *challenge = scheme_and_realm(r, "Bearer");

    if (error != NULL && !refusal->realm_alone) {
        challenge = apr_pstrcat(r->pool, challenge, ", error=\"", error,
                                "\", error_description=\"",
                                refusal->description, "\"", NULL);
    }
    /* Scopes have no quote and no backslash: the configuration saw to it. */
    if (outcome == AJR_SCOPE_INSUFFICIENT && ajr_record(r)->scopes != NULL) {
        challenge = apr_pstrcat(r->pool, challenge, ", scope=\"",
                                ajr_record(r)->scopes, "\"", NULL);
    }
    return challenge;
}

static const char *challenge_header(const request_rec *r)
{
    return r->proxyreq == PROXYREQ_PROXY ? "Proxy-Authenticate"
                                         : "WWW-Authenticate";
}

/* Who speaks Basic learns that by its own challenge, and nothing else. */
static void challenge_set(request_rec *r, const ajr_incident_t *incident,
                          const ajr_refusal_t *refusal)
{
    const char *challenge;

    if (!refusal->challenged) {
        return;
    }
    if (incident->place != AJR_PLACE_API || ajr_authn_ours(ap_auth_type(r))) {
        challenge = bearer_challenge(r, incident->outcome, refusal);
    } else if (refusal->status == HTTP_UNAUTHORIZED) {
        challenge = scheme_and_realm(r, "Basic");
    } else {
        /* httpd has put one there; no other password would help. */
        apr_table_unset(r->err_headers_out, challenge_header(r));
        return;
    }
    apr_table_setn(r->err_headers_out, challenge_header(r), challenge);
}

void ajr_respond_challenge(request_rec *r, ajr_outcome_t outcome)
{
    const ajr_incident_t incident = incident_of(r, outcome, AJR_PLACE_API);
    const ajr_refusal_t refusal =
        ajr_dialect_refuse(dialect_of(r, AJR_PLACE_API), &incident);

    challenge_set(r, &incident, &refusal);
}

/* ---- AuthType Bearer ---- */

static int page_show(request_rec *r, const char *page)
{
    apr_table_setn(r->err_headers_out, "Location", page);
    apr_table_mergen(r->err_headers_out, "Vary", "Accept, X-Requested-With");
    return HTTP_MOVED_TEMPORARILY;
}

/* A refusal of the access pipeline writes no body: httpd does, or the
 * administrator's ErrorDocument. */
int ajr_respond_access(request_rec *r, ajr_outcome_t outcome)
{
    const ajr_incident_t incident = incident_of(r, outcome, AJR_PLACE_API);
    ajr_refused_t refused = {dialect_of(r, AJR_PLACE_API), incident, 0, NULL};
    ajr_refusal_t refusal = ajr_dialect_refuse(refused.dialect, &incident);
    const char *page = ajr_login_page(r, &incident, refusal.status);

    ajr_log_outcome(r, outcome);
    ajr_origin_allow(r, r->err_headers_out);
    if (page != NULL) {
        apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
        return page_show(r, page);
    }
    if (refusal.status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER);
    }
    challenge_set(r, &incident, &refusal);
    refused.status =
        refusal.status == HTTP_UNAUTHORIZED && r->proxyreq == PROXYREQ_PROXY
            ? HTTP_PROXY_AUTHENTICATION_REQUIRED
            : refusal.status;
    refused.challenge = apr_table_get(r->err_headers_out, "WWW-Authenticate");
    ajr_refusal_note(r, &refused);
    return refused.status;
}

/* ---- handlers ---- */

/* RFC 6749 5.2, for RFC 7009 and RFC 7662 as well. */
void ajr_respond_client(request_rec *r)
{
    const ajr_handler_t *handler = ajr_record(r)->handler;
    const ajr_refused_t refused = {
        ajr_conf_dialect(ajr_dir_conf(r)),
        incident_of(r, AJR_CLIENT_REFUSED, handler->place), HTTP_UNAUTHORIZED,
        NULL};

    ajr_log_outcome(r, AJR_CLIENT_REFUSED);
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->err_headers_out, "Pragma", "no-cache");
    ajr_refusal_note(r, &refused);
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
    if (status != HTTP_NO_CONTENT) {
        ap_set_content_length(r, 0);
    }
    return OK;
}

static int text_send(request_rec *r, ajr_outcome_t outcome, int status,
                     const char *type, const char *text)
{
    ajr_log_outcome(r, outcome);
    head(r, status);
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)strlen(text));
    ap_rputs(text, r);
    return OK;
}

static int json_send(request_rec *r, ajr_outcome_t outcome, int status,
                     const json_t *body)
{
    const char *text = ajr_json_text(body, r->pool);

    return text == NULL
               ? ajr_respond_empty(r, AJR_INTERNAL, HTTP_INTERNAL_SERVER_ERROR)
               : text_send(r, outcome, status, "application/json", text);
}

int ajr_respond_json(request_rec *r, ajr_outcome_t outcome, json_t *body)
{
    return json_send(r, outcome, ajr_outcome_row(outcome)->status, body);
}

static void refusal_headers(request_rec *r, const ajr_incident_t *incident,
                            const ajr_refusal_t *refusal)
{
    const ajr_dialect_t *dialect = ajr_conf_dialect(ajr_dir_conf(r));
    int own = ajr_outcome_row(incident->outcome)->status;

    if (refusal->status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->headers_out, "Retry-After", RETRY_AFTER);
    }
    if (refusal->status == HTTP_METHOD_NOT_ALLOWED) {
        apr_table_setn(r->headers_out, "Allow", ajr_handler_methods(r));
    }
    challenge_set(r, incident, refusal);
    if (incident->place == AJR_PLACE_REFRESH && dialect->cookie &&
        (own == HTTP_UNAUTHORIZED || own == HTTP_BAD_REQUEST)) {
        ajr_refresh_cookie_clear(r);
    }
}

int ajr_respond_refusal(request_rec *r, ajr_outcome_t outcome)
{
    const ajr_dialect_t *dialect = ajr_conf_dialect(ajr_dir_conf(r));
    ajr_place_t place = ajr_record(r)->handler->place;
    const ajr_incident_t incident = incident_of(r, outcome, place);
    ajr_refusal_t refusal = ajr_dialect_refuse(dialect, &incident);
    const char *page = ajr_login_page(r, &incident, refusal.status);

    if (page != NULL) {
        return ajr_respond_empty(r, outcome, page_show(r, page));
    }
    refusal_headers(r, &incident, &refusal);
    if (refusal.page) {
        return text_send(r, outcome, refusal.status, "text/html; charset=utf-8",
                         refusal.text);
    }
    return json_send(
        r, outcome, refusal.status,
        ajr_json_own(dialect->refusal(&refusal, &incident), r->pool));
}

int ajr_respond_goodbye(request_rec *r, ajr_outcome_t outcome)
{
    const ajr_dialect_t *dialect = ajr_conf_dialect(ajr_dir_conf(r));
    const ajr_incident_t incident =
        incident_of(r, AJR_LOGGED_OUT, AJR_PLACE_LOGOUT);
    const ajr_refusal_t said = ajr_dialect_refuse(dialect, &incident);

    if (dialect->cookie) {
        ajr_refresh_cookie_clear(r);
    }
    if (dialect->goodbye == NULL) {
        return ajr_respond_empty(r, outcome, dialect->ended);
    }
    return json_send(r, outcome, dialect->ended,
                     ajr_json_own(dialect->goodbye(said.text), r->pool));
}
