/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Leases from libvirt's hooks.
 */
#include "vm/hook-lease.h"

#include <errno.h>
#include <limits.h>

#include "cli/lending.h"
#include "core/target.h"

/* Says what went wrong, and forgets it. */
static void pass_over(struct app *a)
{
    app_note(a, "%s: %s%s%s", a->error.object, a->error.message, *a->error.kernel ? ": " : "",
             a->error.kernel);
    a->error = (struct sriov_error){ 0 };
}

/* ---- which VF ---- */

static int find_by_netdev(struct app *a, const char *name, struct vf_place *ret)
{
    int r = session_snapshot(&a->session, &a->error);
    struct target t = { 0 };
    if (r < 0)
        return r;
    r = target_find(a->session.snapshot, name, &t, NULL);
    bool is_vf = r >= 0 && t.has_vfs && t.count == 1;
    if (is_vf) {
        *ret = (struct vf_place){ .bus = t.pf->bus, .index = t.indexes[0] };
        STR_SET(ret->pf, t.pf->key);
    }
    target_done(&t);
    return is_vf;
}

/* 1: it is a VF; 0: it is none, or that cannot be told (and is said). */
static int find(struct app *a, const struct hook_device *d, struct vf_place *ret)
{
    int r = session_backend(&a->session, &a->error);
    if (r >= 0 && *d->pci)
        r = vf_place_of_pci(a->session.backend, d->pci, ret, &a->error) >= 0;
    else if (r >= 0 && *d->netdev)
        r = find_by_netdev(a, d->netdev, ret);
    else if (r >= 0)
        return 0;
    if (r < 0)
        pass_over(a);
    a->error = (struct sriov_error){ 0 };
    return MAX_OF(r, 0);
}

/* Does the domain have it? An unreadable lease is somebody else's. */
static bool has(struct app *a, const char *domain, const struct vf_place *place)
{
    _cleanup_(lease_done) struct lease l = { 0 };
    return lease_read(lending_dir(a), place->pf, place->index, &l, NULL) >= 0 &&
           str_eq(l.owner.name, domain);
}

/* Not one that somebody made by hand in its name, which ends by hand. */
static bool has_by_use(struct app *a, const char *domain, const struct vf_place *place)
{
    _cleanup_(lease_done) struct lease l = { 0 };
    return lease_read(lending_dir(a), place->pf, place->index, &l, NULL) >= 0 &&
           str_eq(l.owner.name, domain) && l.owner.while_used;
}

/* ---- the steps ---- */

static pid_t daemon_pid(const struct app *a)
{
    return a->options.pid > 0 && a->options.pid <= INT_MAX ? (pid_t)a->options.pid : getppid();
}

static int acquire(struct app *a, const struct hook_device *d, const struct vf_place *place,
                   const struct attrs *want)
{
    struct assign_request q = { .state_dir = lending_dir(a), .want = *want, .netns = -1 };
    q.owner = (struct lease_owner){ .while_used = true, .pid = daemon_pid(a) };
    if (!STR_SET(q.owner.name, d->domain))
        return error_set(&a->error, SRIOV_USAGE, 0, d->domain, "its name is too long for a lease");
    int r = owner_identify(&q.owner, &a->error);
    return r < 0 ? r : assign_acquire(a->session.backend, place, &q, NULL, &a->error);
}

/* "Try again" says nothing of who has it. */
static bool is_somebody_elses(const struct sriov_error *e)
{
    return e->code == SRIOV_IN_USE && e->error != EAGAIN;
}

int hook_take(struct app *a, const struct hook_device *d)
{
    const struct attrs nothing = { 0 };
    struct vf_place place;
    int r;
    if (!find(a, d, &place) || has(a, d->domain, &place))
        return 0;
    r = acquire(a, d, &place, &d->want);
    if (r >= 0 || is_somebody_elses(&a->error))
        return r;
    /* Perhaps it was a setting; a lease for the restoring is better than none. */
    pass_over(a);
    r = d->want.known ? acquire(a, d, &place, &nothing) : 0;
    if (r >= 0 || is_somebody_elses(&a->error))
        return r;
    pass_over(a);
    return 0;
}

/* One that is not on its driver is not as it was: libvirt puts that right. */
static bool is_at_home(struct app *a, const struct vf_place *place)
{
    _cleanup_snapshot_ struct snapshot *s = NULL;
    if (snapshot_take_vf(a->session.backend, place, false, &s, NULL) < 0)
        return false;
    const char *driver = s->pfs[0].vfs[place->index].attrs.driver;
    return *driver && !driver_is_passthrough(driver);
}

static void hold_as_it_is(struct app *a, const struct hook_device *d, const struct vf_place *place)
{
    const struct attrs nothing = { 0 };
    _cleanup_(lease_done) struct lease l = { 0 };
    if (is_at_home(a, place) &&
        lease_read(lending_dir(a), place->pf, place->index, &l, NULL) == -ENOENT &&
        acquire(a, d, place, &nothing) < 0)
        a->error = (struct sriov_error){ 0 };
}

void hook_hold(struct app *a, const struct hook_device *d)
{
    const struct hand_over_request q = { .state_dir = lending_dir(a),
                                         .owner = d->domain,
                                         .pid = daemon_pid(a) };
    struct vf_place place;
    if (!find(a, d, &place))
        return;
    /* It may be ended by somebody else at this moment. */
    if (has_by_use(a, d->domain, &place) &&
        assign_hand_over(a->session.backend, &place, &q, NULL, &a->error) >= 0)
        return;
    a->error = (struct sriov_error){ 0 };
    hold_as_it_is(a, d, &place);
}

/* That a setting was refused must not keep the lease in the name of libvirt's daemon. */
void hook_settle(struct app *a, const struct hook_device *d)
{
    struct hand_over_request q = {
        .state_dir = lending_dir(a), .owner = d->domain, .pid = d->keeper, .settle = true
    };
    struct vf_place place;
    if (!find(a, d, &place) || !has_by_use(a, d->domain, &place) ||
        assign_hand_over(a->session.backend, &place, &q, NULL, &a->error) >= 0)
        return;
    pass_over(a);
    q.settle = false;
    if (assign_hand_over(a->session.backend, &place, &q, NULL, &a->error) < 0)
        pass_over(a);
}

void hook_end(struct app *a, const struct hook_device *d)
{
    const struct release_request q = { .state_dir = lending_dir(a), .owner = d->domain };
    struct vf_place place;
    if (!find(a, d, &place) || !has_by_use(a, d->domain, &place))
        return;
    if (assign_release(a->session.backend, &place, &q, NULL, &a->error) < 0)
        pass_over(a);
}
