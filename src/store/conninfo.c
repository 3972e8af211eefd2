/* SPDX-License-Identifier: Apache-2.0
 *
 * What the administrator may write as JwtDatabase. libpq's own messages are
 * not passed on: they quote what they stumble over, which is often the part
 * of a password behind a character that should have been escaped.
 */
#include "pg.h"

#include <string.h>

#include <libpq-fe.h>

#define EXAMPLE                                                   \
    "write it like \"host=localhost dbname=site user=site_httpd " \
    "password='...'\""

/* A translated message has none of these words and gets the last sentence. */
static const char *explain(const char *message)
{
    if (message != NULL && strstr(message, "invalid connection option")) {
        return "names an option that libpq does not know; " EXAMPLE;
    }
    if (message != NULL && strstr(message, "unterminated quoted string")) {
        return "has a quote that does not end; values with blanks stand in "
               "single quotes";
    }
    return "is no connection string; " EXAMPLE;
}

/* user:p@ss@host leaves "ss@host" as the host, and messages name hosts. A
 * leading @ is an abstract unix socket. */
static bool stray_at(const char *hosts)
{
    const char *at = strchr(hosts, '@');

    while (at != NULL && (at == hosts || at[-1] == ',')) {
        at = strchr(at + 1, '@');
    }
    return at != NULL;
}

/* user:p/ss@host leaves "p" as the port. */
static const char *refuses(const PQconninfoOption *option)
{
    if (option->val == NULL) {
        return NULL;
    }
    if (strcmp(option->keyword, "host") == 0 && stray_at(option->val)) {
        return "has an @ in the host; write it as %40 in a password";
    }
    if (strcmp(option->keyword, "port") == 0 &&
        option->val[strspn(option->val, "0123456789, ")] != '\0') {
        return "has a port that is no number; write / as %2F in a password";
    }
    return NULL;
}

const char *ajr_pg_conninfo_refuses(const char *conninfo)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &message);
    const PQconninfoOption *option;
    const char *sentence = options == NULL ? explain(message) : NULL;

    for (option = options; option && option->keyword && !sentence; option++) {
        sentence = refuses(option);
    }
    PQconninfoFree(options);
    PQfreemem(message);
    return sentence;
}
