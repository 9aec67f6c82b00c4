/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lease of a VF that a VM has. While this program is at work the lease hangs on its process;
 * from loan_settle on it lives as long as the VM uses the VF (struct lease_owner.while_used). So
 * a VM that is destroyed or crashes, a libvirtd or a sriovctl-vm that is killed, all leave what the
 * next command of anybody finds and puts right.
 */
#ifndef VM_LOAN_H
#define VM_LOAN_H

#include "cli/lending.h"
#include "vm/device.h"

struct loan {
    struct lease lease;
    bool taken; /* there is something to give back */
};

/* Takes `word` (a VF) or what --pool, --pf … of the options wish for, with "key=value" settings, in
 * the name `vm`. Checks the VF first: its IOMMU group holds nothing else (unless what else is in it
 * is of this VM or on vfio-pci), and its PF is up for libvirt. */
int loan_take(struct app *a, const char *vm, const char *word, const char *const *settings,
              size_t n_settings, struct loan *ret);

/* The VM has it now: settings once more (libvirt sets a VLAN without its priority), and from here
 * the lease goes by use. */
int loan_settle(struct app *a, struct loan *l);

/* Hangs the lease on this process again, before the VF leaves the VM. */
int loan_take_over(struct app *a, const char *vm, const struct vf_place *place, struct loan *ret);

/* Everything as before. To be called on each way out that did not settle. */
int loan_give_back(struct app *a, struct loan *l);

/* Fills what device_xml needs from the machine. */
int loan_device(struct app *a, const struct loan *l, struct vm_device *ret);

#endif
