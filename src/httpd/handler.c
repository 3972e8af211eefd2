/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-*. A handler's URL is claimed before httpd maps it to a file,
 * so that no .htaccess of a front controller can swallow it and no tenant's
 * .htaccess can mint.
 */
#include "handler.h"

#include <string.h>

#include "authn.h"
#include "mint.h"
#include "origin_check.h"
#include "respond.h"

#define PREFIX "jwt-"

static const ajr_handler_t handlers[] = {
    {"jwt-login", "POST",
     AJR_NEEDS_SESSIONS | AJR_NEEDS_SIGNER | AJR_NEEDS_LOGIN, ajr_login_run,
     AJR_PLACE_LOGIN, true},
    {"jwt-refresh", "POST", AJR_NEEDS_SESSIONS | AJR_NEEDS_SIGNER,
     ajr_refresh_run, AJR_PLACE_REFRESH, true},
    {"jwt-logout", "POST", AJR_NEEDS_SESSIONS, ajr_logout_run, AJR_PLACE_LOGOUT,
     true},
    {"jwt-introspect", "POST", AJR_NEEDS_SESSIONS, ajr_introspect_run,
     AJR_PLACE_OTHER, false},
    {"jwt-verify", "POST", AJR_NEEDS_SESSIONS, ajr_verify_run, AJR_PLACE_VERIFY,
     true},
    {"jwt-sessions", "GET, HEAD, POST", AJR_NEEDS_SESSIONS, ajr_sessions_run,
     AJR_PLACE_OTHER, true},
    {"jwt-keys", "GET, HEAD", 0, ajr_keys_run, AJR_PLACE_OTHER, false},
    {"jwt-metadata", "GET, HEAD", AJR_NEEDS_ISSUER, ajr_metadata_run,
     AJR_PLACE_OTHER, false},
    {"jwt-status", "GET, HEAD", 0, ajr_status_run, AJR_PLACE_OTHER, false},
};

const ajr_handler_t *ajr_handler_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (strcmp(handlers[i].name, name) == 0) {
            return &handlers[i];
        }
    }
    return NULL;
}

const char *ajr_handler_names(apr_pool_t *pool)
{
    const char *names = handlers[0].name;
    size_t i;

    for (i = 1; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        names = apr_pstrcat(pool, names, ", ", handlers[i].name, NULL);
    }
    return names;
}

static bool ours(const char *name)
{
    return name != NULL && strncmp(name, PREFIX, sizeof(PREFIX) - 1) == 0;
}

/* What SetHandler says here, before any directory has been read. */
static const char *handler_configured(request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    const char *error = NULL;
    const char *name;

    if (core->expr_handler == NULL) {
        return core->handler;
    }
    name = ap_expr_str_exec(r, core->expr_handler, &error);
    return error == NULL ? name : NULL;
}

/* translate_name */
int ajr_handler_claim(request_rec *r)
{
    const char *name = handler_configured(r);
    const ajr_handler_t *handler = ours(name) ? ajr_handler_find(name) : NULL;

    if (handler == NULL) {
        return DECLINED;
    }
    ajr_record(r)->handler = handler;
    /* No file: a name that no other module takes for one. */
    r->filename = apr_pstrcat(r->pool, "jwt:", r->uri, NULL);
    return OK;
}

/* map_to_storage: no directory walk, no .htaccess. */
int ajr_handler_unmapped(request_rec *r)
{
    const ajr_record_t *record = ajr_record_peek(r);

    return record != NULL && record->handler != NULL ? OK : DECLINED;
}

const char *ajr_handler_client(request_rec *r)
{
    const char *auth_type = ap_auth_type(r);

    if (auth_type == NULL || ajr_authn_ours(auth_type)) {
        return NULL;
    }
    return r->user;
}

const char *ajr_handler_missing(const ajr_dir_conf_t *conf,
                                const ajr_server_conf_t *server,
                                const ajr_handler_t *handler)
{
    unsigned needs = handler->needs;

    if ((needs & AJR_NEEDS_SESSIONS) != 0 &&
        *ajr_server_database(server) == '\0') {
        return "a JwtDatabase";
    }
    if ((needs & AJR_NEEDS_SESSIONS) != 0 &&
        ajr_form_has_secret(ajr_conf_dialect(conf)->form) &&
        apr_is_empty_array(ajr_server_refresh_keys(server))) {
        return "a JwtRefreshKey";
    }
    if ((needs & AJR_NEEDS_SIGNER) != 0 &&
        ajr_keyset_signer(ajr_conf_keys(conf)) == NULL) {
        return "a JwtKey that can sign";
    }
    if ((needs & AJR_NEEDS_SIGNER) != 0 &&
        !ajr_mint_subject_fits(ajr_conf_subject_claim(conf))) {
        return "a JwtSubjectClaim that it does not write itself: sub, or a "
               "name of your own";
    }
    if ((needs & AJR_NEEDS_LOGIN) != 0 &&
        apr_is_empty_array(ajr_conf_login_providers(conf))) {
        return "a JwtLoginProvider";
    }
    if ((needs & AJR_NEEDS_ISSUER) != 0 && !ajr_metadata_issuer_fits(conf)) {
        return "a JwtIssuer that is an https URL without query and fragment";
    }
    return NULL;
}

const ajr_ask_row_t *ajr_handler_row(request_rec *r)
{
    return &ajr_conf_dialect(ajr_dir_conf(r))
                ->asks[ajr_record(r)->handler->place];
}

/* Those without OPTIONS. */
static const char *methods_of(request_rec *r)
{
    const char *methods = ajr_handler_row(r)->methods;

    return methods != NULL ? methods : ajr_record(r)->handler->methods;
}

const char *ajr_handler_methods(request_rec *r)
{
    return ajr_record(r)->handler->paged
               ? apr_pstrcat(r->pool, methods_of(r), ", OPTIONS", NULL)
               : methods_of(r);
}

/* Methods have a case (RFC 9110 9.1). */
static bool method_allowed(request_rec *r)
{
    const char *rest = methods_of(r);
    bool allowed = false;

    while (*rest != '\0' && !allowed) {
        allowed = strcmp(ap_getword(r->pool, &rest, ','), r->method) == 0;
        rest += strspn(rest, " ");
    }
    return allowed;
}

/* What may be sent here; no database is asked. */
static int options_run(request_rec *r)
{
    apr_table_setn(r->headers_out, "Allow", ajr_handler_methods(r));
    ajr_origin_preflight(r, methods_of(r));
    return ajr_respond_empty(r, AJR_PREFLIGHT, HTTP_NO_CONTENT);
}

/* Where a cookie says who it is, each request that acts on it. */
static bool guarded(request_rec *r)
{
    ajr_place_t place = ajr_record(r)->handler->place;

    return ajr_conf_dialect(ajr_dir_conf(r))->cookie &&
           (place == AJR_PLACE_LOGIN || place == AJR_PLACE_REFRESH ||
            place == AJR_PLACE_LOGOUT);
}

int ajr_handler_run(request_rec *r)
{
    ajr_record_t *record;
    const char *missing;

    if (!ours(r->handler)) {
        return DECLINED;
    }
    record = ajr_record(r);
    if (record->handler == NULL || strcmp(r->handler, record->handler->name)) {
        record->detail =
            "SetHandler jwt-* counts only in <Location> of the server "
            "configuration, with a handler that exists";
        return ajr_respond_access(r, AJR_MISCONFIGURED);
    }
    missing = ajr_handler_missing(ajr_dir_conf(r), ajr_server_conf(r->server),
                                  record->handler);
    if (missing != NULL) {
        record->detail = apr_psprintf(r->pool, "SetHandler %s needs %s",
                                      record->handler->name, missing);
        return ajr_respond_refusal(r, AJR_MISCONFIGURED);
    }
    if (record->handler->paged) {
        ajr_origin_allow(r, r->headers_out);
    }
    if (record->handler->paged && r->method_number == M_OPTIONS) {
        return options_run(r);
    }
    if (!method_allowed(r)) {
        return ajr_respond_refusal(r, AJR_METHOD_REFUSED);
    }
    if (guarded(r) && ajr_origin_check(r) != AJR_OK) {
        return ajr_respond_refusal(r, AJR_CSRF);
    }
    return record->handler->run(r);
}
