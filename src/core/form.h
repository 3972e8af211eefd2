/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameters that clients send: forms, query strings, cookies. A form is ours
 * and read strictly as a whole; queries and cookies are shared with the
 * backend, so here only the parts of one name are judged, or edited, and
 * what else stands there is nobody's business.
 */
#ifndef AJR_FORM_H
#define AJR_FORM_H

#include <apr_tables.h>

#include "wire.h"

/* Most parameters of a form accepted: each is compared with those before. */
#define AJR_FORM_MAX 128

/* application/x-www-form-urlencoded -> name, value. Refuses a parameter that
 * comes twice (in any case: an apr_table_t has no case), more than
 * AJR_FORM_MAX of them, broken percent escapes, NUL and anything that is not
 * UTF-8. Empty segments (`&&`) are skipped; one without `=` has value "". */
bool ajr_form_parse(apr_table_t **out, ajr_bytes_t in, apr_pool_t *pool);

/* Every value of parameter `name` in a query string, in order, as const char
 * *: segments between `&` whose name, decoded as that of a form, is exactly
 * `name`; one without `=` has value "". A value that a form would refuse is
 * given as it was sent: with its `%` or its bytes above 0x7e it is no token of
 * any kind, and it still counts as a second one beside a good one. Segments
 * whose name cannot be decoded are not of that name. An empty array when there
 * is none or query is NULL. Never NULL. */
apr_array_header_t *ajr_query_values(const char *query, const char *name,
                                     apr_pool_t *pool);

/* The query with the value of every such parameter replaced by `value`, or
 * with these parameters removed when `value` is NULL; the rest byte for byte.
 * `query` itself when it has none or is NULL. */
const char *ajr_query_edit(const char *query, const char *name,
                           const char *value, apr_pool_t *pool);

/* Every value of cookie `name` in a Cookie header (RFC 6265 5.4), in order,
 * as const char *: exact names, one pair of surrounding quotes removed. An
 * empty array when there is none or header is NULL. Never NULL. */
apr_array_header_t *ajr_cookie_values(const char *header, const char *name,
                                      apr_pool_t *pool);

/* The Cookie header without every cookie of that name, the others byte for
 * byte; NULL when no cookie is left. `header` itself when it has none. What
 * looks like one behind a comma in the value of another goes with all behind
 * it: httpd joins repeated lines so. */
const char *ajr_cookie_without(const char *header, const char *name,
                               apr_pool_t *pool);

#endif
