/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * DEL: gives the addresses back to the IPAM plugin and the VF to the host as it was. It may be
 * repeated, and works with what is left: without namespace, lease, netdev or VF. What it must never
 * do is touch a VF that has gone to the next pod, so without a lease of this attachment it acts
 * only on sriov-cni's word, or on a netdev that stands in the pod's namespace under the pod's name.
 */
#include <errno.h>
#include <stdio.h>

#include "cni/attachment.h"
#include "cni/command.h"
#include "cni/ipam.h"
#include "cni/legacy.h"

static int release(struct cni_call *c, const struct vf_place *place, const struct attrs *reset,
                   struct cni_error *e)
{
    struct sriov_error cause = { 0 };
    struct release_request q = {
        .state_dir = c->state_dir,
        .owner = ATTACHMENT_OWNER,
        .container = c->container,
        .netns = c->netns[0] ? c->netns : NULL,
        .reset = reset,
    };
    bool released = false;
    int r;

    if (reset)
        q.ifname = c->ifname;
    r = assign_release(c->backend, place, &q, &released, &cause);
    if (r < 0)
        return cni_fail_as(e, &cause, r);
    log_line(&c->log, LOG_LEVEL_DEBUG, released ? "the VF is released" : "no VF was to be released",
             "pf", place->pf, NULL);
    return 0;
}

/* No lease of this attachment. It was lost if the VF stands in the pod's namespace: then it comes
 * home, and what the configuration names becomes as on a new VF. It was released before if the VF
 * is at home: then it stays as it is. A lease that cannot be read is the engine's to judge. */
static int release_lost(struct cni_call *c, const struct vf_place *place, struct cni_error *e)
{
    struct lease lease = { 0 };
    int r = lease_read(c->state_dir, place->pf, place->index, &lease, NULL);

    if (r == 0) {
        lease_done(&lease);
        log_line(&c->log, LOG_LEVEL_DEBUG, "the VF is somebody else's", "deviceID",
                 c->config.device_id, NULL);
        return 0;
    }
    return release(c, place, &c->config.want, e);
}

static int release_without_lease(struct cni_call *c, const struct vf_place *place,
                                 struct cni_error *e)
{
    enum legacy_outcome outcome;
    int r = legacy_release(c, &outcome, e);

    if (r < 0 || outcome == LEGACY_RELEASED)
        return r;
    if (place)
        r = release_lost(c, place, e);
    if (r >= 0 && outcome == LEGACY_BROKEN)
        legacy_forget(c);
    return r;
}

static int release_vf(struct cni_call *c, struct cni_error *e)
{
    struct vf_place place, *known = NULL;
    struct lease lease = { 0 };
    int r;

    if (c->config.device_id[0] &&
        vf_place_of_pci(c->backend, c->config.device_id, &place, NULL) == 0)
        known = &place;
    r = attachment_find(c, known, &lease, e);
    if (r == -ENOENT)
        return release_without_lease(c, known, e);
    if (r < 0)
        return r;
    place = lease_place(&lease);
    lease_done(&lease);
    return release(c, &place, NULL, e);
}

int command_del(struct cni_call *c, struct buf *out, struct cni_error *e)
{
    struct cni_error of_ipam = { 0 };
    int ipam = ipam_run(c, "DEL", NULL, &of_ipam);
    int r = release_vf(c, e);

    if (ipam < 0)
        log_line(&c->log, LOG_LEVEL_WARNING, "the IPAM plugin did not release", "error",
                 of_ipam.msg, NULL);
    if (r < 0 || ipam >= 0)
        return r;
    *e = of_ipam;
    return ipam;
}
