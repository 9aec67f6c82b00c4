/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * devlink messages (generic netlink), as far as SR-IOV needs them: the eswitch mode. Bytes only,
 * like rtnl.h.
 */
#ifndef KERNEL_DEVLINK_H
#define KERNEL_DEVLINK_H

#include <stdint.h>

#include "base/buf.h"

enum eswitch_mode {
    ESWITCH_LEGACY = 0,
    ESWITCH_SWITCHDEV = 1,
};

/* Asks the generic netlink controller for the number of the "devlink" family; -EBADMSG if the
 * answer has none. */
void devlink_request_family(struct buf *out);
int devlink_parse_family(const struct buf *messages, uint16_t *ret);

/* The eswitch mode of device `bus`/`name` ("pci", "0000:01:00.0"). */
void devlink_request_eswitch(struct buf *out, uint16_t family, const char *bus, const char *name);
int devlink_parse_eswitch(const struct buf *messages, uint64_t *ret);
void devlink_change_eswitch(struct buf *out, uint16_t family, const char *bus, const char *name,
                            uint64_t mode);

#endif
