/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plan while it is made: what the places of the command line and the other files (loader.h,
 * modules.c) share.
 */
#ifndef BOOT_PLAN_H
#define BOOT_PLAN_H

#include "boot/boot.h"
#include "boot/facts.h"
#include "boot/tree.h"
#include "boot/wish.h"

struct planner {
    const struct boot_request *q;
    struct tree tree;
    struct boot_facts facts;
    struct wishes wishes;
    struct boot_plan *plan;
    unsigned changed; /* enum place_bit: which kinds of place have a changed file */
    struct sriov_error *error;
};

/* A file of the tree as text. 1; 0 and *ret NULL if there is none; -errno with the error filled if
 * it cannot be read, is too large, no UTF-8, or leads out of the tree. */
int planner_read(struct planner *p, const char *path, char **ret);

/* The change of a file, none if both texts are equal. `before` NULL: it is new. */
int planner_put(struct planner *p, const char *path, const char *before, const char *after);

/* A file that is not understood, with its line (0: none); always -EINVAL. */
int planner_refuse(struct planner *p, const char *path, unsigned line, const char *why,
                   const char *remedy);

int planner_no_memory(struct planner *p);

/* ---- the plan itself; 0 or -ENOMEM ---- */

int plan_add_file(struct boot_plan *p, const char *path, const char *before, const char *after);
int plan_add_needless(struct boot_plan *p, const char *parameter, const char *why);

/* A program and what takes it back (NULL: nothing does); once only. */
int commands_add(struct boot_commands *c, const struct strv *argv, const struct strv *undo);
void commands_done(struct boot_commands *c);

/* Reading of a file went wrong: says so in the words of `error`. Returns r. */
int file_error(const char *path, int r, struct sriov_error *error);

#endif
