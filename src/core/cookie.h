/* SPDX-License-Identifier: Apache-2.0
 *
 * The refresh cookie: its name and attributes, and the Set-Cookie lines made
 * of them (RFC 6265bis 4.1).
 */
#ifndef AJR_COOKIE_H
#define AJR_COOKIE_H

#include <stdbool.h>

#include <apr_pools.h>

/* Read-only once made. */
typedef struct ajr_cookie_t {
    const char *name;
    const char *attributes; /* "; Path=/; Secure", or "" */
    bool secure;
    bool http_only;
} ajr_cookie_t;

/* __Host-refresh; Path=/; Secure; HttpOnly; SameSite=Strict */
extern const ajr_cookie_t ajr_cookie_default;

/* Reads "name", which has the attributes of the default, or "name; Path=/;
 * Secure", with or without the first semicolon. Attributes: Path, Domain,
 * Secure, HttpOnly, SameSite, Partitioned. NULL, or a sentence without
 * subject: of unknown attributes, and of those that a browser would refuse
 * with this name. */
const char *ajr_cookie_make(ajr_cookie_t **out, const char *text,
                            apr_pool_t *pool);

/* The value of Set-Cookie. A value of "" clears the cookie. */
const char *ajr_cookie_line(const ajr_cookie_t *cookie, const char *value,
                            apr_int64_t max_age, apr_pool_t *pool);

#endif
