/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a token that holds was revoked.
 */
#ifndef AJR_REVOCATION_H
#define AJR_REVOCATION_H

#include "record.h"

/* OK, TOKEN_REVOKED, TOKEN_SUPERSEDED, REVOCATION_STALE, or what PostgreSQL said
 * where it had to be asked, for the token that record says holds. */
ajr_outcome_t ajr_revocation_judge(request_rec *r, ajr_record_t *record);

#endif
