/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Waiting for those who stood in the way. That a process let go of a VF is not announced by the
 * kernel; that it ended is, to who has a descriptor of it.
 */
#include <sys/epoll.h>

#include "daemon/reconcile.h"
#include "kernel/host.h"

void wait_forget(struct care *c)
{
    for (size_t i = 0; i < ELEMENTS(c->blockers); i++) {
        struct blocker *b = &c->blockers[i];
        b->source = source_free(b->source);
        if (b->fd > 0)
            close(b->fd);
        b->fd = 0;
    }
}

static void ended(void *userdata, uint32_t events)
{
    struct care *c = userdata;

    wait_forget(c);
    state_changed(c->reconcile->d->state);
}

/* It may be gone already: then the next look shows that. */
static void watch(struct care *c, struct blocker *b, pid_t pid)
{
    if (host_process_open(pid, &b->fd) < 0)
        return;
    if (loop_add_fd(c->reconcile->d->loop, b->fd, EPOLLIN, ended, c, &b->source) < 0) {
        close(b->fd);
        b->fd = 0;
    }
}

void wait_for_holders(struct care *c, const struct node *holders)
{
    size_t n = 0;

    wait_forget(c);
    for (size_t i = 0; i < holders->count && n < ELEMENTS(c->blockers); i++) {
        const struct node *pid = node_get(&holders->items[i], "pid");
        uint64_t number;
        if (pid && node_to_u64(pid, INT32_MAX, &number) >= 0 && number > 0)
            watch(c, &c->blockers[n++], (pid_t)number);
    }
}
