/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of a refusal of AuthType Bearer.
 */
#ifndef AJR_REFUSAL_H
#define AJR_REFUSAL_H

#include "record.h"

/* Keeps it for the error page of this request and of those it is a part of. */
void ajr_refusal_note(const request_rec *r, const ajr_refused_t *refused);

/* insert_error_filter, and the filter. */
void ajr_refusal_render(request_rec *r);
void ajr_refusal_register(void);

#endif
