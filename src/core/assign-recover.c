/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ending leases: by request, because the owner is gone, and after a crash.
 *
 * To call an owner gone is to take a VF away, so it is only said of one that surely is: a process
 * by its pid and start time; a network namespace only if the VF's netdev is not in any other by
 * now, or if it has none, if no process has the VF open. A path that is not there may just not be
 * there for us, in a container with other mounts. And a VF that is open in another process than the
 * one that is gone (a VM whose starter died) is still somebody's.
 */
#include <errno.h>
#include <stdio.h>

#include "core/assign-job.h"
#include "core/lease-log.h"

struct vf_place lease_place(const struct lease *l)
{
    bool on_pci = strchr(l->pf, ':') != NULL;
    struct vf_place place = { .bus = on_pci ? PF_ON_PCI : PF_ON_NETDEVSIM, .index = l->vf };

    STR_SET(place.pf, l->pf);
    return place;
}

/* ---- is it over? ---- */

static bool process_is_gone(const struct lease *l)
{
    struct lease_owner only_process = l->owner;

    only_process.netns[0] = '\0';
    return owner_life(&only_process) == OWNER_GONE;
}

static bool is_in_use_elsewhere(struct job *job)
{
    char path[128];

    if (job_look(job, NULL) < 0 || job->vf->ifindex > 0 || !job->vf->attrs.driver[0])
        return false;
    if (driver_is_passthrough(job->vf->attrs.driver))
        return job_check_processes(job) < 0;
    snprintf(path, sizeof(path), "%s/net", job->vf->sysfs);
    return backend_exists(job->b, path);
}

/* A VF that a process has open through VFIO cannot get another driver: the kernel would wait for
 * that process. -EBUSY with the error filled, or 0. */
static int check_letting_go(struct job *job, const struct lease *l)
{
    const char *driver;
    int r;

    r = job_look(job, NULL);
    if (r < 0)
        return r == -ENODEV ? 0 : r;
    driver = job->vf->attrs.driver;
    if (l->owner.while_used)
        return job_check_free(job);
    if (!driver_is_passthrough(driver) || str_eq(driver, l->before.driver))
        return 0;
    return job_check_processes(job);
}

static bool is_of_this_boot(const struct lease *l)
{
    char boot[HOST_BOOT_ID_SIZE];

    return host_boot_id(boot) < 0 || lease_is_of_boot(l, boot);
}

bool job_lease_is_over(struct job *job, const struct lease *l)
{
    if (l->state != LEASE_HELD || !is_of_this_boot(l))
        return true;
    if (process_is_gone(l) || owner_life(&l->owner) == OWNER_IN_USERS)
        return check_letting_go(job, l) >= 0;
    return owner_life(&l->owner) == OWNER_GONE && !is_in_use_elsewhere(job);
}

/* ---- ending it ---- */

/* The log comes first, so that no end is missing in it. It must not keep a VF from being returned:
 * that it could not be written is passed over. */
static int remove_lease(struct job *job, const struct lease *l)
{
    enum lease_event event = LEASE_RECLAIMED;

    if (!is_of_this_boot(l))
        event = LEASE_VOID;
    else if (l->state == LEASE_TAKING)
        event = LEASE_UNDONE;
    else if (job->on_request)
        event = LEASE_RELEASED;
    lease_log_add(job->state_dir, event, l, NULL);
    return lease_remove(job->state_dir, l->pf, l->vf, job->error);
}

int job_end_lease(struct job *job, const struct lease *l, const char *netns)
{
    int r = 0;

    if (!is_of_this_boot(l))
        return remove_lease(job, l);
    if (l->state == LEASE_HELD) {
        struct lease returning = *l;

        returning.state = LEASE_RETURNING;
        r = lease_write(job->state_dir, &returning, job->error);
    }
    if (r >= 0)
        r = job_restore(job, l, netns);
    return r < 0 ? r : remove_lease(job, l);
}

static bool is_meant(const struct lease *l, const struct release_request *q)
{
    return (!q->owner || str_eq(l->owner.name, q->owner)) &&
           (!q->container || str_eq(l->owner.container, q->container)) &&
           (!q->ifname || !l->ifname[0] || str_eq(l->ifname, q->ifname));
}

static int remove_damaged(struct job *job)
{
    struct lease l = { .vf = job->place.index, .state = LEASE_HELD };

    STR_SET(l.pf, job->place.pf);
    STR_SET(l.owner.name, LEASE_UNREADABLE);
    return remove_lease(job, &l);
}

/* Nobody knows who had it and how it was. If its netdev is where the caller had it, or the lease is
 * damaged and it has come home, it is made like new. A VF at home without a lease is nobody's. */
static int end_without_lease(struct job *job, const struct release_request *q, bool unreadable)
{
    struct sriov_error why = job->error ? *job->error : (struct sriov_error){ 0 };
    int r;

    r = job_renew(job, q->netns, unreadable, q->reset);
    if (r > 0 && unreadable)
        return remove_damaged(job);
    if (r == 0 && unreadable) {
        if (job->error)
            *job->error = why;
        return -EBADMSG;
    }
    return r;
}

int assign_release(struct backend *b, const struct vf_place *place, const struct release_request *q,
                   bool *ret_released, struct sriov_error *error)
{
    _cleanup_(lease_done) struct lease l = { 0 };
    _cleanup_(job_done) struct job job;
    bool released = false;
    int r;

    r = job_begin(&job, b, q->state_dir, place, ASSIGN_WAIT_MS, error);
    if (r < 0)
        return r;
    r = lease_read(q->state_dir, place->pf, place->index, &l, error);
    job.on_request = true;
    if (r >= 0 && is_meant(&l, q)) {
        r = l.state == LEASE_HELD && is_of_this_boot(&l) ? check_letting_go(&job, &l) : 0;
        if (r >= 0)
            r = job_end_lease(&job, &l, q->netns);
        released = true;
    } else if (r == -EBADMSG) {
        r = end_without_lease(&job, q, true);
    } else if (r == -ENOENT) {
        r = lease_remove(q->state_dir, place->pf, place->index, error);
        if (r >= 0 && q->netns)
            r = end_without_lease(&job, q, false);
    }
    if (r >= 0 && ret_released)
        *ret_released = released;
    return MIN_OF(r, 0);
}

int assign_release_foreign(struct backend *b, const char *state_dir, const struct lease *l,
                           struct sriov_error *error)
{
    const struct vf_place place = lease_place(l);
    _cleanup_(lease_done) struct lease own = { 0 };
    _cleanup_(job_done) struct job job;
    int r;

    r = job_begin(&job, b, state_dir, &place, ASSIGN_WAIT_MS, error);
    if (r < 0)
        return r;
    /* One of ours is newer than what the other program remembers. */
    if (lease_read(state_dir, l->pf, l->vf, &own, NULL) != -ENOENT)
        return 0;
    job.keeps_altnames = true;
    return job_restore(&job, l, NULL);
}

/* ---- after a crash ---- */

/* 1: it ended; 0: it lives, or somebody is at it. */
static int recover_one(struct backend *b, const char *state_dir, const struct vf_place *place,
                       struct sriov_error *error)
{
    _cleanup_(lease_done) struct lease l = { 0 };
    _cleanup_(job_done) struct job job;
    int r;

    if (job_begin(&job, b, state_dir, place, 0, NULL) < 0)
        return 0;
    job.error = error;
    if (lease_read(state_dir, place->pf, place->index, &l, NULL) < 0 ||
        !job_lease_is_over(&job, &l))
        return 0;
    r = job_await_driver(&job, &l);
    if (r > 0) {
        lease_done(&l);
        r = lease_read(state_dir, place->pf, place->index, &l, NULL);
        if (r < 0 || !job_lease_is_over(&job, &l))
            return 0;
    }
    if (r < 0)
        return 0;
    r = job_end_lease(&job, &l, NULL);
    return r < 0 ? r : 1;
}

/* Most leases are held by owners that live: no lock is taken for those. */
static bool may_be_over(const struct lease *l)
{
    return l->state != LEASE_HELD || !is_of_this_boot(l) || owner_life(&l->owner) != OWNER_LIVES;
}

int assign_recover(struct backend *b, const char *state_dir, size_t *ret_freed,
                   struct sriov_error *error)
{
    struct sriov_error first = { 0 };
    struct lease *leases = NULL;
    size_t count = 0, freed = 0;
    int r, result = 0;

    lease_clean(state_dir);
    r = lease_list(state_dir, &leases, &count, error);
    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++) {
        const struct vf_place place = lease_place(&leases[i]);

        if (!may_be_over(&leases[i]))
            continue;
        r = recover_one(b, state_dir, &place, result < 0 ? NULL : &first);
        freed += r > 0;
        if (r < 0 && result == 0)
            result = r;
    }
    leases_free(leases, count);
    if (result < 0 && error)
        *error = first;
    if (ret_freed)
        *ret_freed = freed;
    return result;
}
