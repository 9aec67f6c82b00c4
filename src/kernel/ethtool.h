/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ethtool messages (generic netlink, since 5.6), as far as the doctor needs them: is a feature of a
 * netdev on, off, or not to be had. Bytes only, like rtnl.h.
 */
#ifndef KERNEL_ETHTOOL_H
#define KERNEL_ETHTOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct ethtool_feature {
    bool changeable; /* the driver can turn it on and off */
    bool on;
};

/* Asks the generic netlink controller for the number of the "ethtool" family; -EBADMSG if the
 * answer has none. */
void ethtool_request_family(struct buf *out);
int ethtool_parse_family(const struct buf *messages, uint16_t *ret);

/* All features of a netdev, by name. */
void ethtool_request_features(struct buf *out, uint16_t family, int ifindex);

/* One of them ("hw-tc-offload"). A feature that the answer does not name is off and fixed. */
int ethtool_parse_feature(const struct buf *messages, const char *name,
                          struct ethtool_feature *ret);

#endif
