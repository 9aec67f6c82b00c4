/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What one reading of the machine gave: PFs and VFs, who holds them, leases. It is never changed
 * afterwards and is shared by reference, on the loop's thread only.
 */
#ifndef DAEMON_LOOK_H
#define DAEMON_LOOK_H

#include "core/holder.h"
#include "core/lease.h"
#include "core/model.h"

struct look {
    unsigned references;
    uint64_t number; /* 1, 2, ... */
    uint64_t begun;  /* nanoseconds of CLOCK_MONOTONIC: what changed before is in it */
    uint64_t took;   /* nanoseconds */
    uint64_t cost;   /* nanoseconds of processor time: waiting for a lock costs nobody anything */
    uint64_t spent;  /* nanoseconds, by this and all before it */
    struct snapshot *snapshot;
    struct holders holders;
    struct lease *leases;
    size_t n_leases;
    struct strv busy; /* keys of PFs that somebody was changing while this was read */
};

struct look *look_ref(struct look *l);
struct look *look_unref(struct look *l); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct look *, look_unref)

/* The lease of a VF, NULL if it has none. */
const struct lease *look_lease(const struct look *l, const char *pf_key, unsigned vf);

#endif
