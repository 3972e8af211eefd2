/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/rand.h>

bool ajr_random_fill(void *out, size_t size)
{
    if (size > INT_MAX || RAND_priv_bytes(out, (int)size) != 1) {
        ERR_clear_error();
        return false;
    }
    return true;
}
