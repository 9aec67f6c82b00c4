/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the boot loaders of the distributions keep the kernel's command line. A new one is a row of
 * `places` in loader.c and a function that plans it.
 */
#ifndef BOOT_LOADER_H
#define BOOT_LOADER_H

#include "boot/plan.h"

enum place_bit {
    PLACE_GRUB = 1 << 0,
    PLACE_CMDLINE = 1 << 1, /* /etc/kernel/cmdline */
    PLACE_ENTRIES = 1 << 2,
    PLACE_IMAGES = 1 << 3, /* unified kernel images, which are made from /etc/kernel/cmdline */
};

/* Every place that the tree has, then the programs that make the boot loader's own files anew. */
int loaders_plan(struct planner *p);

/* The places; each is only called if it is there. */
int grub_plan(struct planner *p);           /* grub.c */
int bls_plan(struct planner *p);            /* bls.c */
int kernel_cmdline_plan(struct planner *p); /* kernel-cmdline.c */
int ostree_plan(struct planner *p);         /* ostree.c */

/* ---- entry.c: one entry of such a folder ---- */

struct entry {
    char *text;
    struct cmdline *lines; /* its options, mostly one line */
    struct span {
        size_t start, end; /* where each stands in the text */
    } * spans;
    size_t count;
    bool is_linux; /* it starts a kernel, not a memory test or another system */
};

/* 1; 0 if there is no such file; -errno with the error filled. */
int entry_read(struct planner *p, const char *path, struct entry *ret);
void entry_done(struct entry *e);

/* Its text with the lines as they are by now. */
int entry_render(const struct entry *e, struct buf *ret);

/* Folders that hold such entries, NULL-terminated: GRUB's and systemd-boot's. */
extern const char *const entry_folders[];

#endif
