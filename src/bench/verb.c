/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of verbs of sriovctl-bench.
 */
#include "bench/bench.h"

static const struct verb *const verbs[] = { &verb_measure, &verb_help, &verb_version, NULL };

const struct program program_bench = {
    .name = "sriovctl",
    .about = "what the ways to a network are worth",
    .verbs = verbs,
};
