/* SPDX-License-Identifier: Apache-2.0 */
#include "uuid.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

/* Whether a hyphen stands before byte i. */
static bool hyphen_before(int i)
{
    return i == 4 || i == 6 || i == 8 || i == 10;
}

char *ajr_uuid_format(const unsigned char uuid[AJR_UUID_SIZE], apr_pool_t *pool)
{
    char *text = apr_palloc(pool, AJR_UUID_TEXT_LEN + 1);
    char *at = text;
    int i;

    for (i = 0; i < AJR_UUID_SIZE; i++) {
        if (hyphen_before(i)) {
            *at++ = '-';
        }
        *at++ = digits[uuid[i] >> 4];
        *at++ = digits[uuid[i] & 15];
    }
    *at = '\0';
    return text;
}

/* 0 to 15, -1 when it is no lower-case hexadecimal digit. */
static int nibble(char c)
{
    const char *found = c == '\0' ? NULL : strchr(digits, c);

    return found == NULL ? -1 : (int)(found - digits);
}

bool ajr_uuid_parse(unsigned char uuid[AJR_UUID_SIZE], const char *text)
{
    unsigned char parsed[AJR_UUID_SIZE];
    const char *at = text;
    int i;

    if (text == NULL || strlen(text) != AJR_UUID_TEXT_LEN) {
        return false;
    }
    for (i = 0; i < AJR_UUID_SIZE; i++, at += 2) {
        if (hyphen_before(i) && *at++ != '-') {
            return false;
        }
        if (nibble(at[0]) < 0 || nibble(at[1]) < 0) {
            return false;
        }
        parsed[i] = (unsigned char)(nibble(at[0]) << 4 | nibble(at[1]));
    }
    memcpy(uuid, parsed, sizeof(parsed));
    return true;
}
