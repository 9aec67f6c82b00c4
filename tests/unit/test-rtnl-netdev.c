/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changes of a netdev, its addresses and its routes, as bytes: what is in each message, and what
 * texts are refused. What a kernel says to them is tested in the lab.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "kernel/mnl.h"
#include "kernel/rtnl.h"

/* The only message of a buffer, which must have this type. */
static const struct nlmsghdr *only_message(const struct buf *b, uint16_t type)
{
    const struct nlmsghdr *message = NULL, *more;
    size_t offset = 0;

    assert_int_equal(buf_ok(b), 0);
    assert_int_equal(message_next(b, &offset, &message), 1);
    assert_int_equal(message_next(b, &offset, &more), 0);
    assert_int_equal(message->nlmsg_type, type);
    return message;
}

/* An attribute behind a family header of `header` bytes; fails if it is not there. */
static struct nl_attr attr_of(const struct nlmsghdr *message, size_t header, unsigned type)
{
    struct nl_attrs attrs;
    struct nl_attr a;

    assert_int_equal(message_attrs(message, header, &attrs), 0);
    while (nl_attr_next(&attrs, &a) > 0)
        if (a.type == type)
            return a;
    fail_msg("no attribute %u", type);
    return a;
}

static uint32_t number_of(const struct nlmsghdr *message, size_t header, unsigned type)
{
    struct nl_attr a = attr_of(message, header, type);
    uint32_t number = 0;

    assert_int_equal(nl_attr_u32(&a, &number), 0);
    return number;
}

#define LINK_HEADER sizeof(struct ifinfomsg)
#define ADDRESS_HEADER sizeof(struct ifaddrmsg)
#define ROUTE_HEADER sizeof(struct rtmsg)

/* ---- links ---- */

/* The namespace and the name must be in one message: between two, somebody could see it. */
static void test_a_move_takes_the_name_along(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    const struct nlmsghdr *message;
    const struct ifinfomsg *info;

    rtnl_change_netns(&b, 7, 5, "net1");
    message = only_message(&b, RTM_SETLINK);
    info = mnl_nlmsg_get_payload(message);
    assert_int_equal(info->ifi_index, 7);
    assert_int_equal(number_of(message, LINK_HEADER, IFLA_NET_NS_FD), 5);
    assert_string_equal(attr_of(message, LINK_HEADER, IFLA_IFNAME).data, "net1");
}

static void test_only_masked_flags_change(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    const struct ifinfomsg *info;

    rtnl_change_flags(&b, 7, IFF_UP | IFF_PROMISC, IFF_PROMISC);
    info = mnl_nlmsg_get_payload(only_message(&b, RTM_SETLINK));
    assert_int_equal(info->ifi_change, IFF_UP | IFF_PROMISC);
    assert_int_equal(info->ifi_flags, IFF_PROMISC);
}

static void test_address(void **state)
{
    static const uint8_t bytes[] = { 0x52, 0x54, 0x00, 0xaa, 0xbb, 0x01 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    struct nl_attr a;

    rtnl_change_address(&b, 7, UINT64_C(0x525400aabb01));
    a = attr_of(only_message(&b, RTM_SETLINK), LINK_HEADER, IFLA_ADDRESS);
    assert_int_equal(a.len, sizeof(bytes));
    assert_memory_equal(a.data, bytes, sizeof(bytes));
}

static void test_altnames_come_and_go(void **state)
{
    for (int add = 0; add < 2; add++) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        const struct nlmsghdr *message;
        struct nl_attrs list;
        struct nl_attr a;

        rtnl_change_altname(&b, 7, "enx525400aabb01", add);
        message = only_message(&b, add ? RTM_NEWLINKPROP : RTM_DELLINKPROP);
        a = attr_of(message, LINK_HEADER, IFLA_PROP_LIST);
        list = nl_attr_nested(&a);
        assert_int_equal(nl_attr_next(&list, &a), 1);
        assert_int_equal(a.type, IFLA_ALT_IFNAME);
        assert_string_equal(a.data, "enx525400aabb01");
        assert_int_equal(!!(message->nlmsg_flags & NLM_F_EXCL), add);
    }
}

/* The kernel finds altnames by the same attribute. */
static void test_a_link_by_name(void **state)
{
    for (int vfs = 0; vfs < 2; vfs++) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        const struct nlmsghdr *message;
        uint32_t mask;

        rtnl_request_link(&b, "enp1s0", vfs);
        message = only_message(&b, RTM_GETLINK);
        assert_string_equal(attr_of(message, LINK_HEADER, IFLA_ALT_IFNAME).data, "enp1s0");
        mask = number_of(message, LINK_HEADER, IFLA_EXT_MASK);
        assert_int_equal(!!(mask & RTEXT_FILTER_VF), vfs);
        assert_true(mask & RTEXT_FILTER_SKIP_STATS);
    }
}

/* ---- addresses ---- */

static void test_adding_addresses(void **state)
{
    static const struct {
        const char *cidr;
        int family;
        unsigned prefix;
        size_t size;
    } rows[] = {
        { "192.0.2.1/24", AF_INET, 24, 4 },   { "192.0.2.1", AF_INET, 32, 4 },
        { "192.0.2.1/0", AF_INET, 0, 4 },     { "2001:db8::1/64", AF_INET6, 64, 16 },
        { "2001:db8::1", AF_INET6, 128, 16 },
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        const struct nlmsghdr *message;
        const struct ifaddrmsg *info;

        assert_int_equal(rtnl_add_address(&b, 7, rows[i].cidr), 0);
        message = only_message(&b, RTM_NEWADDR);
        info = mnl_nlmsg_get_payload(message);
        assert_int_equal(info->ifa_index, 7);
        assert_int_equal(info->ifa_family, rows[i].family);
        assert_int_equal(info->ifa_prefixlen, rows[i].prefix);
        assert_int_equal(attr_of(message, ADDRESS_HEADER, IFA_LOCAL).len, rows[i].size);
        assert_int_equal(attr_of(message, ADDRESS_HEADER, IFA_ADDRESS).len, rows[i].size);
    }
}

static const char *const no_addresses[] = {
    "",
    "192.0.2",
    "192.0.2.1/33",
    "192.0.2.1/",
    "192.0.2.1/-1",
    "1.2.3.4.5",
    "2001:db8::/129",
    "2001:db8::1::2/64",
    "192.0.2.1/24/8",
    "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
};

static void test_what_is_no_address(void **state)
{
    for (size_t i = 0; i < ELEMENTS(no_addresses); i++) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        struct rtnl_route route = { .ifindex = 7, .scope = -1 };

        assert_int_equal(rtnl_add_address(&b, 7, no_addresses[i]), -EINVAL);
        STR_SET(route.destination, no_addresses[i]);
        assert_int_equal(rtnl_add_route(&b, &route), -EINVAL);
        assert_int_equal(b.len, 0);
    }
}

/* ---- routes ---- */

static void test_default_route(void **state)
{
    const struct rtnl_route route = {
        .ifindex = 7, .destination = "0.0.0.0/0", .gateway = "192.0.2.254", .scope = -1
    };
    _cleanup_buf_ struct buf b = BUF_INIT;
    const struct nlmsghdr *message;
    const struct rtmsg *info;

    assert_int_equal(rtnl_add_route(&b, &route), 0);
    message = only_message(&b, RTM_NEWROUTE);
    info = mnl_nlmsg_get_payload(message);
    assert_int_equal(info->rtm_dst_len, 0);
    assert_int_equal(info->rtm_scope, RT_SCOPE_UNIVERSE);
    assert_int_equal(info->rtm_table, RT_TABLE_MAIN);
    assert_int_equal(number_of(message, ROUTE_HEADER, RTA_OIF), 7);
    assert_int_equal(number_of(message, ROUTE_HEADER, RTA_GATEWAY), inet_addr("192.0.2.254"));
}

static void test_route_with_everything(void **state)
{
    const struct rtnl_route route = {
        .ifindex = 7,
        .destination = "2001:db8:1::/48",
        .mtu = 1400,
        .advmss = 1300,
        .priority = 10,
        .table = 1000,
        .scope = RT_SCOPE_HOST,
    };
    _cleanup_buf_ struct buf b = BUF_INIT;
    const struct nlmsghdr *message;
    const struct rtmsg *info;
    struct nl_attrs metrics;
    struct nl_attr a;
    uint32_t number;

    assert_int_equal(rtnl_add_route(&b, &route), 0);
    message = only_message(&b, RTM_NEWROUTE);
    info = mnl_nlmsg_get_payload(message);
    assert_int_equal(info->rtm_family, AF_INET6);
    assert_int_equal(info->rtm_dst_len, 48);
    assert_int_equal(info->rtm_scope, RT_SCOPE_HOST);
    assert_int_equal(number_of(message, ROUTE_HEADER, RTA_PRIORITY), 10);
    assert_int_equal(number_of(message, ROUTE_HEADER, RTA_TABLE), 1000);
    a = attr_of(message, ROUTE_HEADER, RTA_METRICS);
    metrics = nl_attr_nested(&a);
    assert_int_equal(nl_attr_next(&metrics, &a), 1);
    assert_int_equal(a.type, RTAX_MTU);
    assert_int_equal(nl_attr_u32(&a, &number), 0);
    assert_int_equal(number, 1400);
    assert_int_equal(nl_attr_next(&metrics, &a), 1);
    assert_int_equal(a.type, RTAX_ADVMSS);
}

static void test_a_gateway_of_the_other_family(void **state)
{
    const struct rtnl_route route = {
        .ifindex = 7, .destination = "192.0.2.0/24", .gateway = "2001:db8::1", .scope = -1
    };
    _cleanup_buf_ struct buf b = BUF_INIT;

    assert_int_equal(rtnl_add_route(&b, &route), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_move_takes_the_name_along),
        cmocka_unit_test(test_only_masked_flags_change),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_altnames_come_and_go),
        cmocka_unit_test(test_a_link_by_name),
        cmocka_unit_test(test_adding_addresses),
        cmocka_unit_test(test_what_is_no_address),
        cmocka_unit_test(test_default_route),
        cmocka_unit_test(test_route_with_everything),
        cmocka_unit_test(test_a_gateway_of_the_other_family),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
