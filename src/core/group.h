/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * May a program have a VF through VFIO? Only with its whole IOMMU group, as the devices of a group
 * can reach each other past the IOMMU.
 */
#ifndef CORE_GROUP_H
#define CORE_GROUP_H

#include "core/model.h"

/* -EOPNOTSUPP (code unsupported): the VF has no IOMMU group. -EBUSY (code in use): the kernel has
 * another device of the group, which is named; bridges do not count. */
int group_check(struct backend *b, const struct pf *pf, const struct vf *vf,
                struct sriov_error *error);

#endif
