/* SPDX-License-Identifier: Apache-2.0
 *
 * Authorization: httpd's own, around and with what tokens say.
 */
#ifndef AJR_AUTHZ_H
#define AJR_AUTHZ_H

#include "module.h"

/* access_checker_ex, force_authn, auth_checker: before and after the token is
 * known, and the 403 of a token that is good but not enough. */
int ajr_authz_before(request_rec *r);
int ajr_authz_force(request_rec *r);
int ajr_authz_after(request_rec *r);

/* The request's log levels without what httpd's modules say of each refusal. */
const struct ap_logconf *ajr_authz_hushed(request_rec *r);

/* post_config: makes these levels. */
int ajr_authz_prepare(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                      server_rec *s);

/* require.c: the providers of Require bearer-scope and bearer-claim. */
void ajr_require_register(apr_pool_t *pconf);

/* expr.c: jwt_claim() of ap_expr. */
int ajr_expr_find(ap_expr_lookup_parms *parms);

#endif
