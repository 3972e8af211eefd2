/* SPDX-License-Identifier: Apache-2.0
 *
 * A session that may go on -> the pair of tokens in the reply.
 */
#ifndef AJR_TOKENS_H
#define AJR_TOKENS_H

#include "grants.h"

/* Mints an access token and the refresh token of the session's generation,
 * and replies in the dialect of this scope. presented: the token, or at login S
 * of the new session. `outcome` is logged when all went well. Returns
 * what a handler returns. */
int ajr_tokens_reply(request_rec *r, ajr_outcome_t outcome,
                     const ajr_session_t *session,
                     const ajr_presented_t *presented);

/* JwtReplyField: adds to a reply the claims of the access token in it that
 * this scope shows; what the dialect says itself stays. False when there is no
 * memory. */
bool ajr_reply_fields_add(json_t *reply, request_rec *r, const char *token);

/* JwtMintClaim: what this scope adds to the access tokens of a subject, who is
 * r->user meanwhile. NULL when it adds nothing. OK, or MISCONFIGURED (an
 * expression fails) or INTERNAL. */
ajr_outcome_t ajr_mint_claims(json_t **out, request_rec *r,
                              const char *subject);

#endif
