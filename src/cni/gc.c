/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GC: finishes what died half-way, gives back the VFs of attachments that the runtime no longer
 * knows, of this network only, then lets the IPAM plugin do the same. One that cannot be given back
 * does not keep the others.
 */
#include <errno.h>

#include "cni/attachment.h"
#include "cni/command.h"
#include "cni/ipam.h"
#include "core/assign.h"

static bool is_valid(const struct cni_call *c, const struct lease *l)
{
    const struct node *valid = c->config.valid;

    for (size_t i = 0; valid && i < valid->count; i++) {
        const char *container = node_get_text(&valid->items[i], "containerID");
        const char *ifname = node_get_text(&valid->items[i], "ifname");

        if (str_eq(container, l->owner.container) && str_eq(ifname, attachment_ifname(l)))
            return true;
    }
    return false;
}

static int release(struct cni_call *c, const struct lease *l, struct cni_error *e)
{
    struct vf_place place = lease_place(l);
    struct sriov_error cause = { 0 };
    struct release_request q = {
        .state_dir = c->state_dir,
        .owner = ATTACHMENT_OWNER,
        .container = l->owner.container,
    };
    int r = assign_release(c->backend, &place, &q, NULL, &cause);

    log_line(&c->log, r < 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
             r < 0 ? "a stale VF cannot be given back" : "a stale VF is given back", "deviceID",
             l->pci, "of", l->owner.container, "error", cause.message, NULL);
    return r < 0 ? cni_fail_as(e, &cause, r) : 0;
}

/* Returns the first failure, after all were tried. */
static int collect(struct cni_call *c, struct cni_error *e)
{
    struct sriov_error cause = { 0 };
    struct lease *leases = NULL;
    size_t count = 0;
    int first = 0, r = lease_list(c->state_dir, &leases, &count, &cause);

    if (r < 0)
        return cni_fail_as(e, &cause, r);
    for (size_t i = 0; i < count; i++) {
        if (!attachment_is_of_network(c, &leases[i]) || is_valid(c, &leases[i]))
            continue;
        r = release(c, &leases[i], first < 0 ? NULL : e);
        if (r < 0 && first == 0)
            first = r;
    }
    leases_free(leases, count);
    return first;
}

/* Without the list every VF would go: whoever means that says so with an empty one. */
int command_gc(struct cni_call *c, struct buf *out, struct cni_error *e)
{
    int r, ipam;

    if (!c->config.valid)
        return cni_fail(e, CNI_INVALID_CONFIG, EINVAL, "cni.dev/valid-attachments: GC needs it");
    assign_recover(c->backend, c->state_dir, NULL, NULL); /* what it cannot do is for collect */
    r = collect(c, e);
    ipam = ipam_run(c, "GC", NULL, r < 0 ? NULL : e);
    return r < 0 ? r : ipam;
}
