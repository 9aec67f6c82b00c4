/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding the lease of a container's interface. The VF of the configuration is looked at first: it
 * is one file; all leases are read only if that one is not it.
 */
#include "cni/attachment.h"

#include <errno.h>
#include <stdio.h>

void attachment_note(const struct cni_call *c, char ret[128])
{
    snprintf(ret, 128, "%s/%s", c->config.name, c->ifname);
}

const char *attachment_ifname(const struct lease *l)
{
    const char *slash = strchr(l->note, '/');

    return slash ? slash + 1 : "";
}

bool attachment_is_mine(const struct cni_call *c, const struct lease *l)
{
    return str_eq(l->owner.name, ATTACHMENT_OWNER) && str_eq(l->owner.container, c->container) &&
           str_eq(attachment_ifname(l), c->ifname);
}

bool attachment_is_of_network(const struct cni_call *c, const struct lease *l)
{
    size_t len = strlen(c->config.name);

    return str_eq(l->owner.name, ATTACHMENT_OWNER) && strncmp(l->note, c->config.name, len) == 0 &&
           l->note[len] == '/';
}

/* Moves a lease out of a list. */
static void take_lease(struct lease *from, struct lease *ret)
{
    *ret = *from;
    *from = (struct lease){ 0 };
}

int attachment_find(const struct cni_call *c, const struct vf_place *place, struct lease *ret,
                    struct cni_error *e)
{
    struct lease *leases = NULL, near = { 0 };
    struct sriov_error cause = { 0 };
    size_t count = 0;
    int r;

    if (place && lease_read(c->state_dir, place->pf, place->index, &near, NULL) == 0) {
        if (attachment_is_mine(c, &near)) {
            *ret = near;
            return 0;
        }
        lease_done(&near);
    }
    r = lease_list(c->state_dir, &leases, &count, &cause);
    if (r < 0)
        return cni_fail_as(e, &cause, r);
    r = -ENOENT;
    for (size_t i = 0; i < count && r == -ENOENT; i++) {
        if (!attachment_is_mine(c, &leases[i]))
            continue;
        take_lease(&leases[i], ret);
        r = 0;
    }
    leases_free(leases, count);
    return r;
}
