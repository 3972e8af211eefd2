/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtDatabase, JwtDatabaseSchema.
 */
#include "commands.h"

#include <string.h>

const char *ajr_set_conninfo(cmd_parms *cmd, void *conf, const char *arg)
{
    bool none = strcmp(arg, "none") == 0;
    const char *wrong = none ? NULL : ajr_pg_conninfo_refuses(arg);

    if (wrong != NULL) {
        return apr_psprintf(cmd->pool, "%s %s", cmd->cmd->name, wrong);
    }
    *(const char **)ajr_slot(cmd, conf) = none ? "" : arg;
    return NULL;
}

const char *ajr_set_schema(cmd_parms *cmd, void *conf, const char *arg)
{
    const char *wrong = ajr_store_schema_refuses(arg);

    if (wrong != NULL) {
        return apr_psprintf(cmd->pool, "%s: `%s` %s", cmd->cmd->name, arg,
                            wrong);
    }
    *(const char **)ajr_slot(cmd, conf) = arg;
    return NULL;
}
