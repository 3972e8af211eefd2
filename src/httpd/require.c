/* SPDX-License-Identifier: Apache-2.0
 *
 * Require bearer-scope and Require bearer-claim: lines compiled when the
 * configuration is read, judged when the token is known.
 */
#include "authn.h"
#include "authz.h"
#include "respond.h"

#include <ap_expr.h>
#include <ap_provider.h>
#include <mod_auth.h>

#include <string.h>

#include "require.h"

/* One line. */
typedef struct line_t {
    bool negated; /* by httpd's `not` or <RequireNone> somewhere above */
    apr_array_header_t *scopes; /* bearer-scope: const char * */

    /* bearer-claim */
    const ajr_claim_t *claim;
    const ajr_operator_t *operator;
    bool opposite; /* its own `not` */
    int count;
    const char **texts; /* NULL where there is an expression */
    const ap_expr_info_t **expressions;
    const void **patterns;
} line_t;

/* ---- configuration ---- */

static apr_array_header_t *words_of(const char *line, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(const char *));

    while (*line != '\0') {
        APR_ARRAY_PUSH(words, const char *) = ap_getword_conf(pool, &line);
    }
    return words;
}

/* An AuthzProviderAlias does not show how it will be used. */
static bool negated(const ap_directive_t *directive, apr_pool_t *pool)
{
    const char *args = directive->args;

    if (ap_cstr_casecmp(directive->directive, "Require") != 0 ||
        ap_cstr_casecmp(ap_getword_conf(pool, &args), "not") == 0) {
        return true;
    }
    for (; directive != NULL; directive = directive->parent) {
        if (ap_cstr_casecmp(directive->directive, "<RequireNone") == 0) {
            return true;
        }
    }
    return false;
}

static line_t *line_make(cmd_parms *cmd)
{
    line_t *line = apr_pcalloc(cmd->pool, sizeof(*line));

    line->negated = negated(cmd->directive, cmd->temp_pool);
    return line;
}

static const char *scope_parse(cmd_parms *cmd, const char *text,
                               const void **parsed)
{
    line_t *line = line_make(cmd);
    int i;

    line->scopes = words_of(text, cmd->pool);
    if (line->scopes->nelts == 0) {
        return "Require bearer-scope needs at least one scope, as in "
               "`Require bearer-scope read write`";
    }
    for (i = 0; i < line->scopes->nelts; i++) {
        const char *word = APR_ARRAY_IDX(line->scopes, i, const char *);

        if (!ajr_scope_valid(word)) {
            return apr_psprintf(cmd->pool,
                                "Require bearer-scope: `%s` is no scope; write "
                                "each as a word of its own, without quotes, "
                                "backslashes and spaces (RFC 6749 3.3)",
                                word);
        }
    }
    *parsed = line;
    return NULL;
}

static const char *pattern_compile(cmd_parms *cmd, line_t *line, int i,
                                   const char *word)
{
    line->patterns[i] = ap_pregcomp(cmd->pool, word, AP_REG_NOSUB);
    if (line->patterns[i] == NULL) {
        return apr_psprintf(cmd->pool,
                            "Require bearer-claim: `%s` is no regular "
                            "expression that httpd can compile; look at its "
                            "brackets, or escape them with a backslash",
                            word);
    }
    return NULL;
}

static const char *expression_parse(cmd_parms *cmd, line_t *line, int i,
                                    const char *word)
{
    const char *wrong = NULL;

    /* httpd logs at trace4, in the name given here, what an expression gives:
     * that may be a claim, and no level of ours shows one. */
    line->expressions[i] =
        ap_expr_parse_cmd_mi(cmd, word, AP_EXPR_FLAG_STRING_RESULT, &wrong,
                             NULL, core_module.module_index);
    return wrong == NULL
               ? NULL
               : apr_psprintf(cmd->pool,
                              "Require bearer-claim: the value `%s` is no "
                              "expression: %s; write it like %%{ENV:NAME}",
                              word, wrong);
}

static const char *value_parse(cmd_parms *cmd, line_t *line, int i,
                               const char *word)
{
    if (line->operator->patterns) {
        return pattern_compile(cmd, line, i, word);
    }
    if (strstr(word, "%{") != NULL) {
        return expression_parse(cmd, line, i, word);
    }
    if (line->operator->numeric && !ajr_number_valid(word)) {
        return apr_psprintf(cmd->pool,
                            "Require bearer-claim: `%s` is no number, which "
                            "`%s` compares with; write it like 18 or 2.5",
                            word, line->operator->name);
    }
    line->texts[i] = word;
    return NULL;
}

static const char *values_parse(cmd_parms *cmd, line_t *line, int count,
                                const char *const *words)
{
    const ajr_operator_t *operator= line->operator;
    const char *wrong = NULL;
    int i;

    if (count < operator->least ||(
                    (operator->most != 0 || operator->least == 0) &&
                    count > operator->most)) {
        return apr_psprintf(
            cmd->pool,
            "Require bearer-claim: `%s` takes %s, here are %d; put one with "
            "spaces in quotes",
            operator->name,
            operator->least == 0 ? "no value" :
            operator->most == 0  ? "one value or more"
                                 : "one value",
            count);
    }
    line->count = count;
    line->texts = apr_pcalloc(cmd->pool, (count + 1) * sizeof(char *));
    line->expressions = apr_pcalloc(cmd->pool, (count + 1) * sizeof(void *));
    line->patterns = apr_pcalloc(cmd->pool, (count + 1) * sizeof(void *));
    for (i = 0; i < count && wrong == NULL; i++) {
        wrong = value_parse(cmd, line, i, words[i]);
    }
    return wrong;
}

static const char *claim_parse(cmd_parms *cmd, const char *text,
                               const void **parsed)
{
    const apr_array_header_t *list = words_of(text, cmd->pool);
    const char *const *words = (const char *const *)list->elts;
    line_t *line = line_make(cmd);
    ajr_claim_t *claim = NULL;
    const char *wrong;
    int at = 1;

    if (list->nelts > 1 && strcmp(words[1], "not") == 0) {
        line->opposite = true;
        at = 2;
    }
    if (list->nelts <= at) {
        return apr_psprintf(cmd->pool,
                            "Require bearer-claim needs a claim, an operator "
                            "and its values, as in `Require bearer-claim role "
                            "in admin editor`; operators: %s",
                            ajr_operator_names(cmd->pool));
    }
    wrong = ajr_claim_compile(&claim, words[0], cmd->pool);
    if (wrong != NULL) {
        return apr_psprintf(cmd->pool, "Require bearer-claim: `%s` %s",
                            words[0], wrong);
    }
    line->claim = claim;
    line->operator= ajr_operator_find(words[at]);
    if (line->operator== NULL) {
        return apr_psprintf(cmd->pool,
                            "Require bearer-claim: `%s` is no operator; known: "
                            "%s, each also behind `not`",
                            words[at], ajr_operator_names(cmd->pool));
    }
    *parsed = line;
    return values_parse(cmd, line, list->nelts - at - 1, words + at + 1);
}

/* ---- requests ---- */

/* The claims to judge. NULL when there are none yet, or never will be: then
 * *status is the answer. */
static const json_t *claims_of(authz_status *status, request_rec *r,
                               const line_t *line)
{
    ajr_record_t *record = ajr_record(r);

    *status = AUTHZ_DENIED_NO_USER;
    if (record->judged) {
        return record->jwt->claims;
    }
    if (!ajr_authn_asks(r)) {
        record->detail =
            "Require bearer-scope and bearer-claim need AuthType "
            "Bearer, or AuthType Basic with AuthBasicProvider bearer";
        ajr_log_outcome(r, AJR_MISCONFIGURED);
        *status = AUTHZ_GENERAL_ERROR;
        return NULL;
    }
    if (record->tokenless) {
        *status = AUTHZ_DENIED;
        return NULL;
    }
    record->undecided |= line->negated;
    return NULL;
}

/* The union of what refused lines want, for the challenge. */
static void scopes_note(request_rec *r, const apr_array_header_t *scopes)
{
    ajr_record_t *record = ajr_record(r);
    int i;

    for (i = 0; i < scopes->nelts; i++) {
        const char *scope = APR_ARRAY_IDX(scopes, i, const char *);

        if (record->scopes == NULL) {
            record->scopes = scope;
        } else if (!ajr_scope_listed(record->scopes, scope)) {
            record->scopes =
                apr_pstrcat(r->pool, record->scopes, " ", scope, NULL);
        }
    }
}

static authz_status scope_check(request_rec *r, const char *text,
                                const void *parsed)
{
    const line_t *line = parsed;
    authz_status status;
    const json_t *claims = claims_of(&status, r, line);

    (void)text;
    if (claims == NULL) {
        return status;
    }
    if (ajr_scopes_granted(claims, line->scopes)) {
        return AUTHZ_GRANTED;
    }
    if (!line->negated) {
        scopes_note(r, line->scopes);
    }
    return AUTHZ_DENIED;
}

static bool pattern_matches(const void *pattern, const char *text)
{
    return ap_regexec(pattern, text, 0, NULL, 0) == 0;
}

/* The text of value i; NULL, with a detail for the log, when its expression
 * gives none. */
static const char *value_of(request_rec *r, const line_t *line, int i)
{
    const char *wrong = NULL;
    const char *text;

    if (line->expressions[i] == NULL) {
        return line->texts[i];
    }
    text = ap_expr_str_exec(r, line->expressions[i], &wrong);
    if (wrong != NULL || text == NULL) {
        ajr_record(r)->detail = "an expression of Require bearer-claim fails";
        return NULL;
    }
    if (line->operator->numeric && !ajr_number_valid(text)) {
        ajr_record(r)->detail = "an expression of Require bearer-claim gives "
                                "no number to compare with";
        return NULL;
    }
    return text;
}

static authz_status claim_judge(request_rec *r, const line_t *line,
                                const json_t *claims)
{
    const char **texts =
        apr_pcalloc(r->pool, (line->count + 1) * sizeof(char *));
    const ajr_values_t values = {line->count, texts, line->patterns,
                                 pattern_matches};
    int i;

    for (i = 0; i < line->count && !line->operator->patterns; i++) {
        texts[i] = value_of(r, line, i);
        if (texts[i] == NULL) {
            return AUTHZ_GENERAL_ERROR;
        }
    }
    return ajr_operator_holds(line->operator,
                              ajr_claim_find(line->claim, claims),
                              &values) != line->opposite
               ? AUTHZ_GRANTED
               : AUTHZ_DENIED;
}

static authz_status claim_check(request_rec *r, const char *text,
                                const void *parsed)
{
    authz_status status;
    const json_t *claims = claims_of(&status, r, parsed);

    (void)text;
    return claims == NULL ? status : claim_judge(r, parsed, claims);
}

void ajr_require_register(apr_pool_t *pconf)
{
    static const authz_provider scope = {scope_check, scope_parse};
    static const authz_provider claim = {claim_check, claim_parse};

    ap_register_auth_provider(pconf, AUTHZ_PROVIDER_GROUP, "bearer-scope",
                              AUTHZ_PROVIDER_VERSION, &scope,
                              AP_AUTH_INTERNAL_PER_CONF);
    ap_register_auth_provider(pconf, AUTHZ_PROVIDER_GROUP, "bearer-claim",
                              AUTHZ_PROVIDER_VERSION, &claim,
                              AP_AUTH_INTERNAL_PER_CONF);
}
