/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rolling back a transaction.
 */
#include "core/rollback.h"

int rollback_look(struct rollback *rollback, struct session *s, struct sriov_error *error)
{
    struct transaction t = { 0 };
    int r;

    r = session_ledger(s, error);
    if (r < 0 || !s->ledger || rollback->asked == 0)
        return r;
    rollback->interrupted = ledger_transaction(s->ledger, rollback->asked, &t, NULL) >= 0 &&
                            t.this_boot && t.state == TRANSACTION_RUNNING;
    transaction_done(&t);
    return 0;
}

static bool is_undone(struct ledger *l, int64_t id)
{
    struct transaction t = { 0 };
    bool undone = ledger_transaction(l, id, &t, NULL) >= 0 && t.state == TRANSACTION_REVERTED;

    transaction_done(&t);
    return undone;
}

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
    if (rollback->interrupted && is_undone(s->ledger, rollback->asked))
        return 0;
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

    if (rollback->found == 0)
        return 0;
    r = session_ledger_for_writing(s, error);
    return r < 0 ? r : ledger_finish(s->ledger, rollback->found, TRANSACTION_REVERTED, NULL, error);
}
