/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl, and the programs that it becomes for work that takes libraries of its own: libvirt
 * (sriovctl-vm), libcurl (sriovctl-remote). sriovctl must not load those each time it starts, so it
 * executes them, as git does with its commands, with the same command line. Each has a table of
 * verbs, from which its help, man page and completions come as sriovctl's do.
 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include "cli/verb.h"

struct program {
    const char *name;  /* as it is typed: "sriovctl", "sriovctl vm" */
    const char *word;  /* the verb of sriovctl that leads here, which stands before those of the
                        * table: "vm"; NULL: none */
    const char *about; /* one line for the overview and the man page */
    const struct verb *const *verbs; /* NULL-terminated */
};

extern const struct program program_sriovctl;

/* NULL if there is none; then *ret_nearest (may be NULL itself) is a verb it may have been meant
 * for, or NULL. */
const struct verb *program_verb(const struct program *p, const char *name,
                                const char **ret_nearest);

/* Becomes the program `file` ("sriovctl-vm"); returns only if that is not to be had: -errno, with
 * `object` for the error to be about. */
int program_exec(const char *file, const char *object, char **argv, struct sriov_error *error);

#endif
