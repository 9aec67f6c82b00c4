/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One end of a measurement: a network namespace of its own, in which programs are run, perhaps with
 * a VF that is leased for it. The namespace lives by a child process that does nothing, and by a
 * descriptor here, so it goes with this process whatever that dies of; the lease then is taken back
 * by the next command.
 */
#ifndef BENCH_ENDPOINT_H
#define BENCH_ENDPOINT_H

#include "bench/process.h"
#include "cli/child.h"
#include "cli/lending.h"

struct endpoint {
    struct child holder;
    int netns; /* -1: not open */
    struct backend *inside;
    struct lease lease;
    bool leased;
};

#define ENDPOINT_INIT ((struct endpoint){ .holder = CHILD_INIT, .netns = -1 })

/* The name of a netdev in an endpoint. */
#define ENDPOINT_NETDEV "eth0"

/* Opens the namespace, with nothing but a loopback that is up. */
int endpoint_open(struct app *a, struct endpoint *e);

/* Leases a VF that fits, and moves its netdev in; or leaves it where it is. It is up. */
int endpoint_lease(struct app *a, struct endpoint *e, const struct choose_wish *wish, bool move);

/* Gives its netdev addresses and brings it up. */
int endpoint_configure(struct app *a, struct endpoint *e, const char *const *addresses,
                       size_t count);

/* Gives the VF back. 0 also if there is none. */
int endpoint_return(struct app *a, struct endpoint *e);

/* What endpoint_return did not give back the next command does. */
void endpoint_done(struct endpoint *e);

#endif
