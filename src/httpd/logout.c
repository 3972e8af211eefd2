/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-logout: token revocation (RFC 7009). Either token of a
 * session ends it; a token that means nothing is answered like one that did
 * (RFC 7009 2.2).
 */
#include "body.h"
#include "tokens.h"
#include "uuid.h"

#include <string.h>

static ajr_outcome_t end_by_refresh(request_rec *r, ajr_bytes_t token)
{
    const ajr_server_conf_t *server = ajr_server_conf(r->server);
    ajr_record_t *record = ajr_record(r);
    ajr_grant_t grant;
    ajr_store_present_t ask = {.grant = &grant,
                               .site = ajr_conf_site(ajr_dir_conf(r)),
                               .client = ajr_handler_client(r)};
    ajr_outcome_t outcome = ajr_grant_parse(
        &grant, token, ajr_server_refresh_keys(server), r->pool);

    if (outcome != AJR_OK) {
        return outcome;
    }
    record->sid = apr_pmemdup(r->pool, grant.sid, sizeof(grant.sid));
    return ajr_store_logout(&record->detail, &server->store, &ask, r->pool);
}

/* An access token counts only while the access pipeline would take it. */
static ajr_outcome_t end_by_access(request_rec *r, ajr_bytes_t token)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    ajr_record_t *record = ajr_record(r);
    unsigned char *sid = apr_palloc(r->pool, AJR_SID_SIZE);
    ajr_outcome_t outcome;

    record->token = token;
    outcome =
        ajr_authn_judge(&record->jwt, &record->subject, token, r, r->pool);
    if (outcome != AJR_OK) {
        return outcome;
    }
    if (!ajr_uuid_parse(sid, json_string_value(json_object_get(
                                 record->jwt->claims, "sid")))) {
        return AJR_UNKNOWN;
    }
    record->sid = sid;
    return ajr_store_logout_sid(
        &record->detail, &ajr_server_conf(r->server)->store, sid,
        ajr_conf_site(conf), ajr_handler_client(r), r->pool);
}

int ajr_logout_run(request_rec *r)
{
    const char *text = NULL;
    ajr_body_t body;
    ajr_bytes_t token;
    ajr_outcome_t outcome = ajr_body_read(&body, r);

    if (outcome == AJR_OK) {
        outcome = ajr_body_needs(&text, &body, "token");
    }
    if (outcome != AJR_OK) {
        return ajr_respond_refusal(r, outcome);
    }
    token = ajr_bytes_of(text);
    outcome = ajr_grant_looks_like(token) ? end_by_refresh(r, token)
                                          : end_by_access(r, token);
    if (ajr_outcome_row(outcome)->status >= HTTP_INTERNAL_SERVER_ERROR) {
        return ajr_respond_refusal(r, outcome);
    }
    return ajr_respond_empty(r, outcome, HTTP_OK);
}
