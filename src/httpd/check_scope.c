/* SPDX-License-Identifier: Apache-2.0
 *
 * check_config: what is allowed and not safe. Directives that are harmless
 * alone are looked at together, as they are merged in each section.
 */
#include "check.h"

#include <string.h>

typedef struct rule_t {
    /* This section has a part in it. */
    bool (*said)(const ajr_dir_conf_t *own);
    bool (*unsafe)(const ajr_dir_conf_t *merged);
    bool bare; /* no trouble where there is a JwtDatabase */
    const char *directive;
    const char *trouble;
    const char *remedy;
} rule_t;

/* ---- a token in the query that stays there ---- */

static bool query_said(const ajr_dir_conf_t *own)
{
    return own->sources != NULL || own->strip != AJR_UNSET_FLAG;
}

static bool query_unsafe(const ajr_dir_conf_t *merged)
{
    const apr_array_header_t *sources = ajr_conf_sources(merged);
    bool query = false;
    int i;

    for (i = 0; sources != NULL && i < sources->nelts; i++) {
        query |= APR_ARRAY_IDX(sources, i, const ajr_source_t).kind ==
                 AJR_SOURCE_QUERY;
    }
    return query && !ajr_conf_strip(merged);
}

/* ---- tokens that never end ---- */

static bool eternal_said(const ajr_dir_conf_t *own)
{
    return own->required != NULL || own->max_lifetime != AJR_UNSET_DURATION;
}

static bool eternal_unsafe(const ajr_dir_conf_t *merged)
{
    const apr_array_header_t *required = ajr_conf_required(merged);
    int i;

    if (required == NULL || ajr_conf_max_lifetime(merged) != 0) {
        return false;
    }
    for (i = 0; i < required->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(required, i, const char *), "exp") == 0) {
            return false;
        }
    }
    return true;
}

/* ---- keys of somebody who has other customers ---- */

static bool audience_said(const ajr_dir_conf_t *own)
{
    return own->key_files != NULL || own->audiences != NULL;
}

static bool audience_unsafe(const ajr_dir_conf_t *merged)
{
    const apr_array_header_t *files = ajr_conf_key_files(merged);
    const apr_array_header_t *audiences = ajr_conf_audiences(merged);

    return files != NULL && files->nelts > 0 &&
           (audiences == NULL || audiences->nelts == 0);
}

/* ---- times that do not fit ---- */

static bool leeway_said(const ajr_dir_conf_t *own)
{
    return own->leeway != AJR_UNSET_DURATION;
}

static bool leeway_unsafe(const ajr_dir_conf_t *merged)
{
    return ajr_conf_leeway(merged) > apr_time_from_sec(10 * 60);
}

static bool lifetime_said(const ajr_dir_conf_t *own)
{
    return own->access_lifetime != AJR_UNSET_LIFETIME ||
           own->max_lifetime != AJR_UNSET_DURATION;
}

/* A scope that mints nothing says nothing of JwtAccessLifetime. */
static bool lifetime_unsafe(const ajr_dir_conf_t *merged)
{
    return merged->access_lifetime != AJR_UNSET_LIFETIME &&
           ajr_conf_max_lifetime(merged) != 0 &&
           ajr_conf_access_lifetime(merged) > ajr_conf_max_lifetime(merged);
}

/* ---- revocations that nobody knows ---- */

static bool revocation_said(const ajr_dir_conf_t *own)
{
    return own->revocation != AJR_UNSET_REVOCATION;
}

static bool revocation_unsafe(const ajr_dir_conf_t *merged)
{
    return ajr_conf_revocation(merged)->on;
}

static const rule_t rules[] = {
    {query_said, query_unsafe, false, "JwtSource query:", "with JwtStrip Off",
     "backends and their logs see the token in the URL; write JwtStrip On"},
    {eternal_said, eternal_unsafe, false, "JwtRequireClaims", "without exp",
     "a token that has no exp is good for ever; add exp, or JwtMaxLifetime"},
    {audience_said, audience_unsafe, false, "JwtKeySet", "without JwtAudience",
     "what its issuer made for others is accepted; say whom tokens must be "
     "for"},
    {leeway_said, leeway_unsafe, false, "JwtLeeway", "above ten minutes",
     "tokens live that much longer than their exp; mend the clocks instead"},
    {lifetime_said, lifetime_unsafe, false, "JwtAccessLifetime",
     "longer than JwtMaxLifetime",
     "what is minted here is refused here; make it shorter"},
    {revocation_said, revocation_unsafe, true, "JwtRevocation On",
     "without a JwtDatabase",
     "nobody is asked, and what was revoked is let in; name the database"},
};

/* NULL where a section says nothing of ours; a server always has one. */
static const ajr_dir_conf_t *own_of(const ap_conf_vector_t *section)
{
    return ap_get_module_config(section, &auth_jwt_refresh_module);
}

static void warn(apr_pool_t *pconf, server_rec *s, const rule_t *rule,
                 const char *where)
{
    ajr_conf_note(ajr_server_conf(s), pconf,
                  apr_pstrcat(pconf, rule->directive, " ", where, ", ",
                              rule->trouble, ": ", rule->remedy, NULL));
}

/* Whether some of these sections has a part in the rule; those that do so in
 * an unsafe way are noted. */
static bool sections_look(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s,
                          const rule_t *rule,
                          const apr_array_header_t *sections)
{
    bool said = false;
    int i;

    for (i = 0; i < sections->nelts; i++) {
        ap_conf_vector_t *section =
            APR_ARRAY_IDX(sections, i, ap_conf_vector_t *);
        const ajr_dir_conf_t *own = own_of(section);
        const core_dir_config *core = ap_get_core_module_config(section);

        if (own == NULL || !rule->said(own)) {
            continue;
        }
        said = true;
        if (rule->unsafe(own_of(ap_merge_per_dir_configs(
                ptemp, s->lookup_defaults, section)))) {
            warn(pconf, s, rule, apr_pstrcat(ptemp, "at ", core->d, NULL));
        }
    }
    return said;
}

/* What a virtual host inherits was said of the main server. */
static bool said_here(const server_rec *first, const server_rec *s,
                      const rule_t *rule)
{
    const ajr_dir_conf_t *own = own_of(s->lookup_defaults);
    const ajr_dir_conf_t *main = own_of(first->lookup_defaults);

    return rule->said(own) && (s == first || !ajr_dir_conf_same(own, main));
}

/* What the main server says may be meant for the virtual hosts. */
static bool has_database(server_rec *first, const server_rec *s)
{
    server_rec *at;

    for (at = first; at != NULL; at = at->next) {
        if ((at == s || s == first) &&
            *ajr_server_database(ajr_server_conf(at)) != '\0') {
            return true;
        }
    }
    return false;
}

/* Of the server itself only what no section speaks of: there it may have been
 * put right. */
void ajr_scopes_check(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *first,
                      server_rec *s)
{
    const core_server_config *core =
        ap_get_core_module_config(s->module_config);
    bool database = has_database(first, s);
    size_t i;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const rule_t *rule = &rules[i];
        bool said;

        if (rule->bare && database) {
            continue;
        }
        said = sections_look(pconf, ptemp, s, rule, core->sec_dir);
        said |= sections_look(pconf, ptemp, s, rule, core->sec_url);
        if (!said && said_here(first, s, rule) &&
            rule->unsafe(own_of(s->lookup_defaults))) {
            warn(pconf, s, rule, "of the server");
        }
    }
}
