/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads which variables a shell file sets, without running it: /etc/default/grub is sourced by a
 * shell, so it may hold anything. Only what is certain is understood; a variable of interest that
 * is set in any other way is an error with its line.
 */
#ifndef BOOT_SHELL_H
#define BOOT_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

enum shell_quotes {
    SHELL_BARE,   /* NAME=value */
    SHELL_SINGLE, /* NAME='value' */
    SHELL_DOUBLE, /* NAME="value" */
};

struct shell_assignment {
    size_t variable; /* place in the list of names asked for */
    unsigned line;
    bool appends;      /* NAME+=value */
    size_t start, end; /* of the value in the text, with its quotes */
    enum shell_quotes quotes;
};

struct shell_file {
    struct shell_assignment *items;
    size_t count;
};

void shell_file_done(struct shell_file *f);

/* `names` is NULL-terminated. 0; -ENOMEM; -EINVAL with the line and what is wrong with it. */
int shell_read(const char *text, const char *const *names, struct shell_file *ret,
               unsigned *ret_line, const char **ret_why);

#endif
