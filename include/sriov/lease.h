/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lending VFs and taking them back as they were.
 *
 *     const struct sriov_lease_options options = {
 *         .size = sizeof(options),
 *         .owner = "web1",
 *         .pool = "fast",
 *         .netns = "/run/netns/web1",
 *         .ifname = "eth1",
 *         .settings = (const char *const[]){ "vlan=100", NULL },
 *     };
 *     sriov_acquire(host, NULL, &options, &json, &error);
 *     ...
 *     sriov_release(host, NULL, "web1", &error);
 *
 * A VF is lent to one owner at a time, among all programs on the machine. What it was before is
 * written down first and put back by whoever ends the lease: its release, or, when the process or
 * the namespace that the owner's life depends on is gone, the next command of anybody.
 */
#ifndef SRIOV_LEASE_H
#define SRIOV_LEASE_H

#include "sriov/host.h"

#pragma GCC visibility push(default)

enum sriov_lease_flag {
    SRIOV_LEASE_CLEAN = 1 << 0,  /* settings that are not given are those of a new VF */
    SRIOV_LEASE_UP = 1 << 1,     /* the netdev is up when it is delivered */
    SRIOV_LEASE_LINK = 1 << 2,   /* choose: the PF has carrier */
    SRIOV_LEASE_SPREAD = 1 << 3, /* choose: from the PF that has lent the fewest VFs */
    SRIOV_LEASE_NUMA = 1 << 4,   /* choose: by `numa_node` */
};

/* What is not given is NULL or 0. */
struct sriov_lease_options {
    size_t size; /* sizeof(struct sriov_lease_options): it may grow */

    const char *owner;     /* needed: who has the VF */
    int pid;               /* the lease ends with this process */
    const char *netns;     /* path of a network namespace: the netdev goes there, and the lease ends
                            * with it */
    const char *container; /* an id, kept for others to see */
    const char *ifname;    /* the netdev's name in the namespace; NULL: its own */

    const char *const *settings; /* "key=value" as `sriovctl set` takes them, NULL-terminated */
    unsigned flags;              /* enum sriov_lease_flag */

    /* Which VF will do, where none is named: all that are given must hold. */
    const char *pf;
    const char *pool;   /* of the policy applied last */
    const char *driver; /* what it is bound to now; "none": to none */
    int numa_node;
};

/* Lends the VF that `vf` names ("enp1s0/3", its PCI address), or, if that is NULL, one that will
 * do. *ret_json (may be NULL) is the lease as `sriovctl acquire --json` prints it; the caller frees
 * it with free(). -EBUSY (code SRIOV_IN_USE): somebody has it, or no VF that would do is free;
 * -EEXIST: the namespace has an interface of that name. On failure everything is as before. The
 * host is to be read anew (sriov_read) to see what changed. */
int sriov_acquire(struct sriov *host, const char *vf, const struct sriov_lease_options *options,
                  char **ret_json, struct sriov_error *error);

/* Takes back a VF (if `owner` is not NULL only from that owner), or, with `vf` NULL, all VFs of
 * that owner. 1 if a lease ended, 0 if there was none: it may be repeated. On failure the lease
 * stays. */
int sriov_release(struct sriov *host, const char *vf, const char *owner, struct sriov_error *error);

/* The leases there are, as `sriovctl leases --json` prints them, after what owners that are gone
 * have left was taken back (as root). The caller frees it with free(). */
int sriov_leases_json(struct sriov *host, char **ret, struct sriov_error *error);

#pragma GCC visibility pop

#endif
