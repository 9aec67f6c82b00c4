/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One lock file per PF, under the state folder, for the PF as a whole and for each of its VFs.
 * Locks of the open file description (fcntl, F_OFD_SETLK): a worker inherits them over fork, they
 * go with the last process that has them, and a reader can ask who holds one without taking it for
 * a moment.
 */
#ifndef CORE_LEDGER_LOCK_H
#define CORE_LEDGER_LOCK_H

#include <stdbool.h>

#include "base/str.h"

struct ledger_locks;

/* Adds locks of these PFs to *locks (made if NULL; those held already stay). All or none. -EBUSY,
 * with the PF in `ret_busy`: at once if another command has it, or if work on one of its VFs did
 * not end within a second. While this waits, no new work on the PF's VFs begins. */
int ledger_locks_take(const char *dir, const struct strv *pfs, struct ledger_locks **locks,
                      char ret_busy[32]);
struct ledger_locks *ledger_locks_free(struct ledger_locks *locks); /* returns NULL */

/* Locks one VF of a PF. VFs do not wait for each other, and a PF that is locked as a whole keeps
 * all its VFs. Waits up to `wait_ms` for another who has the VF or the PF. The lock ends when
 * *ret_fd, and what was inherited of it, is closed. -EBUSY: the VF is locked still; -EAGAIN: the PF
 * is, as long as it is being changed. */
int ledger_lock_vf(const char *dir, const char *pf, unsigned vf, unsigned wait_ms, int *ret_fd);

/* Does some other process hold the lock of this PF as a whole? */
bool ledger_lock_is_held(const char *dir, const char *pf);

/* Adds the keys of those PFs that somebody has locked as a whole, each once. 0 or -ENOMEM. */
int ledger_locks_held(const char *dir, struct strv *ret);

/* Whoever ends a change, or the work on a VF, closes the lock file for writing: a watch on this
 * folder of the state folder (inotify's IN_CLOSE_WRITE) hears of it. */
#define LEDGER_LOCKS_FOLDER "locks"

#endif
