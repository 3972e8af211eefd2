/* SPDX-License-Identifier: Apache-2.0
 *
 * From the kernel: a call of it is half of what OpenSSL's generators cost
 * for a few bytes, takes no lock that all threads share, and knows of forks.
 */
#include "random.h"

#include <unistd.h>

bool ajr_random_fill(void *out, size_t size)
{
    return getentropy(out, size) == 0;
}
