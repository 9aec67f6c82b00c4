/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Work in another network namespace. What is opened there (a socket) stays there and may be used
 * from everywhere, so nobody has to be in it for long.
 */
#ifndef KERNEL_ENTER_H
#define KERNEL_ENTER_H

#include "kernel/backend.h"

/* Runs work(data) with the calling thread in the namespace, and returns what it returned; -errno if
 * that cannot be entered, or could not be left again. Other threads stay where they are. */
int enter_netns(int netns, int (*work)(void *data), void *data);

/* The running machine, with its rtnetlink in another network namespace. Files, processes and
 * generic netlink are as with backend_linux. */
int backend_in_netns(int netns, struct backend **ret);

/* Opens a network namespace by its path: -EINVAL if the file is something else. *ret_inode (may be
 * NULL) tells it from others. */
int netns_open(const char *path, int *ret_fd, uint64_t *ret_inode);

#endif
