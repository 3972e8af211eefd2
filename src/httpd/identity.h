/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is calling: scrub what clients must not say, publish what we know.
 */
#ifndef AJR_IDENTITY_H
#define AJR_IDENTITY_H

#include "record.h"

/* Whether two header names are one to some backend. */
bool ajr_identity_same_header(const char *a, const char *b);

/* post_read_request, fixups */
int ajr_identity_scrub(request_rec *r);
int ajr_identity_fixup(request_rec *r);

/* The texts that the JwtExports of record->conf find in its token: the pool
 * outlives whoever publishes them. */
void ajr_identity_read(ajr_record_t *record, apr_pool_t *pool);

/* What the token granted here, or on the way here, says in the environment
 * and, once it was enough, in request headers. */
void ajr_identity_publish(request_rec *r, const ajr_record_t *record);

/* The record of the token that speaks for this request: its own, or that of
 * the request which was redirected here. NULL when there is none, or it was
 * refused. */
const ajr_record_t *ajr_identity_find(const request_rec *r);

/* Lets the request that asked for this one know who was granted it:
 * DirectoryIndex makes of a sub-request the answer, and forgets its user. */
void ajr_identity_hand_up(const request_rec *r, const ajr_record_t *record);
void ajr_identity_forget_below(const request_rec *r);

/* The first request of a chain of sub-requests and redirects. */
const request_rec *ajr_identity_top(const request_rec *r);

#endif
