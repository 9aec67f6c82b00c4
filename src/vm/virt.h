/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libvirt's C API, for domain.c and network.c: the way to its daemon, and its last error in our
 * form.
 */
#ifndef VM_VIRT_H
#define VM_VIRT_H

#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "core/error.h"

#define VIRT_URI_DEFAULT "qemu:///system"

/* Connects to the libvirt of this machine that has VMs with devices of this machine. `uri` NULL:
 * the default. -ECONNREFUSED and others: it cannot be reached, with how to start it; -EOPNOTSUPP
 * (code unsupported): the libvirt of another machine, or one of a user's session. */
int virt_open(const char *uri, virConnectPtr *ret, struct sriov_error *error);

/* Fills `error` from libvirt's last error of this thread, with its words as the kernel's text;
 * returns -errno. */
int virt_error(const char *object, const char *message, struct sriov_error *error);

#endif
