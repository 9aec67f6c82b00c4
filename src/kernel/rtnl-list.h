/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Walking the attributes of a link message although IFLA_VFINFO_LIST may lie about its length
 * (internal to rtnl*.c and events.c; see rtnl.h for why it does).
 */
#ifndef KERNEL_RTNL_LIST_H
#define KERNEL_RTNL_LIST_H

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "kernel/mnl.h"

/* Like nl_attr_next, for the attributes of a link itself: an IFLA_VFINFO_LIST comes whole, with
 * every record that stands behind its header, and the walk goes on where the records really end. */
int link_attr_next(struct nl_attrs *range, struct nl_attr *ret);

#endif
