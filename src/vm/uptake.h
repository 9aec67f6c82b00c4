/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Waiting until a guest works with the VF that it has been given.
 */
#ifndef VM_UPTAKE_H
#define VM_UPTAKE_H

#include "vm/plug.h"

#define UPTAKE_SECONDS 30

/* -EINVAL (code usage): --timeout is more than a day. */
int uptake_check_timeout(struct app *a);

/* Until the guest's driver has started the VF, as far as the host can see: QEMU has it open, and it
 * is a master of its bus. False after the options' --timeout (UPTAKE_SECONDS if not given), or if
 * it cannot be seen: a note says so. */
bool uptake_wait(struct app *a, struct domain *d, const struct plugged *p);

/* Seconds on a clock that only goes forward. */
double uptake_clock(void);

#endif
