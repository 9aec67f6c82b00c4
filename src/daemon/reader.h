/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The thread that reads the machine. Reading never waits for a lock of a device, but a kernel that
 * holds the rtnl lock for minutes keeps every netlink request waiting: then this thread waits, and
 * the loop answers from what was read before.
 */
#ifndef DAEMON_READER_H
#define DAEMON_READER_H

#include "core/session.h"
#include "daemon/loop.h"

struct reader;

int reader_new(struct loop *loop, const char *state_dir, struct reader **ret);
struct reader *reader_free(struct reader *r); /* NULL is fine; returns NULL */

/* Runs `work` on the thread, one after the other in the order they were asked for, and then `done`
 * on the loop. The session is the thread's own, with its backend open; `work` may use no other part
 * of the daemon. 0 or -ENOMEM. */
int reader_run(struct reader *r, void (*work)(void *userdata, struct session *s),
               void (*done)(void *userdata), void *userdata);

/* Milliseconds since the work that is being done was begun, 0 if there is none: how long it hangs.
 */
unsigned reader_busy(const struct reader *r);

#endif
