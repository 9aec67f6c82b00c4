/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * STATUS: could ADD be served? The state folder must take a lease, the PF of the configuration must
 * be there and not in the middle of a change, and the IPAM plugin must be ready.
 */
#include <errno.h>

#include "base/file.h"
#include "cni/command.h"
#include "cni/ipam.h"
#include "core/assign.h"
#include "core/ledger-lock.h"

static int check_state(const struct cni_call *c, struct cni_error *e)
{
    int r = file_make_dirs(c->state_dir, 0700);

    if (r >= 0 && access(c->state_dir, W_OK | X_OK) < 0)
        r = -errno;
    if (r < 0) {
        cni_fail(e, CNI_NOT_AVAILABLE, 0, "%.200s: leases cannot be kept there: %s", c->state_dir,
                 strerrordesc_np(-r));
        cni_details(e, "the plugin runs as root and needs a writable state folder");
    }
    return r;
}

static int check_device(const struct cni_call *c, struct cni_error *e)
{
    struct sriov_error cause = { 0 };
    struct vf_place place;
    int r;

    if (!c->config.device_id[0])
        return 0;
    r = vf_place_of_pci(c->backend, c->config.device_id, &place, &cause);
    if (r < 0) {
        cni_fail_as(e, &cause, r);
        e->code = CNI_NOT_AVAILABLE;
        return r;
    }
    if (!ledger_lock_is_held(c->state_dir, place.pf))
        return 0;
    cni_fail(e, CNI_NOT_AVAILABLE, 0, "%s: its PF is being changed", place.pf);
    cni_details(e, "wait until the change is done; sriovctl history shows it");
    return -EBUSY;
}

int command_status(struct cni_call *c, struct buf *out, struct cni_error *e)
{
    int r = check_state(c, e);

    if (r >= 0)
        r = check_device(c, e);
    return r < 0 ? r : ipam_run(c, "STATUS", NULL, e);
}
