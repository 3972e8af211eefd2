/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens.h"

#include "authn.h"
#include "mint.h"
#include "random.h"
#include "refresh_cookie.h"
#include "respond.h"

#include <string.h>

/* tymon's iss. Nobody here believes it: it is what the client's Host says. */
static const char *issuer(request_rec *r, const ajr_dir_conf_t *conf)
{
    const char *configured = ajr_conf_issuer(conf);

    return configured == NULL && ajr_conf_dialect(conf)->style.url_issuer
               ? ap_construct_url(r->pool, ap_escape_uri(r->pool, r->uri), r)
               : configured;
}

/* iat of the token traded, where that is kept; 0 = now. */
static apr_time_t first_issued(const ajr_dir_conf_t *conf, const json_t *traded)
{
    json_int_t iat = json_integer_value(json_object_get(traded, "iat"));

    return ajr_conf_refresh_iat(conf) == AJR_IAT_ORIGINAL && iat > 0 &&
                   iat <= apr_time_sec(APR_INT64_MAX)
               ? apr_time_from_sec(iat)
               : 0;
}

/* What both tokens of a session say, where both are JWTs. */
static ajr_outcome_t mint_prepare(ajr_mint_t *mint, request_rec *r,
                                  const ajr_session_t *session)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    json_t *configured = NULL;
    ajr_outcome_t outcome = ajr_mint_claims(&configured, r, session->subject);

    memset(mint, 0, sizeof(*mint));
    mint->issuer = issuer(r, conf);
    mint->audiences = ajr_conf_audiences(conf);
    mint->subject_claim = ajr_conf_subject_claim(conf);
    mint->subject = session->subject;
    mint->client = session->client;
    mint->scope = session->scope;
    mint->generation = session->generation;
    mint->claims = session->claims;
    mint->configured = configured;
    memcpy(mint->sid, session->sid, sizeof(mint->sid));
    return outcome;
}

static ajr_outcome_t mint_sign(const char **token, apr_int64_t *expires_in,
                               ajr_mint_t *mint, request_rec *r)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);

    if (!ajr_random_fill(mint->jti, sizeof(mint->jti))) {
        return AJR_INTERNAL;
    }
    return ajr_mint_access(
        token, expires_in, mint, ajr_conf_dialect(conf)->access_type,
        ajr_keyset_signer(ajr_conf_keys(conf)), r->request_time, r->pool);
}

static ajr_outcome_t access_mint(ajr_reply_t *reply, request_rec *r,
                                 const ajr_session_t *session,
                                 const ajr_presented_t *presented)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    ajr_mint_t mint;
    ajr_outcome_t outcome = mint_prepare(&mint, r, session);

    if (outcome != AJR_OK) {
        return outcome;
    }
    mint.style = &ajr_conf_dialect(conf)->style;
    mint.first_issued = first_issued(conf, presented->claims);
    /* An access token never outlives its session. */
    mint.lifetime = ajr_conf_access_lifetime(conf);
    if (mint.lifetime > session->remaining) {
        mint.lifetime = session->remaining;
    }
    return mint_sign(&reply->access_token, &reply->expires_in, &mint, r);
}

/* A JWT as old as the session may become, for what the host copies from it
 * into access tokens once httpd is taken out again. */
static ajr_outcome_t jwt_refresh_mint(ajr_reply_t *reply, request_rec *r,
                                      const ajr_session_t *session)
{
    ajr_mint_style_t style = ajr_conf_dialect(ajr_dir_conf(r))->style;
    ajr_mint_t mint;
    apr_int64_t expires_in;
    ajr_outcome_t outcome = mint_prepare(&mint, r, session);

    if (outcome != AJR_OK) {
        return outcome;
    }
    style.token_type = AJR_TOKEN_TYPE_REFRESH;
    mint.style = &style;
    mint.lifetime = session->remaining;
    return mint_sign(&reply->refresh_token, &expires_in, &mint, r);
}

static ajr_outcome_t opaque_refresh_mint(ajr_reply_t *reply, request_rec *r,
                                         const ajr_session_t *session,
                                         const ajr_grant_t *presented)
{
    const apr_array_header_t *keys =
        ajr_server_refresh_keys(ajr_server_conf(r->server));
    ajr_grant_t grant = *presented;

    memcpy(grant.sid, session->sid, sizeof(grant.sid));
    grant.generation = session->generation;
    reply->refresh_token = ajr_grant_build(
        &grant, APR_ARRAY_IDX(keys, 0, const ajr_grant_key_t *), r->pool);
    return reply->refresh_token == NULL ? AJR_INTERNAL : AJR_OK;
}

/* The token of the session's generation, in the family of the one presented.
 * Laravel's sessions have none: the access token is it. */
static ajr_outcome_t refresh_mint(ajr_reply_t *reply, request_rec *r,
                                  const ajr_session_t *session,
                                  const ajr_grant_t *presented)
{
    switch (presented->form) {
    case AJR_FORM_LARAVEL:
        return AJR_OK;
    case AJR_FORM_SIMPLEJWT:
        return reply->renewed ? jwt_refresh_mint(reply, r, session) : AJR_OK;
    case AJR_FORM_JR1:
    case AJR_FORM_JS1:
        break;
    }
    return opaque_refresh_mint(reply, r, session, presented);
}

int ajr_tokens_reply(request_rec *r, ajr_outcome_t outcome,
                     const ajr_session_t *session,
                     const ajr_presented_t *presented)
{
    const ajr_dir_conf_t *conf = ajr_dir_conf(r);
    ajr_reply_t reply = {
        .scope = session->scope,
        .renewed = outcome == AJR_LOGGED_IN || ajr_conf_rotates(conf) ||
                   session->generation != presented->grant.generation};
    ajr_outcome_t minted = access_mint(&reply, r, session, presented);
    json_t *body;

    if (minted == AJR_OK) {
        minted = refresh_mint(&reply, r, session, &presented->grant);
    }
    if (minted != AJR_OK) {
        return ajr_respond_refusal(r, minted);
    }
    if (ajr_conf_dialect(conf)->cookie) {
        ajr_refresh_cookie_set(r, reply.refresh_token, session->remaining);
    }
    if (ajr_conf_reply_header(conf)) {
        apr_table_setn(
            r->headers_out, "Authorization",
            apr_pstrcat(r->pool, "Bearer ", reply.access_token, NULL));
    }
    body = ajr_json_own(ajr_conf_dialect(conf)->reply(&reply), r->pool);
    if (body == NULL || !ajr_reply_fields_add(body, r, reply.access_token)) {
        return ajr_respond_refusal(r, AJR_INTERNAL);
    }
    return ajr_respond_json(r, outcome, body);
}
