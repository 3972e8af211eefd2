/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of a request to a handler: a form or a JSON object.
 */
#ifndef AJR_BODY_H
#define AJR_BODY_H

#include "form.h"
#include "module.h"

#define AJR_BODY_MAX 16384 /* bytes */

typedef struct ajr_body_t {
    request_rec *r;
    apr_table_t *form; /* NULL: JSON */
    json_t *json;      /* NULL: a form, or no body at all */
} ajr_body_t;

/* Reads the body by its Content-Type. OK, BODY_TOO_LARGE or BODY_MALFORMED
 * (another type, a content coding, duplicates, a broken connection). */
ajr_outcome_t ajr_body_read(ajr_body_t *out, request_rec *r);

/* The text of a field; NULL when it is absent or a JSON null. OK, or
 * BODY_MALFORMED when it is no string. */
ajr_outcome_t ajr_body_text(const char **value, const ajr_body_t *body,
                            const char *name);

/* The same, but an absent or empty one is PARAMETER_MISSING, and noted in the
 * record: a refusal may name it. */
ajr_outcome_t ajr_body_needs(const char **value, const ajr_body_t *body,
                             const char *name);

#endif
