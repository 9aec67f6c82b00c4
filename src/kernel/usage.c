/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Figures of this process, from /proc/self and the two calls that tell the rest.
 */
#include "kernel/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>

#include "base/file.h"

#define STATM_LIMIT 4096
#define NS_PER_S UINT64_C(1000000000)

static int read_memory(struct usage *u)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    _cleanup_free_ char *text = NULL;
    unsigned long size, resident;
    int r;

    r = file_read_at(AT_FDCWD, "/proc/self/statm", STATM_LIMIT, &text, NULL);
    if (r < 0)
        return r;
    if (sscanf(text, "%lu %lu", &size, &resident) != 2)
        return -EBADMSG;
    u->virtual_bytes = size * page;
    u->resident_bytes = resident * page;
    return 0;
}

/* The folder itself is open while it is read, and no other. */
static int count_fds(struct usage *u)
{
    _cleanup_(closedir_p) DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;

    if (!dir)
        return -errno;
    while ((entry = readdir(dir)))
        u->open_fds += entry->d_name[0] != '.';
    u->open_fds--;
    return 0;
}

int usage_read(struct usage *ret)
{
    struct usage u = { 0 };
    struct timespec cpu;
    struct rlimit files;
    int r;

    r = read_memory(&u);
    if (r >= 0)
        r = count_fds(&u);
    if (r < 0)
        return r;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) < 0 || getrlimit(RLIMIT_NOFILE, &files) < 0)
        return -errno;
    u.cpu_ns = (uint64_t)cpu.tv_sec * NS_PER_S + (uint64_t)cpu.tv_nsec;
    u.max_fds = files.rlim_cur;
    *ret = u;
    return 0;
}
