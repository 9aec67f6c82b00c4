/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which addresses belong into a PF's filter table, and which of those in it are ours. The changes
 * themselves are made on a kernel, in tests/lab/daemon-fdb.sh; here a backend stands in for it that
 * answers as a card with few places does.
 */
#include "daemon/fdb-plan.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mac.h"
#include "kernel/bridge-events.h"
#include "kernel/mnl.h"
#include "kernel/spawn.h"

#define PF "0000:01:00.0"
#define PF_LINK 2
#define BOND 3
#define BRIDGE 4
#define VETH 5
#define MAC(n) (UINT64_C(0x525400bb0000) + (n))

/* ---- the file of marks ---- */

static int parse(const char *text, struct fdb_marks *ret)
{
    char copy[512];
    STR_SET(copy, text);
    return fdb_marks_parse(copy, "boot-1", ret);
}

static void test_marks_and_back(void **state)
{
    _cleanup_(fdb_marks_done) struct fdb_marks marks = { 0 }, again = { 0 };
    _cleanup_buf_ struct buf text = BUF_INIT;
    fdb_marks_add(&marks, PF, MAC(1));
    fdb_marks_add(&marks, "netdevsim1", MAC(1));
    fdb_marks_add(&marks, PF, MAC(1)); /* once is enough */
    assert_int_equal(marks.count, 2);
    fdb_marks_format(&marks, "boot-1", &text);
    assert_string_equal(text.data,
                        "boot-1\n" PF " 52:54:00:bb:00:01\nnetdevsim1 52:54:00:bb:00:01\n");
    assert_int_equal(parse(text.data, &again), 0);
    assert_int_equal(again.count, 2);
    assert_true(fdb_marks_has(&again, PF, MAC(1)) && fdb_marks_has(&again, "netdevsim1", MAC(1)));
    fdb_marks_remove(&again, PF, MAC(1));
    assert_false(fdb_marks_has(&again, PF, MAC(1)));
    assert_true(fdb_marks_has(&again, "netdevsim1", MAC(1)));
}

static void test_marks_of_an_earlier_boot(void **state)
{
    struct fdb_marks marks = { .count = 9 };
    assert_int_equal(parse("boot-0\n" PF " 52:54:00:bb:00:01\n", &marks), 0);
    assert_int_equal(marks.count, 0);
}

static void test_marks_that_are_none(void **state)
{
    static const char *const texts[] = {
        "boot-1\nx",
        "boot-1\n 52:54:00:bb:00:01",
        "boot-1\n" PF " 52:54:00:bb:00",
        "boot-1\n" PF " 52:54:00:bb:00:01\n" PF " what",
        "boot-1\n0000:01:00.0-and-so-on-and-so-on-and-on 52:54:00:bb:00:01",
    };
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        struct fdb_marks marks = { .count = 9 };
        assert_int_equal(parse(texts[i], &marks), -EINVAL);
        assert_int_equal(marks.count, 9);
    }
}

/* ---- a machine ---- */

static struct rtnl_link links[] = {
    { .ifindex = PF_LINK, .master = BRIDGE, .name = "enp1s0" },
    { .ifindex = BOND, .name = "bond0", .kind = "bond" },
    { .ifindex = BRIDGE, .name = "br0", .kind = "bridge", .has_mac = true, .mac = MAC(0x10) },
    { .ifindex = VETH, .master = BRIDGE, .name = "veth0", .kind = "veth" },
};
static struct vf vfs[] = {
    { .index = 0, .attrs = { .known = 1u << SRIOV_MAC, .value = { [SRIOV_MAC] = MAC(0x20) } } },
};
static struct pf pf = {
    .key = PF,
    .name = "enp1s0",
    .ifindex = PF_LINK,
    .has_mac = true,
    .mac = MAC(0x30),
    .vfs = vfs,
    .n_vfs = 1,
};
static struct snapshot machine = {
    .pfs = &pf,
    .n_pfs = 1,
    .links = { links, ELEMENTS(links) },
};

static void test_which_bridge(void **state)
{
    struct fdb_port port = { 0 };
    assert_true(fdb_find_bridge(&machine, &pf, &port));
    assert_int_equal(port.port, PF_LINK);
    assert_int_equal(port.bridge->ifindex, BRIDGE);
    links[0].master = BOND;
    assert_false(fdb_find_bridge(&machine, &pf, &port));
    links[1].master = BRIDGE;
    assert_true(fdb_find_bridge(&machine, &pf, &port));
    assert_int_equal(port.port, BOND);
    links[1].master = PF_LINK; /* a ring cannot be, and is no end */
    assert_false(fdb_find_bridge(&machine, &pf, &port));
    links[1].master = 0;
    links[0].master = 77; /* in another namespace */
    assert_false(fdb_find_bridge(&machine, &pf, &port));
    links[0].master = BRIDGE;
}

static void test_what_is_wanted(void **state)
{
    static struct fdb_entry entries[] = {
        { .ifindex = VETH, .mac = MAC(1) },
        { .ifindex = VETH, .mac = MAC(1) },                /* in another VLAN */
        { .ifindex = PF_LINK, .mac = MAC(2) },             /* out on the wire */
        { .ifindex = VETH, .mac = MAC(3), .local = true }, /* the host's end of the pair */
        { .ifindex = PF_LINK, .mac = MAC(4), .self = true },
        { .ifindex = VETH, .mac = MAC(0x20) }, /* a VF's, that somebody uses twice */
        { .ifindex = VETH, .mac = MAC(0x30) }, /* the PF's */
    };
    const struct fdb fdb = { entries, ELEMENTS(entries) };
    _cleanup_(fdb_marks_done) struct fdb_marks wanted = { 0 };
    struct fdb_port port;
    assert_true(fdb_find_bridge(&machine, &pf, &port));
    assert_int_equal(fdb_wanted(&port, &fdb, &wanted), 0);
    assert_int_equal(wanted.count, 2);
    assert_true(fdb_marks_has(&wanted, PF, MAC(1)));
    assert_true(fdb_marks_has(&wanted, PF, MAC(0x10))); /* the bridge itself */
}

/* ---- a card with few places ---- */

#define PLACES 4

struct card {
    struct backend backend;
    uint64_t behind[8], table[8]; /* 0: empty */
    uint64_t unseen;              /* in the table, and came there after it was read */
    unsigned writes;
};

static uint64_t *find(uint64_t *macs, size_t count, uint64_t mac)
{
    for (size_t i = 0; i < count; i++) {
        if (macs[i] == mac)
            return &macs[i];
    }
    return NULL;
}

static void add_entries(struct buf *out, const uint64_t macs[8], uint64_t unseen, int ifindex,
                        uint8_t flags)
{
    struct ndmsg entry = { .ndm_family = AF_BRIDGE, .ndm_ifindex = ifindex, .ndm_flags = flags };
    for (size_t i = 0; i < 8; i++) {
        uint8_t bytes[6];
        struct message m;
        if (macs[i] == 0 || macs[i] == unseen)
            continue;
        mac_to_bytes(macs[i], bytes);
        message_start(&m, RTM_NEWNEIGH, 0, &entry, sizeof(entry));
        message_put(&m, NDA_LLADDR, bytes, sizeof(bytes));
        message_finish(&m, out);
    }
}

static int answer(struct backend *b, int protocol, const void *request, struct buf *ret,
                  struct nl_ack *ack)
{
    struct card *c = (struct card *)b;
    struct ndmsg entry;
    memcpy(&entry, mnl_nlmsg_get_payload(request), sizeof(entry));
    if (entry.ndm_ifindex == PF_LINK)
        add_entries(ret, c->table, c->unseen, PF_LINK, NTF_SELF);
    else
        add_entries(ret, c->behind, 0, VETH, NTF_MASTER);
    return buf_ok(ret);
}

static uint64_t mac_of(const struct nlmsghdr *message)
{
    struct nl_attrs attrs;
    struct nl_attr a = { 0 };
    assert_int_equal(message_attrs(message, sizeof(struct ndmsg), &attrs), 0);
    assert_int_equal(nl_attr_next(&attrs, &a), 1);
    assert_int_equal(a.type, NDA_LLADDR);
    return mac_from_bytes((const uint8_t *)a.data);
}

static int change_one(struct card *c, const struct nlmsghdr *message)
{
    uint64_t mac = mac_of(message), *place = find(c->table, 8, mac);
    struct ndmsg entry;
    memcpy(&entry, mnl_nlmsg_get_payload(message), sizeof(entry));
    assert_int_equal(entry.ndm_ifindex, PF_LINK);
    assert_true((entry.ndm_flags & NTF_SELF) && (entry.ndm_state & NUD_PERMANENT));
    c->writes++;
    if (message->nlmsg_type == RTM_DELNEIGH) {
        if (place)
            *place = 0;
        return place ? 0 : -ENOENT;
    }
    assert_true(message->nlmsg_flags & NLM_F_EXCL);
    if (place)
        return -EEXIST;
    place = find(c->table, PLACES, 0);
    if (place)
        *place = mac;
    return place ? 0 : -ENOMEM;
}

static int change(struct backend *b, int protocol, const struct buf *batch, struct nl_ack *acks,
                  size_t count)
{
    const struct nlmsghdr *message;
    size_t offset = 0, i = 0;
    while (message_next(batch, &offset, &message) > 0)
        acks[i++].error = change_one((struct card *)b, message);
    assert_int_equal(i, count);
    return 0;
}

static const struct backend_ops card_ops = { .name = "card",
                                             .nl_query = answer,
                                             .nl_change = change };

static char folder[64];

static int make_folder(void **state)
{
    STR_SET(folder, "/tmp/sriovd-test-fdb.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    return spawn_and_wait((const char *[]){ "rm", "-r", folder, NULL }, NULL, 0);
}

static void keep(struct card *c, struct fdb_port *port, struct fdb_marks *marks)
{
    _cleanup_(fdb_marks_done) struct fdb_marks saved = { 0 };
    assert_int_equal(fdb_keep(&c->backend, folder, port, marks), 0);
    assert_int_equal(fdb_marks_load(folder, &saved), 0);
    assert_int_equal(saved.count, marks->count);
}

static void test_in_and_out(void **state)
{
    struct card c = { .backend.ops = &card_ops, .behind = { MAC(1), MAC(2) }, .table = { MAC(9) } };
    _cleanup_(fdb_marks_done) struct fdb_marks marks = { 0 };
    struct fdb_port port;
    assert_true(fdb_find_bridge(&machine, &pf, &port));
    keep(&c, &port, &marks);
    assert_true(find(c.table, 8, MAC(1)) && find(c.table, 8, MAC(2)) &&
                find(c.table, 8, MAC(0x10)));
    assert_int_equal(marks.count, 3);
    assert_false(port.more || port.error || port.left_out);
    c.writes = 0;
    keep(&c, &port, &marks);
    assert_int_equal(c.writes, 0); /* equal is nothing to do */
    c.behind[0] = 0;
    keep(&c, &port, &marks);
    assert_null(find(c.table, 8, MAC(1)));
    assert_int_equal(c.writes, 1);
    *find(c.table, 8, MAC(2)) = 0; /* somebody took it out, or the driver was loaded anew */
    keep(&c, &port, &marks);
    assert_non_null(find(c.table, 8, MAC(2)));
    port.bridge = NULL; /* switched off */
    keep(&c, &port, &marks);
    assert_int_equal(marks.count, 0);
    assert_true(c.table[0] == MAC(9) && !c.table[1] && !c.table[2] && !c.table[3]);
}

/* There before us, or put there between our look and our change: not ours, and it stays. */
static void test_what_is_of_others(void **state)
{
    struct card c = { .backend.ops = &card_ops,
                      .behind = { MAC(1), MAC(2) },
                      .table = { MAC(1), MAC(2) },
                      .unseen = MAC(2) };
    _cleanup_(fdb_marks_done) struct fdb_marks marks = { 0 };
    struct fdb_port port;
    assert_true(fdb_find_bridge(&machine, &pf, &port));
    keep(&c, &port, &marks);
    assert_int_equal(marks.count, 1); /* that of the bridge itself */
    assert_int_equal(port.error, 0);
    assert_int_equal(port.left_out, 0);
    c.unseen = c.behind[0] = c.behind[1] = 0;
    keep(&c, &port, &marks);
    assert_true(find(c.table, 8, MAC(1)) && find(c.table, 8, MAC(2)));
}

static void test_a_full_table(void **state)
{
    struct card c = { .backend.ops = &card_ops,
                      .behind = { MAC(1), MAC(2), MAC(3), MAC(4), MAC(5), MAC(6) } };
    _cleanup_(fdb_marks_done) struct fdb_marks marks = { 0 };
    struct fdb_port port;
    assert_true(fdb_find_bridge(&machine, &pf, &port));
    keep(&c, &port, &marks);
    assert_true(fdb_is_full(port.error));
    assert_int_equal(port.left_out, 3); /* seven with the bridge's own, and four places */
    assert_int_equal(marks.count, PLACES);
    assert_false(port.more);
    c.writes = 0;
    keep(&c, &port, &marks);
    assert_int_equal(c.writes, 1); /* it is full still, as one try shows */
    c.behind[0] = 0;
    keep(&c, &port, &marks);
    assert_int_equal(port.left_out, 2);
    assert_int_equal(marks.count, PLACES);
}

/* ---- events ---- */

static bool matters(uint16_t type, uint8_t family, uint8_t flags)
{
    struct ndmsg entry = { .ndm_family = family, .ndm_flags = flags };
    _cleanup_buf_ struct buf datagram = BUF_INIT;
    struct message m;
    message_start(&m, type, 0, &entry, sizeof(entry));
    message_finish(&m, &datagram);
    return bridge_events_matter(&datagram);
}

static void test_events(void **state)
{
    assert_true(matters(RTM_NEWNEIGH, AF_BRIDGE, NTF_MASTER));
    assert_true(matters(RTM_DELNEIGH, AF_BRIDGE, NTF_MASTER));
    assert_true(matters(RTM_DELNEIGH, AF_BRIDGE, NTF_SELF));
    assert_false(matters(RTM_NEWNEIGH, AF_BRIDGE, NTF_SELF)); /* our own */
    assert_false(matters(RTM_NEWNEIGH, AF_INET, 0));
    assert_false(matters(RTM_NEWLINK, AF_BRIDGE, 0));
    assert_false(bridge_events_matter(&(struct buf){ .data = (char *)"short", .len = 5 }));
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_and_back),
        cmocka_unit_test(test_marks_of_an_earlier_boot),
        cmocka_unit_test(test_marks_that_are_none),
        cmocka_unit_test(test_which_bridge),
        cmocka_unit_test(test_what_is_wanted),
        in_folder(test_in_and_out),
        in_folder(test_what_is_of_others),
        in_folder(test_a_full_table),
        cmocka_unit_test(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
