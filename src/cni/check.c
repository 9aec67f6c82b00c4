/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CHECK: is the attachment still what ADD made? The lease, the VF's settings and netdev against the
 * lease, the interface against prevResult, and the IPAM plugin's own check.
 */
#include <errno.h>

#include "cni/attachment.h"
#include "cni/command.h"
#include "cni/ipam.h"
#include "cni/netif.h"
#include "core/assign.h"
#include "kernel/enter.h"

static int find_lease(struct cni_call *c, struct lease *ret, struct cni_error *e)
{
    struct vf_place place, *known = NULL;
    int r;

    if (c->config.device_id[0] &&
        vf_place_of_pci(c->backend, c->config.device_id, &place, NULL) == 0)
        known = &place;
    r = attachment_find(c, known, ret, e);
    if (r == -ENOENT)
        cni_fail(e, CNI_FAILED, 0, "container %s has no VF leased as %s", c->container, c->ifname);
    return r;
}

static int check_vf(struct cni_call *c, const struct lease *lease, struct cni_error *e)
{
    char difference[ASSIGN_DIFFERENCE_SIZE] = "";
    struct sriov_error cause = { 0 };
    int r;

    if (c->config.device_id[0] && !str_eq(c->config.device_id, lease->pci))
        return cni_fail(e, CNI_FAILED, EBADMSG, "container %s has the VF %s as %s, not %s",
                        c->container, lease->pci, c->ifname, c->config.device_id);
    r = assign_check(c->backend, lease, difference, &cause);
    if (r < 0)
        return cni_fail_as(e, &cause, r);
    if (difference[0])
        return cni_fail(e, CNI_FAILED, EBADMSG, "VF %s: %s", lease->pci, difference);
    return 0;
}

static int check_interface(struct cni_call *c, struct cni_error *e)
{
    _cleanup_close_ int netns = -1;
    int r = netns_open(c->netns, &netns, NULL);

    if (r < 0) {
        cni_fail(e, r == -ENOENT ? CNI_UNKNOWN_CONTAINER : CNI_INVALID_ENVIRONMENT, 0,
                 "CNI_NETNS: %.200s is no network namespace: %s", c->netns, strerrordesc_np(-r));
        return r;
    }
    return netif_check(netns, c->ifname, c->netns, c->config.prev, e);
}

int command_check(struct cni_call *c, struct buf *out, struct cni_error *e)
{
    struct lease lease = { 0 };
    int r;

    if (!c->config.prev)
        return cni_fail(e, CNI_INVALID_CONFIG, EINVAL, "prevResult: CHECK needs it");
    r = find_lease(c, &lease, e);
    if (r >= 0)
        r = check_vf(c, &lease, e);
    if (r >= 0 && lease.netdev.present)
        r = check_interface(c, e);
    lease_done(&lease);
    return r < 0 ? r : ipam_run(c, "CHECK", NULL, e);
}
