/* SPDX-License-Identifier: Apache-2.0 */
#include "sendable.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

const char *ajr_sendable_function(const char *schema, const char *name,
                                  apr_pool_t *pool)
{
    char *quoted = apr_palloc(pool, strlen(schema) * 2 + 1);
    char *at = quoted;

    for (; *schema != '\0'; schema++) {
        if (*schema == '"') {
            *at++ = '"';
        }
        *at++ = *schema;
    }
    *at = '\0';
    return apr_pstrcat(pool, "\"", quoted, "\".", name, NULL);
}

const char *ajr_sendable_interval(apr_interval_time_t interval,
                                  apr_pool_t *pool)
{
    const apr_interval_time_t longest = apr_time_from_sec(APR_INT32_MAX);

    if (interval < 0) {
        interval = 0;
    }
    if (interval > longest) {
        interval = longest;
    }
    return apr_psprintf(pool,
                        "%" APR_TIME_T_FMT ".%06" APR_TIME_T_FMT " seconds",
                        apr_time_sec(interval), apr_time_usec(interval));
}

const char *ajr_sendable_bytea(ajr_bytes_t bytes, apr_pool_t *pool)
{
    static const char digits[] = "0123456789abcdef";
    char *text = apr_palloc(pool, bytes.len * 2 + 3);
    apr_size_t i;

    text[0] = '\\';
    text[1] = 'x';
    for (i = 0; i < bytes.len; i++) {
        text[2 + 2 * i] = digits[bytes.data[i] >> 4];
        text[3 + 2 * i] = digits[bytes.data[i] & 15];
    }
    text[2 + 2 * bytes.len] = '\0';
    return text;
}

bool ajr_sendable_secret(const char **out, const ajr_grant_t *grant,
                         apr_pool_t *pool)
{
    unsigned char hash[AJR_SECRET_HASH_SIZE];
    ajr_bytes_t bytes = {hash, sizeof(hash)};

    *out = NULL;
    if (!ajr_form_has_secret(grant->form)) {
        return true;
    }
    if (!ajr_grant_secret_hash(hash, grant)) {
        return false;
    }
    *out = ajr_sendable_bytea(bytes, pool);
    return true;
}

bool ajr_sendable_text(const char *text)
{
    return text == NULL || ajr_utf8_valid(ajr_bytes_of(text));
}

/* Bytes of the character at `text`, which has `left` bytes; 0 when it is no
 * UTF-8. */
static apr_size_t character(const char *text, apr_size_t left)
{
    ajr_bytes_t bytes = {(const unsigned char *)text, 1};

    for (; bytes.len <= 4 && bytes.len <= left; bytes.len++) {
        if (ajr_utf8_valid(bytes)) {
            return bytes.len;
        }
    }
    return 0;
}

const char *ajr_sendable_note(const char *text, apr_size_t max,
                              apr_pool_t *pool)
{
    char *note;
    apr_size_t left = text == NULL ? 0 : strlen(text);
    apr_size_t size = 0;

    if (left == 0) {
        return NULL;
    }
    note = apr_palloc(pool, max + 1);
    while (left > 0) {
        apr_size_t len = character(text, left);
        bool good = len > 0 && !apr_iscntrl(*text);

        len = len > 0 ? len : 1;
        if (size + len > max) {
            break;
        }
        memcpy(note + size, good ? text : "?", len);
        size += len;
        text += len;
        left -= len;
    }
    note[size] = '\0';
    return note;
}
