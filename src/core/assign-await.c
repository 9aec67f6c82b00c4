/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The end of a VM whose VF somebody else bound to VFIO. libvirt does so, keeps what it found, and
 * when the VM has died puts that back through the PF, resets the VF, and last of all gives it its
 * driver again (virHostdevReAttachPCIDevicesImpl() of libvirt 11.3). Nobody has the VF open
 * meanwhile. Who restored it then would be overwritten, with a MAC that the VF did not have before;
 * so we wait for that last step. It does not come if libvirt died, too.
 */
#include "core/assign-job.h"
#include "kernel/events.h"

/* libvirt takes some ten milliseconds, a loaded machine longer. */
#define AWAIT_NS (5 * UINT64_C(1000000000))

static bool is_foreign_binding(const struct job *job, const struct lease *l)
{
    const char *driver = job->vf->attrs.driver;

    return (driver_is_passthrough(driver) || !*driver) && !str_eq(driver, l->before.driver) &&
           !attrs_has(&l->want, SRIOV_DRIVER);
}

int job_await_driver(struct job *job, const struct lease *l)
{
    _cleanup_(events_close_p) struct events *events = NULL;
    uint64_t end = events_now() + AWAIT_NS;
    struct event event;
    int r, waited = 0;

    if (l->state != LEASE_HELD || !l->owner.while_used || events_open(&events) < 0)
        return 0;
    do
        r = job_look(job, NULL);
    while (r >= 0 && is_foreign_binding(job, l) && ++waited &&
           events_wait(events, end, &event) > 0);
    return r < 0 ? 0 : waited;
}
