/* SPDX-License-Identifier: Apache-2.0
 *
 * What a token of either kind is worth here and now, without using it.
 */
#ifndef AJR_WORTH_H
#define AJR_WORTH_H

#include "inspect.h"
#include "module.h"

typedef struct ajr_worth_t {
    bool refresh;                   /* a refresh token, else an access token */
    const char *subject;            /* never NULL once OK */
    const json_t *claims;           /* of a JWT, NULL = it is opaque */
    const unsigned char *sid;       /* of its session, NULL = it names none */
    const ajr_inspected_t *session; /* that one, NULL = unknown or none */
} ajr_worth_t;

/* OK, or why it is worth nothing; DATABASE_*, UNFIT: nobody knows. Nothing is
 * written, whatever is asked how often. Of a JWT that somebody else minted and
 * nobody has used here, its claims decide alone. */
ajr_outcome_t ajr_worth_find(ajr_worth_t *out, request_rec *r,
                             ajr_bytes_t token);

#endif
