/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What would keep a VM from getting a VF, looked at before anything is changed: the memory that it
 * may lock, what it may open, and what else is in the VF's IOMMU group. QEMU would find out as
 * well, half-way and in words that do not help ("Cannot allocate memory").
 */
#ifndef VM_PREFLIGHT_H
#define VM_PREFLIGHT_H

#include "cli/app.h"

/* What is known of the VM. */
struct preflight_vm {
    const char *name; /* for messages */
    pid_t pid;        /* QEMU's process; 0: it does not run, or is not known */
    uint64_t memory;  /* bytes it has, all of which a VF pins; 0: not known */
    bool managed;     /* libvirt sets its limit of locked memory, and opens the device for it */
    bool has_vfio;    /* it has a device of VFIO already: its memory is pinned */
    bool balloon;     /* has a balloon, which no longer gives memory back */
};

/* The VM's side: -ENOMEM (code failed) if it may not lock as much memory as it has; a note if a
 * balloon becomes useless. */
int preflight_vm(struct app *a, const struct preflight_vm *vm);

/* The VF's side. -EOPNOTSUPP (code unsupported): it is in no IOMMU group, or its group holds other
 * devices that the host's drivers have; they are named, and the bridge that is the cause. -EBUSY
 * (code in use): another process than `vm` (0: none) has the group open. */
int preflight_vf(struct app *a, pid_t vm, const struct pf *pf, const struct vf *vf);

/* -EACCES (code not permitted): the VM runs as a user who may not open the device file of the VF at
 * `pci`. For a VF that is on vfio-pci: before that it has no such file, and it is no failure. */
int preflight_open(struct app *a, const struct preflight_vm *vm, const char *pci);

#endif
