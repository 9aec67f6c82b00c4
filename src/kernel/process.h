/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the kernel lets another process do, as far as it decides whether a QEMU can get a VF: how
 * much memory it may lock, how much it has locked, which files it may open.
 */
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_GROUPS_MAX 64

struct process_rights {
    uid_t uid; /* the effective ones, which the kernel checks */
    gid_t gid;
    gid_t groups[PROCESS_GROUPS_MAX]; /* those beyond are left out */
    size_t n_groups;
    bool may_open_all;     /* CAP_DAC_OVERRIDE */
    bool may_lock_all;     /* CAP_IPC_LOCK: the limit does not count */
    uint64_t lock_limit;   /* RLIMIT_MEMLOCK in bytes, UINT64_MAX: none */
    uint64_t locked_bytes; /* counted against it so far (VmLck): where VFIO of type 1 counts */
    uint64_t pinned_bytes; /* VmPin: where iommufd counts */
};

/* -ESRCH, -EACCES, and -EBADMSG if /proc has not what it should. */
int process_rights_read(pid_t pid, struct process_rights *ret);

/* The same of the text of /proc/PID/status, without the limit. -EBADMSG. */
int process_rights_parse(const char *status, struct process_rights *ret);

/* May it open the file for reading and writing? 0; -EACCES; -ENODATA if the file has an ACL, which
 * is not read; -errno if the file cannot be looked at. */
int process_may_open(const struct process_rights *p, const char *path);

#endif
