/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rtnetlink requests and changes as bytes. A change carries one attribute only: the kernel applies
 * the parts of a request one after the other, stops at the first that fails and does not say which
 * one (do_setvfinfo(), 6.12), so one attribute per message, many messages per send, is the form in
 * which every refusal has a name. Dumps rely on NETLINK_GET_STRICT_CHK (4.20) for their filters.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "base/mac.h"
#include "kernel/mnl.h"
#include "kernel/rtnl.h"

void rtnl_request_links(struct buf *out)
{
    struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
    struct message m;

    message_start(&m, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
    message_put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    message_finish(&m, out);
}

void rtnl_request_vfs(struct buf *out, int ifindex)
{
    struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };
    struct message m;

    message_start(&m, RTM_GETLINK, 0, &info, sizeof(info));
    message_put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS);
    message_finish(&m, out);
}

void rtnl_request_link(struct buf *out, const char *name, bool vfs)
{
    struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
    uint32_t mask = RTEXT_FILTER_SKIP_STATS | (vfs ? RTEXT_FILTER_VF : 0);
    struct message m;

    message_start(&m, RTM_GETLINK, 0, &info, sizeof(info));
    message_put_u32(&m, IFLA_EXT_MASK, mask);
    /* Altnames may be longer than IFLA_IFNAME takes, and the kernel looks for names among them too.
     */
    message_put_text(&m, IFLA_ALT_IFNAME, name);
    message_finish(&m, out);
}

void rtnl_request_addresses(struct buf *out)
{
    struct ifaddrmsg info = { .ifa_family = AF_UNSPEC };
    struct message m;

    message_start(&m, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
    message_finish(&m, out);
}

void rtnl_request_addresses_of(struct buf *out, int ifindex)
{
    struct ifaddrmsg info = { .ifa_family = AF_UNSPEC, .ifa_index = (unsigned)ifindex };
    struct message m;

    message_start(&m, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
    message_finish(&m, out);
}

void rtnl_request_nsid(struct buf *out, pid_t pid)
{
    struct rtgenmsg info = { .rtgen_family = AF_UNSPEC };
    struct message m;

    message_start(&m, RTM_GETNSID, 0, &info, sizeof(info));
    message_put_u32(&m, NETNSA_PID, (uint32_t)pid);
    message_finish(&m, out);
}

void rtnl_request_routes(struct buf *out, int family)
{
    struct rtmsg route = { .rtm_family = (unsigned char)family, .rtm_table = RT_TABLE_MAIN };
    struct message m;

    message_start(&m, RTM_GETROUTE, NLM_F_DUMP, &route, sizeof(route));
    message_finish(&m, out);
}

int rtnl_request_route_to(struct buf *out, const char *ip)
{
    struct rtmsg route = { .rtm_family = AF_INET, .rtm_dst_len = 32 };
    size_t size = sizeof(struct in_addr);
    struct in6_addr address;
    struct message m;

    if (inet_pton(AF_INET, ip, &address) != 1) {
        if (inet_pton(AF_INET6, ip, &address) != 1)
            return -EINVAL;
        route.rtm_family = AF_INET6;
        route.rtm_dst_len = 128;
        size = sizeof(address);
    }
    message_start(&m, RTM_GETROUTE, 0, &route, sizeof(route));
    message_put(&m, RTA_DST, &address, size);
    message_finish(&m, out);
    return 0;
}

/* ---- changes of a VF ---- */

/* What the kernel's structures have in common: the VF, then up to three numbers. */
static void put_numbers(struct message *m, uint16_t type, uint32_t vf,
                        const uint64_t *const *numbers, size_t count)
{
    uint32_t words[3] = { vf };

    for (size_t i = 0; i < count; i++)
        words[1 + i] = (uint32_t)*numbers[i];
    message_put(m, type, words, sizeof(words[0]) * (1 + count));
}

static void put_mac(struct message *m, uint32_t vf, const uint64_t *value)
{
    struct ifla_vf_mac mac = { .vf = vf };

    mac_to_bytes(value[SRIOV_MAC], mac.mac);
    message_put(m, IFLA_VF_MAC, &mac, sizeof(mac));
}

static void put_vlan(struct message *m, uint32_t vf, const uint64_t *value)
{
    const uint64_t *const numbers[] = { &value[SRIOV_VLAN], &value[SRIOV_QOS] };
    struct ifla_vf_vlan_info info = {
        .vf = vf,
        .vlan = (uint32_t)value[SRIOV_VLAN],
        .qos = (uint32_t)value[SRIOV_QOS],
        .vlan_proto = htons((uint16_t)value[SRIOV_VLAN_PROTO]),
    };
    struct nlattr *list;

    if (value[SRIOV_VLAN_PROTO] == 0 || value[SRIOV_VLAN_PROTO] == ETH_P_8021Q) {
        put_numbers(m, IFLA_VF_VLAN, vf, numbers, ELEMENTS(numbers));
        return;
    }
    list = message_nest(m, IFLA_VF_VLAN_LIST);
    message_put(m, IFLA_VF_VLAN_INFO, &info, sizeof(info));
    message_nest_end(m, list);
}

static void put_rate(struct message *m, uint32_t vf, const uint64_t *value)
{
    const uint64_t *const numbers[] = { &value[SRIOV_MIN_TX_RATE], &value[SRIOV_MAX_TX_RATE] };

    put_numbers(m, IFLA_VF_RATE, vf, numbers, ELEMENTS(numbers));
}

static void put_guid(struct message *m, uint16_t type, uint32_t vf, uint64_t value)
{
    struct ifla_vf_guid guid;

    memset(&guid, 0, sizeof(guid)); /* the padding goes to the kernel too */
    guid.vf = vf;
    guid.guid = value;
    message_put(m, type, &guid, sizeof(guid));
}

/* Groups that have no function of their own are one 32-bit setting. */
static const struct group_row {
    uint16_t type;
    enum sriov_attr attr;
    void (*put)(struct message *m, uint32_t vf, const uint64_t *value);
    bool guid;
} group_rows[] = {
    [RTNL_VF_MAC] = { .put = put_mac },
    [RTNL_VF_VLAN] = { .put = put_vlan },
    [RTNL_VF_RATE] = { .put = put_rate },
    [RTNL_VF_SPOOFCHK] = { IFLA_VF_SPOOFCHK, SRIOV_SPOOFCHK },
    [RTNL_VF_LINK_STATE] = { IFLA_VF_LINK_STATE, SRIOV_LINK_STATE },
    [RTNL_VF_RSS_QUERY] = { IFLA_VF_RSS_QUERY_EN, SRIOV_RSS_QUERY },
    [RTNL_VF_TRUST] = { IFLA_VF_TRUST, SRIOV_TRUST },
    [RTNL_VF_NODE_GUID] = { IFLA_VF_IB_NODE_GUID, SRIOV_NODE_GUID, .guid = true },
    [RTNL_VF_PORT_GUID] = { IFLA_VF_IB_PORT_GUID, SRIOV_PORT_GUID, .guid = true },
};

void rtnl_change_vf(struct buf *out, int ifindex, uint32_t vf, enum rtnl_vf_group group,
                    const uint64_t value[SRIOV_ATTR_COUNT])
{
    struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };
    const struct group_row *row = &group_rows[group];
    const uint64_t *number = &value[row->attr];
    struct nlattr *list, *record;
    struct message m;

    message_start(&m, RTM_SETLINK, 0, &info, sizeof(info));
    list = message_nest(&m, IFLA_VFINFO_LIST);
    record = message_nest(&m, IFLA_VF_INFO);
    if (row->put)
        row->put(&m, vf, value);
    else if (row->guid)
        put_guid(&m, row->type, vf, *number);
    else
        put_numbers(&m, row->type, vf, &number, 1);
    message_nest_end(&m, record);
    message_nest_end(&m, list);
    message_finish(&m, out);
}
