/* SPDX-License-Identifier: Apache-2.0
 *
 * SetHandler jwt-verify, as simplejwt has it: whoever holds a token may ask
 * whether it is still good, and learns nothing else.
 */
#include "body.h"
#include "handler.h"
#include "respond.h"
#include "worth.h"

int ajr_verify_run(request_rec *r)
{
    const char *text = NULL;
    ajr_worth_t worth;
    ajr_body_t body;
    ajr_outcome_t outcome = ajr_body_read(&body, r);

    if (outcome == AJR_OK) {
        outcome = ajr_body_needs(&text, &body, "token");
    }
    if (outcome == AJR_OK) {
        outcome = ajr_worth_find(&worth, r, ajr_bytes_of(text));
    }
    return outcome == AJR_OK
               ? ajr_respond_json(r, AJR_OK,
                                  ajr_json_own(json_object(), r->pool))
               : ajr_respond_refusal(r, outcome);
}
