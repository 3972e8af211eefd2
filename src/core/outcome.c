/* SPDX-License-Identifier: Apache-2.0 */
#include "outcome.h"

#include <string.h>

static const ajr_outcome_row_t rows[AJR_OUTCOMES] = {
#define OUTCOME(name, tag, status, error, level, text) \
    {tag, status, error, AJR_LEVEL_##level, text},
#include "outcome.def"
#undef OUTCOME
};

const ajr_outcome_row_t *ajr_outcome_row(ajr_outcome_t outcome)
{
    if ((unsigned)outcome >= AJR_OUTCOMES) {
        return &rows[AJR_INTERNAL];
    }
    return &rows[outcome];
}

ajr_outcome_t ajr_outcome_find(const char *tag)
{
    int i;

    for (i = 0; tag != NULL && i < AJR_OUTCOMES; i++) {
        if (strcmp(rows[i].tag, tag) == 0) {
            return (ajr_outcome_t)i;
        }
    }
    return AJR_INTERNAL;
}

int ajr_outcome_good(ajr_outcome_t outcome)
{
    return ajr_outcome_row(outcome)->status == 200;
}
