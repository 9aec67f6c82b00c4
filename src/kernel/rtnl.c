/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Link messages to struct rtnl_link. An attribute that goes straight into a field is one row of a
 * table; the few with structure of their own have a reader. The other parts of rtnl.h: VFs in
 * rtnl-vf.c, addresses and routes in rtnl-ip.c, requests and changes in rtnl-request.c.
 */
#include "kernel/rtnl.h"

#include <errno.h>
#include <linux/net_namespace.h>
#include <net/if.h>
#include <string.h>

#include "base/mac.h"
#include "kernel/list.h"
#include "kernel/rtnl-list.h"

/* <linux/if.h>, which has it, cannot be included beside <net/if.h>. */
#define LINK_LOWER_UP (1u << 16)

static int read_mac(const struct nl_attr *a, struct rtnl_link *link)
{
    /* InfiniBand has 20 bytes here: no MAC. */
    if (a->len != 6)
        return 0;
    link->mac = mac_from_bytes((const uint8_t *)a->data);
    link->has_mac = true;
    return 0;
}

static int read_netnsid(const struct nl_attr *a, struct rtnl_link *link)
{
    uint32_t number;
    int r = nl_attr_u32(a, &number);

    /* Present only if it is another namespace; its number may be -1, "not assigned". */
    link->lower_elsewhere = true;
    if (r == 0)
        link->lower_netnsid = (int)number;
    return r;
}

static int read_linkinfo(const struct nl_attr *a, struct rtnl_link *link)
{
    struct nl_attrs inner = nl_attr_nested(a);
    struct nl_attr entry;
    int r;

    while ((r = nl_attr_next(&inner, &entry)) > 0) {
        if (entry.type == IFLA_INFO_KIND)
            nl_attr_text(&entry, link->kind, sizeof(link->kind));
    }
    return r;
}

static int read_properties(const struct nl_attr *a, struct rtnl_link *link)
{
    struct nl_attrs inner = nl_attr_nested(a);
    struct nl_attr entry;
    int r;

    while ((r = nl_attr_next(&inner, &entry)) > 0) {
        if (entry.type != IFLA_ALT_IFNAME)
            continue;
        r = strv_add_len(&link->altnames, entry.data, strnlen(entry.data, entry.len));
        if (r < 0)
            return r;
    }
    return r;
}

/* A row has a reader, or the offset of a uint32_t or int (size 0), or of a text of `size` bytes. */
static const struct link_row {
    unsigned type;
    size_t offset;
    size_t size;
    int (*read)(const struct nl_attr *a, struct rtnl_link *link);
} link_rows[] = {
#define NUMBER(field) .offset = offsetof(struct rtnl_link, field)
#define TEXT(field) NUMBER(field), .size = sizeof(((struct rtnl_link *)0)->field)
    { IFLA_IFNAME, TEXT(name) },
    { IFLA_MTU, NUMBER(mtu) },
    { IFLA_MASTER, NUMBER(master) },
    { IFLA_LINK, NUMBER(lower) },
    { IFLA_PARENT_DEV_NAME, TEXT(parent) },
    { IFLA_PARENT_DEV_BUS_NAME, TEXT(parent_bus) },
    { IFLA_PHYS_PORT_NAME, TEXT(port_name) },
    { IFLA_ADDRESS, .read = read_mac },
    { IFLA_LINK_NETNSID, .read = read_netnsid },
    { IFLA_LINKINFO, .read = read_linkinfo },
    { IFLA_PROP_LIST, .read = read_properties },
#undef NUMBER
#undef TEXT
};

static int read_attr(const struct nl_attr *a, struct rtnl_link *link)
{
    const struct link_row *row = NULL;
    uint32_t number;
    int r;

    for (size_t i = 0; i < ELEMENTS(link_rows) && !row; i++) {
        if (link_rows[i].type == a->type)
            row = &link_rows[i];
    }
    if (!row)
        return 0;
    if (row->read)
        return row->read(a, link);
    if (row->size > 0) {
        nl_attr_text(a, (char *)link + row->offset, row->size);
        return 0;
    }
    r = nl_attr_u32(a, &number);
    if (r == 0)
        memcpy((char *)link + row->offset, &number, sizeof(number));
    return r;
}

static int read_link_message(const struct nlmsghdr *message, struct rtnl_link *link)
{
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
    struct nl_attrs attrs;
    struct nl_attr a;
    int r;

    r = message_attrs(message, sizeof(*info), &attrs);
    if (r < 0)
        return r;
    link->ifindex = info->ifi_index;
    link->lower_netnsid = -1;
    link->up = info->ifi_flags & IFF_UP;
    link->running = info->ifi_flags & LINK_LOWER_UP;
    link->promisc = info->ifi_flags & IFF_PROMISC;
    link->allmulti = info->ifi_flags & IFF_ALLMULTI;
    while ((r = link_attr_next(&attrs, &a)) > 0) {
        r = read_attr(&a, link);
        if (r < 0)
            return r;
    }
    link->lower_elsewhere = link->lower_elsewhere && link->lower != 0;
    return r;
}

int rtnl_parse_links(const struct buf *messages, struct rtnl_links *ret)
{
    _cleanup_(rtnl_links_done) struct rtnl_links links = { 0 };
    const struct nlmsghdr *message;
    size_t offset = 0;
    int r;

    while ((r = message_next(messages, &offset, &message)) > 0) {
        struct rtnl_link *link;

        if (message->nlmsg_type != RTM_NEWLINK)
            continue;
        link = LIST_ADD(&links);
        if (!link)
            return -ENOMEM;
        r = read_link_message(message, link);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    *ret = links;
    links = (struct rtnl_links){ 0 };
    return 0;
}

int rtnl_parse_nsid(const struct buf *messages, int *ret)
{
    const struct nlmsghdr *message;
    uint32_t number = UINT32_MAX;
    size_t offset = 0;
    int r;

    while ((r = message_next(messages, &offset, &message)) > 0) {
        struct nl_attrs attrs;
        struct nl_attr a;

        if (message->nlmsg_type != RTM_NEWNSID)
            continue;
        r = message_attrs(message, sizeof(struct rtgenmsg), &attrs);
        while (r >= 0 && (r = nl_attr_next(&attrs, &a)) > 0) {
            if (a.type == NETNSA_NSID)
                r = nl_attr_u32(&a, &number);
        }
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    *ret = (int)number;
    return 0;
}

void rtnl_links_done(struct rtnl_links *l)
{
    for (size_t i = 0; i < l->count; i++)
        strv_done(&l->items[i].altnames);
    free(l->items);
    *l = (struct rtnl_links){ 0 };
}
