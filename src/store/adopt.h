/* SPDX-License-Identifier: Apache-2.0
 *
 * Refresh tokens that a host minted itself, before httpd did it (JwtAdopt):
 * they name no session, so one is made for them.
 */
#ifndef AJR_ADOPT_H
#define AJR_ADOPT_H

#include "store.h"

/* What rotate() need not know of such a token. Its grant, in
 * ajr_store_present_t, is generation 0 of form LARAVEL or SIMPLEJWT, with the
 * sid of ajr_derived_sid(); its subject is there, too. */
typedef struct ajr_store_host_t {
    const json_t *claims;         /* all of its payload */
    apr_interval_time_t lifetime; /* from iat, for LARAVEL; SIMPLEJWT has exp */
    apr_interval_time_t idle;
    const char *user_agent; /* NULL = unknown */
    const char *address;    /* textual IP address, NULL = unknown */
} ajr_store_host_t;

/* Adopts the token unless it was before, committed on its own, then
 * ajr_store_rotate(). The outcomes of that; EXPIRED also when it is too old to
 * be adopted, REVOKED when adoptable() says no. */
ajr_outcome_t ajr_store_adopt(ajr_session_t **out, const char **detail,
                              const ajr_store_t *store,
                              const ajr_store_rotate_t *asked,
                              const ajr_store_host_t *host, apr_pool_t *pool);

/* ajr_store_logout() for such a token: adopted or not, it never is again.
 * Also EXPIRED. */
ajr_outcome_t ajr_store_logout_host(const char **detail,
                                    const ajr_store_t *store,
                                    const ajr_store_present_t *asked,
                                    const ajr_store_host_t *host,
                                    apr_pool_t *pool);

#endif
