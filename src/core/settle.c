/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Waiting for devices by events. The order is always: look, and only if something is missing wait
 * for the next event; what had come in between is looked at once, not once per event. A netdev's
 * name is final when udev is done with it, and a driver may register its netdev after its probe
 * returned (iavf does it from a work queue).
 */
#include <errno.h>
#include <stdio.h>

#include "core/execute.h"
#include "core/quirk.h"
#include "kernel/events.h"

#define NS_PER_S UINT64_C(1000000000)

struct wait {
    struct backend *b;
    struct events *e;
    struct snapshot *s;
    struct pf *pf;
    bool (*complete)(const struct wait *w);
};

/* Blocks for one event, then drops those that came with it. False at the deadline. */
static bool next_event(struct events *e, uint64_t deadline)
{
    struct event event;
    int r;

    do
        r = events_wait(e, deadline, &event);
    while (r == -EINTR);
    if (r <= 0)
        return false;
    while (events_wait(e, 0, &event) > 0)
        ;
    return true;
}

static int wait_until_complete(struct wait *w, struct sriov_error *error)
{
    uint64_t deadline = events_now() + SETTLE_SECONDS * NS_PER_S;
    int r;

    do
        r = snapshot_refresh(w->b, w->s, w->pf, error);
    while (r >= 0 && w->e && !w->complete(w) && next_event(w->e, deadline));
    return r;
}

/* ---- VFs ---- */

static bool vf_is_nic(const struct vf *vf)
{
    return vf->pci_class >> 16 == 0x02;
}

/* A netdev that is in another namespace left the folder behind; one that is yet to come has none.
 */
static bool has_netdev_elsewhere(const struct wait *w, const struct vf *vf)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/net", vf->sysfs);
    return backend_exists(w->b, path);
}

static bool vfs_complete(const struct wait *w)
{
    bool late = driver_has(w->pf->driver, DRIVER_ASYNC_NETDEV), udev = events_udev_running();

    for (size_t i = 0; i < w->pf->n_vfs; i++) {
        const struct vf *vf = &w->pf->vfs[i];

        if (!vf_is_nic(vf) || !vf->attrs.driver[0] || driver_is_passthrough(vf->attrs.driver))
            continue;
        if (vf->ifindex == 0 && late && !has_netdev_elsewhere(w, vf))
            return false;
        if (vf->ifindex > 0 && udev && !events_udev_done(vf->ifindex))
            return false;
    }
    return true;
}

int settle_vfs(struct backend *b, struct events *e, struct snapshot *s, struct pf *pf,
               struct sriov_error *error)
{
    struct wait w = { .b = b, .e = e, .s = s, .pf = pf, .complete = vfs_complete };

    return wait_until_complete(&w, error);
}

/* ---- the PF ---- */

static bool carrier_complete(const struct wait *w)
{
    return w->pf->carrier;
}

int settle_carrier(struct backend *b, struct events *e, struct snapshot *s, struct pf *pf,
                   struct sriov_error *error)
{
    struct wait w = { .b = b, .e = e, .s = s, .pf = pf, .complete = carrier_complete };

    return wait_until_complete(&w, error);
}

static bool pf_complete(const struct wait *w)
{
    return w->pf->driver[0] && w->pf->ifindex > 0 &&
           (!events_udev_running() || events_udev_done(w->pf->ifindex));
}

int settle_pf(struct backend *b, struct events *e, struct snapshot *s, struct pf *pf,
              struct sriov_error *error)
{
    struct wait w = { .b = b, .e = e, .s = s, .pf = pf, .complete = pf_complete };

    return wait_until_complete(&w, error);
}

/* A rate waits for a link that is up and has no carrier yet, or that any other step may take down
 * or up. */
bool plan_awaits_devices(const struct plan *p)
{
    bool rates = false, link_may_come = false;

    for (size_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        const struct pf *pf = p->goals.items[s->goal].pf;

        if (s->kind == STEP_BIND || s->kind == STEP_RELOAD_DRIVER)
            return true;
        rates |= s->kind == STEP_SET_VF && s->attr == SRIOV_MAX_TX_RATE;
        link_may_come |= s->kind != STEP_SET_VF || (pf->attrs.value[SRIOV_LINK] && !pf->carrier);
    }
    return rates && link_may_come;
}
