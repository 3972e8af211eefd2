/* SPDX-License-Identifier: Apache-2.0
 *
 * JwtErrorText, JwtLoginPage.
 */
#include "commands.h"

#include <string.h>

const char *ajr_set_error_text(cmd_parms *cmd, void *conf, const char *tag,
                               const char *text)
{
    ajr_error_text_t entry = {ajr_outcome_find(tag), text};
    const char *wrong;

    if (ajr_slot_emptied(&wrong, cmd, conf, sizeof(entry), "none",
                         text ? "" : tag)) {
        return wrong;
    }
    if (text == NULL) {
        return "JwtErrorText takes two arguments, the tag of an outcome and a "
               "text, or the word none";
    }
    /* What is not found is AJR_INTERNAL, which has a tag of its own. */
    if (strcmp(ajr_outcome_row(entry.outcome)->tag, tag) != 0) {
        return apr_psprintf(cmd->pool,
                            "JwtErrorText: no outcome has the tag `%s`; take "
                            "one that the README lists, as JWT_OUTCOME says it",
                            tag);
    }
    if (*text == '\0' || !ajr_text_printable(ajr_bytes_of(text))) {
        return apr_psprintf(cmd->pool,
                            "JwtErrorText: the text for `%s` must be UTF-8 "
                            "without control characters, and not empty",
                            tag);
    }
    APR_ARRAY_PUSH(ajr_slot_array(cmd, conf, sizeof(entry)), ajr_error_text_t) =
        entry;
    return NULL;
}

/* It goes into a header as it is. */
const char *ajr_set_login_page(cmd_parms *cmd, void *conf, const char *url)
{
    const char *at;

    if (strcmp(url, "none") == 0) {
        *(const char **)ajr_slot(cmd, conf) = "";
        return NULL;
    }
    for (at = url; *at > ' ' && *at <= '~'; at++) {
    }
    if (*at != '\0' || (*url != '/' && !ap_is_url(url))) {
        return apr_psprintf(cmd->pool,
                            "JwtLoginPage: `%s` is neither a path (/login) nor "
                            "a URL (https://host/login), nor none",
                            url);
    }
    *(const char **)ajr_slot(cmd, conf) = url;
    return NULL;
}
