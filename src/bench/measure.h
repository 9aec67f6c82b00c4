/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The measuring: round by round, each path once in each, so that what changes on the host meanwhile
 * hits all of them alike.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "bench/scenery.h"

#define IPERF "iperf3"
#define PING "ping"

struct measurement {
    struct site site;
    const struct chosen_path *paths; /* as report.paths */
    struct bench_report report;      /* its head and paths are filled in by the caller */
    struct scenery scenery;
    struct interrupt interrupt;
};

/* Are the programs there? Keeps iperf3's version. -ENOENT with the package's name as remedy. */
int measure_find_programs(struct measurement *m);

/* All rounds. A path that cannot be made or measured says why in the report, and is left out from
 * then on. -EINTR after a signal; -errno if something could not be given back. */
int measure_all(struct measurement *m);

#endif
