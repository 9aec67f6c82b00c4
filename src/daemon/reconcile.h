/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of reconcile share. A PF that the policy speaks of has a `struct care`, which
 * lives as long as the daemon; its goal is in the goals of the last look, and gone while the PF is.
 *
 *     reconcile.c         a look comes in: who is new, what differs, what is to be done
 *     reconcile-policy.c  the policy in force, and the PFs of it that are not there
 *     reconcile-drift.c   what differs from the policy, and how that is told
 *     reconcile-work.c    jobs that apply the policy or repair, and what comes of them
 *     reconcile-wait.c    those who stood in the way of one
 *     reconcile-fight.c   who else sets what we repair
 */
#ifndef DAEMON_RECONCILE_H
#define DAEMON_RECONCILE_H

#include "core/plan.h"
#include "daemon/daemon.h"

/* One setting that is not as the policy has it. */
struct drift_item {
    int vf; /* -1: the PF */
    enum sriov_attr attr;
    char is[ATTR_TEXT_SIZE], wanted[ATTR_TEXT_SIZE];
};

struct drift {
    struct drift_item *items;
    size_t count;
};

/* A process that stood in the way. */
struct blocker {
    struct source *source;
    int fd; /* 0: none */
};

enum work {
    WORK_APPLY, /* policy or PF are new */
    WORK_REPAIR,
};

struct care {
    struct care *next;
    struct reconcile *reconcile;
    char key[32], label[32];
    const struct goal *goal; /* NULL: the PF is not there, or the policy has no word on it */
    int ifindex;             /* of the PF's netdev, by which a driver that was loaded again shows */
    bool has_driver;

    bool pending;  /* to be applied, because policy or PF are new */
    bool deferred; /* until the PF is up; told */
    bool has_news; /* drift that the last look found and the one before did not */
    bool busy;     /* the last look fell into a change: nothing can be said of it */
    struct drift drift;
    char trouble[256]; /* why the policy cannot be, as last told; "": it can */

    uint64_t job; /* 0: none runs */
    enum work work;
    uint64_t not_before; /* looks begun earlier do not show what the last job did */
    uint64_t tried_at;   /* signature of what the job was to mend */
    bool failed;         /* not tried again while the signature is that */
    unsigned deaths;     /* of jobs, one after the other */

    struct blocker blockers[8]; /* the first of those of a refusal */

    uint64_t repairs;
    uint64_t window;    /* when it began, 0: not yet */
    uint64_t in_window; /* jobs begun in it */
    bool gave_up;
};

struct reconcile {
    struct daemon *d;
    char boot[HOST_BOOT_ID_SIZE];
    struct desired policy; /* in force */
    /* What is wrong with the one in the files, and what makes the one in force not fit the machine;
     * code SRIOV_DONE: nothing. */
    struct sriov_error wrong, conflict;
    struct look *look;  /* the last one */
    struct goals goals; /* point into it */
    struct care *cares;
    bool settled, late_is_over;
    /* The folders of the policy and of locks; moments: an editor is done, PFs are late, the boot
     * waited long enough, something that could not begin is tried again. */
    struct source *folder, *locks, *edited, *late, *enough, *retry;
};

struct care *care_find(const struct reconcile *r, const char *key);
/* The daemon may write to it. */
bool care_is_active(const struct care *c);
/* Forgets what went wrong, so that it is tried again. */
void care_forgive(struct care *c);

/* Starts a timer that is made when it is first needed. */
void reconcile_in(struct reconcile *r, struct source **timer, uint64_t microseconds,
                  void (*due)(void *userdata));
/* Looks, and tries, again in a second. */
void reconcile_retry(struct reconcile *r);
/* Goals are new: gives them to the cares. */
void reconcile_attach(struct reconcile *r);

/* ---- reconcile-policy.c ---- */

/* `again`: applies also what did not change. */
void reconcile_policy_load(struct reconcile *r, bool again);
/* Finds the PFs of the policy in a snapshot; those that are missing are no error. */
int reconcile_policy_resolve(const struct desired *policy, struct snapshot *s, struct goals *ret,
                             struct sriov_error *error);
/* Where the wishes stand that match no PF, optional ones left out; their number. */
size_t reconcile_policy_missing(const struct reconcile *r, struct buf *ret);

/* ---- reconcile-drift.c ---- */

/* -EAGAIN: a driver does not tell its VFs' settings at this moment. Other -errno: the policy
 * cannot be, as `error` says. */
int drift_find(const struct look *look, const struct goal *g, const char *boot, struct drift *ret,
               struct sriov_error *error);
void drift_done(struct drift *d);
/* Is there anything in `now` that was not in `before`? */
bool drift_is_news(const struct drift *now, const struct drift *before);
/* Is the difference one of it? */
bool drift_has(const struct drift *drift, const struct difference *d);
/* "enp1s0/3 vlan is 5, should be 100; ...", as many as a line has room for. */
void drift_text(const struct drift *d, const char *pf, struct buf *ret);
void drift_tell(const struct care *c);

/* ---- reconcile-work.c ---- */

/* Starts what is to be done for a PF, if anything is and can be. */
void work_try(struct care *c);
/* Has the policy been applied, or is there no use in waiting for it? */
bool work_is_settled(const struct care *c);

/* ---- reconcile-wait.c ---- */

/* Looks again when one of these (holders in JSON) has ended. */
void wait_for_holders(struct care *c, const struct node *holders);
void wait_forget(struct care *c);

/* ---- reconcile-fight.c ---- */

/* Tells that repairs have stopped, and which other managers have files about the PF; these are
 * searched on the reading thread. */
void fight_tell(struct care *c);

#endif
