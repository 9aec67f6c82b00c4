/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tables and code in Markdown, for the incident report and for the reference in docs.
 */
#ifndef CLI_MARKDOWN_H
#define CLI_MARKDOWN_H

#include "base/buf.h"

/* What is escaped in the cells of a table. */
#define MARKDOWN_WRITTEN "|"    /* they are Markdown themselves */
#define MARKDOWN_PLAIN "|*<`\\" /* text of the machine, to be shown as it is */

/* Adds a row of a table. A line break in a cell becomes a space; NULL is an empty cell. */
void markdown_row(struct buf *out, const char *escaped, const char *const *cells, size_t count);

/* Adds the first row of a table and the line under it. */
void markdown_head(struct buf *out, const char *escaped, const char *const *cells, size_t count);

/* Adds text that is no Markdown, on one line. */
void markdown_code(struct buf *out, const char *text);

#endif
