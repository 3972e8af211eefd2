/* SPDX-License-Identifier: Apache-2.0
 *
 * Claim paths, the first line, over claims, the rest. Any name of a member can
 * be written as a path.
 */
#include "claim.h"
#include "fuzz.h"

/* A path that means the member of this name, whatever is in it. */
static const char *quoted(const char *name, apr_pool_t *pool)
{
    char *path = apr_palloc(pool, strlen(name) * 2 + 1);
    char *to = path;

    for (; *name != '\0'; name++) {
        if (strchr(".[\\", *name) != NULL) {
            *to++ = '\\';
        }
        *to++ = *name;
    }
    *to = '\0';
    return path;
}

static void every_member_is_found(json_t *claims, apr_pool_t *pool)
{
    const char *name;
    json_t *value;

    json_object_foreach(claims, name, value)
    {
        ajr_claim_t *claim;
        const char *why = ajr_claim_compile(&claim, quoted(name, pool), pool);

        MUST((why == NULL) == (*name != '\0'));
        MUST(why != NULL || ajr_claim_find(claim, claims) == value);
    }
}

void fuzz_one(ajr_bytes_t in, apr_pool_t *pool)
{
    const char *path = fuzz_line(&in, pool);
    ajr_claim_t *claim;
    const char *why = ajr_claim_compile(&claim, path, pool);
    json_t *claims;

    MUST((why == NULL) == (claim != NULL));
    if (!ajr_json_object(&claims, in, pool)) {
        return;
    }
    every_member_is_found(claims, pool);
    if (claim != NULL) {
        const json_t *value = ajr_claim_find(claim, claims);
        const char *text = ajr_claim_text(value, pool);

        MUST(text == NULL || value != NULL);
        MUST(text == NULL || ajr_text_printable(ajr_bytes_of(text)));
    }
}
