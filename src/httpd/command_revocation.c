/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtRevocation Off | On [stale=DURATION] [fail=open|closed]
 */
#include "commands.h"

#include <string.h>

#include "duration.h"

/* NULL, or what is wrong with the option. */
static const char *set_option(ajr_revocation_t *revocation, const char *option)
{
    if (strncmp(option, "stale=", 6) == 0) {
        return ajr_duration_parse(&revocation->stale, option + 6) &&
                       revocation->stale > 0
                   ? NULL
                   : "stale= needs a duration above 0, like 60s";
    }
    if (strcmp(option, "fail=open") == 0 ||
        strcmp(option, "fail=closed") == 0) {
        revocation->open = option[5] == 'o';
        return NULL;
    }
    return "options are stale=DURATION and fail=open or fail=closed";
}

const char *ajr_set_revocation(cmd_parms *cmd, void *conf, int argc,
                               char *const argv[])
{
    ajr_revocation_t *revocation =
        apr_pmemdup(cmd->pool, ajr_revocation_default(), sizeof(*revocation));
    const char *wrong = NULL;
    int i;

    if (argc < 1 || (ap_cstr_casecmp(argv[0], "On") != 0 &&
                     ap_cstr_casecmp(argv[0], "Off") != 0)) {
        return apr_psprintf(cmd->pool, "%s: begins with On or Off",
                            cmd->cmd->name);
    }
    revocation->on = ap_cstr_casecmp(argv[0], "On") == 0;
    for (i = 1; i < argc && wrong == NULL; i++) {
        wrong = revocation->on ? set_option(revocation, argv[i])
                               : "Off has no options";
        if (wrong != NULL) {
            return apr_psprintf(cmd->pool, "%s: `%s`: %s", cmd->cmd->name,
                                argv[i], wrong);
        }
    }
    *(const ajr_revocation_t **)ajr_slot(cmd, conf) = revocation;
    return NULL;
}
