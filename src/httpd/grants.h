/* SPDX-License-Identifier: Apache-2.0
 *
 * Refresh tokens as the dialect of the scope has them: opaque, or a JWT.
 */
#ifndef AJR_GRANTS_H
#define AJR_GRANTS_H

#include "module.h"

/* What a token presented for refresh or logout names. Nothing in it is to be
 * believed unless OK: then a MAC or a signature held (a js1_ has neither: the
 * database alone judges it). OK, GRANT_MALFORMED, GRANT_FORGED, or what a
 * JWT lacks. */
ajr_outcome_t ajr_grants_read(ajr_grant_t *out, request_rec *r,
                              ajr_bytes_t token);

#endif
