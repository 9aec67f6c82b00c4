/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rtnetlink messages on bytes made here as the kernel makes them, the list of VFs whose length has
 * wrapped above all. What a kernel says to them is tested in the lab.
 */
#include "kernel/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/mac.h"

/* ---- making messages ---- */

static void put(struct buf *b, uint16_t type, const void *data, size_t len)
{
    struct nlattr header = { .nla_len = (uint16_t)(sizeof(header) + len), .nla_type = type };
    buf_add(b, &header, sizeof(header));
    buf_add(b, data, len);
    while (b->len % 4)
        buf_add_char(b, '\0');
}

static void put_u32(struct buf *b, uint16_t type, uint32_t value)
{
    put(b, type, &value, sizeof(value));
}

static void put_text(struct buf *b, uint16_t type, const char *text)
{
    put(b, type, text, strlen(text) + 1);
}

static size_t open_nest(struct buf *b, uint16_t type)
{
    size_t at = b->len;
    put(b, type, NULL, 0);
    return at;
}

/* As nla_nest_end(): 16 bits, and no check. */
static void close_nest(struct buf *b, size_t at)
{
    uint16_t len = (uint16_t)(b->len - at);
    memcpy(b->data + at, &len, sizeof(len));
}

static size_t open_message(struct buf *b, uint16_t type, const void *header, size_t size)
{
    struct nlmsghdr message = { .nlmsg_type = type };
    size_t at = b->len;
    buf_add(b, &message, sizeof(message));
    buf_add(b, header, size);
    return at;
}

static void close_message(struct buf *b, size_t at)
{
    uint32_t len = (uint32_t)(b->len - at);
    memcpy(b->data + at, &len, sizeof(len));
}

static size_t open_link(struct buf *b, uint16_t arp_type)
{
    struct ifinfomsg info = { .ifi_type = arp_type, .ifi_index = 7, .ifi_flags = 1 | 1 << 16 };
    return open_message(b, RTM_NEWLINK, &info, sizeof(info));
}

/* ---- making VFs, in the order of rtnl_fill_vfinfo() ---- */

struct vf_options {
    bool stats;
    bool guids;
    bool no_list;   /* a kernel before 4.9: no IFLA_VF_VLAN_LIST */
    bool no_rate;   /* a kernel before 3.14: no IFLA_VF_RATE */
    bool unknown;   /* the driver says -1 wherever it can */
    uint16_t proto; /* 0: 802.1Q */
};

static void put_setting(struct buf *b, uint16_t type, uint32_t vf, uint32_t value)
{
    uint32_t words[] = { vf, value };
    put(b, type, words, sizeof(words));
}

static void put_nested_parts(struct buf *b, uint32_t vf, const struct vf_options *o)
{
    struct ifla_vf_vlan_info info = { .vf = vf,
                                      .vlan = vf % 4095,
                                      .qos = vf % 8,
                                      .vlan_proto = htons(o->proto ? o->proto : 0x8100) };
    struct ifla_vf_guid guid;
    memset(&guid, 0, sizeof(guid));
    guid.vf = vf;
    guid.guid = UINT64_C(0x1122334455660000) + vf;
    if (o->guids)
        put(b, IFLA_VF_IB_NODE_GUID, &guid, sizeof(guid));
    guid.guid++;
    if (o->guids)
        put(b, IFLA_VF_IB_PORT_GUID, &guid, sizeof(guid));
    if (!o->no_list) {
        size_t list = open_nest(b, IFLA_VF_VLAN_LIST);
        put(b, IFLA_VF_VLAN_INFO, &info, sizeof(info));
        close_nest(b, list);
    }
    if (o->stats) {
        size_t stats = open_nest(b, IFLA_VF_STATS);
        for (uint16_t i = 0; i < 8; i++)
            put(b, i, &(uint64_t){ 99 }, sizeof(uint64_t));
        close_nest(b, stats);
    }
}

static void put_vf(struct buf *b, uint32_t vf, const struct vf_options *o)
{
    struct ifla_vf_mac mac = { .vf = vf };
    uint8_t broadcast[32] = { 0xff };
    uint32_t vlan[] = { vf, vf % 4095, vf % 8 };
    uint32_t rate[] = { vf, vf + 1, vf + 1000 };
    size_t record = open_nest(b, IFLA_VF_INFO);
    mac_to_bytes(UINT64_C(0x020000000000) + vf, mac.mac);
    put(b, IFLA_VF_MAC, &mac, sizeof(mac));
    put(b, IFLA_VF_BROADCAST, broadcast, sizeof(broadcast));
    put(b, IFLA_VF_VLAN, vlan, sizeof(vlan));
    if (!o->no_rate)
        put(b, IFLA_VF_RATE, rate, sizeof(rate));
    put_setting(b, IFLA_VF_TX_RATE, vf, vf + 500);
    put_setting(b, IFLA_VF_SPOOFCHK, vf, o->unknown ? UINT32_MAX : 1);
    put_setting(b, IFLA_VF_LINK_STATE, vf, o->unknown ? UINT32_MAX : vf % 3);
    put_setting(b, IFLA_VF_RSS_QUERY_EN, vf, o->unknown ? UINT32_MAX : 0);
    put_setting(b, IFLA_VF_TRUST, vf, o->unknown ? UINT32_MAX : vf % 2);
    put_nested_parts(b, vf, o);
    close_nest(b, record);
}

/* A link with VFs 0, step, 2 * step, … and what rtnl_fill_ifinfo() puts around them. */
static void make_pf(struct buf *b, uint32_t count, uint32_t step, const struct vf_options *o)
{
    uint8_t mac[6] = { 2, 0, 0, 0, 1, 0 };
    size_t message = open_link(b, ARPHRD_ETHER), list, info;
    put_text(b, IFLA_IFNAME, "enp1s0");
    put_u32(b, IFLA_MTU, 9000);
    put(b, IFLA_ADDRESS, mac, sizeof(mac));
    put_u32(b, IFLA_NUM_VF, count * step);
    list = open_nest(b, IFLA_VFINFO_LIST);
    for (uint32_t i = 0; i < count; i++)
        put_vf(b, i * step, o);
    close_nest(b, list);
    info = open_nest(b, IFLA_LINKINFO);
    put_text(b, IFLA_INFO_KIND, "sim");
    close_nest(b, info);
    info = open_nest(b, IFLA_PROP_LIST | NLA_F_NESTED);
    put_text(b, IFLA_ALT_IFNAME, "port-one");
    put_text(b, IFLA_ALT_IFNAME, "a-name-longer-than-fifteen-characters");
    close_nest(b, info);
    put_text(b, IFLA_PARENT_DEV_NAME, "0000:01:00.0");
    put_text(b, IFLA_PARENT_DEV_BUS_NAME, "pci");
    close_message(b, message);
}

/* ---- VFs ---- */

static void check_vf(const struct rtnl_vf *vf, uint32_t index)
{
    assert_int_equal(vf->index, index);
    assert_int_equal(vf->value[SRIOV_MAC], UINT64_C(0x020000000000) + index);
    assert_int_equal(vf->value[SRIOV_VLAN], index % 4095);
    assert_int_equal(vf->value[SRIOV_QOS], index % 8);
    assert_int_equal(vf->value[SRIOV_MIN_TX_RATE], index + 1);
    assert_int_equal(vf->value[SRIOV_MAX_TX_RATE], index + 1000);
    assert_int_equal(vf->value[SRIOV_TRUST], index % 2);
    assert_int_equal(vf->value[SRIOV_LINK_STATE], index % 3);
    assert_int_equal(vf->known & (1u << SRIOV_VLAN_PROTO), 1u << SRIOV_VLAN_PROTO);
}

static void check_all(uint32_t count, uint32_t step, const struct vf_options *o)
{
    _cleanup_(rtnl_vfs_done) struct rtnl_vfs vfs = { 0 };
    _cleanup_(rtnl_links_done) struct rtnl_links links = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    make_pf(&b, count, step, o);
    assert_int_equal(rtnl_parse_vfs(&b, &vfs), 0);
    assert_int_equal(vfs.announced, count * step);
    assert_int_equal(vfs.count, count);
    for (uint32_t i = 0; i < count; i++)
        check_vf(&vfs.items[i], i * step);
    /* What stands behind the list is found, too. */
    assert_int_equal(rtnl_parse_links(&b, &links), 0);
    assert_int_equal(links.count, 1);
    assert_string_equal(links.items[0].parent, "0000:01:00.0");
    assert_int_equal(links.items[0].mac, UINT64_C(0x020000000100));
}

static void test_one_thousand_vfs_in_a_list_that_wraps(void **state)
{
    check_all(1000, 1, &(struct vf_options){ 0 });
}

/* Every count around each multiple of 64 KiB that the length can wrap at, lengths 0 to 3 included.
 */
static void test_every_number_of_vfs(void **state)
{
    for (uint32_t count = 0; count < 700; count++)
        check_all(count, 1, &(struct vf_options){ 0 });
}

static void test_statistics_and_guids_are_passed_over_or_read(void **state)
{
    _cleanup_(rtnl_vfs_done) struct rtnl_vfs vfs = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    check_all(1000, 1, &(struct vf_options){ .stats = true });
    make_pf(&b, 400, 1, &(struct vf_options){ .guids = true });
    assert_int_equal(rtnl_parse_vfs(&b, &vfs), 0);
    assert_int_equal(vfs.count, 400);
    assert_int_equal(vfs.items[399].value[SRIOV_NODE_GUID], UINT64_C(0x1122334455660000) + 399);
    assert_int_equal(vfs.items[399].value[SRIOV_PORT_GUID], UINT64_C(0x1122334455660000) + 400);
}

static void test_a_list_with_gaps_goes_by_the_number_inside(void **state)
{
    check_all(100, 3, &(struct vf_options){ 0 });
}

static void test_a_length_that_fits_no_record_is_refused(void **state)
{
    const uint32_t counts[] = { 3, 500 };
    for (size_t i = 0; i < 2; i++) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct rtnl_vfs vfs = { 0 };
        size_t message = open_link(&b, ARPHRD_ETHER);
        size_t list = open_nest(&b, IFLA_VFINFO_LIST);
        for (uint32_t vf = 0; vf < counts[i]; vf++)
            put_vf(&b, vf, &(struct vf_options){ 0 });
        close_nest(&b, list);
        b.data[list] ^= 4;
        close_message(&b, message);
        assert_int_equal(rtnl_parse_vfs(&b, &vfs), -EBADMSG);
        assert_null(vfs.items);
    }
}

static void test_what_the_driver_did_not_say_is_not_known(void **state)
{
    const uint32_t silent = 1u << SRIOV_SPOOFCHK | 1u << SRIOV_TRUST | 1u << SRIOV_RSS_QUERY |
                            1u << SRIOV_LINK_STATE;
    const struct vf_options options[] = { { 0 }, { .unknown = true } };
    for (size_t i = 0; i < 2; i++) {
        _cleanup_(rtnl_vfs_done) struct rtnl_vfs vfs = { 0 };
        _cleanup_buf_ struct buf b = BUF_INIT;
        make_pf(&b, 4, 1, &options[i]);
        assert_int_equal(rtnl_parse_vfs(&b, &vfs), 0);
        assert_int_equal(vfs.items[3].known & silent, i == 0 ? silent : 0);
        assert_int_equal(vfs.items[3].known & (1u << SRIOV_NODE_GUID), 0);
    }
}

static void test_protocol_of_the_vlan(void **state)
{
    const struct vf_options options[] = { { 0 }, { .proto = 0x88a8 }, { .no_list = true } };
    const uint64_t expected[] = { 0x8100, 0x88a8, 0x8100 };
    for (size_t i = 0; i < 3; i++) {
        _cleanup_(rtnl_vfs_done) struct rtnl_vfs vfs = { 0 };
        _cleanup_buf_ struct buf b = BUF_INIT;
        make_pf(&b, 9, 1, &options[i]);
        assert_int_equal(rtnl_parse_vfs(&b, &vfs), 0);
        assert_int_equal(vfs.items[8].value[SRIOV_VLAN_PROTO], expected[i]);
        assert_int_equal(vfs.items[8].value[SRIOV_VLAN], 8);
    }
}

static void test_the_old_rate_counts_only_alone(void **state)
{
    _cleanup_(rtnl_vfs_done) struct rtnl_vfs vfs = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    make_pf(&b, 1, 1, &(struct vf_options){ .no_rate = true });
    assert_int_equal(rtnl_parse_vfs(&b, &vfs), 0);
    assert_int_equal(vfs.items[0].value[SRIOV_MAX_TX_RATE], 500);
    assert_int_equal(vfs.items[0].known & (1u << SRIOV_MIN_TX_RATE), 0);
}

static void test_infiniband_has_no_mac(void **state)
{
    _cleanup_(rtnl_vfs_done) struct rtnl_vfs vfs = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    size_t message = open_link(&b, ARPHRD_INFINIBAND), list = open_nest(&b, IFLA_VFINFO_LIST);
    put_vf(&b, 0, &(struct vf_options){ .guids = true });
    close_nest(&b, list);
    close_message(&b, message);
    assert_int_equal(rtnl_parse_vfs(&b, &vfs), 0);
    assert_int_equal(vfs.items[0].known & (1u << SRIOV_MAC), 0);
    assert_int_not_equal(vfs.items[0].known & (1u << SRIOV_NODE_GUID), 0);
}

/* ---- links, addresses, routes ---- */

static void test_fields_of_a_link(void **state)
{
    _cleanup_(rtnl_links_done) struct rtnl_links links = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    make_pf(&b, 2, 1, &(struct vf_options){ 0 });
    assert_int_equal(rtnl_parse_links(&b, &links), 0);
    const struct rtnl_link *l = &links.items[0];
    assert_int_equal(l->ifindex, 7);
    assert_int_equal(l->mtu, 9000);
    assert_true(l->up && l->running && l->has_mac && !l->lower_elsewhere);
    assert_string_equal(l->name, "enp1s0");
    assert_string_equal(l->kind, "sim");
    assert_string_equal(l->parent_bus, "pci");
    assert_int_equal(l->altnames.count, 2);
    assert_string_equal(l->altnames.items[1], "a-name-longer-than-fifteen-characters");
}

static void test_what_a_link_stands_on(void **state)
{
    _cleanup_(rtnl_links_done) struct rtnl_links links = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    size_t message = open_link(&b, ARPHRD_ETHER);
    put_u32(&b, IFLA_LINK, 3);
    put_u32(&b, IFLA_LINK_NETNSID, UINT32_MAX);
    put_u32(&b, IFLA_MASTER, 12);
    put_text(&b, IFLA_PARENT_DEV_NAME, "a-device-name-that-is-far-too-long-for-us");
    close_message(&b, message);
    assert_int_equal(rtnl_parse_links(&b, &links), 0);
    assert_int_equal(links.items[0].lower, 3);
    assert_int_equal(links.items[0].master, 12);
    assert_true(links.items[0].lower_elsewhere);
    assert_int_equal(links.items[0].lower_netnsid, -1); /* not assigned */
    assert_string_equal(links.items[0].parent, "");     /* no half name */
}

static void put_nsid(struct buf *b, int number)
{
    struct rtgenmsg info = { .rtgen_family = 0 };
    size_t message = open_message(b, RTM_NEWNSID, &info, sizeof(info));
    while (b->len % 4)
        buf_add_char(b, '\0');
    put_u32(b, NETNSA_NSID, (uint32_t)number);
    close_message(b, message);
}

static void test_number_of_a_namespace(void **state)
{
    _cleanup_(rtnl_links_done) struct rtnl_links links = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT, none = BUF_INIT, request = BUF_INIT;
    int number = 7;
    size_t message = open_link(&b, ARPHRD_ETHER);
    put_u32(&b, IFLA_LINK, 3);
    put_u32(&b, IFLA_LINK_NETNSID, 5);
    close_message(&b, message);
    assert_int_equal(rtnl_parse_links(&b, &links), 0);
    assert_int_equal(links.items[0].lower_netnsid, 5);
    assert_int_equal(rtnl_parse_nsid(&none, &number), 0);
    assert_int_equal(number, -1);
    put_nsid(&none, 5);
    assert_int_equal(rtnl_parse_nsid(&none, &number), 0);
    assert_int_equal(number, 5);
    none.len -= 4;
    assert_int_equal(rtnl_parse_nsid(&none, &number), -EBADMSG);
    rtnl_request_nsid(&request, 812);
    assert_int_equal(buf_ok(&request), 0);
    assert_int_equal(request.len, 16 + 4 + 8);
    assert_int_equal(((const struct nlmsghdr *)(const void *)request.data)->nlmsg_type,
                     RTM_GETNSID);
}

/* A message cut anywhere is refused, and nothing of it is kept. */
static void test_messages_cut_short(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    make_pf(&b, 5, 1, &(struct vf_options){ .stats = true, .guids = true });
    for (size_t len = 1; len < b.len; len++) {
        _cleanup_free_ char *exact = malloc(len);
        struct buf cut = { .data = exact, .len = len };
        struct rtnl_links links = { 0 };
        struct rtnl_vfs vfs = { 0 };
        memcpy(exact, b.data, len);
        assert_int_equal(rtnl_parse_vfs(&cut, &vfs), -EBADMSG);
        assert_int_equal(rtnl_parse_links(&cut, &links), -EBADMSG);
        assert_null(vfs.items);
        assert_null(links.items);
    }
}

static void put_address(struct buf *b, int family, unsigned char prefix, const char *local,
                        const char *address)
{
    struct ifaddrmsg info = { (unsigned char)family, prefix, 0, 0, 4 };
    size_t message = open_message(b, RTM_NEWADDR, &info, sizeof(info));
    uint8_t bytes[16];
    inet_pton(family, address, bytes);
    put(b, IFA_ADDRESS, bytes, family == AF_INET ? 4 : 16);
    if (local) {
        inet_pton(family, local, bytes);
        put(b, IFA_LOCAL, bytes, family == AF_INET ? 4 : 16);
    }
    close_message(b, message);
}

static void test_addresses(void **state)
{
    _cleanup_(rtnl_addresses_done) struct rtnl_addresses a = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    put_address(&b, AF_INET, 24, "192.0.2.1", "192.0.2.1");
    put_address(&b, AF_INET, 32, "10.0.0.1", "10.0.0.2"); /* point to point */
    put_address(&b, AF_INET6, 64, NULL, "fe80::1");
    put_address(&b, AF_INET6, 64, NULL, "2001:db8::1");
    assert_int_equal(rtnl_parse_addresses(&b, &a), 0);
    assert_int_equal(a.count, 4);
    assert_string_equal(a.items[0].text, "192.0.2.1/24");
    assert_string_equal(a.items[1].text, "10.0.0.1/32");
    assert_string_equal(a.items[2].text, "fe80::1/64");
    assert_true(a.items[2].link_local_v6 && !a.items[3].link_local_v6);
    assert_int_equal(a.items[3].ifindex, 4);
}

static void put_route(struct buf *b, unsigned char prefix, unsigned char type, uint32_t ifindex)
{
    struct rtmsg route = { .rtm_family = AF_INET, .rtm_dst_len = prefix, .rtm_type = type };
    size_t message = open_message(b, RTM_NEWROUTE, &route, sizeof(route));
    if (ifindex)
        put_u32(b, RTA_OIF, ifindex);
    close_message(b, message);
}

static void put_multipath_route(struct buf *b)
{
    struct rtmsg route = { .rtm_family = AF_INET, .rtm_type = RTN_UNICAST };
    size_t message = open_message(b, RTM_NEWROUTE, &route, sizeof(route));
    struct {
        struct rtnexthop hop;
        struct nlattr gateway;
        uint32_t address;
        struct rtnexthop second;
    } hops = {
        .hop = { .rtnh_len = 16, .rtnh_ifindex = 8 },
        .gateway = { 8, RTA_GATEWAY },
        .second = { .rtnh_len = 8, .rtnh_ifindex = 9 },
    };
    put(b, RTA_MULTIPATH, &hops, sizeof(hops));
    close_message(b, message);
}

static void test_where_routes_leave(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    int links[4] = { 0 };
    put_route(&b, 24, RTN_UNICAST, 2);
    put_route(&b, 0, RTN_UNICAST, 3);
    put_route(&b, 0, RTN_UNREACHABLE, 1);
    put_multipath_route(&b);
    assert_int_equal(rtnl_parse_route_links(&b, true, links, 4), 3);
    assert_int_equal(links[0], 3);
    assert_int_equal(links[1], 8);
    assert_int_equal(links[2], 9);
    assert_int_equal(rtnl_parse_route_links(&b, false, links, 2), 5); /* room for 2 only */
    assert_int_equal(links[1], 3);
}

static void test_a_route_question_takes_an_address(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    assert_int_equal(rtnl_request_route_to(&b, "host.example"), -EINVAL);
    assert_int_equal(b.len, 0);
    assert_int_equal(rtnl_request_route_to(&b, "192.0.2.1"), 0);
    assert_int_equal(b.len, 16 + 12 + 8);
    assert_int_equal(rtnl_request_route_to(&b, "2001:db8::1"), 0);
    assert_int_equal(b.len, 16 + 12 + 8 + 16 + 12 + 20);
}

/* ---- changes: the kernel's form of each, found by walking the message ---- */

/* The one attribute inside IFLA_VFINFO_LIST / IFLA_VF_INFO; its payload length through *len. */
static const void *inner(const struct buf *b, uint16_t type, size_t *len)
{
    const struct nlmsghdr *message = (const void *)b->data;
    const struct nlattr *list = (const void *)(b->data + sizeof(*message) +
                                               sizeof(struct ifinfomsg));
    const struct nlattr *record = list + 1, *attr = record + 1;
    assert_int_equal(message->nlmsg_type, RTM_SETLINK);
    assert_int_equal(message->nlmsg_len, b->len);
    assert_int_equal(list->nla_type & NLA_TYPE_MASK, IFLA_VFINFO_LIST);
    assert_int_equal(list->nla_len, b->len - sizeof(*message) - sizeof(struct ifinfomsg));
    assert_int_equal(record->nla_type & NLA_TYPE_MASK, IFLA_VF_INFO);
    assert_int_equal(record->nla_len + sizeof(*list), list->nla_len);
    assert_int_equal(attr->nla_type & NLA_TYPE_MASK, type);
    *len = attr->nla_len - sizeof(*attr);
    return attr + 1;
}

static void test_changes_of_one_number(void **state)
{
    static const struct {
        enum rtnl_vf_group group;
        uint16_t type;
        enum sriov_attr attr;
    } rows[] = {
        { RTNL_VF_SPOOFCHK, IFLA_VF_SPOOFCHK, SRIOV_SPOOFCHK },
        { RTNL_VF_TRUST, IFLA_VF_TRUST, SRIOV_TRUST },
        { RTNL_VF_LINK_STATE, IFLA_VF_LINK_STATE, SRIOV_LINK_STATE },
        { RTNL_VF_RSS_QUERY, IFLA_VF_RSS_QUERY_EN, SRIOV_RSS_QUERY },
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        uint64_t value[SRIOV_ATTR_COUNT] = { 0 };
        size_t len;
        value[rows[i].attr] = 1;
        rtnl_change_vf(&b, 7, 5, rows[i].group, value);
        const uint32_t *words = inner(&b, rows[i].type, &len);
        assert_int_equal(len, 8);
        assert_int_equal(words[0], 5);
        assert_int_equal(words[1], 1);
    }
}

static void test_change_of_mac_and_rates(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT, rates = BUF_INIT;
    uint64_t value[SRIOV_ATTR_COUNT] = {
        [SRIOV_MAC] = 0x020304050607, [SRIOV_MIN_TX_RATE] = 10, [SRIOV_MAX_TX_RATE] = 20
    };
    size_t len;
    rtnl_change_vf(&b, 7, 5, RTNL_VF_MAC, value);
    const struct ifla_vf_mac *mac = inner(&b, IFLA_VF_MAC, &len);
    assert_int_equal(len, sizeof(*mac));
    assert_int_equal(mac->vf, 5);
    assert_int_equal(mac_from_bytes(mac->mac), 0x020304050607);
    rtnl_change_vf(&rates, 7, 5, RTNL_VF_RATE, value);
    const struct ifla_vf_rate *rate = inner(&rates, IFLA_VF_RATE, &len);
    assert_int_equal(len, sizeof(*rate));
    assert_int_equal(rate->min_tx_rate, 10);
    assert_int_equal(rate->max_tx_rate, 20);
}

static void test_change_of_vlan_by_protocol(void **state)
{
    uint64_t value[SRIOV_ATTR_COUNT] = { [SRIOV_VLAN] = 100, [SRIOV_QOS] = 3 };
    const uint64_t plain[] = { 0, 0x8100 };
    size_t len;
    for (size_t i = 0; i < 2; i++) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        value[SRIOV_VLAN_PROTO] = plain[i];
        rtnl_change_vf(&b, 7, 5, RTNL_VF_VLAN, value);
        const struct ifla_vf_vlan *vlan = inner(&b, IFLA_VF_VLAN, &len);
        assert_int_equal(len, sizeof(*vlan));
        assert_int_equal(vlan->vlan, 100);
        assert_int_equal(vlan->qos, 3);
    }
    _cleanup_buf_ struct buf b = BUF_INIT;
    value[SRIOV_VLAN_PROTO] = 0x88a8;
    rtnl_change_vf(&b, 7, 5, RTNL_VF_VLAN, value);
    const struct nlattr *entry = inner(&b, IFLA_VF_VLAN_LIST, &len);
    const struct ifla_vf_vlan_info *info = (const void *)(entry + 1);
    assert_int_equal(entry->nla_type, IFLA_VF_VLAN_INFO);
    assert_int_equal(len, sizeof(*entry) + sizeof(*info));
    assert_int_equal(info->vf, 5);
    assert_int_equal(info->vlan, 100);
    assert_int_equal(ntohs(info->vlan_proto), 0x88a8);
}

static void test_change_of_guids(void **state)
{
    const uint16_t types[] = { IFLA_VF_IB_NODE_GUID, IFLA_VF_IB_PORT_GUID };
    uint64_t value[SRIOV_ATTR_COUNT] = { [SRIOV_NODE_GUID] = UINT64_C(0x1122334455667788),
                                         [SRIOV_PORT_GUID] = UINT64_C(0x1122334455667788) };
    for (size_t i = 0; i < 2; i++) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct ifla_vf_guid guid;
        size_t len;
        rtnl_change_vf(&b, 7, 5, i == 0 ? RTNL_VF_NODE_GUID : RTNL_VF_PORT_GUID, value);
        const void *at = inner(&b, types[i], &len);
        assert_int_equal(len, sizeof(guid));
        memcpy(&guid, at, sizeof(guid));
        assert_int_equal(guid.vf, 5);
        assert_int_equal(guid.guid, UINT64_C(0x1122334455667788));
    }
}

static void test_changes_of_a_netdev(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT, huge = BUF_INIT;
    rtnl_change_up(&b, 7, true);
    const struct ifinfomsg *info = (const void *)(b.data + sizeof(struct nlmsghdr));
    assert_int_equal(info->ifi_index, 7);
    assert_int_equal(info->ifi_flags, 1);
    assert_int_equal(info->ifi_change, 1);
    rtnl_change_mtu(&b, 7, 9000);
    rtnl_change_name(&b, 7, "net1");
    assert_int_equal(buf_ok(&b), 0);
    assert_int_equal(b.len, 32 + (32 + 8) + (32 + 12));
    /* What has no room in a message is an error, not a cut name. */
    char name[1000];
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    rtnl_change_name(&huge, 7, name);
    assert_int_not_equal(buf_ok(&huge), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_thousand_vfs_in_a_list_that_wraps),
        cmocka_unit_test(test_every_number_of_vfs),
        cmocka_unit_test(test_statistics_and_guids_are_passed_over_or_read),
        cmocka_unit_test(test_a_list_with_gaps_goes_by_the_number_inside),
        cmocka_unit_test(test_a_length_that_fits_no_record_is_refused),
        cmocka_unit_test(test_what_the_driver_did_not_say_is_not_known),
        cmocka_unit_test(test_protocol_of_the_vlan),
        cmocka_unit_test(test_the_old_rate_counts_only_alone),
        cmocka_unit_test(test_infiniband_has_no_mac),
        cmocka_unit_test(test_fields_of_a_link),
        cmocka_unit_test(test_what_a_link_stands_on),
        cmocka_unit_test(test_number_of_a_namespace),
        cmocka_unit_test(test_messages_cut_short),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_where_routes_leave),
        cmocka_unit_test(test_a_route_question_takes_an_address),
        cmocka_unit_test(test_changes_of_one_number),
        cmocka_unit_test(test_change_of_mac_and_rates),
        cmocka_unit_test(test_change_of_vlan_by_protocol),
        cmocka_unit_test(test_change_of_guids),
        cmocka_unit_test(test_changes_of_a_netdev),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
