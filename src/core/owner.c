/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether the owner of a lease is still there. A VF is taken back when he is gone, and never by
 * mistake: gone is only what is known to be gone, not what we may not look at.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "core/lease.h"
#include "kernel/enter.h"

static int no_process(const struct lease_owner *o, struct sriov_error *error)
{
    char object[32];

    snprintf(object, sizeof(object), "pid %d", o->pid);
    error_set(error, SRIOV_USAGE, 0, object, "there is no such process");
    error_remedy(error, "give the pid of a process that lives as long as it needs the VF");
    return -ESRCH;
}

static int no_netns(const struct lease_owner *o, int r, struct sriov_error *error)
{
    if (r == -EINVAL)
        error_set(error, SRIOV_USAGE, 0, o->netns, "is no network namespace");
    else
        error_set(error, SRIOV_USAGE, -r, o->netns, "the network namespace cannot be opened");
    error_remedy(error, "give a path like /run/netns/NAME or /proc/PID/ns/net");
    return r;
}

static int netns_inode(const char *path, uint64_t *ret)
{
    _cleanup_close_ int fd = -1;

    return netns_open(path, &fd, ret);
}

int owner_identify(struct lease_owner *o, struct sriov_error *error)
{
    uint64_t started = 0, inode = 0, pids = 0;
    int r;

    if (o->pid > 0) {
        r = host_process_started(o->pid, &started);
        if (r == -ESRCH)
            return no_process(o, error);
        if (r >= 0)
            r = host_pid_namespace(&pids);
        if (r < 0)
            return error_set(error, error_code_of(-r), -r, o->name, "cannot look at its process");
    }
    if (o->netns[0]) {
        r = netns_inode(o->netns, &inode);
        if (r < 0)
            return no_netns(o, r, error);
    }
    o->pid_started = started;
    o->pid_namespace = pids;
    o->netns_inode = inode;
    return 0;
}

/* In a container with pids of its own nobody can say. */
static bool process_is_gone(const struct lease_owner *o)
{
    uint64_t started, pids;
    int r;

    if (host_pid_namespace(&pids) < 0 || pids != o->pid_namespace)
        return false;
    r = host_process_started(o->pid, &started);
    return r == -ESRCH || (r >= 0 && started != o->pid_started);
}

/* What `ip netns del` leaves behind for a moment is a file that is no namespace. */
static bool netns_is_gone(const struct lease_owner *o)
{
    uint64_t inode;
    int r;

    r = netns_inode(o->netns, &inode);
    return r == -ENOENT || r == -ENOTDIR || r == -EINVAL || (r >= 0 && inode != o->netns_inode);
}

enum owner_life owner_life(const struct lease_owner *o)
{
    bool no_process = o->pid > 0 && process_is_gone(o);

    if (o->netns[0] && netns_is_gone(o))
        return OWNER_GONE;
    if (o->while_used)
        return no_process || o->pid == 0 ? OWNER_IN_USERS : OWNER_LIVES;
    return no_process ? OWNER_GONE : OWNER_LIVES;
}
