/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows, for dialect.c, and what several of them share.
 */
#ifndef AJR_DIALECTS_H
#define AJR_DIALECTS_H

#include "dialect.h"

extern const ajr_dialect_t ajr_dialect_oauth2;
extern const ajr_dialect_t ajr_dialect_laravel;
extern const ajr_dialect_t ajr_dialect_express;
extern const ajr_dialect_t ajr_dialect_pair;
extern const ajr_dialect_t ajr_dialect_cookie;
extern const ajr_dialect_t ajr_dialect_simplejwt;

/* Whether text is what error_description may hold: RFC 6750 3,
 * %x20-21 / %x23-5B / %x5D-7E. */
bool ajr_dialect_describes(const char *text);

/* A token that we made, which is ASCII: jansson need not see to it. NULL for
 * NULL. */
json_t *ajr_dialect_token(const char *token);

/* {"error": the word} */
json_t *ajr_dialect_error_word(const ajr_refusal_t *refusal,
                               const ajr_incident_t *incident);

#endif
