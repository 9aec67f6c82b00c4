/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a report goes: onto standard output, into a file, or in all its forms into a folder.
 */
#ifndef BENCH_OUTPUT_H
#define BENCH_OUTPUT_H

#include "bench/report.h"
#include "cli/app.h"

/* Does --output name something that can be written? Asked before anything is measured. */
int output_check(struct app *a);

/* As --output and --json say. */
int output_write(struct app *a, const struct bench_report *r);

#endif
