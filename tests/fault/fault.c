/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl-fault: sriovctl with a backend in front that breaks on demand, for the tests in the lab.
 * The linker's --wrap puts it there, so the program itself knows nothing of it. Every write to
 * sysfs, every netlink change message, every program run, and every commit of the journal is one
 * point, counted from 1 over the whole process (a forked worker goes on counting). SRIOV_FAULT says
 * what to do:
 *
 *     count:FILE   write the number of points passed so far to FILE, at each point
 *     fail:K       point K is not done and answers EIO; all others work
 *     kill:K       SIGKILL to ourselves just before point K is done
 *     kill-after:K SIGKILL just after it was done
 *     kill-starter:K  SIGKILL to who started us, just before point K is done; we go on
 *     kill-both:K  to both
 *
 * SRIOV_FAULT_LOG=FILE appends a line for each point: its number and what it is.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/ledger.h"
#include "kernel/backend.h"

struct fault_backend {
    struct backend base;
    struct backend *inner;
};

static atomic_ulong points; /* binds come from several threads */
static pid_t starter;       /* not the parent: a worker's is sriovctl */

int __wrap_backend_linux(const char *sysfs_root, struct backend **ret);
int __real_backend_linux(const char *sysfs_root, struct backend **ret);
int __wrap_ledger_begin(struct ledger *l, const struct plan *p, const char *command,
                        const char *baseline, int64_t *ret_id, struct sriov_error *error);
int __real_ledger_begin(struct ledger *l, const struct plan *p, const char *command,
                        const char *baseline, int64_t *ret_id, struct sriov_error *error);
int __wrap_ledger_finish(struct ledger *l, int64_t id, enum transaction_state state,
                         const struct plan *p, struct sriov_error *error);
int __real_ledger_finish(struct ledger *l, int64_t id, enum transaction_state state,
                         const struct plan *p, struct sriov_error *error);

static const char *wish(void)
{
    const char *text = getenv("SRIOV_FAULT");

    return text ? text : "";
}

static bool asked(const char *what, unsigned long point)
{
    char text[64];

    snprintf(text, sizeof(text), "%s:%lu", what, point);
    return str_eq(wish(), text);
}

static void write_count(unsigned long point)
{
    FILE *f;

    if (!str_starts(wish(), "count:"))
        return;
    f = fopen(wish() + strlen("count:"), "we");
    if (!f)
        abort();
    fprintf(f, "%lu\n", point);
    fclose(f);
}

static void write_log(unsigned long point, const char *what, const char *with)
{
    const char *file = getenv("SRIOV_FAULT_LOG");
    FILE *f;

    if (!file)
        return;
    f = fopen(file, "ae");
    if (!f)
        abort();
    fprintf(f, "%lu %s %s\n", point, what, with[0] == '\n' ? "" : with);
    fclose(f);
}

/* Passes one point; true if it is to fail. */
static bool enter(const char *what, const char *with, unsigned long *ret_point)
{
    *ret_point = atomic_fetch_add(&points, 1) + 1;
    write_count(*ret_point);
    write_log(*ret_point, what, with);
    if (asked("kill-starter", *ret_point) || asked("kill-both", *ret_point))
        kill(starter, SIGKILL);
    if (asked("kill", *ret_point) || asked("kill-both", *ret_point))
        raise(SIGKILL);
    return asked("fail", *ret_point);
}

static int leave(unsigned long point, int result)
{
    if (asked("kill-after", point))
        raise(SIGKILL);
    return result;
}

/* ---- the backend ---- */

static struct backend *inner_of(struct backend *b)
{
    return ((struct fault_backend *)b)->inner;
}

static int fault_read_file(struct backend *b, const char *path, char **ret)
{
    return inner_of(b)->ops->read_file(inner_of(b), path, ret);
}

static int fault_read_link(struct backend *b, const char *path, char **ret)
{
    return inner_of(b)->ops->read_link(inner_of(b), path, ret);
}

static int fault_list_dir(struct backend *b, const char *path, struct strv *ret)
{
    return inner_of(b)->ops->list_dir(inner_of(b), path, ret);
}

static int fault_write_file(struct backend *b, const char *path, const char *data)
{
    unsigned long point;

    if (enter(path, data, &point))
        return -EIO;
    return leave(point, inner_of(b)->ops->write_file(inner_of(b), path, data));
}

static int fault_nl_query(struct backend *b, int protocol, const void *request, struct buf *ret,
                          struct nl_ack *ack)
{
    return inner_of(b)->ops->nl_query(inner_of(b), protocol, request, ret, ack);
}

/* One message at a time, so that each is a point of its own; what comes after a failed one is still
 * done, as the kernel does it. */
static int fault_nl_change(struct backend *b, int protocol, const struct buf *batch,
                           struct nl_ack *acks, size_t count)
{
    size_t at = 0;
    int r = 0;

    for (size_t i = 0; r >= 0 && i < count; i++) {
        const struct nlmsghdr *message = (const void *)(batch->data + at);
        _cleanup_buf_ struct buf one = BUF_INIT;
        unsigned long point;

        buf_add(&one, message, NLMSG_ALIGN(message->nlmsg_len));
        at += NLMSG_ALIGN(message->nlmsg_len);
        if (enter("netlink", "change", &point))
            acks[i] = (struct nl_ack){ .error = -EIO, .text = "fault injected" };
        else
            r = leave(point, inner_of(b)->ops->nl_change(inner_of(b), protocol, &one, &acks[i], 1));
    }
    return r;
}

static int fault_read_bytes(struct backend *b, const char *path, size_t offset, size_t len,
                            struct buf *ret)
{
    return inner_of(b)->ops->read_bytes(inner_of(b), path, offset, len, ret);
}

static int fault_file_status(struct backend *b, const char *path, struct file_status *ret)
{
    return inner_of(b)->ops->file_status(inner_of(b), path, ret);
}

static int fault_kernel_log(struct backend *b, const char *const *words, struct strv *ret)
{
    return inner_of(b)->ops->kernel_log(inner_of(b), words, ret);
}

static int fault_stuck_tasks(struct backend *b, const char *const *functions,
                             struct stuck_tasks *ret)
{
    return inner_of(b)->ops->stuck_tasks(inner_of(b), functions, ret);
}

static int fault_device_users(struct backend *b, const char *const *prefixes,
                              struct device_users *ret)
{
    return inner_of(b)->ops->device_users(inner_of(b), prefixes, ret);
}

static int fault_foreign_netdevs(struct backend *b, struct foreign_netdevs *ret)
{
    return inner_of(b)->ops->foreign_netdevs(inner_of(b), ret);
}

static int fault_run(struct backend *b, const char *const *argv, char *text, size_t text_size)
{
    unsigned long point;

    if (enter(argv[0], argv[1], &point))
        return -EIO;
    return leave(point, inner_of(b)->ops->run(inner_of(b), argv, text, text_size));
}

static struct backend *fault_free(struct backend *b)
{
    backend_free(inner_of(b));
    free(b);
    return NULL;
}

static const struct backend_ops fault_ops = {
    .name = "linux",
    .read_file = fault_read_file,
    .read_link = fault_read_link,
    .list_dir = fault_list_dir,
    .read_bytes = fault_read_bytes,
    .file_status = fault_file_status,
    .kernel_log = fault_kernel_log,
    .stuck_tasks = fault_stuck_tasks,
    .write_file = fault_write_file,
    .nl_query = fault_nl_query,
    .nl_change = fault_nl_change,
    .device_users = fault_device_users,
    .foreign_netdevs = fault_foreign_netdevs,
    .run = fault_run,
    .free = fault_free,
};

int __wrap_backend_linux(const char *sysfs_root, struct backend **ret)
{
    struct fault_backend *f = calloc(1, sizeof(*f));
    int r;

    if (!f)
        return -ENOMEM;
    r = __real_backend_linux(sysfs_root, &f->inner);
    if (r < 0) {
        free(f);
        return r;
    }
    f->base.ops = &fault_ops;
    starter = getppid();
    *ret = &f->base;
    return 0;
}

/* ---- the journal: its commits can be a place to die at, and to fail ---- */

int __wrap_ledger_begin(struct ledger *l, const struct plan *p, const char *command,
                        const char *baseline, int64_t *ret_id, struct sriov_error *error)
{
    unsigned long point;

    if (enter("ledger", "begin", &point))
        return error_set(error, SRIOV_FAILED, EIO, "ledger", "fault injected");
    return leave(point, __real_ledger_begin(l, p, command, baseline, ret_id, error));
}

int __wrap_ledger_finish(struct ledger *l, int64_t id, enum transaction_state state,
                         const struct plan *p, struct sriov_error *error)
{
    unsigned long point;

    if (enter("ledger", "finish", &point))
        return error_set(error, SRIOV_FAILED, EIO, "ledger", "fault injected");
    return leave(point, __real_ledger_finish(l, id, state, p, error));
}
