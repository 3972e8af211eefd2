/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <string.h>

#include <apr_strings.h>

#define INDEX_MAX 9999

typedef struct step_t {
    const char *member; /* NULL: an element */
    size_t index;
} step_t;

struct ajr_claim_t {
    int count;
    step_t steps[AJR_CLAIM_STEPS];
};

/* One member name up to an unescaped dot or bracket; *at moves behind it. */
static const char *member_read(const char **at, apr_pool_t *pool)
{
    char *name = apr_palloc(pool, strlen(*at) + 1);
    char *to = name;
    const char *from = *at;

    while (*from != '\0' && *from != '.' && *from != '[') {
        if (*from == '\\' && from[1] != '\0') {
            from++;
        }
        *to++ = *from++;
    }
    *to = '\0';
    *at = from;
    return to == name ? NULL : name;
}

/* "[12]"; *at moves behind the bracket. */
static bool index_read(size_t *index, const char **at)
{
    const char *from = *at + 1;

    *index = 0;
    if (*from == ']') {
        return false;
    }
    for (; *from >= '0' && *from <= '9' && *index <= INDEX_MAX; from++) {
        *index = *index * 10 + (size_t)(*from - '0');
    }
    *at = from + 1;
    return *from == ']' && *index <= INDEX_MAX;
}

static bool step_read(step_t *step, const char **at, bool first,
                      apr_pool_t *pool)
{
    if (**at == '[') {
        return !first && index_read(&step->index, at);
    }
    if (!first) {
        if (**at != '.') {
            return false;
        }
        (*at)++;
    }
    step->member = member_read(at, pool);
    return step->member != NULL;
}

const char *ajr_claim_compile(ajr_claim_t **out, const char *path,
                              apr_pool_t *pool)
{
    ajr_claim_t *claim = apr_pcalloc(pool, sizeof(*claim));
    const char *at = path;

    *out = NULL;
    do {
        if (claim->count == AJR_CLAIM_STEPS) {
            return "has more steps than are supported (16)";
        }
        if (!step_read(&claim->steps[claim->count], &at, claim->count == 0,
                       pool)) {
            return "is no claim path; write it like realm.roles[0]";
        }
        claim->count++;
    } while (*at != '\0');
    *out = claim;
    return NULL;
}

const json_t *ajr_claim_find(const ajr_claim_t *claim, const json_t *claims)
{
    const json_t *value = claims;
    int i;

    for (i = 0; i < claim->count && value != NULL; i++) {
        const step_t *step = &claim->steps[i];

        value = step->member != NULL ? json_object_get(value, step->member)
                                     : json_array_get(value, step->index);
    }
    return value;
}

const char *ajr_claim_text(const json_t *value, apr_pool_t *pool)
{
    const char *text;

    if (value == NULL || json_is_null(value)) {
        return NULL;
    }
    if (json_is_string(value)) {
        text = apr_pstrdup(pool, json_string_value(value));
    } else {
        text = ajr_json_text(value, pool);
    }
    return text != NULL && ajr_text_printable(ajr_bytes_of(text)) ? text : NULL;
}
