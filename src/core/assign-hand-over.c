/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A lease that passes from the process that prepared a VF to the one that uses it, and back.
 */
#include <errno.h>

#include "core/assign-job.h"
#include "core/execute.h"

/* What the VF is to have through its PF: what was asked for, else what it had before. Not its MAC,
 * which the user of the VF was told and may have set to another. */
static void settings_of(const struct lease *l, struct attrs *ret)
{
    for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++) {
        const struct attr *row = attr_row((enum sriov_attr)a);
        const struct attrs *from = attrs_has(&l->want, row->id) ? &l->want : &l->before;

        if (row->way == WAY_VF_NETLINK && row->type != ATTR_MAC && attrs_has(from, row->id))
            attrs_set(ret, row->id, from->value[row->id]);
    }
}

static int settle(struct job *job, const struct lease *l)
{
    _cleanup_(plan_done) struct plan plan = { 0 };
    struct attrs want = { 0 };
    int r;

    settings_of(l, &want);
    r = job_look(job, &want);
    if (r >= 0)
        r = job_plan(job, &want, true, &plan);
    return r < 0 ? r : plan_execute(job->b, &plan, NULL, job->error);
}

static int has_none(struct job *job, const char *owner)
{
    job_look(job, NULL); /* for its name */
    error_set(job->error, SRIOV_FAILED, ENOENT, job->label, "%.64s has no lease of it", owner);
    error_remedy(job->error, "`sriovctl leases` shows who has which VF");
    return -ENOENT;
}

int assign_hand_over(struct backend *b, const struct vf_place *place,
                     const struct hand_over_request *q, struct lease *ret,
                     struct sriov_error *error)
{
    _cleanup_(lease_done) struct lease l = { 0 };
    _cleanup_(job_done) struct job job;
    int r;

    r = job_begin(&job, b, q->state_dir, place, ASSIGN_WAIT_MS, error);
    if (r >= 0)
        r = lease_read(q->state_dir, place->pf, place->index, &l, error);
    if (r == -ENOENT || (r >= 0 && (l.state != LEASE_HELD || !str_eq(l.owner.name, q->owner))))
        return has_none(&job, q->owner);
    if (r >= 0 && q->settle)
        r = settle(&job, &l);
    if (r < 0)
        return r;
    l.owner.pid = q->pid;
    l.owner.pid_started = l.owner.pid_namespace = 0;
    l.owner.while_used = true;
    r = owner_identify(&l.owner, error);
    if (r >= 0)
        r = lease_write(q->state_dir, &l, error);
    if (r >= 0 && ret) {
        *ret = l;
        l = (struct lease){ 0 };
    }
    return MIN_OF(r, 0);
}
