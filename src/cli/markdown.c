/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tables and code in Markdown. What would end a cell, or begin a tag or an emphasis in it, gets a
 * backslash.
 */
#include "cli/markdown.h"

#include <string.h>

static void add_cell(struct buf *out, const char *escaped, const char *text)
{
    buf_add_str(out, " ");
    for (; text && *text; text++) {
        if (strchr(escaped, *text))
            buf_add_char(out, '\\');
        buf_add_char(out, *text == '\n' ? ' ' : *text);
    }
    buf_add_str(out, " |");
}

void markdown_row(struct buf *out, const char *escaped, const char *const *cells, size_t count)
{
    buf_add_char(out, '|');
    for (size_t i = 0; i < count; i++)
        add_cell(out, escaped, cells[i]);
    buf_add_char(out, '\n');
}

void markdown_head(struct buf *out, const char *escaped, const char *const *cells, size_t count)
{
    markdown_row(out, escaped, cells, count);
    buf_add_char(out, '|');
    for (size_t i = 0; i < count; i++)
        buf_add_str(out, " --- |");
    buf_add_char(out, '\n');
}

/* The fence is longer than what is in it. */
void markdown_code(struct buf *out, const char *text)
{
    const char *fence = strchr(text, '`') ? "``" : "`";

    buf_printf(out, "%s%s%s", fence, text, fence);
}
