/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area switchdev.
 */
#include "doctor/check.h"

static const struct check checks[] = {
    { NULL },
};

const struct area area_switchdev = {
    .name = "switchdev",
    .title = "Switchdev and representors",
    .checks = checks,
};
