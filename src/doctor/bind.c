/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area bind.
 */
#include "doctor/check.h"

static const struct check checks[] = {
    { NULL },
};

const struct area area_bind = {
    .name = "bind",
    .title = "Drivers of VFs",
    .checks = checks,
};
