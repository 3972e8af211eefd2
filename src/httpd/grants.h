/* SPDX-License-Identifier: Apache-2.0
 *
 * Refresh tokens as the dialect of the scope has them: opaque, or a JWT, which
 * the host may have minted itself.
 */
#ifndef AJR_GRANTS_H
#define AJR_GRANTS_H

#include "adopt.h"
#include "module.h"

/* What was presented. */
typedef struct ajr_presented_t {
    ajr_grant_t grant;
    const json_t *claims; /* of a JWT; NULL = it is opaque */
    const char *subject;  /* of that JWT */
    bool foreign;         /* the host minted it: sid is derived, generation 0 */
} ajr_presented_t;

/* What a token presented for refresh or logout names. Nothing in it is to be
 * believed unless OK: then a MAC or a signature held (a js1_ has neither: the
 * database alone judges it). OK, GRANT_MALFORMED, GRANT_FORGED, or what a
 * JWT lacks; UNKNOWN: the host minted it, and JwtAdopt is off. */
ajr_outcome_t ajr_grants_read(ajr_presented_t *out, request_rec *r,
                              ajr_bytes_t token);

/* What the store is told of it; host() for one that is foreign. */
ajr_store_present_t ajr_grants_present(request_rec *r,
                                       const ajr_presented_t *presented);
ajr_store_host_t ajr_grants_host(request_rec *r,
                                 const ajr_presented_t *presented);

#endif
