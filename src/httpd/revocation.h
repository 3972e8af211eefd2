/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a token that holds was revoked.
 */
#ifndef AJR_REVOCATION_H
#define AJR_REVOCATION_H

#include "record.h"

/* Of the token that record says holds: OK, TOKEN_REVOKED, TOKEN_SUPERSEDED,
 * REVOCATION_STALE, or what PostgreSQL said where it had to be asked. */
ajr_outcome_t ajr_revocation_judge(request_rec *r, ajr_record_t *record);

#endif
