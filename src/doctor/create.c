/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area create.
 */
#include "doctor/check.h"

static const struct check checks[] = {
    { NULL },
};

const struct area area_create = {
    .name = "create",
    .title = "Creation of VFs",
    .checks = checks,
};
