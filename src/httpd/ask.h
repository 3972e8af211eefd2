/* SPDX-License-Identifier: Apache-2.0
 *
 * What a request to a handler asks for, read where the dialect of the scope
 * says it stands.
 */
#ifndef AJR_ASK_H
#define AJR_ASK_H

#include "module.h"

typedef struct ajr_ask_t {
    const char *token;  /* never empty once AJR_OK */
    const char *access; /* that came with it, NULL = none */
    const char *scope;  /* NULL = what the session has */
} ajr_ask_t;

/* Reads the body, if there is one, and looks for what the dialect's row of this
 * handler names. OK; TOKEN_MISSING or PARAMETER_MISSING, as the row looks
 * first in headers or in the body; GRANT_TYPE_REFUSED, CSRF, BODY_*.
 * ask->access is read in any case but BODY_*. */
ajr_outcome_t ajr_ask_read(ajr_ask_t *ask, request_rec *r);

#endif
