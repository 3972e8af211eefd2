/* SPDX-License-Identifier: Apache-2.0
 *
 * check_config: AuthType Bearer without what it needs. Which sections meet in
 * a request nobody knows before; but what stands nowhere cannot be met, and a
 * Require that was forgotten lets everybody in without a word.
 */
#include "authn.h"
#include "check.h"
#include "commands.h"

#include <string.h>

/* What the directives of the main server, or of one virtual host, have. */
typedef struct reach_t {
    const ap_directive_t *asks; /* the first that asks for tokens, or NULL */
    const ap_directive_t *open; /* the first with no Require around it */
    bool named;                 /* there is an AuthName */
    bool keyed;                 /* there is a JwtKey or a JwtKeySet */
} reach_t;

static bool is(const ap_directive_t *at, const char *name)
{
    return ap_cstr_casecmp(at->directive, name) == 0;
}

/* Whether one of the words of AuthBasicProvider is ours. */
static bool provider_ours(const char *args, apr_pool_t *pool)
{
    while (*args != '\0') {
        if (ajr_basic_named(ap_getword_conf(pool, &args), pool)) {
            return true;
        }
    }
    return false;
}

static bool asks(const ap_directive_t *at, apr_pool_t *pool)
{
    const char *args = at->args;

    if (is(at, "AuthType")) {
        return ajr_authn_ours(ap_getword_conf(pool, &args));
    }
    return is(at, "AuthBasicProvider") && provider_ours(args, pool);
}

static bool keys(const ap_directive_t *at)
{
    return (is(at, "JwtKey") || is(at, "JwtKeySet")) &&
           strcmp(at->args, "none") != 0;
}

/* A section for <RequireAll> and its like is a Require by itself. */
static bool requires(const ap_directive_t *at)
{
    for (; at != NULL; at = at->next) {
        if (is(at, "Require") || requires(at->first_child) ||
            ap_cstr_casecmpn(at->directive, "<Require", 8) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether no Require is in the section of a directive or around it. */
static bool open_to_all(const ap_directive_t *at)
{
    for (at = at->parent; at != NULL && !is(at, "<VirtualHost");
         at = at->parent) {
        if (requires(at->first_child)) {
            return false;
        }
    }
    return true;
}

static void look(reach_t *reach, const ap_directive_t *at, apr_pool_t *pool)
{
    for (; at != NULL; at = at->next) {
        if (is(at, "<VirtualHost")) {
            continue;
        }
        if (asks(at, pool)) {
            reach->asks = reach->asks == NULL ? at : reach->asks;
            reach->open =
                reach->open == NULL && open_to_all(at) ? at : reach->open;
        }
        reach->named |= is(at, "AuthName");
        reach->keyed |= keys(at);
        look(reach, at->first_child, pool);
    }
}

static const char *place(const ap_directive_t *at, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s %s (%s, line %d)", at->directive, at->args,
                        at->filename, at->line_num);
}

/* Keys are never a tenant's to say; AuthName may stand in an .htaccess. */
static bool complete(const reach_t *reach, ajr_server_conf_t *conf,
                     server_rec *s, apr_pool_t *pconf)
{
    if (reach->asks == NULL) {
        return true;
    }
    if (!reach->named) {
        ajr_conf_note(conf, pconf,
                      apr_pstrcat(pconf, place(reach->asks, pconf),
                                  " needs an AuthName beside it, the realm of "
                                  "its challenge: requests get 500",
                                  NULL));
    }
    if (reach->open != NULL) {
        ajr_conf_note(conf, pconf,
                      apr_pstrcat(pconf, place(reach->open, pconf),
                                  " has no Require beside it: unless another "
                                  "section has one, nobody needs a token",
                                  NULL));
    }
    if (!reach->keyed) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s,
                     "%s needs a JwtKey or a JwtKeySet, and none is in its "
                     "reach; write one beside it or for the whole server",
                     place(reach->asks, pconf));
    }
    return reach->keyed;
}

/* The sections of the main server serve the virtual hosts too, with what is
 * said there. */
bool ajr_tree_check(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *first)
{
    ajr_server_conf_t *conf = ajr_server_conf(first);
    reach_t main = {NULL, NULL, false, false};
    reach_t all;
    const ap_directive_t *at;
    bool sane = true;

    look(&main, ap_conftree, ptemp);
    all = main;
    for (at = ap_conftree; at != NULL; at = at->next) {
        reach_t host = {NULL, NULL, main.named, main.keyed};

        if (is(at, "<VirtualHost")) {
            look(&host, at->first_child, ptemp);
            sane &= complete(&host, conf, first, pconf);
            all.named |= host.named;
            all.keyed |= host.keyed;
        }
    }
    return complete(&all, conf, first, pconf) && sane;
}
