/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * IOMMU groups, on trees made by hand: one for each reason the kernel has to put devices together
 * or to keep them apart. That the whole agrees with real kernels is tested on captures (test-pci.c)
 * and in the lab.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "doctor/acs-quirks.h"
#include "doctor/acs.h"

#define MAX 16

/* A tree under construction; every device is in some group, so an IOMMU is in use. */
struct garden {
    struct pci_device devices[MAX];
    size_t count;
    struct pci_tree tree;
    struct pci_group *groups;
};

static struct pci_device *add(struct garden *g, const char *address, const char *parent,
                              enum pcie_type type)
{
    struct pci_device *d = &g->devices[g->count++];
    unsigned bus, slot, function;

    assert_true(g->count <= MAX);
    assert_int_equal(sscanf(address, "0000:%x:%x.%x", &bus, &slot, &function), 3);
    *d = (struct pci_device){ .number = bus << 8 | slot << 3 | function,
                              .type = type,
                              .express = type == PCIE_NONE ? 0 : 0x40,
                              .multifunction = function != 0,
                              .is_bridge = type >= PCIE_ROOT_PORT && type <= PCI_TO_PCIE_BRIDGE,
                              .config_seen = true };
    STR_SET(d->address, address);
    STR_SET(d->parent, parent);
    return d;
}

static struct pci_device *add_port(struct garden *g, const char *address, const char *parent,
                                   enum pcie_type type, uint16_t caps, uint16_t control)
{
    struct pci_device *d = add(g, address, parent, type);

    d->acs = caps ? 0x140 : 0;
    d->acs_caps = caps;
    d->acs_control = control;
    return d;
}

static struct pci_device *add_vf(struct garden *g, const char *address, const char *pf)
{
    struct pci_device *d = add(g, address, "", PCIE_ENDPOINT);

    for (size_t i = 0; i < g->count; i++) {
        if (str_eq(g->devices[i].address, pf))
            STR_SET(d->parent, g->devices[i].parent);
    }
    d->is_vf = true;
    d->multifunction = false;
    STR_SET(d->pf, pf);
    return d;
}

static void work_out(struct garden *g)
{
    g->tree = (struct pci_tree){ g->devices, g->count, .complete = true, .has_groups = true };
    free(g->groups);
    g->groups = NULL;
    assert_int_equal(acs_groups(&g->tree, &g->groups), 0);
}

static void garden_done(struct garden *g)
{
    free(g->groups);
}

/* The device's group begins with `first`, for the sake of `breaker` (NULL: it is alone). */
static void expect(const struct garden *g, const char *address, const char *first,
                   const char *breaker, const char *why)
{
    const struct pci_device *d = pci_find(&g->tree, address);
    const struct pci_group *group;

    assert_non_null(d);
    group = &g->groups[d - g->devices];
    assert_string_equal(group->first->address, first);
    if (!breaker) {
        assert_null(group->breaker);
        assert_null(group->why);
        return;
    }
    assert_non_null(group->breaker);
    assert_string_equal(group->breaker->address, breaker);
    assert_string_equal(group->why, why);
}

#define PORT "0000:00:1c.0"
#define PF "0000:01:00.0"
#define VF "0000:01:10.0"

static void test_port_that_isolates(void **state)
{
    _cleanup_(garden_done) struct garden g = { 0 };

    add_port(&g, PORT, "", PCIE_ROOT_PORT, 0x5f, 0x1d);
    add(&g, PF, PORT, PCIE_ENDPOINT);
    add_vf(&g, VF, PF);
    work_out(&g);
    expect(&g, PORT, PORT, NULL, NULL);
    expect(&g, PF, PF, NULL, NULL);
    expect(&g, VF, VF, NULL, NULL);
}

static void test_port_without_acs(void **state)
{
    _cleanup_(garden_done) struct garden g = { 0 };

    add_port(&g, PORT, "", PCIE_ROOT_PORT, 0, 0);
    add(&g, PF, PORT, PCIE_ENDPOINT);
    add_vf(&g, VF, PF);
    work_out(&g);
    expect(&g, PORT, PORT, PORT, "has no ACS");
    expect(&g, PF, PORT, PORT, "has no ACS");
    expect(&g, VF, PORT, PORT, "has no ACS");
}

static void test_flags(void **state)
{
    static const struct {
        uint16_t caps, control;
        bool isolates;
    } rows[] = {
        { 0x1d, 0x1d, true },  { 0x1d, 0x0d, false }, /* upstream forwarding is off */
        { 0x1c, 0x1c, true }, /* no source validation: taken as hard-wired */
        { 0x40, 0x00, true }, /* none of the four can be turned off */
        { 0x5f, 0x00, false },
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_(garden_done) struct garden g = { 0 };

        add_port(&g, PORT, "", PCIE_ROOT_PORT, rows[i].caps, rows[i].control);
        add(&g, PF, PORT, PCIE_ENDPOINT);
        work_out(&g);
        if (rows[i].isolates)
            expect(&g, PF, PF, NULL, NULL);
        else
            expect(&g, PF, PORT, PORT, "has ACS turned off");
    }
}

/* The kernel turns ACS on with the IOMMU, so without one the registers say nothing. */
static void test_without_iommu(void **state)
{
    _cleanup_(garden_done) struct garden g = { 0 };

    add_port(&g, PORT, "", PCIE_ROOT_PORT, 0x1d, 0);
    add(&g, PF, PORT, PCIE_ENDPOINT)->iommu_group = -1;
    g.devices[0].iommu_group = -1;
    g.tree = (struct pci_tree){ g.devices, g.count, .complete = true };
    assert_int_equal(acs_groups(&g.tree, &g.groups), 0);
    expect(&g, PF, PF, NULL, NULL);
}

static void test_device_without_group(void **state)
{
    _cleanup_(garden_done) struct garden g = { 0 };

    add_port(&g, PORT, "", PCIE_ROOT_PORT, 0, 0)->iommu_group = -1;
    add(&g, PF, PORT, PCIE_ENDPOINT);
    work_out(&g);
    assert_null(g.groups[0].first);
    /* there is no group of the port to be joined */
    expect(&g, PF, PF, NULL, NULL);
}

static void test_switch(void **state)
{
    _cleanup_(garden_done) struct garden g = { 0 };

    add_port(&g, PORT, "", PCIE_ROOT_PORT, 0x1d, 0x1d);
    add(&g, PF, PORT, PCIE_UPSTREAM_PORT);
    add_port(&g, "0000:02:00.0", PF, PCIE_DOWNSTREAM_PORT, 0, 0);
    add_port(&g, "0000:02:01.0", PF, PCIE_DOWNSTREAM_PORT, 0x1d, 0x1d);
    add(&g, "0000:03:00.0", "0000:02:00.0", PCIE_ENDPOINT);
    add(&g, "0000:04:00.0", "0000:02:01.0", PCIE_ENDPOINT);
    work_out(&g);
    expect(&g, PF, PF, NULL, NULL);
    expect(&g, "0000:03:00.0", "0000:02:00.0", "0000:02:00.0", "has no ACS");
    expect(&g, "0000:04:00.0", "0000:04:00.0", NULL, NULL);
    /* with a bad root port all of it is one group, for that port's sake */
    g.devices[0].acs = 0;
    work_out(&g);
    expect(&g, "0000:04:00.0", PORT, PORT, "has no ACS");
    expect(&g, "0000:03:00.0", PORT, "0000:02:00.0", "has no ACS");
}

static void test_multifunction(void **state)
{
    _cleanup_(garden_done) struct garden g = { 0 };

    add_port(&g, PORT, "", PCIE_ROOT_PORT, 0x1d, 0x1d);
    add(&g, PF, PORT, PCIE_ENDPOINT)->multifunction = true;
    add(&g, "0000:01:00.1", PORT, PCIE_ENDPOINT);
    work_out(&g);
    expect(&g, "0000:01:00.1", PF, PF, "has no ACS");
    expect(&g, PF, PF, PF, "has no ACS");
    /* a card that the kernel knows to keep its functions apart: Intel 82576 */
    g.devices[1].vendor = g.devices[2].vendor = 0x8086;
    g.devices[1].device = g.devices[2].device = 0x10c9;
    work_out(&g);
    expect(&g, "0000:01:00.1", "0000:01:00.1", NULL, NULL);
    /* it takes two that do not isolate */
    g.devices[2].device = 0x10d3;
    work_out(&g);
    expect(&g, "0000:01:00.1", "0000:01:00.1", NULL, NULL);
}

static void test_conventional(void **state)
{
    _cleanup_(garden_done) struct garden g = { 0 };

    add_port(&g, PORT, "", PCIE_ROOT_PORT, 0x1d, 0x1d);
    add(&g, PF, PORT, PCIE_TO_PCI_BRIDGE);
    add(&g, "0000:02:01.0", PF, PCIE_NONE);
    add(&g, "0000:02:02.0", PF, PCIE_NONE);
    work_out(&g);
    expect(&g, "0000:02:01.0", PF, PF, "is a bridge to conventional PCI");
    expect(&g, "0000:02:02.0", PF, PF, "is a bridge to conventional PCI");
    expect(&g, PORT, PORT, NULL, NULL);
}

/* Devices on a root bus are not PCI Express and yet alone, unless they share a slot. */
static void test_root_bus(void **state)
{
    _cleanup_(garden_done) struct garden g = { 0 };

    add(&g, "0000:00:00.0", "", PCIE_NONE);
    add(&g, "0000:00:1f.0", "", PCIE_NONE)->multifunction = true;
    add(&g, "0000:00:1f.2", "", PCIE_NONE);
    work_out(&g);
    expect(&g, "0000:00:00.0", "0000:00:00.0", NULL, NULL);
    expect(&g, "0000:00:1f.2", "0000:00:1f.0", "0000:00:1f.0", "is a conventional PCI device");
    /* inside an Intel root complex as PCI Express they are kept apart */
    g.devices[1].vendor = g.devices[2].vendor = 0x8086;
    g.devices[1].express = g.devices[2].express = 0x40;
    g.devices[1].type = g.devices[2].type = PCIE_INTEGRATED_ENDPOINT;
    work_out(&g);
    expect(&g, "0000:00:1f.2", "0000:00:1f.2", NULL, NULL);
}

static void test_aliases(void **state)
{
    _cleanup_(garden_done) struct garden g = { 0 };
    struct pci_device *ricoh;

    add_port(&g, PORT, "", PCIE_ROOT_PORT, 0x1d, 0x1d);
    add_port(&g, PF, PORT, PCIE_ENDPOINT, 0x1d, 0x1d)->multifunction = true;
    ricoh = add_port(&g, "0000:01:00.3", PORT, PCIE_ENDPOINT, 0x1d, 0x1d);
    work_out(&g);
    expect(&g, "0000:01:00.3", "0000:01:00.3", NULL, NULL);
    ricoh->vendor = 0x1180;
    ricoh->device = 0xe832;
    work_out(&g);
    expect(&g, "0000:01:00.3", PF, PF, "does DMA under the id of its neighbour");
}

/* A row of each kind of rule. */
static void test_alias_rules(void **state)
{
    static const struct {
        uint16_t vendor, device;
        unsigned own, alias;
        bool has;
    } rows[] = {
        { 0x1b4b, 0x9230, 0x00, 0x01, true },  { 0x1b4b, 0x9230, 0x01, 0x01, false },
        { 0x1b4b, 0x9230, 0x08, 0x01, false }, { 0x8086, 0x2260, 0x00, 0x93, true },
        { 0x8086, 0x2260, 0x00, 0x94, false }, { 0x8086, 0x2954, 0x00, 0xfc, true },
        { 0x8086, 0x2954, 0x00, 0xfd, false }, { 0x10b5, 0x87b0, 0x00, 0xfd, true },
        { 0x10b5, 0x87b2, 0x00, 0xfd, false },
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct pci_device d = { .vendor = rows[i].vendor,
                                .device = rows[i].device,
                                .number = rows[i].own };

        assert_int_equal(acs_has_alias(&d, rows[i].alias), rows[i].has);
    }
}

/* Intel VMD: what is behind it does DMA as the VMD device. */
static void test_dma_device(void **state)
{
    _cleanup_(garden_done) struct garden g = { 0 };
    struct pci_device *nvme;

    add(&g, "0000:00:0e.0", "", PCIE_INTEGRATED_ENDPOINT);
    nvme = add(&g, "0000:02:00.0", "", PCIE_ENDPOINT);
    STR_SET(nvme->dma_device, "0000:00:0e.0");
    work_out(&g);
    expect(&g, "0000:02:00.0", "0000:00:0e.0", "0000:00:0e.0", "does the DMA of what is behind it");
}

static void test_wide_registers(void **state)
{
    _cleanup_(garden_done) struct garden g = { 0 };
    struct pci_device *port = add_port(&g, PORT, "", PCIE_ROOT_PORT, 0x1d, 0);

    port->vendor = 0x8086;
    port->device = 0xa110;
    port->acs_control_wide = 0x1d;
    add(&g, PF, PORT, PCIE_ENDPOINT);
    work_out(&g);
    expect(&g, PF, PF, NULL, NULL);
    port->acs_control_wide = 0;
    work_out(&g);
    expect(&g, PF, PORT, PORT, "has ACS turned off");
}

static void test_config_not_seen(void **state)
{
    struct pci_tree tree = { .complete = false };
    struct pci_group *groups = NULL;

    assert_int_equal(acs_groups(&tree, &groups), -ENODATA);
    assert_null(groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_port_that_isolates),
        cmocka_unit_test(test_port_without_acs),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_without_iommu),
        cmocka_unit_test(test_device_without_group),
        cmocka_unit_test(test_switch),
        cmocka_unit_test(test_multifunction),
        cmocka_unit_test(test_conventional),
        cmocka_unit_test(test_root_bus),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_alias_rules),
        cmocka_unit_test(test_dma_device),
        cmocka_unit_test(test_wide_registers),
        cmocka_unit_test(test_config_not_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
