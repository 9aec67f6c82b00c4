/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which VF to lend, when somebody says what it must be like and not which one. The free ones that
 * fit are put in order, and tried one after the other: between the look and the lease somebody else
 * may be quicker, and a VF without a lease may be in use all the same.
 */
#ifndef CORE_CHOOSE_H
#define CORE_CHOOSE_H

#include "core/assign.h"
#include "core/desired.h"
#include "core/holder.h"

/* All that are set must hold. */
struct choose_wish {
    char pf[64];     /* a PF, by any of its names; "": any */
    char pool[64];   /* a pool of the policy; "": none */
    int numa;        /* the PF's NUMA node; -1: any */
    char driver[32]; /* what the VF is bound to now, "none" for unbound; "": anything */
    bool link;       /* the PF has carrier */
    bool spread;     /* VFs of the PFs that have lent the fewest first */
};

/* What is chosen from. */
struct choose_scene {
    const struct snapshot *snapshot;
    const struct lease *leases;
    size_t n_leases;
    const char *boot;            /* this boot: a lease of another one holds nothing */
    const struct desired *pools; /* NULL: none */
    /* The NUMA nodes of whoever asks, bit per node: what "numa: same" of a pool is held against. A
     * PF that is on no known node, or on one beyond 63, is near to everybody. */
    uint64_t near;
};

/* The free VFs that fit, best first; the caller frees *ret. Without `spread` in the order of the
 * PFs and of their VFs; of a pool, in the order in which it names the PFs. With it, PF by PF in
 * turn, the one with the fewest VFs lent first. -ENODEV (code no device): no VF fits, or no PF has
 * that name; -ENOENT (code no device): no such pool; -EBUSY (code in use): those that fit are all
 * leased. */
int choose_candidates(const struct choose_scene *scene, const struct choose_wish *wish,
                      struct vf_place **ret, size_t *ret_count, struct sriov_error *error);

/* Of the holders `all` those of VFs that fit, leased or not; released with holders_done. 0 also if
 * nothing fits; -ENOMEM. */
int choose_holders(const struct choose_scene *scene, const struct choose_wish *wish,
                   const struct holders *all, struct holders *ret);

/* The NUMA nodes with processors that a process may run on (0: this one). All of them if the kernel
 * does not say. */
uint64_t choose_nodes_of(struct backend *b, pid_t pid);

/* Leases the first candidate that can be had, for the owner and with the settings of `q`; "numa:
 * same" means the nodes of the owner's process, or of this one if the owner is none. Errors as
 * choose_candidates, and of assign_acquire all but -EBUSY, which sends it on to the next candidate;
 * -EBUSY if none is left, with `error->error` EAGAIN if one of them was refused for a reason that
 * passes by itself; then the message names who has them, and all of those are in *ret_holders (NULL
 * is fine), which is not touched otherwise. */
int choose_acquire(struct backend *b, const struct choose_wish *wish,
                   const struct assign_request *q, struct lease *ret, struct holders *ret_holders,
                   struct sriov_error *error);

#endif
