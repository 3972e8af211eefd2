/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint.h"

#include <string.h>

#include <apr_fnmatch.h>

#include "handler.h"

/* SetHandler keeps an expression that only a request can evaluate; what the
 * administrator wrote still stands in the tree of directives. */
static const ap_directive_t *directive_find(const ap_directive_t *at,
                                            const ap_expr_info_t *expr)
{
    const ap_directive_t *found = NULL;

    for (; at != NULL && found == NULL; at = at->next) {
        if ((unsigned)at->line_num == expr->line_number &&
            strcmp(at->filename, expr->filename) == 0 &&
            ap_cstr_casecmp(at->directive, "SetHandler") == 0) {
            found = at;
        } else {
            found = directive_find(at->first_child, expr);
        }
    }
    return found;
}

const char *ajr_endpoint_written(apr_pool_t *ptemp, const core_dir_config *core)
{
    const ap_directive_t *directive =
        core->expr_handler == NULL
            ? NULL
            : directive_find(ap_conftree, core->expr_handler);
    const char *args = directive == NULL ? "" : directive->args;
    const char *name = ap_getword_conf(ptemp, &args);

    return strncmp(name, "jwt-", 4) == 0 ? name : NULL;
}

/* As ap_location_walk() of httpd has it. */
static bool section_matches(const core_dir_config *section, const char *path)
{
    apr_size_t len = strlen(section->d);

    if (section->r != NULL) {
        return ap_regexec(section->r, path, 0, NULL, 0) == 0;
    }
    if (section->d_is_fnmatch) {
        return apr_fnmatch(section->d, path, APR_FNM_PATHNAME) == APR_SUCCESS;
    }
    return strncmp(section->d, path, len) == 0 &&
           (len == 0 || section->d[len - 1] == '/' || path[len] == '/' ||
            path[len] == '\0');
}

static ap_conf_vector_t *conf_at(apr_pool_t *pconf, server_rec *s,
                                 const apr_array_header_t *sections,
                                 const char *path)
{
    ap_conf_vector_t *conf = s->lookup_defaults;
    int i;

    for (i = 0; i < sections->nelts; i++) {
        ap_conf_vector_t *section =
            APR_ARRAY_IDX(sections, i, ap_conf_vector_t *);

        if (section_matches(ap_get_core_module_config(section), path)) {
            conf = ap_merge_per_dir_configs(pconf, conf, section);
        }
    }
    return conf;
}

void ajr_endpoints_collect(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s)
{
    const core_server_config *core =
        ap_get_core_module_config(s->module_config);
    const apr_array_header_t *sections = core->sec_url;
    apr_array_header_t *endpoints =
        apr_array_make(pconf, 4, sizeof(ajr_endpoint_t));
    int i;

    for (i = 0; i < sections->nelts; i++) {
        const core_dir_config *section = ap_get_core_module_config(
            APR_ARRAY_IDX(sections, i, ap_conf_vector_t *));
        const char *name = ajr_endpoint_written(ptemp, section);
        ajr_endpoint_t endpoint = {name ? ajr_handler_find(name) : NULL,
                                   section->d, NULL};

        if (endpoint.handler != NULL && section->r == NULL &&
            !section->d_is_fnmatch) {
            endpoint.conf = conf_at(pconf, s, sections, section->d);
            APR_ARRAY_PUSH(endpoints, ajr_endpoint_t) = endpoint;
        }
    }
    ajr_server_conf(s)->endpoints = endpoints;
}

const ajr_dir_conf_t *ajr_endpoint_conf(const ajr_endpoint_t *endpoint)
{
    return ap_get_module_config(endpoint->conf, &auth_jwt_refresh_module);
}

/* AuthType may be an expression: httpd alone can say what it is, and asks the
 * configuration of the request. */
const char *ajr_endpoint_auth_type(const ajr_endpoint_t *endpoint,
                                   request_rec *r)
{
    ap_conf_vector_t *here = r->per_dir_config;
    const char *auth_type;

    r->per_dir_config = endpoint->conf;
    auth_type = ap_auth_type(r);
    r->per_dir_config = here;
    return auth_type;
}
