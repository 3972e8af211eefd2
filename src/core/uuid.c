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

/* False when it is no lower-case hexadecimal digit. */
static bool read_digit(unsigned char *value, char c)
{
    bool letter = c >= 'a' && c <= 'f';

    *value = (unsigned char)(letter ? c - 'a' + 10 : c - '0');
    return letter || (c >= '0' && c <= '9');
}

bool ajr_uuid_parse(unsigned char uuid[AJR_UUID_SIZE], const char *text)
{
    unsigned char parsed[AJR_UUID_SIZE];
    unsigned char high, low;
    const char *at = text;
    int i;

    if (text == NULL || strlen(text) != AJR_UUID_TEXT_LEN) {
        return false;
    }
    for (i = 0; i < AJR_UUID_SIZE; i++, at += 2) {
        if (hyphen_before(i) && *at++ != '-') {
            return false;
        }
        if (!read_digit(&high, at[0]) || !read_digit(&low, at[1])) {
            return false;
        }
        parsed[i] = (unsigned char)(high << 4 | low);
    }
    memcpy(uuid, parsed, sizeof(parsed));
    return true;
}
