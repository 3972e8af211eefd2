/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program prints, for keys that a vault hands out.
 */
#ifndef AJR_PROGRAM_H
#define AJR_PROGRAM_H

#include <apr_time.h>

#include "wire.h"

/* Runs `command`, the absolute path of a program and its arguments, as the
 * user and with the environment of this process, without a shell: quotes and
 * backslashes group words, nothing is expanded. Its standard input is empty,
 * its standard error is ours. out->data is wiped with the pool. NULL, or a
 * sentence without subject: it cannot be started, does not end within
 * `patience`, prints more than 64 KiB, exits with anything but 0. What it
 * started is killed with it. */
const char *ajr_program_run(ajr_bytes_t *out, const char *command,
                            apr_interval_time_t patience, apr_pool_t *pool);

#endif
