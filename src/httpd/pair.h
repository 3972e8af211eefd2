/* SPDX-License-Identifier: Apache-2.0
 *
 * Dialect pair: an access token that must come with the refresh token.
 */
#ifndef AJR_PAIR_H
#define AJR_PAIR_H

#include "module.h"

/* Judges the access token that came along, NULL = none; it may have expired.
 * It is then in the record. OK, TOKEN_MISSING, or what the access pipeline
 * would say. */
ajr_outcome_t ajr_pair_judge(request_rec *r, const char *access);

/* Whether it belongs to the refresh token: OK or TOKEN_MISMATCH. Of the latter
 * the database keeps an event for each session and minute. */
ajr_outcome_t ajr_pair_match(request_rec *r, const ajr_grant_t *grant);

#endif
