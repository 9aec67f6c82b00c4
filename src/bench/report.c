/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The numbers of a report: units, medians, and the rows of its table.
 */
#include "bench/report.h"

#include <errno.h>
#include <stdio.h>

#include "base/str.h"
#include "cli/app.h"

#define KILO UINT64_C(1000)
#define MEGA (KILO * KILO)
#define GIGA (KILO * MEGA)

static const struct unit rates[] = {
    { "Gbit/s", GIGA }, { "Mbit/s", MEGA }, { "kbit/s", KILO }, { "bit/s", 1 }, { NULL },
};
static const struct unit times[] = {
    { "s", GIGA }, { "ms", MEGA }, { "us", KILO }, { "ns", 1 }, { NULL },
};
static const struct unit costs[] = {
    { "s/GB", GIGA }, { "ms/GB", MEGA }, { "us/GB", KILO }, { "ns/GB", 1 }, { NULL },
};
static const struct unit counts[] = { { "", 1 }, { NULL } };
static const struct unit parts[] = { { "%", 10 * KILO }, { "ppm", 1 }, { NULL } };

const struct metric_row metric_rows[METRIC_COUNT] = {
    [METRIC_OUT] = { "out", "throughput out", rates, .more_is_better = true, .drawn = true },
    [METRIC_IN] = { "in", "throughput in", rates, .more_is_better = true, .drawn = true },
    [METRIC_LATENCY] = { "latency", "latency, median", times, .drawn = true },
    [METRIC_LATENCY_99] = { "latency_99", "latency, 99 %", times, .drawn = true },
    [METRIC_CPU] = { "cpu", "processor time", costs, .drawn = true },
    [METRIC_RETRANSMITS] = { "retransmits", "retransmits", counts },
    [METRIC_LOSS] = { "loss", "lost pings", parts },
};

const char bench_report_emulated[] =
    "This ran on an emulated processor: the figures mean nothing but, at best, an order.";

const char *const bench_report_headings[REPORT_COLUMNS] = {
    "measured", "path", "median", "lowest", "highest", "spread", "of best",
};

/* ---- values ---- */

const struct unit *metric_unit(enum metric m, uint64_t value)
{
    const struct unit *u = metric_rows[m].units;
    while (u->size > value && u[1].name)
        u++;
    return u;
}

void value_text(uint64_t value, const struct unit *unit, char ret[VALUE_SIZE])
{
    double v = (double)value / (double)unit->size;
    int decimals = v >= 100 || unit->size == 1 ? 0 : v >= 10 ? 1 : 2;
    snprintf(ret, VALUE_SIZE, "%.*f", decimals, v);
}

/* ---- making one ---- */

void bench_report_done(struct bench_report *r)
{
    for (size_t i = 0; i < r->n_paths; i++)
        free(r->paths[i].runs);
    free(r->settings.items);
    free(r->advice.items);
    *r = (struct bench_report){ 0 };
}

int path_result_add(struct path_result *p, const struct sample *s)
{
    struct sample *grown = reallocarray(p->runs, p->n_runs + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    p->runs = grown;
    p->runs[p->n_runs++] = *s;
    return 0;
}

int remarks_add(struct remarks *r, const char *id, const char *title, const char *text)
{
    struct remark *grown = reallocarray(r->items, r->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    r->items = grown;
    struct remark *item = &r->items[r->count++];
    STR_SET(item->id, id);
    STR_SET(item->title, title);
    STR_SET(item->text, text);
    return 0;
}

/* ---- summing up ---- */

static int by_value(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

struct summary bench_report_summary(const struct path_result *p, enum metric m)
{
    uint64_t values[RUNS_MAX];
    struct summary s = { 0 };
    for (size_t i = 0; i < p->n_runs && s.count < RUNS_MAX; i++) {
        if (p->runs[i].known & (UINT32_C(1) << m))
            values[s.count++] = p->runs[i].value[m];
    }
    if (s.count == 0)
        return s;
    qsort(values, s.count, sizeof(values[0]), by_value);
    uint64_t below = values[(s.count - 1) / 2], above = values[s.count / 2];
    s.median = below + (above - below) / 2;
    s.low = values[0];
    s.high = values[s.count - 1];
    return s;
}

bool bench_report_highest(const struct bench_report *r, enum metric m, uint64_t *ret)
{
    bool found = false;
    for (size_t i = 0; i < r->n_paths; i++) {
        struct summary s = bench_report_summary(&r->paths[i], m);
        if (s.count == 0)
            continue;
        *ret = found ? MAX_OF(*ret, s.high) : s.high;
        found = true;
    }
    return found;
}

bool bench_report_best(const struct bench_report *r, enum metric m, uint64_t *ret)
{
    bool found = false;
    for (size_t i = 0; i < r->n_paths; i++) {
        struct summary s = bench_report_summary(&r->paths[i], m);
        if (s.count == 0)
            continue;
        bool better = metric_rows[m].more_is_better ? s.median > *ret : s.median < *ret;
        if (!found || better)
            *ret = s.median;
        found = true;
    }
    return found;
}

unsigned summary_spread(const struct summary *s)
{
    if (s->median == 0)
        return 0;
    double percent = 100.0 * (double)(s->high - s->low) / (double)s->median;
    return percent < 100000 ? (unsigned)(percent + 0.5) : 100000;
}

/* ---- the table ---- */

static void part_text(uint64_t value, uint64_t best, char ret[VALUE_SIZE])
{
    ret[0] = '\0';
    if (best > 0)
        snprintf(ret, VALUE_SIZE, "%.2f", (double)value / (double)best);
}

static void put_row(const struct path_result *p, enum metric m, uint64_t best,
                    const struct unit *unit, void (*row)(void *data, const char *const *cells),
                    void *data)
{
    struct summary s = bench_report_summary(p, m);
    char title[64], texts[3][VALUE_SIZE], spread[VALUE_SIZE] = "", part[VALUE_SIZE];
    if (s.count == 0)
        return;
    snprintf(title, sizeof(title), "%s%s%s", metric_rows[m].title, *unit->name ? ", " : "",
             unit->name);
    value_text(s.median, unit, texts[0]);
    value_text(s.low, unit, texts[1]);
    value_text(s.high, unit, texts[2]);
    if (metric_rows[m].drawn)
        snprintf(spread, sizeof(spread), "%u %%", summary_spread(&s));
    part_text(s.median, metric_rows[m].drawn ? best : 0, part);
    row(data, (const char *[]){ title, p->name, texts[0], texts[1], texts[2], spread, part });
}

void bench_report_rows(const struct bench_report *r,
                       void (*row)(void *data, const char *const *cells), void *data)
{
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        uint64_t highest = 0, best = 0;
        if (!bench_report_highest(r, (enum metric)m, &highest))
            continue;
        bench_report_best(r, (enum metric)m, &best);
        for (size_t i = 0; i < r->n_paths; i++)
            put_row(&r->paths[i], (enum metric)m, best, metric_unit((enum metric)m, highest), row,
                    data);
    }
}

void bench_report_line(const struct bench_report *r, char ret[REPORT_LINE_SIZE])
{
    char when[TIME_TEXT_SIZE], streams[32] = "";
    time_text(r->when, when);
    if (r->streams > 1)
        snprintf(streams, sizeof(streams), ", %u streams", r->streams);
    snprintf(ret, REPORT_LINE_SIZE, "%u run%s of %u second%s each way%s, on %s, to %s; %s",
             r->repeat, r->repeat == 1 ? "" : "s", r->seconds, r->seconds == 1 ? "" : "s", streams,
             r->pf, r->peer, when);
}
