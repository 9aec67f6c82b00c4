/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the programs that run VMs want to be told about a VF, each in its own form. A new one is a
 * row of the table in format.c and a function that writes it.
 */
#ifndef VM_FORMAT_H
#define VM_FORMAT_H

#include "vm/device.h"

/* One function of the host. */
struct vm_item {
    struct vm_device device;
    char label[OBJECT_SIZE];                         /* "enp1s0/3", or the PF's */
    unsigned vendor, product;                        /* of the function itself; 0: not known */
    unsigned subsystem_vendor, subsystem;            /* the same */
    char driver[sizeof((struct attrs){ 0 }.driver)]; /* that it must have for the VM */
};

struct vm_items {
    struct vm_item *items;
    size_t count;
};

enum format_flags {
    FORMAT_BINDS = 1 << 0,     /* that program binds the VF to vfio-pci itself */
    FORMAT_PORT = 1 << 1,      /* and sets its MAC and VLAN */
    FORMAT_MACVTAP = 1 << 2,   /* it has a way to use a macvtap */
    FORMAT_PLACE = 1 << 3,     /* a place in the VM can be given, by bus and slot */
    FORMAT_PROFILE = 1 << 4,   /* it knows port profiles of 802.1Qbh */
    FORMAT_ARGUMENTS = 1 << 5, /* is part of a command line: nothing else may stand in it */
};

struct vm_format {
    const char *name;
    unsigned flags;
    /* `before` are commands that somebody must run first, as format_commands gives them; with
     * FORMAT_ARGUMENTS they are for the caller to tell. */
    void (*write)(const struct vm_items *items, const struct strv *before, struct buf *out);
};

/* The choices of --format: places in the table, counted from 1. */
extern const char *const vm_format_names[];

const struct vm_format *format_row(unsigned choice);
const struct vm_format *format_find(const char *name);

/* Adds the commands that must run on the host before a VM can have the function as it is wanted,
 * when the program does by itself what `flags` say. 0 or -ENOMEM. */
int format_commands(unsigned flags, const struct vm_item *item, struct strv *ret);

/* What is left to do when the VM has the VF, as one command: libvirt, and all who use it, set a
 * VLAN without priority and protocol. False if there is nothing. */
bool format_command_after(const struct vm_item *item, struct buf *ret);

/* "sriov-enp1s0-3": a name for this function in programs that give names. */
void format_name(const struct vm_item *item, struct buf *ret);

/* The commands as lines of a shell script. */
void format_lines(const struct strv *commands, struct buf *out);

/* One function each, in format-vmm.c and format-manager.c. */
void format_libvirt(const struct vm_items *items, const struct strv *before, struct buf *out);
void format_qemu(const struct vm_items *items, const struct strv *before, struct buf *out);
void format_cloud_hypervisor(const struct vm_items *items, const struct strv *before,
                             struct buf *out);
void format_crosvm(const struct vm_items *items, const struct strv *before, struct buf *out);
void format_proxmox(const struct vm_items *items, const struct strv *before, struct buf *out);
void format_ovirt(const struct vm_items *items, const struct strv *before, struct buf *out);
void format_nova(const struct vm_items *items, const struct strv *before, struct buf *out);

/* ---- qemu-old.c ---- */

/* A QEMU command line of the days of KVM's own device assignment (-device pci-assign,host=01:10.0;
 * before it -pcidevice host=01:10.0), with the devices as VFIO's. */

/* The next argument from *at on that assigns a device: its address on the host as
 * "0000:01:10.0" in `ret`. False: no more. */
bool qemu_old_next(const char *const *words, size_t count, size_t *at, char ret[16]);

/* All words, quoted for a shell where need be, with the old devices in their new form. What had a
 * meaning only then is left out, and named in `left_out`. 0 or -ENOMEM. */
int qemu_old_convert(const char *const *words, size_t count, struct buf *out,
                     struct strv *left_out);

#endif
