/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The netdev of a VF, wherever it is: in our network namespace or in another. It is known by the
 * PCI address of its device, since names change hands and numbers change on a move. Internal to
 * the assignment engine.
 */
#ifndef CORE_NETDEV_H
#define CORE_NETDEV_H

#include "core/model.h"

struct netdev {
    bool present;
    struct backend *own; /* of another namespace; NULL: it is in ours */
    struct backend *b;   /* through which it is changed: `own`, or ours */
    struct rtnl_link link;
};

void netdev_done(struct netdev *n);

/* In our namespace, out of a snapshot that has its link. Not present if it is not there. */
int netdev_here(struct backend *b, const struct snapshot *s, const struct vf *vf,
                struct netdev *ret);

/* Opens the namespace `netns` to look for a netdev in it. Not present until netdev_find. */
int netdev_open(int netns, struct netdev *ret);

/* All links of the namespace that `n` is open in. */
int netdev_links(const struct netdev *n, struct rtnl_links *ret);

/* Looks in that namespace, by the address of its device, or (pci NULL) by its name. 0 also if it is
 * not there: see n->present. */
int netdev_find(struct netdev *n, const char *pci, const char *name);

/* In the namespace at `path`. -errno if that is gone, or no network namespace. */
int netdev_look_at(const char *path, const char *pci, struct netdev *ret);

/* In any namespace that can be found through a process or under /run/netns: looks at them all. */
int netdev_search(struct backend *b, const char *pci, struct netdev *ret);

/* Sends changes of it (rtnl_change_… with netdev.link.ifindex), in order, each whether those before
 * failed or not. The first that failed is the result: `what` names what was tried, in `error` with
 * `object`. */
int netdev_change(const struct netdev *n, const struct buf *batch, size_t count, const char *object,
                  const char *what, struct sriov_error *error);

/* Gives it an address. */
int netdev_set_address(struct netdev *n, uint64_t mac, const char *object,
                       struct sriov_error *error);

/* The same for one that the PF has just given this address: such a VF resets itself, and refuses
 * meanwhile or takes it by itself. Waits until it has it, at most 5 seconds. */
int netdev_await_address(struct netdev *n, uint64_t mac, const char *object,
                         struct sriov_error *error);

#endif
