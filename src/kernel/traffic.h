/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What went through a PF's netdev and through each of its VFs, as one link message tells it:
 * IFLA_STATS64 and the IFLA_VF_STATS of every VF. On bytes alone, as rtnl.h.
 */
#ifndef KERNEL_TRAFFIC_H
#define KERNEL_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Received and sent as seen by the PF, or by the VF. */
enum traffic_counter {
    TRAFFIC_RX_BYTES,
    TRAFFIC_RX_PACKETS,
    TRAFFIC_RX_DROPPED,
    TRAFFIC_RX_ERRORS, /* PF only */
    TRAFFIC_RX_MULTICAST,
    TRAFFIC_RX_BROADCAST, /* VF only */
    TRAFFIC_TX_BYTES,
    TRAFFIC_TX_PACKETS,
    TRAFFIC_TX_DROPPED,
    TRAFFIC_TX_ERRORS, /* PF only */
    TRAFFIC_COUNT,
};

/* `known` has bit (1 << counter). */
struct traffic {
    uint32_t known;
    uint64_t value[TRAFFIC_COUNT];
};

struct vf_traffic {
    uint32_t index;
    struct traffic traffic;
};

struct link_traffic {
    struct traffic pf;
    struct vf_traffic *items; /* VFs, in the order of the message */
    size_t count;
};

void link_traffic_done(struct link_traffic *t);

/* Appends the request for one link. Without `vfs` the kernel does not ask the driver about them. */
void traffic_request(struct buf *out, int ifindex, bool vfs);

/* 0, -EBADMSG for a message cut short or with an impossible length, -ENOMEM. Nothing is known of a
 * VF whose record has no statistics. */
int traffic_parse(const struct buf *messages, struct link_traffic *ret);

/* Did any VF count anything? The kernel fills the statistics with zeros for a driver that has none
 * (rtnl_fill_vfinfo(), 6.12), so zeros alone say nothing. */
bool traffic_has_vf_counts(const struct link_traffic *t);

#endif
