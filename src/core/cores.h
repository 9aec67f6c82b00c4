/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Processors: which a process may run on, and which a program that polls a NIC should have.
 */
#ifndef CORE_CORES_H
#define CORE_CORES_H

#include "core/error.h"
#include "kernel/backend.h"

/* Processors by number, in order, none twice. */
struct cpus {
    unsigned *items;
    size_t count;
};

void cpus_done(struct cpus *c);
bool cpus_has(const struct cpus *c, unsigned cpu);

/* "0-3,8", as the kernel writes it. -EINVAL. */
int cpus_parse(const char *text, struct cpus *ret);

/* "0,1,2,3,8" */
void cpus_text(const struct cpus *c, struct buf *ret);

/* The processors that a process may run on (0: this one). */
int cpus_allowed(struct backend *b, pid_t pid, struct cpus *ret);

/* Those of a NUMA node; of a node that is not known (-1), all that are online. */
int cpus_of_node(struct backend *b, int node, struct cpus *ret);

/* `count` processors of these nodes for a program that keeps them busy: of those this process may
 * run on, and, unless it was held to fewer than the kernel gives everybody, of the isolated ones
 * (isolcpus=), which are kept for such programs. Preferred are isolated ones, one thread of each
 * core before a second one, and processor 0 comes last, as the kernel works on it most. Those in
 * `busy` are passed over as long as there are others. -EINVAL (code usage): there are fewer. */
int cores_choose(struct backend *b, const int *nodes, size_t n_nodes, size_t count,
                 const struct cpus *busy, struct cpus *ret, struct sriov_error *error);

#endif
