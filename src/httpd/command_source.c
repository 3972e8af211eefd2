/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtSource.
 */
#include "commands.h"

#include <string.h>

static const char *source_named(ajr_source_t *source, cmd_parms *cmd,
                                const char *arg)
{
    source->name = strchr(arg, ':') + 1;
    if (*source->name == '\0') {
        return apr_psprintf(
            cmd->pool, "JwtSource: `%s` lacks a name; write %sNAME", arg, arg);
    }
    if (source->kind == AJR_SOURCE_COOKIE &&
        *ap_scan_http_token(source->name) != '\0') {
        return apr_psprintf(cmd->pool,
                            "JwtSource: `%s`: no cookie can have this name; "
                            "take letters, digits, - and _",
                            arg);
    }
    return NULL;
}

const char *ajr_set_source(cmd_parms *cmd, void *conf, const char *arg)
{
    ajr_source_t source = {AJR_SOURCE_HEADER, NULL};
    const char *wrong = NULL;

    if (strncmp(arg, "cookie:", 7) == 0) {
        source.kind = AJR_SOURCE_COOKIE;
        wrong = source_named(&source, cmd, arg);
    } else if (strncmp(arg, "query:", 6) == 0) {
        source.kind = AJR_SOURCE_QUERY;
        wrong = source_named(&source, cmd, arg);
    } else if (strcmp(arg, "header") != 0) {
        wrong = apr_psprintf(cmd->pool,
                             "JwtSource: `%s` is none of header, cookie:NAME, "
                             "query:NAME",
                             arg);
    }
    if (wrong == NULL) {
        APR_ARRAY_PUSH(ajr_slot_array(cmd, conf, sizeof(source)),
                       ajr_source_t) = source;
    }
    return wrong;
}
