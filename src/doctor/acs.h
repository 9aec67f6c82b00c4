/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The IOMMU groups, worked out as the kernel does it (drivers/iommu/iommu.c, pci_device_group(),
 * and pci_acs_enabled() in drivers/pci), so that a group can be explained: which bridge or device
 * lets transactions pass by the IOMMU.
 */
#ifndef DOCTOR_ACS_H
#define DOCTOR_ACS_H

#include "doctor/pci.h"

/* For each device of the tree, in its order. */
struct pci_group {
    const struct pci_device *first; /* the lowest device of its group, maybe itself; NULL: the
                                     * kernel gives it no group, though it gives some to others */
    const struct pci_device
        *breaker;    /* for whose sake it is not alone, maybe itself; NULL: alone */
    const char *why; /* of the breaker: "has no ACS", ...; NULL as above */
};

/* The caller frees the array of tree->count entries. On a machine without any group they are the
 * groups it would have with the IOMMU on. -ENODATA if config spaces are missing. */
int acs_groups(const struct pci_tree *tree, struct pci_group **ret);

/* What keeps a port, or one of several functions, from being isolated: "has no ACS"; NULL: nothing.
 * It reads after the device's address. Without an IOMMU in use the kernel leaves ACS off
 * everywhere, and that is not what counts. */
const char *acs_lack(const struct pci_tree *tree, const struct pci_device *d);

#endif
