/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Recording what a verb reads of the machine, for `capture` and `report`.
 */
#ifndef CLI_CAPTURE_H
#define CLI_CAPTURE_H

#include "cli/app.h"

/* From now on everything the session reads is recorded. Before the first read. */
int capture_start(struct app *a);

/* The text of the capture file, appended to `ret`. */
int capture_text(struct app *a, struct buf *ret);

#endif
