/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What systemd hands to a service and wants to hear from it. Without systemd both do nothing. The
 * only user of sd-daemon is service.c.
 */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "base/cleanup.h"

/* "READY=1", "RELOADING=1", "STOPPING=1", "STATUS=...". */
void service_notify(const char *state);

/* Listening sockets of the socket unit, the caller's from now on: how many, at most `size`; -errno.
 */
int service_sockets(int *ret, size_t size);

#endif
