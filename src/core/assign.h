/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The assignment engine: lends a VF and takes it back as it was. One pair of functions behind
 * `sriovctl acquire`, `run`, the CNI plugin and every later client.
 *
 * Acquiring locks the VF, looks at it once (one request for its PF, whatever the number of VFs),
 * refuses what the driver would refuse or what somebody uses, writes the lease with the baseline,
 * and only then changes anything: settings through the PF, driver, address, and the move into the
 * owner's network namespace with the rename in the same message. Releasing finds the netdev
 * wherever it is by now, makes it what it was, brings it home, and plans the way from what is to
 * the baseline, like every undo. A process killed anywhere in between leaves a lease that the next
 * command finishes or reverts (assign_recover).
 */
#ifndef CORE_ASSIGN_H
#define CORE_ASSIGN_H

#include "core/lease.h"
#include "kernel/backend.h"

/* The place of a lease's VF. */
struct vf_place lease_place(const struct lease *l);

enum assign_flag {
    ASSIGN_PROMISC = 1 << 0,  /* the netdev takes all frames */
    ASSIGN_ALLMULTI = 1 << 1, /* the netdev takes all multicast frames */
    ASSIGN_CLEAN = 1 << 2,    /* settings through the PF that are not in `want` start from those of
                               * a new VF, instead of what they happen to be */
    ASSIGN_UP = 1 << 3,       /* the netdev is up when it is delivered */
    ASSIGN_USED = 1 << 4,     /* the caller knows who uses the VF: do not look */
};

struct assign_request {
    const char *state_dir;
    struct lease_owner owner; /* identified (owner_identify) */
    const char *note;         /* NULL: none */
    struct attrs want;        /* the VF's settings while it is held; mac is also made its effective
                               * address, driver is bound; name is ignored, see ifname */
    int netns;                /* where the netdev goes; -1: it stays */
    const char *ifname;       /* its name there; NULL: as it is */
    unsigned flags;
};

/* `ret` (lease_done) may be NULL. Failure leaves nothing behind:
 *   -EBUSY   code in use: leased already, in use (by whom is in the message), or its PF is being
 *            changed; `error->error` is EAGAIN for the last, which passes by itself
 *   -EEXIST  code in use: the namespace has an interface of that name, which is not touched
 *   -EOPNOTSUPP  the driver would refuse a setting; nothing was written
 *   others as the kernel said. code not-rolled-back: something could not be put back, and the lease
 *   stays until recovery has done it. */
int assign_acquire(struct backend *b, const struct vf_place *place, const struct assign_request *q,
                   struct lease *ret, struct sriov_error *error);

struct release_request {
    const char *state_dir;
    const char *owner;     /* only if the lease is of an owner of this name; NULL: whoever has it */
    const char *container; /* the same for the container id */
    const char *ifname;    /* the same for the name in the owner's namespace; NULL: any */
    const char *netns;     /* where the netdev may be, if the lease does not know; NULL: nothing */
    const struct attrs *reset; /* without a lease, if the netdev is found there: attributes that go
                                * back to a new VF's values; NULL: none */
};

/* Puts back the baseline and ends the lease. 0 also if there is no lease, or it is somebody else's
 * by now: release may be repeated. -EBUSY (code in use): a process has the VF open through a driver
 * that would have to go, and the kernel would wait for it for ever. On failure the lease stays, and
 * so does what a retry needs; a VF that is gone ends its lease. A lease of an earlier boot is
 * dropped: the kernel forgot everything by itself. *ret_released (may be NULL) tells whether there
 * was one. */
int assign_release(struct backend *b, const struct vf_place *place, const struct release_request *q,
                   bool *ret_released, struct sriov_error *error);

struct hand_over_request {
    const char *state_dir;
    const char *owner; /* who has it: the lease must be his */
    pid_t pid;         /* who is at work on it from now on; 0: nobody */
    bool settle; /* make the settings through the PF, but for the MAC, once more what was asked
                  * for, or else what they were before: libvirt sets VLANs itself, without
                  * priority, and to 0 where it was told none */
};

/* Makes a lease one that lives while its VF is used (struct lease_owner), and beside that as long
 * as `pid` does. So a VF that is on its way into a VM, or out of it, belongs to who carries it, and
 * in between to whoever has it open. `ret` (lease_done) may be NULL. -ENOENT: `owner` has no such
 * lease; -ESRCH: no such process. */
int assign_hand_over(struct backend *b, const struct vf_place *place,
                     const struct hand_over_request *q, struct lease *ret,
                     struct sriov_error *error);

/* Finishes what died half-way, and takes back what owners that are gone have left. Leases that are
 * being worked on are passed over. One that cannot be put back does not keep it from the others:
 * the first such error is returned after all were tried. *ret_freed counts the leases that ended.
 */
int assign_recover(struct backend *b, const char *state_dir, size_t *ret_freed,
                   struct sriov_error *error);

/* What differs from what the lease says it should be: "" if nothing. For CNI's CHECK and for
 * `sriovctl leases`. One line into `ret`. */
#define ASSIGN_DIFFERENCE_SIZE 200
int assign_check(struct backend *b, const struct lease *l, char ret[ASSIGN_DIFFERENCE_SIZE],
                 struct sriov_error *error);

/* A VF whose netdev another program put into a namespace and whose baseline that program kept (the
 * state files of sriov-cni): as assign_release, from a lease that was never written. Only what
 * `before` knows is put back. `l->owner.netns` may be empty. */
int assign_release_foreign(struct backend *b, const char *state_dir, const struct lease *l,
                           struct sriov_error *error);

#endif
