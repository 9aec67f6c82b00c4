/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which entries of NICs' filter tables are ours: those that we put there, and no others, may be
 * taken out again. A small file in the state folder tells it to who comes after a crash; it is
 * written before the entries are.
 */
#ifndef DAEMON_FDB_MARKS_H
#define DAEMON_FDB_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct fdb_mark {
    char pf[32]; /* struct pf's key */
    uint64_t mac;
};

struct fdb_marks {
    struct fdb_mark *items;
    size_t count;
};

void fdb_marks_done(struct fdb_marks *m);
bool fdb_marks_has(const struct fdb_marks *m, const char *pf, uint64_t mac);
int fdb_marks_add(struct fdb_marks *m, const char *pf, uint64_t mac); /* 0 or -ENOMEM */
/* The order of the others may change. */
void fdb_marks_remove(struct fdb_marks *m, const char *pf, uint64_t mac);

/* The file's text and back. Entries of an earlier boot are none. -EINVAL for what is no such text.
 */
void fdb_marks_format(const struct fdb_marks *m, const char *boot, struct buf *ret);
int fdb_marks_parse(char *text, const char *boot, struct fdb_marks *ret);

/* -errno. No file is no marks, and no marks are no file. */
int fdb_marks_load(const char *state_dir, struct fdb_marks *ret);
int fdb_marks_save(const char *state_dir, const struct fdb_marks *m);

#endif
