/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area network.
 */
#include "doctor/check.h"

static const struct check checks[] = {
    { NULL },
};

const struct area area_network = {
    .name = "network",
    .title = "Network",
    .checks = checks,
};
