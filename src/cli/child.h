/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A command that gets a VF, in a network namespace of its own or as another user. It waits until
 * everything is prepared, and it does not outlive this process: if that is killed, the kernel kills
 * the command (as util-linux's `unshare --kill-child` has it), so nobody is left with a VF that is
 * about to be taken away.
 */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "kernel/account.h"

struct child {
    pid_t pid;   /* 0: none, or it has ended */
    int channel; /* to the child; -1 */
    bool masked; /* signals are blocked here, and `mask` is what was before */
    sigset_t mask;
};

#define CHILD_INIT ((struct child){ .channel = -1 })

/* Starts it; returns when it is in its namespace and waits. From here to child_done SIGTERM,
 * SIGINT, SIGHUP and SIGQUIT are blocked: whatever was prepared is to be cleared away in peace. */
int child_start(const char *const *argv, struct child *ret);

/* The same in our own namespace, as another user (NULL: as who we are). */
int child_start_as(const char *const *argv, const struct account *account, struct child *ret);

/* Lets it execute the command. -errno if that could not be executed: the child has ended then. */
int child_go(struct child *c);

/* Waits for its end and passes signals on meanwhile. *ret_status as waitpid has it. */
int child_wait(struct child *c, int *ret_status);

/* Both, with what a shell makes of it in *ret_status: its exit status, or 128 and the signal that
 * killed it. If it could not be executed that is -errno, and *ret_status is 127 or 126 as env and
 * timeout have it. */
int child_run(struct child *c, int *ret_status);

/* Kills it if it is still there. */
void child_done(struct child *c);

#endif
