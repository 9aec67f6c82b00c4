/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What VFIO asks of an IOMMU group (iommu_group_claim_dma_owner in drivers/iommu/iommu.c): each
 * device in it has no driver, or one that leaves DMA to a program.
 */
#include "core/group.h"

#include <errno.h>
#include <stdio.h>

#include "core/error.h"

#define BRIDGE 0x06 /* base class */

static int no_group(const char *label, struct sriov_error *error)
{
    error_set(error, SRIOV_UNSUPPORTED, 0, label,
              "has no IOMMU group, and VFIO without an IOMMU lets a program write to all memory");
    error_remedy(error, "turn the IOMMU on: in the BIOS (VT-d, AMD-Vi) and with `sriovctl host "
                        "prepare --iommu pt --apply`");
    return -EOPNOTSUPP;
}

/* Does the kernel work with this device, so that VFIO would refuse the group? */
static bool is_in_the_way(struct backend *b, const char *pci, char driver[32])
{
    char path[96];
    uint64_t class = 0;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/class", pci);
    if (backend_read_u64(b, path, &class) >= 0 && class >> 16 == BRIDGE)
        return false;
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/driver", pci);
    return backend_link_name(b, path, driver, 32) >= 0 && !driver_is_passthrough(driver);
}

int group_check(struct backend *b, const struct pf *pf, const struct vf *vf,
                struct sriov_error *error)
{
    _cleanup_strv_ struct strv devices = STRV_INIT;
    char label[OBJECT_SIZE], path[64], driver[32];
    int r;

    vf_label(pf, vf->index, label);
    if (vf->iommu_group < 0)
        return no_group(label, error);
    snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/devices", vf->iommu_group);
    r = b->ops->list_dir(b, path, &devices);
    if (r < 0)
        return error_set(error, error_code_of(-r), -r, path, "cannot be read");
    for (size_t i = 0; i < devices.count; i++) {
        const char *other = devices.items[i];

        if (str_eq(other, vf->pci) || !is_in_the_way(b, other, driver))
            continue;
        error_set(error, SRIOV_IN_USE, 0, label, "shares IOMMU group %d with %.16s, which %s has",
                  vf->iommu_group, other, driver);
        error_remedy(error, "bind all devices of the group to vfio-pci, or put the card into a "
                            "slot with ACS: `sriovctl doctor` tells what is missing");
        return -EBUSY;
    }
    return 0;
}
