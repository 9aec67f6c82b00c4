/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the kernel log is searched for: words of messages that checks use, one row each. A line is
 * kept if it holds one of them, so the rows may be parts of messages; what else a host logs stays
 * out of captures and reports.
 */
#include "doctor/engine.h"

const char *const log_words[] = {
    /* drivers/iommu/intel, drivers/iommu/amd: what the firmware gives, and what is made of it */
    "DMAR",
    "AMD-Vi",
    "IOMMU",
    "iommu",
    /* drivers/vfio */
    "vfio",
    "VFIO",
    /* drivers/pci/iov.c, setup-res.c: resources for VFs */
    "SR-IOV",
    "sriov",
    "VF BAR",
    "VFs",
    "VF ",
    "can't assign; no space",
    "can't enable",
    "not enough MMIO",
    "out of range",
    /* drivers/pci/pcie/aer.c, err.c */
    "AER",
    /* security/lockdown/lockdown.c */
    "locked down",
    /* drivers of PFs and VFs */
    "igb",
    "ixgbe",
    "i40e",
    "iavf",
    "] ice ",
    "mlx5_core",
    "bnxt_en",
    NULL,
};

static bool matches(const char *line, const char *first, const char *second)
{
    return strstr(line, first) && (!second || strstr(line, second));
}

const char *log_next(struct doctor *d, size_t *place, const char *first, const char *second)
{
    while (*place < d->log.count) {
        const char *line = d->log.items[(*place)++];

        if (matches(line, first, second))
            return line;
    }
    return NULL;
}

const char *log_last(struct doctor *d, const char *first, const char *second)
{
    for (size_t i = d->log.count; i > 0; i--) {
        if (matches(d->log.items[i - 1], first, second))
            return d->log.items[i - 1];
    }
    return NULL;
}
