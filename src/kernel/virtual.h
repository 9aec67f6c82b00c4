/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Netdevs that are software: macvlan, veth, bridge. rtnetlink messages, on bytes alone, as in
 * rtnl.h. All of them vanish with the network namespace that they are in, which is why they are
 * made in one of somebody's own.
 */
#ifndef KERNEL_VIRTUAL_H
#define KERNEL_VIRTUAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* A macvlan in passthru mode: all that reaches the lower netdev, which keeps nothing for itself,
 * and nobody else may stand on it (the kernel answers -EINVAL). It has the lower's address and MTU.
 * With `promisc` it takes frames for every address, as a port of a bridge must. `netns_fd` is where
 * it comes to be; the lower netdev is in the namespace of who asks. */
void virtual_make_passthru(struct buf *out, int lower, const char *name, int netns_fd,
                           bool promisc);

/* A pair: `name` in the namespace of who asks, `peer` in that of `peer_netns_fd`. */
void virtual_make_veth(struct buf *out, const char *name, const char *peer, int peer_netns_fd,
                       uint32_t mtu);

void virtual_make_bridge(struct buf *out, const char *name);

/* Makes a netdev a port of a bridge. */
void virtual_change_master(struct buf *out, int ifindex, int bridge);

void virtual_remove(struct buf *out, int ifindex);

#endif
