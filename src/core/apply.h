/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a plan: journal, write, wait, read back, and undo on failure.
 */
#ifndef CORE_APPLY_H
#define CORE_APPLY_H

#include "core/ledger.h"
#include "core/plan.h"

struct apply_options {
    const char *command; /* what the history says was asked for: "create enp1s0 4" */
    bool force;          /* the gate was passed over: told to the history */
    /* Told before each step that can take long, NULL: nobody. */
    void (*progress)(void *userdata, const struct plan *p, const struct step *step);
    void *userdata;
};

struct apply_result {
    int64_t transaction; /* 0: there was nothing to do */
    size_t changed;      /* steps that wrote something */
};

/* Runs the plan's steps in order. On failure everything is put back as the baseline has it, and the
 * error is that of the step: code failed, unsupported or not permitted; or not-rolled-back with
 * what is still different. The plan's steps carry their states afterwards. */
int plan_apply(struct backend *b, struct ledger *l, struct plan *p,
               const struct apply_options *options, struct apply_result *ret,
               struct sriov_error *error);

/* Makes the plan that puts back the baseline of a transaction (0: the last applied one of this
 * boot). It goes through gate and plan_apply like any other; afterwards ledger_finish(…,
 * TRANSACTION_REVERTED, …) closes the old one. `t` is the caller's to release with
 * transaction_done. */
int transaction_plan_revert(struct ledger *l, int64_t id, struct snapshot *s, struct transaction *t,
                            struct plan *ret, struct sriov_error *error);

/* Reverts what an earlier process left half done in this boot, and closes what a reboot made void.
 * A VF that somebody has taken into use since is not taken away: such a transaction is closed as
 * not reverted, and *ret_kept counts it. So is one that cannot be put back, with code
 * not-rolled-back. Called before every change. */
int transactions_recover(struct backend *b, struct ledger *l, size_t *ret_reverted,
                         size_t *ret_kept, struct sriov_error *error);

#endif
