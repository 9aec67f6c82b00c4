/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The checks of the area kernel that stand in files of their own; the table is in kernel.c.
 */
#ifndef DOCTOR_KERNEL_H
#define DOCTOR_KERNEL_H

#include "doctor/check.h"

/* kernel-driver.c: the driver of a PF */
void check_pf_driver_missing(struct doctor *d, const struct pf *pf, const struct vf *none);
void check_sriov_not_in_driver(struct doctor *d, const struct pf *pf, const struct vf *none);
void check_pf_on_vfio(struct doctor *d, const struct pf *pf, const struct vf *none);

/* kernel-count.c: how many VFs it makes */
void check_fewer_vfs(struct doctor *d, const struct pf *pf, const struct vf *none);
void check_driver_vf_limit(struct doctor *d, const struct pf *pf, const struct vf *none);
void check_vfs_by_module_parameter(struct doctor *d, const struct pf *no_pf, const struct vf *none);

/* "%d VFs requested; only %d enabled" of a line of the kernel log. */
bool kernel_parse_fewer(const char *line, unsigned *ret_wanted, unsigned *ret_made);

/* kernel-stuck.c: processes that hang */
void check_vf_removal_stuck(struct doctor *d, const struct pf *no_pf, const struct vf *none);
void check_pf_lock_held(struct doctor *d, const struct pf *no_pf, const struct vf *none);

#endif
