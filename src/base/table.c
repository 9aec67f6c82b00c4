/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Aligned tables. Cells hold what a process or a driver calls itself, so bytes that could drive a
 * terminal, and such as are no UTF-8, become '?' when a cell is added. Widths count characters, not
 * bytes. Double-width characters are not told apart: names of devices have none.
 */
#include "base/table.h"

#include <errno.h>
#include <string.h>

#define GAP 2 /* blanks between columns */

static const char empty_cell[] = "-";

/* What may stand in a cell: printable ASCII, and UTF-8 behind the C1 control characters. */
static size_t printable_len(const char *s, size_t len)
{
    size_t width = str_utf8_len(s, len);
    unsigned char c = (unsigned char)*s;
    bool control = width == 1 ? c < ' ' || c == 0x7f : c == 0xc2 && (unsigned char)s[1] < 0xa0;
    return control ? 0 : width;
}

static int add_cell(struct table *t, const char *cell)
{
    if (!cell || *cell == '\0')
        return strv_add(&t->cells, empty_cell);
    int r = strv_add(&t->cells, cell);
    if (r < 0)
        return r;
    char *s = t->cells.items[t->cells.count - 1];
    size_t len = strlen(s);
    while (len > 0) {
        size_t width = printable_len(s, len);
        if (width == 0) {
            *s = '?';
            width = 1;
        }
        s += width;
        len -= width;
    }
    return 0;
}

void table_init(struct table *t, const char *const *headings, size_t columns)
{
    *t = (struct table){ .columns = columns, .failed = columns == 0 || columns > TABLE_COLUMNS };
    table_add(t, headings);
}

void table_done(struct table *t)
{
    strv_done(&t->cells);
    *t = (struct table){ 0 };
}

void table_add(struct table *t, const char *const *cells)
{
    for (size_t i = 0; i < t->columns && !t->failed; i++)
        t->failed = add_cell(t, cells[i]) < 0;
}

static size_t characters(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

/* Width of a column, 0 if it has rows and each is empty. */
static size_t column_width(const struct table *t, size_t column)
{
    size_t width = characters(t->cells.items[column]);
    bool used = t->cells.count == t->columns;
    for (size_t i = t->columns + column; i < t->cells.count; i += t->columns) {
        const char *cell = t->cells.items[i];
        width = MAX_OF(width, characters(cell));
        used = used || !str_eq(cell, empty_cell);
    }
    return used ? width : 0;
}

static void pad(struct buf *out, size_t count)
{
    void *blanks = buf_add_space(out, count);
    if (blanks)
        memset(blanks, ' ', count);
}

static void print_row(const struct table *t, size_t row, const size_t *widths, struct buf *out)
{
    size_t missing = 0; /* blanks owed once another column follows */
    for (size_t i = 0; i < t->columns; i++) {
        if (widths[i] == 0)
            continue;
        const char *cell = t->cells.items[row * t->columns + i];
        pad(out, missing);
        buf_add_str(out, cell);
        missing = widths[i] - characters(cell) + GAP;
    }
}

int table_print(const struct table *t, struct buf *out, bool colour)
{
    size_t widths[TABLE_COLUMNS];
    size_t shown = 0;
    if (t->failed || t->columns == 0)
        return t->failed ? -ENOMEM : 0;
    for (size_t i = 0; i < t->columns; i++) {
        widths[i] = column_width(t, i);
        shown += widths[i] > 0;
    }
    for (size_t row = 0; shown > 0 && row < t->cells.count / t->columns; row++) {
        bool bold = colour && row == 0;
        buf_add_str(out, bold ? "\033[1m" : "");
        print_row(t, row, widths, out);
        buf_add_str(out, bold ? "\033[0m\n" : "\n");
    }
    return buf_ok(out);
}
