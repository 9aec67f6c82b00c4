/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Programs of the system (modprobe): started without a shell, from fixed folders and with a fixed
 * environment, because a CNI plugin or a sudo session brings a PATH of its own; with default
 * signals, because a daemon blocks them. What the program says on stderr is kept to its last line.
 */
#include "kernel/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/str.h"

static const char *const folders[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin" };

DEFINE_CLEANUP(posix_spawn_file_actions_t *, posix_spawn_file_actions_destroy)
DEFINE_CLEANUP(posix_spawnattr_t *, posix_spawnattr_destroy)

static int start(const char *const *argv, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attr, pid_t *ret)
{
    static const char *const environment[] = {
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL=C",
        NULL,
    };
    char path[PATH_MAX];
    int r = ENOENT;

    if (strchr(argv[0], '/'))
        return -posix_spawn(ret, argv[0], actions, attr, (char *const *)argv,
                            (char *const *)environment);
    for (size_t i = 0; i < ELEMENTS(folders) && r == ENOENT; i++) {
        snprintf(path, sizeof(path), "%s/%s", folders[i], argv[0]);
        r = posix_spawn(ret, path, actions, attr, (char *const *)argv, (char *const *)environment);
    }
    return -r;
}

/* `fd` is the end of a pipe that becomes the program's stdout or stderr (1 or 2, in `number`); its
 * other streams are /dev/null. */
static int start_with_pipe(const char *const *argv, int fd, int number, pid_t *ret)
{
    posix_spawn_file_actions_t actions;
    _cleanup_(posix_spawn_file_actions_destroy_p) posix_spawn_file_actions_t *actions_owner = NULL;
    posix_spawnattr_t attr;
    _cleanup_(posix_spawnattr_destroy_p) posix_spawnattr_t *attr_owner = NULL;
    sigset_t none, all;
    int r;

    r = posix_spawn_file_actions_init(&actions);
    if (r != 0)
        return -r;
    actions_owner = &actions;
    r = posix_spawnattr_init(&attr);
    if (r != 0)
        return -r;
    attr_owner = &attr;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    /* The pipe first: its descriptor may be 0, 1 or 2 in a process that has these closed. */
    if (posix_spawn_file_actions_adddup2(&actions, fd, number) != 0 ||
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, 0, number == 1 ? 2 : 1) != 0)
        return -ENOMEM;
    return start(argv, &actions, &attr, ret);
}

/* Keeps the last line that is not empty, as far as it fits. */
static void read_last_line(int fd, char *text, size_t size)
{
    char chunk[512];
    bool fresh = true; /* the next character starts a line */
    size_t len = 0;
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR)) {
        for (ssize_t i = 0; i < n; i++) {
            if (chunk[i] == '\n' || chunk[i] == '\r') {
                fresh = true;
                continue;
            }
            if (fresh)
                len = 0;
            fresh = false;
            if (len + 1 < size)
                text[len++] = chunk[i];
        }
    }
    if (size > 0)
        text[len] = '\0';
}

static void read_start(int fd, size_t limit, struct buf *ret)
{
    char chunk[8192];
    size_t end = ret->len + limit;
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR)) {
        if (n > 0 && ret->len < end)
            buf_add(ret, chunk, MIN_OF((size_t)n, end - ret->len));
    }
}

/* Starts the program with one stream in a pipe; *ret_reader is the caller's to close. */
static int start_piped(const char *const *argv, int number, pid_t *ret_pid, int *ret_reader)
{
    _cleanup_close_ int reader = -1, writer = -1;
    int ends[2], r;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    reader = ends[0];
    writer = ends[1];
    r = start_with_pipe(argv, writer, number, ret_pid);
    if (r < 0)
        return r;
    *ret_reader = TAKE_FD(reader);
    return 0;
}

static int wait_for(pid_t pid)
{
    int status, r;

    do
        r = waitpid(pid, &status, 0);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ENOEXEC;
}

int spawn_and_wait(const char *const *argv, char *text, size_t text_size)
{
    _cleanup_close_ int reader = -1;
    pid_t pid;
    int r;

    r = start_piped(argv, 2, &pid, &reader);
    if (r < 0)
        return r;
    read_last_line(reader, text, text_size);
    return wait_for(pid);
}

int spawn_and_read(const char *const *argv, size_t limit, struct buf *ret)
{
    _cleanup_close_ int reader = -1;
    pid_t pid;
    int r;

    r = start_piped(argv, 1, &pid, &reader);
    if (r < 0)
        return r;
    read_start(reader, limit, ret);
    r = wait_for(pid);
    return r < 0 ? r : buf_ok(ret);
}
