/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Taking a VF back. Nothing here relies on what was done to it since: the VF is looked at, its
 * netdev is searched for by the address of its device, and each difference from the baseline is put
 * right. So it works the same after a normal release, after a process that died anywhere, and a
 * second time.
 *
 * The address comes before the journey home: on arrival udev makes an alternative name of it.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdio.h>

#include "core/assign-job.h"
#include "core/execute.h"
#include "core/netdev.h"
#include "core/planner.h"
#include "core/quirk.h"
#include "kernel/enter.h"
#include "kernel/events.h"

/* The kernel gives the netdevs of a namespace that ended back from a work queue. */
#define HOME_NS (5 * UINT64_C(1000000000))

struct restoring {
    struct job *job;
    const struct lease *lease;
    const char *netns;    /* one more place to look */
    struct netdev netdev; /* the VF's, where it is */
};

static const char *old_name(const struct restoring *g)
{
    return attrs_has(&g->lease->before, SRIOV_NAME) ? g->lease->before.name : "";
}

/* ---- where it is ---- */

static bool has_netdev_somewhere(struct job *job)
{
    char path[128];

    if (!job->vf->sysfs[0] || !job->vf->attrs.driver[0] ||
        driver_is_passthrough(job->vf->attrs.driver))
        return false;
    snprintf(path, sizeof(path), "%s/net", job->vf->sysfs);
    return backend_exists(job->b, path);
}

static int look_here(struct restoring *g)
{
    netdev_done(&g->netdev);
    return netdev_here(g->job->b, g->job->snapshot, g->job->vf, &g->netdev) < 0
               ? error_no_memory(g->job->error)
               : 0;
}

static void look_elsewhere(struct restoring *g)
{
    const char *paths[] = { g->lease->owner.netns, g->netns };

    for (size_t i = 0; i < ELEMENTS(paths) && !g->netdev.present; i++) {
        netdev_done(&g->netdev);
        if (paths[i] && *paths[i])
            netdev_look_at(paths[i], g->job->vf->pci, &g->netdev);
    }
    if (!g->netdev.present) {
        netdev_done(&g->netdev);
        netdev_search(g->job->b, g->job->vf->pci, &g->netdev);
    }
}

/* It came home by itself, when its namespace ended, under the name and with the address it had
 * there; or it is a new one, since who gave the VF to a VM has just started its driver again. udev
 * gives it alternative names of these; what is put right before it is done would not last. */
static int wait_for_udev(struct restoring *g)
{
    _cleanup_(events_close_p) struct events *events = NULL;
    uint64_t end = events_now() + HOME_NS;
    int ifindex = g->netdev.link.ifindex;
    bool is_new = g->lease->ifname[0] || g->lease->owner.while_used;
    char name[16];
    struct event event;

    if (!is_new || g->netdev.own || !events_udev_running() || events_udev_done(ifindex) ||
        events_open(&events) < 0)
        return 0;
    while (!events_udev_done(ifindex) && events_wait(events, end, &event) > 0)
        ;
    STR_SET(name, g->netdev.link.name);
    if (netdev_find(&g->netdev, NULL, name) >= 0 && g->netdev.present)
        return 0;
    return job_look(g->job, NULL) < 0 ? -ENODEV : look_here(g); /* renamed */
}

/* On its way: the events were opened before the look that did not find it. */
static int wait_for_it(struct restoring *g, struct events *events)
{
    uint64_t end = events_now() + HOME_NS;
    struct event event;
    int r = 0;

    while (r >= 0 && !g->netdev.present && events_wait(events, end, &event) > 0) {
        r = job_look(g->job, NULL);
        if (r >= 0)
            r = look_here(g);
    }
    return r;
}

/* Its namespace is kept alive by something that we cannot see: the driver takes the netdev away
 * from there, and makes a new one here. */
static int renew(struct restoring *g)
{
    _cleanup_(events_close_p) struct events *events = NULL;
    int r;

    events_open(&events);
    r = execute_rebind(g->job->b, g->job->vf, g->job->error);
    if (r >= 0)
        r = settle_vfs(g->job->b, events, g->job->snapshot, g->job->pf, g->job->error);
    if (r >= 0)
        r = job_look(g->job, NULL);
    return r < 0 ? r : look_here(g);
}

static int find_netdev(struct restoring *g)
{
    _cleanup_(events_close_p) struct events *events = NULL;
    int r;

    r = look_here(g);
    if (r >= 0 && g->netdev.present)
        return wait_for_udev(g);
    if (r < 0 || !has_netdev_somewhere(g->job))
        return r;
    look_elsewhere(g);
    if (g->netdev.present)
        return 0;
    if (events_open(&events) >= 0) {
        r = job_look(g->job, NULL);
        if (r >= 0)
            r = look_here(g);
        if (r >= 0)
            r = wait_for_it(g, events);
    }
    if (r >= 0 && g->netdev.present)
        r = wait_for_udev(g);
    return r < 0 || g->netdev.present ? r : renew(g);
}

/* ---- the netdev, where it is ---- */

static bool is_renamed(const struct restoring *g)
{
    return *old_name(g) && !str_eq(old_name(g), g->netdev.link.name);
}

static bool has_other_address(const struct restoring *g)
{
    return g->lease->netdev.present && g->lease->netdev.mac != 0 && g->netdev.present &&
           g->netdev.link.mac != g->lease->netdev.mac;
}

static size_t drop_altnames(const struct restoring *g, struct buf *batch)
{
    const struct strv *names = &g->netdev.link.altnames;
    size_t count = 0;

    for (size_t i = 0; i < names->count; i++) {
        bool wanted = g->job->keeps_altnames ||
                      strv_has(&g->lease->netdev.altnames, names->items[i]);

        if (wanted && !str_eq(names->items[i], old_name(g)))
            continue;
        rtnl_change_altname(batch, g->netdev.link.ifindex, names->items[i], false);
        count++;
    }
    return count;
}

static size_t set_flags(const struct restoring *g, struct buf *batch)
{
    const struct rtnl_link *now = &g->netdev.link;
    const struct netdev_state *was = &g->lease->netdev;
    bool quiet = g->netdev.own || is_renamed(g) || has_other_address(g);
    unsigned mask = 0, flags = 0;

    if (now->up && (quiet || !was->up))
        mask |= IFF_UP;
    if (now->promisc != was->promisc)
        mask |= IFF_PROMISC;
    if (now->allmulti != was->allmulti)
        mask |= IFF_ALLMULTI;
    if (was->promisc)
        flags |= IFF_PROMISC;
    if (was->allmulti)
        flags |= IFF_ALLMULTI;
    if (mask == 0)
        return 0;
    rtnl_change_flags(batch, now->ifindex, mask, flags);
    return 1;
}

static size_t set_mtu(const struct restoring *g, struct buf *batch)
{
    const struct attrs *before = &g->lease->before;

    if (!attrs_has(before, SRIOV_MTU) || g->netdev.link.mtu == before->value[SRIOV_MTU])
        return 0;
    rtnl_change_mtu(batch, g->netdev.link.ifindex, (uint32_t)before->value[SRIOV_MTU]);
    return 1;
}

static int quieten(struct restoring *g)
{
    _cleanup_buf_ struct buf batch = BUF_INIT;
    size_t count;

    if (!g->netdev.present || !g->lease->netdev.present)
        return 0;
    count = set_flags(g, &batch);
    count += drop_altnames(g, &batch);
    count += set_mtu(g, &batch);
    return netdev_change(&g->netdev, &batch, count, g->job->label, "reset the VF's netdev",
                         g->job->error);
}

static int give_first_address(struct restoring *g)
{
    const struct attrs *before = &g->lease->before;
    uint64_t record = attrs_has(before, SRIOV_MAC) ? before->value[SRIOV_MAC] : 0;

    if (!has_other_address(g))
        return 0;
    return job_give_address(g->job, &g->netdev, record, g->lease->netdev.mac, true);
}

/* ---- settings and driver ---- */

static int plan_back(struct restoring *g, const struct attrs *want, bool *ret_binds)
{
    _cleanup_(plan_done) struct plan plan = { 0 };
    int r;

    r = job_plan(g->job, want, true, &plan);
    *ret_binds = false;
    for (size_t i = 0; r >= 0 && i < plan.n_steps; i++)
        *ret_binds |= plan.steps[i].kind == STEP_BIND;
    return r < 0 ? r : plan_execute(g->job->b, &plan, NULL, g->job->error);
}

/* A driver that starts may tell the PF its address, which igb puts into its record: so the settings
 * come once more after it. */
static int put_settings_back(struct restoring *g)
{
    struct attrs want = g->lease->before;
    char driver[32];
    bool binds;
    int r;

    attrs_forget(&want, SRIOV_MTU);
    attrs_forget(&want, SRIOV_NAME);
    if (attrs_has(&want, SRIOV_DRIVER)) {
        driver_to_keep(&g->lease->before, driver);
        attrs_set_text(&want, SRIOV_DRIVER, driver);
    }
    r = plan_back(g, &want, &binds);
    if (r < 0 || !binds)
        return r;
    attrs_forget(&want, SRIOV_DRIVER);
    r = job_look(g->job, NULL);
    if (r >= 0)
        r = look_here(g);
    if (r >= 0)
        r = quieten(g);
    return r < 0 ? r : plan_back(g, &want, &binds);
}

/* ---- home ---- */

static int name_is_taken(struct restoring *g, int r)
{
    if (r == -EEXIST)
        error_remedy(g->job->error,
                     "another interface has taken the name %s, or one of its alternative names: "
                     "rename that one, and release the VF again",
                     old_name(g));
    return r;
}

static int bring_home(struct restoring *g)
{
    _cleanup_buf_ struct buf message = BUF_INIT;
    _cleanup_close_ int home = -1;
    const char *name = *old_name(g) ? old_name(g) : g->netdev.link.name;
    struct job *job = g->job;
    int r;

    if (!g->netdev.own)
        return 0;
    r = netns_open("/proc/thread-self/ns/net", &home, NULL);
    if (r < 0)
        return error_set(job->error, error_code_of(-r), -r, job->label,
                         "cannot open our network namespace");
    rtnl_change_netns(&message, g->netdev.link.ifindex, home, name);
    r = netdev_change(&g->netdev, &message, 1, job->label, "bring the VF's netdev home",
                      job->error);
    if (r < 0)
        return name_is_taken(g, r);
    netdev_done(&g->netdev);
    g->netdev.b = job->b;
    r = netdev_find(&g->netdev, NULL, name);
    if (r >= 0 && !g->netdev.present)
        r = -ENODEV;
    return r < 0 ? error_set(job->error, error_code_of(-r), -r, name, "did not come home") : 0;
}

static size_t add_altnames(const struct restoring *g, struct buf *batch)
{
    const struct strv *names = &g->lease->netdev.altnames;
    size_t count = 0;

    for (size_t i = 0; i < names->count; i++) {
        if (strv_has(&g->netdev.link.altnames, names->items[i]))
            continue;
        rtnl_change_altname(batch, g->netdev.link.ifindex, names->items[i], true);
        count++;
    }
    return count;
}

/* udev may have given it an alternative name between our look and our try. */
static int add_names(struct restoring *g)
{
    _cleanup_buf_ struct buf batch = BUF_INIT, again = BUF_INIT;
    char name[16];
    size_t count;
    int r;

    count = add_altnames(g, &batch);
    r = netdev_change(&g->netdev, &batch, count, g->job->label,
                      "give the VF's netdev its alternative names", g->job->error);
    if (r != -EEXIST)
        return r;
    STR_SET(name, g->netdev.link.name);
    if (netdev_find(&g->netdev, NULL, name) >= 0 && g->netdev.present &&
        add_altnames(g, &again) == 0)
        return 0;
    return name_is_taken(g, r);
}

static int finish_netdev(struct restoring *g)
{
    _cleanup_buf_ struct buf batch = BUF_INIT;
    size_t count = 0;
    int r;

    if (!g->netdev.present || !g->lease->netdev.present)
        return 0;
    if (is_renamed(g)) {
        rtnl_change_name(&batch, g->netdev.link.ifindex, old_name(g));
        count++;
    }
    r = netdev_change(&g->netdev, &batch, count, g->job->label, "name the VF's netdev as it was",
                      g->job->error);
    if (r < 0)
        return name_is_taken(g, r);
    if (count > 0)
        STR_SET(g->netdev.link.name, old_name(g));
    r = add_names(g);
    if (r < 0 || !g->lease->netdev.up || g->netdev.link.up)
        return r;
    batch.len = 0;
    rtnl_change_up(&batch, g->netdev.link.ifindex, true);
    return netdev_change(&g->netdev, &batch, 1, g->job->label, "bring the VF's netdev up",
                         g->job->error);
}

static bool driver_differs(const struct restoring *g)
{
    char driver[32];

    driver_to_keep(&g->lease->before, driver);
    return attrs_has(&g->lease->before, SRIOV_DRIVER) && !driver_agrees(driver, &g->job->vf->attrs);
}

static int restore(struct restoring *g)
{
    struct job *job = g->job;
    int r = 0;

    if (driver_differs(g))
        r = job_look(job, &g->lease->before);
    if (r >= 0)
        r = find_netdev(g);
    if (r >= 0)
        r = give_first_address(g);
    if (r >= 0)
        r = quieten(g);
    if (r >= 0)
        r = put_settings_back(g);
    if (r >= 0 && has_other_address(g))
        r = netdev_await_address(&g->netdev, g->lease->netdev.mac, job->label, job->error);
    if (r >= 0)
        r = bring_home(g);
    return r < 0 ? r : finish_netdev(g);
}

int job_restore(struct job *job, const struct lease *lease, const char *netns)
{
    struct restoring g = { .job = job, .lease = lease, .netns = netns };
    int r;

    r = job_look(job, NULL);
    if (r == -ENODEV)
        return 0;
    if (r >= 0)
        r = restore(&g);
    netdev_done(&g.netdev);
    return r;
}

/* ---- without a baseline ---- */

static int reset_settings(struct job *job, const struct attrs *named)
{
    _cleanup_(plan_done) struct plan plan = { 0 };
    struct attrs want = { 0 };
    int r;

    for (unsigned a = 0; named && a < SRIOV_ATTR_COUNT; a++) {
        const struct attr *row = attr_row((enum sriov_attr)a);

        if (attrs_has(named, row->id) && row->way == WAY_VF_NETLINK)
            attrs_set(&want, row->id, row->fresh);
    }
    r = job_plan(job, &want, true, &plan);
    return r < 0 ? r : plan_execute(job->b, &plan, NULL, job->error);
}

int job_renew(struct job *job, const char *netns, bool at_home, const struct attrs *named)
{
    struct restoring g = { .job = job };
    bool found = false;
    int r;

    r = job_look(job, NULL);
    if (r >= 0)
        r = look_here(&g);
    if (r >= 0 && g.netdev.present)
        found = at_home && job_check_free(job) == 0;
    else if (r >= 0 && netns && has_netdev_somewhere(job) &&
             netdev_look_at(netns, job->vf->pci, &g.netdev) >= 0)
        found = g.netdev.present;
    if (r >= 0 && found)
        r = reset_settings(job, named);
    if (r >= 0 && found)
        r = renew(&g);
    netdev_done(&g.netdev);
    if (r == -ENODEV)
        return 0;
    return r < 0 ? r : found;
}
