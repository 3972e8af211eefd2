/* SPDX-License-Identifier: Apache-2.0 */
#include "worth.h"

#include <string.h>

#include "authn.h"
#include "grants.h"

/* grant NULL: of an access token, which names its session. */
static ajr_outcome_t session_find(ajr_worth_t *out, request_rec *r,
                                  const unsigned char *sid,
                                  const ajr_grant_t *grant)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    ajr_store_introspect_t ask = {.sid = sid,
                                  .grant = grant,
                                  .subject = out->subject,
                                  .site = ajr_conf_site(conf),
                                  .grace = ajr_conf_refresh_grace(conf)};
    ajr_inspected_t *session = NULL;
    ajr_outcome_t outcome;

    out->sid = apr_pmemdup(r->pool, sid, AJR_SID_SIZE);
    ajr_record(r)->sid = out->sid;
    outcome =
        ajr_store_introspect(&session, &ajr_record(r)->detail,
                             &ajr_server_conf(r->server)->store, &ask, r->pool);
    out->session = session;
    if (out->subject == NULL && session != NULL) {
        out->subject = session->subject;
    }
    return outcome;
}

static ajr_outcome_t opaque_find(ajr_worth_t *out, request_rec *r,
                                 ajr_bytes_t token)
{
    ajr_grant_t grant;
    ajr_outcome_t outcome = ajr_grant_parse(
        &grant, token, ajr_server_refresh_keys(ajr_server_conf(r->server)),
        r->pool);

    out->refresh = true;
    return outcome == AJR_OK ? session_find(out, r, grant.sid, &grant)
                             : outcome;
}

static ajr_outcome_t access_find(ajr_worth_t *out, request_rec *r,
                                 ajr_bytes_t token)
{
    ajr_record_t *handed = ajr_record_handed(r, token);
    unsigned char sid[AJR_SID_SIZE];
    ajr_outcome_t outcome = ajr_authn_judge_record(r, handed);

    if (outcome != AJR_OK) {
        return outcome;
    }
    out->claims = handed->jwt->claims;
    out->subject = handed->subject;
    if (json_object_get(out->claims, "sid") == NULL) {
        return AJR_OK;
    }
    return ajr_grant_sid_of(sid, out->claims) ? session_find(out, r, sid, NULL)
                                              : AJR_UNKNOWN;
}

/* A refresh token that is a JWT. */
static ajr_outcome_t refresh_find(ajr_worth_t *out, request_rec *r,
                                  ajr_bytes_t token)
{
    ajr_presented_t presented;
    ajr_outcome_t outcome = ajr_grants_read(&presented, r, token);

    out->refresh = true;
    if (outcome != AJR_OK) {
        return outcome;
    }
    out->claims = presented.claims;
    out->subject = presented.subject;
    outcome = session_find(out, r, presented.grant.sid, &presented.grant);
    return outcome == AJR_UNKNOWN && presented.foreign ? AJR_OK : outcome;
}

ajr_outcome_t ajr_worth_find(ajr_worth_t *out, request_rec *r,
                             ajr_bytes_t token)
{
    ajr_form_t form = ajr_conf_dialect(ajr_dir_conf(r))->form;
    ajr_outcome_t outcome;

    memset(out, 0, sizeof(*out));
    if (ajr_grant_looks_like(token)) {
        return opaque_find(out, r, token);
    }
    outcome = access_find(out, r, token);
    return outcome == AJR_TYPE_REFUSED && form == AJR_FORM_SIMPLEJWT
               ? refresh_find(out, r, token)
               : outcome;
}
