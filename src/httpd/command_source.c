/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtSource.
 */
#include "commands.h"

#include <string.h>

/* Logs of this server show no value of that parameter in a Referer. */
static void parameter_note(cmd_parms *cmd, const char *name)
{
    if (ap_check_cmd_context(cmd, NOT_IN_HTACCESS) == NULL) {
        APR_ARRAY_PUSH(ajr_server_conf(cmd->server)->token_parameters,
                       const char *) = name;
    }
}

void ajr_dialect_parameters_note(cmd_parms *cmd, const ajr_dialect_t *dialect)
{
    const ajr_spot_t *spot = dialect->asks[AJR_PLACE_REFRESH].token;

    for (; spot->kind != AJR_SPOT_END; spot++) {
        if (spot->kind == AJR_SPOT_QUERY) {
            parameter_note(cmd, spot->name);
        }
    }
}

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
        parameter_note(cmd, source.name);
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
