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

static void put(text_t *out, const char *bytes, apr_size_t len)
{
    if (out->room - out->len < len) {
        char *larger;

        out->room = 2 * (out->len + len);
        larger = apr_palloc(out->pool, out->room);
        memcpy(larger, out->data, out->len);
        out->data = larger;
    }
    memcpy(out->data + out->len, bytes, len);
    out->len += len;
}

/* RFC 8259 7 */
static void put_escaped(text_t *out, unsigned char c)
{
    static const char letters[] = "btnvfr"; /* of 8 to 13 */
    static const char digits[] = "0123456789ABCDEF";
    char letter[] = {'\\', (char)c};
    char number[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

    if (c >= 8 && c <= 13 && c != 11) {
        letter[1] = letters[c - 8];
    } else if (c < 0x20) {
        put(out, number, sizeof(number));
        return;
    }
    put(out, letter, sizeof(letter));
}

static bool plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* jansson has seen to it that it is UTF-8. */
static void put_string(text_t *out, const char *string, apr_size_t len)
{
    apr_size_t from = 0, at;

    put(out, "\"", 1);
    for (at = 0; at < len; at++) {
        if (!plain((unsigned char)string[at])) {
            put(out, string + from, at - from);
            put_escaped(out, (unsigned char)string[at]);
            from = at + 1;
        }
    }
    put(out, string + from, len - from);
    put(out, "\"", 1);
}

static bool put_value(text_t *out, const json_t *value, int depth);

static bool put_array(text_t *out, const json_t *array, int depth)
{
    const json_t *item;
    size_t i;

    put(out, "[", 1);
    json_array_foreach((json_t *)array, i, item)
    {
        if (i > 0) {
            put(out, ",", 1);
        }
        if (!put_value(out, item, depth)) {
            return false;
        }
    }
    put(out, "]", 1);
    return true;
}

static bool put_object(text_t *out, const json_t *object, int depth)
{
    const char *separator = "{";
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        put(out, separator, 1);
        put_string(out, name, strlen(name));
        put(out, ":", 1);
        if (!put_value(out, value, depth)) {
            return false;
        }
        separator = ",";
    }
    put(out, *separator == '{' ? "{}" : "}", *separator == '{' ? 2 : 1);
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
    put(&out, "", 1);
    return out.data;
}
