/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The IOMMU groups, worked out as the kernel does it (drivers/iommu/iommu.c, pci_device_group(), and
 * pci_acs_enabled() in drivers/pci), so that a group can be explained: which bridge or device lets
 * transactions pass by the IOMMU.
 */
#ifndef DOCTOR_ACS_H
#define DOCTOR_ACS_H

#include "doctor/pci.h"

/* For each device of the tree, in its order: the first (lowest) device of its group, as computed, and
 * the bridge or function for whose sake it is not alone (NULL: it is alone, or only its own
 * functions are with it). */
struct pci_group {
    const struct pci_device *first;
    const struct pci_device *breaker;
    const char *why; /* "has no ACS", "ACS is off", "conventional PCI bridge", ... ; NULL as above */
};

/* The caller frees the array of tree->count entries. -ENODATA if config spaces are missing. */
int acs_groups(const struct pci_tree *tree, struct pci_group **ret);

#endif
