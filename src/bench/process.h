/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program in a network namespace, with its output in a pipe. It does not outlive this process,
 * whatever that dies of: a server that went on would keep the namespace, and in it a VF.
 */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

/* SIGINT, SIGTERM, SIGHUP and SIGQUIT, held back so that all is given back in peace. One that came
 * stays: everything that waits ends with -EINTR from then on. */
struct interrupt {
    int fd; /* can be read once one has come */
    sigset_t before;
};

int interrupt_hold(struct interrupt *ret);
bool interrupt_came(const struct interrupt *i);

/* The same after waiting for one, at most so long. */
bool interrupt_wait(const struct interrupt *i, int ms);

/* Lets a signal that has come do its work. */
void interrupt_release(struct interrupt *i);

/* How long something may take. */
struct patience {
    const struct interrupt *interrupt;
    uint64_t deadline; /* as events_now() */
};

struct patience patience_of(const struct interrupt *i, unsigned seconds);

struct process {
    pid_t pid; /* 0: none */
    int out;   /* its standard output; -1 */
};

#define PROCESS_INIT ((struct process){ .out = -1 })

/* Starts it in the namespace (-1: ours). -ENOENT: there is no such program. */
int process_start(int netns, const char *const *argv, struct process *ret);

/* Adds what it prints to `out`, at most `limit` bytes in all, until the text holds `word`, or
 * (NULL) until its end. -ETIMEDOUT, -EINTR, -EFBIG; -EPIPE if it ended without the word. */
int process_read(struct process *p, const char *word, const struct patience *patience, size_t limit,
                 struct buf *out);

/* Ends it, if it has not, and frees all. Returns its status as waitpid has it. */
int process_end(struct process *p);
void process_done(struct process *p);

/* Start, read all, end. Its exit status, 128 and more for a signal's; or -errno as above. */
int process_run(int netns, const char *const *argv, const struct patience *patience, size_t limit,
                struct buf *out);

#endif
