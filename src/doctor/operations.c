/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area operations.
 */
#include "doctor/check.h"

static const struct check checks[] = {
    { NULL },
};

const struct area area_operations = {
    .name = "operations",
    .title = "Operation",
    .checks = checks,
};
