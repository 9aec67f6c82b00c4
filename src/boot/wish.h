/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kernel parameters that a request wants on every command line of the host, and their way onto
 * one: a parameter that is there, in whatever quotes and order, is not added again.
 */
#ifndef BOOT_WISH_H
#define BOOT_WISH_H

#include "boot/boot.h"
#include "boot/cmdline.h"
#include "boot/facts.h"

/* So many pages of one size: in all, or by node. */
struct huge_wish {
    uint64_t bytes;
    char size[16];   /* "1G", as the kernel takes it */
    char value[128]; /* of hugepages=: "8", "0:4,1:4" */
    bool by_node;
    bool at_boot; /* on the command line; else a file for systemd-tmpfiles */
};

#define HUGE_WISHES_MAX 4

struct wishes {
    unsigned parameters; /* bits: rows of the table in wish.c that are wanted */
    unsigned needed;     /* of these, those that must be there */
    struct huge_wish huge[HUGE_WISHES_MAX];
    size_t huge_count;
    char vfio_ids[512]; /* wanted on the command line, since vfio-pci is no module; "" */
};

/* Reads the request, and tells what of it the kernel makes needless. */
int wishes_read(const struct boot_request *q, const struct boot_facts *facts, struct wishes *ret,
                struct boot_plan *plan, struct sriov_error *error);

/* Is a command line wanted to say anything at all? */
bool wishes_any(const struct wishes *w);

/* Lines that the kernel gets as one, in their order; what is missing goes to the end of `target`,
 * which is one of them. 0 or -ENOMEM. */
int wishes_grant(const struct wishes *w, struct cmdline *const *lines, size_t count,
                 struct cmdline *target);

#endif
