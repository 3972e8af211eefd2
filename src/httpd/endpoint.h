/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the handlers of a server are: its Locations with SetHandler jwt-*.
 */
#ifndef AJR_ENDPOINT_H
#define AJR_ENDPOINT_H

#include "record.h"

/* Made by check_config, read-only afterwards. */
typedef struct ajr_endpoint_t {
    const ajr_handler_t *handler;
    const char *path;       /* of its Location */
    ap_conf_vector_t *conf; /* in force there, <If> and the like aside */
} ajr_endpoint_t;

/* The handler of a section when its name is one of ours (whether it exists or
 * not), else NULL. While the configuration is checked. */
const char *ajr_endpoint_written(apr_pool_t *ptemp,
                                 const core_dir_config *core);

/* Fills the server's list, in the order of the configuration. Locations that
 * are patterns have no one path, and are left out. */
void ajr_endpoints_collect(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s);

/* The endpoint's configuration of ours, and its AuthType (NULL = none), as a
 * request would find them. */
const ajr_dir_conf_t *ajr_endpoint_conf(const ajr_endpoint_t *endpoint);
const char *ajr_endpoint_auth_type(const ajr_endpoint_t *endpoint,
                                   request_rec *r);

#endif
