/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What `vm xml` and `vm qemu-args` share: words of the command line to functions of this host, and
 * their description in the format asked for. Nothing is changed.
 */
#ifndef VM_FORMAT_RUN_H
#define VM_FORMAT_RUN_H

#include "vm/device-option.h"
#include "vm/format.h"

#define OPTION_FORMAT                                                                              \
    {                                                                                              \
        "format", 0, OPTION_CHOICE, OPTION(format), "FORMAT", vm_format_names,                     \
            .help = "for libvirt, qemu, proxmox, ovirt, cloud-hypervisor, crosvm or nova"          \
    }

void items_done(struct vm_items *items);
#define _cleanup_items_ _cleanup_(items_done)

/* Adds what a word names: VFs or a PF. The snapshot is there. */
int items_add(struct app *a, const char *word, struct vm_items *items);

/* From the words: each is a VF, several of them, a PF, or a setting key=value of all. With them go
 * the options of device-option.h. -EINVAL (code usage), -ENODEV. */
int items_read(struct app *a, const char *const *words, size_t count, struct vm_items *ret);

/* Settings and options for all items; what cannot go together is refused. */
int items_finish(struct app *a, const char *const *settings, size_t count,
                 const struct vm_format *f, struct vm_items *items);

/* The format that the options name, else the one called `fallback`. */
const struct vm_format *format_wanted(const struct app *a, const char *fallback);

/* Writes them into app->out, as JSON if asked for; what a reader must know besides is a note. */
int items_write(struct app *a, const struct vm_format *f, const struct vm_items *items);

/* The same with a text that was made otherwise. */
int items_write_text(struct app *a, const struct vm_format *f, const struct vm_items *items,
                     const struct buf *text);

#endif
