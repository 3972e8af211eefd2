/* SPDX-License-Identifier: Apache-2.0 */
#include "form.h"

#include <string.h>

#include <apr_strings.h>

/* The text that a name or value of a form stands for, NULL when it is
 * malformed. */
static const char *form_text(ajr_bytes_t in, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, in.len + 1);
    ajr_bytes_t decoded = {(unsigned char *)text, 0};
    apr_size_t i;

    for (i = 0; i < in.len; i++) {
        int c = in.data[i] == '+' ? ' ' : in.data[i];

        if (c == '%') {
            int high = i + 2 < in.len ? ajr_hex_value(in.data[i + 1]) : -1;
            int low = high >= 0 ? ajr_hex_value(in.data[i + 2]) : -1;

            c = low < 0 ? 0 : high << 4 | low;
            i += 2;
        }
        if (c == 0) {
            return NULL;
        }
        text[decoded.len++] = (char)c;
    }
    text[decoded.len] = '\0';
    return ajr_utf8_valid(decoded) ? text : NULL;
}

/* Cuts what stands before the first `mark` off `rest`, or all of it. */
static ajr_bytes_t cut(ajr_bytes_t *rest, char mark)
{
    const unsigned char *end =
        rest->len > 0 ? memchr(rest->data, mark, rest->len) : NULL;
    ajr_bytes_t piece = *rest;

    if (end != NULL) {
        piece.len = (apr_size_t)(end - rest->data);
        rest->data = end + 1;
        rest->len -= piece.len + 1;
    } else {
        rest->len = 0;
    }
    return piece;
}

bool ajr_form_parse(apr_table_t **out, ajr_bytes_t in, apr_pool_t *pool)
{
    apr_table_t *form = apr_table_make(pool, 8);
    int count = 0;

    *out = NULL;
    while (in.len > 0) {
        ajr_bytes_t value = cut(&in, '&');
        ajr_bytes_t raw_name;
        const char *name, *text;

        if (value.len == 0) {
            continue;
        }
        raw_name = cut(&value, '=');
        name = form_text(raw_name, pool);
        text = form_text(value, pool);
        if (name == NULL || text == NULL || ++count > AJR_FORM_MAX ||
            apr_table_get(form, name) != NULL) {
            return false;
        }
        apr_table_setn(form, name, text);
    }
    *out = form;
    return true;
}

/* ---- query strings ---- */

/* Whether the segment [at, at + len) is a parameter `name`; *value is then
 * what stands behind its `=`, empty when there is none. */
static bool query_named(ajr_bytes_t *value, const char *at, apr_size_t len,
                        const char *name, apr_pool_t *pool)
{
    const char *decoded;

    value->data = (const unsigned char *)at;
    value->len = len;
    decoded = len > 0 ? form_text(cut(value, '='), pool) : NULL;
    return decoded != NULL && strcmp(decoded, name) == 0;
}

apr_array_header_t *ajr_query_values(const char *query, const char *name,
                                     apr_pool_t *pool)
{
    apr_array_header_t *found = apr_array_make(pool, 1, sizeof(char *));
    const char *at = query != NULL ? query : "";
    apr_size_t len;

    for (len = strcspn(at, "&"); *at != '\0'; len = strcspn(at, "&")) {
        ajr_bytes_t value;

        if (query_named(&value, at, len, name, pool)) {
            const char *text = form_text(value, pool);

            APR_ARRAY_PUSH(found, const char *) =
                text != NULL
                    ? text
                    : apr_pstrmemdup(pool, (const char *)value.data, value.len);
        }
        at += len + (at[len] != '\0');
    }
    return found;
}

/* The segment with another value; one without `=` has none to replace. */
static const char *query_with(const char *at, apr_size_t len, ajr_bytes_t old,
                              const char *value, apr_pool_t *pool)
{
    apr_size_t name = len - old.len;

    if (old.data == (const unsigned char *)at) {
        return apr_pstrmemdup(pool, at, len);
    }
    return apr_pstrcat(pool, apr_pstrmemdup(pool, at, name), value, NULL);
}

const char *ajr_query_edit(const char *query, const char *name,
                           const char *value, apr_pool_t *pool)
{
    apr_array_header_t *kept = apr_array_make(pool, 8, sizeof(char *));
    const char *at = query;
    bool edited = false;

    while (at != NULL) {
        apr_size_t len = strcspn(at, "&");
        ajr_bytes_t old;

        if (query_named(&old, at, len, name, pool)) {
            edited = true;
            if (value != NULL) {
                APR_ARRAY_PUSH(kept, const char *) =
                    query_with(at, len, old, value, pool);
            }
        } else {
            APR_ARRAY_PUSH(kept, const char *) = apr_pstrmemdup(pool, at, len);
        }
        at = at[len] == '&' ? at + len + 1 : NULL;
    }
    return edited ? apr_array_pstrcat(pool, kept, '&') : query;
}

/* ---- cookies ---- */

static ajr_bytes_t trim(ajr_bytes_t in)
{
    while (in.len > 0 && (in.data[0] == ' ' || in.data[0] == '\t')) {
        in.data++;
        in.len--;
    }
    while (in.len > 0 &&
           (in.data[in.len - 1] == ' ' || in.data[in.len - 1] == '\t')) {
        in.len--;
    }
    return in;
}

/* Whether a trimmed cookie-pair is of that name; *value is its value. */
static bool cookie_named(ajr_bytes_t *value, ajr_bytes_t pair, const char *name)
{
    apr_size_t size = strlen(name);

    if (pair.len <= size || pair.data[size] != '=' ||
        strncmp((const char *)pair.data, name, size) != 0) {
        return false;
    }
    value->data = pair.data + size + 1;
    value->len = pair.len - size - 1;
    if (value->len >= 2 && value->data[0] == '"' &&
        value->data[value->len - 1] == '"') {
        value->data++;
        value->len -= 2;
    }
    return true;
}

apr_array_header_t *ajr_cookie_values(const char *header, const char *name,
                                      apr_pool_t *pool)
{
    apr_array_header_t *found = apr_array_make(pool, 1, sizeof(char *));
    ajr_bytes_t rest = ajr_bytes_of(header != NULL ? header : "");

    while (rest.len > 0) {
        ajr_bytes_t value;

        if (cookie_named(&value, trim(cut(&rest, ';')), name)) {
            APR_ARRAY_PUSH(found, const char *) =
                apr_pstrmemdup(pool, (const char *)value.data, value.len);
        }
    }
    return found;
}

/* httpd joins repeated Cookie lines with a comma. Who may set a cookie may
 * write one into its value, so none is found behind it; but none stays
 * either. */
static bool joined_cut(ajr_bytes_t *piece, const char *name)
{
    ajr_bytes_t rest = *piece;

    (void)cut(&rest, ',');
    while (rest.len > 0) {
        ajr_bytes_t value = cut(&rest, ',');
        const unsigned char *at = value.data;

        if (cookie_named(&value, trim(value), name)) {
            piece->len = (apr_size_t)(at - piece->data) - 1;
            return true;
        }
    }
    return false;
}

const char *ajr_cookie_without(const char *header, const char *name,
                               apr_pool_t *pool)
{
    apr_array_header_t *kept = apr_array_make(pool, 8, sizeof(char *));
    ajr_bytes_t rest = ajr_bytes_of(header);
    bool edited = false;
    bool any = false;
    const char *left;

    while (rest.len > 0) {
        ajr_bytes_t piece = cut(&rest, ';');
        ajr_bytes_t pair = trim(piece);
        ajr_bytes_t value;

        if (cookie_named(&value, pair, name)) {
            edited = true;
            continue;
        }
        edited |= joined_cut(&piece, name);
        any |= pair.len > 0;
        APR_ARRAY_PUSH(kept, const char *) =
            apr_pstrmemdup(pool, (const char *)piece.data, piece.len);
    }
    if (!edited) {
        return header;
    }
    left = apr_array_pstrcat(pool, kept, ';');
    return any ? left + strspn(left, " \t") : NULL;
}
