/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What checks of the areas create, vm and operations read out of texts: who makes the VFs of a PF
 * by files of other programs, libvirt's domains and networks, networkd's files, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "doctor/create.h"
#include "doctor/libvirt.h"
#include "doctor/managers.h"
#include "doctor/operations.h"

/* ---- managers ---- */

static struct pf pf1 = {
    .key = "0000:01:00.0",
    .name = "enp1s0",
    .driver = "igb",
    .has_mac = true,
    .mac = 0x525400110001,
};

/* How many lines of `text`, found as `path` in the place `folder`, are about the PF; the first of
 * them in *ret_line. */
static size_t lines_about_pf(const char *folder, const char *path, const char *text,
                             unsigned *ret_line)
{
    struct manager_file file = { .place = manager_place(folder), .text = (char *)text };
    struct managers found = { 0 };
    size_t count;

    assert_true(file.place != SIZE_MAX);
    STR_SET(file.path, path);
    assert_int_equal(managers_find_in(&file, &pf1, &found), 0);
    count = found.count;
    *ret_line = count > 0 ? found.items[0].line : 0;
    managers_done(&found);
    return count;
}

static void test_manager_in_a_file(void **state)
{
    static const char folder[] = "/etc/systemd/network", path[] = "/etc/systemd/network/a.link";
    unsigned line;

    assert_int_equal(lines_about_pf(folder, path,
                                    "[Match]\nOriginalName=enp1s0\n[Link]\n"
                                    "SR-IOVVirtualFunctions=4\n",
                                    &line),
                     1);
    assert_int_equal(line, 4);
    assert_int_equal(lines_about_pf(folder, path,
                                    "[Match]\nPath=pci-0000:01:00.0\n[Link]\n"
                                    "SR-IOVVirtualFunctions=4",
                                    &line),
                     1);
    assert_int_equal(lines_about_pf(folder, path,
                                    "[Match]\nMACAddress=52:54:00:11:00:01\n[Link]\n"
                                    "SR-IOVVirtualFunctions=4",
                                    &line),
                     1);
    assert_int_equal(lines_about_pf(folder, path,
                                    "[Match]\nOriginalName=enp1*\n[Link]\n"
                                    "SR-IOVVirtualFunctions=4",
                                    &line),
                     1);
    /* another PF, and one whose name only begins like ours */
    assert_int_equal(lines_about_pf(folder, path,
                                    "[Match]\nOriginalName=enp1s0f1\n[Link]\n"
                                    "SR-IOVVirtualFunctions=4",
                                    &line),
                     0);
    assert_int_equal(lines_about_pf(folder, path,
                                    "[Match]\nOriginalName=enp1s0\n[Link]\n"
                                    "#SR-IOVVirtualFunctions=4",
                                    &line),
                     0);
}

static void test_manager_in_a_line(void **state)
{
    static const char folder[] = "/etc/udev/rules.d", path[] = "/etc/udev/rules.d/a.rules";
    unsigned line;

    assert_int_equal(lines_about_pf(folder, path,
                                    "# enp1s0\n"
                                    "NAME==\"enp2s0\", ATTR{device/sriov_numvfs}=\"2\"\n"
                                    "NAME==\"enp1s0\", ATTR{device/sriov_numvfs}=\"6\"\n",
                                    &line),
                     1);
    assert_int_equal(line, 3);
    assert_int_equal(lines_about_pf("/etc/modprobe.d", "/etc/modprobe.d/igb.conf",
                                    "options ixgbe max_vfs=4\noptions igb max_vfs=7\n", &line),
                     1);
    assert_int_equal(line, 2);
}

static void test_manager_in_an_entry(void **state)
{
    static const char netplan[] = "network:\n  version: 2\n  ethernets:\n    enp1s0:\n"
                                  "      dhcp4: no\n    enp2s0:\n"
                                  "      virtual-function-count: 3\n";
    static const char interfaces[] = "auto enp1s0\niface enp1s0 inet dhcp\n"
                                     "iface enp2s0 inet manual\n"
                                     "    up echo 4 > /sys/class/net/enp2s0/device/sriov_numvfs\n";
    static const char policy[] = "pfs:\n- match: {name: enp2s0}\n  num_vfs: 1\n"
                                 "- match: {name: enp1s0}\n  num_vfs: 2\n";
    unsigned line;

    assert_int_equal(lines_about_pf("/etc/netplan", "/etc/netplan/a.yaml", netplan, &line), 0);
    assert_int_equal(
        lines_about_pf("/etc/network/interfaces", "/etc/network/interfaces", interfaces, &line), 0);
    assert_int_equal(lines_about_pf("/etc/sriovd", "/etc/sriovd/a.yaml", policy, &line), 1);
    assert_int_equal(line, 5);
    STR_SET(pf1.name, "enp2s0");
    assert_int_equal(lines_about_pf("/etc/netplan", "/etc/netplan/a.yaml", netplan, &line), 1);
    assert_int_equal(line, 7);
    assert_int_equal(
        lines_about_pf("/etc/network/interfaces", "/etc/network/interfaces", interfaces, &line), 1);
    assert_int_equal(line, 4);
    STR_SET(pf1.name, "enp1s0");
}

static void test_managers_are_counted_once(void **state)
{
    struct manager items[] = {
        { .owner = "systemd", .makes_vfs = true },
        { .owner = "systemd", .makes_vfs = true },
        { .owner = "netplan", .makes_vfs = false },
        { .owner = "udev", .makes_vfs = true },
    };
    struct managers m = { .items = items, .count = ELEMENTS(items) };

    assert_int_equal(managers_count_makers(&m), 2);
}

/* ---- libvirt ---- */

static void test_domain(void **state)
{
    struct vm vm = { 0 };

    assert_int_equal(
        vm_parse("<!-- <b/><name>no</name> --><domain type='kvm'>\n <name>web1</name>\n"
                 "<memoryBacking><hugepages/></memoryBacking><devices>\n"
                 "<controller type='pci' index='1' model='pcie-root-port'/>\n"
                 "<controller type=\"pci\" index=\"2\" model=\"pcie-root-port\"/>\n"
                 "<interface type='hostdev' managed='yes'><mac address='52:54:00:aa:bb:01'/>\n"
                 " <source><address type='pci' domain='0x0000' bus='0x01' slot='0x10' "
                 "function='0x6'/></source><teaming type='transient' persistent='ua-b'/>\n"
                 " <address type='pci' domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>\n"
                 "</interface><hostdev mode='subsystem' type='usb'/>"
                 "<hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0xaf' "
                 "slot='0x00' function='0x1'/></source></hostdev></devices></domain>",
                 &vm),
        0);
    assert_string_equal(vm.name, "web1");
    assert_true(vm.hugepages);
    assert_int_equal(vm.root_ports, 2);
    assert_int_equal(vm.free_root_ports, 1);
    assert_int_equal(vm.n_devices, 2);
    assert_true(vm.devices[0].interface && vm.devices[0].has_mac);
    assert_true(vm.devices[0].mac == 0x525400aabb01);
    assert_string_equal(vm.devices[0].pci, "0000:01:10.6");
    assert_string_equal(vm.devices[0].teaming, "transient");
    assert_string_equal(vm.devices[0].partner, "ua-b");
    assert_string_equal(vm.devices[1].pci, "0000:af:00.1");
    vm_done(&vm);
}

/* What `sriovctl vm` and its hook need: VLANs, macvtaps, notes, an element's own text. */
static void test_domain_for_hook(void **state)
{
    static const char text[] =
        "<domain><name>web1</name><metadata><other:device xmlns:other='o' alias='x' settings='y'/>"
        "<sriovd:devices xmlns:sriovd='urn:sriovd:domain:1'><sriovd:device alias='ua-a' "
        "settings='qos=3 trust=on'/></sriovd:devices><device alias='y'/></metadata><devices>"
        "<interface type='hostdev'><vlan trunk='yes'><tag id='42'/><tag id='43'/></vlan>"
        "<alias name='ua-a'/></interface>"
        "<interface type='direct'><source dev='enp1s0v2' mode='bridge'/></interface>"
        "<interface type='network'><source network='n'/></interface></devices></domain>";
    const char *second = strstr(text, "<interface type='direct'");
    struct vm vm = { 0 };

    assert_int_equal(vm_parse(text, &vm), 0);
    assert_int_equal(vm.n_devices, 3);
    assert_true(vm.devices[0].has_vlan);
    assert_int_equal(vm.devices[0].vlan, 42);
    assert_string_equal(vm.devices[0].netdev, "");
    assert_false(vm.devices[1].has_vlan);
    assert_string_equal(vm.devices[1].netdev, "enp1s0v2");
    assert_string_equal(vm.devices[2].netdev, "");
    assert_int_equal(vm.devices[1].at, second - text);
    assert_int_equal(vm.devices[1].len, strstr(second, "</interface>") + 12 - second);
    assert_int_equal(vm.n_notes, 1);
    assert_string_equal(vm.notes[0].alias, "ua-a");
    assert_string_equal(vm.notes[0].settings, "qos=3 trust=on");
    vm_done(&vm);
}

/* Files that were cut short, or are something else. */
static void test_domain_that_is_none(void **state)
{
    static const char *const texts[] = {
        "",       "<",     "<domain",          "<name>x",       "<interface type='hostdev'",
        "<!-- x", "</a/>", "<address type='>", "<hostdev type", "<source><address domain='0x0'/>",
    };

    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        struct vm vm = { 0 };

        assert_int_equal(vm_parse(texts[i], &vm), 0);
        for (size_t k = 0; k < vm.n_devices; k++)
            assert_string_equal(vm.devices[k].pci, "");
        vm_done(&vm);
    }
}

static void test_pool(void **state)
{
    struct vm_pool pool = { 0 };

    assert_int_equal(vm_pool_parse("<networkstatus><network><name>vfs</name>"
                                   "<forward mode='hostdev' managed='yes'><pf dev='enp1s0'/>"
                                   "<address type='pci' domain='0x0000' bus='0x01' slot='0x10' "
                                   "function='0x0'/></forward></network></networkstatus>",
                                   &pool),
                     0);
    assert_string_equal(pool.name, "vfs");
    assert_string_equal(pool.pf, "enp1s0");
    assert_int_equal(pool.addresses.count, 1);
    assert_string_equal(pool.addresses.items[0], "0000:01:10.0");
    vm_pool_done(&pool);

    /* a network that gives VFs as netdevs to macvtap is no pool of VFs */
    assert_int_equal(vm_pool_parse("<network><name>x</name><forward mode='passthrough'>"
                                   "<pf dev='enp1s0'/></forward></network>",
                                   &pool),
                     0);
    assert_string_equal(pool.pf, "");
    vm_pool_done(&pool);
}

/* ---- networkd, /proc ---- */

static void test_network_file(void **state)
{
    assert_true(create_network_file_takes("[Match]\nName=en*\n[Network]\nDHCP=yes\n", "enp1s0v0"));
    assert_false(create_network_file_takes("[Match]\nName=en*\n[Network]\nDHCP=no\n", "enp1s0v0"));
    assert_false(create_network_file_takes("[Match]\nName=eth*\n[Network]\nDHCP=yes", "enp1s0v0"));
    /* somebody who names the VF wants it */
    assert_false(
        create_network_file_takes("[Match]\nName=enp1s0v0\n[Network]\nDHCP=yes", "enp1s0v0"));
}

static void test_limits(void **state)
{
    uint64_t limit = 0;

    assert_true(
        operations_memlock("Max locked memory         65536                65536   bytes", &limit));
    assert_true(limit == 65536);
    assert_true(operations_memlock("Max locked memory         unlimited            unlimited bytes",
                                   &limit));
    assert_true(limit == UINT64_MAX);
    assert_false(operations_memlock("", &limit));
    assert_true(operations_may_lock_all("CapEff:\t000001ffffffffff\n"));
    assert_true(operations_may_lock_all("CapEff:\t0000000000004000\n"));
    assert_false(operations_may_lock_all("CapEff:\t0000000000002000\n"));
    assert_false(operations_may_lock_all(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manager_in_a_file),
        cmocka_unit_test(test_manager_in_a_line),
        cmocka_unit_test(test_manager_in_an_entry),
        cmocka_unit_test(test_managers_are_counted_once),
        cmocka_unit_test(test_domain),
        cmocka_unit_test(test_domain_for_hook),
        cmocka_unit_test(test_domain_that_is_none),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_network_file),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
