/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * --host: the same command for another machine, over the API of its daemon. That takes libcurl,
 * whose dozens of shared libraries sriovctl must not load each time it starts: the program
 * sriovctl-remote is run in its place, with the same command line (src/remote).
 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include "cli/app.h"

/* Is the command for another machine? Help and version are answered here. */
bool remote_is_asked(const struct app *a);

/* Refuses what makes sense on the machine itself only: -EINVAL with the error filled. */
int remote_check(struct app *a);

/* Becomes sriovctl-remote; returns only if that is not to be had. */
int remote_exec(struct app *a, char **argv);

#endif
