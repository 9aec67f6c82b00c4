/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The end of a VM whose VF somebody else bound to VFIO. libvirt does so, keeps what it found, and
 * when the VM has died puts that back through the PF, resets the VF, and last of all gives it its
 * driver again (virHostdevReAttachPCIDevicesImpl() of libvirt 11.3). Nobody has the VF open
 * meanwhile. Who restored it then would be overwritten, with a MAC that the VF did not have before;
 * so we wait for that last step. It does not come if libvirt died, too.
 */
#include <stdio.h>

#include "core/assign-job.h"
#include "core/ledger-lock.h"
#include "kernel/events.h"

/* libvirt takes some ten milliseconds, a loaded machine longer. */
#define AWAIT_NS (5 * UINT64_C(1000000000))

static bool is_foreign_binding(const struct job *job, const struct lease *l)
{
    const char *driver = job->vf->attrs.driver;

    return (driver_is_passthrough(driver) || !*driver) && !str_eq(driver, l->before.driver) &&
           !attrs_has(&l->want, SRIOV_DRIVER);
}

/* A driver's name is in sysfs before its probe has begun (really_probe() in drivers/base/dd.c), and
 * igbvf ends that with a reset of the VF, which tells the PF an address. To read the override takes
 * the lock that a probe holds. Nobody can be stuck with it but who removes the VF. */
static void await_probe(struct job *job)
{
    _cleanup_free_ char *text = NULL;
    char path[96];

    snprintf(path, sizeof(path), "%s/driver_override", job->vf->sysfs);
    if (job->vf->sysfs[0])
        (void)job->b->ops->read_file(job->b, path, &text);
}

/* Without the lock: libvirt may be waiting for its hook, and that for the lock. 1: waited. */
static int wait_unlocked(struct job *job, const struct lease *l)
{
    _cleanup_(events_close_p) struct events *events = NULL;
    uint64_t end = events_now() + AWAIT_NS;
    struct event event;
    int r;

    r = events_open(&events);
    close_p(&job->lock);
    job->lock = -1;
    do
        r = r < 0 ? r : job_look(job, NULL);
    while (r >= 0 && is_foreign_binding(job, l) && events_wait(events, end, &event) > 0);
    if (r >= 0)
        await_probe(job);
    r = ledger_lock_vf(job->state_dir, job->place.pf, job->place.index, 0, &job->lock);
    return r < 0 ? r : 1;
}

int job_await_driver(struct job *job, const struct lease *l)
{
    if (l->state != LEASE_HELD || !l->owner.while_used || job_look(job, NULL) < 0)
        return 0;
    if (is_foreign_binding(job, l))
        return wait_unlocked(job, l);
    await_probe(job);
    return 0;
}
