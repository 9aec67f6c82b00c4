/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A job of the API, between api-work.c, which starts it and waits, and api-outcome.c, which says
 * what came of it.
 */
#ifndef DAEMON_API_WORK_H
#define DAEMON_API_WORK_H

#include "daemon/api-call.h"

struct work {
    struct api *api;
    struct work *next;
    uint64_t id; /* of the job */
    const struct route *route;
    enum role role; /* who may see what it printed */
    bool is_text, changes, running;
    bool is_old; /* something changed since it was started */
    char command[256];
    char who[AUTH_WHO_SIZE];
    int64_t started, ended;
    int status;
    struct buf out, err;
    struct key *key;
    struct call *calls; /* that wait for its end */
};

struct works {
    struct work *first; /* the newest */
};

#define WORK_WAIT_MAX 600 /* seconds */

struct work *work_find(struct works *all, uint64_t id);

/* The call is answered when the work ends, or in so many seconds. */
int work_wait(struct call *c, struct work *w, uint64_t seconds, struct sriov_error *error);

/* The answer to those who asked for the work. Returns the status. */
unsigned work_answer(const struct work *w, struct buf *ret);

/* Tells the feed; of what changes nothing only that it was refused. */
void work_tell(const struct work *w);

/* As of /v1/jobs/{id}, with what it has printed so far. */
void work_put(const struct work *w, struct buf *ret);

#endif
