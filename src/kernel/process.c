/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rights of a process, from /proc/PID/status (proc_pid_status(5)) and prlimit(2).
 */
#include "kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/file.h"

#define STATUS_LIMIT (16 * 1024) /* Cpus_allowed and Groups can be long */

/* The value of a line "Name:\tvalue", NULL if there is none. */
static const char *line_of(const char *status, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = status; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) == 0 && line[len] == ':')
            return line + len + 1;
    }
    return NULL;
}

static bool read_kib(const char *status, const char *name, uint64_t *ret)
{
    const char *value = line_of(status, name);
    unsigned long long kib;

    if (!value || sscanf(value, "%llu kB", &kib) != 1)
        return false;
    *ret = (uint64_t)kib << 10;
    return true;
}

/* Real, effective, saved, file system: the second. */
static bool read_id(const char *status, const char *name, unsigned *ret)
{
    const char *value = line_of(status, name);

    return value && sscanf(value, "%*u %u", ret) == 1;
}

static void read_groups(const char *status, struct process_rights *p)
{
    const char *at = line_of(status, "Groups");

    for (int used; at && p->n_groups < PROCESS_GROUPS_MAX; at += used) {
        used = 0;
        if (sscanf(at, "%*[ \t]%u%n", &p->groups[p->n_groups], &used) != 1)
            return;
        p->n_groups++;
    }
}

int process_rights_parse(const char *status, struct process_rights *ret)
{
    const char *effective = line_of(status, "CapEff");
    struct process_rights p = { .lock_limit = UINT64_MAX };
    unsigned long long caps;

    if (!effective || sscanf(effective, "%llx", &caps) != 1 || !read_id(status, "Uid", &p.uid) ||
        !read_id(status, "Gid", &p.gid) || !read_kib(status, "VmLck", &p.locked_bytes))
        return -EBADMSG;
    read_kib(status, "VmPin", &p.pinned_bytes);
    read_groups(status, &p);
    p.may_open_all = caps >> CAP_DAC_OVERRIDE & 1;
    p.may_lock_all = caps >> CAP_IPC_LOCK & 1;
    *ret = p;
    return 0;
}

int process_rights_read(pid_t pid, struct process_rights *ret)
{
    _cleanup_free_ char *status = NULL;
    struct rlimit limit;
    char path[48];
    int r;

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    r = file_read_at(AT_FDCWD, path, STATUS_LIMIT, &status, NULL);
    if (r < 0)
        return r == -ENOENT ? -ESRCH : r;
    if (prlimit(pid, RLIMIT_MEMLOCK, NULL, &limit) < 0)
        return errno == EPERM ? -EACCES : -errno;
    r = process_rights_parse(status, ret);
    if (r >= 0)
        ret->lock_limit = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
    return r;
}

static bool has_group(const struct process_rights *p, gid_t gid)
{
    for (size_t i = 0; i < p->n_groups; i++) {
        if (p->groups[i] == gid)
            return true;
    }
    return p->gid == gid;
}

/* As the kernel does it: the first class that the process is in decides. */
int process_may_open(const struct process_rights *p, const char *path)
{
    struct stat st;
    unsigned mode;

    if (stat(path, &st) < 0)
        return -errno;
    mode = st.st_mode & 07;
    if (st.st_uid == p->uid)
        mode = st.st_mode >> 6 & 07;
    else if (has_group(p, st.st_gid))
        mode = st.st_mode >> 3 & 07;
    if (p->may_open_all || (mode & 06) == 06)
        return 0;
    return getxattr(path, "system.posix_acl_access", NULL, 0) > 0 ? -ENODATA : -EACCES;
}
