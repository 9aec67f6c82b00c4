/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Leases from libvirt's hooks. libvirt waits for a hook, which must not ask it anything, and
 * refuses what it was about to do if the hook fails. So the only thing that fails here is a VF that
 * surely is somebody else's; whatever else goes wrong is a note on stderr, and the VM starts
 * without our help.
 */
#ifndef VM_HOOK_LEASE_H
#define VM_HOOK_LEASE_H

#include "cli/app.h"
#include "core/lease.h"

/* A device of a domain, as libvirt's XML names it. */
struct hook_device {
    const char *domain;
    const char *pci;    /* "" if it is no device of the host */
    const char *netdev; /* the host's, below a macvtap; "" if it is none */
    struct attrs want;  /* settings while the domain has it */
    pid_t keeper; /* of hook_settle: the lease lives as long as this process, too; 0: by use */
};

/* Leases it to the domain, in the name of libvirt's daemon (--pid, else our parent) until
 * hook_settle. Nothing happens if it is no VF, or the domain has it already. -EBUSY (code in use):
 * somebody else has it. */
int hook_take(struct app *a, const struct hook_device *d);

/* The domain has ended, and libvirt is about to put back what it saved: the lease hangs on its
 * daemon until hook_end, so that nobody restores the VF meanwhile. If somebody has restored it (the
 * daemon was down), it is leased as it is, so that hook_end makes it that again. */
void hook_hold(struct app *a, const struct hook_device *d);

/* The domain runs with it: from here on the lease lives by use. Not for what has no such lease. */
void hook_settle(struct app *a, const struct hook_device *d);

/* libvirt has put it back: restored, if the domain has it. */
void hook_end(struct app *a, const struct hook_device *d);

#endif
