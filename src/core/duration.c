/* SPDX-License-Identifier: Apache-2.0 */
#include "duration.h"

#include <string.h>

typedef struct unit_t {
    const char *name;
    apr_interval_time_t size; /* microseconds */
} unit_t;

static const unit_t units[] = {
    {"", APR_USEC_PER_SEC},         {"ms", 1000},
    {"s", APR_USEC_PER_SEC},        {"m", 60 * APR_USEC_PER_SEC},
    {"h", 3600 * APR_USEC_PER_SEC}, {"d", 24 * 3600 * APR_USEC_PER_SEC},
};

static const unit_t *unit_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].name, name) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

bool ajr_duration_parse(apr_interval_time_t *out, const char *text)
{
    const char *at = text;
    const unit_t *unit;
    apr_int64_t count = 0;

    *out = 0;
    while (*at >= '0' && *at <= '9') {
        count = count * 10 + (*at++ - '0');
        if (count > AJR_DURATION_MAX) {
            return false;
        }
    }
    unit = unit_find(at);
    if (at == text || unit == NULL || count > AJR_DURATION_MAX / unit->size) {
        return false;
    }
    *out = count * unit->size;
    return true;
}
