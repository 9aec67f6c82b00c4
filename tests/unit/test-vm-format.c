/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What each program that runs VMs is told, and which commands it leaves to us; old command lines of
 * QEMU.
 */
#include "vm/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct pf nic = {
    .key = "0000:01:00.0", .name = "enp1s0", .driver = "igb", .iommu_group = 9
};
static struct vf vf = { .index = 3, .pci = "0000:01:10.6", .listed = true, .iommu_group = 13 };

/* enp1s0/3 with a MAC, a VLAN with priority, and trust. */
static struct vm_item item(void)
{
    struct vm_item i = { .device = { .pf = &nic, .vf = &vf, .netdev = "enp1s0v3", .bus = -1 },
                         .label = "enp1s0/3",
                         .vendor = 0x8086,
                         .product = 0x10ca,
                         .subsystem_vendor = 0x8086,
                         .subsystem = 0xa03c,
                         .driver = "vfio-pci" };
    attrs_set_text(&vf.attrs, SRIOV_DRIVER, "igbvf");
    attrs_set(&i.device.want, SRIOV_MAC, 0x525400aabb03);
    attrs_set(&i.device.want, SRIOV_VLAN, 42);
    attrs_set(&i.device.want, SRIOV_QOS, 3);
    attrs_set(&i.device.want, SRIOV_TRUST, 1);
    return i;
}

static void expect_commands(const struct vm_item *i, unsigned flags, const char *expected)
{
    _cleanup_(strv_done) struct strv commands = STRV_INIT;
    _cleanup_buf_ struct buf out = BUF_INIT;
    assert_int_equal(format_commands(flags, i, &commands), 0);
    format_lines(&commands, &out);
    assert_string_equal(out.data ? out.data : "", expected);
}

static void test_commands(void **state)
{
    struct vm_item i = item();
    expect_commands(&i, 0,
                    "sriovctl set enp1s0/3 mac=52:54:00:aa:bb:03 vlan=42 qos=3 trust=on\n"
                    "sriovctl bind enp1s0/3 vfio-pci\n");
    expect_commands(&i, FORMAT_BINDS | FORMAT_PORT, "sriovctl set enp1s0/3 trust=on\n");
    i.device.profile = "blue"; /* then the switch says which VLAN, and nobody else sets ours */
    expect_commands(&i, FORMAT_BINDS | FORMAT_PORT,
                    "sriovctl set enp1s0/3 vlan=42 qos=3 trust=on\n");
    i = (struct vm_item){ .device = { .pf = &nic, .bus = -1 },
                          .label = "enp1s0",
                          .driver = "vfio-pci" };
    expect_commands(&i, 0, "driverctl --nosave set-override 0000:01:00.0 vfio-pci\n");
    expect_commands(&i, FORMAT_BINDS, "");
}

static void test_bound_already(void **state)
{
    struct vm_item i = item();
    i.device.want = (struct attrs){ 0 };
    attrs_set_text(&vf.attrs, SRIOV_DRIVER, "vfio-pci");
    expect_commands(&i, 0, "");
}

static void test_commands_macvtap(void **state)
{
    struct vm_item i = item();
    i.device.mode = VM_MACVTAP;
    i.device.want.known = UINT32_C(1) << SRIOV_MAC;
    expect_commands(&i, 0,
                    "sriovctl set enp1s0/3 mac=52:54:00:aa:bb:03\n"
                    "ip link set enp1s0v3 up && ip link add link enp1s0v3 name macvtap0 address "
                    "52:54:00:aa:bb:03 type macvtap mode passthru && ip link set macvtap0 up\n");
}

static void test_after(void **state)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct vm_item i = item();
    assert_true(format_command_after(&i, &out));
    assert_string_equal(out.data, "sriovctl set enp1s0/3 vlan=42 qos=3");
    attrs_set(&i.device.want, SRIOV_QOS, 0);
    assert_false(format_command_after(&i, &out));
}

/* ---- formats ---- */

static void expect(const char *name, struct vm_item *items, size_t count, const char *expected)
{
    const struct vm_format *f = format_find(name);
    const struct vm_items all = { items, count };
    _cleanup_(strv_done) struct strv before = STRV_INIT;
    _cleanup_buf_ struct buf out = BUF_INIT;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(format_commands(f->flags, &items[i], &before), 0);
    f->write(&all, &before, &out);
    assert_string_equal(out.data, expected);
}

static void test_names(void **state)
{
    for (unsigned i = 0; vm_format_names[i]; i++)
        assert_string_equal(format_row(i + 1)->name, vm_format_names[i]);
    assert_null(format_find("xen"));
}

static void test_libvirt(void **state)
{
    struct vm_item i = item();
    _cleanup_buf_ struct buf xml = BUF_INIT, all = BUF_INIT;
    device_xml(&i.device, &xml);
    buf_printf(
        &all,
        "<!-- libvirt does not set this; run it before: sriovctl set enp1s0/3 trust=on -->\n"
        "<!-- libvirt sets the VLAN without this; run it once the VM has the VF: sriovctl set "
        "enp1s0/3 vlan=42 qos=3 -->\n%s",
        xml.data);
    expect("libvirt", &i, 1, all.data);
}

static void test_arguments(void **state)
{
    struct vm_item two[] = { item(), item() };
    expect("qemu", two, 2,
           "-device vfio-pci,host=0000:01:10.6 -device vfio-pci,host=0000:01:10.6\n");
    expect(
        "cloud-hypervisor", two, 2,
        "--device path=/sys/bus/pci/devices/0000:01:10.6 path=/sys/bus/pci/devices/0000:01:10.6\n");
    two[0].device.bus = 0;
    two[0].device.slot = 5;
    expect("crosvm", two, 1,
           "--vfio /sys/bus/pci/devices/0000:01:10.6,iommu=off,guest-address=00:05.0\n");
}

static void test_macvtap(void **state)
{
    static const char tap[] = " 3<>/dev/tap$(cat /sys/class/net/macvtap0/ifindex)\n";
    struct vm_item i = item();
    _cleanup_buf_ struct buf qemu = BUF_INIT, ch = BUF_INIT;
    i.device.mode = VM_MACVTAP;
    buf_printf(
        &qemu,
        "-netdev tap,id=macvtap0,fd=3 -device virtio-net-pci,netdev=macvtap0,mac=52:54:00:aa:bb:03%s",
        tap);
    expect("qemu", &i, 1, qemu.data);
    buf_printf(&ch, "--net fd=3,mac=52:54:00:aa:bb:03%s", tap);
    expect("cloud-hypervisor", &i, 1, ch.data);
}

static void test_proxmox(void **state)
{
    struct vm_item i = item();
    expect("proxmox", &i, 1,
           "# Proxmox does not set these; keep them in the policy, to have them after a reboot\n"
           "sriovctl set enp1s0/3 mac=52:54:00:aa:bb:03 vlan=42 qos=3 trust=on\n"
           "# pcie=1 needs machine type q35; leave it out for i440fx\n"
           "qm set VMID -hostpci0 0000:01:10.6,pcie=1\n"
           "# or by a resource mapping, for users who may not name devices, and for VMs that move\n"
           "pvesh create /cluster/mapping/pci --id sriov-enp1s0-3 --map node=$(hostname),"
           "path=0000:01:10.6,id=8086:10ca,iommugroup=13,subsystem-id=8086:a03c\n"
           "qm set VMID -hostpci0 mapping=sriov-enp1s0-3,pcie=1\n");
}

/* Whether `name` says all of the words about one item. */
static void expect_words(const char *name, struct vm_item *i, const char *const *words)
{
    const struct vm_format *f = format_find(name);
    const struct vm_items all = { i, 1 };
    struct strv before = STRV_INIT;
    _cleanup_buf_ struct buf out = BUF_INIT;
    f->write(&all, &before, &out);
    for (; *words; words++) {
        if (!strstr(out.data, *words))
            fail_msg("%s: no \"%s\" in:\n%s", name, *words, out.data);
    }
}

static void test_managers(void **state)
{
    struct vm_item i = item();
    attrs_set(&i.device.want, SRIOV_MAX_TX_RATE, 500);
    attrs_set(&i.device.want, SRIOV_SPOOFCHK, 0);
    expect_words(
        "nova", &i,
        (const char *const[]){
            "device_spec = { \"address\": \"0000:01:10.6\", \"physical_network\": \"PHYSNET\", "
            "\"trusted\": \"true\" }\n",
            "physical_device_mappings = PHYSNET:enp1s0\n",
            "--provider-network-type vlan --provider-segment 42 NETWORK\n",
            "--max-kbps 500000 QOS0\n",
            "--vnic-type direct --mac-address 52:54:00:aa:bb:03 --binding-profile "
            "trusted=true --no-security-group --disable-port-security --qos-policy QOS0 PORT0\n",
            "alias = { \"name\": \"ALIAS\", \"vendor_id\": \"8086\", \"product_id\": \"10ca\", "
            "\"device_type\": \"type-VF\" }\n",
            "sriovctl set enp1s0/3 mac=52:54:00:aa:bb:03 vlan=42 qos=3 spoofchk=off trust=on "
            "max_tx_rate=500\n",
            "\"pci_passthrough:alias\"=\"ALIAS:1\"", NULL });
    expect_words(
        "ovirt", &i,
        (const char *const[]){
            "<vlan id=\"42\"/>", "<pass_through><mode>enabled</mode></pass_through>",
            "<interface>pci_passthrough</interface><mac><address>52:54:00:aa:bb:03</address>",
            "<host_device><name>pci_0000_01_10_6</name></host_device>", NULL });
    i.vendor = 0;
    expect_words("proxmox", &i, (const char *const[]){ ",id=VENDOR:PRODUCT,", NULL });
}

/* ---- old command lines ---- */

static void expect_converted(const char *const *words, size_t count, const char *expected,
                             const char *left_out)
{
    _cleanup_(strv_done) struct strv left = STRV_INIT;
    _cleanup_buf_ struct buf out = BUF_INIT, lines = BUF_INIT;
    assert_int_equal(qemu_old_convert(words, count, &out, &left), 0);
    assert_string_equal(out.data, expected);
    format_lines(&left, &lines);
    assert_string_equal(lines.data ? lines.data : "", left_out);
}

static void test_old(void **state)
{
    static const char *const seed[] = { "-device", "pci-assign,host=0b:00.0" };
    static const char *const line[] = {
        "qemu-kvm",
        "-m",
        "2048",
        "--device",
        "kvm-pci-assign,id=x,host=0001:01:10.1,prefer_msi=on,rombar=0",
        "-pcidevice",
        "host=0c:1f.7,dma=none,name=foo",
        "-append",
        "it's 'quiet'",
        "-device",
        "pci-assigned,host=1",
        ""
    };
    char pci[16];
    size_t at = 0;
    expect_converted(seed, ELEMENTS(seed), "-device vfio-pci,host=0000:0b:00.0", "");
    expect_converted(line, ELEMENTS(line),
                     "qemu-kvm -m 2048 -device vfio-pci,id=x,host=0001:01:10.1,rombar=0 -device "
                     "vfio-pci,host=0000:0c:1f.7,id=foo -append 'it'\\''s '\\''quiet'\\''' -device "
                     "pci-assigned,host=1 ''",
                     "prefer_msi=on\ndma=none\n");
    assert_true(qemu_old_next(line, ELEMENTS(line), &at, pci));
    assert_string_equal(pci, "0001:01:10.1");
    assert_true(qemu_old_next(line, ELEMENTS(line), &at, pci));
    assert_string_equal(pci, "0000:0c:1f.7");
    assert_false(qemu_old_next(line, ELEMENTS(line), &at, pci));
}

/* What is cut off or no address must neither crash nor be taken for one. */
static void test_old_broken(void **state)
{
    static const char *const cut[] = { "-device" };
    static const char *const bad[] = { "-device", "pci-assign,host=1:2:3:4,host=,", "-pcidevice",
                                       ",," };
    char pci[16];
    size_t at = 0;
    expect_converted(cut, ELEMENTS(cut), "-device", "");
    expect_converted(bad, ELEMENTS(bad), "-device vfio-pci,host=1:2:3:4,host= -device vfio-pci",
                     "");
    assert_false(qemu_old_next(bad, ELEMENTS(bad), &at, pci));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_bound_already),
        cmocka_unit_test(test_commands_macvtap),
        cmocka_unit_test(test_after),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_libvirt),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_macvtap),
        cmocka_unit_test(test_proxmox),
        cmocka_unit_test(test_managers),
        cmocka_unit_test(test_old),
        cmocka_unit_test(test_old_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
