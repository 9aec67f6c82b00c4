/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the daemon knows of the machine: the last look at it, and when it must look again. The
 * kernel's events ask for a look, taken together within 20 ms; who asks gets one that is new
 * enough.
 */
#ifndef DAEMON_STATE_H
#define DAEMON_STATE_H

#include "daemon/look.h"
#include "daemon/reader.h"

struct state;

/* `looked` is called on the loop after each look, with the one before (NULL the first time). */
typedef void (*state_looked)(void *userdata, struct look *before, struct look *now);

/* Not `live`: a capture is read, which does not change. The first look is begun by itself. */
int state_new(struct loop *loop, struct reader *reader, bool live, state_looked looked,
              void *userdata, struct state **ret);
struct state *state_free(struct state *s); /* NULL is fine; returns NULL */

/* The last one; NULL before the first. Borrowed until the next turn of the loop. */
struct look *state_look(const struct state *s);

/* Something may have changed that the kernel does not announce: a job has ended, a lease file was
 * written. Looks again soon. */
void state_changed(struct state *s);

/* Calls `ready`, maybe at once, with a look that holds everything known to have changed and is at
 * most a second old (who holds a VF is not announced). If reading takes longer than that, it is the
 * last one there is (NULL: none yet). 0, or -ENOMEM. */
int state_fresh(struct state *s, void (*ready)(void *userdata, struct look *look), void *userdata);
/* It shall not be called any more. */
void state_forget(struct state *s, void *userdata);

#endif
