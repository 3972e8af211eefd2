/* SPDX-License-Identifier: Apache-2.0
 *
 * What a `Require bearer-claim` or `bearer-scope` line says of claims: the
 * words of the line, the first line, then the claims of a token, where the
 * claim in question is `c`.
 */
#include "fuzz.h"
#include "require.h"

#define WORDS 4

/* A pattern is the text that must be in it. */
static bool contains(const void *pattern, const char *text)
{
    return strstr(text, pattern) != NULL;
}

static bool holds(const char *name, const json_t *claim, const char *const *all,
                  int count)
{
    const ajr_operator_t *operator= ajr_operator_find(name);
    ajr_values_t values = {.count = count, .match = contains};

    MUST(operator!= NULL);
    values.texts = operator->patterns ? NULL : all;
    values.patterns = operator->patterns ? (const void *const *)all : NULL;
    return ajr_operator_holds(operator, claim, &values);
}

/* RFC 8259 has one kind of number; so has the comparison. */
static void compare(const json_t *claim, const char *const *number)
{
    bool gt = holds("gt", claim, number, 1);
    bool ge = holds("ge", claim, number, 1);
    bool lt = holds("lt", claim, number, 1);
    bool le = holds("le", claim, number, 1);

    MUST(!gt || (ge && !le));
    MUST(!lt || (le && !ge));
    MUST(json_is_number(claim) ? ge || le : !ge && !le);
    if (ge && le) {
        MUST(holds("eq", claim, number, 1));
    }
}

/* An absent claim fulfils nothing, and operators agree with each other. */
static void judge(const json_t *claim, const char *const *words, int count)
{
    static const char *const names[] = {"eq",  "ne",    "in",    "any",
                                        "all", "match", "exists"};
    bool eq = holds("eq", claim, words, 1);
    bool in = holds("in", claim, words, count);
    bool present = claim != NULL && !json_is_null(claim);
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        MUST(present || !holds(names[i], claim, words, 1));
    }
    MUST(holds("exists", claim, NULL, 0) == present);
    MUST(!eq || in);
    MUST(!eq || !holds("ne", claim, words, 1));
    MUST(holds("in", claim, words, 1) == eq);
    if (!json_is_array(claim) && !json_is_object(claim)) {
        MUST(holds("any", claim, words, count) == in);
        MUST(!present || eq != holds("ne", claim, words, 1));
    } else {
        MUST(!eq && !in && !holds("ne", claim, words, 1));
    }
    if (ajr_number_valid(words[0])) {
        compare(claim, words);
    }
}

/* All of several scopes are granted when each of them is. */
static void grant(const json_t *claims, const char *const *words, int count,
                  apr_pool_t *pool)
{
    apr_array_header_t *all = apr_array_make(pool, WORDS, sizeof(char *));
    bool each = true;
    int i;

    for (i = 0; i < count; i++) {
        apr_array_header_t *one = apr_array_make(pool, 1, sizeof(char *));

        if (!ajr_scope_valid(words[i])) {
            return;
        }
        APR_ARRAY_PUSH(all, const char *) = words[i];
        APR_ARRAY_PUSH(one, const char *) = words[i];
        each = ajr_scopes_granted(claims, one) && each;
    }
    MUST(ajr_scopes_granted(claims, all) == each);
}

void fuzz_one(ajr_bytes_t in, apr_pool_t *pool)
{
    char *rest = fuzz_line(&in, pool);
    const char *words[WORDS];
    json_t *claims;
    int count = 0;

    while (rest != NULL && count < WORDS) {
        words[count++] = strsep(&rest, " ");
    }
    if (ajr_json_object(&claims, in, pool)) {
        judge(json_object_get(claims, "c"), words, count);
        grant(claims, words, count, pool);
    }
}
