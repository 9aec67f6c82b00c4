/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a running QEMU says of its machine over QMP, and how a device of the host is plugged into it
 * and out again. By QOM, the tree of objects that every QEMU since 2.12 shows: query-pci knows
 * nothing of what is behind a port before the firmware has numbered the buses.
 */
#ifndef VM_QEMU_H
#define VM_QEMU_H

#include "vm/qmp.h"

#define QEMU_NAME_SIZE 64
#define QEMU_ID_SIZE 64
#define QEMU_PATH_SIZE 128

struct qemu {
    char name[QEMU_NAME_SIZE]; /* -name guest=…, "qemu-PID" without one: plain text */
    char machine[64];          /* "pc-q35-10.0-machine" */
    uint64_t memory;           /* bytes, what was plugged in counted */
    bool balloon;
    bool running;  /* its processors run: a guest that is paused lets go of nothing */
    bool has_vfio; /* a device of the host already, so its memory is pinned */
};

int qemu_look(struct qmp *q, struct qemu *ret, struct sriov_error *error);

/* The bus of a free slot that takes a device while the VM runs: the id of the first root port (or
 * downstream port of a switch) with nothing in it; "pci.0" of a machine `pc`. -ENOSPC (code
 * unsupported), about the VM, with what QEMU has to be started with. */
int qemu_find_slot(struct qmp *q, const struct qemu *vm, char ret[QEMU_ID_SIZE],
                   struct sriov_error *error);

/* The QOM path of the VM's device that is the host's at `pci`. -ENOENT (code no device): it has
 * none. */
int qemu_find_device(struct qmp *q, const struct qemu *vm, const char *pci,
                     char ret[QEMU_PATH_SIZE], struct sriov_error *error);

/* Gives the VM the host's device by vfio-pci, on a bus. */
int qemu_plug(struct qmp *q, const char *pci, const char *id, const char *bus,
              struct sriov_error *error);

/* Asks the guest to let go of a device and waits for that. -ETIMEDOUT: it did not, and still may;
 * -EBUSY: it refused. */
int qemu_unplug(struct qmp *q, const struct qemu *vm, const char *path, unsigned timeout_ms,
                struct sriov_error *error);

#endif
