/* SPDX-License-Identifier: Apache-2.0
 *
 * mod_auth_jwt_refresh: JWT access tokens judged, refreshed and revoked by
 * Apache httpd. This file is the table of contents.
 *
 *   access :  source -> verify -> policy -> revoked? -> identity
 *             src/httpd/authn.c
 *   refresh:  parse -> check MAC -> rotate -> mint -> reply
 *             src/httpd/refresh.c
 *   revoked:  a thread of each child, one of which leads on each host
 *             src/httpd/janitor.c
 *
 * Layers: src/httpd (request_rec) -> src/store (libpq) -> src/core (neither).
 */
#include "authn.h"
#include "authz.h"
#include "basic.h"
#include "check.h"
#include "handler.h"
#include "identity.h"
#include "lifecycle.h"
#include "login_limit.h"
#include "module.h"
#include "redact.h"
#include "refusal.h"
#include "tally.h"

static void register_hooks(apr_pool_t *pconf)
{
    static const char *const basic[] = {"mod_auth_basic.c", NULL};

    /* Lifecycle: keys load while the configuration is read, as root. */
    ap_hook_check_config(ajr_conf_check, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(ajr_lifecycle_share, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(ajr_tally_share, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(ajr_login_limit_share, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(ajr_authz_prepare, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_expr_lookup(ajr_expr_find, NULL, NULL, APR_HOOK_MIDDLE);
    ajr_require_register(pconf);
    ajr_basic_register(pconf);
    ap_hook_child_init(ajr_lifecycle_child, NULL, NULL, APR_HOOK_MIDDLE);

    /* Every request, in the order of httpd's phases. */
    ap_hook_post_read_request(ajr_identity_scrub, NULL, NULL,
                              APR_HOOK_REALLY_FIRST);
    ap_hook_translate_name(ajr_handler_claim, NULL, NULL,
                           APR_HOOK_REALLY_FIRST);
    ap_hook_map_to_storage(ajr_handler_unmapped, NULL, NULL,
                           APR_HOOK_REALLY_FIRST);
    ap_hook_post_perdir_config(ajr_redact_scope, NULL, NULL,
                               APR_HOOK_REALLY_FIRST);
    ap_hook_check_access_ex(ajr_authz_before, NULL, NULL, APR_HOOK_REALLY_FIRST,
                            AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_force_authn(ajr_authz_force, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_authn(ajr_basic_check, NULL, basic, APR_HOOK_MIDDLE,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(ajr_authn_check, NULL, NULL, APR_HOOK_MIDDLE,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(ajr_authz_after, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_note_auth_failure(ajr_authn_note_failure, NULL, NULL,
                              APR_HOOK_MIDDLE);
    ap_hook_fixups(ajr_identity_fixup, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_insert_error_filter(ajr_refusal_render, NULL, NULL,
                                APR_HOOK_MIDDLE);
    ajr_refusal_register();
    ap_hook_handler(ajr_handler_run, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_log_transaction(ajr_redact_log, NULL, NULL, APR_HOOK_REALLY_FIRST);
}

module AP_MODULE_DECLARE_DATA auth_jwt_refresh_module = {
    STANDARD20_MODULE_STUFF, ajr_dir_conf_create,
    ajr_dir_conf_merge,      ajr_server_conf_create,
    ajr_server_conf_merge,   ajr_commands,
    register_hooks,          0,
};
