/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtExport.
 */
#include "commands.h"
#include "identity.h"

#include <string.h>

#include <apr_lib.h>

/* Headers that httpd or a backend acts on: no claim may write them. */
static const char *const forbidden_headers[] = {"Accept-Encoding",
                                                "Authorization",
                                                "Connection",
                                                "Content-Length",
                                                "Content-Type",
                                                "Cookie",
                                                "Expect",
                                                "Forwarded",
                                                "Host",
                                                "If-Match",
                                                "If-None-Match",
                                                "Keep-Alive",
                                                "Origin",
                                                "Proxy",
                                                "Proxy-Authorization",
                                                "Range",
                                                "Referer",
                                                "TE",
                                                "Trailer",
                                                "Transfer-Encoding",
                                                "Upgrade",
                                                "Via",
                                                "X-Forwarded-For",
                                                "X-Forwarded-Host",
                                                "X-Forwarded-Proto",
                                                NULL};

static bool env_name(const char *name)
{
    const char *at;

    if (!apr_isalpha(*name) && *name != '_') {
        return false;
    }
    for (at = name; *at != '\0'; at++) {
        if (!apr_isalnum(*at) && *at != '_') {
            return false;
        }
    }
    return true;
}

static bool header_name(const char *name)
{
    int i;

    if (*name == '\0' || *ap_scan_http_token(name) != '\0') {
        return false;
    }
    for (i = 0; forbidden_headers[i] != NULL; i++) {
        if (ajr_identity_same_header(name, forbidden_headers[i])) {
            return false;
        }
    }
    return true;
}

/* JWT_CLAIM_realm_roles_0_ for realm.roles[0]. */
static const char *env_default(const char *path, apr_pool_t *pool)
{
    char *name = apr_pstrcat(pool, "JWT_CLAIM_", path, NULL);
    char *at;

    for (at = name; *at != '\0'; at++) {
        if (!apr_isalnum(*at)) {
            *at = '_';
        }
    }
    return name;
}

static const char *header_set(ajr_export_t *export, cmd_parms *cmd,
                              const char *name)
{
    if (ap_check_cmd_context(cmd, NOT_IN_HTACCESS) != NULL) {
        return "JwtExport: header= is not possible in .htaccess: the header "
               "has to be removed from every request, also outside of this "
               "directory; use env= here";
    }
    if (!header_name(name)) {
        return apr_psprintf(cmd->pool,
                            "JwtExport: `%s` is no header that a claim may "
                            "set; choose another name, like X-User-Role",
                            name);
    }
    export->header = name;
    APR_ARRAY_PUSH(ajr_server_conf(cmd->server)->exported_headers,
                   const char *) = name;
    return NULL;
}

static const char *option_set(ajr_export_t *export, cmd_parms *cmd,
                              const char *option)
{
    if (strncmp(option, "header=", 7) == 0) {
        return header_set(export, cmd, option + 7);
    }
    if (strncmp(option, "env=", 4) == 0 && env_name(option + 4)) {
        export->env = option + 4;
        return NULL;
    }
    return apr_psprintf(cmd->pool,
                        "JwtExport: `%s` is neither env=NAME (letters, digits "
                        "and _) nor header=Name",
                        option);
}

const char *ajr_set_exports(cmd_parms *cmd, void *conf, int argc,
                            char *const argv[])
{
    ajr_export_t export = {NULL, NULL, NULL};
    ajr_claim_t *claim = NULL;
    const char *wrong;
    int i;

    if (ajr_slot_emptied(&wrong, cmd, conf, sizeof(export), "none",
                         argc == 1 ? argv[0] : "")) {
        return wrong;
    }
    if (argc < 1) {
        return "JwtExport takes a claim and optionally env=NAME, header=Name";
    }
    wrong = ajr_claim_compile(&claim, argv[0], cmd->pool);
    if (wrong != NULL) {
        return apr_psprintf(cmd->pool, "JwtExport: `%s` %s", argv[0], wrong);
    }
    export.claim = claim;
    for (i = 1; i < argc; i++) {
        wrong = option_set(&export, cmd, argv[i]);
        if (wrong != NULL) {
            return wrong;
        }
    }
    if (export.env == NULL && export.header == NULL) {
        export.env = env_default(argv[0], cmd->pool);
    }
    APR_ARRAY_PUSH(ajr_slot_array(cmd, conf, sizeof(export)), ajr_export_t) =
        export;
    return NULL;
}
