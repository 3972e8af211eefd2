/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON objects: what is accepted is what its compact form says, within the
 * depth, and without U+0000. We write that form as jansson does.
 */
#include "fuzz.h"

/* Depth of a value; every string in it is looked at. */
static int depth(const json_t *value)
{
    const char *name;
    json_t *child;
    size_t i;
    int deepest = 0;

    MUST(!json_is_string(value) ||
         strlen(json_string_value(value)) == json_string_length(value));
    json_array_foreach(value, i, child)
    {
        int below = depth(child);

        deepest = below > deepest ? below : deepest;
    }
    json_object_foreach((json_t *)value, name, child)
    {
        int below = depth(child);

        MUST(ajr_utf8_valid(ajr_bytes_of(name)));
        deepest = below > deepest ? below : deepest;
    }
    return deepest + (json_is_object(value) || json_is_array(value));
}

void fuzz_one(ajr_bytes_t in, apr_pool_t *pool)
{
    json_t *json, *again;
    char *text;

    if (!ajr_json_object(&json, in, pool)) {
        MUST(json == NULL);
        return;
    }
    MUST(ajr_utf8_valid(in));
    MUST(depth(json) <= AJR_JSON_DEPTH);
    text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17));
    MUST(text != NULL);
    MUST(strcmp(text, ajr_json_text(json, pool)) == 0);
    MUST(ajr_json_object(&again, ajr_bytes_of(text), pool));
    MUST(json_equal(json, again));
    free(text);
}
