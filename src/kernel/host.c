/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who is at the keyboard and from where (would a change cut the branch they sit on?), which boot
 * this is, and which process is the one that is meant.
 */
#include "kernel/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

/* The value of SSH_CONNECTION in a process's environment, as read from /proc. */
static bool peer_from_environ(const char *environ_text, size_t len, char *ret, size_t size)
{
    static const char key[] = "SSH_CONNECTION=";

    for (size_t at = 0; at < len; at += strlen(environ_text + at) + 1) {
        const char *value = environ_text + at + sizeof(key) - 1;

        if (!str_starts(environ_text + at, key))
            continue;
        snprintf(ret, size, "%.*s", (int)MIN_OF(strcspn(value, " "), size - 1), value);
        return ret[0] != '\0';
    }
    return false;
}

/* What /proc/PID/stat has behind the name (proc(5)). */
struct process {
    char state;
    int parent;
    int threads;
    unsigned long long started;
};

static int read_process(pid_t pid, struct process *ret)
{
    _cleanup_free_ char *text = NULL;
    struct process p = { 0 };
    char path[48];
    const char *end;
    int r;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    r = file_read_at(AT_FDCWD, path, 4096, &text, NULL);
    if (r < 0)
        return r;
    end = strrchr(text, ')'); /* the name before may hold anything */
    /* Fields 3, 4, 20 and 22. */
    if (!end || sscanf(end + 1,
                       " %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d"
                       " %*s %llu",
                       &p.state, &p.parent, &p.threads, &p.started) != 4)
        return -EIO;
    *ret = p;
    return 0;
}

static pid_t parent_of(pid_t pid)
{
    struct process p = { 0 };

    return read_process(pid, &p) < 0 ? 0 : p.parent;
}

/* Where the administrator sits. sudo takes SSH_CONNECTION out of the environment, so the processes
 * above us are asked. */
bool host_admin_peer(char *ret, size_t size)
{
    pid_t pid = getpid();

    for (int depth = 0; pid > 1 && depth < 32; depth++, pid = parent_of(pid)) {
        _cleanup_free_ char *text = NULL;
        char path[48];
        size_t len;

        snprintf(path, sizeof(path), "/proc/%d/environ", pid);
        if (file_read_at(AT_FDCWD, path, 256 * 1024, &text, &len) >= 0 &&
            peer_from_environ(text, len, ret, size))
            return true;
    }
    return false;
}

int host_boot_id(char ret[HOST_BOOT_ID_SIZE])
{
    _cleanup_free_ char *text = NULL;
    int r;

    r = file_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 128, &text, NULL);
    if (r < 0)
        return r;
    return str_copy(ret, HOST_BOOT_ID_SIZE, str_trim(text)) ? 0 : -EIO;
}

int host_pid_namespace(uint64_t *ret_inode)
{
    struct stat st;

    if (stat("/proc/self/ns/pid", &st) < 0)
        return -errno;
    *ret_inode = st.st_ino;
    return 0;
}

/* A process whose first thread has ended shows as a zombie while its other threads go on. And /proc
 * may be hidden from us, or not there, when the process is. */
int host_process_started(pid_t pid, uint64_t *ret_ticks)
{
    struct process p = { 0 };
    int r;

    r = read_process(pid, &p);
    if (r == -ENOENT || r == -ESRCH)
        return kill(pid, 0) < 0 && errno == ESRCH ? -ESRCH : -EACCES;
    if (r < 0)
        return r;
    if ((p.state == 'Z' || p.state == 'X') && p.threads <= 1)
        return -ESRCH;
    *ret_ticks = p.started;
    return 0;
}

int host_program_folder(char *ret, size_t size)
{
    _cleanup_free_ char *path = NULL;
    char *slash;
    int r;

    r = file_link_at(AT_FDCWD, "/proc/self/exe", &path);
    if (r < 0)
        return r;
    slash = strrchr(path, '/');
    if (!slash)
        return -ENOENT;
    *slash = '\0';
    return str_copy(ret, size, path) ? 0 : -ENAMETOOLONG;
}

int host_process_open(pid_t pid, int *ret_fd)
{
    int fd = pidfd_open(pid, 0); /* closes on exec by itself */

    if (fd < 0)
        return -errno;
    *ret_fd = fd;
    return 0;
}

void host_who(char *ret, size_t size)
{
    const char *sudo = secure_getenv("SUDO_USER"), *behalf = secure_getenv(HOST_ON_BEHALF);

    if (getuid() == 0 && behalf && str_is_plain(behalf, 60))
        snprintf(ret, size, "%s", behalf);
    else if (sudo && str_is_plain(sudo, 40))
        snprintf(ret, size, "%s (sudo)", sudo);
    else if (getuid() == 0)
        snprintf(ret, size, "root");
    else
        snprintf(ret, size, "uid %u", getuid());
}
