/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The part of the area switchdev that is pure.
 */
#ifndef DOCTOR_SWITCHDEV_H
#define DOCTOR_SWITCHDEV_H

#include <stdbool.h>

/* Is it the phys_port_name of the representor of a VF ("pf0vf3", "c1pf0vf3"), and of which? */
bool port_is_vf(const char *port_name, unsigned *ret);

#endif
