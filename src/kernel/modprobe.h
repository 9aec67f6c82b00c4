/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loading and removing kernel modules, also from inside the daemon's sandbox.
 */
#ifndef KERNEL_MODPROBE_H
#define KERNEL_MODPROBE_H

#include <stddef.h>

/* `argv` is that of modprobe: "modprobe", options, one module or alias. Where this process may not
 * load modules but runs under systemd, one of the units sriovd-modprobe@.service and
 * sriovd-modprobe-remove@.service does it. Returns as spawn_and_wait. */
int modprobe_run(const char *const *argv, char *text, size_t text_size);

/* "pci:v00008086d*" as the instance of a unit: all but letters, digits, ":", "_" and dots that are
 * not the first become "\x2a" (systemd-escape(1)). Cut to what fits. */
void modprobe_escape(const char *name, char *ret, size_t size);

#endif
