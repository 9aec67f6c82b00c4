/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One lock file per PF, under the state folder. Locks of the open file description (fcntl,
 * F_OFD_SETLK): a worker inherits them over fork, they go with the last process that has them, and
 * a reader can ask who holds one without taking it for a moment.
 */
#ifndef CORE_LEDGER_LOCK_H
#define CORE_LEDGER_LOCK_H

#include <stdbool.h>

#include "base/str.h"

struct ledger_locks;

/* Adds locks of these PFs to *locks (made if NULL; those held already stay). All or none. -EBUSY,
 * with the PF somebody else has in `ret_busy`. */
int ledger_locks_take(const char *dir, const struct strv *pfs, struct ledger_locks **locks,
                      char ret_busy[32]);
struct ledger_locks *ledger_locks_free(struct ledger_locks *locks); /* returns NULL */

/* Does some other process hold the lock of this PF? */
bool ledger_lock_is_held(const char *dir, const char *pf);

#endif
