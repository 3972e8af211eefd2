/* SPDX-License-Identifier: Apache-2.0
 *
 * .env files: a name, the first line, is looked for in the rest. What is found
 * lies in the text; put into quotes by itself, it is found again.
 */
#include "dotenv.h"
#include "fuzz.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"

static const char *find(ajr_bytes_t *out, ajr_bytes_t text, const char *name,
                        apr_pool_t *pool)
{
    unsigned char *copy = apr_pmemdup(pool, text.data, text.len);
    const char *why = ajr_dotenv_find(out, copy, text.len, name, pool);

    MUST((why == NULL) == (out->len > 0));
    MUST(why != NULL ||
         (out->data >= copy && out->data + out->len <= copy + text.len));
    return why;
}

/* The value between double quotes, everything that has a meaning escaped. */
static const char *written(const char *name, ajr_bytes_t value,
                           apr_pool_t *pool)
{
    char *text = apr_palloc(pool, value.len * 2 + 1);
    char *to = text;
    size_t i;

    for (i = 0; i < value.len; i++) {
        if (strchr("\"\\$", value.data[i]) != NULL) {
            *to++ = '\\';
        }
        *to++ = value.data[i] == '\r' ? '\\' : (char)value.data[i];
        if (value.data[i] == '\r') {
            *to++ = 'r';
        }
    }
    *to = '\0';
    return apr_pstrcat(pool, name, "=\"", text, "\"\n", NULL);
}

void fuzz_one(ajr_bytes_t in, apr_pool_t *pool)
{
    const char *name = fuzz_line(&in, pool);
    ajr_bytes_t value, again;

    if (*name == '\0' || name[strspn(name, LETTERS)] != '\0' ||
        find(&value, in, name, pool) != NULL ||
        memchr(value.data, '\0', value.len) != NULL) {
        return;
    }
    MUST(find(&again, ajr_bytes_of(written(name, value, pool)), name, pool) ==
         NULL);
    MUST(fuzz_same(again, value));
}
