/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rolling back a transaction.
 */
#include "core/rollback.h"

int rollback_make(void *userdata, struct session *s, struct plan *ret, struct sriov_error *error)
{
    struct rollback *rollback = userdata;
    struct transaction t = { 0 };
    int r;

    if (!s->ledger) {
        r = error_set(error, SRIOV_USAGE, 0, "", "nothing was changed yet, there is no ledger");
        error_remedy(error, "only changes made by sriovctl and sriovd can be rolled back");
        return r;
    }
    r = transaction_plan_revert(s->ledger, rollback->asked, s->snapshot, &t, ret, error);
    if (r >= 0)
        rollback->asked = rollback->found = t.id; /* a second look must mean the same one */
    transaction_done(&t);
    return r;
}

int rollback_finish(void *userdata, struct session *s, struct sriov_error *error)
{
    const struct rollback *rollback = userdata;
    int r;

    r = session_ledger_for_writing(s, error);
    return r < 0 ? r : ledger_finish(s->ledger, rollback->found, TRANSACTION_REVERTED, NULL, error);
}
