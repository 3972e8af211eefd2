/* SPDX-License-Identifier: Apache-2.0
 *
 * No log, status page or script shows a token of a URL.
 */
#ifndef AJR_REDACT_H
#define AJR_REDACT_H

#include "record.h"

/* post_perdir_config: in what is shown; handlers still read it. */
int ajr_redact_scope(request_rec *r);

/* log_transaction: everywhere. */
int ajr_redact_log(request_rec *r);

#endif
