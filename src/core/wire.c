/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <string.h>

#include <openssl/crypto.h>

ajr_bytes_t ajr_bytes_of(const char *text)
{
    ajr_bytes_t bytes = {(const unsigned char *)text, strlen(text)};

    return bytes;
}

/* As CRYPTO_memcmp(), eight bytes at a time. */
static apr_uint64_t difference(const unsigned char *a, const unsigned char *b,
                               apr_size_t len)
{
    apr_uint64_t differs = 0;
    apr_uint64_t left, right;
    apr_size_t i;

    for (i = 0; i + sizeof(left) <= len; i += sizeof(left)) {
        memcpy(&left, a + i, sizeof(left));
        memcpy(&right, b + i, sizeof(right));
        differs |= left ^ right;
        /* Nothing that a compiler could leave the loop for. */
        __asm__("" : "+r"(differs));
    }
    return differs | (apr_uint64_t)CRYPTO_memcmp(a + i, b + i, len - i);
}

bool ajr_bytes_equal_secret(ajr_bytes_t a, ajr_bytes_t b)
{
    /* With lengths that differ b is compared with itself: the time taken must
     * not tell the length of a. */
    const unsigned char *other = a.len == b.len ? a.data : b.data;
    apr_uint64_t differs = b.len > 0 ? difference(other, b.data, b.len) : 0;

    return (differs | (a.len != b.len)) == 0;
}

int ajr_hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ---- base64url ---- */

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 0x80 | value of a digit, 0 for every other byte: one AND over a group tells
 * whether all of it is digits. */
static const unsigned char values[256] = {
    ['A'] = 0x80, ['B'] = 0x81, ['C'] = 0x82, ['D'] = 0x83, ['E'] = 0x84,
    ['F'] = 0x85, ['G'] = 0x86, ['H'] = 0x87, ['I'] = 0x88, ['J'] = 0x89,
    ['K'] = 0x8a, ['L'] = 0x8b, ['M'] = 0x8c, ['N'] = 0x8d, ['O'] = 0x8e,
    ['P'] = 0x8f, ['Q'] = 0x90, ['R'] = 0x91, ['S'] = 0x92, ['T'] = 0x93,
    ['U'] = 0x94, ['V'] = 0x95, ['W'] = 0x96, ['X'] = 0x97, ['Y'] = 0x98,
    ['Z'] = 0x99, ['a'] = 0x9a, ['b'] = 0x9b, ['c'] = 0x9c, ['d'] = 0x9d,
    ['e'] = 0x9e, ['f'] = 0x9f, ['g'] = 0xa0, ['h'] = 0xa1, ['i'] = 0xa2,
    ['j'] = 0xa3, ['k'] = 0xa4, ['l'] = 0xa5, ['m'] = 0xa6, ['n'] = 0xa7,
    ['o'] = 0xa8, ['p'] = 0xa9, ['q'] = 0xaa, ['r'] = 0xab, ['s'] = 0xac,
    ['t'] = 0xad, ['u'] = 0xae, ['v'] = 0xaf, ['w'] = 0xb0, ['x'] = 0xb1,
    ['y'] = 0xb2, ['z'] = 0xb3, ['0'] = 0xb4, ['1'] = 0xb5, ['2'] = 0xb6,
    ['3'] = 0xb7, ['4'] = 0xb8, ['5'] = 0xb9, ['6'] = 0xba, ['7'] = 0xbb,
    ['8'] = 0xbc, ['9'] = 0xbd, ['-'] = 0xbe, ['_'] = 0xbf,
};

char *ajr_base64url_encode(ajr_bytes_t in, apr_pool_t *pool)
{
    const unsigned char *p = in.data;
    char *text = apr_palloc(pool, (in.len + 2) / 3 * 4 + 1);
    char *out = text;
    apr_size_t left;

    for (left = in.len; left >= 3; left -= 3, p += 3) {
        *out++ = digits[p[0] >> 2];
        *out++ = digits[(p[0] & 3) << 4 | p[1] >> 4];
        *out++ = digits[(p[1] & 15) << 2 | p[2] >> 6];
        *out++ = digits[p[2] & 63];
    }
    if (left > 0) {
        unsigned second = left == 2 ? p[1] : 0;

        *out++ = digits[p[0] >> 2];
        *out++ = digits[(p[0] & 3) << 4 | second >> 4];
        if (left == 2) {
            *out++ = digits[(second & 15) << 2];
        }
    }
    *out = '\0';
    return text;
}

/* The last two or three digits. Their unused bits must be zero (RFC 4648
 * 3.5), or one value would have several spellings. */
static bool decode_tail(unsigned char *out, const unsigned char *p,
                        apr_size_t left)
{
    unsigned a = values[p[0]], b = values[p[1]];
    unsigned c = left == 3 ? values[p[2]] : 0x80;
    unsigned spare = left == 3 ? c & 3 : b & 15;

    out[0] = (unsigned char)(a << 2 | (b & 63) >> 4);
    if (left == 3) {
        out[1] = (unsigned char)(b << 4 | (c & 63) >> 2);
    }
    return (a & b & c & 0x80) != 0 && spare == 0;
}

static bool decode(unsigned char *out, const unsigned char *p, apr_size_t len)
{
    unsigned all = 0x80;
    apr_size_t left;

    for (left = len; left >= 4; left -= 4, p += 4) {
        unsigned a = values[p[0]], b = values[p[1]];
        unsigned c = values[p[2]], d = values[p[3]];

        all &= a & b & c & d;
        *out++ = (unsigned char)(a << 2 | (b & 63) >> 4);
        *out++ = (unsigned char)(b << 4 | (c & 63) >> 2);
        *out++ = (unsigned char)(c << 6 | (d & 63));
    }
    return all != 0 && (left == 0 || decode_tail(out, p, left));
}

bool ajr_base64url_decode(ajr_bytes_t *out, ajr_bytes_t in, apr_pool_t *pool)
{
    static const ajr_bytes_t none = {NULL, 0};
    apr_size_t size = in.len / 4 * 3 + in.len % 4 * 3 / 4;
    unsigned char *data;

    *out = none;
    if (in.len % 4 == 1) {
        return false;
    }
    data = apr_palloc(pool, size + 1);
    if (!decode(data, in.data, in.len)) {
        return false;
    }
    data[size] = '\0';
    out->data = data;
    out->len = size;
    return true;
}

/* ---- UTF-8 and JSON ---- */

/* Bytes of the sequence that starts at p, 0 when it is none (the rows of
 * RFC 3629 4). */
static apr_size_t utf8_sequence(const unsigned char *p, apr_size_t left)
{
    unsigned char low = 0x80, high = 0xbf;
    apr_size_t size, i;

    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] < 0xc2 || p[0] > 0xf4) {
        return 0;
    }
    size = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : low;
    high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : high;
    if (size > left || p[1] < low || p[1] > high) {
        return 0;
    }
    for (i = 2; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return size;
}

bool ajr_utf8_valid(ajr_bytes_t in)
{
    apr_size_t at = 0;

    while (at < in.len) {
        apr_size_t size = utf8_sequence(in.data + at, in.len - at);

        if (size == 0) {
            return false;
        }
        at += size;
    }
    return true;
}

bool ajr_text_printable(ajr_bytes_t in)
{
    apr_size_t i;

    for (i = 0; i < in.len; i++) {
        unsigned char c = in.data[i];

        if (c < 0x20 || c == 0x7f ||
            (c == 0xc2 && i + 1 < in.len && in.data[i + 1] < 0xa0)) {
            return false;
        }
    }
    return ajr_utf8_valid(in);
}

/* How often c occurs, counted no further than past AJR_JSON_DEPTH. */
static int occurrences(ajr_bytes_t in, char c)
{
    const unsigned char *end = in.data + in.len;
    const unsigned char *at = memchr(in.data, c, in.len);
    int found = 0;

    while (at != NULL && found <= AJR_JSON_DEPTH) {
        found++;
        at = memchr(at + 1, c, (apr_size_t)(end - at) - 1);
    }
    return found;
}

/* Whether nesting stays within AJR_JSON_DEPTH. jansson calls itself for each
 * level, so this is known before it starts. Text that is no JSON may pass:
 * up to its first fault both readers agree on what is a string. */
static bool shallow(ajr_bytes_t in)
{
    bool quoted = false;
    int depth = 0;
    apr_size_t i;

    /* Nearly every token: it has not even that many brackets. */
    if (occurrences(in, '{') + occurrences(in, '[') <= AJR_JSON_DEPTH) {
        return true;
    }
    for (i = 0; i < in.len && depth <= AJR_JSON_DEPTH; i++) {
        unsigned char c = in.data[i];

        if (c == '"') {
            quoted = !quoted;
        } else if (quoted) {
            i += c == '\\'; /* so that \" does not end the string */
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return depth <= AJR_JSON_DEPTH;
}

static apr_status_t json_release(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

json_t *ajr_json_own(json_t *json, apr_pool_t *pool)
{
    if (json != NULL) {
        apr_pool_cleanup_register(pool, json, json_release,
                                  apr_pool_cleanup_null);
    }
    return json;
}

bool ajr_json_object(json_t **out, ajr_bytes_t in, apr_pool_t *pool)
{
    json_t *json;

    *out = NULL;
    if (in.len == 0 || !shallow(in)) {
        return false;
    }
    json = ajr_json_own(
        json_loadb((const char *)in.data, in.len, JSON_REJECT_DUPLICATES, NULL),
        pool);
    if (!json_is_object(json)) {
        return false;
    }
    *out = json;
    return true;
}
