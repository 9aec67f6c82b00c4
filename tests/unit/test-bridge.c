/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Forwarding tables, bridge modes and ethtool features as bytes. That a kernel understands the
 * requests is tested in the lab.
 */
#include "kernel/bridge.h"

#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "kernel/ethtool.h"
#include "kernel/mnl.h"

/* ---- forwarding tables ---- */

struct line {
    int ifindex;
    uint8_t flags;
    uint16_t state;
    uint8_t mac[6];
};

static void add_line(struct buf *b, const struct line *line)
{
    struct ndmsg entry = {
        .ndm_family = AF_BRIDGE,
        .ndm_ifindex = line->ifindex,
        .ndm_flags = line->flags,
        .ndm_state = line->state,
    };
    struct message m;
    message_start(&m, RTM_NEWNEIGH, 0, &entry, sizeof(entry));
    message_put_u32(&m, NDA_VLAN, 7);
    message_put(&m, NDA_LLADDR, line->mac, sizeof(line->mac));
    message_finish(&m, b);
}

static void test_fdb(void **state)
{
    static const struct line lines[] = {
        { 5, NTF_MASTER, NUD_REACHABLE, { 0x52, 0x54, 0, 0xbb, 0, 2 } },
        { 5, NTF_MASTER, NUD_PERMANENT, { 0x52, 0x54, 0, 0xbb, 0, 1 } },
        { 2, NTF_SELF, NUD_PERMANENT, { 0x52, 0x54, 0, 0xbb, 0, 3 } },
        { 2, NTF_SELF, NUD_PERMANENT, { 0x33, 0x33, 0, 0, 0, 1 } },
        { 2, NTF_SELF, NUD_PERMANENT, { 0 } },
    };
    _cleanup_(fdb_done) struct fdb fdb = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    for (size_t i = 0; i < ELEMENTS(lines); i++)
        add_line(&b, &lines[i]);
    assert_int_equal(bridge_parse_fdb(&b, &fdb), 0);
    assert_int_equal(fdb.count, 3); /* neither multicast nor zeros */
    assert_int_equal(fdb.items[0].ifindex, 5);
    assert_int_equal(fdb.items[0].mac, 0x525400bb0002);
    assert_false(fdb.items[0].self || fdb.items[0].local);
    assert_true(fdb.items[1].local && !fdb.items[1].self);
    assert_true(fdb.items[2].self && fdb.items[2].ifindex == 2);
}

static void test_fdb_cut_short(void **state)
{
    static const struct line line = { 5, NTF_MASTER, NUD_REACHABLE, { 2, 0, 0, 0, 0, 1 } };
    _cleanup_buf_ struct buf b = BUF_INIT;
    struct fdb fdb = { .count = 99 };
    add_line(&b, &line);
    for (size_t len = 1; len < b.len; len++) {
        struct buf cut = { .data = b.data, .len = len };
        assert_int_equal(bridge_parse_fdb(&cut, &fdb), -EBADMSG);
    }
    assert_int_equal(fdb.count, 99);
}

static void test_question_names_the_bridge(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    const struct nlmsghdr *message;
    struct nl_attrs attrs;
    size_t offset = 0;
    struct nl_attr a;
    uint32_t bridge;
    bridge_request_fdb(&b, 12);
    assert_int_equal(message_next(&b, &offset, &message), 1);
    assert_int_equal(message->nlmsg_type, RTM_GETNEIGH);
    assert_true(message->nlmsg_flags & NLM_F_DUMP);
    assert_int_equal(message_attrs(message, sizeof(struct ndmsg), &attrs), 0);
    assert_int_equal(nl_attr_next(&attrs, &a), 1);
    assert_int_equal(a.type, NDA_MASTER);
    assert_int_equal(nl_attr_u32(&a, &bridge), 0);
    assert_int_equal(bridge, 12);
}

/* ---- bridge modes ---- */

static void add_mode(struct buf *b, int ifindex, int mode)
{
    struct ifinfomsg info = { .ifi_family = AF_BRIDGE, .ifi_index = ifindex };
    struct nlattr *nest;
    struct message m;
    message_start(&m, RTM_NEWLINK, 0, &info, sizeof(info));
    message_put_text(&m, IFLA_IFNAME, "enp1s0");
    nest = message_nest(&m, IFLA_AF_SPEC);
    message_put_u16(&m, IFLA_BRIDGE_FLAGS, BRIDGE_FLAGS_SELF);
    if (mode >= 0)
        message_put_u16(&m, IFLA_BRIDGE_MODE, (uint16_t)mode);
    message_nest_end(&m, nest);
    message_finish(&m, b);
}

static void test_modes(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    enum bridge_mode mode = 99;
    add_mode(&b, 2, BRIDGE_MODE_VEPA);
    add_mode(&b, 3, BRIDGE_MODE_VEB);
    add_mode(&b, 4, -1);
    assert_int_equal(bridge_parse_mode(&b, 4, &mode), -ENOENT);
    assert_int_equal(bridge_parse_mode(&b, 9, &mode), -ENOENT);
    assert_int_equal(mode, 99);
    assert_int_equal(bridge_parse_mode(&b, 2, &mode), 0);
    assert_int_equal(mode, BRIDGE_VEPA);
    assert_int_equal(bridge_parse_mode(&b, 3, &mode), 0);
    assert_int_equal(mode, BRIDGE_VEB);
}

static void test_mode_cut_short(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    enum bridge_mode mode = 99;
    add_mode(&b, 2, BRIDGE_MODE_VEPA);
    for (size_t len = 1; len < b.len; len++) {
        struct buf cut = { .data = b.data, .len = len };
        assert_int_equal(bridge_parse_mode(&cut, 2, &mode), -EBADMSG);
    }
    assert_int_equal(mode, 99);
}

/* ---- ethtool features ---- */

static void put_bit(struct message *m, const char *name, bool value)
{
    struct nlattr *bit = message_nest(m, ETHTOOL_A_BITSET_BITS_BIT);
    message_put_u32(m, ETHTOOL_A_BITSET_BIT_INDEX, 3);
    message_put_text(m, ETHTOOL_A_BITSET_BIT_NAME, name);
    if (value)
        message_put(m, ETHTOOL_A_BITSET_BIT_VALUE, NULL, 0);
    message_nest_end(m, bit);
}

/* `mask`: both bits are listed, the value says which is set; else only the set one is. */
static void put_set(struct message *m, uint16_t type, bool mask, bool on)
{
    struct nlattr *set = message_nest(m, type), *bits;
    if (!mask)
        message_put(m, ETHTOOL_A_BITSET_NOMASK, NULL, 0);
    message_put_u32(m, ETHTOOL_A_BITSET_SIZE, 64);
    bits = message_nest(m, ETHTOOL_A_BITSET_BITS);
    put_bit(m, "rx-checksum", mask && !on);
    if (mask || on)
        put_bit(m, "hw-tc-offload", mask && on);
    message_nest_end(m, bits);
    message_nest_end(m, set);
}

static void make_features(struct buf *b, bool mask, bool changeable, bool on)
{
    struct genlmsghdr header = { .cmd = ETHTOOL_MSG_FEATURES_GET_REPLY };
    struct message m;
    message_start(&m, 21, 0, &header, sizeof(header));
    put_set(&m, ETHTOOL_A_FEATURES_HW, mask, changeable);
    put_set(&m, ETHTOOL_A_FEATURES_ACTIVE, mask, on);
    message_finish(&m, b);
}

static void test_features(void **state)
{
    for (unsigned bits = 0; bits < 8; bits++) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        bool mask = bits & 1, changeable = bits & 2, on = bits & 4;
        struct ethtool_feature f = { 0 };
        make_features(&b, mask, changeable, on);
        assert_int_equal(ethtool_parse_feature(&b, "hw-tc-offload", &f), 0);
        assert_int_equal(f.changeable, changeable);
        assert_int_equal(f.on, on);
        assert_int_equal(ethtool_parse_feature(&b, "no-such-feature", &f), 0);
        assert_false(f.changeable || f.on);
    }
}

static void test_features_cut_short(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    struct ethtool_feature f = { .on = true };
    make_features(&b, true, true, false);
    for (size_t len = 1; len < b.len; len++) {
        struct buf cut = { .data = b.data, .len = len };
        assert_int_equal(ethtool_parse_feature(&cut, "hw-tc-offload", &f), -EBADMSG);
    }
    assert_true(f.on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fdb),
        cmocka_unit_test(test_fdb_cut_short),
        cmocka_unit_test(test_question_names_the_bridge),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_mode_cut_short),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_features_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
