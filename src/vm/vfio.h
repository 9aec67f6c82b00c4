/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The device files that VFIO makes for a VF: /dev/vfio/GROUP, and with iommufd
 * /dev/vfio/devices/vfioN.
 */
#ifndef VM_VFIO_H
#define VM_VFIO_H

#include "kernel/backend.h"

/* Waits until no process has the VF at `pci` open. QEMU says that a device is gone a moment before
 * it closes it. -ETIMEDOUT. */
int vfio_wait_closed(struct backend *b, const char *pci, unsigned timeout_ms);

#endif
