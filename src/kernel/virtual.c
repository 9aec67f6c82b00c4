/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Making netdevs of software. See virtual.h.
 */
#include "kernel/virtual.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "kernel/mnl.h"

static void start(struct message *m, uint16_t type, uint16_t flags, int ifindex)
{
    struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };

    message_start(m, type, flags, &info, sizeof(info));
}

static void start_new(struct message *m, const char *name)
{
    start(m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
    message_put_text(m, IFLA_IFNAME, name);
}

void virtual_make_passthru(struct buf *out, int lower, const char *name, int netns_fd, bool promisc)
{
    struct nlattr *info, *data;
    struct message m;

    start_new(&m, name);
    message_put_u32(&m, IFLA_LINK, (uint32_t)lower);
    message_put_u32(&m, IFLA_NET_NS_FD, (uint32_t)netns_fd);
    info = message_nest(&m, IFLA_LINKINFO);
    message_put_text(&m, IFLA_INFO_KIND, "macvlan");
    data = message_nest(&m, IFLA_INFO_DATA);
    message_put_u32(&m, IFLA_MACVLAN_MODE, MACVLAN_MODE_PASSTHRU);
    if (!promisc)
        message_put_u16(&m, IFLA_MACVLAN_FLAGS, MACVLAN_FLAG_NOPROMISC);
    message_nest_end(&m, data);
    message_nest_end(&m, info);
    message_finish(&m, out);
}

/* The peer's part is a link message of its own, header included (veth_newlink(),
 * drivers/net/veth.c). */
static void put_peer(struct message *m, const char *name, int netns_fd, uint32_t mtu)
{
    struct nlattr *peer = message_nest(m, VETH_INFO_PEER);

    if (!peer)
        return;
    mnl_nlmsg_put_extra_header(m->header, sizeof(struct ifinfomsg)); /* zeroed by libmnl */
    message_put_text(m, IFLA_IFNAME, name);
    message_put_u32(m, IFLA_NET_NS_FD, (uint32_t)netns_fd);
    message_put_u32(m, IFLA_MTU, mtu);
    message_nest_end(m, peer);
}

void virtual_make_veth(struct buf *out, const char *name, const char *peer, int peer_netns_fd,
                       uint32_t mtu)
{
    struct nlattr *info, *data;
    struct message m;

    start_new(&m, name);
    message_put_u32(&m, IFLA_MTU, mtu);
    info = message_nest(&m, IFLA_LINKINFO);
    message_put_text(&m, IFLA_INFO_KIND, "veth");
    data = message_nest(&m, IFLA_INFO_DATA);
    put_peer(&m, peer, peer_netns_fd, mtu);
    message_nest_end(&m, data);
    message_nest_end(&m, info);
    message_finish(&m, out);
}

void virtual_make_bridge(struct buf *out, const char *name)
{
    struct nlattr *info;
    struct message m;

    start_new(&m, name);
    info = message_nest(&m, IFLA_LINKINFO);
    message_put_text(&m, IFLA_INFO_KIND, "bridge");
    message_nest_end(&m, info);
    message_finish(&m, out);
}

void virtual_change_master(struct buf *out, int ifindex, int bridge)
{
    struct message m;

    start(&m, RTM_SETLINK, 0, ifindex);
    message_put_u32(&m, IFLA_MASTER, (uint32_t)bridge);
    message_finish(&m, out);
}

void virtual_remove(struct buf *out, int ifindex)
{
    struct message m;

    start(&m, RTM_DELLINK, 0, ifindex);
    message_finish(&m, out);
}
