/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler conf-dump: every directive's value in force here, a line each,
 * for the test of inheritance. Loaded next to the module, whose structures it
 * reads; text and numbers are shown, anything else by its address.
 */
#include "module.h"

static const char *show_int(apr_pool_t *pool, int value)
{
    return apr_psprintf(pool, "%d", value);
}

static const char *show_time(apr_pool_t *pool, apr_interval_time_t value)
{
    return apr_psprintf(pool, "%" APR_TIME_T_FMT, value);
}

static const char *show_text(apr_pool_t *pool, const char *value)
{
    return apr_psprintf(pool, "%s", value == NULL ? "(null)" : value);
}

static const char *show_address(apr_pool_t *pool, const void *value)
{
    return apr_psprintf(pool, "%pp", value);
}

/* A list with nothing in it is as good as none. */
static const char *show_list(apr_pool_t *pool, const apr_array_header_t *value)
{
    return show_address(pool, value != NULL && value->nelts > 0 ? value : NULL);
}

static const char *show_cookie(apr_pool_t *pool, const void *value)
{
    const ajr_cookie_t *cookie = value;

    return apr_pstrcat(pool, cookie->name, cookie->attributes, NULL);
}

static const char *show_revocation(apr_pool_t *pool, const void *value)
{
    const ajr_revocation_t *revocation = value;

    return apr_psprintf(pool, "%d %d %" APR_TIME_T_FMT, revocation->on,
                        revocation->open, revocation->stale);
}

#define SHOW(value) \
    _Generic((value), int                                       \
             : show_int, apr_interval_time_t                    \
             : show_time, const char *                          \
             : show_text, apr_array_header_t *                  \
             : show_list, const ajr_revocation_t *              \
             : show_revocation, const ajr_cookie_t *            \
             : show_cookie, default                             \
             : show_address)(r->pool, (value))

static int dump(request_rec *r)
{
    const ajr_dir_conf_t *dir = ajr_dir_conf(r);
    const ajr_server_conf_t *server = ajr_server_conf(r->server);

    if (r->handler == NULL || strcmp(r->handler, "conf-dump") != 0) {
        return DECLINED;
    }
#define VALUE_DIR(member) ajr_conf_##member(dir)
#define VALUE_SERVER(member) ajr_server_##member(server)
#define ROW(scope, kind, member, directive, dflt, where, help) \
    ap_rprintf(r, "%s=%s\n", directive, SHOW(VALUE_##scope(member)));
#include "directives.def"
#undef ROW
    return OK;
}

static void register_hooks(apr_pool_t *pconf)
{
    (void)pconf;
    ap_hook_handler(dump, NULL, NULL, APR_HOOK_FIRST);
}

module AP_MODULE_DECLARE_DATA conf_dump_module
    __attribute__((visibility("default"))) = {
        STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL,
        register_hooks,          0,
};
