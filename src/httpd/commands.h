/* SPDX-License-Identifier: Apache-2.0
 *
 * Parsers of directives. Each returns NULL, or a sentence that names the
 * directive, what was written, and the remedy.
 */
#ifndef AJR_COMMANDS_H
#define AJR_COMMANDS_H

#include "module.h"

/* Where a row's value goes: cmd->info points to one. */
typedef struct ajr_slot_t {
    bool server; /* in the server conf, else in the directory conf */
    size_t offset;
} ajr_slot_t;

void *ajr_slot(cmd_parms *cmd, void *dir_conf);

/* The array in the slot; made, in pconf, by the scope's first directive, so
 * that a list replaces the one it would have inherited. */
apr_array_header_t *ajr_slot_array(cmd_parms *cmd, void *dir_conf, int size);

/* Whether `arg` is the word that empties the list in the slot, so that a scope
 * inherits nothing, or stands beside that word: then *wrong is the answer. */
bool ajr_slot_emptied(const char **wrong, cmd_parms *cmd, void *dir_conf,
                      int size, const char *word, const char *arg);

/* Keeps a warning about the configuration for ajr_conf_warn(): while it is
 * read there is no log yet, and a daemon has no terminal any more. */
void ajr_command_warn(cmd_parms *cmd, const char *sentence);

/* NULL, or what is wrong with text that goes into tokens, or is compared with
 * what stands in them. */
const char *ajr_text_refuses(cmd_parms *cmd, const char *arg);

/* command_database.c */
const char *ajr_set_conninfo(cmd_parms *cmd, void *conf, const char *arg);
const char *ajr_set_schema(cmd_parms *cmd, void *conf, const char *arg);

/* command_login.c */
const char *ajr_set_provider(cmd_parms *cmd, void *conf, const char *arg);
const char *ajr_set_fields(cmd_parms *cmd, void *conf, const char *user,
                           const char *password);

/* command_keys.c */
const char *ajr_set_keys(cmd_parms *cmd, void *conf, int argc,
                         char *const argv[]);
const char *ajr_set_key_files(cmd_parms *cmd, void *conf, const char *path);
const char *ajr_set_refresh_keys(cmd_parms *cmd, void *conf,
                                 const char *source);

/* command_basic.c: httpd's AuthBasicProvider, which mod_auth_basic obeys; here
 * it tells whether a scope asks the provider bearer. */
const char *ajr_set_basic_providers(cmd_parms *cmd, void *conf,
                                    const char *name);

/* Whether this authn provider is bearer, or an alias of it. */
bool ajr_basic_named(const char *name, apr_pool_t *pool);

/* command_refusal.c */
const char *ajr_set_error_text(cmd_parms *cmd, void *conf, const char *tag,
                               const char *text);
const char *ajr_set_login_page(cmd_parms *cmd, void *conf, const char *url);

/* command_cookie.c */
void ajr_cookie_name_note(cmd_parms *cmd, const char *name);
const char *ajr_set_cookie(cmd_parms *cmd, void *conf, int argc,
                           char *const argv[]);
const char *ajr_set_origin(cmd_parms *cmd, void *conf, const char *arg);

/* command_source.c */
void ajr_dialect_parameters_note(cmd_parms *cmd, const ajr_dialect_t *dialect);
const char *ajr_set_source(cmd_parms *cmd, void *conf, const char *arg);

/* login_limit.c */
const char *ajr_set_login_limit(cmd_parms *cmd, void *conf, const char *arg);

/* reply_field.c */
const char *ajr_set_reply_fields(cmd_parms *cmd, void *conf, const char *name,
                                 const char *path);

/* mint_claim.c */
const char *ajr_set_mint_claims(cmd_parms *cmd, void *conf, const char *name,
                                const char *value);

/* command_revocation.c */
const char *ajr_set_revocation(cmd_parms *cmd, void *conf, int argc,
                               char *const argv[]);

/* command_export.c */
const char *ajr_set_exports(cmd_parms *cmd, void *conf, int argc,
                            char *const argv[]);

#endif
