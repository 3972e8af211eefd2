/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a token may sit: the Authorization header (RFC 6750 2.1).
 */
#include "module.h"

#include <string.h>

#include <apr_lib.h>

/* "Bearer" and at least one space, in any case (RFC 9110 11.1); returns what
 * stands behind, NULL when the scheme is another. */
static const char *after_scheme(const char *header)
{
    static const char scheme[] = "Bearer";
    const apr_size_t length = sizeof(scheme) - 1;

    if (ap_cstr_casecmpn(header, scheme, length) != 0) {
        return NULL;
    }
    header += length;
    if (*header != '\0' && !apr_isspace(*header)) {
        return NULL;
    }
    return header + strspn(header, " ");
}

ajr_outcome_t ajr_source_find(ajr_bytes_t *token, request_rec *r)
{
    const char *header = apr_table_get(r->headers_in, "Authorization");
    const char *value = header == NULL ? NULL : after_scheme(header);

    *token = ajr_bytes_of("");
    if (value == NULL) {
        return AJR_TOKEN_MISSING;
    }
    /* httpd joins repeated headers with a comma, which no token contains. */
    if (strchr(value, ',') != NULL) {
        return AJR_TOKEN_AMBIGUOUS;
    }
    if (*value == '\0') {
        return AJR_TOKEN_MALFORMED;
    }
    *token = ajr_bytes_of(value);
    return AJR_OK;
}
