/* SPDX-License-Identifier: Apache-2.0
 *
 * Randomness, of which the core has none.
 */
#ifndef AJR_RANDOM_H
#define AJR_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

/* Fills with bytes that nobody can guess, 256 at most. False when the kernel
 * has none to give. */
bool ajr_random_fill(void *out, size_t size);

#endif
