/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks on IOMMU groups: who must share one, which bridge is the reason, and groups that VFIO does
 * not take.
 */
#include <inttypes.h>
#include <stdio.h>

#include "doctor/acs.h"
#include "doctor/platform.h"

#define GROUPS "/sys/kernel/iommu_groups"

/* ---- iommu-group-shared ---- */

/* Bridges belong to the kernel whoever has the devices behind them; VFIO does not mind them. */
static bool is_foreign(const struct pci_device *d)
{
    return !d->is_bridge && d->class_code >> 8 != 0x0600;
}

struct sharing {
    const struct pci_device *device; /* the PF or one of its VFs */
    size_t others;                   /* in its group, bridges left out */
    size_t bridges;
};

static void count_sharing(const struct pci_tree *t, const struct pci_device *d, struct sharing *ret)
{
    *ret = (struct sharing){ .device = d };
    for (size_t i = 0; d->iommu_group >= 0 && i < t->count; i++) {
        const struct pci_device *other = &t->items[i];

        if (other == d || other->iommu_group != d->iommu_group)
            continue;
        ret->others += is_foreign(other);
        ret->bridges += !is_foreign(other);
    }
}

/* The PF itself if it shares its group with more than bridges, else the first VF that does. With
 * VFs they count: functions of a card may share a group of which its VFs are free. */
static bool find_sharing(const struct pci_tree *t, const struct pf *pf, struct sharing *ret)
{
    const struct pci_device *d = pci_find(t, pf->key);
    struct sharing own = { 0 };

    if (!d)
        return false;
    count_sharing(t, d, &own);
    if (pf->n_vfs > 0 && !driver_is_passthrough(pf->driver))
        own.others = 0;
    *ret = own;
    for (size_t i = 0; ret->others == 0 && i < pf->n_vfs; i++) {
        d = pci_find(t, pf->vfs[i].pci);
        if (d)
            count_sharing(t, d, ret);
    }
    if (ret->others == 0)
        *ret = own;
    return ret->others > 0 || (ret->bridges > 0 && pf->n_vfs == 0);
}

static void evidence_group(struct doctor *d, struct finding *f, int group)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    const struct pci_tree *t = doctor_pci(d);
    char command[64];

    for (size_t i = 0; i < t->count; i++) {
        if (t->items[i].iommu_group == group)
            buf_printf(&text, "%s%s", text.len > 0 ? " " : "", t->items[i].address);
    }
    snprintf(command, sizeof(command), "ls " GROUPS "/%d/devices", group);
    evidence(d, f, command, "%s", text.data ? text.data : "");
}

static void evidence_breaker(struct doctor *d, struct finding *f, const struct pci_device *b)
{
    char path[PCI_PATH_SIZE];

    pci_path(b->address, "config", path);
    if (b->acs)
        evidence(d, f, path, "ACS at 0x%x: capabilities 0x%04x, control 0x%04x", b->acs,
                 b->acs_caps, b->acs_control);
    else if (b->express)
        evidence(d, f, path, "no ACS capability (0x000d)");
    else
        evidence(d, f, path, "no PCI Express capability (0x10)");
}

/* " because 0000:00:1c.0 has no ACS"; the device itself is at fault if it is one of several
 * functions. Without root it is not known, and nothing is said. */
static const struct pci_device *find_breaker(struct doctor *d, const struct pci_device *device,
                                             char *ret, size_t size)
{
    const struct pci_tree *t = doctor_pci(d);
    _cleanup_free_ struct pci_group *groups = NULL;
    const struct pci_group *g;

    ret[0] = '\0';
    if (acs_groups(t, &groups) < 0)
        return NULL;
    g = &groups[device - t->items];
    if (g->breaker)
        snprintf(ret, size, ", because %s %s", g->breaker->address, g->why);
    return g->breaker;
}

void platform_group_shared(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct pci_device *breaker;
    struct sharing s = { 0 };
    struct finding *f;
    char why[96];

    if (!find_sharing(doctor_pci(d), pf, &s))
        return;
    breaker = find_breaker(d, s.device, why, sizeof(why));
    if (s.others > 0)
        /* Of a PF without VFs it only tells what to expect: functions of one card share, and their
         * VFs need not. */
        f = report(d,
                   s.device->is_vf || driver_is_passthrough(pf->driver) ? FINDING_WARNING
                                                                        : FINDING_INFO,
                   "%s shares IOMMU group %d with %zu other device%s%s",
                   s.device->is_vf ? s.device->address : pf_label(pf), s.device->iommu_group,
                   s.others, s.others > 1 ? "s" : "", why);
    else
        f = report(d, FINDING_INFO, "VFs of %s would share its IOMMU group %d%s", pf_label(pf),
                   s.device->iommu_group, why);
    evidence_group(d, f, s.device->iommu_group);
    if (breaker)
        evidence_breaker(d, f, breaker);
    remedy(f, FIX_BY_HAND,
           "put the card into a slot behind another root port, or turn on ACS in the BIOS; what "
           "shares a group goes to one VM only, all of it");
}

/* ---- acs-override ---- */

/* Does the kernel keep devices apart that by their registers are not? */
static const struct pci_device *find_made_up(const struct pci_tree *t)
{
    _cleanup_free_ struct pci_group *groups = NULL;

    if (acs_groups(t, &groups) < 0)
        return NULL;
    for (size_t i = 0; i < t->count; i++) {
        const struct pci_group *g = &groups[i];

        if (g->first && g->breaker && g->first->iommu_group != t->items[i].iommu_group)
            return &t->items[i];
    }
    return NULL;
}

/* The parameter and its message are of a patch that some distributions carry. */
void platform_acs_override(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const char *value = boot_parameter(d, "pcie_acs_override");
    const char *line = log_last(d, "ACS overrides enabled", NULL);
    const struct pci_device *made_up;
    struct finding *f;

    if (!value)
        return;
    made_up = find_made_up(doctor_pci(d));
    if (made_up || line)
        f = report(d, FINDING_WARNING,
                   "pcie_acs_override makes IOMMU groups that the hardware does not keep apart: a "
                   "VM can reach its neighbours past the IOMMU");
    else
        f = report(d, FINDING_INFO, "pcie_acs_override is given, but this kernel does not know it");
    if (!made_up)
        confidence(f, LIKELY);
    evidence_file(d, f, "/proc/cmdline");
    if (made_up)
        evidence(d, f, "sriovctl doctor --groups", "%s in a group of its own", made_up->address);
    if (line)
        evidence_log(d, f, line);
    remedy(f, FIX_BY_HAND, "remove pcie_acs_override from the kernel's parameters, then boot");
}

/* ---- reserved-regions ---- */

/* "0x00000000000a0000 0x00000000000bffff direct": memory that the firmware goes on using itself.
 * "direct-relaxable" is given up when a device changes hands. */
static bool direct_line(const char *regions, char ret[96])
{
    while (*regions) {
        size_t len = strcspn(regions, "\n");

        snprintf(ret, 96, "%.*s", (int)len, regions);
        if (len > 7 && str_eq(ret + strlen(ret) - 7, " direct"))
            return true;
        regions += len;
        regions += *regions == '\n';
    }
    return false;
}

static bool group_is_reserved(struct doctor *d, int group, char ret[96])
{
    return group >= 0 && direct_line(read_text(d, GROUPS "/%d/reserved_regions", group), ret);
}

/* Up to Linux 6.5 drivers/iommu/intel/iommu.c says it, since then drivers/iommu/iommu.c. */
static const char *refusal_line(struct doctor *d, const char *pci)
{
    const char *line = log_last(d, "platform RMRR requirement", pci);

    return line ? line : log_last(d, "requested this device have a 1:1 IOMMU mapping", pci);
}

static void report_reserved(struct doctor *d, enum severity severity, const char *pci, int group,
                            const char *line)
{
    const char *refusal = refusal_line(d, pci);
    struct finding *f;
    char path[80];

    f = report(d, severity,
               "the firmware keeps memory for %s (group %d), so VFIO refuses the device", pci,
               group);
    snprintf(path, sizeof(path), GROUPS "/%d/reserved_regions", group);
    evidence(d, f, path, "%s", line);
    if (refusal)
        evidence_log(d, f, refusal);
    remedy(f, FIX_BY_HAND,
           "use another slot, or ask the server's maker how to turn off the RMRR of this one (HPE: "
           "\"HP Shared Memory\", set with conrep)");
}

/* One finding for a PF's VFs, about the first that was given away, else the first at all: what is
 * kept for one is kept for all. */
void platform_reserved_regions(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct vf *found = NULL;
    enum severity severity;
    char line[96];

    /* The PF needs it for itself only if somebody gives it away. */
    if (driver_is_passthrough(pf->driver) && group_is_reserved(d, pf->iommu_group, line))
        report_reserved(d, FINDING_ERROR, pf->key, pf->iommu_group, line);
    for (size_t i = 0; i < pf->n_vfs; i++) {
        const struct vf *v = &pf->vfs[i];

        if ((found && !driver_is_passthrough(v->attrs.driver)) ||
            !group_is_reserved(d, v->iommu_group, line))
            continue;
        found = v;
        if (driver_is_passthrough(v->attrs.driver))
            break;
    }
    if (!found || !group_is_reserved(d, found->iommu_group, line))
        return;
    severity = driver_is_passthrough(found->attrs.driver) ? FINDING_ERROR : FINDING_WARNING;
    report_reserved(d, severity, found->pci, found->iommu_group, line);
}
