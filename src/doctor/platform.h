/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Inside the area platform: what its files share. The table of checks is in platform.c.
 */
#ifndef DOCTOR_PLATFORM_H
#define DOCTOR_PLATFORM_H

#include "doctor/check.h"

/* ---- machine.c: what the machine is ---- */

struct machine {
    char vendor[16]; /* of the processor: "GenuineIntel", "AuthenticAMD"; "" is not x86 */
    bool is_guest;   /* a hypervisor runs it */
    bool has_vmx, has_svm;
    bool has_acpi;
    const char *table; /* "DMAR", "IVRS", "IORT": how the firmware tells of its IOMMU; NULL */
    const struct strv *iommus; /* those that the kernel drives: "dmar0" */
};

void machine_read(struct doctor *d, struct machine *ret);

/* Is a VF to be given away whole, to a VM or a DPDK program? By its driver, its override or the
 * policy. */
bool vfio_is_wanted(struct doctor *d);

/* Do the interrupts go through the IOMMU? 1 yes, 0 no, -1: cannot be told, or not an x86. *ret_irq
 * is the one that says so. */
int interrupts_are_remapped(struct doctor *d, unsigned *ret_irq);

/* Is `word` one of the values of a kernel parameter ("iommu=pt,strict")? */
bool parameter_has(struct doctor *d, const char *name, const char *word);

/* Names of a folder in one line. */
void names_text(const struct strv *names, struct buf *ret);

/* ---- platform-iommu.c, platform-group.c, platform-link.c ---- */

void platform_iommu_absent(struct doctor *d, const struct pf *pf, const struct vf *vf);
void platform_iommu_disabled(struct doctor *d, const struct pf *pf, const struct vf *vf);
void platform_remapping_off(struct doctor *d, const struct pf *pf, const struct vf *vf);
void platform_noiommu(struct doctor *d, const struct pf *pf, const struct vf *vf);
void platform_virtualization_off(struct doctor *d, const struct pf *pf, const struct vf *vf);

void platform_group_shared(struct doctor *d, const struct pf *pf, const struct vf *vf);
void platform_acs_override(struct doctor *d, const struct pf *pf, const struct vf *vf);
void platform_reserved_regions(struct doctor *d, const struct pf *pf, const struct vf *vf);

void platform_link_degraded(struct doctor *d, const struct pf *pf, const struct vf *vf);
void platform_numa_remote(struct doctor *d, const struct pf *pf, const struct vf *vf);

#endif
