/* SPDX-License-Identifier: Apache-2.0 */
#include "keysource.h"

#include <string.h>

#include <apr_env.h>
#include <apr_strings.h>

#include "dotenv.h"
#include "file.h"
#include "program.h"
#include "wiped.h"

#define PATIENCE apr_time_from_sec(10)

static const char *from_file(ajr_bytes_t *out, bool *exposed, const char *path,
                             const char *root, apr_pool_t *pool)
{
    ajr_file_t contents;
    const char *why = ajr_file_read(&contents, path, root, pool);

    out->data = contents.data;
    out->len = contents.len;
    *exposed = contents.exposed;
    return why;
}

static const char *from_env(ajr_bytes_t *out, bool *exposed, const char *name,
                            const char *root, apr_pool_t *pool)
{
    char *value = NULL;

    (void)exposed;
    (void)root;
    if (apr_env_get(&value, name, pool) != APR_SUCCESS) {
        return "is not set in the environment that httpd starts with; set it "
               "there (systemd: EnvironmentFile=)";
    }
    *out = ajr_bytes_of(value);
    return NULL;
}

static const char *from_dotenv(ajr_bytes_t *out, bool *exposed,
                               const char *where, const char *root,
                               apr_pool_t *pool)
{
    const char *hash = strrchr(where, '#');
    ajr_file_t contents;
    const char *why;

    if (hash == NULL || hash == where || hash[1] == '\0') {
        return "lacks the path or the name; write dotenv:PATH#NAME";
    }
    why = ajr_file_read(&contents,
                        apr_pstrmemdup(pool, where, (apr_size_t)(hash - where)),
                        root, pool);
    *exposed = contents.exposed;
    if (why != NULL) {
        return why;
    }
    return ajr_dotenv_find(out, contents.data, contents.len, hash + 1, pool);
}

/* A line is how programs print: its end is not part of the key. */
static ajr_bytes_t without_newline(ajr_bytes_t in)
{
    if (in.len > 0 && in.data[in.len - 1] == '\n') {
        in.len--;
        if (in.len > 0 && in.data[in.len - 1] == '\r') {
            in.len--;
        }
    }
    return in;
}

static const char *from_exec(ajr_bytes_t *out, bool *exposed,
                             const char *command, const char *root,
                             apr_pool_t *pool)
{
    const char *why = ajr_program_run(out, command, PATIENCE, pool);

    (void)exposed;
    (void)root;
    *out = without_newline(*out);
    return why;
}

/* A kind of source, and what reads that which stands behind its prefix. */
typedef struct kind_t {
    const char *prefix;
    const char *(*read)(ajr_bytes_t *out, bool *exposed, const char *where,
                        const char *root, apr_pool_t *pool);
} kind_t;

static const kind_t kinds[] = {
    {"file:", from_file},     {"env:", from_env},
    {"dotenv:", from_dotenv}, {AJR_KEYSOURCE_JWK, from_file},
    {"exec:", from_exec},
};

static const kind_t *kind_of(const char *source)
{
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strncmp(source, kinds[i].prefix, strlen(kinds[i].prefix)) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

const char *ajr_keysource_read(ajr_secret_t *out, const char *source,
                               const char *root, apr_pool_t *pool)
{
    static const ajr_secret_t nothing = {{NULL, 0}, NULL, false};
    const kind_t *kind = kind_of(source);
    apr_pool_t *scratch;
    ajr_bytes_t found = {NULL, 0};
    bool exposed = false;
    const char *sentence = NULL;
    const char *why;

    *out = nothing;
    if (kind == NULL) {
        /* Not repeated: it may well be the secret itself. */
        return "a key's source must be file:PATH, jwk:PATH, env:NAME, "
               "dotenv:PATH#NAME or exec:PROGRAM, not the key";
    }
    if (source[strlen(kind->prefix)] == '\0') {
        return apr_psprintf(pool,
                            "%s names nothing; write file:PATH, jwk:PATH, "
                            "env:NAME, dotenv:PATH#NAME or exec:PROGRAM",
                            source);
    }
    apr_pool_create(&scratch, pool);
    why = kind->read(&found, &exposed, source + strlen(kind->prefix), root,
                     scratch);
    if (why == NULL && found.len == 0) {
        why = "is empty; put the key there";
    }
    if (why != NULL) {
        sentence = apr_pstrcat(pool, source, " ", why, NULL);
    } else {
        out->bytes = ajr_wiped_copy(found, pool);
        out->jwk = strcmp(kind->prefix, AJR_KEYSOURCE_JWK) == 0;
        out->warning = exposed ? apr_pstrcat(pool, source,
                                             " can be read by every user of "
                                             "this host; chmod o-r",
                                             NULL)
                               : NULL;
    }
    apr_pool_destroy(scratch);
    return sentence;
}

/* ---- decoding ---- */

static const char *decode_raw(ajr_secret_t *out, const ajr_secret_t *in,
                              apr_pool_t *pool)
{
    ajr_bytes_t bytes = without_newline(in->bytes);

    if (bytes.len < in->bytes.len) {
        out->warning = "ends in a newline, which is not taken as part of the "
                       "key; write it without (printf %s)";
    }
    out->bytes = ajr_wiped_copy(bytes, pool);
    return NULL;
}

/* Padding is optional, but when there is some it must be right. */
static bool unpad(ajr_bytes_t *text)
{
    apr_size_t len = text->len;

    while (text->len > 0 && len - text->len < 2 &&
           text->data[text->len - 1] == '=') {
        text->len--;
    }
    return text->len == len || len % 4 == 0;
}

static const char *decode_base64(ajr_secret_t *out, const ajr_secret_t *in,
                                 apr_pool_t *pool)
{
    ajr_bytes_t text = ajr_wiped_copy(without_newline(in->bytes), pool);
    unsigned char *c = (unsigned char *)text.data;
    const unsigned char *end = c + text.len;
    bool standard = false, url = false;

    for (; c < end; c++) {
        standard = standard || *c == '+' || *c == '/';
        url = url || *c == '-' || *c == '_';
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
    if ((standard && url) || !unpad(&text) ||
        !ajr_base64url_decode(&out->bytes, text, pool)) {
        return "is not base64 on one line (openssl rand -base64 48 | "
               "tr -d '\\n'), or wants another encoding=";
    }
    ajr_wiped_later((unsigned char *)out->bytes.data, out->bytes.len, pool);
    return NULL;
}

static const char *decode_hex(ajr_secret_t *out, const ajr_secret_t *in,
                              apr_pool_t *pool)
{
    static const char why[] = "is not hex, two digits for each byte "
                              "(openssl rand -hex 64), or wants another "
                              "encoding=";
    ajr_bytes_t text = without_newline(in->bytes);
    unsigned char *data = ajr_wiped_alloc(text.len / 2 + 1, pool);
    apr_size_t i;

    if (text.len % 2 != 0) {
        return why;
    }
    for (i = 0; i < text.len; i += 2) {
        int high = ajr_hex_value(text.data[i]);
        int low = ajr_hex_value(text.data[i + 1]);

        if (high < 0 || low < 0) {
            return why;
        }
        data[i / 2] = (unsigned char)(high << 4 | low);
    }
    out->bytes.data = data;
    out->bytes.len = text.len / 2;
    return NULL;
}

const char *ajr_keysource_decode(ajr_secret_t *out, const ajr_secret_t *in,
                                 ajr_encoding_t encoding, apr_pool_t *pool)
{
    static const ajr_secret_t nothing = {{NULL, 0}, NULL, false};
    const char *why;

    *out = nothing;
    if (encoding == AJR_ENCODING_HEX) {
        why = decode_hex(out, in, pool);
    } else if (encoding == AJR_ENCODING_BASE64) {
        why = decode_base64(out, in, pool);
    } else {
        why = decode_raw(out, in, pool);
    }
    if (why == NULL && out->bytes.len == 0) {
        why = "is empty; put the key there";
    }
    if (why != NULL) {
        *out = nothing;
    }
    return why;
}
