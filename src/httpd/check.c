/* SPDX-License-Identifier: Apache-2.0
 *
 * check_config: mistakes that only the whole configuration shows. Also run by
 * `httpd -t`.
 */
#include "check.h"

#include <string.h>

#include "endpoint.h"
#include "handler.h"
#include "key_files.h"

static void complain(server_rec *s, const char *sentence)
{
    ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s, "%s", sentence);
}

/* A default for Keep above Max is no mistake of the administrator's. */
static bool pool_sane(server_rec *s, const ajr_server_conf_t *conf)
{
    int max = ajr_server_database_max(conf);

    if (max < 1 || ajr_server_database_min(conf) > max ||
        conf->database_keep > max) {
        complain(s, "JwtDatabaseMax must be at least 1, and no smaller than "
                    "JwtDatabaseMin and JwtDatabaseKeep");
        return false;
    }
    return true;
}

static const char *missing_in(apr_pool_t *ptemp, server_rec *s,
                              ap_conf_vector_t *section,
                              const ajr_handler_t *handler)
{
    ap_conf_vector_t *merged =
        ap_merge_per_dir_configs(ptemp, s->lookup_defaults, section);

    return ajr_handler_missing(
        ap_get_module_config(merged, &auth_jwt_refresh_module),
        ajr_server_conf(s), handler);
}

/* What is wrong with the handler of a section, NULL = nothing: it is not ours,
 * or has what it needs. More sections may be merged into a request: there
 * ajr_handler_run() asks again. */
static const char *section_wrong(apr_pool_t *ptemp, server_rec *s,
                                 ap_conf_vector_t *section, bool location)
{
    const core_dir_config *core = ap_get_core_module_config(section);
    const char *name = ajr_endpoint_written(ptemp, core);
    const char *where = core->d != NULL ? core->d : "the server";
    const ajr_handler_t *handler = name ? ajr_handler_find(name) : NULL;
    const char *missing;

    if (name == NULL) {
        return NULL;
    }
    if (!location) {
        return apr_psprintf(ptemp,
                            "SetHandler %s in %s counts only in <Location> "
                            "of the server configuration",
                            name, where);
    }
    if (handler == NULL) {
        return apr_psprintf(ptemp,
                            "SetHandler %s at %s: no such handler; known: %s",
                            name, where, ajr_handler_names(ptemp));
    }
    missing = missing_in(ptemp, s, section, handler);
    return missing == NULL ? NULL
                           : apr_psprintf(ptemp, "SetHandler %s at %s needs %s",
                                          name, where, missing);
}

static bool section_sane(apr_pool_t *ptemp, server_rec *s,
                         ap_conf_vector_t *section, bool location)
{
    const char *wrong = section_wrong(ptemp, s, section, location);

    if (wrong != NULL) {
        complain(s, wrong);
    }
    return wrong == NULL;
}

static bool sections_sane(apr_pool_t *ptemp, server_rec *s,
                          const apr_array_header_t *sections, bool location)
{
    bool sane = true;
    int i;

    for (i = 0; i < sections->nelts; i++) {
        sane &= section_sane(
            ptemp, s, APR_ARRAY_IDX(sections, i, ap_conf_vector_t *), location);
    }
    return sane;
}

static bool server_sane(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s)
{
    const core_server_config *core =
        ap_get_core_module_config(s->module_config);

    bool sane = pool_sane(s, ajr_server_conf(s));

    ajr_key_files_check(s);
    ajr_endpoints_collect(pconf, ptemp, s);
    sane &= section_sane(ptemp, s, s->lookup_defaults, false);
    sane &= sections_sane(ptemp, s, core->sec_dir, false);
    sane &= sections_sane(ptemp, s, core->sec_url, true);
    return sane;
}

int ajr_conf_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                   server_rec *s)
{
    server_rec *first = s;
    bool sane = ajr_tree_check(pconf, ptemp, first);

    (void)plog;
    for (; s != NULL; s = s->next) {
        sane &= server_sane(pconf, ptemp, s);
        ajr_scopes_check(pconf, ptemp, first, s);
    }
    if (ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST) {
        ajr_conf_warn(first);
    }
    return sane ? OK : HTTP_INTERNAL_SERVER_ERROR;
}
