/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The eswitch mode over devlink (generic netlink). The family's number is asked for at run time, as
 * generic netlink gives them out in the order modules come.
 */
#include "kernel/devlink.h"

#include <errno.h>
#include <linux/devlink.h>
#include <linux/genetlink.h>

#include "kernel/mnl.h"

static void start(struct message *m, uint16_t family, uint8_t command, uint8_t version)
{
    struct genlmsghdr header = { .cmd = command, .version = version };

    message_start(m, family, 0, &header, sizeof(header));
}

static void start_device(struct message *m, uint16_t family, uint8_t command, const char *bus,
                         const char *name)
{
    start(m, family, command, DEVLINK_GENL_VERSION);
    message_put_text(m, DEVLINK_ATTR_BUS_NAME, bus);
    message_put_text(m, DEVLINK_ATTR_DEV_NAME, name);
}

/* The first attribute of this type in any of the messages, a 16-bit number; -EBADMSG without one.
 */
static int find_u16(const struct buf *messages, unsigned type, uint16_t *ret)
{
    const struct nlmsghdr *message;
    size_t offset = 0;
    int r;

    while ((r = message_next(messages, &offset, &message)) > 0) {
        struct nl_attrs attrs;
        struct nl_attr a;

        if (message->nlmsg_type < NLMSG_MIN_TYPE)
            continue;
        r = message_attrs(message, sizeof(struct genlmsghdr), &attrs);
        if (r < 0)
            return r;
        while ((r = nl_attr_next(&attrs, &a)) > 0) {
            if (a.type == type)
                return nl_attr_u16(&a, ret);
        }
        if (r < 0)
            return r;
    }
    return -EBADMSG;
}

void devlink_request_family(struct buf *out)
{
    struct message m;

    start(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
    message_put_text(&m, CTRL_ATTR_FAMILY_NAME, DEVLINK_GENL_NAME);
    message_finish(&m, out);
}

int devlink_parse_family(const struct buf *messages, uint16_t *ret)
{
    return find_u16(messages, CTRL_ATTR_FAMILY_ID, ret);
}

void devlink_request_eswitch(struct buf *out, uint16_t family, const char *bus, const char *name)
{
    struct message m;

    start_device(&m, family, DEVLINK_CMD_ESWITCH_GET, bus, name);
    message_finish(&m, out);
}

int devlink_parse_eswitch(const struct buf *messages, uint64_t *ret)
{
    uint16_t mode;
    int r = find_u16(messages, DEVLINK_ATTR_ESWITCH_MODE, &mode);

    if (r == 0)
        *ret = mode;
    return r;
}

void devlink_change_eswitch(struct buf *out, uint16_t family, const char *bus, const char *name,
                            uint64_t mode)
{
    struct message m;

    start_device(&m, family, DEVLINK_CMD_ESWITCH_SET, bus, name);
    message_put_u16(&m, DEVLINK_ATTR_ESWITCH_MODE, (uint16_t)mode);
    message_finish(&m, out);
}
