/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changes of forwarding tables as they happen: what bridges learn and forget, on one socket. The
 * kernel tells them together with those of ARP, which are left out before they wake anybody.
 */
#ifndef KERNEL_BRIDGE_EVENTS_H
#define KERNEL_BRIDGE_EVENTS_H

#include <stdbool.h>

#include "base/buf.h"

/* Gives a socket to poll for reading; the caller's. */
int bridge_events_open(int *ret_fd);

/* Takes all that is there: 1 if anything of it is a change of a bridge's table, or of a NIC's own
 * one other than an address that came (those are ours), or if some were lost; 0 if not; -errno. */
int bridge_events_take(int fd);

/* The same of the bytes of one datagram. */
bool bridge_events_matter(const struct buf *datagram);

#endif
