/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Interrupts that VFIO passes on to the user of a device, from /proc/interrupts. A driver that
 * works with interrupts has asked for them, so their lines are evidence that there is one.
 */
#ifndef KERNEL_INTERRUPTS_H
#define KERNEL_INTERRUPTS_H

#include <stdint.h>
#include <stdio.h>

struct vfio_interrupts {
    unsigned vectors; /* MSI and MSI-X that are turned on */
    uint64_t count;   /* of all of them, on all processors, since they were turned on */
};

/* Of the device at a PCI address. -errno if the file cannot be read. */
int vfio_interrupts_read(const char *pci, struct vfio_interrupts *ret);

/* The same from an open file. */
int vfio_interrupts_parse(FILE *file, const char *pci, struct vfio_interrupts *ret);

#endif
