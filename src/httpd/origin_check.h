/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose page made this request: JwtOrigin, CSRF, and CORS.
 */
#ifndef AJR_ORIGIN_CHECK_H
#define AJR_ORIGIN_CHECK_H

#include "module.h"

/* OK when a page of this origin, or of one in JwtOrigin, made the request as
 * far as the browser says; else CSRF. Only for requests whose credentials a
 * browser adds by itself: cookies. */
ajr_outcome_t ajr_origin_check(request_rec *r);

/* Lets a page of an origin in JwtOrigin read the reply: CORS headers into
 * `headers`. Whether there is such an origin. */
bool ajr_origin_allow(request_rec *r, apr_table_t *headers);

/* The same for a preflight of methods: what may be sent, any header among it.
 * Nothing where ajr_origin_allow() has set nothing in r->headers_out. */
void ajr_origin_preflight(request_rec *r, const char *methods);

#endif
