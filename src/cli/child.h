/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A command in a network namespace of its own. It waits in there until everything is prepared, and
 * it does not outlive this process: if that is killed, the kernel kills the command (as
 * util-linux's `unshare --kill-child` has it), so nobody is left with a netdev that is about to be
 * taken away.
 */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

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

/* Lets it execute the command. -errno if that could not be executed: the child has ended then. */
int child_go(struct child *c);

/* Waits for its end and passes signals on meanwhile. *ret_status as waitpid has it. */
int child_wait(struct child *c, int *ret_status);

/* Kills it if it is still there. */
void child_done(struct child *c);

#endif
