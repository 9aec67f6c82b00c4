/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one thread that does everything but read the machine: callbacks on file descriptors, ends of
 * processes, signals, changes of folders, and moments in time. Nothing that can block may be done
 * in one. The only user of sd-event is loop.c.
 */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"

struct loop;
struct source; /* one thing waited for; the caller's, ended with source_free at any time, also in
                * its own callback */

/* With the watchdog of systemd, if the unit asks for it. */
int loop_new(struct loop **ret);
struct loop *loop_free(struct loop *l); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct loop *, loop_free)

/* Until loop_exit; returns what that was given, or -errno. */
int loop_run(struct loop *l);
void loop_exit(struct loop *l, int status);

struct source *source_free(struct source *s); /* NULL is fine; returns NULL */

/* All return 0 or -errno with *ret filled; the callbacks return nothing. */

/* `events` of poll(2): EPOLLIN, EPOLLOUT; those seen are handed over. The descriptor stays the
 * caller's. */
int loop_add_fd(struct loop *l, int fd, uint32_t events,
                void (*ready)(void *userdata, uint32_t events), void *userdata,
                struct source **ret);

/* Once, when a child ends. `status` as of wait(2). */
int loop_add_child(struct loop *l, pid_t pid, void (*ended)(void *userdata, int status),
                   void *userdata, struct source **ret);

/* The signal is blocked from now on, and comes here. */
int loop_add_signal(struct loop *l, int signal, void (*caught)(void *userdata), void *userdata,
                    struct source **ret);

/* Once, in so many microseconds; loop_timer_set starts it again, or puts it off. */
int loop_add_timer(struct loop *l, uint64_t microseconds, void (*due)(void *userdata),
                   void *userdata, struct source **ret);
int loop_timer_set(struct source *timer, uint64_t microseconds);
void loop_timer_stop(struct source *timer);

/* Entries of a folder that came, went, or were written to the end; `name` is the entry, NULL: read
 * everything again. */
int loop_add_folder(struct loop *l, const char *path,
                    void (*changed)(void *userdata, const char *name), void *userdata,
                    struct source **ret);

#endif
