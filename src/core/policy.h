/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The plan of a policy, as `sriovctl apply` and the daemon make it. A policy is a standing wish and
 * not an order of this moment, so it gives way where an order would not: a VF that is leased is the
 * lease's until it is released.
 */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include "core/session.h"

struct policy_request {
    const struct desired *desired;
    const char *const *pfs; /* only these, each by any of its names; none: all */
    size_t n_pfs;
};

/* For `make` of struct change_request. -ENODEV (code no device): there is no such PF; -EINVAL (code
 * usage): the policy says nothing about it. */
int policy_plan(const struct policy_request *q, struct session *s, struct plan *ret,
                struct sriov_error *error);

/* Takes out of the goals what they want of leased VFs (leases of boot `boot`). With `remarks`, adds
 * a sentence for each PF that has such. 0 or -ENOMEM. */
int goals_leave_leased(struct goals *g, const struct lease *leases, size_t n_leases,
                       const char *boot, struct strv *remarks);

#endif
