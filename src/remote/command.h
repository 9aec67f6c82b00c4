/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A command that the daemon runs for us.
 */
#ifndef REMOTE_COMMAND_H
#define REMOTE_COMMAND_H

#include "cli/app.h"
#include "remote/transfer.h"

/* Prints what the command printed there, and makes its exit status ours (a->status). -errno with
 * a->error filled if it was not run, or nobody knows. */
int command_run(struct app *a);

/* Finds the daemon of --host and gets ready to ask it; says so if it will not be known for sure who
 * it is. `server` must live as long as the transfer. */
int command_connect(struct app *a, struct server *server, struct transfer **ret);

#endif
