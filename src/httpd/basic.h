/* SPDX-License-Identifier: Apache-2.0
 *
 * The authn provider bearer: a token as the password of Basic.
 */
#ifndef AJR_BASIC_H
#define AJR_BASIC_H

#include "record.h"

#define AJR_BASIC_PROVIDER "bearer"
void ajr_basic_register(apr_pool_t *pconf);

/* check_authn, before mod_auth_basic. */
int ajr_basic_check(request_rec *r);

/* fixups: removes the password where JwtStrip says so. */
void ajr_basic_strip(request_rec *r, const ajr_record_t *record);

#endif
