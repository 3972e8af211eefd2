/* SPDX-License-Identifier: Apache-2.0
 *
 * An outcome -> status, challenge, body and the one log line, in the dialect of
 * the scope.
 */
#ifndef AJR_RESPOND_H
#define AJR_RESPOND_H

#include "module.h"

/* access() is for AuthType Bearer, the others for handlers; empty() sends
 * `status`, and what the outcome says is logged. */
void ajr_respond_challenge(request_rec *r, ajr_outcome_t outcome);
int ajr_respond_access(request_rec *r, ajr_outcome_t outcome);
int ajr_respond_refusal(request_rec *r, ajr_outcome_t outcome);
int ajr_respond_json(request_rec *r, ajr_outcome_t outcome, json_t *body);
int ajr_respond_empty(request_rec *r, ajr_outcome_t outcome, int status);

/* httpd turned the client of a handler away: its error page says
 * invalid_client. */
void ajr_respond_client(request_rec *r);

/* What a logout answers that went well, or that is not told how it went. */
int ajr_respond_goodbye(request_rec *r, ajr_outcome_t outcome);

/* login_page.c: JwtLoginPage. The URL to send this request to instead of a
 * refusal of this status, NULL = none. */
const char *ajr_login_page(request_rec *r, const ajr_incident_t *incident,
                           int status);

/* log.c: the one line of a request that we ended. */
void ajr_log_outcome(request_rec *r, ajr_outcome_t outcome);

#endif
