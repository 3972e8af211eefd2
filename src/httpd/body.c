/* SPDX-License-Identifier: Apache-2.0 */
#include "body.h"

#include <string.h>

#include "record.h"

/* The media type without parameters, "" when there is none. */
static const char *media_type(request_rec *r)
{
    const char *header = apr_table_get(r->headers_in, "Content-Type");
    char *type;

    if (header == NULL) {
        return "";
    }
    type = apr_pstrndup(r->pool, header, strcspn(header, "; \t"));
    ap_str_tolower(type);
    return type;
}

/* The raw bytes, at most AJR_BODY_MAX; lengths that lie are httpd's to
 * refuse. */
static ajr_outcome_t body_bytes(ajr_bytes_t *out, request_rec *r)
{
    char *buffer;
    apr_size_t size = 0;
    long got;
    int status;

    *out = ajr_bytes_of("");
    status = ap_setup_client_block(r, REQUEST_CHUNKED_DECHUNK);
    if (status != OK) {
        return status == HTTP_REQUEST_ENTITY_TOO_LARGE ? AJR_BODY_TOO_LARGE
                                                       : AJR_BODY_MALFORMED;
    }
    if (!ap_should_client_block(r)) {
        return AJR_OK;
    }
    if (r->remaining > AJR_BODY_MAX) {
        return AJR_BODY_TOO_LARGE;
    }
    buffer = apr_palloc(r->pool, AJR_BODY_MAX + 1);
    do {
        got = ap_get_client_block(r, buffer + size, AJR_BODY_MAX + 1 - size);
        if (got < 0) {
            return AJR_BODY_MALFORMED;
        }
        size += (apr_size_t)got;
        if (size > AJR_BODY_MAX) {
            return AJR_BODY_TOO_LARGE;
        }
    } while (got > 0);
    out->data = (const unsigned char *)buffer;
    out->len = size;
    return AJR_OK;
}

ajr_outcome_t ajr_body_read(ajr_body_t *out, request_rec *r)
{
    const char *type = media_type(r);
    ajr_bytes_t bytes;
    ajr_outcome_t outcome;

    out->r = r;
    out->form = NULL;
    out->json = NULL;
    if (r->method_number == M_GET) {
        return AJR_OK; /* a body there means nothing (RFC 9110 9.3.1) */
    }
    if (apr_table_get(r->headers_in, "Content-Encoding") != NULL) {
        return AJR_BODY_MALFORMED;
    }
    outcome = body_bytes(&bytes, r);
    if (outcome != AJR_OK || bytes.len == 0) {
        return outcome;
    }
    if (strcmp(type, "application/json") == 0) {
        return ajr_json_object(&out->json, bytes, r->pool) ? AJR_OK
                                                           : AJR_BODY_MALFORMED;
    }
    if (strcmp(type, "application/x-www-form-urlencoded") == 0) {
        return ajr_form_parse(&out->form, bytes, r->pool) ? AJR_OK
                                                          : AJR_BODY_MALFORMED;
    }
    return AJR_BODY_MALFORMED;
}

ajr_outcome_t ajr_body_text(const char **value, const ajr_body_t *body,
                            const char *name)
{
    const json_t *member;

    *value = NULL;
    if (body->form != NULL) {
        *value = apr_table_get(body->form, name);
        return AJR_OK;
    }
    member = json_object_get(body->json, name);
    if (member == NULL || json_is_null(member)) {
        return AJR_OK;
    }
    *value = json_string_value(member);
    return *value == NULL ? AJR_BODY_MALFORMED : AJR_OK;
}

static void note_missing(const ajr_body_t *body, const char *name,
                         const char *value)
{
    ajr_record_t *record = ajr_record(body->r);
    ajr_field_t field = {name, AJR_LACK_ABSENT};

    if (value != NULL) {
        field.lack = AJR_LACK_BLANK;
    } else if (json_object_get(body->json, name) != NULL) {
        field.lack = AJR_LACK_NULL;
    }
    if (record->missing == NULL) {
        record->missing = apr_array_make(body->r->pool, 2, sizeof(field));
    }
    APR_ARRAY_PUSH(record->missing, ajr_field_t) = field;
}

ajr_outcome_t ajr_body_needs(const char **value, const ajr_body_t *body,
                             const char *name)
{
    ajr_outcome_t outcome = ajr_body_text(value, body, name);

    if (outcome == AJR_OK && (*value == NULL || **value == '\0')) {
        note_missing(body, name, *value);
        return AJR_PARAMETER_MISSING;
    }
    return outcome;
}
