/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtCookie, JwtOrigin.
 */
#include "commands.h"

#include <string.h>

#include "origin.h"

/* The cookie of that name reaches no backend of this server. */
void ajr_cookie_name_note(cmd_parms *cmd, const char *name)
{
    if (ap_check_cmd_context(cmd, NOT_IN_HTACCESS) == NULL) {
        APR_ARRAY_PUSH(ajr_server_conf(cmd->server)->refresh_cookies,
                       const char *) = name;
    }
}

const char *ajr_set_cookie(cmd_parms *cmd, void *conf, int argc,
                           char *const argv[])
{
    ajr_cookie_t *cookie = NULL;
    const char *text = "";
    const char *wrong;
    int i;

    for (i = 0; i < argc; i++) {
        text = apr_pstrcat(cmd->pool, text, i > 0 ? " " : "", argv[i], NULL);
    }
    wrong = ajr_cookie_make(&cookie, text, cmd->pool);
    if (wrong != NULL) {
        return apr_psprintf(cmd->pool, "JwtCookie: `%s` %s", text, wrong);
    }
    if (!cookie->http_only) {
        ajr_command_warn(cmd, "without HttpOnly every script of the page can "
                              "read the refresh token");
    }
    if (!cookie->secure) {
        ajr_command_warn(cmd, "without Secure the refresh token goes over the "
                              "wire in the clear wherever http is possible");
    }
    ajr_cookie_name_note(cmd, cookie->name);
    *(const ajr_cookie_t **)ajr_slot(cmd, conf) = cookie;
    return NULL;
}

const char *ajr_set_origin(cmd_parms *cmd, void *conf, const char *arg)
{
    const char *wrong;
    const char *origin;

    if (ajr_slot_emptied(&wrong, cmd, conf, sizeof(arg), "none", arg)) {
        return wrong;
    }
    origin = ajr_origin_parse(arg, cmd->pool);
    if (origin == NULL) {
        return apr_psprintf(cmd->pool,
                            "JwtOrigin: `%s` is no origin; write "
                            "https://host or https://host:port. Neither * nor "
                            "null: each would let every page in",
                            arg);
    }
    APR_ARRAY_PUSH(ajr_slot_array(cmd, conf, sizeof(origin)), const char *) =
        origin;
    return NULL;
}
