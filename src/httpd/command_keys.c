/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtKey, JwtKeySet and JwtRefreshKey. Keys are loaded and test-signed right
 * here, while the configuration is read as root: a mistake is reported with the
 * file and line it stands on, by `httpd -t` too.
 */
#include "commands.h"

#include <string.h>

#include "jwk.h"
#include "keysource.h"

/* One JwtKey line, read. */
typedef struct key_line_t {
    const ajr_alg_t *alg;
    const char *source;
    const char *kid;
    ajr_use_t use;
    ajr_encoding_t encoding;
    bool encoded; /* encoding= was written */
} key_line_t;

static const char *algorithms(apr_pool_t *pool)
{
    const char *names = ajr_alg_at(0)->name;
    int i;

    for (i = 1; ajr_alg_at(i) != NULL; i++) {
        names = apr_pstrcat(pool, names, " ", ajr_alg_at(i)->name, NULL);
    }
    return names;
}

/* What to do about a key that does not fit: what its sentence says behind a
 * semicolon, else how to make one that does. */
static const char *remedy(const char *wrong, const ajr_alg_t *alg, bool jwk,
                          apr_pool_t *pool)
{
    if (strchr(wrong, ';') != NULL) {
        return "";
    }
    if (jwk) {
        return apr_psprintf(pool, "; it must be one JWK (RFC 7517 4) for %s",
                            alg->name);
    }
    switch (alg->type) {
    case AJR_KEY_OCT:
        return apr_psprintf(pool, "; make one with `openssl rand -hex %d`",
                            alg->min_bits / 8);
    case AJR_KEY_RSA:
        return "; make one with `openssl genpkey -algorithm RSA`";
    case AJR_KEY_EC:
        return apr_psprintf(pool,
                            "; make one with `openssl genpkey -algorithm EC "
                            "-pkeyopt ec_paramgen_curve:%s`",
                            alg->curve);
    default:
        return apr_psprintf(pool,
                            "; make one with `openssl genpkey -algorithm %s`",
                            alg->curve);
    }
}

static bool use_read(ajr_use_t *use, const char *word)
{
    *use = strcmp(word, "sign") == 0 ? AJR_USE_SIGN : AJR_USE_VERIFY;
    return *use == AJR_USE_SIGN || strcmp(word, "verify") == 0;
}

static bool encoding_read(ajr_encoding_t *encoding, const char *word)
{
    static const char *const words[] = {"raw", "base64", "hex"};
    int i;

    for (i = AJR_ENCODING_RAW; i <= AJR_ENCODING_HEX; i++) {
        if (strcmp(word, words[i]) == 0) {
            *encoding = (ajr_encoding_t)i;
            return true;
        }
    }
    return false;
}

static bool option_read(key_line_t *line, const char *option)
{
    if (strncmp(option, "kid=", 4) == 0) {
        line->kid = option + 4;
        return *line->kid != '\0';
    }
    if (strncmp(option, "use=", 4) == 0) {
        return use_read(&line->use, option + 4);
    }
    line->encoded = strncmp(option, "encoding=", 9) == 0;
    return line->encoded && encoding_read(&line->encoding, option + 9);
}

static const char *line_read(key_line_t *line, cmd_parms *cmd, int argc,
                             char *const argv[])
{
    int i;

    memset(line, 0, sizeof(*line));
    if (argc < 2) {
        return "JwtKey takes an algorithm and a source, like "
               "JwtKey HS256 file:/etc/apache2/jwt.key";
    }
    line->alg = ajr_alg_find(argv[0]);
    line->source = argv[1];
    if (line->alg == NULL) {
        return apr_psprintf(cmd->pool,
                            "JwtKey: unknown algorithm `%s`; known: %s",
                            argv[0], algorithms(cmd->pool));
    }
    for (i = 2; i < argc; i++) {
        if (!option_read(line, argv[i])) {
            return apr_psprintf(cmd->pool,
                                "JwtKey: `%s` is none of kid=NAME, use=sign, "
                                "use=verify, encoding=raw, encoding=base64, "
                                "encoding=hex%s",
                                argv[i],
                                strncmp(line->source, "exec:", 5) == 0
                                    ? "; put quotes around exec: and its "
                                      "arguments"
                                    : "");
        }
    }
    if (line->encoded && line->alg->type != AJR_KEY_OCT) {
        return apr_psprintf(cmd->pool,
                            "JwtKey: encoding= is for HS256, HS384 and HS512; "
                            "leave it out, a key for %s is PEM",
                            line->alg->name);
    }
    return NULL;
}

/* The bytes of a source, decoded when they are a symmetric key. Leaves the
 * warning of the source itself to the caller, who knows what it holds. */
static const char *material_read(ajr_secret_t *out, cmd_parms *cmd,
                                 const char *source, bool symmetric,
                                 ajr_encoding_t encoding)
{
    ajr_secret_t text;
    const char *wrong = ajr_keysource_read(
        &text, source, ap_server_root_relative(cmd->temp_pool, ""),
        cmd->temp_pool);

    *out = text;
    if (wrong != NULL) {
        return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, wrong);
    }
    if (symmetric && !text.jwk) {
        wrong = ajr_keysource_decode(out, &text, encoding, cmd->temp_pool);
        if (out->warning != NULL) {
            ajr_command_warn(cmd, apr_psprintf(cmd->pool, "the key in %s %s",
                                               source, out->warning));
        }
        out->warning = text.warning;
    }
    return wrong == NULL ? NULL
                         : apr_psprintf(cmd->pool, "%s: the key in %s %s",
                                        cmd->cmd->name, source, wrong);
}

const char *ajr_set_keys(cmd_parms *cmd, void *conf, int argc,
                         char *const argv[])
{
    key_line_t line;
    ajr_secret_t secret;
    ajr_key_t *key = NULL;
    const char *wrong = NULL;

    if (ajr_slot_emptied(&wrong, cmd, conf, sizeof(key), "none",
                         argc == 1 ? argv[0] : "")) {
        return wrong;
    }
    wrong = line_read(&line, cmd, argc, argv);
    if (wrong == NULL) {
        wrong = material_read(&secret, cmd, line.source,
                              line.alg->type == AJR_KEY_OCT, line.encoding);
    }
    if (wrong != NULL) {
        return wrong;
    }
    if (secret.jwk && line.encoded) {
        return "JwtKey: encoding= is not for jwk:, whose encoding is its own";
    }
    wrong = (secret.jwk ? ajr_jwk_make : ajr_key_make)(
        &key, line.alg, secret.bytes, line.kid, line.use, cmd->pool);
    if (wrong != NULL) {
        return apr_psprintf(cmd->pool, "JwtKey: the key in %s %s%s",
                            line.source, wrong,
                            remedy(wrong, line.alg, secret.jwk, cmd->pool));
    }
    /* Everybody may read a public key. */
    if (secret.warning != NULL && key->secret) {
        ajr_command_warn(cmd, secret.warning);
    }
    APR_ARRAY_PUSH(ajr_slot_array(cmd, conf, sizeof(key)), const ajr_key_t *) =
        key;
    return NULL;
}

const char *ajr_set_key_files(cmd_parms *cmd, void *conf, const char *path)
{
    ajr_key_file_t entry = {NULL, cmd->server};
    ajr_jwks_news_t news;
    const char *wrong;

    if (ajr_slot_emptied(&wrong, cmd, conf, sizeof(entry), "none", path)) {
        return wrong;
    }
    wrong = ajr_jwks_file_open(&entry.file, &news, path,
                               ap_server_root_relative(cmd->temp_pool, ""),
                               cmd->pool);
    if (wrong != NULL) {
        return apr_psprintf(cmd->pool, "JwtKeySet: %s", wrong);
    }
    if (news.warning != NULL) {
        ajr_command_warn(cmd, news.warning);
    }
    APR_ARRAY_PUSH(ajr_slot_array(cmd, conf, sizeof(entry)), ajr_key_file_t) =
        entry;
    APR_ARRAY_PUSH(ajr_server_conf(cmd->server)->key_files, ajr_key_file_t) =
        entry;
    return NULL;
}

const char *ajr_set_refresh_keys(cmd_parms *cmd, void *conf, const char *source)
{
    ajr_secret_t secret;
    ajr_grant_key_t *key = NULL;
    const char *wrong;

    if (ajr_slot_emptied(&wrong, cmd, conf, sizeof(key), "none", source)) {
        return wrong;
    }
    wrong = material_read(&secret, cmd, source, true, AJR_ENCODING_RAW);
    if (wrong != NULL) {
        return wrong;
    }
    if (secret.warning != NULL) {
        ajr_command_warn(cmd, secret.warning);
    }
    if (secret.jwk) {
        wrong = ajr_jwk_secret(&secret.bytes, secret.bytes, cmd->temp_pool);
    }
    if (wrong == NULL) {
        wrong = ajr_grant_key_make(&key, secret.bytes, cmd->pool);
    }
    if (wrong != NULL) {
        return apr_psprintf(cmd->pool,
                            "JwtRefreshKey: the key in %s %s; make one with "
                            "`openssl rand -hex 32`",
                            source, wrong);
    }
    APR_ARRAY_PUSH(ajr_slot_array(cmd, conf, sizeof(key)),
                   const ajr_grant_key_t *) = key;
    return NULL;
}
