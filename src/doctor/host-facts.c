/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rows of `sriovctl host check`.
 */
#include "doctor/host-facts.h"

#include <limits.h>
#include <stdio.h>

#include "doctor/acs.h"
#include "doctor/platform.h"
#include "kernel/hugepages.h"

/* ---- processor, firmware, kernel ---- */

static void cpu_facts(struct doctor *d, struct buf *ret)
{
    struct machine m;

    machine_read(d, &m);
    if (m.vendor[0])
        buf_printf(ret, "%s, %s%s", m.vendor,
                   m.has_vmx   ? "VT-x (vmx)"
                   : m.has_svm ? "AMD-V (svm)"
                               : "neither vmx nor svm",
                   m.is_guest ? ", itself a virtual machine" : "");
}

static void table_facts(struct doctor *d, struct buf *ret)
{
    struct machine m;

    machine_read(d, &m);
    if (m.table)
        buf_add_str(ret, m.table);
    else
        buf_add_str(ret, m.has_acpi ? "none of DMAR, IVRS, IORT" : "no ACPI");
}

static void parameter_facts(struct doctor *d, struct buf *ret)
{
    static const char *const names[] = {
        "intel_iommu",
        "amd_iommu",
        "iommu",
        "iommu.passthrough",
        "intremap",
        "pci",
        "vfio_iommu_type1.allow_unsafe_interrupts",
        "pcie_acs_override",
        "hugepages",
        "hugepagesz",
    };

    for (size_t i = 0; i < ELEMENTS(names); i++) {
        const char *value = boot_parameter(d, names[i]);

        if (value)
            buf_printf(ret, "%s%s%s%s", ret->len > 0 ? " " : "", names[i], *value ? "=" : "",
                       value);
    }
    if (ret->len == 0 && there_is(d, "/proc/cmdline"))
        buf_add_str(ret, "none that matters here");
}

static void iommu_facts(struct doctor *d, struct buf *ret)
{
    const struct strv *groups = read_dir(d, "/sys/kernel/iommu_groups");
    const struct snapshot *s = doctor_snapshot(d);
    struct machine m;

    machine_read(d, &m);
    if (m.iommus->count == 0) {
        buf_add_str(ret, "none in use");
        return;
    }
    names_text(m.iommus, ret);
    buf_printf(ret, ", %zu groups", groups->count);
    for (size_t i = 0; i < s->n_pfs; i++) {
        if (s->pfs[i].iommu_group < 0)
            continue;
        buf_printf(ret, ", PFs %s",
                   read_text(d, "/sys/kernel/iommu_groups/%d/type", s->pfs[i].iommu_group));
        return;
    }
}

static void remapping_facts(struct doctor *d, struct buf *ret)
{
    unsigned irq;
    int on = interrupts_are_remapped(d, &irq);

    if (on >= 0)
        buf_printf(ret, "%s (interrupt %u: %s)", on ? "on" : "off", irq,
                   read_text(d, "/sys/kernel/irq/%u/chip_name", irq));
}

static void module_facts(struct doctor *d, struct buf *ret)
{
    static const char *const folders[] = { "vfio_pci", "vfio_iommu_type1", "iommufd" };

    for (size_t i = 0; i < ELEMENTS(folders); i++) {
        if (there_is(d, "/sys/module/%s", folders[i]))
            buf_printf(ret, "%s%s", ret->len > 0 ? ", " : "", folders[i]);
    }
    buf_add_str(ret, ret->len > 0 ? " loaded" : "vfio_pci not loaded");
}

/* "none [integrity] confidentiality": the one that holds is in brackets. */
static void lockdown_facts(struct doctor *d, struct buf *ret)
{
    const char *text = read_text(d, "/sys/kernel/security/lockdown"), *start = strchr(text, '[');

    if (start)
        buf_printf(ret, "%.*s", (int)strcspn(start + 1, "]"), start + 1);
    else
        buf_add_str(ret, "none: not in this kernel, or securityfs is not mounted");
}

/* ---- memory ---- */

static void hugepage_facts(struct doctor *d, struct buf *ret)
{
    const struct strv *nodes = read_dir(d, "/sys/devices/system/node");

    for (size_t i = 0; i < nodes->count; i++) {
        _cleanup_(hugepages_list_done) struct hugepages_list list = { 0 };
        const char *name = nodes->items[i];
        uint64_t node;

        if (!str_starts(name, "node") || str_to_u64(name + strlen("node"), INT_MAX, &node) < 0 ||
            hugepages_read(doctor_backend(d), (int)node, &list) < 0)
            continue;
        for (size_t k = 0; k < list.count; k++) {
            char size[HUGEPAGES_SIZE_TEXT];

            hugepages_size_text(list.items[k].bytes, size);
            buf_printf(ret, "%s%s %llu of %s", ret->len > 0 ? ", " : "", name,
                       (unsigned long long)list.items[k].total, size);
        }
    }
}

static void numa_facts(struct doctor *d, struct buf *ret)
{
    const struct snapshot *s = doctor_snapshot(d);
    const char *online = read_text(d, "/sys/devices/system/node/online");

    if (*online)
        buf_printf(ret, "node%s %s", strpbrk(online, "-,") ? "s" : "", online);
    for (size_t i = 0; i < s->n_pfs; i++) {
        if (s->pfs[i].numa_node >= 0)
            buf_printf(ret, ", %s on %d", pf_label(&s->pfs[i]), s->pfs[i].numa_node);
    }
}

/* ---- PCI ---- */

static bool is_port(const struct pci_device *d)
{
    return d->type == PCIE_ROOT_PORT || d->type == PCIE_DOWNSTREAM_PORT;
}

static void acs_facts(struct doctor *d, struct buf *ret)
{
    const struct pci_tree *t = doctor_pci(d);
    size_t ports = 0, open = 0;

    if (!t->complete) {
        buf_add_str(ret, "it takes root to see which ports isolate");
        return;
    }
    for (size_t i = 0; i < t->count; i++) {
        ports += is_port(&t->items[i]);
        open += is_port(&t->items[i]) && acs_lack(t, &t->items[i]);
    }
    buf_printf(ret, "%zu of %zu ports %s", ports - open, ports,
               t->has_groups ? "isolate" : "could isolate");
    if (open > 0)
        buf_add_str(ret, "; not");
    for (size_t i = 0; i < t->count; i++) {
        if (is_port(&t->items[i]) && acs_lack(t, &t->items[i]))
            buf_printf(ret, " %s", t->items[i].address);
    }
}

static void ari_facts(struct doctor *d, struct buf *ret)
{
    const struct snapshot *s = doctor_snapshot(d);
    const struct pci_tree *t = doctor_pci(d);

    for (size_t i = 0; t->complete && i < s->n_pfs; i++) {
        const struct pci_device *device = pci_find(t, s->pfs[i].key);
        const struct pci_device *port = device ? pci_parent(t, device) : NULL;
        const char *state = "no port";

        if (!device)
            continue;
        if (port)
            state = port->device_control2 & PCI_ARI_FORWARDING ? "on" : "off";
        buf_printf(ret, "%s%s %s", ret->len > 0 ? ", " : "", pf_label(&s->pfs[i]),
                   device->ari ? state : "without");
    }
}

/* What the driver allows, and the card if that is more. */
static void limit_facts(struct doctor *d, struct buf *ret)
{
    const struct snapshot *s = doctor_snapshot(d);

    for (size_t i = 0; i < s->n_pfs; i++) {
        const struct pf *pf = &s->pfs[i];
        const struct pci_device *device = pci_find(doctor_pci(d), pf->key);

        buf_printf(ret, "%s%s %zu of %u VFs", i > 0 ? ", " : "", pf_label(pf), pf->n_vfs,
                   pf->total_vfs);
        if (device && device->sriov.place && device->sriov.total_vfs != pf->total_vfs)
            buf_printf(ret, " (card: %u)", device->sriov.total_vfs);
    }
    if (s->n_pfs == 0)
        buf_add_str(ret, "no device with SR-IOV");
}

/* ---- the rows ---- */

#define CHECKS(...) ((const char *const[]){ __VA_ARGS__, NULL })

const struct host_row host_rows[] = {
    { "cpu", "CPU virtualisation", cpu_facts, CHECKS("cpu-virtualization-off") },
    { "firmware-tables", "Firmware tables", table_facts, CHECKS("iommu-absent") },
    { "kernel-parameters", "Kernel parameters", parameter_facts,
      CHECKS("iommu-disabled", "acs-override") },
    { "iommu", "IOMMU", iommu_facts,
      CHECKS("iommu-absent", "iommu-disabled", "reserved-regions", "noiommu-mode") },
    { "interrupt-remapping", "Interrupt remapping", remapping_facts,
      CHECKS("interrupt-remapping-off", "iommu-absent") },
    { "acs", "ACS", acs_facts, CHECKS("iommu-group-shared", "acs-override") },
    { "ari", "ARI", ari_facts, CHECKS("ari-hierarchy", "bus-numbers-short") },
    { "modules", "Modules", module_facts, CHECKS("vfio-module-missing") },
    { "lockdown", "Lockdown", lockdown_facts, CHECKS("kernel-lockdown") },
    { "hugepages", "Huge pages", hugepage_facts, CHECKS("hugepages-missing") },
    { "numa", "NUMA", numa_facts, CHECKS("numa-remote") },
    { "nic-limits", "Limits of the NIC", limit_facts,
      CHECKS("sriov-capability-missing", "firmware-vf-limit", "driver-vf-limit",
             "vf-bars-unassigned") },
    { NULL },
};

bool host_row_has(const struct host_row *row, const struct finding *f)
{
    for (const char *const *id = row->checks; *id; id++) {
        if (str_eq(*id, f->check->id))
            return true;
    }
    return false;
}

const char *host_unseen(const struct doctor *d, const struct host_row *row)
{
    const struct unseen *u;

    for (size_t i = 0; (u = doctor_unseen(d, i)); i++) {
        for (const char *const *id = row->checks; *id; id++) {
            if (str_eq(*id, u->check->id))
                return u->why;
        }
    }
    return NULL;
}

enum host_verdict host_judge(const struct doctor *d, const struct host_row *row)
{
    enum host_verdict worst = host_unseen(d, row) ? HOST_UNKNOWN : HOST_OK;
    const struct finding *f;

    for (size_t i = 0; (f = doctor_finding(d, i)); i++) {
        if (!host_row_has(row, f) || f->severity == FINDING_INFO)
            continue;
        if (f->severity == FINDING_ERROR)
            return HOST_BAD;
        worst = HOST_WARN;
    }
    return worst;
}

const char *host_verdict_name(enum host_verdict v)
{
    static const char *const names[] = {
        [HOST_OK] = "ok",
        [HOST_WARN] = "warn",
        [HOST_BAD] = "bad",
        [HOST_UNKNOWN] = "unknown",
    };
    return names[v];
}

void host_look(struct doctor *d)
{
    for (const struct host_row *row = host_rows; row->id; row++) {
        _cleanup_buf_ struct buf text = BUF_INIT;

        row->facts(d, &text);
    }
}
