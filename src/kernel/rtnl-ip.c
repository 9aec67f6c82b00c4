/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Addresses and routes, as far as the question "would somebody lose their connection?" needs them:
 * which netdev has an address, and which netdev a route leaves through.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "kernel/list.h"
#include "kernel/mnl.h"
#include "kernel/rtnl.h"

static size_t address_size(int family)
{
    if (family == AF_INET)
        return sizeof(struct in_addr);
    return family == AF_INET6 ? sizeof(struct in6_addr) : 0;
}

static int fill_address(const struct ifaddrmsg *info, const struct nl_attr *a,
                        struct rtnl_address *ret)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address = { 0 };

    memcpy(&address, a->data, address_size(info->ifa_family));
    if (!inet_ntop(info->ifa_family, &address, text, sizeof(text)))
        return -errno;
    snprintf(ret->text, sizeof(ret->text), "%s/%u", text, info->ifa_prefixlen);
    ret->ifindex = (int)info->ifa_index;
    ret->link_local_v6 = info->ifa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&address);
    ret->duplicate = info->ifa_flags & IFA_F_DADFAILED;
    return 0;
}

static int read_address(const struct nlmsghdr *message, struct rtnl_addresses *addresses)
{
    const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
    struct nl_attr a, found = { 0 };
    struct rtnl_address *item;
    struct nl_attrs attrs;
    int r;

    r = message_attrs(message, sizeof(*info), &attrs);
    if (r < 0)
        return r;
    if (address_size(info->ifa_family) == 0)
        return 0;
    /* On a point-to-point link IFA_ADDRESS is the other end and IFA_LOCAL is ours. */
    while ((r = nl_attr_next(&attrs, &a)) > 0) {
        if (a.type == IFA_LOCAL || (a.type == IFA_ADDRESS && !found.data))
            found = a;
    }
    if (r < 0)
        return r;
    if (!found.data || found.len < address_size(info->ifa_family))
        return -EBADMSG;
    item = LIST_ADD(addresses);
    return item ? fill_address(info, &found, item) : -ENOMEM;
}

int rtnl_parse_addresses(const struct buf *messages, struct rtnl_addresses *ret)
{
    _cleanup_(rtnl_addresses_done) struct rtnl_addresses addresses = { 0 };
    const struct nlmsghdr *message;
    size_t offset = 0;
    int r;

    while ((r = message_next(messages, &offset, &message)) > 0) {
        if (message->nlmsg_type == RTM_NEWADDR)
            r = read_address(message, &addresses);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    *ret = addresses;
    addresses = (struct rtnl_addresses){ 0 };
    return 0;
}

void rtnl_addresses_done(struct rtnl_addresses *a)
{
    free(a->items);
    *a = (struct rtnl_addresses){ 0 };
}

/* The caller's array of interface indexes, and how many there would be. */
struct exits {
    int *items;
    size_t size;
    size_t count;
};

static void add_exit(struct exits *e, int ifindex)
{
    if (e->count < e->size)
        e->items[e->count] = ifindex;
    e->count++;
}

static int read_multipath(const struct nl_attr *a, struct exits *exits)
{
    struct rtnexthop hop;
    size_t at = 0;

    while (a->len - at >= sizeof(hop)) {
        memcpy(&hop, a->data + at, sizeof(hop));
        if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > a->len - at)
            return -EBADMSG;
        add_exit(exits, hop.rtnh_ifindex);
        at += MIN_OF((size_t)RTNH_ALIGN(hop.rtnh_len), a->len - at);
    }
    return at == a->len ? 0 : -EBADMSG;
}

static int read_route(const struct nlmsghdr *message, bool only_default, struct exits *exits)
{
    const struct rtmsg *route = mnl_nlmsg_get_payload(message);
    struct nl_attrs attrs;
    uint32_t ifindex;
    struct nl_attr a;
    int r;

    r = message_attrs(message, sizeof(*route), &attrs);
    if (r < 0)
        return r;
    /* "unreachable default", which IPv6 has on lo, carries nothing. */
    if (only_default && (route->rtm_dst_len != 0 || route->rtm_type != RTN_UNICAST))
        return 0;
    while ((r = nl_attr_next(&attrs, &a)) > 0) {
        if (a.type == RTA_MULTIPATH) {
            r = read_multipath(&a, exits);
        } else if (a.type == RTA_OIF) {
            r = nl_attr_u32(&a, &ifindex);
            if (r == 0)
                add_exit(exits, (int)ifindex);
        }
        if (r < 0)
            return r;
    }
    return r;
}

int rtnl_parse_route_links(const struct buf *messages, bool only_default, int *ret, size_t size)
{
    struct exits exits = { .items = ret, .size = size };
    const struct nlmsghdr *message;
    size_t offset = 0;
    int r;

    while ((r = message_next(messages, &offset, &message)) > 0) {
        if (message->nlmsg_type == RTM_NEWROUTE)
            r = read_route(message, only_default, &exits);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : (int)MIN_OF(exits.count, (size_t)INT32_MAX);
}
