/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keeping one PF's filter table: which addresses belong into it, and the changes that bring it
 * there. Runs on the reading thread.
 */
#ifndef DAEMON_FDB_PLAN_H
#define DAEMON_FDB_PLAN_H

#include "core/model.h"
#include "daemon/fdb-marks.h"
#include "kernel/bridge.h"

struct fdb_port {
    const struct pf *pf;
    int port;                       /* ifindex of the bridge's port: the PF, or a bond above it */
    const struct rtnl_link *bridge; /* NULL: nothing is wanted in its table */
    /* what came of it */
    int error;       /* -errno of the first that was refused, 0 */
    size_t left_out; /* how many addresses are wanted, and not in the table */
    bool more;       /* there is more to do, and no reason why it should fail */
};

/* Finds the bridge that the PF is a port of, itself or below a bond. False: there is none. */
bool fdb_find_bridge(const struct snapshot *s, const struct pf *pf, struct fdb_port *ret);

/* The addresses that belong into the PF's table, given the bridge's: what it knows on its other
 * ports, and its own if that is not the PF's. Those of the PF and its VFs never. 0 or -ENOMEM. */
int fdb_wanted(const struct fdb_port *p, const struct fdb *bridge, struct fdb_marks *ret);

/* Reads both tables, takes out of the PF's what is ours and not wanted any more, and puts in what
 * is missing. `marks` is saved before and after. -errno if it could not be looked at; a refusal of
 * the driver is in `p`. */
int fdb_keep(struct backend *b, const char *state_dir, struct fdb_port *p, struct fdb_marks *marks);

/* More than that in one table is nobody's wish. */
#define FDB_TABLE_LIMIT 4096u

/* Is this what drivers say of a full table? */
bool fdb_is_full(int error);

#endif
