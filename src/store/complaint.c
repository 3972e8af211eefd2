/* SPDX-License-Identifier: Apache-2.0 */
#include "complaint.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

/* Classes of SQLSTATE whose messages name objects, never values. Others, such
 * as 22 (data exceptions) and P0 (RAISE), may quote a login or a claim. */
static const char *const plain_classes =
    "08 0A 25 28 3D 3F 40 42 53 54 55 57 58 F0 XX ";

static char *printable(const char *text, apr_pool_t *pool)
{
    char *line = apr_pstrndup(pool, text, AJR_COMPLAINT_MAX);
    char *at;

    for (at = line; *at != '\0'; at++) {
        if (apr_iscntrl(*at)) {
            *at = ' ';
        }
    }
    return line;
}

static int quotes_nothing(const char *sqlstate)
{
    char class[] = {sqlstate[0], sqlstate[1], ' ', '\0'};

    return strlen(sqlstate) == 5 && strstr(plain_classes, class) != NULL;
}

/* How mistakes of an installation are mended. A translated message, and most
 * of what claims() may stumble over, has other words. */
static const char *remedy(const char *sqlstate, const char *message)
{
    if (strcmp(sqlstate, "3F000") == 0 ||
        (strcmp(sqlstate, "42883") == 0 &&
         strncmp(message, "function ", 9) == 0)) {
        return "; load conf/schema.sql, again after an upgrade, or see "
               "JwtDatabaseSchema";
    }
    if (strncmp(message, "permission denied for schema ", 29) == 0 ||
        strncmp(message, "permission denied for function ", 31) == 0) {
        return "; GRANT auth_jwt_httpd TO the role of JwtDatabase";
    }
    return "";
}

const char *ajr_complaint_of_result(const PGresult *result, apr_pool_t *pool)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (PQresultStatus(result) != PGRES_FATAL_ERROR) {
        return "the answer is not a table";
    }
    if (sqlstate == NULL) { /* libpq's own, without a word of the server */
        return apr_pstrcat(pool, "connection lost: ",
                           printable(PQresultErrorMessage(result), pool), NULL);
    }
    if (message == NULL || !quotes_nothing(sqlstate)) {
        return apr_pstrcat(pool, "SQLSTATE ", printable(sqlstate, pool),
                           ": see PostgreSQL's log, the message may quote data",
                           NULL);
    }
    return apr_pstrcat(pool, "SQLSTATE ", sqlstate, ": ",
                       printable(message, pool), remedy(sqlstate, message),
                       NULL);
}

/* A line that explains the one before: indented, or "HINT: ", "LOCATION: ". */
static int explains(const char *line)
{
    apr_size_t word = 0;

    while (line[word] >= 'A' && line[word] <= 'Z') {
        word++;
    }
    return apr_isspace(line[0]) || (word > 0 && line[word] == ':');
}

/* One line for each host that was tried. */
static const char *first_lines(const char *message, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, message);
    const char *kept = NULL;
    char *state = NULL;
    char *line = apr_strtok(copy, "\n", &state);

    for (; line != NULL; line = apr_strtok(NULL, "\n", &state)) {
        if (kept == NULL) {
            kept = line;
        } else if (!explains(line)) {
            kept = apr_pstrcat(pool, kept, "; ", line, NULL);
        }
    }
    return kept == NULL ? "no reason given" : kept;
}

/* libpq does not quote the password; a conninfo written wrongly might make it
 * part of something that libpq does quote. */
const char *ajr_complaint_of_connection(PGconn *connection, apr_pool_t *pool)
{
    const char *message = PQerrorMessage(connection);
    const char *password = PQpass(connection);

    if (password != NULL && strlen(password) >= 4 &&
        strstr(message, password) != NULL) {
        return "connection refused; the reason would quote the password";
    }
    return printable(first_lines(message, pool), pool);
}
