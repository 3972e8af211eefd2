/* SPDX-License-Identifier: Apache-2.0 */
#include "dotenv.h"

#include <string.h>

#include <apr_strings.h>

typedef struct reader_t {
    unsigned char *at;
    unsigned char *end;
    int line;
} reader_t;

static bool at_line_end(const reader_t *reader)
{
    return reader->at == reader->end || *reader->at == '\n' ||
           *reader->at == '\r';
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static void skip_blanks(reader_t *reader)
{
    while (reader->at < reader->end && is_blank(*reader->at)) {
        reader->at++;
    }
}

static void skip_line(reader_t *reader)
{
    while (!at_line_end(reader)) {
        reader->at++;
    }
}

/* Steps over LF, CR or CRLF. */
static void next_line(reader_t *reader)
{
    if (reader->at < reader->end && *reader->at == '\r') {
        reader->at++;
    }
    if (reader->at < reader->end && *reader->at == '\n') {
        reader->at++;
    }
    reader->line++;
}

/* What may stand behind a value: nothing, or blanks and a comment. */
static bool nothing_follows(reader_t *reader)
{
    skip_blanks(reader);
    if (!at_line_end(reader) && *reader->at == '#') {
        skip_line(reader);
    }
    return at_line_end(reader);
}

static bool at_reference(const reader_t *reader)
{
    return reader->end - reader->at >= 2 && reader->at[0] == '$' &&
           reader->at[1] == '{';
}

static const char reference[] =
    "contains ${..}, which only the application can resolve; write the value "
    "out, or put it into single quotes";

static const char *read_unquoted(ajr_bytes_t *out, reader_t *reader)
{
    const unsigned char *start = reader->at;

    while (!at_line_end(reader) && !is_blank(*reader->at)) {
        if (at_reference(reader)) {
            return reference;
        }
        if (*reader->at == '#' && reader->at > start) {
            return "has a # in its value, where Laravel would cut it off; "
                   "put the value into quotes";
        }
        if (*reader->at == '#') {
            break;
        }
        reader->at++;
    }
    out->data = start;
    out->len = (apr_size_t)(reader->at - start);
    return nothing_follows(reader)
               ? NULL
               : "has a blank in its value; put the value into quotes";
}

static const char *read_single(ajr_bytes_t *out, reader_t *reader)
{
    const unsigned char *start = ++reader->at;

    while (!at_line_end(reader) && *reader->at != '\'') {
        reader->at++;
    }
    if (at_line_end(reader)) {
        return "has a quote that is not closed on its line";
    }
    out->data = start;
    out->len = (apr_size_t)(reader->at++ - start);
    return nothing_follows(reader) ? NULL : "has text behind the closing quote";
}

/* The character that \c stands for, 0 when it is no escape. */
static unsigned char unescape(unsigned char c)
{
    static const char escapes[] = "\"\\$fnrtv";
    static const char meaning[] = "\"\\$\f\n\r\t\v";
    const char *found = c != '\0' ? strchr(escapes, c) : NULL;

    return found != NULL ? (unsigned char)meaning[found - escapes] : 0;
}

/* Reads one character of a double-quoted value, 0 when there is none. */
static unsigned char double_character(reader_t *reader)
{
    if (*reader->at == '\r' || *reader->at == '\n') {
        next_line(reader);
        return '\n';
    }
    if (*reader->at != '\\') {
        return *reader->at++;
    }
    if (reader->end - reader->at < 2) {
        return 0;
    }
    reader->at += 2;
    return unescape(reader->at[-1]);
}

/* May span lines, as a PEM key does. */
static const char *read_double(ajr_bytes_t *out, reader_t *reader)
{
    unsigned char *start = ++reader->at;
    unsigned char *write = start;

    while (reader->at < reader->end && *reader->at != '"') {
        if (at_reference(reader)) {
            return reference;
        }
        *write = double_character(reader);
        if (*write++ == 0) {
            return "has an escape other than \\\" \\\\ \\$ \\f \\n \\r \\t "
                   "\\v, "
                   "or a NUL";
        }
    }
    if (reader->at >= reader->end) {
        return "has a quote that is never closed";
    }
    reader->at++;
    out->data = start;
    out->len = (apr_size_t)(write - start);
    return nothing_follows(reader) ? NULL : "has text behind the closing quote";
}

static const char *read_value(ajr_bytes_t *out, reader_t *reader)
{
    const char *why;

    if (at_line_end(reader)) {
        return "has an empty value";
    }
    if (*reader->at == '\'') {
        why = read_single(out, reader);
    } else if (*reader->at == '"') {
        why = read_double(out, reader);
    } else {
        why = read_unquoted(out, reader);
    }
    return why == NULL && out->len == 0 ? "has an empty value" : why;
}

/* The value of another variable: only its end matters, and that a quoted one
 * may span lines. */
static const char *skip_value(reader_t *reader)
{
    if (!at_line_end(reader) && *reader->at == '"') {
        reader->at++;
        while (reader->at < reader->end && *reader->at != '"') {
            if (*reader->at == '\\' && reader->end - reader->at > 1) {
                reader->at++;
            } else if (*reader->at == '\n') {
                reader->line++;
            }
            reader->at++;
        }
        if (reader->at == reader->end) {
            return "cannot be found reliably: another value has a quote that "
                   "is never closed";
        }
    }
    skip_line(reader);
    return NULL;
}

/* The name in front of `=`, trimmed, without `export` and quotes. */
static ajr_bytes_t read_name(reader_t *reader)
{
    ajr_bytes_t name = {reader->at, 0};

    while (!at_line_end(reader) && *reader->at != '=') {
        reader->at++;
    }
    name.len = (apr_size_t)(reader->at - name.data);
    while (name.len > 0 && is_blank(name.data[name.len - 1])) {
        name.len--;
    }
    if (name.len > 7 && strncmp((const char *)name.data, "export", 6) == 0 &&
        is_blank(name.data[6])) {
        name.data += 6;
        name.len -= 6;
        while (name.len > 0 && is_blank(name.data[0])) {
            name.data++;
            name.len--;
        }
    }
    if (name.len > 2 && name.data[0] == name.data[name.len - 1] &&
        (name.data[0] == '"' || name.data[0] == '\'')) {
        name.data++;
        name.len -= 2;
    }
    return name;
}

/* Reads one line (or one assignment that spans several). *found is the line
 * of the assignment before this one, 0 = none yet. */
static const char *read_entry(ajr_bytes_t *out, int *found, reader_t *reader,
                              const char *name, apr_pool_t *pool)
{
    ajr_bytes_t entry;
    bool wanted;

    skip_blanks(reader);
    if (at_line_end(reader) || *reader->at == '#') {
        skip_line(reader);
        return NULL;
    }
    entry = read_name(reader);
    wanted = entry.len == strlen(name) &&
             strncmp((const char *)entry.data, name, entry.len) == 0;
    if (!at_line_end(reader)) {
        reader->at++; /* the = */
    }
    skip_blanks(reader);
    if (!wanted) {
        return skip_value(reader);
    }
    if (*found != 0) {
        return apr_psprintf(pool,
                            "is assigned twice (lines %d and %d); "
                            "keep one of them",
                            *found, reader->line);
    }
    *found = reader->line;
    return read_value(out, reader);
}

const char *ajr_dotenv_find(ajr_bytes_t *out, unsigned char *text,
                            apr_size_t len, const char *name, apr_pool_t *pool)
{
    static const ajr_bytes_t nothing = {NULL, 0};
    reader_t reader = {text, text + len, 1};
    int found = 0;

    *out = nothing;
    if (len >= 3 && text[0] == 0xef && text[1] == 0xbb && text[2] == 0xbf) {
        reader.at += 3; /* byte order mark */
    }
    while (reader.at < reader.end) {
        const char *why = read_entry(out, &found, &reader, name, pool);

        if (why != NULL) {
            *out = nothing;
            return why;
        }
        next_line(&reader);
    }
    return found != 0 ? NULL : "is not assigned in this file";
}
