/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the area operations share.
 */
#ifndef DOCTOR_OPERATIONS_H
#define DOCTOR_OPERATIONS_H

#include "doctor/check.h"

/* From /proc/PID/limits the soft limit of locked memory in bytes: UINT64_MAX for none. False if it
 * is not there. */
bool operations_memlock(const char *limits, uint64_t *ret);

/* Does the effective set in /proc/PID/status have CAP_IPC_LOCK, which lifts the limit? */
bool operations_may_lock_all(const char *status);

/* operations-change.c: the policy, the ledger, the leases */
void check_policy_drift(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_change_interrupted(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_change_failed(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_lease_stale(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_settings_left(struct doctor *d, const struct pf *pf, const struct vf *vf);

#endif
