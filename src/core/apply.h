/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a plan: journal, write, wait, read back, and undo on failure.
 */
#ifndef CORE_APPLY_H
#define CORE_APPLY_H

#include "core/ledger.h"
#include "core/plan.h"

struct apply_options {
    const char *command;  /* what the history says was asked for: "create enp1s0 4" */
    bool force;           /* the gate was passed over: told to the history */
    /* Told before each step that can take long, NULL: nobody. */
    void (*progress)(void *userdata, const struct plan *p, const struct step *step);
    void *userdata;
};

struct apply_result {
    int64_t transaction; /* 0: there was nothing to do */
    size_t changed;      /* steps that wrote something */
};

/* Runs the plan's steps in order. On failure everything is put back as the baseline has it, and the
 * error is that of the step: code failed, unsupported or not permitted; or not-rolled-back with what is
 * still different. The plan's steps carry their states afterwards. */
int plan_apply(struct backend *b, struct ledger *l, struct plan *p, const struct apply_options *options,
               struct apply_result *ret, struct sriov_error *error);

/* Puts back the baseline of one transaction: a new transaction of its own. */
int transaction_revert(struct backend *b, struct ledger *l, int64_t id,
                       const struct apply_options *options, struct apply_result *ret,
                       struct sriov_error *error);

/* Reverts what an earlier process left half done in this boot, and closes what a reboot made void.
 * ret_count: how many were reverted. Called before every change. */
int transactions_recover(struct backend *b, struct ledger *l, size_t *ret_count,
                         struct sriov_error *error);

#endif
