/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl rollback: puts back what a transaction changed. It is a change like any other, with the
 * same gate and its own line in the history; the plan leads to the baseline that the ledger kept.
 */
#include "core/rollback.h"
#include "cli/change.h"

static const struct option_row options[] = { OPTION_FORCE, OPTION_DRY_RUN, { NULL } };

static int read_id(struct app *a, int64_t *ret)
{
    uint64_t id = 0;
    if (a->n_args > 0 && (str_to_u64(a->args[0], INT64_MAX, &id) < 0 || id == 0)) {
        int r = error_set(&a->error, SRIOV_USAGE, 0, a->args[0],
                          "is not the number of a transaction");
        error_remedy(&a->error, "sriovctl history lists them");
        return r;
    }
    *ret = (int64_t)id;
    return 0;
}

static int run_rollback(struct app *a)
{
    struct rollback rollback = { 0 };
    const struct change_request request = {
        .make = rollback_make,
        .finish = rollback_finish,
    };
    int r = read_id(a, &rollback.asked);
    /* The plan is made from the ledger, also for a dry run. */
    if (r >= 0)
        r = rollback_look(&rollback, &a->session, &a->error);
    return r < 0 ? r : change_run_request(a, &request, &rollback);
}

const struct verb verb_rollback = {
    .name = "rollback",
    .synopsis = "rollback [TRANSACTION]",
    .help = "put back what a transaction changed",
    .details =
        (const char *const[]){
            "Puts every setting that a transaction changed back to what it was before; without a number, that "
            "of the last transaction applied since the machine was started. history lists them.",
            "A rollback is a change like any other: it is refused while somebody would be hurt, and it is a "
            "transaction of its own, which can be rolled back in turn.",
            NULL,
        },
    .options = options,
    .max_args = 1,
    .flags = VERB_WRITES,
    .words = { WORD_TRANSACTION, WORD_NONE },
    .examples =
        (const struct example[]){
            { "rollback", "undo the last change" },
            { "rollback 12 --dry-run", "the steps that would undo transaction 12" },
            { NULL, NULL },
        },
    .run = run_rollback,
};
