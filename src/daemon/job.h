/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Work that can hang or take long is done by sriovctl, in a process of its own: one engine, one
 * JSON, one set of exit codes, and a write that the kernel does not let go hangs there and nowhere
 * else. A job outlives the daemon: it is not ended with it, and finishes its transaction.
 */
#ifndef DAEMON_JOB_H
#define DAEMON_JOB_H

#include "base/buf.h"
#include "base/str.h"
#include "daemon/loop.h"

struct jobs;

struct job {
    uint64_t id;
    char command[256]; /* "sriovctl set enp1s0/3 vlan=5" */
    char who[64];
    pid_t pid;           /* 0: it has ended */
    int64_t started;     /* Unix time */
    int status;          /* exit status, 0 to 7; 128 + signal; only once pid is 0 */
    struct buf out, err; /* so far; `out` is what it printed, with --json one document */
};

struct job_request {
    const char *const *args; /* behind "sriovctl", NULL-terminated: { "create", "enp1s0", "4" } */
    const char *input;       /* its stdin; NULL: none */
    size_t input_len;
    const char *who; /* for the history: "alice", "token ci"; NULL: the daemon itself */
    void (*done)(void *userdata,
                 const struct job *job); /* `job` is gone afterwards; NULL: nobody */
    void *userdata;
};

/* `program` is the path of sriovctl; `replay` the capture that jobs answer from, NULL: the machine.
 * All borrowed. */
int jobs_new(struct loop *loop, const char *program, const char *state_dir, const char *replay,
             struct jobs **ret);
struct jobs *jobs_free(struct jobs *j); /* jobs that run go on; NULL is fine; returns NULL */

#define JOBS_AT_ONCE 16
#define JOB_OUTPUT (16u << 20) /* more is cut off */

/* -EAGAIN: too many run. *ret_id may be NULL. */
int job_start(struct jobs *j, const struct job_request *q, uint64_t *ret_id);
/* `done` shall not be called any more; the job goes on. */
void job_forget(struct jobs *j, uint64_t id);

/* The i-th of those that run, NULL beyond the last. */
const struct job *jobs_item(const struct jobs *j, size_t i);

#endif
