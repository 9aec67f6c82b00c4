/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Waiting for something to happen to devices. One act of a person is many events (a VF made is
 * three, its netdev two more); they are taken together, so that the machine is read once for all of
 * them.
 */
#ifndef CLI_BURST_H
#define CLI_BURST_H

#include "kernel/events.h"

#define BURST_SECOND UINT64_C(1000000000)

/* Waits for an event about a PCI device or a netdev, and takes what comes within 20 ms behind it.
 * 1; 0 at the deadline (nanoseconds of CLOCK_MONOTONIC, UINT64_MAX: none); -errno (-EINTR on a
 * signal). */
int burst_wait(struct events *e, uint64_t deadline);

#endif
