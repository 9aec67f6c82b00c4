/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area platform: what firmware, PCI and IOMMU give before any driver is asked. Here
 * are the table and the checks on PCI resources; the others are in platform-*.c.
 */
#include "doctor/platform.h"

#include <stdio.h>

#include "doctor/pci.h"
#include "doctor/wanted.h"

#define CLASS_ETHERNET 0x020000

static const struct pci_device *device_of(struct doctor *d, const struct pf *pf)
{
    return pf->bus == PF_ON_PCI ? pci_find(doctor_pci(d), pf->key) : NULL;
}

/* ---- sriov-capability-missing ---- */

/* Network cards that all have SR-IOV: where it is not to be seen, something hides it. igb and ixgbe
 * drive other cards too. */
static const struct {
    uint16_t first, last; /* of vendor 8086 */
} sriov_cards[] = {
    { 0x10c9, 0x10c9 }, /* 82576 */
    { 0x10fb, 0x10fb }, /* 82599 */
    { 0x1521, 0x1522 }, /* I350 */
    { 0x1528, 0x1528 }, /* X540 */
    { 0x1563, 0x1563 }, /* X550 */
    { 0x1572, 0x1572 }, /* X710 */
    { 0x1583, 0x1584 }, /* XL710 */
    { 0x158a, 0x158b }, /* XXV710 */
    { 0x1591, 0x1593 }, /* E810-C */
    { 0x1599, 0x159b }, /* E810-XXV */
};

static bool ought_to_have_vfs(const struct pci_device *device)
{
    for (size_t i = 0; i < ELEMENTS(sriov_cards); i++) {
        if (device->vendor == 0x8086 && sriov_cards[i].first <= device->device &&
            device->device <= sriov_cards[i].last)
            return true;
    }
    return false;
}

static void check_capability_missing(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct pci_tree *t = doctor_pci(d);
    enum severity severity = doctor_snapshot(d)->n_pfs > 0 ? FINDING_INFO : FINDING_WARNING;
    struct machine m;

    machine_read(d, &m);
    for (size_t i = 0; !m.is_guest && i < t->count; i++) {
        const struct pci_device *device = &t->items[i];
        struct finding *f;
        char path[PCI_PATH_SIZE];

        if (device->is_vf || !device->config_seen || device->sriov.place ||
            device->class_code != CLASS_ETHERNET || !ought_to_have_vfs(device))
            continue;
        f = report(d, severity, "%s (%04x:%04x) can do SR-IOV, but does not say so",
                   device->address, device->vendor, device->device);
        about(f, device->address);
        confidence(f, LIKELY);
        pci_path(device->address, "config", path);
        evidence(d, f, path, "no SR-IOV capability (0x0010)");
        pci_path(device->address, "sriov_totalvfs", path);
        evidence_file(d, f, path);
        remedy(f, FIX_BY_HAND,
               "in the BIOS: turn on \"SR-IOV Global Enable\" and SR-IOV of the card, then boot");
    }
}

/* ---- vf-bars-unassigned ---- */

#define FIRST_VF_LINE 7 /* after six BARs and the ROM */
#define LAST_VF_LINE 12

/* The line of a VF BAR without a place in a `resource` file, counted from 0; -1: all have one. A
 * BAR that got none has no start, and keeps its size only if the kernel will try again. */
static int find_unassigned(const char *resources)
{
    unsigned long long start, end, flags;
    int line = 0, len, sized = -1;
    bool any = false;

    for (; sscanf(resources, "%llx %llx %llx%n", &start, &end, &flags, &len) == 3; line++) {
        resources += len;
        if (line < FIRST_VF_LINE || line > LAST_VF_LINE)
            continue;
        any |= start != 0;
        if (start == 0 && end != 0 && sized < 0)
            sized = line;
    }
    if (line <= FIRST_VF_LINE || (any && sized < 0))
        return -1;
    return sized >= 0 ? sized : FIRST_VF_LINE;
}

static void evidence_line(struct doctor *d, struct finding *f, const char *pci, const char *text,
                          int line)
{
    char command[PCI_PATH_SIZE + 32], path[PCI_PATH_SIZE];

    pci_path(pci, "resource", path);
    snprintf(command, sizeof(command), "sed -n %dp %s", line + 1, path);
    for (; line > 0 && text; line--) {
        text = strchr(text, '\n');
        text += text != NULL;
    }
    if (text)
        evidence(d, f, command, "%.*s", (int)strcspn(text, "\n"), text);
}

/* Many a disk has the capability too, and nobody wants its VFs. */
static enum severity severity_without_room(struct doctor *d, const struct pf *pf, bool tried)
{
    if (tried || wanted_count(d, pf) > 0)
        return FINDING_ERROR;
    return pf->ifindex > 0 ? FINDING_WARNING : FINDING_INFO;
}

static void check_bars_unassigned(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const char *resources, *log;
    struct finding *f;
    int line;

    if (pf->bus != PF_ON_PCI || pf->n_vfs > 0)
        return;
    resources = read_text(d, "%s/resource", pf->sysfs);
    line = find_unassigned(resources);
    if (line < 0)
        return;
    /* drivers/pci/iov.c, sriov_enable(); drivers/pci/setup-res.c, pci_assign_resource() */
    log = log_last(d, pf->key, "not enough MMIO resources for SR-IOV");
    f = report(d, severity_without_room(d, pf, log),
               "no memory addresses are left for the VFs of %s, so it can have none", pf_label(pf));
    evidence_line(d, f, pf->key, resources, line);
    if (!log)
        log = log_last(d, pf->key, "can't assign; no space");
    if (log)
        evidence_log(d, f, log);
    if (parameter_has(d, "pci", "realloc=off"))
        remedy(f, FIX_BY_HAND,
               "remove realloc=off from pci= in the kernel's parameters, then boot");
    else
        remedy(f, FIX_BY_HAND,
               "in the BIOS: turn on \"Above 4G Decoding\" and SR-IOV; without such a setting boot "
               "with pci=realloc");
}

/* ---- bus-numbers-short ---- */

/* Is even the first VF on a bus beyond those of the port? */
static bool first_vf_is_out(const struct pci_device *pf, const struct pci_device *port)
{
    uint64_t first = pf->number + pf->sriov.offset;

    return pf->sriov.offset > 0 && port && port->subordinate > 0 &&
           (first >> 8 & 0xff) > port->subordinate;
}

/* "igb 0000:01:00.0: can't enable 7 VFs (bus 02 out of range of [bus 01])": 7. The message is of
 * sriov_enable() in drivers/pci/iov.c. */
static unsigned long refused_vfs(const char *line)
{
    static const char start[] = "can't enable ";
    const char *number = line ? strstr(line, start) : NULL;

    return number ? strtoul(number + strlen(start), NULL, 10) : 0;
}

/* A refusal is of interest as long as there are fewer VFs than were asked for then. */
static void check_bus_numbers(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct pci_device *device = device_of(d, pf);
    const struct pci_device *port = device ? pci_parent(doctor_pci(d), device) : NULL;
    const char *line = log_last(d, pf->key, "out of range of");
    char path[PCI_PATH_SIZE];
    struct finding *f;
    bool is_out;

    if (!device)
        return;
    is_out = pf->n_vfs == 0 && first_vf_is_out(device, port);
    if (refused_vfs(line) <= pf->n_vfs && !is_out)
        return;
    /* Who was refused may have been content with fewer. */
    f = report(d, pf->n_vfs == 0 || wanted_count(d, pf) > pf->n_vfs ? FINDING_ERROR : FINDING_INFO,
               "the bus of %s has too few numbers for its VFs", pf_label(pf));
    confidence(f, is_out ? CERTAIN : LIKELY);
    if (line)
        evidence_log(d, f, line);
    if (port) {
        pci_path(port->address, "subordinate_bus_number", path);
        evidence(d, f, path, "%u", port->subordinate);
    }
    pci_path(pf->key, "config", path);
    evidence(d, f, path, "First VF Offset %u, VF Stride %u", device->sriov.offset,
             device->sriov.stride);
    remedy(f, FIX_BY_HAND,
           "in the BIOS: turn on ARI; or create fewer VFs; or boot with pci=assign-busses");
}

/* ---- ari-hierarchy ---- */

/* VFs are numbered for the whole card by one bit, that of its lowest PF. */
static const struct pci_device *lowest_pf(const struct pci_tree *t, const struct pci_device *device)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->items[i].number >> 8 == device->number >> 8 && t->items[i].sriov.place)
            return &t->items[i];
    }
    return NULL;
}

static void check_ari(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct pci_device *device = device_of(d, pf);
    const struct pci_device *port = device ? pci_parent(doctor_pci(d), device) : NULL;
    bool noari = parameter_has(d, "pci", "noari"), forwards;
    struct finding *f;
    char path[PCI_PATH_SIZE];

    if (!port || !device->ari || lowest_pf(doctor_pci(d), device) != device)
        return;
    forwards = port->device_control2 & PCI_ARI_FORWARDING;
    if (noari && port->device_caps2 & PCI_ARI_FORWARDING)
        f = report(d, FINDING_WARNING,
                   "pci=noari keeps VFs of %s from the function numbers above 7", pf_label(pf));
    else if (forwards && !(device->sriov.control & SRIOV_ARI_HIERARCHY))
        f = report(d, FINDING_INFO,
                   "the port of %s forwards ARI, but the card numbers its VFs without",
                   pf_label(pf));
    else
        return;
    confidence(f, noari ? CERTAIN : POSSIBLE);
    pci_path(port->address, "config", path);
    evidence(d, f, path, "Device Control 2: 0x%04x", port->device_control2);
    pci_path(pf->key, "config", path);
    evidence(d, f, path, "SR-IOV Control: 0x%04x", device->sriov.control);
    if (noari)
        remedy(f, FIX_BY_HAND, "remove noari from pci= in the kernel's parameters, then boot");
    else
        remedy(f, FIX_BY_HAND, "sriovctl create %s 0, then its VFs again", pf_label(pf));
}

/* ---- vfs-lost-by-reset ---- */

static void check_vfs_lost(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct pci_device *device = device_of(d, pf);
    const char *line;
    struct finding *f;
    char path[PCI_PATH_SIZE];
    bool gone;

    if (!device || pf->n_vfs == 0)
        return;
    gone = device->vendor == 0xffff;
    if (!gone && (!device->sriov.place || device->sriov.control & SRIOV_VFS_ENABLED))
        return;
    f = report(
        d, FINDING_ERROR,
        gone ? "%s does not answer any more, nor do its %zu VFs"
             : "a reset took the VFs of %s away: the kernel still lists %zu, the card has none",
        pf_label(pf), pf->n_vfs);
    pci_path(pf->key, "config", path);
    if (gone)
        evidence(d, f, path, "Vendor ID: 0xffff");
    else
        evidence(d, f, path, "SR-IOV Control: 0x%04x (VF Enable is bit 0)", device->sriov.control);
    line = log_last(d, "AER", pf->key);
    if (line)
        evidence_log(d, f, line);
    if (gone)
        remedy(f, FIX_BY_HAND,
               "power the machine off and on; see the card's seat and its firmware");
    else
        remedy(f, FIX_BY_HAND, "sriovctl create %s 0 && sriovctl create %s %zu", pf_label(pf),
               pf_label(pf), pf->n_vfs);
}

/* ---- the table ---- */

static const char *const no_iommu[] = { "iommu-absent", "iommu-disabled", NULL };
static const char *const by_ari[] = { "ari-hierarchy", NULL };
static const char *const by_override[] = { "acs-override", NULL };

static const struct check checks[] = {
    { "iommu-absent", "No IOMMU: the firmware offers none", SCOPE_HOST, NEEDS_NOTHING, NULL,
      platform_iommu_absent },
    { "iommu-disabled", "IOMMU offered by the firmware, but not used", SCOPE_HOST, NEEDS_NOTHING,
      NULL, platform_iommu_disabled },
    { "iommu-group-shared", "Several devices in one IOMMU group", SCOPE_PF, NEEDS_NOTHING,
      by_override, platform_group_shared },
    { "reserved-regions", "Memory kept by the firmware, refused by VFIO", SCOPE_PF, NEEDS_NOTHING,
      NULL, platform_reserved_regions },
    { "interrupt-remapping-off", "Interrupts not remapped", SCOPE_HOST, NEEDS_NOTHING, NULL,
      platform_remapping_off },
    { "acs-override", "IOMMU groups made up by pcie_acs_override", SCOPE_HOST, NEEDS_NOTHING, NULL,
      platform_acs_override },
    { "noiommu-mode", "VFIO without an IOMMU allowed", SCOPE_HOST, NEEDS_NOTHING, no_iommu,
      platform_noiommu },
    { "cpu-virtualization-off", "Virtualisation of the processor turned off", SCOPE_HOST,
      NEEDS_NOTHING, NULL, platform_virtualization_off },
    { "sriov-capability-missing", "Card without its SR-IOV capability", SCOPE_HOST, NEEDS_CONFIG,
      NULL, check_capability_missing },
    { "vf-bars-unassigned", "No memory addresses for VFs", SCOPE_PF, NEEDS_NOTHING, NULL,
      check_bars_unassigned },
    { "bus-numbers-short", "Too few bus numbers for VFs", SCOPE_PF, NEEDS_CONFIG, by_ari,
      check_bus_numbers },
    { "ari-hierarchy", "ARI not used by the card or its port", SCOPE_PF, NEEDS_CONFIG, NULL,
      check_ari },
    { "vfs-lost-by-reset", "VFs lost by a reset of the PF", SCOPE_PF, NEEDS_CONFIG, NULL,
      check_vfs_lost },
    { "numa-remote", "VF used from another NUMA node", SCOPE_VF, NEEDS_PROCESSES, NULL,
      platform_numa_remote },
    { "pcie-link-degraded", "PCI Express link slower than it can be", SCOPE_PF, NEEDS_NOTHING, NULL,
      platform_link_degraded },
    { NULL },
};

const struct area area_platform = {
    .name = "platform",
    .title = "Platform: firmware, PCI and IOMMU",
    .checks = checks,
};
