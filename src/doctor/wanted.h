/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What somebody wants of a PF or VF: the policy, laid out by PF and VF, and the leases. A state
 * that is wanted is no fault, whatever it looks like.
 */
#ifndef DOCTOR_WANTED_H
#define DOCTOR_WANTED_H

#include "doctor/check.h"

/* The goals of the policy; empty if there is none. -errno with `error` if it does not fit this
 * machine. goals_done. */
int wanted_read(struct doctor *d, struct goals *ret, struct sriov_error *error);

/* NULL: nothing is said about it. */
const struct goal *wanted_of_pf(const struct goals *g, const struct pf *pf);
const struct attrs *wanted_of_vf(const struct goals *g, const struct pf *pf, unsigned vf);

/* How many VFs the policy wants of a PF; 0: none, or nobody said. */
unsigned wanted_count(struct doctor *d, const struct pf *pf);

/* The driver that policy or lease names for a VF, NULL if neither does. */
const char *wanted_driver(struct doctor *d, const struct goals *g, const struct pf *pf,
                          const struct vf *vf);

/* The lease of a VF in this boot, NULL: none, or we may not know. */
const struct lease *lease_of(const struct doctor *d, const struct pf *pf, unsigned vf);

/* May somebody lose by a change of this VF? Also if not everybody could be looked into. */
bool is_used(const struct doctor *d, const struct pf *pf, const struct vf *vf);

/* A remedy for a VF, safe to be run by itself if nobody uses the VF. */
enum fix fix_if_unused(const struct doctor *d, const struct pf *pf, const struct vf *vf);

#endif
