/* SPDX-License-Identifier: Apache-2.0 */
#include "dialects.h"

#include <string.h>

#include <apr_strings.h>

static const ajr_dialect_t *const dialects[] = {
    &ajr_dialect_oauth2, &ajr_dialect_laravel, &ajr_dialect_express,
    &ajr_dialect_pair,   &ajr_dialect_cookie,  &ajr_dialect_simplejwt,
};

#define DIALECTS (sizeof(dialects) / sizeof(dialects[0]))

const ajr_dialect_t *ajr_dialect_find(const char *name)
{
    size_t i;

    if (name == NULL) {
        return dialects[0];
    }
    for (i = 0; i < DIALECTS; i++) {
        if (strcmp(dialects[i]->name, name) == 0) {
            return dialects[i];
        }
    }
    return NULL;
}

const char *ajr_dialect_names(apr_pool_t *pool)
{
    const char *names = dialects[0]->name;
    size_t i;

    for (i = 1; i < DIALECTS; i++) {
        names = apr_pstrcat(pool, names, ", ", dialects[i]->name, NULL);
    }
    return names;
}

/* ---- refusals ---- */

static bool fits(const ajr_refusal_row_t *row, const ajr_incident_t *incident,
                 int status)
{
    return (row->places & 1U << incident->place) != 0 &&
           (row->outcome == AJR_OK || row->outcome == incident->outcome) &&
           (row->of == 0 || row->of == status);
}

/* Takes from a row what no row before it had. */
static void take(ajr_refusal_t *refusal, const ajr_refusal_row_t *row)
{
    if (refusal->status == 0) {
        refusal->status = row->status;
    }
    if (refusal->error == NULL) {
        refusal->error = row->error;
    }
    if (refusal->text == NULL) {
        refusal->text = row->text;
    }
    refusal->page |= row->page;
}

bool ajr_dialect_describes(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\') {
            return false;
        }
    }
    return true;
}

/* RFC 9110 15.5.2 wants a challenge with every 401; RFC 6750 3.1 has one for a
 * scope too small, and one that names what a request did wrong. */
static bool challenged(const ajr_dialect_t *dialect,
                       const ajr_incident_t *incident, int status)
{
    return status < 500 && incident->outcome != AJR_CSRF &&
           (incident->place == AJR_PLACE_API ||
            (status == 401 && (dialect->realms & 1U << incident->place) != 0));
}

ajr_refusal_t ajr_dialect_refuse(const ajr_dialect_t *dialect,
                                 const ajr_incident_t *incident)
{
    const ajr_outcome_row_t *own = ajr_outcome_row(incident->outcome);
    ajr_refusal_t refusal = {.text = incident->text,
                             .realm_alone = dialect->realm_alone};
    const ajr_refusal_row_t *row;

    for (row = dialect->refusals; row->places != 0; row++) {
        if (fits(row, incident, own->status)) {
            take(&refusal, row);
        }
    }
    if (refusal.status == 0 || own->status >= 500) {
        refusal.status = own->status;
    }
    if (refusal.error == NULL) {
        refusal.error = dialect->tags ? own->tag : own->error;
    }
    if (refusal.text == NULL) {
        refusal.text = own->text;
    }
    refusal.description =
        ajr_dialect_describes(refusal.text) ? refusal.text : own->text;
    refusal.challenged = challenged(dialect, incident, refusal.status);
    return refusal;
}

json_t *ajr_dialect_token(const char *token)
{
    return json_string_nocheck(token);
}

json_t *ajr_dialect_error_word(const ajr_refusal_t *refusal,
                               const ajr_incident_t *incident)
{
    (void)incident;
    return json_pack("{ss*}", "error", refusal->error);
}
