/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A report as one HTML file, with the picture in it: nothing is loaded from anywhere, and no script
 * runs. Everything from outside is escaped.
 */
#include "bench/markup.h"
#include "bench/report.h"

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n";

static const char style[] =
    "<style>\n"
    ":root { --text: #1f2328; --soft: #59636e; --line: #d1d9e0; --back: #ffffff; --warn: #9a6700 }\n"
    "@media (prefers-color-scheme: dark) {\n"
    ":root { --text: #e6edf3; --soft: #9198a1; --line: #3d444d; --back: #0d1117; --warn: #d29922 }\n"
    "}\n"
    "body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); "
    "max-width: 60rem; margin: 2rem auto; padding: 0 1rem }\n"
    "h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2rem }\n"
    ".soft { color: var(--soft) } .warn { color: var(--warn); font-weight: 600 }\n"
    ".wide { overflow-x: auto }\n"
    "table { border-collapse: collapse; width: 100% }\n"
    "th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; "
    "border-bottom: 1px solid var(--line) }\n"
    ".figures td:nth-child(n+3), .figures th:nth-child(n+3) { text-align: right; "
    "font-variant-numeric: tabular-nums }\n"
    "svg { width: 100%; height: auto }\n"
    "</style>\n"
    "</head>\n";

static void put_row(struct buf *out, const char *tag, const char *const *cells, size_t count)
{
    buf_add_str(out, "<tr>");
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "<%s>", tag);
        markup_add(out, cells[i]);
        buf_printf(out, "</%s>", tag);
    }
    buf_add_str(out, "</tr>\n");
}

static void put_figures_row(void *data, const char *const *cells)
{
    put_row((struct buf *)data, "td", cells, REPORT_COLUMNS);
}

static void put_figures(const struct bench_report *r, struct buf *out)
{
    buf_add_str(out, "<div class=\"wide\"><table class=\"figures\">\n<thead>");
    put_row(out, "th", bench_report_headings, REPORT_COLUMNS);
    buf_add_str(out, "</thead>\n<tbody>\n");
    bench_report_rows(r, put_figures_row, out);
    buf_add_str(out, "</tbody></table></div>\n");
}

static void put_paths(const struct bench_report *r, struct buf *out)
{
    buf_add_str(out, "<h2>Paths</h2>\n<table>\n");
    for (size_t i = 0; i < r->n_paths; i++) {
        const struct path_result *p = &r->paths[i];
        put_row(out, "td", (const char *[]){ p->name, p->about }, 2);
        if (!*p->failure)
            continue;
        buf_add_str(out, "<tr><td></td><td class=\"warn\">left out: ");
        markup_add(out, p->failure);
        buf_add_str(out, "</td></tr>\n");
    }
    buf_add_str(out, "</table>\n");
}

static void put_remarks(const struct bench_report *r, struct buf *out)
{
    buf_add_str(out, "<h2>What to change</h2>\n<ul>\n");
    for (size_t i = 0; i < r->advice.count; i++) {
        buf_add_str(out, "<li>");
        markup_add(out, r->advice.items[i].text);
        buf_add_str(out, "</li>\n");
    }
    if (r->advice.count == 0)
        buf_add_str(out, "<li>Nothing that these figures and settings give reason for.</li>\n");
    buf_add_str(out, "</ul>\n<h2>Settings of the host</h2>\n<table>\n");
    for (size_t i = 0; i < r->settings.count; i++)
        put_row(out, "td",
                (const char *[]){ r->settings.items[i].title, r->settings.items[i].text }, 2);
    buf_add_str(out, "</table>\n");
}

static void put_title(const struct bench_report *r, const char *tag, struct buf *out)
{
    buf_printf(out, "<%s>Paths to the network of ", tag);
    markup_add(out, r->pf);
    buf_printf(out, "</%s>\n", tag);
}

void bench_report_html(const struct bench_report *r, struct buf *out)
{
    char line[REPORT_LINE_SIZE];
    bench_report_line(r, line);
    buf_add_str(out, head);
    put_title(r, "title", out);
    buf_add_str(out, style);
    buf_add_str(out, "<body>\n");
    put_title(r, "h1", out);
    buf_add_str(out, "<p class=\"soft\">");
    markup_add(out, line);
    buf_add_str(out, "</p>\n");
    if (r->emulated)
        buf_printf(out, "<p class=\"warn\">%s</p>\n", bench_report_emulated);
    bench_report_picture(r, out);
    put_figures(r, out);
    put_paths(r, out);
    put_remarks(r, out);
    buf_add_str(out, "</body>\n</html>\n");
}
