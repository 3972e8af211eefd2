/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtPreflight.
 */
#ifndef AJR_PREFLIGHT_H
#define AJR_PREFLIGHT_H

#include "module.h"

/* OK for a preflight that JwtPreflight admits, a status for one that httpd
 * refuses, DECLINED for everything else. */
int ajr_preflight_admit(request_rec *r);

#endif
