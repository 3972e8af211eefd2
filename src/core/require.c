/* SPDX-License-Identifier: Apache-2.0 */
#include "require.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

/* ---- numbers ---- */

/* A number as JSON writes it, NULL = text is none; the caller owns it. */
static json_t *number_read(const char *text)
{
    size_t length = strlen(text);

    /* The parser skips white space around a value. */
    if (length == 0 || !apr_isdigit(text[length - 1]) ||
        (!apr_isdigit(text[0]) && text[0] != '-')) {
        return NULL;
    }
    return json_loads(text, JSON_DECODE_ANY, NULL);
}

bool ajr_number_valid(const char *text)
{
    json_t *number = number_read(text);
    bool valid = number != NULL;

    json_decref(number);
    return valid;
}

static int integers_compare(json_int_t a, json_int_t b)
{
    return (a > b) - (a < b);
}

#define BEYOND 9223372036854775808.0 /* 2^63 */

/* No integer is squeezed through a double, which holds those up to 2^53. */
static int mixed_compare(json_int_t integer, double real)
{
    json_int_t whole;
    double rest;

    if (real >= BEYOND || real < -BEYOND) {
        return real > 0 ? -1 : 1;
    }
    whole = (json_int_t)real;
    rest = real - (double)whole;
    return integer == whole ? (rest < 0) - (rest > 0)
                            : integers_compare(integer, whole);
}

/* -1, 0, 1 */
static int numbers_compare(const json_t *a, const json_t *b)
{
    double left = json_number_value(a);
    double right = json_number_value(b);

    if (json_is_integer(a)) {
        return json_is_integer(b) ? integers_compare(json_integer_value(a),
                                                     json_integer_value(b))
                                  : mixed_compare(json_integer_value(a), right);
    }
    return json_is_integer(b) ? -mixed_compare(json_integer_value(b), left)
                              : (left > right) - (left < right);
}

/* Compares a claim with a value; false when one of them is no number. */
static bool compare(int *order, const json_t *claim, const char *text)
{
    json_t *number = json_is_number(claim) ? number_read(text) : NULL;

    if (number == NULL) {
        return false;
    }
    *order = numbers_compare(claim, number);
    json_decref(number);
    return true;
}

/* ---- one value ---- */

static bool scalar(const json_t *claim)
{
    return !json_is_array(claim) && !json_is_object(claim);
}

static bool equals(const json_t *claim, const char *text)
{
    int order;

    if (json_is_string(claim)) {
        return strcmp(json_string_value(claim), text) == 0;
    }
    if (json_is_boolean(claim)) {
        return strcmp(json_is_true(claim) ? "true" : "false", text) == 0;
    }
    return compare(&order, claim, text) && order == 0;
}

static bool equals_one(const json_t *claim, const ajr_values_t *values)
{
    int i;

    for (i = 0; i < values->count; i++) {
        if (equals(claim, values->texts[i])) {
            return true;
        }
    }
    return false;
}

/* A pattern judges strings; other types have their own operators. */
static bool matches_one(const json_t *claim, const ajr_values_t *values)
{
    const char *text = json_string_value(claim);
    int i;

    for (i = 0; text != NULL && i < values->count; i++) {
        if (values->match(values->patterns[i], text)) {
            return true;
        }
    }
    return false;
}

/* ---- the operators ---- */

static bool op_eq(const json_t *claim, const ajr_values_t *values)
{
    return equals_one(claim, values);
}

static bool op_ne(const json_t *claim, const ajr_values_t *values)
{
    return scalar(claim) && !equals_one(claim, values);
}

/* Whether one of the claim's elements, or the claim, passes. */
static bool some(const json_t *claim, const ajr_values_t *values,
                 bool (*passes)(const json_t *, const ajr_values_t *))
{
    const json_t *item;
    size_t i;

    if (!json_is_array(claim)) {
        return passes(claim, values);
    }
    json_array_foreach((json_t *)claim, i, item)
    {
        if (passes(item, values)) {
            return true;
        }
    }
    return false;
}

static bool op_any(const json_t *claim, const ajr_values_t *values)
{
    return some(claim, values, equals_one);
}

static bool op_all(const json_t *claim, const ajr_values_t *values)
{
    int i;

    for (i = 0; i < values->count; i++) {
        ajr_values_t one = {.count = 1, .texts = &values->texts[i]};

        if (!some(claim, &one, equals_one)) {
            return false;
        }
    }
    return true;
}

static bool op_match(const json_t *claim, const ajr_values_t *values)
{
    return some(claim, values, matches_one);
}

static bool op_gt(const json_t *claim, const ajr_values_t *values)
{
    int order;

    return compare(&order, claim, values->texts[0]) && order > 0;
}

static bool op_ge(const json_t *claim, const ajr_values_t *values)
{
    int order;

    return compare(&order, claim, values->texts[0]) && order >= 0;
}

static bool op_lt(const json_t *claim, const ajr_values_t *values)
{
    int order;

    return compare(&order, claim, values->texts[0]) && order < 0;
}

static bool op_le(const json_t *claim, const ajr_values_t *values)
{
    int order;

    return compare(&order, claim, values->texts[0]) && order <= 0;
}

static bool op_exists(const json_t *claim, const ajr_values_t *values)
{
    (void)claim;
    (void)values;
    return true;
}

static const ajr_operator_t operators[] = {
    {"eq", op_eq, 1, 1, false, false},
    {"ne", op_ne, 1, 1, false, false},
    {"in", op_eq, 1, 0, false, false},
    {"any", op_any, 1, 0, false, false},
    {"all", op_all, 1, 0, false, false},
    {"match", op_match, 1, 0, false, true},
    {"gt", op_gt, 1, 1, true, false},
    {"ge", op_ge, 1, 1, true, false},
    {"lt", op_lt, 1, 1, true, false},
    {"le", op_le, 1, 1, true, false},
    {"exists", op_exists, 0, 0, false, false},
};

#define OPERATORS (sizeof(operators) / sizeof(operators[0]))

const ajr_operator_t *ajr_operator_find(const char *name)
{
    size_t i;

    for (i = 0; i < OPERATORS; i++) {
        if (strcmp(operators[i].name, name) == 0) {
            return &operators[i];
        }
    }
    return NULL;
}

const char *ajr_operator_names(apr_pool_t *pool)
{
    const char *names = operators[0].name;
    size_t i;

    for (i = 1; i < OPERATORS; i++) {
        names = apr_pstrcat(pool, names, ", ", operators[i].name, NULL);
    }
    return names;
}

bool ajr_operator_holds(const ajr_operator_t *operator, const json_t * claim,
                        const ajr_values_t *values)
{
    return claim != NULL &&
           !json_is_null(claim) && operator->holds(claim, values);
}

/* ---- scopes ---- */

bool ajr_scope_valid(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at > ' ' && *at < 0x7f && *at != '"' && *at != '\\') {
        at++;
    }
    return at != (const unsigned char *)text && *at == '\0';
}

bool ajr_scope_listed(const char *list, const char *word)
{
    size_t length = strlen(word);

    while (*list != '\0') {
        size_t size = strcspn(list, " ");

        if (size == length && strncmp(list, word, length) == 0) {
            return true;
        }
        list += size;
        list += strspn(list, " ");
    }
    return false;
}

static bool scope_in(const json_t *claim, const char *scope)
{
    const ajr_values_t one = {.count = 1, .texts = &scope};

    return json_is_string(claim)
               ? ajr_scope_listed(json_string_value(claim), scope)
               : json_is_array(claim) && op_any(claim, &one);
}

bool ajr_scopes_granted(const json_t *claims, const apr_array_header_t *wanted)
{
    const json_t *scope = json_object_get(claims, "scope");
    const json_t *scp = json_object_get(claims, "scp");
    int i;

    for (i = 0; i < wanted->nelts; i++) {
        const char *word = APR_ARRAY_IDX(wanted, i, const char *);

        if (!scope_in(scope, word) && !scope_in(scp, word)) {
            return false;
        }
    }
    return true;
}
