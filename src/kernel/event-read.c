/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What uevents and link messages say. A message counts only if it comes from where it claims to:
 * the kernel's have no sender (port 0), udev's come from uid 0, as anybody in our user namespace
 * may send to udev's group.
 */
#include "kernel/event-read.h"

#include <endian.h>

#include "base/str.h"
#include "kernel/rtnl-list.h"

/* The header of udev's monitor messages (systemd, sd-device/device-monitor.c; since udev 173). */
struct udev_header {
    char prefix[8]; /* "libudev\0" */
    uint32_t magic; /* big-endian */
    uint32_t header_size;
    uint32_t properties_off;
    uint32_t properties_len;
};

#define UDEV_MAGIC 0xfeedcafe

/* ---- uevents ---- */

/* A row per property that has a place in struct event; IFINDEX is the one number. */
static const struct property_row {
    const char *name;
    size_t offset;
    size_t size;
} property_rows[] = {
    { "ACTION=", offsetof(struct event, action), sizeof(((struct event *)0)->action) },
    { "SUBSYSTEM=", offsetof(struct event, subsystem), sizeof(((struct event *)0)->subsystem) },
    { "DEVPATH=", offsetof(struct event, devpath), sizeof(((struct event *)0)->devpath) },
    { "INTERFACE=", offsetof(struct event, ifname), sizeof(((struct event *)0)->ifname) },
};

static void take_property(const char *text, struct event *ret)
{
    uint64_t number;

    for (size_t i = 0; i < ELEMENTS(property_rows); i++) {
        const struct property_row *row = &property_rows[i];

        if (str_starts(text, row->name))
            str_copy((char *)ret + row->offset, row->size, text + strlen(row->name));
    }
    if (str_starts(text, "IFINDEX=") &&
        str_to_u64(text + strlen("IFINDEX="), INT32_MAX, &number) == 0)
        ret->ifindex = (int)number;
}

/* "KEY=value\0…" up to `end`, which a NUL follows. */
static bool take_properties(const char *at, const char *end, struct event *ret)
{
    for (; at < end; at += strlen(at) + 1)
        take_property(at, ret);
    return ret->action[0] && ret->devpath[0];
}

static bool read_kernel(const struct event_datagram *d, struct event *ret)
{
    size_t head = strlen(d->data) + 1; /* "add@/devices/…" */

    ret->source = EVENT_KERNEL;
    return d->port == 0 && head < d->len && take_properties(d->data + head, d->data + d->len, ret);
}

static bool read_udev(const struct event_datagram *d, struct event *ret)
{
    struct udev_header header;

    if (d->uid != 0 || d->len < sizeof(header))
        return false;
    memcpy(&header, d->data, sizeof(header));
    if (memcmp(header.prefix, "libudev", sizeof(header.prefix)) != 0 ||
        be32toh(header.magic) != UDEV_MAGIC || header.properties_off > d->len ||
        header.properties_len > d->len - header.properties_off)
        return false;
    ret->source = EVENT_UDEV;
    return take_properties(d->data + header.properties_off,
                           d->data + header.properties_off + header.properties_len, ret);
}

bool event_read_uevent(const struct event_datagram *d, struct event *ret)
{
    return d->group == EVENT_GROUP_UDEV ? read_udev(d, ret) : read_kernel(d, ret);
}

/* ---- links ---- */

bool event_read_link(const struct event_datagram *d, struct event *ret)
{
    struct buf messages = { .data = (char *)d->data, .len = d->len };
    const struct nlmsghdr *message;
    const struct ifinfomsg *info;
    struct nl_attrs attrs;
    size_t offset = 0;
    struct nl_attr a;

    if (d->port != 0 || message_next(&messages, &offset, &message) <= 0 ||
        (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK) ||
        message_attrs(message, sizeof(*info), &attrs) < 0)
        return false;
    info = mnl_nlmsg_get_payload(message);
    /* A port that leaves its bridge is an RTM_DELLINK too, of family AF_BRIDGE. */
    if (info->ifi_family != AF_UNSPEC)
        return false;
    ret->source = EVENT_LINK;
    ret->ifindex = info->ifi_index;
    STR_SET(ret->action, message->nlmsg_type == RTM_NEWLINK ? "link" : "unlink");
    while (link_attr_next(&attrs, &a) > 0) {
        if (a.type == IFLA_IFNAME)
            nl_attr_text(&a, ret->ifname, sizeof(ret->ifname));
    }
    return true;
}
