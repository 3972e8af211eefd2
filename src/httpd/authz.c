/* SPDX-License-Identifier: Apache-2.0
 *
 * httpd's authorization, run under a guard, before and after the token is
 * known.
 */
#include "authz.h"

#include <string.h>

#include "authn.h"
#include "identity.h"
#include "preflight.h"
#include "respond.h"

/* What httpd's own modules say of each refusal at level error: clients could
 * fill the disk with it. Our one line says the same at level info. */
static const char *const echoing[] = {
    "mod_authz_core.c", "mod_authz_host.c", "mod_authz_user.c",
    "mod_authz_groupfile.c", "mod_auth_basic.c"};

/* Log levels like those of `loud`, under which the echoes are silent. Who has
 * raised them to debug wants to hear all. */
static const struct ap_logconf *hush(apr_pool_t *pool,
                                     const struct ap_logconf *loud)
{
    struct ap_logconf *log = ap_new_log_config(pool, loud);
    size_t i;

    for (i = 0; i < sizeof(echoing) / sizeof(echoing[0]); i++) {
        const module *found = ap_find_linked_module(echoing[i]);

        if (found != NULL &&
            ap_get_module_loglevel(log, found->module_index) < APLOG_DEBUG) {
            ap_set_module_loglevel(pool, log, found->module_index, APLOG_CRIT);
        }
    }
    return log;
}

/* post_config */
int ajr_authz_prepare(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                      server_rec *s)
{
    (void)plog;
    (void)ptemp;
    for (; s != NULL; s = s->next) {
        ajr_server_conf(s)->hushed = hush(pconf, &s->log);
    }
    return OK;
}

/* A section or client with a LogLevel of its own is the rare case. */
const struct ap_logconf *ajr_authz_hushed(request_rec *r)
{
    const struct ap_logconf *loud =
        r->log != NULL ? r->log : r->connection->log;

    return loud == NULL || loud == &r->server->log
               ? ajr_server_conf(r->server)->hushed
               : hush(r->pool, loud);
}

/* Runs a hook of httpd's as if we were not in it, and in silence. */
static int run_hushed(request_rec *r, int (*hook)(request_rec *))
{
    ajr_record_t *record = ajr_record(r);
    const struct ap_logconf *log = r->log;
    int verdict;

    r->log = ajr_authz_hushed(r);
    record->authorizing = true;
    verdict = hook(r);
    record->authorizing = false;
    r->log = log;
    return verdict;
}

/* access_checker_ex: may the request pass without a token? httpd takes a line
 * that cannot be judged yet for one that is not fulfilled: right, unless it is
 * negated or in an expression, for then everybody would be let in, or nobody.
 * Such a verdict is void; httpd shall authenticate first. Any other is left to
 * httpd, which repeats it aloud. */
int ajr_authz_before(request_rec *r)
{
    ajr_record_t *record = ajr_record_peek(r);
    int verdict;

    if (record != NULL && record->authorizing) {
        return DECLINED;
    }
    ajr_identity_forget_below(r);
    verdict = ajr_preflight_admit(r);
    if (verdict != DECLINED) {
        return verdict;
    }
    if (!ajr_authn_asks(r)) {
        return DECLINED;
    }
    record = ajr_record(r);
    record->undecided = false;
    verdict = run_hushed(r, ap_run_access_checker_ex);
    return record->undecided || verdict == OK ? OK : DECLINED;
}

int ajr_authz_force(request_rec *r)
{
    const ajr_record_t *record = ajr_record_peek(r);

    return record != NULL && record->undecided ? OK : DECLINED;
}

/* auth_checker: where httpd refuses a token that is good, the answer is 403
 * insufficient_scope (RFC 6750 3.1) and not httpd's 401, on which clients
 * would refresh for ever. */
int ajr_authz_after(request_rec *r)
{
    ajr_record_t *record = ajr_record_peek(r);
    int verdict;

    if (record == NULL || !record->judged || record->authorizing) {
        return DECLINED;
    }
    record->scopes = NULL;
    record->undecided = false;
    verdict = run_hushed(r, ap_run_auth_checker);
    if (verdict == HTTP_UNAUTHORIZED || verdict == HTTP_FORBIDDEN) {
        return ajr_respond_access(r, AJR_SCOPE_INSUFFICIENT);
    }
    if (verdict == HTTP_INTERNAL_SERVER_ERROR) {
        /* One of our lines says why, or httpd, aloud. */
        return record->detail != NULL ? ajr_respond_access(r, AJR_MISCONFIGURED)
                                      : DECLINED;
    }
    if (verdict == OK) {
        record->granted = true;
        ajr_identity_publish(r, record);
        ajr_identity_hand_up(r, record);
    }
    return verdict;
}
