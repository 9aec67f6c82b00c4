/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area firmware.
 */
#include "doctor/check.h"

static const struct check checks[] = {
    { NULL },
};

const struct area area_firmware = {
    .name = "firmware",
    .title = "Firmware of the NIC",
    .checks = checks,
};
