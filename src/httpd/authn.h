/* SPDX-License-Identifier: Apache-2.0
 *
 * The access pipeline.
 */
#ifndef AJR_AUTHN_H
#define AJR_AUTHN_H

#include "record.h"

/* Whether this AuthType is ours. */
bool ajr_authn_ours(const char *auth_type);

/* Whether a token is asked for here: by AuthType Bearer, or by AuthType Basic
 * with the provider bearer. _basic: by the latter. */
bool ajr_authn_asks(request_rec *r);
bool ajr_authn_asks_basic(request_rec *r);

/* check_authn, note_auth_failure */
int ajr_authn_check(request_rec *r);
int ajr_authn_note_failure(request_rec *r, const char *auth_type);

/* Whether a token that is presented to be traded holds; of its session the
 * database is asked. _expired: exp may have passed. */
ajr_outcome_t ajr_authn_judge(const ajr_jwt_t **jwt, const char **subject,
                              ajr_bytes_t token, request_rec *r,
                              apr_pool_t *pool);
ajr_outcome_t ajr_authn_judge_expired(const ajr_jwt_t **jwt,
                                      const char **subject, ajr_bytes_t token,
                                      request_rec *r, apr_pool_t *pool);

/* The same for a JWT that is a refresh token of simplejwt and nothing else. */
#define AJR_TOKEN_TYPE_REFRESH "refresh"
ajr_outcome_t ajr_authn_judge_refresh(const ajr_jwt_t **jwt,
                                      const char **subject, ajr_bytes_t token,
                                      request_rec *r, apr_pool_t *pool);

/* What must be configured before a token can be judged, NULL = nothing. */
const char *ajr_authn_incomplete(request_rec *r, const ajr_dir_conf_t *conf);

/* Judges record->token by the policy of this scope, where a verdict that was
 * made on the way here is taken over, and asks whether it was revoked. */
ajr_outcome_t ajr_authn_judge_record(request_rec *r, ajr_record_t *record);

/* The record of the nearest request before this one that had a token. */
const ajr_record_t *ajr_authn_before(const request_rec *r);

/* The token holds: this request has its user. */
void ajr_authn_accept(request_rec *r, ajr_record_t *record);

#endif
