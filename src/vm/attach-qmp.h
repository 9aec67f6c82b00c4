/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VFs for a QEMU that nobody manages: what `vm attach --qmp SOCKET` and `vm detach --qmp SOCKET`
 * do. The VF is leased in the VM's name, bound to vfio-pci (libvirt would do that for its own), and
 * plugged over QEMU's monitor into a root port that is free.
 */
#ifndef VM_ATTACH_QMP_H
#define VM_ATTACH_QMP_H

#include "cli/app.h"

/* Plugs `word` (a VF), or with `word` NULL what --pool, --pf … of the options wish for, with
 * "key=value" settings, into the QEMU behind options.qmp. Failure leaves nothing behind: checks
 * come first (preflight.h), and what was done is undone. Prints what the VM has now. */
int attach_qmp(struct app *a, const char *word, const char *const *settings, size_t n_settings);

/* Asks the guest to let go, waits for it (options.timeout seconds, 0: DETACH_SECONDS), and makes
 * the VF what it was. -ETIMEDOUT: the guest did not, and has the VF as before; it still may let go,
 * and then the next command restores the VF. */
#define DETACH_SECONDS 30
int detach_qmp(struct app *a, const char *word);

#endif
