/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The picture of a report: for each metric a part with an axis, for each path a bar as long as its
 * median, a line from its lowest run to its highest, and a dot for each run. SVG, with colours for
 * light and dark surroundings; it also stands by itself.
 */
#include <stdio.h>

#include "base/str.h"
#include "bench/markup.h"
#include "bench/report.h"

/* In pixels of the picture's own. */
#define WIDTH 760
#define LABELS 110 /* left of the bars: the paths' names */
#define VALUES 120 /* right of them: the medians */
#define MARGIN 16
#define TITLE 30 /* above the bars */
#define ROW 28
#define BAR 14
#define AXIS 34 /* below them: the numbers of the axis, and room */
#define BARS (WIDTH - LABELS - VALUES - 2 * MARGIN)
#define LEFT (MARGIN + LABELS)

#define COLOURS 5
#define TICKS_WANTED 5

static const char style[] =
    "<style>\n"
    ".t { font: 13px system-ui, sans-serif; fill: #1f2328 } .h { font-weight: 600; font-size: 14px }\n"
    ".s { fill: #59636e; font-size: 12px } .g { stroke: #d1d9e0; stroke-width: 1 }\n"
    ".w { stroke: #1f2328; stroke-width: 1.5 } .d { fill: #1f2328; stroke: #ffffff; stroke-width: 1 }\n"
    ".b { fill: #ffffff }\n"
    ".c0 { fill: #2f81f7 } .c1 { fill: #2da44e } .c2 { fill: #bf8700 } .c3 { fill: #a371f7 } "
    ".c4 { fill: #cf5b56 }\n"
    "@media (prefers-color-scheme: dark) {\n"
    ".t { fill: #e6edf3 } .s { fill: #9198a1 } .g { stroke: #3d444d }\n"
    ".w { stroke: #e6edf3 } .d { fill: #e6edf3; stroke: #0d1117 } .b { fill: #0d1117 }\n"
    ".c0 { fill: #1f6feb } .c1 { fill: #238636 } .c2 { fill: #9e6a03 } .c3 { fill: #8957e5 } "
    ".c4 { fill: #b64743 }\n"
    "}\n"
    "</style>\n";

/* One part of the picture. */
struct part {
    const struct bench_report *r;
    enum metric metric;
    const struct unit *unit;
    uint64_t step; /* between two marks of the axis */
    uint64_t end;  /* of the axis */
    unsigned top;
};

/* 1, 2 or 5 and zeros: at most TICKS_WANTED such steps reach `highest`. */
static uint64_t nice_step(uint64_t highest)
{
    static const unsigned digits[] = { 1, 2, 5 };
    for (uint64_t size = 1;; size *= 10) {
        for (size_t i = 0; i < ELEMENTS(digits); i++) {
            if (highest / TICKS_WANTED < size * digits[i])
                return size * digits[i];
        }
    }
}

static unsigned count_rows(const struct bench_report *r, enum metric m)
{
    unsigned count = 0;
    for (size_t i = 0; i < r->n_paths; i++)
        count += bench_report_summary(&r->paths[i], m).count > 0;
    return count;
}

static double place(const struct part *p, uint64_t value)
{
    return LEFT + BARS * ((double)value / (double)p->end);
}

static void put_text(struct buf *out, const char *class, const char *anchor, double x, unsigned y,
                     const char *text)
{
    buf_printf(out, "<text class=\"t%s%s\" text-anchor=\"%s\" x=\"%.1f\" y=\"%u\">",
               *class ? " " : "", class, anchor, x, y);
    markup_add(out, text);
    buf_add_str(out, "</text>\n");
}

static void put_line(struct buf *out, const char *class, double x1, double y1, double x2, double y2)
{
    buf_printf(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class,
               x1, y1, x2, y2);
}

/* "2.50", but on an axis "2.5". */
static void tick_text(uint64_t value, const struct unit *unit, char ret[VALUE_SIZE])
{
    snprintf(ret, VALUE_SIZE, "%g", (double)value / (double)unit->size);
}

static void put_axis(const struct part *p, unsigned rows, struct buf *out)
{
    unsigned bottom = p->top + TITLE + rows * ROW;
    for (uint64_t value = 0; value <= p->end; value += p->step) {
        char text[VALUE_SIZE];
        double x = place(p, value);
        tick_text(value, p->unit, text);
        put_line(out, "g", x, p->top + TITLE, x, bottom + 4);
        put_text(out, "s", "middle", x, bottom + 18, text);
    }
}

static void put_runs(const struct part *p, const struct path_result *path, const struct summary *s,
                     double middle, struct buf *out)
{
    double low = place(p, s->low), high = place(p, s->high);
    put_line(out, "w", low, middle, high, middle);
    put_line(out, "w", low, middle - 4, low, middle + 4);
    put_line(out, "w", high, middle - 4, high, middle + 4);
    for (size_t i = 0; i < path->n_runs; i++) {
        if (path->runs[i].known & (UINT32_C(1) << p->metric))
            buf_printf(out, "<circle class=\"d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n",
                       place(p, path->runs[i].value[p->metric]), middle);
    }
}

static void put_bar(const struct part *p, size_t i, unsigned row, struct buf *out)
{
    const struct path_result *path = &p->r->paths[i];
    struct summary s = bench_report_summary(path, p->metric);
    unsigned top = p->top + TITLE + row * ROW;
    char value[VALUE_SIZE], text[VALUE_SIZE + 16];
    value_text(s.median, p->unit, value);
    snprintf(text, sizeof(text), "%s %s", value, p->unit->name);
    put_text(out, "", "end", LEFT - 10, top + ROW / 2 + 4, path->name);
    buf_printf(out, "<rect class=\"c%zu\" x=\"%d\" y=\"%u\" width=\"%.1f\" height=\"%d\"/>\n",
               i % COLOURS, LEFT, top + (ROW - BAR) / 2, place(p, s.median) - LEFT, BAR);
    put_runs(p, path, &s, top + ROW / 2.0, out);
    put_text(out, "", "start", LEFT + BARS + 12, top + ROW / 2 + 4, text);
}

static void put_part(const struct part *p, unsigned rows, struct buf *out)
{
    const struct metric_row *row = &metric_rows[p->metric];
    char title[96];
    unsigned n = 0;
    snprintf(title, sizeof(title), "%s, %s (%s is better)", row->title, p->unit->name,
             row->more_is_better ? "more" : "less");
    put_text(out, "h", "start", MARGIN, p->top + 16, title);
    put_axis(p, rows, out);
    for (size_t i = 0; i < p->r->n_paths; i++) {
        if (bench_report_summary(&p->r->paths[i], p->metric).count > 0)
            put_bar(p, i, n++, out);
    }
}

/* The parts one below the other; their height together. `out` is NULL for who asks only that. */
static unsigned put_parts(const struct bench_report *r, struct buf *out)
{
    unsigned top = MARGIN;
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        struct part p = { .r = r, .metric = (enum metric)m, .top = top };
        unsigned rows = count_rows(r, p.metric);
        uint64_t highest = 0;
        if (!metric_rows[m].drawn || rows == 0 || !bench_report_highest(r, p.metric, &highest))
            continue;
        p.unit = metric_unit(p.metric, highest);
        p.step = nice_step(highest);
        p.end = (highest / p.step + 1) * p.step;
        if (out)
            put_part(&p, rows, out);
        top += TITLE + rows * ROW + AXIS;
    }
    return top;
}

void bench_report_picture(const struct bench_report *r, struct buf *out)
{
    unsigned height = put_parts(r, NULL);
    buf_printf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %u\" width=\"%d\" "
        "height=\"%u\" role=\"img\" aria-label=\"Median, lowest and highest of each path\">\n",
        WIDTH, height, WIDTH, height);
    buf_add_str(out, style);
    buf_printf(out, "<rect class=\"b\" width=\"%d\" height=\"%u\"/>\n", WIDTH, height);
    put_parts(r, out);
    buf_add_str(out, "</svg>\n");
}
