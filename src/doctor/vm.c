/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area vm.
 */
#include "doctor/check.h"

static const struct check checks[] = {
    { NULL },
};

const struct area area_vm = {
    .name = "vm",
    .title = "Virtual machines",
    .checks = checks,
};
