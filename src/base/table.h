/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Aligned text tables for terminals and pipes. Cells are collected, then printed with the widths
 * they need; the last column is not padded. Headings are bold when colour is asked for.
 *
 *     _cleanup_(table_done) struct table t = { 0 };
 *     table_init(&t, (const char *[]){ "VF", "PCI", "MAC" }, 3);
 *     table_add(&t, (const char *[]){ "0", "0000:01:10.0", NULL });
 *     table_print(&t, &out, colour);
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

#define TABLE_COLUMNS 16

struct table {
    size_t columns;
    struct strv cells; /* row by row, headings first */
    bool failed;
};

void table_init(struct table *t, const char *const *headings, size_t columns);
void table_done(struct table *t);

/* Exactly `columns` strings; NULL or "" prints as "-". */
void table_add(struct table *t, const char *const *cells);

/* Appends the finished text. Columns whose every cell is "-" are left out. 0 or -ENOMEM. */
int table_print(const struct table *t, struct buf *out, bool colour);

#endif
