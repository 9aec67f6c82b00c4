/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pure parts of failover and migration: which NIC of a domain stands by, its XML, what a
 * guest's agent says of its system, and the notes of VFs that are away, which must come back as
 * they left.
 */
#include "vm/away.h"
#include "vm/standby.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define STANDBY(mac, alias)                                                                        \
    "<interface type='bridge'><mac address='" mac "'/><source bridge='br0'/>"                      \
    "<teaming type='persistent'/><alias name='" alias "'/></interface>\n"
#define PRIMARY(partner)                                                                           \
    "<interface type='hostdev' managed='yes'><mac address='52:54:00:00:00:01'/>\n"                 \
    "<source><address type='pci' domain='0x0000' bus='0x01' slot='0x10' function='0x6'/></source>" \
    "<vlan><tag id='42'/></vlan>\n"                                                                \
    "<teaming type='transient' persistent='" partner "'/><alias name='ua-vf'/></interface>\n"

static void test_finds_standby(void **state)
{
    struct standby s;
    assert_false(standby_find("<domain/>", &s));
    assert_false(standby_find(
        "<domain>" STANDBY("52:54:00:00:00:01", "ua-a") PRIMARY("ua-a") "</domain>", &s));
    assert_true(standby_find("<domain>" STANDBY("52:54:00:00:00:01", "ua-a") PRIMARY("ua-a")
                                 STANDBY("52:54:00:00:00:02", "ua-b") "</domain>",
                             &s));
    assert_string_equal(s.alias, "ua-b");
    assert_int_equal(s.mac, 0x525400000002);
    assert_int_equal(s.made, 0);
}

static void test_machine(void **state)
{
    char machine[64];
    standby_machine("<domain type='kvm'><os><type arch='x86_64' machine='pc-q35-10.0'>hvm</type>",
                    machine, sizeof(machine));
    assert_string_equal(machine, "pc-q35-10.0");
    standby_machine("<domain type='kvm'/>", machine, sizeof(machine));
    assert_string_equal(machine, "");
}

static void test_xml(void **state)
{
    const struct standby s = { .alias = "ua-a", .mac = 0x525400000001 };
    _cleanup_buf_ struct buf network = BUF_INIT, ovs = BUF_INIT;
    standby_xml(&s, STANDBY_NETWORK, "a'b", &network);
    assert_string_equal(network.data, "<interface type='network'>\n"
                                      "  <mac address='52:54:00:00:00:01'/>\n"
                                      "  <source network='a&apos;b'/>\n"
                                      "  <model type='virtio'/>\n"
                                      "  <teaming type='persistent'/>\n"
                                      "  <alias name='ua-a'/>\n"
                                      "</interface>\n");
    standby_xml(&s, STANDBY_OVS, "br0", &ovs);
    assert_non_null(strstr(ovs.data, "<interface type='bridge'>"));
    assert_non_null(strstr(ovs.data, "<virtualport type='openvswitch'/>"));
}

static const char *judge(const char *answer)
{
    return standby_judge_guest(answer, strlen(answer));
}

static void test_guest(void **state)
{
    assert_null(judge("{\"return\":{\"id\":\"debian\",\"kernel-release\":\"6.12.4-amd64\"}}"));
    assert_null(judge("{\"return\":{\"id\":\"debian\",\"kernel-release\":\"4.18.0\"}}"));
    assert_non_null(judge("{\"return\":{\"id\":\"centos\",\"kernel-release\":\"3.10.0-1160\"}}"));
    assert_non_null(judge("{\"return\":{\"id\":\"debian\",\"kernel-release\":\"4.9.0\"}}"));
    /* Nobody knows: the guest is tried. */
    assert_null(judge("{\"return\":{\"id\":\"mswindows\",\"kernel-release\":\"10.0\"}}"));
    assert_null(judge("{\"return\":{\"id\":\"debian\"}}"));
    assert_null(judge("{\"return\":[]}"));
    assert_null(judge("no JSON"));
}

/* ---- what is away ---- */

#define NOTES "<metadata><sriovd:devices xmlns:sriovd='urn:sriovd:domain:1'>"

/* What away_keep writes, as away_list finds it. */
static void test_notes(void **state)
{
    struct vm vm;
    struct away left, found[AWAY_MAX];
    assert_int_equal(vm_parse("<domain>" NOTES
                              "<sriovd:device alias='ua-vf' settings='qos=3 trust=on'/>"
                              "</sriovd:devices></metadata>" PRIMARY("ua-a") "</domain>",
                              &vm),
                     0);
    assert_true(away_describe(&vm, &vm.devices[0], &left));
    assert_string_equal(left.note, "away ua-vf");
    assert_string_equal(left.partner, "ua-a");
    assert_string_equal(left.settings, "mac=52:54:00:00:00:01 vlan=42 qos=3 trust=on");
    vm_done(&vm);

    assert_int_equal(vm_parse("<domain>" NOTES
                              "<sriovd:device alias='ua-other' settings='trust=on'/>"
                              "<sriovd:device alias='away ua-vf' settings='partner=ua-a "
                              "mac=52:54:00:00:00:01 vlan=42 qos=3 trust=on'/>"
                              "<sriovd:device alias='away ua-2' settings='vlan=7'/>"
                              "</sriovd:devices></metadata></domain>",
                              &vm),
                     0);
    assert_int_equal(away_list(&vm, found), 2);
    assert_string_equal(found[0].note, left.note);
    assert_string_equal(found[0].partner, left.partner);
    assert_string_equal(found[0].settings, left.settings);
    assert_string_equal(found[1].partner, "");
    assert_string_equal(found[1].settings, "vlan=7");
    vm_done(&vm);
}

/* A note that would be cut is none. */
static void test_too_long(void **state)
{
    struct vm_note note = { .alias = "ua-vf" };
    struct vm vm = { .notes = &note, .n_notes = 1 };
    struct vm_entry e = { .alias = "ua-vf", .partner = "ua-standby" };
    struct away left;
    memset(note.settings, 'x', sizeof(note.settings) - 1);
    assert_false(away_describe(&vm, &e, &left));
    note.settings[200] = '\0';
    assert_true(away_describe(&vm, &e, &left));
    memset(e.alias, 'a', sizeof(e.alias) - 1); /* "away " does not fit before it */
    STR_SET(note.alias, e.alias);
    assert_false(away_describe(&vm, &e, &left));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_standby), cmocka_unit_test(test_machine),
        cmocka_unit_test(test_xml),           cmocka_unit_test(test_guest),
        cmocka_unit_test(test_notes),         cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
