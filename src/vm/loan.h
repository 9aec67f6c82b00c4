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

#define LOAN_ALIAS_SIZE 48

struct loan {
    struct lease lease;
    bool taken;                  /* there is something to give back */
    pid_t keeper;                /* the lease lives as long as this process, too; 0: by use alone */
    char label[OBJECT_SIZE];     /* "enp1s0/3" */
    char alias[LOAN_ALIAS_SIZE]; /* the device's in the VM: "ua-sriovd-0000-01-10-3" */
    char netdev[16];             /* the VF's on the host, "" if it has none there */
};

void loan_done(struct loan *l);

/* Takes `word` (a VF) or with NULL what --pool, --pf … of the options wish for, with "key=value"
 * settings, in the name `vm`. Unless it is for a macvtap, refuses a VF whose IOMMU group cannot be
 * given to a VM (preflight_vf). */
int loan_take(struct app *a, const char *vm, const char *word, const char *const *settings,
              size_t n_settings, struct loan *ret);

/* The VM has it now: settings once more (libvirt sets a VLAN without its priority), and from here
 * the lease goes by use, or by `keeper`: QEMU opens a VF that has a stand-by only once the guest
 * can do with one. */
int loan_settle(struct app *a, struct loan *l);

/* Hangs the lease on this process again, before the VF leaves the VM. -ENOENT: the VM has no lease
 * of it. */
int loan_take_over(struct app *a, const char *vm, const struct vf_place *place, struct loan *ret);

/* The VM has it still after all: the lease goes by use again. */
void loan_leave(struct app *a, struct loan *l);

/* Everything as before. To be called on each way out that did not settle: the error is the one that
 * led there, unless this fails, too (code not-rolled-back). */
int loan_give_back(struct app *a, struct loan *l);

/* Fills what device_xml needs from the machine, as it is now: pf, vf, netdev, want, alias. A NIC's
 * VF without a MAC gets one in `want` that is always the same for this VF and VM. What ret points
 * to lives as long as the loan and the session's snapshot. */
int loan_device(struct app *a, const struct loan *l, struct vm_device *ret);

/* The same for a VF that is not leased, of which only `lease.pf`, `lease.vf` and the owner's name
 * are known. */
int loan_of_place(struct app *a, const char *vm, const struct vf_place *place, struct loan *ret);

#endif
