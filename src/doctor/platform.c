/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area platform.
 */
#include "doctor/check.h"

static const struct check checks[] = {
    { NULL },
};

const struct area area_platform = {
    .name = "platform",
    .title = "Platform: firmware, PCI and IOMMU",
    .checks = checks,
};
