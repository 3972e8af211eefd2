/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-introspect (RFC 7662): a caller whom httpd has authenticated
 * asks what a token is worth. A token that is worth nothing here, for whatever
 * reason, is {"active":false} and no more (2.2).
 */
#include "body.h"
#include "inspect.h"
#include "uuid.h"

#include <string.h>

static ajr_outcome_t session_inspect(ajr_inspected_t **out, request_rec *r,
                                     const unsigned char *sid,
                                     const ajr_grant_t *grant)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    ajr_store_introspect_t ask = {.sid = sid,
                                  .grant = grant,
                                  .site = ajr_conf_site(conf),
                                  .grace = ajr_conf_refresh_grace(conf)};

    ajr_record(r)->sid = apr_pmemdup(r->pool, sid, AJR_SID_SIZE);
    return ajr_store_introspect(out, &ajr_record(r)->detail,
                                &ajr_server_conf(r->server)->store, &ask,
                                r->pool);
}

/* ---- a refresh token ---- */

static ajr_outcome_t refresh_describe(json_t **out, request_rec *r,
                                      ajr_bytes_t token)
{
    const apr_array_header_t *issuers = ajr_conf_issuers(ajr_dir_conf(r));
    ajr_inspected_t *session = NULL;
    ajr_grant_t grant;
    ajr_outcome_t outcome = ajr_grant_parse(
        &grant, token, ajr_server_refresh_keys(ajr_server_conf(r->server)),
        r->pool);

    if (outcome == AJR_OK) {
        outcome = session_inspect(&session, r, grant.sid, &grant);
    }
    if (outcome != AJR_OK) {
        return outcome;
    }
    /* token_type tells it from an access token, for which a resource server
     * must not take it. */
    *out = json_pack(
        "{sb, ss, ss, ss, sI, sI, ss*, ss*, ss*, ss}", "active", 1,
        "token_type", "refresh_token", "username", session->subject, "sub",
        session->subject, "iat", (json_int_t)apr_time_sec(session->created),
        "exp", (json_int_t)apr_time_sec(session->expires), "client_id",
        session->client, "scope", session->scope, "iss",
        apr_is_empty_array(issuers) ? NULL
                                    : APR_ARRAY_IDX(issuers, 0, const char *),
        "sid", ajr_uuid_format(grant.sid, r->pool));
    return AJR_OK;
}

/* ---- an access token ---- */

/* Of a token that somebody else minted no session is known: its claims decide
 * alone. */
static ajr_outcome_t access_judge(request_rec *r, ajr_bytes_t token)
{
    ajr_record_t *record = ajr_record(r);
    unsigned char sid[AJR_SID_SIZE];
    ajr_inspected_t *session;
    const json_t *named;
    ajr_outcome_t outcome;

    record->token = token;
    outcome = ajr_authn_judge_record(r, record);
    if (outcome != AJR_OK) {
        return outcome;
    }
    named = json_object_get(record->jwt->claims, "sid");
    if (named == NULL) {
        return AJR_OK;
    }
    return ajr_uuid_parse(sid, json_string_value(named))
               ? session_inspect(&session, r, sid, NULL)
               : AJR_UNKNOWN;
}

static ajr_outcome_t access_describe(json_t **out, request_rec *r,
                                     ajr_bytes_t token)
{
    static const char *const copied[] = {
        "scope", "client_id", "exp", "iat", "sub", "aud", "iss", "jti", "sid"};
    ajr_outcome_t outcome = access_judge(r, token);
    size_t i;

    if (outcome != AJR_OK) {
        return outcome;
    }
    *out = json_pack("{sb, ss, ss}", "active", 1, "token_type", "Bearer",
                     "username", ajr_record(r)->subject);
    for (i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
        json_t *value = json_object_get(ajr_record(r)->jwt->claims, copied[i]);

        if (value != NULL) {
            json_object_set_new(*out, copied[i], json_deep_copy(value));
        }
    }
    return AJR_OK;
}

/* ---- the handler ---- */

static int inactive(request_rec *r, ajr_outcome_t why)
{
    if (ajr_record(r)->detail == NULL) {
        ajr_record(r)->detail = ajr_outcome_row(why)->tag;
    }
    return ajr_respond_json(
        r, AJR_INACTIVE, ajr_json_own(json_pack("{sb}", "active", 0), r->pool));
}

int ajr_introspect_run(request_rec *r)
{
    const char *text = NULL;
    json_t *said = NULL;
    ajr_body_t body;
    ajr_outcome_t outcome =
        r->user == NULL ? AJR_CALLER_UNKNOWN : ajr_body_read(&body, r);

    if (outcome == AJR_OK) {
        outcome = ajr_body_needs(&text, &body, "token");
    }
    if (outcome != AJR_OK) {
        return ajr_respond_refusal(r, outcome);
    }
    outcome = ajr_grant_looks_like(ajr_bytes_of(text))
                  ? refresh_describe(&said, r, ajr_bytes_of(text))
                  : access_describe(&said, r, ajr_bytes_of(text));
    if (ajr_outcome_row(outcome)->status >= HTTP_INTERNAL_SERVER_ERROR) {
        return ajr_respond_refusal(r, outcome);
    }
    return outcome != AJR_OK
               ? inactive(r, outcome)
               : ajr_respond_json(r, AJR_OK, ajr_json_own(said, r->pool));
}
