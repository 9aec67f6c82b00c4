/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a guest agent says, and the verdict on a VF from that and from what the host sees.
 */
#include "vm/check.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MAC UINT64_C(0x525400aabb01)

/* As qemu-ga 10.0 answers in a guest with a failover pair. */
static const char failover[] =
    "{\"return\":[{\"name\":\"lo\",\"ip-addresses\":[{\"ip-address-type\":\"ipv4\",\"ip-address\":"
    "\"127.0.0.1\",\"prefix\":8}],\"statistics\":{\"tx-packets\":0},\"hardware-address\":\"00:00:00:00:00:00\"},"
    "{\"name\":\"eth0nsby\",\"statistics\":{\"tx-packets\":0},\"hardware-address\":\"52:54:00:aa:bb:01\"},"
    "{\"name\":\"eth0\",\"ip-addresses\":[{\"ip-address-type\":\"ipv4\",\"ip-address\":\"192.0.2.7\",\"prefix\":24},"
    "{\"ip-address-type\":\"ipv6\",\"ip-address\":\"fe80::5054:ff:feaa:bb01\",\"prefix\":64},"
    "{\"ip-address-type\":\"ipv6\",\"ip-address\":\"2001:db8::7\",\"prefix\":64}],"
    "\"hardware-address\":\"52:54:00:aa:bb:01\"},{\"name\":\"eth1\"}]}\n";

static void test_parse(void **state)
{
    struct guest g = { 0 };
    assert_int_equal(guest_parse(failover, strlen(failover), &g), 0);
    assert_true(g.asked);
    assert_int_equal(g.count, 4);
    assert_string_equal(g.items[2].name, "eth0");
    assert_string_equal(g.items[2].addresses, "192.0.2.7/24 2001:db8::7/64");
    assert_string_equal(g.items[0].addresses, "");
    assert_false(g.items[3].has_mac);
    assert_string_equal(guest_find(&g, MAC)->name, "eth0");
    assert_null(guest_find(&g, MAC + 1));
    guest_done(&g);
}

static void test_strange_answers(void **state)
{
    static const char *const bad[] = {
        "",
        "nonsense",
        "{}",
        "[]",
        "{\"return\":{}}",
        "{\"return\":1}",
        "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"x\"}}"
    };
    static const char odd[] =
        "{\"return\":[1,{},{\"name\":\"a\\u001b[2Jb\",\"hardware-address\":\"x\",\"ip-addresses\":"
        "[1,{\"ip-address\":\"1\\n2\"},{\"ip-address\":\"192.0.2.1\"}]}]}";
    struct guest g = { 0 };
    for (size_t i = 0; i < ELEMENTS(bad); i++) {
        assert_int_equal(guest_parse(bad[i], strlen(bad[i]), &g), -EBADMSG);
        assert_false(g.asked);
    }
    assert_int_equal(guest_parse(odd, strlen(odd), &g), 0);
    assert_int_equal(g.count, 3);
    assert_string_equal(g.items[2].name, "a?[2Jb");
    assert_false(g.items[2].has_mac);
    assert_string_equal(g.items[2].addresses, "192.0.2.1/?");
    guest_done(&g);
}

/* Addresses that do not fit are left out whole. */
static void test_many_addresses(void **state)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct guest g = { 0 };
    buf_add_str(
        &text,
        "{\"return\":[{\"name\":\"e\",\"ip-addresses\":[{\"ip-address\":\"192.0.2.1\",\"prefix\":24}");
    for (int i = 0; i < 50; i++)
        buf_add_str(&text,
                    ",{\"ip-address\":\"2001:db8:1111:2222:3333:4444:5555:6666\",\"prefix\":64}");
    buf_add_str(&text, "]}]}");
    assert_int_equal(guest_parse(text.data, text.len, &g), 0);
    assert_true(str_ends(g.items[0].addresses, ":6666/64"));
    guest_done(&g);
}

struct row {
    const char *what;
    struct evidence seen;
    bool asked, has_interface, no_mac;
    enum check_verdict want;
};

#define ON                                                                                         \
    .open = SIGHT_YES, .interrupts_known = SIGHT_YES, .masters = SIGHT_YES, .interrupts = { 2, 100 }
#define OFF .open = SIGHT_YES, .interrupts_known = SIGHT_YES, .masters = SIGHT_NO

static const struct row rows[] = {
    { "host: at work", { ON }, .want = CHECK_UP },
    { "host: not turned on", { OFF }, .want = CHECK_NO_DRIVER },
    { "host: polls, without interrupts",
      { .open = SIGHT_YES, .interrupts_known = SIGHT_YES, .masters = SIGHT_YES },
      .want = CHECK_UP },
    { "host: nothing to be seen", { .open = SIGHT_YES }, .want = CHECK_UNKNOWN },
    { "host: only interrupts to be seen",
      { .open = SIGHT_YES, .interrupts_known = SIGHT_YES, .interrupts = { 1, 0 } },
      .want = CHECK_UP },
    { "not open", { .open = SIGHT_NO, .masters = SIGHT_YES }, .want = CHECK_ABSENT },
    { "agent: has it", { ON }, .asked = true, .has_interface = true, .want = CHECK_UP },
    { "agent: another interface has its address",
      { OFF },
      .asked = true,
      .has_interface = true,
      .want = CHECK_NO_DRIVER },
    { "agent: at work with another address", { ON }, .asked = true, .want = CHECK_OTHER_MAC },
    { "agent: no driver", { OFF }, .asked = true, .want = CHECK_NO_DRIVER },
    { "agent: cannot tell which it is", { ON }, .asked = true, .no_mac = true, .want = CHECK_UP },
    { "macvtap, agent has it",
      { .macvtap = "macvtap0" },
      .asked = true,
      .has_interface = true,
      .want = CHECK_UP },
    { "macvtap", { .macvtap = "macvtap0" }, .want = CHECK_UNKNOWN },
};

static void test_verdicts(void **state)
{
    struct guest_interface eth0 = { .name = "eth0", .has_mac = true, .mac = MAC };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct check c = { .has_mac = !rows[i].no_mac, .mac = MAC, .evidence = rows[i].seen };
        struct guest g = { .asked = rows[i].asked, .items = &eth0, .count = rows[i].has_interface };
        check_judge(&c, &g);
        if (c.verdict != rows[i].want)
            fail_msg("%s: %s (%s)", rows[i].what, check_verdict_name(c.verdict), c.reason);
        assert_true(c.reason[0]);
    }
    assert_true(check_is_bad(CHECK_NO_DRIVER) && check_is_bad(CHECK_OTHER_MAC) &&
                check_is_bad(CHECK_ABSENT));
    assert_false(check_is_bad(CHECK_UP) || check_is_bad(CHECK_UNKNOWN));
}

static void test_reasons(void **state)
{
    struct guest_interface eth0 = { .name = "eth0", .has_mac = true, .mac = MAC };
    struct guest g = { .asked = true, .items = &eth0, .count = 1 };
    struct check c = { .has_mac = true, .mac = MAC, .evidence = { ON } };
    check_judge(&c, &g);
    assert_string_equal(
        c.reason, "eth0 has its address; bus mastering is on, 2 interrupt vectors, 100 interrupts");
    c.mac++;
    check_judge(&c, &g);
    assert_string_equal(c.reason,
                        "no interface has 52:54:00:aa:bb:02; bus mastering is on, 2 interrupt "
                        "vectors, 100 interrupts");
}

static void test_interrupts(void **state)
{
    static char text[] =
        "           CPU0       CPU1       \n"
        "  1:          0          9   IO-APIC   1-edge      i8042\n"
        " 53:        100         20   PCI-MSIX-0000:01:10.0   0-edge  vfio-msix[0](0000:01:10.0)\n"
        " 54:          3          0   PCI-MSIX-0000:01:10.0   1-edge  vfio-msix[1](0000:01:10.0)\n"
        " 55:          7          0   PCI-MSIX-0000:01:10.2   0-edge  vfio-msix[0](0000:01:10.2)\n"
        " 56:          7          0   PCI-MSI 5   0-edge  vfio-msi[0](0000:01:11.0)\n"
        " 57:          7          0   IO-APIC   1-edge  vfio-intx(0000:01:10.0)\n"
        "NMI:          0          0   Non-maskable interrupts\n";
    static const struct {
        const char *pci;
        unsigned vectors;
        uint64_t count;
    } wanted[] = { { "0000:01:10.0", 2, 123 },
                   { "0000:01:10.2", 1, 7 },
                   { "0000:01:11.0", 1, 7 },
                   { "0000:01:1", 0, 0 } };
    for (size_t i = 0; i < ELEMENTS(wanted); i++) {
        _cleanup_(fclose_p) FILE *file = fmemopen(text, strlen(text), "r");
        struct vfio_interrupts found = { 0 };
        assert_int_equal(vfio_interrupts_parse(file, wanted[i].pci, &found), 0);
        assert_int_equal(found.vectors, wanted[i].vectors);
        assert_int_equal(found.count, wanted[i].count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),          cmocka_unit_test(test_strange_answers),
        cmocka_unit_test(test_many_addresses), cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_reasons),        cmocka_unit_test(test_interrupts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
