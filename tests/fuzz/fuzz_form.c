/* SPDX-License-Identifier: Apache-2.0
 *
 * Forms, and query strings, where one name is looked for: the first line.
 */
#include "form.h"
#include "fuzz.h"

/* Every byte escaped. */
static char *escaped(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(text) * 3 + 1);
    char *to = out;

    for (; *text != '\0'; text++) {
        to += apr_snprintf(to, 4, "%%%02x", (unsigned char)*text);
    }
    *to = '\0';
    return out;
}

/* A form that is accepted says the same when it is written anew. */
static void form(ajr_bytes_t in, apr_pool_t *pool)
{
    const apr_table_entry_t *entry;
    char *text = apr_pstrdup(pool, "");
    apr_table_t *got, *again;
    int i;

    if (!ajr_form_parse(&got, in, pool)) {
        MUST(got == NULL);
        return;
    }
    MUST(apr_table_elts(got)->nelts <= AJR_FORM_MAX);
    entry = (const apr_table_entry_t *)apr_table_elts(got)->elts;
    for (i = 0; i < apr_table_elts(got)->nelts; i++) {
        MUST(ajr_utf8_valid(ajr_bytes_of(entry[i].key)));
        MUST(ajr_utf8_valid(ajr_bytes_of(entry[i].val)));
        text = apr_pstrcat(pool, text, "&", escaped(entry[i].key, pool), "=",
                           escaped(entry[i].val, pool), NULL);
    }
    MUST(ajr_form_parse(&again, ajr_bytes_of(text), pool));
    MUST(apr_table_elts(again)->nelts == apr_table_elts(got)->nelts);
    for (i = 0; i < apr_table_elts(got)->nelts; i++) {
        MUST(strcmp(apr_table_get(again, entry[i].key), entry[i].val) == 0);
    }
}

/* No value is left behind, and nothing else is touched. */
static void query(const char *name, const char *text, apr_pool_t *pool)
{
    apr_array_header_t *values = ajr_query_values(text, name, pool);
    const char *without = ajr_query_edit(text, name, NULL, pool);
    const char *redacted = ajr_query_edit(text, name, "redacted", pool);
    apr_array_header_t *left = ajr_query_values(redacted, name, pool);
    int i;

    MUST(ajr_query_values(without, name, pool)->nelts == 0);
    MUST((values->nelts == 0) == (without == text));
    MUST(left->nelts == values->nelts);
    for (i = 0; i < left->nelts; i++) {
        const char *value = APR_ARRAY_IDX(left, i, const char *);

        MUST(*value == '\0' || strcmp(value, "redacted") == 0);
    }
    MUST(strcmp(ajr_query_edit(redacted, name, NULL, pool), without) == 0);
}

void fuzz_one(ajr_bytes_t in, apr_pool_t *pool)
{
    const char *name;

    form(in, pool);
    name = fuzz_line(&in, pool);
    query(name, apr_pstrmemdup(pool, (const char *)in.data, in.len), pool);
}
