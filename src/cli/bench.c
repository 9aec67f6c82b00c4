/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl bench: what the ways to a network are worth, measured. sriovctl-bench does it
 * (src/bench).
 */
#include "cli/verb.h"

const struct verb verb_bench = {
    .name = "bench",
    .synopsis = "bench [ARGUMENTS]",
    .help = "measure VF, macvtap, bridge and virtio side by side",
    .details =
        (const char *const[]){
            "Measures throughput and latency between two endpoints over several paths, one after the other and several "
            "times each, and writes a report with the settings of the host that matter. sriovctl bench --help "
            "explains it, and so does man sriovctl-bench.",
            NULL,
        },
    .max_args = ANY_NUMBER,
    .flags = VERB_HERE,
    .program = "sriovctl-bench",
    .examples =
        (const struct example[]){
            { "bench --help", "the paths and options" },
            { NULL, NULL },
        },
};
