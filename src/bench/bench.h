/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl-bench, which `sriovctl bench` becomes.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "cli/program.h"

extern const struct program program_bench;
extern const struct verb verb_measure; /* "bench" */

#endif
