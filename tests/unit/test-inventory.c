/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inventory as JSON, byte by byte: field names and their order are a promise, and what is not
 * known is null. A NIC with everything, an NVMe controller with nothing.
 */
#include "core/inventory-json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char lan[] = "lan", enx[] = "enx525400110001";
static char *altnames[] = { lan, enx };
static struct vf vfs[] = {
    { .index = 0, .pci = "0000:01:10.0", .iommu_group = 8, .listed = true },
    { .index = 1, .pci = "0000:01:10.2", .iommu_group = -1 },
};
static struct pf pfs[] = {
    { .bus = PF_ON_PCI,
      .key = "0000:01:00.0",
      .handle = "pci/0000:01:00.0",
      .name = "enp1s0",
      .driver = "igb",
      .vendor = 0x8086,
      .device = 0x10c9,
      .numa_node = 0,
      .iommu_group = 7,
      .total_vfs = 7,
      .has_mac = true,
      .mac = 0x525400110001,
      .speed = 1000,
      .altnames = { altnames, 2 },
      .vfs = vfs,
      .n_vfs = 2 },
    { .bus = PF_ON_NETDEVSIM,
      .key = "netdevsim1",
      .handle = "netdevsim/netdevsim1",
      .numa_node = -1,
      .iommu_group = -1,
      .speed = -1 },
};
static const struct snapshot machine = { .pfs = pfs, .n_pfs = 2 };
static struct holder held[] = {
    { HOLDER_VFIO, "0000:01:00.0", 0, 812, "qemu-system-x86", "web1" },
    { HOLDER_ROUTE, "0000:01:00.0", HOLDER_OF_PF, 0, "", "default route" },
    { HOLDER_LEASE, "netdevsim1", 0, 0, "", "of a VF that is not there" },
};
static const struct holders holders = { .items = held, .count = ELEMENTS(held) };

static int make_machine(void **state)
{
    struct attrs *a = &vfs[0].attrs;

    attrs_set(&pfs[0].attrs, SRIOV_NUM_VFS, 2);
    attrs_set(&pfs[0].attrs, SRIOV_AUTOPROBE, 1);
    attrs_set(&pfs[0].attrs, SRIOV_ESWITCH_MODE, 0);
    attrs_set(&pfs[0].attrs, SRIOV_PF_MTU, 1500);
    attrs_set(&pfs[0].attrs, SRIOV_LINK, 1);
    attrs_set(&pfs[1].attrs, SRIOV_NUM_VFS, 0);
    attrs_set_text(a, SRIOV_NAME, "enp1s0v0");
    attrs_set_text(a, SRIOV_DRIVER, "igbvf");
    attrs_set(a, SRIOV_MAC, 0x525400aabb01);
    attrs_set(a, SRIOV_VLAN, 100);
    attrs_set(a, SRIOV_QOS, 3);
    attrs_set(a, SRIOV_VLAN_PROTO, 0x88a8);
    attrs_set(a, SRIOV_SPOOFCHK, 1);
    attrs_set(a, SRIOV_TRUST, 0);
    attrs_set(a, SRIOV_LINK_STATE, SRIOV_LINK_ENABLE);
    attrs_set(a, SRIOV_MIN_TX_RATE, 0);
    attrs_set(a, SRIOV_MAX_TX_RATE, 500);
    attrs_set(a, SRIOV_MTU, 9000);
    attrs_set_text(&vfs[1].attrs, SRIOV_DRIVER, ""); /* unbound: known, and shown as null */
    return 0;
}

#define VF_0                                                                                       \
    "{\"index\":0,\"pci\":\"0000:01:10.0\",\"name\":\"enp1s0v0\",\"driver\":\"igbvf\","            \
    "\"iommu_group\":8,\"mac\":\"52:54:00:aa:bb:01\",\"vlan\":100,\"qos\":3,"                      \
    "\"vlan_proto\":\"802.1ad\",\"spoofchk\":true,\"trust\":false,\"link_state\":\"enable\","      \
    "\"min_tx_rate\":0,\"max_tx_rate\":500,\"rss_query\":null,\"node_guid\":null,"                 \
    "\"port_guid\":null,\"msix_count\":null,\"mtu\":9000,\"holders\":[{\"kind\":\"vfio\","         \
    "\"pid\":812,\"comm\":\"qemu-system-x86\",\"name\":\"web1\"}]}"
#define VF_1                                                                                       \
    "{\"index\":1,\"pci\":\"0000:01:10.2\",\"name\":null,\"driver\":null,\"iommu_group\":null,"    \
    "\"mac\":null,\"vlan\":null,\"qos\":null,\"vlan_proto\":null,\"spoofchk\":null,"               \
    "\"trust\":null,\"link_state\":null,\"min_tx_rate\":null,\"max_tx_rate\":null,"                \
    "\"rss_query\":null,\"node_guid\":null,\"port_guid\":null,\"msix_count\":null,\"mtu\":null,"   \
    "\"holders\":[]}"
#define NIC                                                                                        \
    "{\"pci\":\"0000:01:00.0\",\"handle\":\"pci/0000:01:00.0\",\"name\":\"enp1s0\","               \
    "\"altnames\":[\"lan\",\"enx525400110001\"],\"driver\":\"igb\",\"vendor\":\"8086\","           \
    "\"device\":\"10c9\",\"numa_node\":0,\"iommu_group\":7,\"total_vfs\":7,\"num_vfs\":2,"         \
    "\"autoprobe\":true,\"eswitch_mode\":\"legacy\",\"mac\":\"52:54:00:11:00:01\",\"mtu\":1500,"   \
    "\"link\":\"up\",\"speed\":1000,\"busy\":null,\"holders\":[{\"kind\":\"route\",\"pid\":null,"  \
    "\"comm\":null,\"name\":\"default route\"}],\"vfs\":[" VF_0 "," VF_1 "]}"
#define BARE                                                                                       \
    "{\"pci\":null,\"handle\":\"netdevsim/netdevsim1\",\"name\":null,\"altnames\":[],"             \
    "\"driver\":null,\"vendor\":null,\"device\":null,\"numa_node\":null,\"iommu_group\":null,"     \
    "\"total_vfs\":null,\"num_vfs\":0,\"autoprobe\":null,\"eswitch_mode\":null,\"mac\":null,"      \
    "\"mtu\":null,\"link\":null,\"speed\":null,\"busy\":null,\"holders\":[],\"vfs\":[]}"

static void assert_inventory(const struct pf *only, const char *expected)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct json_writer w = JSON_WRITER(&text);

    inventory_json(&machine, only, &holders, NULL, &w);
    assert_int_equal(buf_ok(&text), 0);
    assert_string_equal(text.data, expected);
}

static void test_all(void **state)
{
    assert_inventory(NULL, "{\"pfs\":[" NIC "," BARE "]}");
}

static void test_one(void **state)
{
    assert_inventory(&pfs[1], "{\"pfs\":[" BARE "]}");
}

static void test_one_vf(void **state)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct json_writer w = JSON_WRITER(&text);

    inventory_vf_json(&pfs[0], &vfs[0], &holders, &w);
    assert_string_equal(text.data, VF_0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_one_vf),
    };

    return cmocka_run_group_tests(tests, make_machine, NULL);
}
