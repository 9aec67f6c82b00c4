/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which VFs a pool of libvirt is to have: those of a pool of the policy, or of PFs, that nobody
 * has, and those that a domain has from this very pool. libvirt counts only what it gave out
 * itself, so whatever else uses a VF must keep it out of the list. Pure: looks at what was read.
 */
#ifndef VM_POOL_MEMBERS_H
#define VM_POOL_MEMBERS_H

#include "core/desired.h"
#include "core/holder.h"
#include "vm/network.h"

struct pool_scene {
    const struct snapshot *snapshot;
    const struct desired *pools;   /* of the policy */
    const struct holders *holders; /* leases too */
    const struct strv *domains;    /* configurations of domains, as XML */
    const struct network *network; /* mode, from, ports */
};

enum pool_state {
    POOL_FREE,
    POOL_USED,  /* by a domain that has it from this pool */
    POOL_TAKEN, /* by anybody else, or it cannot be used; not in the list */
};

struct pool_vf {
    char label[OBJECT_SIZE];          /* "enp1s0/3" */
    char member[NETWORK_MEMBER_SIZE]; /* "" it has none */
    enum pool_state state;
    char who[HOLDER_TEXT_SIZE]; /* the domain, or why it is taken; "" if free */
};

struct pool_vfs {
    struct pool_vf *items;
    size_t count;
};

const char *pool_state_name(enum pool_state state);

/* All VFs of where the pool comes from, in the order in which libvirt is to give them. -ENODEV
 * (code no device): neither a pool of the policy nor PFs; with `lenient` a PF that is not there has
 * no VFs, and so has a pool. */
int pool_vfs_find(const struct pool_scene *scene, bool lenient, struct pool_vfs *ret,
                  struct sriov_error *error);
void pool_vfs_done(struct pool_vfs *v);

/* The list for libvirt: members that are free or used. 0 or -ENOMEM. */
int pool_vfs_members(const struct pool_vfs *v, struct strv *ret);

/* Do both lists have the same members, in any order? */
bool pool_is_in_step(const struct strv *a, const struct strv *b);

#endif
