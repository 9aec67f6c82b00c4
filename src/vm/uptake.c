/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Waiting for a guest. No event tells: what a guest does to its device goes past the host's kernel.
 * So the device is looked at, ten times a second.
 */
#include "vm/uptake.h"

#include <time.h>

#include "core/target.h"
#include "vm/check.h"

#define LOOK_NS 100000000L
#define SECONDS_MAX 86400

int uptake_check_timeout(struct app *a)
{
    if (a->options.timeout <= SECONDS_MAX)
        return 0;
    return error_set(&a->error, SRIOV_USAGE, 0, "--timeout", "is more than a day");
}

double uptake_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Everything is looked at anew: QEMU opens the device some time after libvirt has returned. */
static bool works(struct app *a, struct domain *d, const struct plugged *p)
{
    _cleanup_(target_done) struct target t = { 0 };
    struct evidence e = { 0 };
    session_forget(&a->session);
    if (session_holders(&a->session, NULL) < 0 ||
        target_find(a->session.snapshot, p->pci, &t, NULL) < 0 || !t.has_vfs)
        return false;
    return evidence_read(a, domain_pid(d), t.pf, &t.pf->vfs[t.indexes[0]], &e) >= 0 &&
           e.open == SIGHT_YES && e.masters == SIGHT_YES;
}

bool uptake_wait(struct app *a, struct domain *d, const struct plugged *p)
{
    static const struct timespec pause = { .tv_nsec = LOOK_NS };
    const struct sriov_error before = a->error;
    double limit = a->options.timeout > 0 ? (double)a->options.timeout : UPTAKE_SECONDS;
    double begun = uptake_clock();
    bool done;
    app_progress(a, "%s: waiting for the guest to work with %s", domain_name(d), p->label);
    while (!(done = works(a, d, p)) && uptake_clock() - begun < limit)
        nanosleep(&pause, NULL);
    a->error = before;
    if (!done)
        app_note(a,
                 "%s has %s, but its guest has not started it after %.0f s: sriovctl vm check %s",
                 domain_name(d), p->label, limit, domain_name(d));
    return done;
}
