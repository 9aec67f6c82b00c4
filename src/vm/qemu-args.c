/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl vm qemu-args: the arguments with which QEMU has VFs, and what an old command line with
 * KVM's own device assignment is today.
 */
#include <errno.h>

#include "vm/format-run.h"
#include "vm/verb.h"

static const struct option_row options[] = { OPTION_FORMAT, OPTIONS_DEVICE, { NULL } };

static const char *const *old_words(const struct app *a, size_t *ret_count)
{
    *ret_count = a->n_args - a->n_plain;
    return a->args + a->n_plain;
}

/* What is no function of SR-IOV, such as a graphics card, can be given to a VM just as well, but is
 * not ours. */
static int add_old(struct app *a, struct vm_items *items)
{
    size_t count, at = 0;
    const char *const *words = old_words(a, &count);
    char pci[16];
    int r = 0;
    while (r >= 0 && qemu_old_next(words, count, &at, pci)) {
        r = items_add(a, pci, items);
        if (r != -ENODEV)
            continue;
        app_note(a,
                 "%s is no SR-IOV function of this host; to be run first: driverctl --nosave "
                 "set-override %s vfio-pci",
                 pci, pci);
        a->error = (struct sriov_error){ 0 };
        r = 0;
    }
    return r;
}

/* The whole line, since an argument seldom stands alone. */
static int write_converted(struct app *a, const struct vm_format *f, const struct vm_items *items)
{
    _cleanup_(strv_done) struct strv left_out = STRV_INIT;
    _cleanup_buf_ struct buf text = BUF_INIT;
    size_t count;
    const char *const *words = old_words(a, &count);
    if (qemu_old_convert(words, count, &text, &left_out) < 0)
        return error_no_memory(&a->error);
    for (size_t i = 0; i < left_out.count; i++)
        app_note(a, "%s is left out: it has no meaning with VFIO", left_out.items[i]);
    buf_add_char(&text, '\n');
    return items_write_text(a, f, items, &text);
}

static int run_qemu_args(struct app *a)
{
    _cleanup_items_ struct vm_items items = { 0 };
    const struct vm_format *f = format_wanted(a, "qemu");
    bool has_old = a->n_args > a->n_plain;
    int r = items_read(a, a->args, a->n_plain, &items);
    if (r >= 0 && has_old && items.count > 0)
        return error_set(&a->error, SRIOV_USAGE, 0, a->verb->name,
                         "the old arguments say which devices: name none before --");
    if (r >= 0 && has_old)
        r = add_old(a, &items);
    if (r >= 0 && (items.count > 0 || !has_old))
        r = items_finish(a, a->args, a->n_plain, f, &items);
    if (r < 0)
        return r;
    return has_old && str_eq(f->name, "qemu") ? write_converted(a, f, &items)
                                              : items_write(a, f, &items);
}

const struct verb verb_vm_qemu_args = {
    .name = "qemu-args",
    .synopsis = "qemu-args PF/N... [KEY=VALUE...] | qemu-args -- OLD ARGUMENTS",
    .help = "print VFs as arguments of QEMU, or for another program",
    .details =
        (const char *const[]){
            "Prints the arguments with which QEMU, or with --format another program, has these VFs. Nothing else "
            "goes to standard output, so that it can stand in a command line; the commands that must be run "
            "first, which set what QEMU cannot and bind the VFs to vfio-pci, go to standard error.",
            "Behind -- the arguments of an old command line can be given: those that assign a device by "
            "-device pci-assign or -pcidevice, which Linux has had nothing for since 4.12, are replaced by "
            "their successor, and the others are left as they are.",
            NULL,
        },
    .options = options,
    .min_args = 1,
    .max_args = ANY_NUMBER,
    .flags = VERB_READS | VERB_SETS,
    .words = { WORD_TARGET, WORD_TARGET, WORD_VF_SETTING },
    .examples =
        (const struct example[]){
            { "qemu-args enp1s0/3 mac=52:54:00:aa:bb:03", "-device for VF 3" },
            { "qemu-args enp1s0/0-1 --format cloud-hypervisor", "two VFs for cloud-hypervisor" },
            { "qemu-args -- -m 2048 -device pci-assign,host=01:10.0",
              "an old command line of today" },
            { NULL, NULL },
        },
    .run = run_qemu_args,
};
