/* SPDX-License-Identifier: Apache-2.0 */
#include "cookie.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#define ATTRIBUTES "Path=/; Secure; HttpOnly; SameSite=Strict"

const ajr_cookie_t ajr_cookie_default = {"__Host-refresh", "; " ATTRIBUTES,
                                         true, true};

/* What the attributes say, to be compared with the name. */
typedef struct said_t {
    bool root; /* Path=/ */
    bool domain;
    bool none; /* SameSite=None */
} said_t;

static bool is(const char *attribute, const char *name)
{
    return apr_cstr_casecmp(attribute, name) == 0;
}

static bool starts(const char *attribute, const char *name)
{
    return apr_cstr_casecmpn(attribute, name, strlen(name)) == 0;
}

/* RFC 6265 4.1.1: no control characters, and no semicolon, which is gone. */
static bool printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~' || *text == ',') {
            return false;
        }
    }
    return true;
}

static bool name_sane(const char *name)
{
    const char *at;

    for (at = name; *at != '\0'; at++) {
        if (!apr_isalnum(*at) && strchr("!#$%&'*+-.^_`|~", *at) == NULL) {
            return false;
        }
    }
    return *name != '\0';
}

static const char *attribute_read(ajr_cookie_t *cookie, said_t *said,
                                  const char *attribute, apr_pool_t *pool)
{
    if (is(attribute, "Secure")) {
        cookie->secure = true;
    } else if (is(attribute, "HttpOnly")) {
        cookie->http_only = true;
    } else if (starts(attribute, "Path=/")) {
        said->root = strcmp(attribute + 5, "/") == 0;
    } else if (starts(attribute, "Domain=") && attribute[7] != '\0') {
        said->domain = true;
    } else if (is(attribute, "SameSite=None")) {
        said->none = true;
    } else if (!is(attribute, "SameSite=Strict") &&
               !is(attribute, "SameSite=Lax") &&
               !is(attribute, "Partitioned")) {
        return apr_psprintf(pool,
                            "has the attribute `%s`; known: Path=/.., "
                            "Domain=.., Secure, HttpOnly, "
                            "SameSite=Strict|Lax|None, Partitioned",
                            attribute);
    }
    cookie->attributes =
        apr_pstrcat(pool, cookie->attributes, "; ", attribute, NULL);
    return NULL;
}

/* What browsers throw away without a word. */
static const char *refused_by_browsers(const ajr_cookie_t *cookie,
                                       const said_t *said)
{
    if (starts(cookie->name, "__Host-") &&
        (!cookie->secure || !said->root || said->domain)) {
        return "begins with __Host-, so it needs Secure and Path=/ and no "
               "Domain";
    }
    if (starts(cookie->name, "__Secure-") && !cookie->secure) {
        return "begins with __Secure-, so it needs Secure";
    }
    return said->none && !cookie->secure ? "has SameSite=None, so it needs "
                                           "Secure"
                                         : NULL;
}

const char *ajr_cookie_make(ajr_cookie_t **out, const char *text,
                            apr_pool_t *pool)
{
    ajr_cookie_t *cookie = apr_pcalloc(pool, sizeof(*cookie));
    apr_size_t length = strcspn(text, "; ");
    said_t said = {false, false, false};
    const char *wrong = NULL;
    char *rest, *last, *word;

    *out = cookie;
    cookie->name = apr_pstrmemdup(pool, text, length);
    cookie->attributes = "";
    if (!name_sane(cookie->name) || !printable(text)) {
        return "is no name that a cookie can have, with attributes behind it";
    }
    text += length + strspn(text + length, "; ");
    rest = apr_pstrdup(pool, *text == '\0' ? ATTRIBUTES : text);
    for (word = apr_strtok(rest, ";", &last); word != NULL && wrong == NULL;
         word = apr_strtok(NULL, ";", &last)) {
        apr_collapse_spaces(word, word);
        wrong =
            *word == '\0' ? NULL : attribute_read(cookie, &said, word, pool);
    }
    return wrong != NULL ? wrong : refused_by_browsers(cookie, &said);
}

const char *ajr_cookie_line(const ajr_cookie_t *cookie, const char *value,
                            apr_int64_t max_age, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s=%s; Max-Age=%" APR_INT64_T_FMT "%s",
                        cookie->name, value, *value == '\0' ? 0 : max_age,
                        cookie->attributes);
}
