/* SPDX-License-Identifier: Apache-2.0
 *
 * AuthBasicProvider: what httpd's own directive says about the provider bearer.
 */
#include "basic.h"
#include "commands.h"

#include <string.h>

/* The provider that an <AuthnProviderAlias> somewhere in the configuration
 * gives this name to, NULL = none. */
static const char *alias_of(const ap_directive_t *at, const char *name,
                            apr_pool_t *pool)
{
    const char *found = NULL;

    for (; at != NULL && found == NULL; at = at->next) {
        if (ap_cstr_casecmp(at->directive, "<AuthnProviderAlias") == 0) {
            const char *args = at->args;
            const char *base = ap_getword_conf(pool, &args);
            char *alias = ap_getword_conf(pool, &args);

            alias[strcspn(alias, ">")] = '\0';
            found = strcmp(alias, name) == 0 ? base : NULL;
        } else {
            found = alias_of(at->first_child, name, pool);
        }
    }
    return found;
}

/* httpd lets an alias be an alias of another that stands above it; no chain of
 * them comes back to where it began. */
bool ajr_basic_named(const char *name, apr_pool_t *pool)
{
    while (name != NULL && strcmp(name, AJR_BASIC_PROVIDER) != 0) {
        name = alias_of(ap_conftree, name, pool);
    }
    return name != NULL;
}

const char *ajr_set_basic_providers(cmd_parms *cmd, void *conf,
                                    const char *name)
{
    ajr_dir_conf_t *dir = conf;

    if (ap_find_linked_module("mod_auth_basic.c") == NULL) {
        return "AuthBasicProvider needs mod_auth_basic: load it";
    }
    if (!ajr_basic_named(name, cmd->temp_pool)) {
        dir->basic |= AJR_BASIC_OTHERS;
    } else if ((dir->basic & AJR_BASIC_BEARERS) == AJR_BASIC_BEARERS) {
        return "AuthBasicProvider: at most 255 providers for tokens";
    } else {
        dir->basic++;
    }
    return NULL;
}
