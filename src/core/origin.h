/* SPDX-License-Identifier: Apache-2.0
 *
 * Origins (RFC 6454): scheme, host and port as browsers write them.
 */
#ifndef AJR_ORIGIN_H
#define AJR_ORIGIN_H

#include <apr_pools.h>

/* The origin of scheme and authority ("Example.org:443") in the spelling of
 * browsers: lower case, without the scheme's own port. NULL for schemes other
 * than http and https, and for what is no host. */
const char *ajr_origin_make(const char *scheme, const char *authority,
                            apr_pool_t *pool);

/* The origin of an absolute URL, NULL when it has none: another scheme, a name
 * before an @, no host. */
const char *ajr_origin_of_url(const char *url, apr_pool_t *pool);

/* The same for text that is an origin and nothing more. */
const char *ajr_origin_parse(const char *text, apr_pool_t *pool);

#endif
