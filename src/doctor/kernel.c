/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area kernel.
 */
#include "doctor/check.h"

static const struct check checks[] = {
    { NULL },
};

const struct area area_kernel = {
    .name = "kernel",
    .title = "Kernel and drivers",
    .checks = checks,
};
