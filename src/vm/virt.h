/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libvirt's C API, for domain.c and network.c; and its last error in our form.
 */
#ifndef VM_VIRT_H
#define VM_VIRT_H

#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "core/error.h"

/* Fills `error` from libvirt's last error of this thread, with its words as the kernel's text;
 * returns -errno. */
int virt_error(const char *object, const char *message, struct sriov_error *error);

#endif
