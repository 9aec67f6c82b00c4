/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changes of a netdev as rtnetlink messages: one thing a message, as in rtnl-request.c, but for the
 * move into another namespace, which takes the new name along.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "base/mac.h"
#include "kernel/mnl.h"
#include "kernel/rtnl.h"

static void start(struct message *m, uint16_t type, int ifindex)
{
    struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };

    message_start(m, type, 0, &info, sizeof(info));
}

void rtnl_change_flags(struct buf *out, int ifindex, unsigned mask, unsigned flags)
{
    struct ifinfomsg info = {
        .ifi_family = AF_UNSPEC,
        .ifi_index = ifindex,
        .ifi_flags = flags,
        .ifi_change = mask,
    };
    struct message m;

    message_start(&m, RTM_SETLINK, 0, &info, sizeof(info));
    message_finish(&m, out);
}

void rtnl_change_up(struct buf *out, int ifindex, bool up)
{
    rtnl_change_flags(out, ifindex, IFF_UP, up ? IFF_UP : 0);
}

void rtnl_change_mtu(struct buf *out, int ifindex, uint32_t mtu)
{
    struct message m;

    start(&m, RTM_SETLINK, ifindex);
    message_put_u32(&m, IFLA_MTU, mtu);
    message_finish(&m, out);
}

void rtnl_change_name(struct buf *out, int ifindex, const char *name)
{
    struct message m;

    start(&m, RTM_SETLINK, ifindex);
    message_put_text(&m, IFLA_IFNAME, name);
    message_finish(&m, out);
}

void rtnl_change_address(struct buf *out, int ifindex, uint64_t mac)
{
    struct message m;
    uint8_t bytes[6];

    mac_to_bytes(mac, bytes);
    start(&m, RTM_SETLINK, ifindex);
    message_put(&m, IFLA_ADDRESS, bytes, sizeof(bytes));
    message_finish(&m, out);
}

void rtnl_change_altname(struct buf *out, int ifindex, const char *name, bool add)
{
    struct nlattr *list;
    struct message m;

    start(&m, add ? RTM_NEWLINKPROP : RTM_DELLINKPROP, ifindex);
    if (add)
        m.header->nlmsg_flags |= NLM_F_EXCL | NLM_F_CREATE | NLM_F_APPEND;
    list = message_nest(&m, IFLA_PROP_LIST);
    message_put_text(&m, IFLA_ALT_IFNAME, name);
    message_nest_end(&m, list);
    message_finish(&m, out);
}

void rtnl_change_netns(struct buf *out, int ifindex, int netns_fd, const char *name)
{
    struct message m;

    start(&m, RTM_SETLINK, ifindex);
    message_put_u32(&m, IFLA_NET_NS_FD, (uint32_t)netns_fd);
    message_put_text(&m, IFLA_IFNAME, name);
    message_finish(&m, out);
}

/* ---- addresses and routes ---- */

struct ip {
    unsigned char family;
    unsigned char prefix; /* all bits if the text says none */
    size_t size;
    struct in6_addr address;
};

static int parse_ip(const char *text, struct ip *ret)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchrnul(text, '/');
    struct ip ip = { .family = AF_INET, .size = sizeof(struct in_addr) };
    uint64_t prefix;

    if ((size_t)(slash - text) >= sizeof(address))
        return -EINVAL;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    if (inet_pton(AF_INET, address, &ip.address) != 1) {
        if (inet_pton(AF_INET6, address, &ip.address) != 1)
            return -EINVAL;
        ip.family = AF_INET6;
        ip.size = sizeof(ip.address);
    }
    prefix = ip.size * 8;
    if (*slash && str_to_u64(slash + 1, ip.size * 8, &prefix) < 0)
        return -EINVAL;
    ip.prefix = (unsigned char)prefix;
    *ret = ip;
    return 0;
}

static bool is_zero(const struct ip *ip)
{
    static const struct in6_addr zero;

    return memcmp(&ip->address, &zero, ip->size) == 0;
}

int rtnl_add_address(struct buf *out, int ifindex, const char *cidr)
{
    struct ifaddrmsg info = { .ifa_index = (unsigned)ifindex };
    struct message m;
    struct ip ip;

    if (parse_ip(cidr, &ip) < 0)
        return -EINVAL;
    info.ifa_family = ip.family;
    info.ifa_prefixlen = ip.prefix;
    if (ip.family == AF_INET6)
        info.ifa_flags = IFA_F_OPTIMISTIC;
    message_start(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
    message_put(&m, IFA_LOCAL, &ip.address, ip.size);
    message_put(&m, IFA_ADDRESS, &ip.address, ip.size);
    message_finish(&m, out);
    return 0;
}

static void put_metrics(struct message *m, const struct rtnl_route *route)
{
    struct nlattr *metrics;

    if (route->mtu == 0 && route->advmss == 0)
        return;
    metrics = message_nest(m, RTA_METRICS);
    if (route->mtu > 0)
        message_put_u32(m, RTAX_MTU, route->mtu);
    if (route->advmss > 0)
        message_put_u32(m, RTAX_ADVMSS, route->advmss);
    message_nest_end(m, metrics);
}

int rtnl_add_route(struct buf *out, const struct rtnl_route *route)
{
    struct rtmsg info = {
        .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = RTPROT_BOOT,
        .rtm_type = RTN_UNICAST,
    };
    struct ip destination, gateway = { 0 };
    struct message m;

    if (parse_ip(route->destination, &destination) < 0 ||
        (route->gateway[0] && parse_ip(route->gateway, &gateway) < 0))
        return -EINVAL;
    if (route->gateway[0] && gateway.family != destination.family)
        return -EINVAL;
    info.rtm_family = destination.family;
    info.rtm_dst_len = destination.prefix;
    info.rtm_scope = route->gateway[0] ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    if (route->scope >= 0)
        info.rtm_scope = (unsigned char)route->scope;
    message_start(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
    if (destination.prefix > 0 || !is_zero(&destination))
        message_put(&m, RTA_DST, &destination.address, destination.size);
    if (route->gateway[0])
        message_put(&m, RTA_GATEWAY, &gateway.address, gateway.size);
    message_put_u32(&m, RTA_OIF, (uint32_t)route->ifindex);
    if (route->priority > 0)
        message_put_u32(&m, RTA_PRIORITY, route->priority);
    if (route->table > 0)
        message_put_u32(&m, RTA_TABLE, route->table);
    put_metrics(&m, route);
    message_finish(&m, out);
    return 0;
}
