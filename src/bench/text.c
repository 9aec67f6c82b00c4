/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A report for a terminal, and as Markdown.
 */
#include <stdio.h>

#include "base/str.h"
#include "base/table.h"
#include "bench/report.h"
#include "cli/markdown.h"

/* ---- for a terminal ---- */

static void add_row(void *data, const char *const *cells)
{
    table_add((struct table *)data, cells);
}

static void add_table(const struct bench_report *r, bool colour, struct buf *out)
{
    static const char *const headings[REPORT_COLUMNS] = {
        "MEASURED", "PATH", "MEDIAN", "LOWEST", "HIGHEST", "SPREAD", "OF BEST",
    };
    _cleanup_(table_done) struct table t = { 0 };
    table_init(&t, headings, REPORT_COLUMNS);
    bench_report_rows(r, add_row, &t);
    if (table_print(&t, out, colour) < 0)
        out->failed = true;
}

void bench_report_text(const struct bench_report *r, bool colour, struct buf *out)
{
    char line[REPORT_LINE_SIZE];
    bench_report_line(r, line);
    buf_printf(out, "%s\n\n", line);
    add_table(r, colour, out);
    for (size_t i = 0; i < r->n_paths; i++) {
        if (*r->paths[i].failure)
            buf_printf(out, "\n%s was left out: %s\n", r->paths[i].name, r->paths[i].failure);
    }
    for (size_t i = 0; i < r->advice.count; i++)
        buf_printf(out, "%s%s\n", i == 0 ? "\nWhat to change:\n* " : "* ", r->advice.items[i].text);
}

/* ---- Markdown ---- */

static void markdown_result(void *data, const char *const *cells)
{
    markdown_row((struct buf *)data, MARKDOWN_PLAIN, cells, REPORT_COLUMNS);
}

static void markdown_paths(const struct bench_report *r, struct buf *out)
{
    markdown_head(out, MARKDOWN_PLAIN, (const char *[]){ "Path", "What lies on it" }, 2);
    for (size_t i = 0; i < r->n_paths; i++)
        markdown_row(out, MARKDOWN_PLAIN, (const char *[]){ r->paths[i].name, r->paths[i].about },
                     2);
    for (size_t i = 0; i < r->n_paths; i++) {
        if (!*r->paths[i].failure)
            continue;
        buf_printf(out, "\n%s was left out: ", r->paths[i].name);
        markdown_code(out, r->paths[i].failure);
        buf_add_char(out, '\n');
    }
}

static void markdown_remarks(const struct bench_report *r, struct buf *out)
{
    buf_add_str(out, "\n## Settings of the host\n\n");
    markdown_head(out, MARKDOWN_PLAIN, (const char *[]){ "Setting", "What it is" }, 2);
    for (size_t i = 0; i < r->settings.count; i++)
        markdown_row(out, MARKDOWN_PLAIN,
                     (const char *[]){ r->settings.items[i].title, r->settings.items[i].text }, 2);
    buf_add_str(out, "\n## What to change\n\n");
    for (size_t i = 0; i < r->advice.count; i++)
        buf_printf(out, "* %s\n", r->advice.items[i].text);
    if (r->advice.count == 0)
        buf_add_str(out, "Nothing that these figures and settings give reason for.\n");
}

void bench_report_markdown(const struct bench_report *r, const char *picture, struct buf *out)
{
    char line[REPORT_LINE_SIZE];
    bench_report_line(r, line);
    buf_printf(out, "# Paths to the network of %s\n\n%s.\n", r->pf, line);
    if (r->emulated)
        buf_printf(out, "\n**%s**\n", bench_report_emulated);
    if (picture)
        buf_printf(out, "\n![Median, lowest and highest of each path](%s)\n", picture);
    buf_add_char(out, '\n');
    markdown_head(out, MARKDOWN_PLAIN, bench_report_headings, REPORT_COLUMNS);
    bench_report_rows(r, markdown_result, out);
    buf_add_char(out, '\n');
    markdown_paths(r, out);
    markdown_remarks(r, out);
}
