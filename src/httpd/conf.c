/* SPDX-License-Identifier: Apache-2.0
 *
 * Creation and merging of the conf structures; the rows are in directives.def,
 * their parsers in commands.c.
 */
#include "conf.h"

#include <string.h>

#include "module.h"

#define CREATE_DIR(kind, member) conf->member = AJR_UNSET_##kind;
#define CREATE_SERVER(kind, member)
#define ROW(scope, kind, member, directive, dflt, where, help) \
    CREATE_##scope(kind, member)

void *ajr_dir_conf_create(apr_pool_t *pconf, char *path)
{
    ajr_dir_conf_t *conf = apr_pcalloc(pconf, sizeof(*conf));

    (void)path;
#include "directives.def"
    return conf;
}

#undef CREATE_DIR
#undef CREATE_SERVER
#define CREATE_DIR(kind, member)
#define CREATE_SERVER(kind, member) conf->member = AJR_UNSET_##kind;

void *ajr_server_conf_create(apr_pool_t *pconf, server_rec *s)
{
    ajr_server_conf_t *conf = apr_pcalloc(pconf, sizeof(*conf));

    (void)s;
#include "directives.def"
    conf->exported_headers = apr_array_make(pconf, 0, sizeof(const char *));
    conf->refresh_cookies = apr_array_make(pconf, 0, sizeof(const char *));
    conf->token_parameters = apr_array_make(pconf, 0, sizeof(const char *));
    conf->key_files = apr_array_make(pconf, 0, sizeof(ajr_key_file_t));
    return conf;
}

#undef ROW
#define MERGE(kind, member) \
    conf->member =          \
        child->member == AJR_UNSET_##kind ? parent->member : child->member;
#define MERGE_DIR(kind, member) MERGE(kind, member)
#define MERGE_SERVER(kind, member)
#define ROW(scope, kind, member, directive, dflt, where, help) \
    MERGE_##scope(kind, member)

void *ajr_dir_conf_merge(apr_pool_t *pool, void *parent_, void *child_)
{
    const ajr_dir_conf_t *parent = parent_;
    const ajr_dir_conf_t *child = child_;
    ajr_dir_conf_t *conf = apr_palloc(pool, sizeof(*conf));

#include "directives.def"
    conf->basic = child->basic == 0 ? parent->basic : child->basic;
    return conf;
}

#undef MERGE_DIR
#undef MERGE_SERVER
#define MERGE_DIR(kind, member)
#define MERGE_SERVER(kind, member) MERGE(kind, member)

void *ajr_server_conf_merge(apr_pool_t *pconf, void *parent_, void *child_)
{
    const ajr_server_conf_t *parent = parent_;
    const ajr_server_conf_t *child = child_;
    ajr_server_conf_t *conf = apr_pcalloc(pconf, sizeof(*conf));

#include "directives.def"
    conf->warnings = child->warnings;
    conf->exported_headers = apr_array_append(pconf, parent->exported_headers,
                                              child->exported_headers);
    conf->refresh_cookies = apr_array_append(pconf, parent->refresh_cookies,
                                             child->refresh_cookies);
    conf->token_parameters = apr_array_append(pconf, parent->token_parameters,
                                              child->token_parameters);
    conf->key_files = child->key_files;
    conf->longest =
        child->longest > parent->longest ? child->longest : parent->longest;
    return conf;
}

#undef ROW
#define SAME_DIR(member) same &= a->member == b->member;
#define SAME_SERVER(member)
#define ROW(scope, kind, member, directive, dflt, where, help) \
    SAME_##scope(member)

bool ajr_dir_conf_same(const ajr_dir_conf_t *a, const ajr_dir_conf_t *b)
{
    bool same = true;

#include "directives.def"
    return same;
}

#undef ROW

static bool some(const apr_array_header_t *list)
{
    return list != NULL && list->nelts > 0;
}

bool ajr_conf_has_keys(const ajr_dir_conf_t *conf)
{
    return some(ajr_conf_keys(conf)) || some(ajr_conf_key_files(conf));
}

const char *ajr_conf_issuer(const ajr_dir_conf_t *conf)
{
    const apr_array_header_t *issuers = ajr_conf_issuers(conf);

    return some(issuers) ? APR_ARRAY_IDX(issuers, 0, const char *) : NULL;
}

bool ajr_conf_rotates(const ajr_dir_conf_t *conf)
{
    int choice = ajr_conf_refresh_rotate(conf);

    return choice == AJR_CHOICE_DIALECT ? ajr_conf_dialect(conf)->rotates
                                        : choice == AJR_CHOICE_ON;
}

void ajr_conf_note(ajr_server_conf_t *conf, apr_pool_t *pconf,
                   const char *warning)
{
    if (conf->warnings == NULL) {
        conf->warnings = apr_array_make(pconf, 1, sizeof(const char *));
    }
    APR_ARRAY_PUSH(conf->warnings, const char *) = warning;
}

bool ajr_conf_supersedes(const ajr_dir_conf_t *conf)
{
    int choice = ajr_conf_supersede(conf);

    return choice == AJR_CHOICE_DIALECT ? ajr_conf_dialect(conf)->supersedes
                                        : choice == AJR_CHOICE_ON;
}

void ajr_conf_warn(server_rec *first)
{
    server_rec *s;
    int i;

    for (s = first; s != NULL; s = s->next) {
        const ajr_server_conf_t *conf = ajr_server_conf(s);
        const apr_array_header_t *warnings = conf->warnings;

        /* A virtual host that says nothing of ours shares the main server's. */
        if (s != first && conf == ajr_server_conf(first)) {
            continue;
        }
        for (i = 0; warnings != NULL && i < warnings->nelts; i++) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, "%s",
                         APR_ARRAY_IDX(warnings, i, const char *));
        }
    }
}
