/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks on the IOMMU as a whole: is there one, does the kernel use it, does it guard interrupts.
 * A machine whose VFs stay with the host and its containers works without, so how bad it is depends
 * on what is wanted.
 */
#include "doctor/platform.h"

#define TABLES "/sys/firmware/acpi/tables"
#define IOMMUS "/sys/class/iommu"
#define CMDLINE "/proc/cmdline"

/* Without an IOMMU no VF can be given away whole; all else works. */
static enum severity severity_without(struct doctor *d)
{
    if (vfio_is_wanted(d))
        return FINDING_ERROR;
    return doctor_snapshot(d)->n_pfs > 0 ? FINDING_WARNING : FINDING_INFO;
}

static void evidence_names(struct doctor *d, struct finding *f, const char *folder)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    names_text(read_dir(d, "%s", folder), &text);
    evidence(d, f, folder, "%s", text.data ? text.data : "");
}

/* ---- iommu-absent ---- */

/* What to turn on, by the maker of the processor. */
static const struct {
    const char *vendor, *name, *setting;
} settings[] = {
    { "GenuineIntel", "Intel VT-d",
      "in the BIOS: turn on VT-d (\"Intel Virtualization Technology for Directed I/O\"), then boot" },
    { "AuthenticAMD", "AMD-Vi",
      "in the BIOS: turn on IOMMU (\"AMD-Vi\", often under NBIO or North Bridge), then boot" },
    { "HygonGenuine", "AMD-Vi", "in the BIOS: turn on IOMMU, then boot" },
};

static void remedy_firmware(struct finding *f, const struct machine *m)
{
    for (size_t i = 0; i < ELEMENTS(settings); i++) {
        if (str_eq(settings[i].vendor, m->vendor)) {
            remedy(f, FIX_BY_HAND, "%s", settings[i].setting);
            return;
        }
    }
    remedy(f, FIX_BY_HAND, "in the firmware's setup: turn on the IOMMU (SMMU), then boot");
}

void platform_iommu_absent(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct finding *f;
    struct machine m;

    machine_read(d, &m);
    if (m.iommus->count > 0 || m.table || !m.has_acpi)
        return;
    if (m.is_guest) {
        f = report(d, severity_without(d),
                   "this machine is virtual and has no virtual IOMMU, so no VF can be given to a "
                   "VM or to DPDK");
        remedy(f, FIX_BY_HAND,
               "give this virtual machine an IOMMU (libvirt: <iommu model='intel'> with "
               "<driver intremap='on' caching_mode='on'/>)");
        evidence(d, f, "grep -o -m1 -w hypervisor /proc/cpuinfo", "hypervisor");
    } else {
        f = report(d, severity_without(d),
                   "the firmware offers no IOMMU, so no VF can be given to a VM or to DPDK");
        remedy_firmware(f, &m);
        evidence(d, f, "grep -m1 vendor_id /proc/cpuinfo", "vendor_id : %s", m.vendor);
    }
    evidence_names(d, f, TABLES);
    evidence_names(d, f, IOMMUS);
}

/* ---- iommu-disabled ---- */

static const struct {
    const char *name, *table; /* NULL: every kind */
} off_parameters[] = {
    { "intel_iommu", "DMAR" },
    { "amd_iommu", "IVRS" },
    { "iommu", NULL },
};

/* "intel_iommu" for intel_iommu=off, NULL: none. */
static const char *find_off(struct doctor *d, const char *table)
{
    for (size_t i = 0; i < ELEMENTS(off_parameters); i++) {
        if ((!off_parameters[i].table || str_eq(off_parameters[i].table, table)) &&
            parameter_has(d, off_parameters[i].name, "off"))
            return off_parameters[i].name;
    }
    return NULL;
}

static struct finding *report_not_used(struct doctor *d, const struct machine *m)
{
    enum severity severity = severity_without(d);
    bool intel = str_eq(m->table, "DMAR");
    struct finding *f;

    if (intel && !parameter_has(d, "intel_iommu", "on")) {
        f = report(d, severity,
                   "the firmware offers an Intel IOMMU, but this kernel leaves it off unless "
                   "intel_iommu=on is given");
        remedy(f, FIX_BY_HAND, "sriovctl host prepare --apply && reboot");
    } else {
        f = report(d, severity, "the firmware offers an IOMMU (%s), but the kernel does not use it",
                   m->table);
        remedy(f, FIX_BY_HAND, "dmesg | grep -e %s -e iommu says why; often a BIOS update helps",
               intel ? "DMAR" : "AMD-Vi");
    }
    confidence(f, LIKELY);
    return f;
}

void platform_iommu_disabled(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const char *parameter, *line;
    struct finding *f;
    struct machine m;

    machine_read(d, &m);
    if (m.iommus->count > 0 || !m.table)
        return;
    parameter = find_off(d, m.table);
    if (parameter) {
        f = report(d, severity_without(d), "the kernel parameter %s=off turns the IOMMU off",
                   parameter);
        remedy(f, FIX_BY_HAND, "sriovctl host prepare --apply && reboot");
    } else {
        f = report_not_used(d, &m);
    }
    evidence_file(d, f, CMDLINE);
    evidence_names(d, f, IOMMUS);
    evidence(d, f, TABLES, "%s", m.table);
    line = parameter ? NULL : log_last(d, str_eq(m.table, "DMAR") ? "DMAR" : "AMD-Vi", NULL);
    if (line)
        evidence_log(d, f, line);
}

/* ---- interrupt-remapping-off ---- */

#define UNSAFE "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"

static void remedy_remapping(struct doctor *d, struct finding *f, const struct machine *m)
{
    if (parameter_has(d, "intremap", "off") || boot_parameter(d, "nointremap"))
        remedy(f, FIX_BY_HAND, "remove intremap=off from the kernel's parameters, then boot");
    else if (m->is_guest)
        remedy(f, FIX_BY_HAND,
               "give this virtual machine's IOMMU interrupt remapping (libvirt: <driver "
               "intremap='on'/>)");
    else
        remedy(f, FIX_BY_HAND,
               "in the BIOS: turn on interrupt remapping (\"x2APIC\", \"VT-d interrupt "
               "remapping\"), then boot");
}

void platform_remapping_off(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    bool allowed = str_eq(read_text(d, UNSAFE), "Y");
    enum severity severity;
    const char *line;
    struct finding *f;
    struct machine m;
    char path[64];
    unsigned irq;

    machine_read(d, &m);
    if (m.iommus->count == 0 || doctor_snapshot(d)->n_pfs == 0 ||
        interrupts_are_remapped(d, &irq) != 0)
        return;
    severity = vfio_is_wanted(d) && !allowed ? FINDING_ERROR : FINDING_WARNING;
    f = report(d, severity,
               allowed ? "interrupts are not remapped, and VFIO is told to accept it: a VM with a "
                         "VF can send any interrupt to the host"
                       : "interrupts are not remapped, so VFIO refuses to give a VF away");
    remedy_remapping(d, f, &m);
    snprintf(path, sizeof(path), "/sys/kernel/irq/%u/chip_name", irq);
    evidence_file(d, f, path);
    if (there_is(d, UNSAFE))
        evidence_file(d, f, UNSAFE);
    /* drivers/vfio/vfio_iommu_type1.c */
    line = log_last(d, "No interrupt remapping support", NULL);
    if (line)
        evidence_log(d, f, line);
}

/* ---- noiommu-mode ---- */

#define NOIOMMU "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"

void platform_noiommu(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct finding *f;

    if (!str_eq(read_text(d, NOIOMMU), "Y"))
        return;
    f = report(d, FINDING_WARNING,
               "VFIO may be used without an IOMMU: a program with such a VF reads and writes all "
               "memory");
    evidence_file(d, f, NOIOMMU);
    remedy(f, FIX_BY_HAND, "echo N > " NOIOMMU);
}

/* ---- cpu-virtualization-off ---- */

void platform_virtualization_off(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct finding *f;
    struct machine m;

    machine_read(d, &m);
    if (!m.vendor[0] || m.is_guest || m.has_vmx || m.has_svm || doctor_snapshot(d)->n_pfs == 0)
        return;
    f = report(d, FINDING_INFO,
               "the processor's virtualisation is off, so VMs on this machine are emulated");
    evidence(d, f, "grep -c -E 'vmx|svm' /proc/cpuinfo", "0");
    remedy(f, FIX_BY_HAND, "in the BIOS: turn on %s",
           str_eq(m.vendor, "GenuineIntel") ? "Intel VT-x" : "SVM");
}
