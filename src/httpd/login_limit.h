/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtLoginLimit: guesses are few, and nobody locks out who has been here
 * before.
 *
 * An attempt counts for its name and for its address, until it has succeeded.
 * Where this name has logged in from this address before, it counts for the
 * two together instead: strangers who guess at a name do not keep its owner
 * out, nor does a neighbour behind the same address.
 */
#ifndef AJR_LOGIN_LIMIT_H
#define AJR_LOGIN_LIMIT_H

#include "limit.h"
#include "module.h"

/* post_config: what all children know of failed logins. */
int ajr_login_limit_share(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *s);

typedef struct ajr_attempt_t {
    ajr_limit_t *limit; /* NULL: not limited */
    ajr_rate_t rate;
    apr_uint64_t pair;    /* this name from this address */
    apr_uint64_t keys[2]; /* counted */
    int count;            /* of keys */
} ajr_attempt_t;

/* OK, or LOGIN_LIMITED with a Retry-After in the reply. */
ajr_outcome_t ajr_login_limit_enter(ajr_attempt_t *attempt, request_rec *r,
                                    const char *name);

/* How it ended: LOGGED_IN is remembered, LOGIN_REFUSED stays counted. */
void ajr_login_limit_leave(const ajr_attempt_t *attempt, ajr_outcome_t outcome);

#endif
