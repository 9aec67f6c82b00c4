/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scans over /proc for the linux backend: who has a device open, and what a process is called.
 */
#ifndef KERNEL_SCAN_H
#define KERNEL_SCAN_H

#include "kernel/backend.h"

int scan_device_users(const char *const *prefixes, struct device_users *ret);
int scan_foreign_netdevs(struct foreign_netdevs *ret);                       /* netns.c */
int scan_stuck_tasks(const char *const *functions, struct stuck_tasks *ret); /* stuck.c */

/* Opens /proc, to be read entry by entry with scan_next_pid, which returns 0 at the end. */
int scan_open(DIR **ret);
pid_t scan_next_pid(DIR *proc);

/* The command of a process, and the VM or container it is; "" where unknown. */
void scan_process_name(int proc_fd, pid_t pid, char comm[17], char name[64]);

#endif
