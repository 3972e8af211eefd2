/* SPDX-License-Identifier: Apache-2.0
 *
 * The command table, made from directives.def, and the parsers of the plain
 * kinds.
 */
#include "commands.h"

#include "duration.h"

/* 128 bytes of memory each: entries of two parts in two buffers. */
#define COUNT_MAX 10000000

#define SLOT_DIR(member)                        \
    {                                           \
        false, offsetof(ajr_dir_conf_t, member) \
    }
#define SLOT_SERVER(member)                       \
    {                                             \
        true, offsetof(ajr_server_conf_t, member) \
    }

enum {
#define ROW(scope, kind, member, directive, dflt, where, help) INDEX_##member,
#include "directives.def"
#undef ROW
    ROWS
};

static const ajr_slot_t slots[ROWS] = {
#define ROW(scope, kind, member, directive, dflt, where, help) \
    SLOT_##scope(member),
#include "directives.def"
#undef ROW
};

void *ajr_slot(cmd_parms *cmd, void *dir_conf)
{
    const ajr_slot_t *slot = cmd->info;
    char *base =
        slot->server ? (char *)ajr_server_conf(cmd->server) : (char *)dir_conf;

    return base + slot->offset;
}

apr_array_header_t *ajr_slot_array(cmd_parms *cmd, void *dir_conf, int size)
{
    apr_array_header_t **array = ajr_slot(cmd, dir_conf);

    if (*array == NULL) {
        *array = apr_array_make(cmd->pool, 1, size);
    }
    return *array;
}

bool ajr_slot_emptied(const char **wrong, cmd_parms *cmd, void *dir_conf,
                      int size, const char *word, const char *arg)
{
    apr_array_header_t **array = ajr_slot(cmd, dir_conf);
    bool asked = strcmp(arg, word) == 0;

    *wrong = NULL;
    if (*array != NULL && (asked || (*array)->nelts == 0)) {
        *wrong = apr_psprintf(cmd->pool,
                              "%s: `%s` stands alone; remove it, or the other "
                              "values of this scope",
                              cmd->cmd->name, word);
    } else if (asked) {
        *array = apr_array_make(cmd->pool, 0, size);
    }
    return asked || *wrong != NULL;
}

void ajr_command_warn(cmd_parms *cmd, const char *sentence)
{
    ajr_conf_note(ajr_server_conf(cmd->server), cmd->pool,
                  apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", sentence, NULL));
}

const char *ajr_text_refuses(cmd_parms *cmd, const char *arg)
{
    return ajr_text_printable(ajr_bytes_of(arg))
               ? NULL
               : apr_psprintf(cmd->pool,
                              "%s: `%s` is no UTF-8 without control "
                              "characters",
                              cmd->cmd->name, arg);
}

/* The life that a scope gives or allows access tokens is told to the database,
 * which keeps revocations for as long. .htaccess is read by requests, for whom
 * the configuration does not change. */
static void note_life(cmd_parms *cmd, const apr_interval_time_t *life)
{
    const ajr_slot_t *slot = cmd->info;
    ajr_server_conf_t *server = ajr_server_conf(cmd->server);

    if ((slot == &slots[INDEX_access_lifetime] ||
         slot == &slots[INDEX_max_lifetime]) &&
        *life > server->longest &&
        ap_check_cmd_context(cmd, NOT_IN_HTACCESS) == NULL) {
        server->longest = *life;
    }
}

static const char *set_duration(cmd_parms *cmd, void *conf, const char *arg)
{
    if (!ajr_duration_parse(ajr_slot(cmd, conf), arg)) {
        return apr_psprintf(cmd->pool,
                            "%s: `%s` is no duration; write 500ms, 30s, 5m, "
                            "2h, 14d or a number of seconds",
                            cmd->cmd->name, arg);
    }
    note_life(cmd, ajr_slot(cmd, conf));
    return NULL;
}

static const char *set_lifetime(cmd_parms *cmd, void *conf, const char *arg)
{
    const char *wrong = set_duration(cmd, conf, arg);
    const apr_interval_time_t *value = ajr_slot(cmd, conf);

    if (wrong == NULL && *value == 0) {
        return apr_psprintf(cmd->pool, "%s: `%s` must be longer than 0",
                            cmd->cmd->name, arg);
    }
    return wrong;
}

/* httpd's own parser of flags does not say what it read. */
static const char *set_flag(cmd_parms *cmd, void *conf, const char *arg)
{
    bool on = ap_cstr_casecmp(arg, "On") == 0;

    if (!on && ap_cstr_casecmp(arg, "Off") != 0) {
        return apr_psprintf(cmd->pool, "%s: `%s` is neither On nor Off",
                            cmd->cmd->name, arg);
    }
    *(int *)ajr_slot(cmd, conf) = on;
    return NULL;
}

static const char *set_number(cmd_parms *cmd, void *conf, const char *arg)
{
    char *end = NULL;
    apr_int64_t value = apr_strtoi64(arg, &end, 10);

    if (end == arg || *end != '\0' || value < 0 || value > 10000) {
        return apr_psprintf(cmd->pool,
                            "%s: `%s` is no number between 0 and 10000",
                            cmd->cmd->name, arg);
    }
    *(int *)ajr_slot(cmd, conf) = (int)value;
    return NULL;
}

static const char *set_count(cmd_parms *cmd, void *conf, const char *arg)
{
    char *end = NULL;
    apr_int64_t value = apr_strtoi64(arg, &end, 10);

    if (end == arg || *end != '\0' || value < 1 || value > COUNT_MAX) {
        return apr_psprintf(cmd->pool, "%s: `%s` is no number between 1 and %d",
                            cmd->cmd->name, arg, COUNT_MAX);
    }
    *(int *)ajr_slot(cmd, conf) = (int)value;
    return NULL;
}

static const char *set_choice(cmd_parms *cmd, void *conf, const char *arg)
{
    static const char *const words[] = {"Off", "On", "Dialect"};
    int i;

    for (i = AJR_CHOICE_OFF; i <= AJR_CHOICE_DIALECT; i++) {
        if (ap_cstr_casecmp(arg, words[i]) == 0) {
            *(int *)ajr_slot(cmd, conf) = i;
            return NULL;
        }
    }
    return apr_psprintf(cmd->pool, "%s: `%s` is none of On, Off, Dialect",
                        cmd->cmd->name, arg);
}

static const char *set_iat(cmd_parms *cmd, void *conf, const char *arg)
{
    bool original = ap_cstr_casecmp(arg, "original") == 0;

    if (!original && ap_cstr_casecmp(arg, "now") != 0) {
        return apr_psprintf(cmd->pool, "%s: `%s` is neither original nor now",
                            cmd->cmd->name, arg);
    }
    *(int *)ajr_slot(cmd, conf) = original ? AJR_IAT_ORIGINAL : AJR_IAT_NOW;
    return NULL;
}

static const char *set_text(cmd_parms *cmd, void *conf, const char *arg)
{
    const char *wrong = ajr_text_refuses(cmd, arg);

    if (wrong == NULL) {
        *(const char **)ajr_slot(cmd, conf) = arg;
    }
    return wrong;
}

static const char *set_text_or_none(cmd_parms *cmd, void *conf, const char *arg)
{
    return set_text(cmd, conf, strcmp(arg, "none") == 0 ? "" : arg);
}

static const char *set_list(cmd_parms *cmd, void *conf, const char *arg)
{
    const char *wrong = ajr_text_refuses(cmd, arg);

    if (wrong == NULL) {
        APR_ARRAY_PUSH(ajr_slot_array(cmd, conf, sizeof(arg)), const char *) =
            arg;
    }
    return wrong;
}

static const char *set_list_or(cmd_parms *cmd, void *conf, const char *word,
                               const char *arg)
{
    const char *wrong;

    return ajr_slot_emptied(&wrong, cmd, conf, sizeof(arg), word, arg)
               ? wrong
               : set_list(cmd, conf, arg);
}

static const char *set_list_or_any(cmd_parms *cmd, void *conf, const char *arg)
{
    return set_list_or(cmd, conf, "any", arg);
}

static const char *set_list_or_none(cmd_parms *cmd, void *conf, const char *arg)
{
    return set_list_or(cmd, conf, "none", arg);
}

static const char *set_dialect(cmd_parms *cmd, void *conf, const char *arg)
{
    const ajr_dialect_t *dialect = ajr_dialect_find(arg);

    if (dialect == NULL) {
        return apr_psprintf(cmd->pool, "%s: unknown dialect `%s`; known: %s",
                            cmd->cmd->name, arg, ajr_dialect_names(cmd->pool));
    }
    if (dialect->cookie) {
        ajr_cookie_name_note(cmd, ajr_cookie_default.name);
    }
    ajr_dialect_parameters_note(cmd, dialect);
    *(const ajr_dialect_t **)ajr_slot(cmd, conf) = dialect;
    return NULL;
}

#define COMMAND_DURATION(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_DURATION set_duration
#define COMMAND_LIFETIME(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_LIFETIME set_lifetime
#define COMMAND_FLAG(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_FLAG set_flag
#define COMMAND_NUMBER(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_NUMBER set_number
#define COMMAND_COUNT(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_COUNT set_count
#define COMMAND_REVOCATION(...) AP_INIT_TAKE_ARGV(__VA_ARGS__)
#define SET_REVOCATION ajr_set_revocation
#define COMMAND_CHOICE(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_CHOICE set_choice
#define COMMAND_IAT(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_IAT set_iat
#define COMMAND_TEXT(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_TEXT set_text
#define COMMAND_TEXT_OR_NONE(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_TEXT_OR_NONE set_text_or_none
#define COMMAND_LIST(...) AP_INIT_ITERATE(__VA_ARGS__)
#define SET_LIST set_list
#define COMMAND_LIST_OR_ANY(...) AP_INIT_ITERATE(__VA_ARGS__)
#define SET_LIST_OR_ANY set_list_or_any
#define COMMAND_LIST_OR_NONE(...) AP_INIT_ITERATE(__VA_ARGS__)
#define SET_LIST_OR_NONE set_list_or_none
#define COMMAND_DIALECT(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_DIALECT set_dialect
#define COMMAND_CONNINFO(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_CONNINFO ajr_set_conninfo
#define COMMAND_SCHEMA(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_SCHEMA ajr_set_schema
#define COMMAND_PROVIDERS(...) AP_INIT_ITERATE(__VA_ARGS__)
#define SET_PROVIDERS ajr_set_provider
#define COMMAND_FIELDS(...) AP_INIT_TAKE2(__VA_ARGS__)
#define SET_FIELDS ajr_set_fields
#define COMMAND_KEYS(...) AP_INIT_TAKE_ARGV(__VA_ARGS__)
#define SET_KEYS ajr_set_keys
#define COMMAND_KEY_FILES(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_KEY_FILES ajr_set_key_files
#define COMMAND_REFRESH_KEYS(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_REFRESH_KEYS ajr_set_refresh_keys
#define COMMAND_SOURCES(...) AP_INIT_ITERATE(__VA_ARGS__)
#define SET_SOURCES ajr_set_source
#define COMMAND_EXPORTS(...) AP_INIT_TAKE_ARGV(__VA_ARGS__)
#define SET_EXPORTS ajr_set_exports

#define COMMAND_MINT_CLAIMS(...) AP_INIT_TAKE12(__VA_ARGS__)
#define SET_MINT_CLAIMS ajr_set_mint_claims

#define COMMAND_RATE(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_RATE ajr_set_login_limit

#define COMMAND_ERROR_TEXTS(...) AP_INIT_TAKE12(__VA_ARGS__)
#define SET_ERROR_TEXTS ajr_set_error_text
#define COMMAND_URL(...) AP_INIT_TAKE1(__VA_ARGS__)
#define SET_URL ajr_set_login_page

#define COMMAND_REPLY_FIELDS(...) AP_INIT_TAKE12(__VA_ARGS__)
#define SET_REPLY_FIELDS ajr_set_reply_fields

#define COMMAND_COOKIE(...) AP_INIT_TAKE_ARGV(__VA_ARGS__)
#define SET_COOKIE ajr_set_cookie
#define COMMAND_ORIGINS(...) AP_INIT_ITERATE(__VA_ARGS__)
#define SET_ORIGINS ajr_set_origin

#define WHERE_S RSRC_CONF
#define WHERE_L (RSRC_CONF | ACCESS_CONF)
#define WHERE_D (RSRC_CONF | OR_AUTHCFG)

const command_rec ajr_commands[] = {
#define ROW(scope, kind, member, directive, dflt, where, help)            \
    COMMAND_##kind(directive, SET_##kind, (void *)&slots[INDEX_##member], \
                   WHERE_##where, help),
#include "directives.def"
#undef ROW
    AP_INIT_ITERATE("AuthBasicProvider", ajr_set_basic_providers, NULL,
                    OR_AUTHCFG, "the providers of AuthType Basic"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL}};
