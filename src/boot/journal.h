/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was applied, in STATE_DIR/prepare: a manifest, and for each file its text before the first
 * apply and after the last one. The manifest is on disk before the first file changes and says so
 * until the last program has run; it is replaced as a whole, and names its copies, so a process
 * killed anywhere leaves an old or a new one with all it needs.
 */
#ifndef BOOT_JOURNAL_H
#define BOOT_JOURNAL_H

#include "boot/plan.h"

struct journal_file {
    char *path;
    char *before, *after;           /* texts; NULL: there was, or is, no such file */
    char *before_name, *after_name; /* of their copies; NULL */
    unsigned mode, uid, gid;        /* of `before` */
};

struct journal {
    char *folder;
    int fd;        /* of the folder, locked if it was opened for writing; -1: there is none */
    bool is_there; /* something was applied, and not undone */
    bool finished; /* the last apply got to its end */
    uint64_t serial;
    struct journal_file *files;
    size_t count;
    struct strv made;              /* folders that were made for files, outer ones first */
    struct boot_commands pending;  /* to run, if not finished */
    struct boot_commands reversal; /* what undo runs: only `argv` of each */
};

#define JOURNAL_INIT ((struct journal){ .fd = -1 })

/* Reads it; a missing one is empty. For writing it makes the folder and locks it: -EBUSY if another
 * process is at it. */
int journal_open(const char *state_dir, bool write, struct journal *ret, struct sriov_error *error);
void journal_done(struct journal *j);

/* The file of that path, NULL if it has none. */
struct journal_file *journal_find(const struct journal *j, const char *path);

/* Are two texts of a file the same? NULL is a file that is not there. */
static inline bool journal_same(const char *a, const char *b)
{
    return a && b ? str_eq(a, b) : a == b;
}

/* Writes down what a plan is going to do, over what is there, and commits it as not finished. Each
 * file must be as the plan saw it. A file that somebody changed after an earlier apply is from now
 * on undone to that. */
int journal_begin(struct journal *j, const struct tree *t, const struct boot_plan *p,
                  struct sriov_error *error);
int journal_finish(struct journal *j, struct sriov_error *error);

/* Nothing is left to undo: removes all of it. */
int journal_remove(struct journal *j, struct sriov_error *error);

/* If an apply was interrupted, its programs are the plan's, too. */
int journal_add_pending(const char *state_dir, struct boot_plan *p, struct sriov_error *error);

#endif
