/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happens on the machine, as file descriptors to poll: the kernel's uevents, udev's (a device
 * whose rules have run, so its name is final), and changes of links. Always of the running machine;
 * nothing of it is recorded.
 */
#ifndef KERNEL_EVENTS_H
#define KERNEL_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

enum event_source {
    EVENT_KERNEL, /* uevent from the kernel */
    EVENT_UDEV,   /* uevent after udev's rules */
    EVENT_LINK,   /* RTM_NEWLINK or RTM_DELLINK */
    EVENT_LOST,   /* the socket overflowed: read everything again */
};

struct event {
    enum event_source source;
    char action[16]; /* "add", "change", "bind", "remove", "move"; for links "link" or "unlink" */
    char subsystem[24]; /* "pci", "net"; "" for links */
    char devpath[256];  /* "/devices/pci0000:00/0000:00:01.0/0000:01:10.0" */
    char ifname[16];
    int ifindex; /* 0 if it is not about a netdev */
};

struct events; /* owns its sockets */

int events_open(struct events **ret);
struct events *events_close(struct events *e); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct events *, events_close)

/* Waits for the next event until `deadline_ns` of CLOCK_MONOTONIC (UINT64_MAX: for ever). 1 and
 * *ret filled; 0 at the deadline; -errno (-EINTR on a signal). */
int events_wait(struct events *e, uint64_t deadline_ns, struct event *ret);

/* The sockets, for who polls by himself and then takes what is there with a deadline of 0. */
#define EVENTS_FDS 2
void events_fds(const struct events *e, int ret[EVENTS_FDS]);

/* Is it about a PCI device, a netdev, or anything else that a snapshot shows? udev's own events
 * follow the kernel's and change no more than a name, which is a link event. */
bool event_is_of_interest(const struct event *e);

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t events_now(void);

/* Is udevd running, and has it finished with this netdev? (It keeps /run/udev/data/n<ifindex> from
 * then on.) */
bool events_udev_running(void);
bool events_udev_done(int ifindex);

#endif
