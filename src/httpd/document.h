/* SPDX-License-Identifier: Apache-2.0
 *
 * What everybody may know and keep for a while: published as JSON with an
 * ETag.
 */
#ifndef AJR_DOCUMENT_H
#define AJR_DOCUMENT_H

#include "module.h"

/* Sends it, or 304. NULL: there was no memory for it. Returns what a handler
 * returns. */
int ajr_document_send(request_rec *r, const json_t *document, const char *type);

#endif
