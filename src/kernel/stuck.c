/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Processes that hang in the kernel: a write to sriov_numvfs waits for a guest to let its VF go,
 * and whoever reads that file waits for the writer. The reader sleeps uninterruptibly, and its
 * kernel stack says where; the writer does so only once it was sent a signal (the loop of
 * vfio_unregister_group_dev() in drivers/vfio/vfio_main.c), before that its wchan tells. Both are
 * root's to read, and a kernel may be built without them.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "kernel/list.h"
#include "kernel/scan.h"

#define STACK_LIMIT (16 * 1024)

/* The state letter behind the name in /proc/PID/stat; 0 if it is gone. */
static char state_of(int proc_fd, pid_t pid)
{
    _cleanup_free_ char *text = NULL;
    const char *end;
    char path[32];

    snprintf(path, sizeof(path), "%d/stat", (int)pid);
    if (file_read_at(proc_fd, path, 4096, &text, NULL) < 0)
        return 0;
    end = strrchr(text, ')');
    return end && end[1] == ' ' ? end[2] : 0;
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

/* Where a process sleeps of which only the state "sleeping" is known, NULL if it is none of
 * the list. */
static const char *sleeps_in(int proc_fd, pid_t pid, const char *const *functions)
{
    _cleanup_free_ char *text = NULL;
    char path[32];

    snprintf(path, sizeof(path), "%d/wchan", (int)pid);
    if (file_read_at(proc_fd, path, 256, &text, NULL) < 0)
        return NULL;
    while (*functions && !str_eq(*functions, text))
        functions++;
    return *functions;
}

/* *ret is NULL if it waits in none of the list. */
static int find_function(int proc_fd, pid_t pid, const char *const *functions, const char **ret)
{
    _cleanup_free_ char *stack = NULL;
    char path[32];
    int r;

    snprintf(path, sizeof(path), "%d/stack", (int)pid);
    r = file_read_at(proc_fd, path, STACK_LIMIT, &stack, NULL);
    *ret = r < 0 ? NULL : innermost(stack, functions);
    return r;
}

static int add_task(int proc_fd, pid_t pid, const char *const *functions, struct stuck_tasks *tasks)
{
    char state = state_of(proc_fd, pid), name[64];
    const char *function = NULL;
    struct stuck_task *task;
    int r;

    if (state == 'S') {
        function = sleeps_in(proc_fd, pid, functions);
    } else if (state == 'D') {
        r = find_function(proc_fd, pid, functions, &function);
        tasks->incomplete |= r == -EACCES || r == -EPERM;
    }
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
        r = add_task(dirfd(proc), pid, functions, &tasks);
        if (r < 0)
            return r;
    }
    *ret = tasks;
    tasks = (struct stuck_tasks){ 0 };
    return 0;
}
