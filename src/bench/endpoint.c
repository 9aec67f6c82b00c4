/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ends of a measurement. See endpoint.h.
 */
#include "bench/endpoint.h"
#include "cli/link.h"

#include <errno.h>
#include <stdio.h>

#include "kernel/enter.h"

#define OWNER "sriovctl bench"
#define LOOPBACK 1 /* its ifindex in every namespace */

/* ---- the namespace ---- */

int endpoint_open(struct app *a, struct endpoint *e)
{
    /* It never gets to executing anything. */
    static const char *const nothing[] = { "true", NULL };
    _cleanup_buf_ struct buf batch = BUF_INIT;
    char path[40];
    int r = child_start(nothing, &e->holder);
    if (r < 0)
        return error_set(&a->error, error_code_of(-r), -r, "", "cannot make a network namespace");
    snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)e->holder.pid);
    r = netns_open(path, &e->netns, NULL);
    if (r >= 0)
        r = backend_in_netns(e->netns, &e->inside);
    if (r < 0)
        return error_set(&a->error, SRIOV_FAILED, -r, path, "cannot open the namespace");
    rtnl_change_up(&batch, LOOPBACK, true);
    return link_change(a, e->inside, &batch, 1, "lo", "cannot bring it up");
}

/* Ours is the lease: the namespace goes with us. */
static int make_owner(struct app *a, const struct endpoint *e, bool moves, struct lease_owner *ret)
{
    *ret = (struct lease_owner){ .name = OWNER, .pid = getpid() };
    if (moves)
        snprintf(ret->netns, sizeof(ret->netns), "/proc/%d/fd/%d", (int)getpid(), e->netns);
    return owner_identify(ret, &a->error);
}

int endpoint_lease(struct app *a, struct endpoint *e, const struct choose_wish *wish, bool move)
{
    struct lending lending = {
        .by_wish = true,
        .wish = *wish,
        .request = {
            .state_dir = lending_dir(a),
            .netns = move ? e->netns : -1,
            .ifname = move ? ENDPOINT_NETDEV : NULL,
            .flags = ASSIGN_UP,
        },
    };
    int r = make_owner(a, e, move, &lending.request.owner);
    if (r >= 0)
        r = lending_acquire(a, &lending, &e->lease);
    if (r < 0 && (a->error.code == SRIOV_IN_USE || a->error.code == SRIOV_NO_DEVICE))
        error_remedy(&a->error,
                     "two free VFs with a netdev are needed: make more (sriovctl create), or see "
                     "who has them (sriovctl leases)");
    e->leased = r >= 0;
    return r;
}

int endpoint_configure(struct app *a, struct endpoint *e, const char *const *addresses,
                       size_t count)
{
    _cleanup_buf_ struct buf batch = BUF_INIT;
    struct rtnl_link link;
    int r = link_find(e->inside, ENDPOINT_NETDEV, &link);
    if (r < 0)
        return error_set(&a->error, SRIOV_FAILED, -r, ENDPOINT_NETDEV, "is not in the namespace");
    for (size_t i = 0; i < count; i++) {
        if (rtnl_add_address(&batch, link.ifindex, addresses[i]) < 0) {
            r = error_set(&a->error, SRIOV_USAGE, 0, addresses[i], "is no address");
            error_remedy(&a->error, "write it with its prefix, as in 192.0.2.1/24");
            return r;
        }
    }
    rtnl_change_up(&batch, link.ifindex, true);
    return link_change(a, e->inside, &batch, count + 1, ENDPOINT_NETDEV, "cannot be set up");
}

int endpoint_return(struct app *a, struct endpoint *e)
{
    const struct release_request request = { .state_dir = lending_dir(a), .owner = OWNER };
    if (!e->leased)
        return 0;
    const struct vf_place place = lease_place(&e->lease);
    e->leased = false;
    return assign_release(a->session.backend, &place, &request, NULL, &a->error);
}

void endpoint_done(struct endpoint *e)
{
    child_done(&e->holder);
    backend_free(e->inside);
    lease_done(&e->lease);
    close_p(&e->netns);
    *e = ENDPOINT_INIT;
}
