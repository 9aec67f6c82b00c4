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

/* Both texts are borrowed; `replay` is a capture to answer from, NULL: the machine. */
int reader_new(struct loop *loop, const char *state_dir, const char *replay, struct reader **ret);
/* Calls `done` for all that was asked for, also where `work` did not come to its turn; the parts of
 * the daemon must still be there, and may ask for nothing more. NULL is fine; returns NULL. */
struct reader *reader_free(struct reader *r);

/* Runs `work` on the thread, one after the other in the order they were asked for, and then `done`
 * on the loop. The session is the thread's own, with its backend open (if that fails, `work` is
 * left out); `work` may use no other part of the daemon. 0, -ENOMEM, or -ESHUTDOWN while the thread
 * is being ended. */
int reader_run(struct reader *r, void (*work)(void *userdata, struct session *s),
               void (*done)(void *userdata), void *userdata);

/* Milliseconds since the work that is being done was begun, 0 if there is none: how long it hangs.
 */
unsigned reader_busy(struct reader *r);

#endif
