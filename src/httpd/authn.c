/* SPDX-License-Identifier: Apache-2.0
 *
 * The access pipeline: source -> verify -> policy -> identity.
 */
#include "module.h"

static bool bearer(const char *auth_type)
{
    return auth_type != NULL && ap_cstr_casecmp(auth_type, "Bearer") == 0;
}

static ajr_policy_t policy_of(const ajr_dir_conf_t *conf)
{
    ajr_policy_t policy = {
        .issuers = ajr_conf_issuers(conf),
        .audiences = ajr_conf_audiences(conf),
        .required = ajr_conf_required(conf),
        .types = ajr_conf_types(conf),
        .subject_claim = ajr_conf_subject_claim(conf),
        .leeway = ajr_conf_leeway(conf),
        .max_lifetime = ajr_conf_max_lifetime(conf),
    };

    return policy;
}

ajr_outcome_t ajr_authn_judge(const ajr_jwt_t **jwt, const char **subject,
                              ajr_bytes_t token, request_rec *r)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    const ajr_keyset_t *keys = ajr_conf_keys(conf);
    const ajr_policy_t policy = policy_of(conf);
    /* Key sets of the configuration are never freed: their address is a number
     * that no other set has. */
    ajr_outcome_t outcome = ajr_cache_verify(
        jwt, ajr_server_conf(r->server)->cache, token, keys,
        (apr_uint64_t)(apr_uintptr_t)keys, r->request_time, r->pool);

    *subject = NULL;
    if (outcome != AJR_OK) {
        return outcome;
    }
    return ajr_policy_judge(subject, *jwt, &policy, r->request_time, r->pool);
}

/* What must be configured before any token can be judged. */
static const char *incomplete(request_rec *r, const ajr_dir_conf_t *conf)
{
    if (ap_auth_name(r) == NULL) {
        return "AuthType Bearer needs AuthName, the realm of its challenge";
    }
    if (ajr_conf_keys(conf) == NULL) {
        return "AuthType Bearer needs a JwtKey";
    }
    return NULL;
}

static ajr_outcome_t judge_request(request_rec *r, ajr_record_t *record)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    ajr_bytes_t token;
    ajr_outcome_t outcome;

    record->detail = incomplete(r, conf);
    if (record->detail != NULL) {
        return AJR_MISCONFIGURED;
    }
    outcome = ajr_source_find(&token, r);
    if (outcome != AJR_OK) {
        return outcome;
    }
    record->token = token;
    return ajr_authn_judge(&record->jwt, &record->subject, token, r);
}

int ajr_authn_check(request_rec *r)
{
    ajr_record_t *record;
    ajr_outcome_t outcome;

    if (!bearer(ap_auth_type(r))) {
        return DECLINED;
    }
    record = ajr_record(r);
    outcome = judge_request(r, record);
    if (outcome != AJR_OK) {
        return ajr_respond_access(r, outcome);
    }
    record->judged = true;
    r->user = (char *)record->subject;
    r->ap_auth_type = (char *)"Bearer";
    ajr_identity_publish(r, record);
    return OK;
}

/* Runs before httpd's own authorization and runs that under a guard: where it
 * refuses a token that is good, the answer is 403 insufficient_scope (RFC 6750
 * 3.1) and not httpd's 401, on which clients would refresh for ever. */
int ajr_authn_authorize(request_rec *r)
{
    ajr_record_t *record;
    int verdict;

    if (!bearer(ap_auth_type(r))) {
        return DECLINED;
    }
    record = ajr_record(r);
    if (!record->judged || record->authorizing) {
        return DECLINED;
    }
    record->authorizing = true;
    verdict = ap_run_auth_checker(r);
    record->authorizing = false;
    if (verdict == HTTP_UNAUTHORIZED || verdict == HTTP_FORBIDDEN) {
        return ajr_respond_access(r, AJR_SCOPE_INSUFFICIENT);
    }
    return verdict;
}

/* httpd asks for a challenge: authorization failed before or without us. */
int ajr_authn_note_failure(request_rec *r, const char *auth_type)
{
    if (!bearer(auth_type)) {
        return DECLINED;
    }
    if (apr_table_get(r->err_headers_out, "WWW-Authenticate") == NULL) {
        ajr_respond_challenge(r, AJR_TOKEN_MISSING);
    }
    return OK;
}
