/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AJR_OUTCOME_H
#define AJR_OUTCOME_H

/* Every way a request can end; the rows are in outcome.def. */
typedef enum ajr_outcome_t {
#define OUTCOME(name, tag, status, error, level, text) AJR_##name,
#include "outcome.def"
#undef OUTCOME
    AJR_OUTCOMES
} ajr_outcome_t;

typedef enum ajr_level_t {
    AJR_LEVEL_NONE,
    AJR_LEVEL_INFO,
    AJR_LEVEL_WARNING,
    AJR_LEVEL_ERR
} ajr_level_t;

/* One row. Static, never NULL members but error. */
typedef struct ajr_outcome_row_t {
    const char *tag;   /* the public word */
    int status;        /* HTTP status */
    const char *error; /* OAuth 2.0 error code, NULL = none */
    ajr_level_t level; /* of the log line */
    const char *text;  /* sentence for people */
} ajr_outcome_row_t;

/* The row of an outcome; that of AJR_INTERNAL for a value out of range. */
const ajr_outcome_row_t *ajr_outcome_row(ajr_outcome_t outcome);

/* The outcome of a tag (as rotate() in SQL returns it). AJR_INTERNAL when
 * there is none, or for NULL. */
ajr_outcome_t ajr_outcome_find(const char *tag);

/* Whether the request got what it asked for. */
int ajr_outcome_good(ajr_outcome_t outcome);

#endif
