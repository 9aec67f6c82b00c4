/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files of our own that systemd and modprobe read at boot: modules, their options, huge pages by
 * node for kernels that cannot be told by their command line.
 */
#ifndef BOOT_MODULES_H
#define BOOT_MODULES_H

#include "boot/plan.h"

int modules_plan(struct planner *p);

#endif
