/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * plan_apply in a process of its own. A write to sriov_numvfs that removes a VF which a guest holds
 * can hang in the kernel for as long as the guest likes, uninterruptibly; the worker hangs, the
 * tool does not. The worker holds the PF's lock and finishes its transaction even if the tool is
 * gone by then.
 */
#ifndef CORE_WORKER_H
#define CORE_WORKER_H

#include "core/apply.h"

struct worker_options {
    struct apply_options apply;
    /* Told when a step has taken a while: after five seconds, then every ten. `seconds` is how long
     * it has been at it. Return false to stop waiting: plan_apply_in_worker then returns
     * -EINPROGRESS and the worker goes on by itself. NULL: wait for ever. */
    bool (*waiting)(void *userdata, const struct plan *p, const struct step *step,
                    unsigned seconds);
    void *userdata;
};

/* Should this plan run in a worker? True if a step of it takes VFs away or unbinds one. */
bool plan_may_hang(const struct plan *p);

/* As plan_apply. ret_pid (may be NULL) is the worker's process id. */
int plan_apply_in_worker(struct backend *b, struct ledger *l, struct plan *p,
                         const struct worker_options *options, struct apply_result *ret,
                         pid_t *ret_pid, struct sriov_error *error);

#endif
