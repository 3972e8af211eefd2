/* SPDX-License-Identifier: Apache-2.0
 *
 * What a `Require` line wants of claims: the operators of bearer-claim, and
 * the scopes of bearer-scope.
 */
#ifndef AJR_REQUIRE_H
#define AJR_REQUIRE_H

#include "wire.h"

/* Whether a compiled pattern matches text. Regular expressions are httpd's,
 * which the core does not know. */
typedef bool ajr_match_t(const void *pattern, const char *text);

/* The values of one line. Patterns are set for operators that take them,
 * texts for all others. */
typedef struct ajr_values_t {
    int count;
    const char *const *texts;
    const void *const *patterns;
    ajr_match_t *match;
} ajr_values_t;

/* One operator. */
typedef struct ajr_operator_t {
    const char *name;
    bool (*holds)(const json_t *claim, const ajr_values_t *values);
    int least;     /* values that it takes */
    int most;      /* 0 = any number, when least is not 0 */
    bool numeric;  /* values are numbers */
    bool patterns; /* values are patterns */
} ajr_operator_t;

/* The operator of that name, NULL = none. */
const ajr_operator_t *ajr_operator_find(const char *name);

/* All names, for a sentence. */
const char *ajr_operator_names(apr_pool_t *pool);

/* Whether the operator holds for a claim; NULL is an absent one, and JSON null
 * counts as absent. An absent claim satisfies no operator.
 *
 * A value equals a string of the same bytes, a number of the same value (1,
 * 1.0 and 1e0 are one), and a boolean by its word. eq ne in gt ge lt le want
 * one string, number or boolean: an array or object satisfies none of them.
 * any, all and match also take an array; a single value counts as an array of
 * one. gt ge lt le want a number: a string never is one. */
bool ajr_operator_holds(const ajr_operator_t *operator, const json_t * claim,
                        const ajr_values_t *values);

/* Whether text is a number as JSON writes it. */
bool ajr_number_valid(const char *text);

/* Whether text is one scope (RFC 6749 3.3): no quote, backslash, space. */
bool ajr_scope_valid(const char *text);

/* Whether `word` stands in `list` between spaces. */
bool ajr_scope_listed(const char *list, const char *word);

/* Whether every scope of `wanted` (const char *) is in the claim scope or scp:
 * a string of words between spaces, or an array of them. */
bool ajr_scopes_granted(const json_t *claims, const apr_array_header_t *wanted);

#endif
