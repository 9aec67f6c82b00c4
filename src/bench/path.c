/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Making the paths. What is put on the NIC is put there from inside an endpoint's namespace, so
 * that it goes with that: nothing that a killed measurement leaves has to be looked for.
 */
#include "bench/path.h"
#include "cli/link.h"

#include <errno.h>
#include <stdio.h>

#include "kernel/bridge.h"
#include "kernel/virtual.h"

static struct choose_wish wish_for(const struct site *s)
{
    struct choose_wish wish = { .numa = -1 };
    STR_SET(wish.pf, s->pf);
    STR_SET(wish.driver, s->vf_driver);
    return wish;
}

/* Addresses of the endpoint: ours to choose, on all paths the same. */
static int configure(struct site *s, struct way *w)
{
    return endpoint_configure(s->app, &w->end, &s->here, 1);
}

/* ---- vf ---- */

static int open_vf(struct site *s, struct way *w)
{
    const struct choose_wish wish = wish_for(s);
    int r = endpoint_lease(s->app, &w->end, &wish, true);
    return r < 0 ? r : configure(s, w);
}

/* ---- macvtap ---- */

/* Puts a macvlan on a netdev of ours, into an endpoint. */
static int put_passthru(struct site *s, struct way *w, int lower, struct endpoint *where,
                        const char *name, bool promisc)
{
    _cleanup_buf_ struct buf message = BUF_INIT;
    struct rtnl_link link;
    virtual_make_passthru(&message, lower, name, where->netns, promisc);
    int r = link_change(s->app, s->app->session.backend, &message, 1, s->label,
                        "cannot put a macvlan on it");
    if (r < 0)
        return r;
    r = link_find(where->inside, name, &link);
    if (r < 0)
        return error_set(&s->app->error, SRIOV_FAILED, -r, name, "is not where it was made");
    w->removed_with_it = link.ifindex;
    w->below = where;
    return 0;
}

/* The netdev of a lease that stayed here. */
static int leased_ifindex(struct site *s, const struct lease *l, int *ret)
{
    _cleanup_snapshot_ struct snapshot *now = NULL;
    const struct vf_place place = lease_place(l);
    int r = snapshot_take_vf(s->app->session.backend, &place, false, &now, &s->app->error);
    if (r < 0)
        return r;
    *ret = now->pfs[0].vfs[place.index].ifindex;
    return *ret > 0 ? 0 : error_set(&s->app->error, SRIOV_FAILED, ENODEV, l->pci, "has no netdev");
}

/* The mode that libvirt uses on VFs: the VF's own address, and nobody else on it. */
static int open_macvtap(struct site *s, struct way *w)
{
    const struct choose_wish wish = wish_for(s);
    int ifindex = 0;
    int r = endpoint_lease(s->app, &w->end, &wish, false);
    if (r >= 0)
        r = leased_ifindex(s, &w->end.lease, &ifindex);
    if (r >= 0)
        r = put_passthru(s, w, ifindex, &w->end, ENDPOINT_NETDEV, false);
    return r < 0 ? r : configure(s, w);
}

/* ---- bridge ---- */

#define BRIDGE "br0"
#define UPLINK "uplink"
#define PORT "port0"

static int find_three(struct site *s, struct backend *b, struct rtnl_link ret[3])
{
    static const char *const names[] = { BRIDGE, UPLINK, PORT };
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        int r = link_find(b, names[i], &ret[i]);
        if (r < 0)
            return error_set(&s->app->error, SRIOV_FAILED, -r, names[i], "is not there");
    }
    return 0;
}

/* Bridge, uplink and port are there: makes them one, and up. The NIC has to be told of the address
 * behind the bridge, or its VFs do not find it (sriovctl doctor --explain bridge-fdb); told through
 * the macvlan, it forgets it with that. */
static int join(struct site *s, struct way *w)
{
    _cleanup_buf_ struct buf batch = BUF_INIT;
    struct rtnl_link links[3], end;
    int r = find_three(s, w->bridge.inside, links);
    if (r >= 0 && link_find(w->end.inside, ENDPOINT_NETDEV, &end) < 0)
        r = error_set(&s->app->error, SRIOV_FAILED, ENODEV, ENDPOINT_NETDEV, "is not there");
    if (r < 0)
        return r;
    virtual_change_master(&batch, links[1].ifindex, links[0].ifindex);
    virtual_change_master(&batch, links[2].ifindex, links[0].ifindex);
    for (size_t i = 0; i < ELEMENTS(links); i++)
        rtnl_change_up(&batch, links[i].ifindex, true);
    bridge_change_fdb(&batch, links[1].ifindex, end.mac, true);
    return link_change(s->app, w->bridge.inside, &batch, 6, BRIDGE, "cannot be put together");
}

static int pf_is_used(struct site *s)
{
    int r = error_set(&s->app->error, SRIOV_IN_USE, 0, s->label,
                      "its own netdev is in use (%.120s), and a bridge would take that away",
                      s->pf_user);
    error_remedy(&s->app->error, "measure the other paths: --path vf --path macvtap");
    return r;
}

static int open_bridge(struct site *s, struct way *w)
{
    _cleanup_buf_ struct buf batch = BUF_INIT;
    if (*s->pf_user)
        return pf_is_used(s);
    int r = endpoint_open(s->app, &w->bridge);
    if (r >= 0)
        r = put_passthru(s, w, s->pf_ifindex, &w->bridge, UPLINK, true);
    if (r < 0)
        return r;
    virtual_make_bridge(&batch, BRIDGE);
    virtual_make_veth(&batch, PORT, ENDPOINT_NETDEV, w->end.netns, s->pf_mtu);
    r = link_change(s->app, w->bridge.inside, &batch, 2, BRIDGE, "cannot be made");
    if (r >= 0)
        r = join(s, w);
    return r < 0 ? r : configure(s, w);
}

/* ---- the table ---- */

const struct path bench_paths[] = {
    { "vf", "the VF's own netdev in a network namespace", .open = open_vf },
    { "macvtap", "a macvlan (what a macvtap stands on) in passthru mode on a VF",
      .open = open_macvtap },
    { "bridge", "a veth pair and a bridge, on the PF", .open = open_bridge },
    { "vm-vf", "a VM with a VF", .is_guest = true, .by_choice = true },
    { "vm-virtio", "a VM with virtio-net", .is_guest = true, .by_choice = true },
    { NULL },
};

static int no_such_path(struct app *a, const char *word)
{
    int r = error_set(&a->error, SRIOV_USAGE, 0, word, "is no path");
    error_remedy(&a->error, "there are vf, macvtap, bridge, vm-vf=ADDRESS and vm-virtio=ADDRESS");
    return r;
}

int path_choose(struct app *a, const char *word, struct chosen_path *ret)
{
    size_t len = strcspn(word, "=");
    const char *address = word[len] ? word + len + 1 : NULL;
    const struct path *p = bench_paths;
    while (p->name && !(strlen(p->name) == len && str_starts(word, p->name)))
        p++;
    if (!p->name)
        return no_such_path(a, word);
    *ret = (struct chosen_path){ .path = p };
    if (p->is_guest == (address != NULL) && (!address || STR_SET(ret->address, address)))
        return 0;
    int r = error_set(&a->error, SRIOV_USAGE, 0, word,
                      p->is_guest ? "needs the guest's address" : "takes no address");
    error_remedy(&a->error, "write --path %s%s", p->name, p->is_guest ? "=ADDRESS" : "");
    return r;
}

int path_open(struct site *s, const struct path *path, struct way *ret)
{
    int r;
    *ret = (struct way){ .end = ENDPOINT_INIT, .bridge = ENDPOINT_INIT };
    r = endpoint_open(s->app, &ret->end);
    return r < 0 ? r : path->open(s, ret);
}

/* A namespace is cleared away some time after its last process: what must be gone before the next
 * path can be made is taken off here. */
static int take_off(struct site *s, struct way *w)
{
    _cleanup_buf_ struct buf message = BUF_INIT;
    if (w->removed_with_it == 0)
        return 0;
    virtual_remove(&message, w->removed_with_it);
    return link_change(s->app, w->below->inside, &message, 1, s->label,
                       "cannot take the macvlan off it");
}

int path_close(struct site *s, struct way *w)
{
    int r = take_off(s, w);
    int back = endpoint_return(s->app, &w->end);
    endpoint_done(&w->bridge);
    endpoint_done(&w->end);
    return back < 0 ? back : r;
}
