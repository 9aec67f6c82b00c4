/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A setting as a person writes it: key=value, by the attribute table.
 */
#ifndef CORE_SETTING_H
#define CORE_SETTING_H

#include "core/attr.h"

/* Reads "vlan=100" into `into`. `object` is what the error is said to be about. -EINVAL (code
 * usage): no key=value, an unknown key (with the nearest one as remedy), a key that `into` has
 * already, a wrong value. */
int setting_read(const char *text, enum attr_scope scope, struct attrs *into, const char *object,
                 struct sriov_error *error);

/* The same for a VF that is lent: its name is no setting, since delivery decides it. */
int setting_read_lent(const char *text, struct attrs *into, const char *object,
                      struct sriov_error *error);

#endif
