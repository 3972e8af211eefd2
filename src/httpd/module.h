/* SPDX-License-Identifier: Apache-2.0
 *
 * What all files of this layer share: httpd, the module record, the conf.
 */
#ifndef AJR_MODULE_H
#define AJR_MODULE_H

#include <ap_expr.h>
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include <apr_strings.h>

#include "conf.h"

/* The one symbol that the shared object exports. */
extern module AP_MODULE_DECLARE_DATA auth_jwt_refresh_module
    __attribute__((visibility("default")));
APLOG_USE_MODULE(auth_jwt_refresh);

static inline ajr_dir_conf_t *ajr_dir_conf(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &auth_jwt_refresh_module);
}

static inline ajr_server_conf_t *ajr_server_conf(server_rec *s)
{
    return ap_get_module_config(s->module_config, &auth_jwt_refresh_module);
}

#endif
