/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Statistics of a PF and its VFs on bytes made as the kernel makes them. With statistics a record
 * of a VF has 296 bytes, so the length of the list wraps above 221 VFs.
 */
#include "kernel/traffic.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void put(struct buf *b, uint16_t type, const void *data, size_t len)
{
    struct nlattr header = { .nla_len = (uint16_t)(sizeof(header) + len), .nla_type = type };
    buf_add(b, &header, sizeof(header));
    buf_add(b, data, len);
    while (b->len % 4)
        buf_add_char(b, '\0');
}

/* As nla_nest_end(): 16 bits, and no check. */
static void close_nest(struct buf *b, size_t at)
{
    uint16_t len = (uint16_t)(b->len - at);
    memcpy(b->data + at, &len, sizeof(len));
}

static size_t open_nest(struct buf *b, uint16_t type)
{
    size_t at = b->len;
    put(b, type, NULL, 0);
    return at;
}

/* What VF n counted: 100 * n + the attribute's number. */
static void put_vf(struct buf *b, uint32_t n, bool counts)
{
    static const uint16_t types[] = {
        IFLA_VF_STATS_RX_PACKETS, IFLA_VF_STATS_TX_PACKETS, IFLA_VF_STATS_RX_BYTES,
        IFLA_VF_STATS_TX_BYTES,   IFLA_VF_STATS_BROADCAST,  IFLA_VF_STATS_MULTICAST,
        IFLA_VF_STATS_RX_DROPPED, IFLA_VF_STATS_TX_DROPPED,
    };
    struct ifla_vf_mac mac = { .vf = n };
    size_t record = open_nest(b, IFLA_VF_INFO), stats;
    put(b, IFLA_VF_MAC, &mac, sizeof(mac));
    stats = open_nest(b, IFLA_VF_STATS);
    for (size_t i = 0; i < ELEMENTS(types); i++)
        put(b, types[i], &(uint64_t){ counts ? UINT64_C(100) * n + types[i] : 0 },
            sizeof(uint64_t));
    close_nest(b, stats);
    close_nest(b, record);
}

/* A link with VFs 0, step, 2 * step, … */
static void make_link(struct buf *b, uint32_t count, uint32_t step, bool counts)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg info;
    } start = { .header.nlmsg_type = RTM_NEWLINK };
    struct rtnl_link_stats64 stats = { .rx_bytes = UINT64_C(1) << 40, .tx_packets = 7 };
    uint32_t len;
    size_t list;
    buf_add(b, &start, sizeof(start));
    put(b, IFLA_STATS64, &stats, sizeof(stats));
    list = open_nest(b, IFLA_VFINFO_LIST);
    for (uint32_t i = 0; i < count; i++)
        put_vf(b, i * step, counts);
    close_nest(b, list);
    len = (uint32_t)b->len;
    memcpy(b->data, &len, sizeof(len));
}

static void check(uint32_t count, uint32_t step)
{
    _cleanup_(link_traffic_done) struct link_traffic t = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    make_link(&b, count, step, true);
    assert_int_equal(traffic_parse(&b, &t), 0);
    assert_int_equal(t.count, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct vf_traffic *vf = &t.items[i];
        assert_int_equal(vf->index, i * step);
        assert_int_equal(vf->traffic.value[TRAFFIC_RX_BYTES],
                         100 * i * step + IFLA_VF_STATS_RX_BYTES);
        assert_int_equal(vf->traffic.value[TRAFFIC_TX_DROPPED],
                         100 * i * step + IFLA_VF_STATS_TX_DROPPED);
        assert_int_equal(vf->traffic.value[TRAFFIC_RX_BROADCAST],
                         100 * i * step + IFLA_VF_STATS_BROADCAST);
        /* A VF's errors are not counted by anybody. */
        assert_int_equal(vf->traffic.known & (1u << TRAFFIC_RX_ERRORS), 0);
    }
}

static void test_counters_of_vfs(void **state)
{
    check(1, 1);
    check(4, 1);
    check(4, 3);
}

static void test_a_list_that_wraps(void **state)
{
    for (uint32_t count = 218; count < 226; count++)
        check(count, 1);
    check(1000, 1);
}

static void test_counters_of_the_pf(void **state)
{
    _cleanup_(link_traffic_done) struct link_traffic t = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    make_link(&b, 300, 1, true);
    assert_int_equal(traffic_parse(&b, &t), 0);
    assert_true(t.pf.value[TRAFFIC_RX_BYTES] == UINT64_C(1) << 40);
    assert_int_equal(t.pf.value[TRAFFIC_TX_PACKETS], 7);
    assert_int_equal(t.pf.known & (1u << TRAFFIC_TX_ERRORS), 1u << TRAFFIC_TX_ERRORS);
    assert_int_equal(t.pf.known & (1u << TRAFFIC_RX_BROADCAST), 0);
}

static void test_zeros_say_nothing(void **state)
{
    _cleanup_(link_traffic_done) struct link_traffic zeros = { 0 }, counts = { 0 };
    _cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;
    make_link(&a, 8, 1, false);
    make_link(&b, 8, 1, true);
    assert_int_equal(traffic_parse(&a, &zeros), 0);
    assert_int_equal(traffic_parse(&b, &counts), 0);
    assert_false(traffic_has_vf_counts(&zeros));
    assert_true(traffic_has_vf_counts(&counts));
}

static void test_what_is_cut_short(void **state)
{
    struct link_traffic t = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    make_link(&b, 3, 1, true);
    for (size_t len = 1; len < b.len; len++) {
        struct buf part = { .data = b.data, .len = len };
        assert_int_equal(traffic_parse(&part, &t), -EBADMSG);
    }
    assert_null(t.items);
}

/* A kernel whose structure is shorter than ours: what is in it is known. */
static void test_an_older_kernel(void **state)
{
    _cleanup_(link_traffic_done) struct link_traffic t = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    make_link(&b, 0, 1, true);
    uint16_t len = (uint16_t)(4 + offsetof(struct rtnl_link_stats64, tx_errors));
    uint32_t whole = (uint32_t)(sizeof(struct nlmsghdr) + sizeof(struct ifinfomsg) + len);
    memcpy(b.data + sizeof(struct nlmsghdr) + sizeof(struct ifinfomsg), &len, sizeof(len));
    memcpy(b.data, &whole, sizeof(whole));
    b.len = whole;
    assert_int_equal(traffic_parse(&b, &t), 0);
    assert_int_equal(t.pf.value[TRAFFIC_TX_PACKETS], 7);
    assert_int_equal(t.pf.known & (1u << TRAFFIC_TX_ERRORS), 0);
}

static void test_requests(void **state)
{
    _cleanup_buf_ struct buf with = BUF_INIT, without = BUF_INIT;
    uint32_t mask;
    traffic_request(&with, 7, true);
    traffic_request(&without, 7, false);
    assert_int_equal(with.len, without.len);
    memcpy(&mask, with.data + with.len - sizeof(mask), sizeof(mask));
    assert_int_equal(mask, RTEXT_FILTER_VF);
    memcpy(&mask, without.data + without.len - sizeof(mask), sizeof(mask));
    assert_int_equal(mask & RTEXT_FILTER_VF, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_of_vfs),    cmocka_unit_test(test_a_list_that_wraps),
        cmocka_unit_test(test_counters_of_the_pf), cmocka_unit_test(test_zeros_say_nothing),
        cmocka_unit_test(test_what_is_cut_short),  cmocka_unit_test(test_an_older_kernel),
        cmocka_unit_test(test_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
