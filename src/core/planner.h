/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What planner.c (making the steps) and plan.c (everything about a plan that exists) share.
 */
#ifndef CORE_PLANNER_H
#define CORE_PLANNER_H

#include "core/plan.h"

/* Is a VF bound as `want` says: a driver's name, "default" (any driver that the kernel may have
 * chosen) or "none"? */
bool driver_agrees(const char *want, const struct attrs *have);

/* What to ask for to get the VF bound as it is now. */
void driver_to_keep(const struct attrs *have, char ret[32]);

#endif
