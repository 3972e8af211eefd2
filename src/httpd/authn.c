/* SPDX-License-Identifier: Apache-2.0
 *
 * The access pipeline: source -> verify -> policy -> revoked? -> identity.
 */
#include "authn.h"

#include <string.h>

#include "identity.h"
#include "key_files.h"
#include "origin_check.h"
#include "respond.h"
#include "revocation.h"
#include "source.h"

bool ajr_authn_ours(const char *auth_type)
{
    return auth_type != NULL && ap_cstr_casecmp(auth_type, "Bearer") == 0;
}

bool ajr_authn_asks_basic(request_rec *r)
{
    const char *auth_type;

    if ((ajr_dir_conf(r)->basic & AJR_BASIC_BEARERS) == 0) {
        return false;
    }
    auth_type = ap_auth_type(r);
    return auth_type != NULL && ap_cstr_casecmp(auth_type, "Basic") == 0;
}

bool ajr_authn_asks(request_rec *r)
{
    return ajr_authn_ours(ap_auth_type(r)) || ajr_authn_asks_basic(r);
}

/* What JwtMintClaim gives a claim as plain text, NULL = nothing. What is no
 * plain text cannot be compared: no token has an empty claim. */
static const char *minted_text(const ajr_dir_conf_t *conf, const char *name)
{
    const apr_array_header_t *claims = ajr_conf_mint_claims(conf);
    int i;

    for (i = 0; name != NULL && claims != NULL && i < claims->nelts; i++) {
        const ajr_mint_claim_t *claim =
            &APR_ARRAY_IDX(claims, i, const ajr_mint_claim_t);

        if (strcmp(claim->name, name) == 0) {
            return json_is_string(claim->value)
                       ? json_string_value(claim->value)
                       : "";
        }
    }
    return NULL;
}

static ajr_policy_t policy_of(const ajr_dir_conf_t *conf)
{
    const ajr_dialect_t *dialect = ajr_conf_dialect(conf);
    ajr_policy_t policy = {
        .issuers = ajr_conf_issuers(conf),
        .audiences = ajr_conf_audiences(conf),
        .required = ajr_conf_required(conf),
        .types = ajr_conf_types(conf),
        .subject_claim = ajr_conf_subject_claim(conf),
        .leeway = ajr_conf_leeway(conf),
        .max_lifetime = ajr_conf_max_lifetime(conf),
        .lifetime_from_nbf = dialect->style.keeps_iat,
        .demanded = dialect->demands,
        .token_type = dialect->style.token_type,
        .pinned = dialect->pinned,
        .pin = minted_text(conf, dialect->pinned),
        .whole_times = dialect->demands != NULL,
    };

    return policy;
}

/* Whether a token holds; whether it was revoked is another question, which
 * nobody may answer from memory. */
static ajr_outcome_t judge(const ajr_jwt_t **jwt, const char **subject,
                           ajr_bytes_t token, request_rec *r,
                           const ajr_policy_t *policy, apr_pool_t *pool)
{
    apr_uint64_t number;
    const ajr_keyset_t *keys = ajr_keys_judging(&number, ajr_dir_conf(r), pool);
    ajr_outcome_t outcome =
        ajr_cache_verify(jwt, ajr_server_conf(r->server)->child->cache, token,
                         keys, number, r->request_time, pool);

    *subject = NULL;
    if (outcome != AJR_OK) {
        return outcome;
    }
    return ajr_policy_judge(subject, *jwt, policy, r->request_time, pool);
}

ajr_outcome_t ajr_authn_judge(const ajr_jwt_t **jwt, const char **subject,
                              ajr_bytes_t token, request_rec *r,
                              apr_pool_t *pool)
{
    const ajr_policy_t policy = policy_of(ajr_dir_conf(r));

    return judge(jwt, subject, token, r, &policy, pool);
}

ajr_outcome_t ajr_authn_judge_expired(const ajr_jwt_t **jwt,
                                      const char **subject, ajr_bytes_t token,
                                      request_rec *r, apr_pool_t *pool)
{
    ajr_policy_t policy = policy_of(ajr_dir_conf(r));

    policy.expired_too = true;
    return judge(jwt, subject, token, r, &policy, pool);
}

ajr_outcome_t ajr_authn_judge_refresh(const ajr_jwt_t **jwt,
                                      const char **subject, ajr_bytes_t token,
                                      request_rec *r, apr_pool_t *pool)
{
    ajr_policy_t policy = policy_of(ajr_dir_conf(r));

    policy.token_type = AJR_TOKEN_TYPE_REFRESH;
    return judge(jwt, subject, token, r, &policy, pool);
}

const char *ajr_authn_incomplete(request_rec *r, const ajr_dir_conf_t *conf)
{
    if (ap_auth_name(r) == NULL) {
        return "AuthType Bearer needs AuthName, the realm of its challenge";
    }
    if (!ajr_conf_has_keys(conf)) {
        return "a JwtKey or a JwtKeySet is needed to judge tokens";
    }
    return NULL;
}

/* The request that this one was made of. */
static const request_rec *origin(const request_rec *r)
{
    return r->prev != NULL ? r->prev : r->main;
}

const ajr_record_t *ajr_authn_before(const request_rec *r)
{
    const ajr_record_t *record = NULL;

    for (r = origin(r); r != NULL; r = origin(r)) {
        record = ajr_record_peek(r);
        if (record != NULL && record->token.len > 0) {
            return record;
        }
    }
    return NULL;
}

/* The token of this request. On the way through the server, Authorization may
 * have been removed, by us or by `RequestHeader unset`: then it is the one
 * that came in, if it came in a place where it may sit here too. */
static ajr_outcome_t token_find(ajr_record_t *record, request_rec *r,
                                const ajr_dir_conf_t *conf)
{
    const ajr_record_t *before;
    ajr_outcome_t outcome = ajr_source_take(&record->token, &record->places, r);

    record->placed = conf;
    if (outcome != AJR_TOKEN_MISSING) {
        return outcome;
    }
    before = ajr_authn_before(r);
    if (before == NULL ||
        !ajr_source_accepts(conf, before->places, before->placed)) {
        return outcome;
    }
    record->token = before->token;
    record->places = before->places;
    record->placed = before->placed;
    return AJR_OK;
}

static bool bytes_same(ajr_bytes_t a, ajr_bytes_t b)
{
    return a.len == b.len && (a.data == b.data || ajr_bytes_equal_secret(a, b));
}

/* Whether a token holds by the same policy is not judged twice: not for
 * a sub-request, DirectoryIndex, a redirect or an ErrorDocument. */
static bool judged_before(ajr_record_t *record, const ajr_record_t *before,
                          const ajr_dir_conf_t *conf)
{
    if (before == NULL || !before->judged ||
        !ajr_dir_conf_same(before->conf, conf) ||
        !bytes_same(before->token, record->token)) {
        return false;
    }
    record->jwt = before->jwt;
    record->subject = before->subject;
    return true;
}

ajr_outcome_t ajr_authn_judge_record(request_rec *r, ajr_record_t *record)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    ajr_outcome_t outcome = AJR_OK;

    record->conf = conf;
    if (!judged_before(record, ajr_authn_before(r), conf)) {
        const ajr_policy_t policy = policy_of(conf);

        outcome = judge(&record->jwt, &record->subject, record->token, r,
                        &policy, ajr_identity_top(r)->pool);
    }
    return outcome == AJR_OK ? ajr_revocation_judge(r, record) : outcome;
}

/* RFC 9110 9.2.1 */
static bool safe(const request_rec *r)
{
    return r->method_number == M_GET || r->method_number == M_OPTIONS ||
           r->method_number == M_TRACE;
}

static ajr_outcome_t judge_request(request_rec *r, ajr_record_t *record)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    ajr_outcome_t outcome;

    record->detail = ajr_authn_incomplete(r, conf);
    if (record->detail != NULL) {
        return AJR_MISCONFIGURED;
    }
    outcome = token_find(record, r, conf);
    if (outcome == AJR_OK && !safe(r) &&
        ajr_source_by_cookie(record->placed, record->places)) {
        outcome = ajr_origin_check(r);
    }
    return outcome == AJR_OK ? ajr_authn_judge_record(r, record) : outcome;
}

void ajr_authn_accept(request_rec *r, ajr_record_t *record)
{
    record->judged = true;
    ajr_identity_read(record, ajr_identity_top(r)->pool);
    r->user = (char *)record->subject;
    r->ap_auth_type = (char *)record->scheme;
    ajr_identity_publish(r, record);
}

int ajr_authn_check(request_rec *r)
{
    ajr_record_t *record;
    ajr_outcome_t outcome;

    if (!ajr_authn_ours(ap_auth_type(r))) {
        return DECLINED;
    }
    record = ajr_record(r);
    record->scheme = "Bearer";
    outcome = judge_request(r, record);
    if (outcome != AJR_OK) {
        return ajr_respond_access(r, outcome);
    }
    ajr_authn_accept(r, record);
    return OK;
}

/* httpd asks for a challenge: authorization failed before or without us. */
int ajr_authn_note_failure(request_rec *r, const char *auth_type)
{
    if (!ajr_authn_ours(auth_type)) {
        return DECLINED;
    }
    if (apr_table_get(r->err_headers_out, "WWW-Authenticate") == NULL) {
        ajr_respond_challenge(r, AJR_TOKEN_MISSING);
    }
    return OK;
}
