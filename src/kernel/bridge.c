/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The forwarding table of a bridge and the bridge mode of a NIC (see bridge.h). The kernel answers
 * for every port with what the bridge learned (NTF_MASTER) and with the port's own table
 * (NTF_SELF): rtnl_fdb_dump(), net/core/rtnetlink.c.
 */
#include "kernel/bridge.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/mac.h"
#include "kernel/list.h"
#include "kernel/mnl.h"

/* A host's bridge has seldom more than some hundred; a table that somebody floods has no end. */
#define FDB_LIMIT 65536

void bridge_request_fdb(struct buf *out, int bridge)
{
    struct ndmsg entry = { .ndm_family = AF_BRIDGE };
    struct message m;

    message_start(&m, RTM_GETNEIGH, NLM_F_DUMP, &entry, sizeof(entry));
    message_put_u32(&m, NDA_MASTER, (uint32_t)bridge);
    message_finish(&m, out);
}

void bridge_request_fdb_of(struct buf *out, int ifindex)
{
    struct ndmsg entry = { .ndm_family = AF_BRIDGE, .ndm_ifindex = ifindex };
    struct message m;

    message_start(&m, RTM_GETNEIGH, NLM_F_DUMP, &entry, sizeof(entry));
    message_finish(&m, out);
}

/* NIC drivers take entries that do not age only (ndo_dflt_fdb_add(), net/core/rtnetlink.c). */
void bridge_change_fdb(struct buf *out, int ifindex, uint64_t mac, bool add)
{
    const uint16_t flags = add ? NLM_F_CREATE | NLM_F_EXCL : 0;
    struct ndmsg entry = {
        .ndm_family = AF_BRIDGE,
        .ndm_ifindex = ifindex,
        .ndm_state = NUD_PERMANENT,
        .ndm_flags = NTF_SELF,
    };
    uint8_t bytes[6];
    struct message m;

    mac_to_bytes(mac, bytes);
    message_start(&m, add ? RTM_NEWNEIGH : RTM_DELNEIGH, flags, &entry, sizeof(entry));
    message_put(&m, NDA_LLADDR, bytes, sizeof(bytes));
    message_finish(&m, out);
}

static int read_entry(const struct nlmsghdr *message, struct fdb *fdb)
{
    struct fdb_entry *entry;
    struct nl_attrs attrs;
    struct ndmsg header;
    uint64_t mac = 0;
    struct nl_attr a;
    int r;

    r = message_attrs(message, sizeof(header), &attrs);
    if (r < 0)
        return r;
    memcpy(&header, mnl_nlmsg_get_payload(message), sizeof(header));
    while ((r = nl_attr_next(&attrs, &a)) > 0) {
        if (a.type == NDA_LLADDR && a.len == 6)
            mac = mac_from_bytes((const uint8_t *)a.data);
    }
    if (r < 0 || header.ndm_family != AF_BRIDGE || mac == 0 || mac_is_multicast(mac) ||
        fdb->count >= FDB_LIMIT)
        return r;
    entry = LIST_ADD(fdb);
    if (!entry)
        return -ENOMEM;
    entry->ifindex = header.ndm_ifindex;
    entry->mac = mac;
    entry->self = header.ndm_flags & NTF_SELF;
    entry->local = header.ndm_state & NUD_PERMANENT;
    return 0;
}

int bridge_parse_fdb(const struct buf *messages, struct fdb *ret)
{
    _cleanup_(fdb_done) struct fdb fdb = { 0 };
    const struct nlmsghdr *message;
    size_t offset = 0;
    int r;

    while ((r = message_next(messages, &offset, &message)) > 0) {
        if (message->nlmsg_type == RTM_NEWNEIGH)
            r = read_entry(message, &fdb);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    *ret = fdb;
    fdb = (struct fdb){ 0 };
    return 0;
}

void fdb_done(struct fdb *f)
{
    free(f->items);
    *f = (struct fdb){ 0 };
}

/* ---- VEB or VEPA ---- */

void bridge_request_modes(struct buf *out)
{
    struct ifinfomsg info = { .ifi_family = AF_BRIDGE };
    struct message m;

    message_start(&m, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
    message_finish(&m, out);
}

/* IFLA_AF_SPEC of a bridge message is a flat list; its mode is a 16-bit number. 1 if there is one.
 */
static int find_mode(const struct nl_attr *spec, uint16_t *ret)
{
    struct nl_attrs inner = nl_attr_nested(spec);
    struct nl_attr a;
    int r;

    while ((r = nl_attr_next(&inner, &a)) > 0) {
        if (a.type == IFLA_BRIDGE_MODE)
            return nl_attr_u16(&a, ret) < 0 ? -EBADMSG : 1;
    }
    return r;
}

/* 1 if this message has the mode of `ifindex`. */
static int read_mode(const struct nlmsghdr *message, int ifindex, uint16_t *ret)
{
    struct ifinfomsg info;
    struct nl_attrs attrs;
    struct nl_attr a;
    int r;

    r = message_attrs(message, sizeof(info), &attrs);
    if (r < 0)
        return r;
    memcpy(&info, mnl_nlmsg_get_payload(message), sizeof(info));
    if (info.ifi_index != ifindex)
        return 0;
    while ((r = nl_attr_next(&attrs, &a)) > 0) {
        r = a.type == IFLA_AF_SPEC ? find_mode(&a, ret) : 0;
        if (r != 0)
            return r;
    }
    return r;
}

int bridge_parse_mode(const struct buf *messages, int ifindex, enum bridge_mode *ret)
{
    const struct nlmsghdr *message;
    size_t offset = 0;
    uint16_t mode;
    int r;

    while ((r = message_next(messages, &offset, &message)) > 0) {
        if (message->nlmsg_type != RTM_NEWLINK)
            continue;
        r = read_mode(message, ifindex, &mode);
        if (r < 0)
            return r;
        if (r > 0) {
            *ret = mode == BRIDGE_MODE_VEPA ? BRIDGE_VEPA : BRIDGE_VEB;
            return 0;
        }
    }
    return r < 0 ? r : -ENOENT;
}
