/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `sriovctl watch` of another machine.
 */
#ifndef REMOTE_WATCH_H
#define REMOTE_WATCH_H

#include "cli/app.h"

/* Until so many changes were told as --count says, or the daemon ends. -errno with a->error filled.
 */
int watch_run(struct app *a);

/* One record of the daemon as a line into a->out. `only`: the label of the PF that is watched, ""
 * all. 1 if there was a line, 0 if the record is no change, or of another PF; -ENOMEM. */
int watch_record(struct app *a, const char *only, const char *json, size_t len);

#endif
