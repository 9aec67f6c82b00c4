/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lending a VF. Everything that can be refused is refused before the lease is written; from then on
 * a failure puts the VF back by the same function as a release does.
 */
#include "core/assign.h"

#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdio.h>
#include <time.h>

#include "core/assign-job.h"
#include "core/execute.h"
#include "core/lease-log.h"
#include "core/ledger-lock.h"
#include "core/netdev.h"
#include "core/quirk.h"

/* ---- the job ---- */

void job_done(struct job *job)
{
    snapshot_free(job->snapshot);
    close_p(&job->lock);
    *job = (struct job){ .lock = -1 };
}

static int cannot_lock(const struct job *job, int r)
{
    if (r == -EAGAIN)
        error_set(job->error, SRIOV_IN_USE, EAGAIN, job->label, "its PF is being changed");
    else if (r == -EBUSY)
        error_set(job->error, SRIOV_IN_USE, 0, job->label, "another command is at work on it");
    else
        return error_set(job->error, error_code_of(-r), -r, job->state_dir, "cannot lock a VF");
    error_remedy(job->error, "try again");
    return r;
}

int job_begin(struct job *job, struct backend *b, const char *state_dir,
              const struct vf_place *place, unsigned wait_ms, struct sriov_error *error)
{
    int r;

    *job = (struct job){
        .b = b, .state_dir = state_dir, .place = *place, .lock = -1, .error = error
    };
    snprintf(job->label, sizeof(job->label), "%s/%u", place->pf, place->index);
    r = ledger_lock_vf(state_dir, place->pf, place->index, wait_ms, &job->lock);
    return r < 0 ? cannot_lock(job, r) : 0;
}

static int find_in_snapshot(struct job *job)
{
    for (size_t i = 0; i < job->snapshot->n_pfs; i++) {
        struct pf *pf = &job->snapshot->pfs[i];

        if (!str_eq(pf->key, job->place.pf) || job->place.index >= pf->n_vfs)
            continue;
        job->pf = pf;
        job->vf = &pf->vfs[job->place.index];
        vf_label(pf, job->place.index, job->label);
        return 0;
    }
    return error_set(job->error, SRIOV_NO_DEVICE, ENODEV, job->label, "there is no such VF");
}

int job_look(struct job *job, const struct attrs *want)
{
    bool rates = want && (attrs_has(want, SRIOV_MIN_TX_RATE) || attrs_has(want, SRIOV_MAX_TX_RATE));
    int r;

    job->snapshot = snapshot_free(job->snapshot);
    if (want && attrs_has(want, SRIOV_DRIVER))
        r = snapshot_take(job->b, &job->snapshot, job->error);
    else
        r = snapshot_take_vf(job->b, &job->place, rates, &job->snapshot, job->error);
    return r < 0 ? r : find_in_snapshot(job);
}

int job_plan(struct job *job, const struct attrs *want, bool restoring, struct plan *ret)
{
    struct goals goals = { .restoring = restoring };
    struct goal *g = goals.items = calloc(1, sizeof(*g));

    if (g) {
        goals.count = 1;
        g->pf = job->pf;
        g->vfs = calloc((size_t)job->place.index + 1, sizeof(*g->vfs));
    }
    if (!g || !g->vfs) {
        goals_done(&goals);
        return error_no_memory(job->error);
    }
    g->n_vfs = (size_t)job->place.index + 1;
    g->vfs[job->place.index] = *want;
    return plan_make(job->snapshot, &goals, ret, job->error);
}

/* ---- may it be taken? ---- */

static int leased_to(struct job *job, const struct lease_owner *owner)
{
    char who[160];

    job_look(job, NULL); /* for its name */
    snprintf(who, sizeof(who), "%s%s%.12s%s", owner->name, *owner->container ? " (container " : "",
             owner->container, *owner->container ? ")" : "");
    return job_in_use(job, "leased to", who);
}

/* A lease that stands there for nobody is ended first: its owner is gone, its boot is over, or
 * whoever was at it died (we have the lock). */
static int end_stale_lease(struct job *job)
{
    _cleanup_(lease_done) struct lease old = { 0 };
    int r;

    r = lease_read(job->state_dir, job->place.pf, job->place.index, &old, job->error);
    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return r;
    if (!job_lease_is_over(job, &old))
        return leased_to(job, &old.owner);
    return job_end_lease(job, &old, NULL);
}

/* ---- the lease ---- */

/* With `clean`, what the owner does not name starts as on a new VF. Addresses stay: there is no
 * such thing as a fresh one. */
static void add_fresh(const struct attrs *have, struct attrs *want)
{
    for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++) {
        const struct attr *row = attr_row((enum sriov_attr)a);

        if (row->way == WAY_VF_NETLINK && row->type != ATTR_MAC && row->type != ATTR_GUID &&
            attrs_has(have, row->id) && !attrs_has(want, row->id))
            attrs_set(want, row->id, row->fresh);
    }
}

static int fill_netdev(const struct rtnl_link *link, struct netdev_state *ret)
{
    int r = 0;

    ret->present = true;
    ret->mac = link->mac;
    ret->up = link->up;
    ret->promisc = link->promisc;
    ret->allmulti = link->allmulti;
    for (size_t i = 0; r >= 0 && i < link->altnames.count; i++)
        r = strv_add(&ret->altnames, link->altnames.items[i]);
    return r;
}

static int fill_lease(struct job *job, const struct assign_request *q, struct lease *l)
{
    const struct rtnl_link *link = snapshot_link(job->snapshot, job->vf->ifindex);
    int r;

    *l = (struct lease){ .vf = job->place.index, .state = LEASE_TAKING, .since = time(NULL) };
    STR_SET(l->pf, job->place.pf);
    STR_SET(l->pci, job->vf->pci);
    l->owner = q->owner;
    STR_SET(l->note, q->note ? q->note : "");
    l->want = q->want;
    attrs_forget(&l->want, SRIOV_NAME);
    if (q->flags & ASSIGN_CLEAN)
        add_fresh(&job->vf->attrs, &l->want);
    l->before = job->vf->attrs;
    if (link && q->netns >= 0 && !driver_is_passthrough(q->want.driver))
        STR_SET(l->ifname, q->ifname ? q->ifname : link->name);
    r = host_boot_id(l->boot);
    if (r >= 0 && link)
        r = fill_netdev(link, &l->netdev);
    return r < 0 ? error_set(job->error, error_code_of(-r), -r, job->label, "cannot note it down")
                 : 0;
}

/* ---- giving ---- */

struct gift {
    struct job *job;
    const struct assign_request *q;
    struct lease *lease;
    struct netdev here;  /* the VF's, before the move */
    struct netdev there; /* its new namespace, if it moves */
    struct plan plan;    /* settings and driver */
    struct buf first;    /* changes of the netdev before anything else */
    size_t n_first;
};

static void gift_done(struct gift *g)
{
    plan_done(&g->plan);
    netdev_done(&g->here);
    netdev_done(&g->there);
    buf_done(&g->first);
}

static bool moves(const struct gift *g)
{
    return g->q->netns >= 0 && !driver_is_passthrough(g->lease->want.driver);
}

static bool wants_address(const struct gift *g)
{
    return g->here.present && attrs_has(&g->lease->want, SRIOV_MAC) &&
           g->here.link.mac != g->lease->want.value[SRIOV_MAC];
}

static int taken_name(struct gift *g, const struct rtnl_link *other)
{
    error_set(g->job->error, SRIOV_IN_USE, EEXIST, g->lease->ifname,
              "the network namespace has an interface of that name (%s)",
              other->kind[0] ? other->kind : "hardware");
    error_remedy(g->job->error, "give the VF another name there, or remove the other one");
    return -EEXIST;
}

static bool goes_by(const struct rtnl_link *link, const char *name)
{
    return str_eq(link->name, name) || strv_has(&link->altnames, name);
}

/* The new name must be free there: the kernel would move the netdev first, and fail to rename it
 * then. Altnames of ours that are taken there, or are the new name itself, are taken off, as they
 * would keep it from moving. */
static int check_names(struct gift *g)
{
    _cleanup_(rtnl_links_done) struct rtnl_links there = { 0 };
    const struct strv *own = &g->here.link.altnames;
    int r;

    r = netdev_links(&g->there, &there);
    if (r < 0)
        return error_set(g->job->error, error_code_of(-r), -r, g->job->label,
                         "cannot read the interfaces of the network namespace");
    for (size_t i = 0; i < there.count; i++)
        if (goes_by(&there.items[i], g->lease->ifname))
            return taken_name(g, &there.items[i]);
    for (size_t a = 0; a < own->count; a++) {
        bool clashes = str_eq(own->items[a], g->lease->ifname);

        for (size_t i = 0; i < there.count; i++)
            clashes |= goes_by(&there.items[i], own->items[a]);
        if (!clashes)
            continue;
        rtnl_change_altname(&g->first, g->here.link.ifindex, own->items[a], false);
        g->n_first++;
    }
    return 0;
}

static int open_namespace(struct gift *g)
{
    int r;

    if (!moves(g))
        return 0;
    r = netdev_open(g->q->netns, &g->there);
    if (r < 0)
        return error_set(g->job->error, error_code_of(-r), -r, g->lease->owner.netns,
                         "cannot enter the network namespace");
    return g->lease->ifname[0] ? check_names(g) : 0;
}

static void prepare_netdev(struct gift *g)
{
    if (!g->here.present || !g->here.link.up || !(moves(g) || wants_address(g)))
        return;
    rtnl_change_up(&g->first, g->here.link.ifindex, false);
    g->n_first++;
    g->here.link.up = false;
}

/* Everything that can be refused, before anything is written. */
static int prepare(struct gift *g)
{
    struct attrs want = g->lease->want;
    int r;

    attrs_forget(&want, SRIOV_MTU); /* set where the netdev goes */
    r = netdev_here(g->job->b, g->job->snapshot, g->job->vf, &g->here);
    if (r < 0)
        return error_no_memory(g->job->error);
    r = open_namespace(g);
    if (r < 0)
        return r;
    prepare_netdev(g);
    return job_plan(g->job, &want, false, &g->plan);
}

/* A VF that got another driver has another netdev, or none, or one for the first time. */
static int find_new_netdev(struct gift *g)
{
    int r;

    if (!attrs_has(&g->lease->want, SRIOV_DRIVER))
        return 0;
    plan_done(&g->plan);
    netdev_done(&g->here);
    r = job_look(g->job, &g->lease->want);
    if (r >= 0 && netdev_here(g->job->b, g->job->snapshot, g->job->vf, &g->here) < 0)
        r = error_no_memory(g->job->error);
    if (r < 0 || !moves(g) || !g->here.present)
        return r;
    if (!g->lease->ifname[0])
        STR_SET(g->lease->ifname, g->q->ifname ? g->q->ifname : g->here.link.name);
    return 0;
}

static int move(struct gift *g)
{
    _cleanup_buf_ struct buf message = BUF_INIT;
    int r;

    rtnl_change_netns(&message, g->here.link.ifindex, g->q->netns, g->lease->ifname);
    r = netdev_change(&g->here, &message, 1, g->job->label,
                      "move the VF's netdev into the network namespace", g->job->error);
    if (r >= 0)
        r = netdev_find(&g->there, NULL, g->lease->ifname);
    if (r >= 0 && !g->there.present)
        r = error_set(g->job->error, SRIOV_FAILED, ENODEV, g->job->label,
                      "the VF's netdev is not where it was moved to");
    return r;
}

static int finish_netdev(struct gift *g, const struct netdev *n)
{
    _cleanup_buf_ struct buf batch = BUF_INIT;
    const struct attrs *want = &g->lease->want;
    bool up = g->q->flags & ASSIGN_UP || (!moves(g) && g->lease->netdev.up);
    unsigned flags = up ? IFF_UP : 0;
    size_t count = 0;

    if (attrs_has(want, SRIOV_MTU) && want->value[SRIOV_MTU] != n->link.mtu) {
        rtnl_change_mtu(&batch, n->link.ifindex, (uint32_t)want->value[SRIOV_MTU]);
        count++;
    }
    if (g->q->flags & ASSIGN_PROMISC)
        flags |= IFF_PROMISC;
    if (g->q->flags & ASSIGN_ALLMULTI)
        flags |= IFF_ALLMULTI;
    if (flags) {
        rtnl_change_flags(&batch, n->link.ifindex, flags, flags);
        count++;
    }
    return netdev_change(n, &batch, count, g->job->label, "set up the VF's netdev", g->job->error);
}

static int give(struct gift *g)
{
    struct job *job = g->job;
    uint64_t mac = g->lease->want.value[SRIOV_MAC];
    int r;

    r = netdev_change(&g->here, &g->first, g->n_first, job->label, "prepare the VF's netdev",
                      job->error);
    if (r >= 0 && wants_address(g))
        r = job_give_address(job, &g->here, mac, mac, false);
    if (r >= 0)
        r = plan_execute(job->b, &g->plan, NULL, job->error);
    if (r >= 0 && wants_address(g))
        r = netdev_await_address(&g->here, mac, job->label, job->error);
    if (r >= 0)
        r = find_new_netdev(g);
    if (r < 0 || !g->here.present)
        return r;
    if (!moves(g))
        return finish_netdev(g, &g->here);
    r = move(g);
    return r < 0 ? r : finish_netdev(g, &g->there);
}

/* ---- all of it ---- */

/* The error stays that of the failure, unless the undoing failed too. */
static int take_back(struct job *job, const struct lease *l, int failure)
{
    struct sriov_error why = { 0 }, undo = { 0 };
    struct sriov_error *error = job->error;
    int r;

    if (error)
        why = *error;
    job->error = &undo;
    r = job_end_lease(job, l, NULL);
    job->error = error;
    if (r >= 0) {
        if (error)
            *error = why;
        return failure;
    }
    error_set(error, SRIOV_NOT_ROLLED_BACK, -failure, why.object,
              "%.100s; and putting it back failed: %.100s", why.message, undo.message);
    error_kernel(error, undo.kernel);
    error_remedy(error, "the next command tries again; `sriovctl release %s` does", job->label);
    return failure;
}

static int lend(struct job *job, const struct assign_request *q, struct lease *l)
{
    _cleanup_(gift_done) struct gift g = { .job = job, .q = q, .lease = l };
    int r;

    r = prepare(&g);
    if (r >= 0)
        r = lease_write(job->state_dir, l, job->error);
    if (r < 0)
        return r;
    r = lease_log_add(job->state_dir, LEASE_TAKEN, l, job->error);
    if (r >= 0)
        r = give(&g);
    if (r >= 0) {
        l->state = LEASE_HELD;
        r = lease_write(job->state_dir, l, job->error);
    }
    return r < 0 ? take_back(job, l, r) : 0;
}

int assign_acquire(struct backend *b, const struct vf_place *place, const struct assign_request *q,
                   struct lease *ret, struct sriov_error *error)
{
    _cleanup_(job_done) struct job job;
    _cleanup_(lease_done) struct lease l = { 0 };
    int r;

    r = job_begin(&job, b, q->state_dir, place, ASSIGN_WAIT_MS, error);
    if (r >= 0)
        r = end_stale_lease(&job);
    if (r >= 0)
        r = job_look(&job, &q->want);
    if (r >= 0 && !(q->flags & ASSIGN_USED))
        r = job_check_free(&job);
    if (r >= 0)
        r = fill_lease(&job, q, &l);
    if (r >= 0)
        r = lend(&job, q, &l);
    if (r < 0)
        return r;
    if (ret) {
        *ret = l;
        l = (struct lease){ 0 };
    }
    return 0;
}
