/* SPDX-License-Identifier: Apache-2.0 */
#include "keysource.h"

#include <string.h>

#include <apr_env.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <openssl/crypto.h>

#include "dotenv.h"

#define SIZE_MAX_BYTES 65536

/* ---- memory that is wiped with its pool ---- */

typedef struct wiped_t {
    unsigned char *data;
    apr_size_t len;
} wiped_t;

static apr_status_t wipe(void *data)
{
    wiped_t *wiped = data;

    OPENSSL_cleanse(wiped->data, wiped->len);
    return APR_SUCCESS;
}

static void wipe_later(unsigned char *data, apr_size_t len, apr_pool_t *pool)
{
    wiped_t *wiped = apr_palloc(pool, sizeof(*wiped));

    wiped->data = data;
    wiped->len = len;
    apr_pool_cleanup_register(pool, wiped, wipe, apr_pool_cleanup_null);
}

static unsigned char *alloc_wiped(apr_size_t len, apr_pool_t *pool)
{
    unsigned char *data = apr_pcalloc(pool, len);

    wipe_later(data, len, pool);
    return data;
}

static ajr_bytes_t copy_wiped(ajr_bytes_t in, apr_pool_t *pool)
{
    unsigned char *data = alloc_wiped(in.len + 1, pool);
    ajr_bytes_t copy = {data, in.len};

    memcpy(data, in.data, in.len);
    return copy;
}

/* ---- reading ---- */

/* A file as it was found. data is writable and wiped with the pool. */
typedef struct contents_t {
    unsigned char *data;
    apr_size_t len;
    bool exposed; /* everybody on this host can read it */
} contents_t;

static const char *status_text(const char *what, apr_status_t status,
                               apr_pool_t *pool)
{
    char buffer[120];

    return apr_psprintf(pool, "%s (%s)", what,
                        apr_strerror(status, buffer, sizeof(buffer)));
}

static const char *read_open_file(contents_t *out, apr_file_t *file,
                                  apr_pool_t *pool)
{
    apr_status_t status;

    out->data = alloc_wiped(SIZE_MAX_BYTES + 1, pool);
    status = apr_file_read_full(file, out->data, SIZE_MAX_BYTES + 1, &out->len);
    if (status != APR_SUCCESS && status != APR_EOF) {
        return status_text("cannot be read", status, pool);
    }
    return out->len <= SIZE_MAX_BYTES ? NULL
                                      : "is larger than 64 KiB; is it the "
                                        "right file?";
}

static const char *read_file(contents_t *out, const char *path,
                             const char *root, apr_pool_t *pool)
{
    char *full = NULL;
    apr_finfo_t info;
    apr_file_t *file;
    apr_status_t status = apr_filepath_merge(&full, root, path, 0, pool);

    if (status != APR_SUCCESS) {
        return status_text("is no usable path", status, pool);
    }
    status = apr_stat(&info, full, APR_FINFO_TYPE | APR_FINFO_PROT, pool);
    if (status != APR_SUCCESS && status != APR_INCOMPLETE) {
        return status_text("cannot be found; check the path", status, pool);
    }
    /* Before it is opened: opening a pipe would wait for its writer. */
    if (info.filetype != APR_REG) {
        return "is not a regular file; name the file itself";
    }
    out->exposed = (info.protection & APR_FPROT_WREAD) != 0;
    status =
        apr_file_open(&file, full, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, pool);
    if (status != APR_SUCCESS) {
        return status_text("cannot be opened; let the user that starts httpd "
                           "read it",
                           status, pool);
    }
    return read_open_file(out, file, pool);
}

static const char *from_file(ajr_bytes_t *out, bool *exposed, const char *path,
                             const char *root, apr_pool_t *pool)
{
    contents_t contents = {NULL, 0, false};
    const char *why = read_file(&contents, path, root, pool);

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
    contents_t contents = {NULL, 0, false};
    const char *why;

    if (hash == NULL || hash == where || hash[1] == '\0') {
        return "lacks the path or the name; write dotenv:PATH#NAME";
    }
    why = read_file(&contents,
                    apr_pstrmemdup(pool, where, (apr_size_t)(hash - where)),
                    root, pool);
    *exposed = contents.exposed;
    if (why != NULL) {
        return why;
    }
    return ajr_dotenv_find(out, contents.data, contents.len, hash + 1, pool);
}

/* A kind of source, and what reads that which stands behind its prefix. */
typedef struct kind_t {
    const char *prefix;
    const char *(*read)(ajr_bytes_t *out, bool *exposed, const char *where,
                        const char *root, apr_pool_t *pool);
} kind_t;

static const kind_t kinds[] = {
    {"file:", from_file},
    {"env:", from_env},
    {"dotenv:", from_dotenv},
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
    static const ajr_secret_t nothing = {{NULL, 0}, NULL};
    const kind_t *kind = kind_of(source);
    apr_pool_t *scratch;
    ajr_bytes_t found = {NULL, 0};
    bool exposed = false;
    const char *sentence = NULL;
    const char *why;

    *out = nothing;
    if (kind == NULL) {
        /* Not repeated: it may well be the secret itself. */
        return "a key's source must be file:PATH, env:NAME or "
               "dotenv:PATH#NAME, not the key";
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
        out->bytes = copy_wiped(found, pool);
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

static const char *decode_raw(ajr_secret_t *out, const ajr_secret_t *in,
                              apr_pool_t *pool)
{
    ajr_bytes_t bytes = without_newline(in->bytes);

    if (bytes.len < in->bytes.len) {
        out->warning = "ends in a newline, which is not taken as part of the "
                       "key; write it without (printf %s)";
    }
    out->bytes = copy_wiped(bytes, pool);
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
    ajr_bytes_t text = copy_wiped(without_newline(in->bytes), pool);
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
    wipe_later((unsigned char *)out->bytes.data, out->bytes.len, pool);
    return NULL;
}

static const char *decode_hex(ajr_secret_t *out, const ajr_secret_t *in,
                              apr_pool_t *pool)
{
    static const char why[] = "is not hex, two digits for each byte "
                              "(openssl rand -hex 64), or wants another "
                              "encoding=";
    ajr_bytes_t text = without_newline(in->bytes);
    unsigned char *data = alloc_wiped(text.len / 2 + 1, pool);
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
    static const ajr_secret_t nothing = {{NULL, 0}, NULL};
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
        why = "is empty";
    }
    if (why != NULL) {
        *out = nothing;
    }
    return why;
}
