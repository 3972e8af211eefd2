/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtLoginProvider, JwtLoginFields.
 */
#include "commands.h"

#include <ap_provider.h>

const char *ajr_set_provider(cmd_parms *cmd, void *conf, const char *arg)
{
    ajr_login_provider_t entry = {arg, NULL};
    const char *wrong;

    if (ajr_slot_emptied(&wrong, cmd, conf, sizeof(entry), "none", arg)) {
        return wrong;
    }
    if (ajr_basic_named(arg, cmd->temp_pool)) {
        return apr_psprintf(cmd->pool,
                            "%s: `%s` takes access tokens, which would turn "
                            "into sessions that outlive them; name a provider "
                            "that checks passwords",
                            cmd->cmd->name, arg);
    }
    entry.provider =
        ap_lookup_provider(AUTHN_PROVIDER_GROUP, arg, AUTHN_PROVIDER_VERSION);
    if (entry.provider == NULL || entry.provider->check_password == NULL) {
        return apr_psprintf(cmd->pool,
                            "%s: no authn provider `%s` checks passwords; "
                            "load its module (mod_authn_%s) first",
                            cmd->cmd->name, arg, arg);
    }
    APR_ARRAY_PUSH(ajr_slot_array(cmd, conf, sizeof(entry)),
                   ajr_login_provider_t) = entry;
    return NULL;
}

const char *ajr_set_fields(cmd_parms *cmd, void *conf, const char *user,
                           const char *password)
{
    ajr_login_fields_t *fields = apr_palloc(cmd->pool, sizeof(*fields));
    const char *wrong = ajr_text_refuses(cmd, user);

    if (wrong == NULL) {
        wrong = ajr_text_refuses(cmd, password);
    }
    if (wrong != NULL) {
        return wrong;
    }
    fields->user = user;
    fields->password = password;
    *(const ajr_login_fields_t **)ajr_slot(cmd, conf) = fields;
    return NULL;
}
