/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The host as the ledger and the safety gate need it: who asks, from where, in which boot.
 */
#ifndef KERNEL_HOST_H
#define KERNEL_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* The client address of the ssh session that this process, or one above it, belongs to. False if
 * there is none. */
bool host_admin_peer(char *ret, size_t size);

/* The kernel's random id of this boot. */
#define HOST_BOOT_ID_SIZE 40
int host_boot_id(char ret[HOST_BOOT_ID_SIZE]);

/* "root", "alice (sudo)", "uid 1000". */
void host_who(char *ret, size_t size);

#endif
