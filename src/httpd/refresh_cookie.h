/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtCookie: the refresh token in a cookie.
 */
#ifndef AJR_REFRESH_COOKIE_H
#define AJR_REFRESH_COOKIE_H

#include "module.h"

/* The refresh token in the cookie of this scope: of several the first that is
 * genuine, else the first. NULL = none. */
const char *ajr_refresh_cookie_find(request_rec *r);

/* Puts a token into the reply, for as long as the session lives. */
void ajr_refresh_cookie_set(request_rec *r, const char *token,
                            apr_interval_time_t remaining);

/* Clears the cookie, if one was sent. */
void ajr_refresh_cookie_clear(request_rec *r);

#endif
