/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading the PCI devices: from a record made by hand for what is rare, and from a capture of the
 * lab with every kind of bridge, on which the groups must be those of the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "doctor/acs.h"
#include "doctor/pci.h"

#define DEV "/sys/bus/pci/devices/"

static void replay(const char *text, size_t len, struct pci_tree *ret)
{
    _cleanup_(backend_free_p) struct backend *b = NULL;
    char why[256];

    if (backend_replay(text, len, &b, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    assert_int_equal(pci_tree_read(b, ret), 0);
}

/* A record of devices; `links` and `bytes` are members of JSON objects. */
static void read_tree(const char *names, const char *links, const char *bytes, struct pci_tree *ret)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    buf_printf(&text,
               "{\"format\": \"sriovd-capture\", \"version\": 1, \"files\": {\"" DEV
               "0000:01:00.0/vendor\": \"0x8086\"}, \"links\": {%s}, "
               "\"dirs\": {\"/sys/bus/pci/devices\": [%s]}, \"bytes\": {%s}, \"errors\": {}, "
               "\"netlink\": []}",
               links, names, bytes);
    replay(text.data, text.len, ret);
}

/* 64 bytes: ids, command and status (0x0010: it has capabilities), class, header type; the first
 * capability at 0x40. */
#define HEADER(type)                                                                               \
    "8680c910"                                                                                     \
    "07001000"                                                                                     \
    "01000002"                                                                                     \
    "0000" type "00"                                                                               \
    "00000000000000000001010000000000"                                                             \
    "0000000000000000000000000000000000000000"                                                     \
    "40000000"                                                                                     \
    "0000000000000000"

static void test_registers(void **state)
{
    _cleanup_(pci_tree_done) struct pci_tree t = { 0 };
    const struct pci_device *d;

    read_tree(
        "\"0000:00:1c.0\", \"0000:01:00.0\"",
        "\"" DEV "0000:00:1c.0\": \"../../../devices/pci0000:00/0000:00:1c.0\", "
        "\"" DEV "0000:01:00.0\": "
        "\"../../../devices/pci0000:00/0000:00:1c.0/0000:01:00.0\", "
        "\"" DEV "0000:01:00.0/iommu_group\": \"../../../kernel/iommu_groups/12\"",
        "\"" DEV "0000:00:1c.0/config@0+64\": \"" HEADER(
            "01") "\", "
                  /* a capability of another kind first, then PCI Express version 2, root port */
                  "\"" DEV "0000:00:1c.0/config@64+4\": \"01500000\", "
                  "\"" DEV "0000:00:1c.0/config@80+4\": \"10004201\", "
                  "\"" DEV "0000:00:1c.0/config@116+6\": \"200000002000\", "
                  "\"" DEV "0000:00:1c.0/config@256+4\": \"0d000100\", "
                  "\"" DEV "0000:00:1c.0/config@260+8\": \"5f001d0000000000\", "
                  "\"" DEV "0000:01:00.0/config@0+64\": \"" HEADER(
                      "80") "\", "
                            "\"" DEV "0000:01:00.0/config@64+4\": \"10000200\", "
                            "\"" DEV "0000:01:00.0/config@256+4\": \"0e000114\", "
                            "\"" DEV "0000:01:00.0/config@320+4\": \"10000100\", "
                            "\"" DEV "0000:01:00.0/config@324+24\": "
                            "\"000000001900000008000800070000008000020000"
                            "00ca10\"",
        &t);
    assert_int_equal(t.count, 2);
    assert_true(t.complete);
    assert_true(t.has_groups);
    d = pci_find(&t, "0000:00:1c.0");
    assert_true(d->is_bridge);
    assert_false(d->multifunction);
    assert_int_equal(d->type, PCIE_ROOT_PORT);
    assert_int_equal(d->express, 80);
    assert_int_equal(d->device_caps2, PCI_ARI_FORWARDING);
    assert_int_equal(d->device_control2, PCI_ARI_FORWARDING);
    assert_int_equal(d->acs, 256);
    assert_int_equal(d->acs_caps, 0x5f);
    assert_int_equal(d->acs_control, 0x1d);
    assert_string_equal(d->parent, "");
    assert_int_equal(d->iommu_group, -1);
    d = pci_find(&t, "0000:01:00.0");
    assert_true(d->multifunction);
    assert_int_equal(d->vendor, 0x8086);
    assert_int_equal(d->device, 0x10c9);
    assert_int_equal(d->class_code, 0x020000);
    assert_int_equal(d->type, PCIE_ENDPOINT);
    assert_int_equal(d->iommu_group, 12);
    assert_int_equal(d->ari, 256);
    assert_int_equal(d->sriov.place, 320);
    assert_int_equal(d->sriov.control, SRIOV_VFS_ENABLED | 8 | SRIOV_ARI_HIERARCHY);
    assert_int_equal(d->sriov.total_vfs, 8);
    assert_int_equal(d->sriov.num_vfs, 7);
    assert_int_equal(d->sriov.offset, 128);
    assert_int_equal(d->sriov.stride, 2);
    assert_int_equal(d->sriov.vf_device, 0x10ca);
    assert_ptr_equal(pci_parent(&t, d), pci_find(&t, "0000:00:1c.0"));
    assert_null(pci_find(&t, "0000:02:00.0"));
    assert_null(pci_find(&t, "enp1s0"));
}

/* Who is not root sees 64 bytes. */
static void test_not_root(void **state)
{
    _cleanup_(pci_tree_done) struct pci_tree t = { 0 };

    read_tree("\"0000:01:00.0\"", "",
              "\"" DEV
              "0000:01:00.0/config@0+64\": \"" HEADER("00") "\", "
                                                            "\"" DEV
                                                            "0000:01:00.0/config@64+4\": \"\"",
              &t);
    assert_int_equal(t.count, 1);
    assert_false(t.items[0].config_seen);
    assert_int_equal(t.items[0].device, 0x10c9);
    assert_int_equal(t.items[0].type, PCIE_NONE);
    assert_false(t.complete);
}

/* A list that bites its own tail ends all the same, and a record without config spaces is no
 * failure. */
static void test_broken(void **state)
{
    _cleanup_(pci_tree_done) struct pci_tree ring = { 0 }, bare = { 0 };

    read_tree("\"0000:01:00.0\"", "",
              "\"" DEV "0000:01:00.0/config@0+64\": \"" HEADER(
                  "00") "\", "
                        "\"" DEV "0000:01:00.0/config@64+4\": \"05400000\"",
              &ring);
    assert_int_equal(ring.items[0].express, 0);
    assert_true(ring.items[0].config_seen);
    read_tree("\"0000:01:00.0\", \"no address\"", "", "", &bare);
    assert_int_equal(bare.count, 1);
    assert_int_equal(bare.items[0].vendor, 0x8086);
    assert_false(bare.complete);
}

static void test_vmd(void **state)
{
    _cleanup_(pci_tree_done) struct pci_tree t = { 0 };
    const struct pci_device *d;

    read_tree("\"0000:00:0e.0\", \"10000:e0:06.0\"",
              "\"" DEV "10000:e0:06.0\": "
              "\"../../../devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0\"",
              "", &t);
    d = pci_find(&t, "10000:e0:06.0");
    assert_non_null(d);
    assert_string_equal(d->parent, "");
    assert_string_equal(d->dma_device, "0000:00:0e.0");
}

static void test_lab(void **state)
{
    _cleanup_(pci_tree_done) struct pci_tree t = { 0 };
    _cleanup_free_ struct pci_group *groups = NULL;
    _cleanup_free_ char *text = NULL;
    size_t len, vfs = 0, shared = 0;

    assert_int_equal(
        file_read_at(AT_FDCWD, "tests/data/doctor/topology.json", 1 << 20, &text, &len), 0);
    replay(text, len, &t);
    assert_int_equal(acs_groups(&t, &groups), 0);
    for (size_t i = 0; i < t.count; i++) {
        const struct pci_device *d = &t.items[i];

        assert_true(d->iommu_group >= 0);
        assert_int_equal(groups[i].first->iommu_group, d->iommu_group);
        /* the first of a group in the kernel's eyes is the first in ours */
        for (size_t k = 0; k < i; k++)
            assert_true(t.items[k].iommu_group != d->iommu_group || groups[i].first != d);
        vfs += d->is_vf;
        shared += groups[i].first != d;
        if (d->is_vf) {
            assert_int_equal(d->device, 0x10ca);
            assert_string_equal(d->parent, pci_find(&t, d->pf)->parent);
        }
    }
    assert_int_equal(t.count, 30);
    assert_int_equal(vfs, 2);
    assert_int_equal(shared, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers), cmocka_unit_test(test_not_root),
        cmocka_unit_test(test_broken),    cmocka_unit_test(test_vmd),
        cmocka_unit_test(test_lab),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
