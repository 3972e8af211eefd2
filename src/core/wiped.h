/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of a pool that is overwritten before the pool lets go of it.
 */
#ifndef AJR_WIPED_H
#define AJR_WIPED_H

#include "wire.h"

/* Zeroed, never NULL. */
unsigned char *ajr_wiped_alloc(apr_size_t len, apr_pool_t *pool);

/* A copy, with a NUL behind it that its length does not count. */
ajr_bytes_t ajr_wiped_copy(ajr_bytes_t in, apr_pool_t *pool);

/* Has bytes wiped that are in the pool already. */
void ajr_wiped_later(unsigned char *data, apr_size_t len, apr_pool_t *pool);

#endif
