/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What this process uses of the machine, as monitoring wants to know it of every service.
 */
#ifndef KERNEL_USAGE_H
#define KERNEL_USAGE_H

#include <stdint.h>

struct usage {
    uint64_t cpu_ns; /* user and system, of all threads */
    uint64_t virtual_bytes, resident_bytes;
    uint64_t open_fds, max_fds;
};

/* -errno if /proc cannot be read. */
int usage_read(struct usage *ret);

#endif
