/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtKeySet: files of keys that verify, followed by each child process, and
 * the keys of JwtKey together with them.
 */
#include "key_files.h"

#include <grp.h>
#include <unistd.h>

#include <sys/wait.h>
#include <unixd.h>

/* Whether the file changed is asked here, so that the first request after it
 * is judged by the new set. */
static void follow(const ajr_key_file_t *entry, apr_pool_t *pool)
{
    ajr_jwks_news_t news;

    ajr_jwks_file_look(&news, entry->file, apr_time_now(), pool);
    if (news.error != NULL) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, entry->server,
                     "JwtKeySet: %s; the keys read before stay in force",
                     news.error);
    }
    if (news.warning != NULL) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, entry->server,
                     "JwtKeySet: %s", news.warning);
    }
    if (news.replaced) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, entry->server,
                     "JwtKeySet: %s has changed, its new keys are in force",
                     ajr_jwks_file_path(entry->file));
    }
}

/* One to one in `value`, so that two sets of one file never meet. */
static apr_uint64_t mix(apr_uint64_t number, apr_uint64_t value)
{
    number = (number ^ value) * APR_UINT64_C(0x9e3779b97f4a7c15);
    return number ^ number >> 32;
}

/* What is configured is never freed: its address is a number that nothing else
 * has. A set from a file is named by the file and its number there. */
const ajr_keyset_t *ajr_keys_judging(apr_uint64_t *number,
                                     const ajr_dir_conf_t *conf,
                                     apr_pool_t *pool)
{
    ajr_keyset_t *keys = ajr_conf_keys(conf);
    const apr_array_header_t *files = ajr_conf_key_files(conf);
    int i;

    *number = (apr_uint64_t)(apr_uintptr_t)keys;
    if (files == NULL) {
        return keys;
    }
    keys = keys == NULL ? apr_array_make(pool, 4, sizeof(ajr_key_t *))
                        : apr_array_copy(pool, keys);
    for (i = 0; i < files->nelts; i++) {
        const ajr_key_file_t *entry = &APR_ARRAY_IDX(files, i, ajr_key_file_t);
        apr_uint64_t set;

        follow(entry, pool);
        apr_array_cat(keys, ajr_jwks_file_hold(&set, entry->file, pool));
        *number =
            mix(mix(*number, (apr_uint64_t)(apr_uintptr_t)entry->file), set);
    }
    return keys;
}

/* ---- can the children read it ---- */

/* Only a process that has become their user knows: groups, access lists and
 * the folders above have their say. */
static bool readable_as_child(const char *path)
{
    const unixd_config_rec *user = &ap_unixd_config;
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        _exit((user->user_name == NULL ||
               initgroups(user->user_name, user->group_id) == 0) &&
                      setgid(user->group_id) == 0 &&
                      setuid(user->user_id) == 0 && access(path, R_OK) != 0
                  ? 1
                  : 0);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == 0;
}

void ajr_key_files_check(server_rec *s)
{
    const apr_array_header_t *files = ajr_server_conf(s)->key_files;
    int i;

    if (geteuid() != 0) {
        return; /* then it was they who have read it */
    }
    for (i = 0; i < files->nelts; i++) {
        const char *path =
            ajr_jwks_file_path(APR_ARRAY_IDX(files, i, ajr_key_file_t).file);

        if (!readable_as_child(path)) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                         "JwtKeySet: %s cannot be read by User %s: changes "
                         "will not be seen; let it read the file and enter "
                         "the folders above",
                         path, ap_unixd_config.user_name);
        }
    }
}
