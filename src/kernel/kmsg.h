/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kernel's messages as they come, from /dev/kmsg (Documentation/ABI/testing/dev-kmsg). What was
 * said before it was opened is kernel/log.h's.
 */
#ifndef KERNEL_KMSG_H
#define KERNEL_KMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kmsg {
    unsigned level;  /* of syslog(3), 0 to 7 */
    bool is_kernels; /* false: some program wrote it into the log */
    uint64_t number; /* one more for each */
    char text[1024]; /* in one line; a longer one is cut */
};

/* At the end, non-blocking: to be polled for reading. -EPERM for whom the kernel does not let. */
int kmsg_open(int *ret);

/* The next message: 1; 0 if there is none yet; -errno. Those overwritten before they were read are
 * passed over, which shows in `number`. */
int kmsg_read(int fd, struct kmsg *ret);

/* One record as read(2) gives it: "6,339,5140900,-;text\n DEVICE=+pci:0000:01:00.0\n", of which
 * the lines behind the text repeat what it says. -EBADMSG if it is none. */
int kmsg_parse(const char *record, size_t len, struct kmsg *ret);

#endif
