/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Processes that hang in the kernel: a write to sriov_numvfs that waits for a guest to let its VF
 * go sleeps uninterruptibly, and with it whoever reads that file. Their kernel stacks say so; they
 * are root's to read, and a kernel may be built without them.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "kernel/list.h"
#include "kernel/scan.h"

#define STACK_LIMIT (16 * 1024)

/* The state letter behind the name in /proc/PID/stat. */
static bool is_stuck(int proc_fd, pid_t pid)
{
    _cleanup_free_ char *text = NULL;
    const char *end;
    char path[32];

    snprintf(path, sizeof(path), "%d/stat", (int)pid);
    if (file_read_at(proc_fd, path, 4096, &text, NULL) < 0)
        return false;
    end = strrchr(text, ')');
    return end && end[1] == ' ' && end[2] == 'D';
}

/* The function of the list that stands first, which is innermost, in a stack of lines like
 * "[<0>] vfio_unregister_group_dev+0x7d/0x1a0 [vfio]"; NULL if there is none. */
static const char *innermost(const char *stack, const char *const *functions)
{
    const char *best = NULL, *best_at = NULL;

    for (; *functions; functions++) {
        const char *at = strstr(stack, *functions);

        if (at && (!best_at || at < best_at)) {
            best = *functions;
            best_at = at;
        }
    }
    return best;
}

static int add_task(int proc_fd, pid_t pid, const char *const *functions, struct stuck_tasks *tasks)
{
    _cleanup_free_ char *stack = NULL;
    struct stuck_task *task;
    char path[32], name[64];
    const char *function;
    int r;

    snprintf(path, sizeof(path), "%d/stack", (int)pid);
    r = file_read_at(proc_fd, path, STACK_LIMIT, &stack, NULL);
    if (r < 0) {
        tasks->incomplete |= r == -EACCES || r == -EPERM;
        return 0;
    }
    function = innermost(stack, functions);
    if (!function)
        return 0;
    task = LIST_ADD(tasks);
    if (!task)
        return -ENOMEM;
    task->pid = pid;
    STR_SET(task->waits_in, function);
    scan_process_name(proc_fd, pid, task->comm, name);
    return 0;
}

int scan_stuck_tasks(const char *const *functions, struct stuck_tasks *ret)
{
    _cleanup_(stuck_tasks_done) struct stuck_tasks tasks = { 0 };
    _cleanup_(closedir_p) DIR *proc = NULL;
    pid_t pid;
    int r;

    r = scan_open(&proc);
    if (r < 0)
        return r;
    while ((pid = scan_next_pid(proc)) > 0) {
        r = is_stuck(dirfd(proc), pid) ? add_task(dirfd(proc), pid, functions, &tasks) : 0;
        if (r < 0)
            return r;
    }
    *ret = tasks;
    tasks = (struct stuck_tasks){ 0 };
    return 0;
}
