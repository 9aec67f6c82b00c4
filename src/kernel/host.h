/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The host as the ledger and the safety gate need it: who asks, from where, in which boot; and
 * which processes live.
 */
#ifndef KERNEL_HOST_H
#define KERNEL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The client address of the ssh session that this process, or one above it, belongs to. False if
 * there is none. */
bool host_admin_peer(char *ret, size_t size);

/* The kernel's random id of this boot. */
#define HOST_BOOT_ID_SIZE 40
int host_boot_id(char ret[HOST_BOOT_ID_SIZE]);

/* "root", "alice (sudo)", "uid 1000"; for root what HOST_ON_BEHALF in the environment says, which
 * the daemon sets for who asked it. */
#define HOST_ON_BEHALF "SRIOV_ON_BEHALF"
void host_who(char *ret, size_t size);

/* When a process started, in clock ticks since boot: pid and start together are one process and no
 * other of this boot. -ESRCH: it is known to be gone; also if it has ended, and nobody has waited
 * for it. */
int host_process_started(pid_t pid, uint64_t *ret_ticks);

/* A descriptor that can be read once the process has ended; the caller's. A pid alone may be
 * somebody else's by now: who means one process looks at when it started after this. -ESRCH: gone.
 */
int host_process_open(pid_t pid, int *ret_fd);

/* The folder that the running program's file is in. -ENAMETOOLONG, -ENOENT. */
int host_program_folder(char *ret, size_t size);

/* The pid namespace in which our pids, and those we are told, are meant: its inode. */
int host_pid_namespace(uint64_t *ret_inode);

#endif
