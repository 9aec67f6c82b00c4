/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One datagram of a uevent or link socket to a struct event, without I/O (internal to events.c, and
 * fuzzed).
 */
#ifndef KERNEL_EVENT_READ_H
#define KERNEL_EVENT_READ_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/events.h"

#define EVENT_GROUP_KERNEL 1
#define EVENT_GROUP_UDEV 2

/* `data` is followed by a NUL that `len` does not count. */
struct event_datagram {
    const char *data;
    size_t len;
    uint32_t group; /* 0: sent to us alone */
    uint32_t port;  /* 0: the kernel */
    uid_t uid;
};

/* False if it is none of ours, malformed, or not from whom it says. *ret must be zeroed. */
bool event_read_uevent(const struct event_datagram *d, struct event *ret);
bool event_read_link(const struct event_datagram *d, struct event *ret);

#endif
