/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a Linux bridge knows, over rtnetlink: which address is behind which of its ports, and which
 * addresses a NIC's own switch was told of; and whether that switch sends frames between its
 * functions by itself (VEB) or leaves that to the switch outside (VEPA). Bytes only, like rtnl.h.
 */
#ifndef KERNEL_BRIDGE_H
#define KERNEL_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* One line of `bridge fdb show`. */
struct fdb_entry {
    int ifindex; /* the port, or the NIC whose own table it is */
    uint64_t mac;
    bool self;  /* in the NIC's own table, not in the bridge's */
    bool local; /* an address of the host itself (permanent) */
};

struct fdb {
    struct fdb_entry *items;
    size_t count;
};

/* How the switch in a NIC treats frames from one of its functions to another. */
enum bridge_mode {
    BRIDGE_VEB = 0,
    BRIDGE_VEPA = 1,
};

/* All entries of one bridge's ports, those in the ports' own tables too (a dump). Multicast
 * addresses are left out of the answer. */
void bridge_request_fdb(struct buf *out, int bridge);
/* Those of one netdev: its own table, and what its bridge learned on it. */
void bridge_request_fdb_of(struct buf *out, int ifindex);
int bridge_parse_fdb(const struct buf *messages, struct fdb *ret); /* -EBADMSG, -ENOMEM */
void fdb_done(struct fdb *f);

/* Puts an address into a NIC's own table, or takes it out. The kernel's answers: -EEXIST, -ENOENT;
 * -ENOSPC or (igb, ixgbe) -ENOMEM if the table is full; -EOPNOTSUPP if the driver has none. */
void bridge_change_fdb(struct buf *out, int ifindex, uint64_t mac, bool add);

/* The mode of one netdev; the dump is of all that have one. -ENOENT if it has none. */
void bridge_request_modes(struct buf *out);
int bridge_parse_mode(const struct buf *messages, int ifindex, enum bridge_mode *ret);

#endif
