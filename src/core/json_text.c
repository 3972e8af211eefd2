/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON written compactly, byte by byte what json_dumps() gives: it looks at
 * each character of a string by itself, and our replies are long strings that
 * need no escape.
 */
#include "wire.h"

#include <string.h>

#include <apr_strings.h>

/* What we put around a parsed value nests it a little deeper. */
#define DEPTH_MAX (2 * AJR_JSON_DEPTH)

typedef struct text_t {
    char *data;
    apr_size_t len;
    apr_size_t room;
    apr_pool_t *pool;
} text_t;

static void grow(text_t *out, apr_size_t len)
{
    char *larger;

    out->room = 2 * (out->len + len);
    larger = apr_palloc(out->pool, out->room);
    memcpy(larger, out->data, out->len);
    out->data = larger;
}

static inline void put_character(text_t *out, char c)
{
    if (out->len == out->room) {
        grow(out, 1);
    }
    out->data[out->len++] = c;
}

static void put(text_t *out, const char *bytes, apr_size_t len)
{
    if (out->room - out->len < len) {
        grow(out, len);
    }
    memcpy(out->data + out->len, bytes, len);
    out->len += len;
}

/* RFC 8259 7 */
static const bool special[256] = {
    [0 ... 0x1f] = true, ['"'] = true, ['\\'] = true};

static void put_escaped(text_t *out, unsigned char c)
{
    static const char letters[] = "btnvfr"; /* of 8 to 13 */
    static const char digits[] = "0123456789ABCDEF";

    put_character(out, '\\');
    if (c >= 0x20) {
        put_character(out, (char)c);
    } else if (c >= 8 && c <= 13 && c != 11) {
        put_character(out, letters[c - 8]);
    } else {
        put(out, "u00", 3);
        put_character(out, digits[c >> 4]);
        put_character(out, digits[c & 15]);
    }
}

/* jansson has seen to it that it is UTF-8. */
static void put_string(text_t *out, const char *string, apr_size_t len)
{
    const unsigned char *bytes = (const unsigned char *)string;
    apr_size_t from = 0, at;

    put_character(out, '"');
    for (at = 0; at < len; at++) {
        if (special[bytes[at]]) {
            put(out, string + from, at - from);
            put_escaped(out, bytes[at]);
            from = at + 1;
        }
    }
    put(out, string + from, len - from);
    put_character(out, '"');
}

static bool put_value(text_t *out, const json_t *value, int depth);

static bool put_array(text_t *out, const json_t *array, int depth)
{
    const json_t *item;
    size_t i;

    put_character(out, '[');
    json_array_foreach((json_t *)array, i, item)
    {
        if (i > 0) {
            put_character(out, ',');
        }
        if (!put_value(out, item, depth)) {
            return false;
        }
    }
    put_character(out, ']');
    return true;
}

static bool put_object(text_t *out, const json_t *object, int depth)
{
    bool first = true;
    const char *name;
    json_t *value;

    put_character(out, '{');
    json_object_foreach((json_t *)object, name, value)
    {
        if (!first) {
            put_character(out, ',');
        }
        first = false;
        put_string(out, name, strlen(name));
        put_character(out, ':');
        if (!put_value(out, value, depth)) {
            return false;
        }
    }
    put_character(out, '}');
    return true;
}

/* Numbers and words. Fractions are jansson's: no locale has a say in them. */
static bool put_rest(text_t *out, const json_t *value)
{
    char text[64];
    size_t len = json_dumpb(value, text, sizeof(text), JSON_ENCODE_ANY);

    if (len == 0 || len > sizeof(text)) {
        return false;
    }
    put(out, text, len);
    return true;
}

static void put_integer(text_t *out, const json_t *value)
{
    char text[24];
    int len = apr_snprintf(text, sizeof(text), "%" APR_INT64_T_FMT,
                           (apr_int64_t)json_integer_value(value));

    put(out, text, (apr_size_t)len);
}

static bool put_value(text_t *out, const json_t *value, int depth)
{
    if (depth > DEPTH_MAX) {
        return false;
    }
    if (json_is_string(value)) {
        put_string(out, json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        put_integer(out, value);
    } else if (json_is_object(value)) {
        return put_object(out, value, depth + 1);
    } else if (json_is_array(value)) {
        return put_array(out, value, depth + 1);
    } else {
        return put_rest(out, value);
    }
    return true;
}

char *ajr_json_text(const json_t *json, apr_pool_t *pool)
{
    text_t out = {apr_palloc(pool, 512), 0, 512, pool};

    if (json == NULL || !put_value(&out, json, 0)) {
        return NULL;
    }
    put_character(&out, '\0');
    return out.data;
}
