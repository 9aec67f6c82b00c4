/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A VF as libvirt's XML and as QEMU's -device: every element in its place, what libvirt would
 * refuse left out, and texts that cannot break out of it. tests/lab/vm-text.sh shows the same to
 * libvirt's schema.
 */
#include "vm/device.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct pf nic = { .key = "0000:01:00.0", .name = "enp1s0" };
static const struct pf disk = { .key = "0000:02:00.0" };

static struct vf vf_of(const char *pci)
{
    struct vf vf = { .index = 3, .listed = true };
    STR_SET(vf.pci, pci);
    return vf;
}

static void expect_xml(const struct vm_device *d, const char *expected)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    device_xml(d, &out);
    assert_string_equal(out.data, expected);
}

static void expect_qemu(const struct vm_device *d, const char *bus, const char *expected)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    device_qemu(d, bus, &out);
    assert_string_equal(out.data, expected);
}

#define SOURCE                                                                                     \
    "  <source>\n    <address type='pci' domain='0x0000' bus='0x01' slot='0x10' "                  \
    "function='0x6'/>\n  </source>\n"

static void test_everything(void **state)
{
    struct vf vf = vf_of("0000:01:10.6");
    struct vm_device d = { .pf = &nic,
                           .vf = &vf,
                           .netdev = "",
                           .alias = "ua-sriov-3",
                           .driver = "mlx5_vfio_pci",
                           .partner = "ua-backup",
                           .bus = 5,
                           .slot = 0 };
    attrs_set(&d.want, SRIOV_MAC, 0x525400aabb03);
    attrs_set(&d.want, SRIOV_VLAN, 42);
    attrs_set(&d.want, SRIOV_TRUST, 1);
    expect_xml(&d, "<interface type='hostdev' managed='yes'>\n"
                   "  <mac address='52:54:00:aa:bb:03'/>\n"
                   "  <driver name='vfio' model='mlx5_vfio_pci'/>\n" SOURCE
                   "  <vlan>\n    <tag id='42'/>\n  </vlan>\n"
                   "  <teaming type='transient' persistent='ua-backup'/>\n"
                   "  <alias name='ua-sriov-3'/>\n"
                   "  <address type='pci' domain='0x0000' bus='0x05' slot='0x00' function='0x0'/>\n"
                   "</interface>\n");
}

/* libvirt makes up a MAC, and sets VLAN 0, where it is not told otherwise. */
static void test_keeps_what_it_has(void **state)
{
    struct vf vf = vf_of("0000:01:10.6");
    const struct vm_device d = { .pf = &nic, .vf = &vf, .bus = -1 };
    attrs_set(&vf.attrs, SRIOV_MAC, 0x525400aabb09);
    attrs_set(&vf.attrs, SRIOV_VLAN, 7);
    expect_xml(&d, "<interface type='hostdev' managed='yes'>\n"
                   "  <mac address='52:54:00:aa:bb:09'/>\n"
                   "  <driver name='vfio'/>\n" SOURCE
                   "  <vlan>\n    <tag id='7'/>\n  </vlan>\n</interface>\n");
}

static void test_zero_is_none(void **state)
{
    struct vf vf = vf_of("0000:01:10.6");
    struct vm_device d = { .pf = &nic, .vf = &vf, .bus = -1 };
    attrs_set(&vf.attrs, SRIOV_MAC, 0);
    attrs_set(&vf.attrs, SRIOV_VLAN, 7);
    attrs_set(&d.want, SRIOV_VLAN, 0);
    expect_xml(&d, "<interface type='hostdev' managed='yes'>\n  <driver name='vfio'/>\n" SOURCE
                   "</interface>\n");
}

/* "direct setting of the vlan tag is not allowed for hostdev devices using 802.1Qbh mode". */
static void test_profile(void **state)
{
    struct vf vf = vf_of("0000:01:10.6");
    struct vm_device d = { .pf = &nic, .vf = &vf, .profile = "blue & 'green'", .bus = -1 };
    attrs_set(&d.want, SRIOV_VLAN, 42);
    expect_xml(&d, "<interface type='hostdev' managed='yes'>\n  <driver name='vfio'/>\n" SOURCE
                   "  <virtualport type='802.1Qbh'>\n"
                   "    <parameters profileid='blue &amp; &apos;green&apos;'/>\n"
                   "  </virtualport>\n</interface>\n");
}

static void test_macvtap(void **state)
{
    struct vf vf = vf_of("0000:01:10.6");
    struct vm_device d = {
        .mode = VM_MACVTAP, .pf = &nic, .vf = &vf, .netdev = "enp1s0v3", .bus = -1
    };
    attrs_set(&d.want, SRIOV_VLAN, 42);
    expect_xml(&d, "<interface type='direct'>\n"
                   "  <source dev='enp1s0v3' mode='passthrough'/>\n"
                   "  <vlan>\n    <tag id='42'/>\n  </vlan>\n"
                   "  <model type='virtio'/>\n</interface>\n");
    d.macvtap = "bridge"; /* libvirt refuses a <vlan> here; the PF sets it all the same */
    expect_xml(&d, "<interface type='direct'>\n"
                   "  <source dev='enp1s0v3' mode='bridge'/>\n"
                   "  <model type='virtio'/>\n</interface>\n");
    expect_qemu(&d, NULL, "virtio-net-pci,netdev=macvtap0");
}

/* A PF, and a VF of something that is no NIC: libvirt must not look for a MAC. */
static void test_hostdev(void **state)
{
    struct vf vf = vf_of("10000:02:00.5");
    struct vm_device d = { .pf = &nic, .bus = -1 };
    expect_xml(&d, "<hostdev mode='subsystem' type='pci' managed='yes'>\n  <driver name='vfio'/>\n"
                   "  <source>\n    <address domain='0x0000' bus='0x01' slot='0x00' "
                   "function='0x0'/>\n  </source>\n</hostdev>\n");
    d.pf = &disk;
    d.vf = &vf;
    d.alias = "ua-disk";
    expect_xml(&d, "<hostdev mode='subsystem' type='pci' managed='yes'>\n  <driver name='vfio'/>\n"
                   "  <source>\n    <address domain='0x10000' bus='0x02' slot='0x00' "
                   "function='0x5'/>\n  </source>\n  <alias name='ua-disk'/>\n</hostdev>\n");
}

static void test_qemu(void **state)
{
    struct vf vf = vf_of("0000:01:10.6");
    struct vm_device d = { .pf = &nic, .vf = &vf, .bus = -1 };
    expect_qemu(&d, NULL, "vfio-pci,host=0000:01:10.6");
    d.alias = "a,b";
    d.partner = "net0";
    d.slot = 3;
    expect_qemu(&d, "rp1",
                "vfio-pci,host=0000:01:10.6,failover_pair_id=net0,id=a,,b,bus=rp1,addr=0x3");
}

static void test_text(void **state)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    xml_text(&out, "<a b='c' d=\"e\">&\n\x01\x7f\xff\xc3\xa4</a>");
    assert_string_equal(out.data,
                        "&lt;a b=&apos;c&apos; d=&quot;e&quot;&gt;&amp;????\xc3\xa4&lt;/a&gt;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything),   cmocka_unit_test(test_keeps_what_it_has),
        cmocka_unit_test(test_zero_is_none), cmocka_unit_test(test_profile),
        cmocka_unit_test(test_macvtap),      cmocka_unit_test(test_hostdev),
        cmocka_unit_test(test_qemu),         cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
