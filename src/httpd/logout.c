/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-logout. Either token of a session ends it (RFC 7009); in most
 * dialects a token that means nothing is answered like one that did (2.2).
 */
#include "ask.h"
#include "authn.h"
#include "grants.h"
#include "handler.h"
#include "respond.h"

static ajr_outcome_t end_by_refresh(request_rec *r, ajr_bytes_t token)
{
    const ajr_store_t *store = &ajr_server_conf(r->server)->store;
    ajr_record_t *record = ajr_record(r);
    ajr_presented_t presented;
    ajr_store_present_t ask;
    ajr_outcome_t outcome = ajr_grants_read(&presented, r, token);

    if (outcome != AJR_OK) {
        return outcome;
    }
    record->sid =
        apr_pmemdup(r->pool, presented.grant.sid, sizeof(presented.grant.sid));
    ask = ajr_grants_present(r, &presented);
    if (presented.foreign) {
        const ajr_store_host_t host = ajr_grants_host(r, &presented);

        return ajr_store_logout_host(&record->detail, store, &ask, &host,
                                     r->pool);
    }
    return ajr_store_logout(&record->detail, store, &ask, r->pool);
}

/* An access token counts only while the access pipeline would take it. */
static ajr_outcome_t end_by_access(request_rec *r, ajr_bytes_t token)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    ajr_record_t *record = ajr_record(r);
    ajr_record_t *handed = ajr_record_handed(r, token);
    unsigned char *sid = apr_palloc(r->pool, AJR_SID_SIZE);
    ajr_outcome_t outcome = ajr_authn_judge_record(r, handed);

    if (outcome != AJR_OK) {
        return outcome;
    }
    if (!ajr_grant_sid_of(sid, handed->jwt->claims)) {
        return AJR_UNKNOWN;
    }
    record->sid = sid;
    return ajr_store_logout_sid(
        &record->detail, &ajr_server_conf(r->server)->store, sid,
        handed->subject, ajr_conf_site(conf), ajr_handler_client(r), r->pool);
}

static ajr_outcome_t end_by(request_rec *r, const ajr_dialect_t *dialect,
                            ajr_bytes_t token)
{
    return ajr_grant_looks_like(token) || !ajr_form_has_secret(dialect->form)
               ? end_by_refresh(r, token)
               : end_by_access(r, token);
}

int ajr_logout_run(request_rec *r)
{
    const ajr_dialect_t *dialect = ajr_conf_dialect(ajr_dir_conf(r));
    ajr_ask_t ask;
    ajr_outcome_t outcome = ajr_ask_read(&ask, r);
    bool forgiven = dialect->forgives &&
                    (outcome == AJR_OK || (ajr_handler_row(r)->any_body &&
                                           outcome != AJR_BODY_TOO_LARGE));

    if (outcome == AJR_OK) {
        outcome = end_by(r, dialect, ajr_bytes_of(ask.token));
    }
    if (outcome == AJR_LOGGED_OUT ||
        (forgiven &&
         ajr_outcome_row(outcome)->status < HTTP_INTERNAL_SERVER_ERROR)) {
        return ajr_respond_goodbye(r, outcome);
    }
    return ajr_respond_refusal(r, outcome);
}
