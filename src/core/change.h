/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The way of every change, whoever asks for it: recover what died half way, look, plan, gate, lock,
 * apply. The gate comes before the lock: a refused request must answer at once, also while a stuck
 * change holds the PF. The plan is made before the lock as well, so that a plan without steps
 * writes nothing at all; if another change came in between, it is made again.
 */
#ifndef CORE_CHANGE_H
#define CORE_CHANGE_H

#include "core/session.h"
#include "core/worker.h"

struct change_request {
    const char *command; /* what the history says was asked for */
    bool force;          /* go on although somebody is hurt */
    bool dry_run;        /* only plan */

    /* Makes the plan from the session's snapshot. May be asked again after the snapshot changed. */
    int (*make)(void *userdata, struct session *s, struct plan *ret, struct sriov_error *error);
    /* After it was applied, or when there was nothing to do; NULL: nothing. */
    int (*finish)(void *userdata, struct session *s, struct sriov_error *error);

    /* News, each NULL if nobody wants it: transactions and leases recovered first; whom a forced
     * change hurts; and as in worker.h. */
    void (*recovered)(void *userdata, size_t reverted, size_t kept);
    void (*freed)(void *userdata, size_t leases); /* whose owners are gone */
    void (*forced)(void *userdata, const struct plan *p, const struct holders *victims);
    void (*progress)(void *userdata, const struct plan *p, const struct step *step);
    bool (*waiting)(void *userdata, const struct plan *p, const struct step *step,
                    unsigned seconds);
    void *userdata;
};

struct change_outcome {
    struct plan plan;
    struct holders victims; /* also there after a refusal */
    struct apply_result result;
    pid_t worker; /* still at it, when the result is -EINPROGRESS */
};

/* `out` is the caller's, zeroed before and released with change_outcome_done after, whatever the
 * result. The plan in it points into the session's snapshot. -EINPROGRESS: `waiting` gave up, the
 * worker goes on. */
int change_run(struct session *s, const struct change_request *request, struct change_outcome *out,
               struct sriov_error *error);
void change_outcome_done(struct change_outcome *out);

/* For `make`: the plan that leads to a desired state. */
int change_plan_desired(const struct desired *d, struct session *s, struct plan *ret,
                        struct sriov_error *error);

#endif
