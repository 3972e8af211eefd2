/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-*, claimed before anything is mapped to disk.
 */
#ifndef AJR_HANDLER_H
#define AJR_HANDLER_H

#include "record.h"

/* What a handler needs of the configuration: */
#define AJR_NEEDS_SESSIONS 1U /* JwtDatabase and JwtRefreshKey */
#define AJR_NEEDS_SIGNER 2U   /* a JwtKey that can sign */
#define AJR_NEEDS_LOGIN 4U    /* a JwtLoginProvider */
#define AJR_NEEDS_ISSUER 8U   /* a JwtIssuer that RFC 8414 allows */
struct ajr_handler_t {
    const char *name;
    const char *methods; /* for Allow; a dialect may have others */
    unsigned needs;      /* AJR_NEEDS_* */
    int (*run)(request_rec *r);
    ajr_place_t place; /* of the dialects' tables */
    bool paged;        /* pages ask it, those of JwtOrigin too */
};

/* translate_name, map_to_storage, handler */
int ajr_handler_claim(request_rec *r);
int ajr_handler_unmapped(request_rec *r);
int ajr_handler_run(request_rec *r);

/* The one of that name, NULL = none; and all names, for messages. */
const ajr_handler_t *ajr_handler_find(const char *name);
const char *ajr_handler_names(apr_pool_t *pool);

/* The methods that the handler of this request takes here, for Allow. */
const char *ajr_handler_methods(request_rec *r);

/* What its dialect says of the handler that was claimed for this request. */
const ajr_ask_row_t *ajr_handler_row(request_rec *r);

/* What a handler lacks in a configuration, NULL = nothing. */
const char *ajr_handler_missing(const ajr_dir_conf_t *conf,
                                const ajr_server_conf_t *server,
                                const ajr_handler_t *handler);

/* The client id that httpd's own authentication of a handler's Location gave;
 * NULL when there is none. */
const char *ajr_handler_client(request_rec *r);

/* The handlers, one file each: <name>.c. */
int ajr_login_run(request_rec *r);
int ajr_refresh_run(request_rec *r);
int ajr_logout_run(request_rec *r);
int ajr_introspect_run(request_rec *r);
int ajr_verify_run(request_rec *r);
int ajr_sessions_run(request_rec *r);
int ajr_keys_run(request_rec *r);
int ajr_metadata_run(request_rec *r);
int ajr_status_run(request_rec *r);

/* Whether the issuer of a scope can be published (RFC 8414 2). */
bool ajr_metadata_issuer_fits(const ajr_dir_conf_t *conf);

#endif
