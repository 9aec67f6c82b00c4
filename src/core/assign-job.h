/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What acquiring and releasing share: the lock of one VF, and the look at it. Internal to the
 * assignment engine (assign.c, restore.c, assign-recover.c).
 */
#ifndef CORE_ASSIGN_JOB_H
#define CORE_ASSIGN_JOB_H

#include "core/assign.h"
#include "core/plan.h"

/* How long to wait for somebody else who is at work on the VF. */
#define ASSIGN_WAIT_MS 10000

struct job {
    struct backend *b;
    const char *state_dir;
    struct vf_place place;
    int lock;                  /* of the VF; closed by job_done */
    struct snapshot *snapshot; /* after job_look */
    struct pf *pf;
    struct vf *vf;
    char label[OBJECT_SIZE]; /* for messages; the PF's key until it was looked at */
    bool keeps_altnames;     /* the baseline says nothing on alternative names */
    bool on_request;         /* somebody asked to end the lease; else it stands there for nobody */
    struct sriov_error *error;
};

/* Locks the VF. -EBUSY or -EAGAIN as in ledger-lock.h, with code in use. */
int job_begin(struct job *job, struct backend *b, const char *state_dir,
              const struct vf_place *place, unsigned wait_ms, struct sriov_error *error);
void job_done(struct job *job);

/* Looks at the VF, in place of what was known before; `want` is what it is going to be set to
 * (NULL: nothing that matters here), as rates and a driver need to know more of the PF. -ENODEV
 * (code no device): it is gone. */
int job_look(struct job *job, const struct attrs *want);

/* Plans the way to `want` of the VF, and refuses what its driver would. The plan points into the
 * job's snapshot and is released before the next look. */
int job_plan(struct job *job, const struct attrs *want, bool restoring, struct plan *ret);

/* vf-address.c: for drivers whose VF may take no address beside the PF's (DRIVER_PF_MAC_FINAL):
 * makes `mac` the netdev's address, where it can be the `permanent` one too, and `record` the PF's.
 * Other drivers leave it to a setting of the PF and netdev_set_address after it. */
struct netdev;
int job_give_address(struct job *job, struct netdev *n, uint64_t record, uint64_t mac,
                     bool permanent);

/* restore.c: puts the VF back to the baseline of `lease`, wherever it and its netdev are by now,
 * and from wherever an earlier try has stopped. `netns` is one more place to look for the netdev
 * (NULL: none). 0 also if the VF is gone. */
int job_restore(struct job *job, const struct lease *lease, const char *netns);

/* assign-check.c: -EBUSY (code in use) if the VF's own netdev shows that somebody uses it, which
 * costs the same on every host; or, if its driver hands it to user programs, if a process has it
 * open (job_check_processes), for which all processes are looked at. job_in_use fills that error.
 */
int job_check_free(struct job *job);
int job_check_processes(struct job *job);
int job_in_use(struct job *job, const char *by, const char *name);

/* assign-recover.c: does the lease of the VF, which we have locked, stand there for nobody? Looks
 * at the VF where that matters. */
bool job_lease_is_over(struct job *job, const struct lease *l);

/* assign-await.c: a VF that was used by a VM, and that somebody else took from its driver for it:
 * waits a while for him to give it back. 1 if that took time, in which the VF was not locked: the
 * lease may be another one by now; -EBUSY, -EAGAIN: it cannot be locked again. */
int job_await_driver(struct job *job, const struct lease *l);

/* assign-recover.c: puts back the baseline, notes the end in the log and removes the lease; one of
 * an earlier boot is only removed. */
int job_end_lease(struct job *job, const struct lease *l, const char *netns);

/* restore.c: for a VF whose baseline is lost. If its netdev is in `netns`, or `at_home` and in
 * ours, the settings that `named` names (NULL: none) get the values of a new VF, and its driver
 * starts again, which makes a new netdev here. 1: so it was; 0: its netdev is somewhere else, or it
 * has none. */
int job_renew(struct job *job, const char *netns, bool at_home, const struct attrs *named);

#endif
