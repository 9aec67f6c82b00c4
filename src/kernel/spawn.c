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

static int start_with_stderr(const char *const *argv, int stderr_fd, pid_t *ret)
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
    /* stderr first: its descriptor may be 0 or 1 in a process that has these closed. */
    if (posix_spawn_file_actions_adddup2(&actions, stderr_fd, 2) != 0 ||
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, 0, 1) != 0)
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

int spawn_and_wait(const char *const *argv, char *text, size_t text_size)
{
    _cleanup_close_ int reader = -1, writer = -1;
    int ends[2], status, r;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    reader = ends[0];
    writer = ends[1];
    r = start_with_stderr(argv, writer, &pid);
    if (r < 0)
        return r;
    close(TAKE_FD(writer));
    read_last_line(reader, text, text_size);
    do
        r = waitpid(pid, &status, 0);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ENOEXEC;
}
