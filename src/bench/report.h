/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a measurement found, and the forms that it is shown in. It can be written as JSON and read
 * back, so that a report can be drawn again elsewhere. All numbers are whole ones in the smallest
 * unit of their kind.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/error.h"

/* ---- what is measured ---- */

enum metric {
    METRIC_OUT,         /* bit/s, sent by the endpoint and received by the other */
    METRIC_IN,          /* bit/s, the other way */
    METRIC_LATENCY,     /* ns, there and back, the median of one run */
    METRIC_LATENCY_99,  /* ns, what 99 of 100 stay below */
    METRIC_CPU,         /* ns that the host's processors were busy for each gigabyte moved */
    METRIC_RETRANSMITS, /* TCP segments sent again, both ways */
    METRIC_LOSS,        /* echo requests without an answer, of a million */
    METRIC_COUNT,
};

struct unit {
    const char *name;
    uint64_t size;
};

struct metric_row {
    const char *id; /* its key in JSON */
    const char *title;
    const struct unit *units; /* largest first; the last fits everything */
    bool more_is_better;
    bool drawn; /* has a part of its own in the picture */
};

extern const struct metric_row metric_rows[METRIC_COUNT];

/* The unit in which a value of this size reads well. */
const struct unit *metric_unit(enum metric m, uint64_t value);

/* "9.41", "938", "0.10": three digits that say something. Without its unit. */
#define VALUE_SIZE 32
void value_text(uint64_t value, const struct unit *unit, char ret[VALUE_SIZE]);

/* ---- what was found ---- */

/* One run; `known` has bit (1 << metric). */
struct sample {
    uint32_t known;
    uint64_t value[METRIC_COUNT];
};

#define PATHS_MAX 8
#define RUNS_MAX 100

struct path_result {
    char name[16];
    char about[160];   /* what lies between the two ends */
    char failure[320]; /* why it was not measured (any more); "" if it was */
    struct sample *runs;
    size_t n_runs;
};

/* A setting of the host, or what should be changed about one. */
struct remark {
    char id[32];
    char title[64]; /* "" of advice */
    char text[320];
};

struct remarks {
    struct remark *items;
    size_t count;
};

struct bench_report {
    int64_t when; /* Unix time */
    char pf[32];
    char peer[96]; /* who is at the other end */
    unsigned seconds, repeat, streams;
    bool emulated; /* a processor made of software: the figures mean nothing */
    struct path_result paths[PATHS_MAX];
    size_t n_paths;
    struct remarks settings, advice;
};

void bench_report_done(struct bench_report *r);

/* 0 or -ENOMEM. What does not fit is cut. */
int path_result_add(struct path_result *p, const struct sample *s);
int remarks_add(struct remarks *r, const char *id, const char *title, const char *text);

/* ---- what it comes to ---- */

struct summary {
    size_t count; /* 0: never measured, and the rest means nothing */
    uint64_t median, low, high;
};

struct summary bench_report_summary(const struct path_result *p, enum metric m);

/* Of all runs of all paths; false if there are none. */
bool bench_report_highest(const struct bench_report *r, enum metric m, uint64_t *ret);

/* The best median of any path. */
bool bench_report_best(const struct bench_report *r, enum metric m, uint64_t *ret);

/* How far the runs lie apart, in percent of their median; 0 of one that is 0. */
unsigned summary_spread(const struct summary *s);

/* ---- its forms: each adds all of it to `out` (buf_ok tells about memory) ---- */

void bench_report_text(const struct bench_report *r, bool colour, struct buf *out);
void bench_report_markdown(const struct bench_report *r, const char *picture,
                           struct buf *out); /* NULL: none */
void bench_report_html(const struct bench_report *r,
                       struct buf *out); /* whole, with the picture in it */
void bench_report_picture(const struct bench_report *r, struct buf *out); /* SVG */
void bench_report_json(const struct bench_report *r, struct buf *out);

/* Back from JSON. -EINVAL with `error` (code usage) about `object`. */
int bench_report_read(const char *text, size_t len, const char *object, struct bench_report *ret,
                      struct sriov_error *error);

/* ---- for the forms ---- */

/* The table, one call for each row: metric and unit, path, median, lowest, highest, spread, part of
 * the best. Empty text for what there is not. */
#define REPORT_COLUMNS 7
extern const char *const bench_report_headings[REPORT_COLUMNS];
void bench_report_rows(const struct bench_report *r,
                       void (*row)(void *data, const char *const *cells), void *data);

/* "5 runs of 5 seconds each way on enp1s0, to another VF of it, 2026-11-21 20:10:05" */
#define REPORT_LINE_SIZE 256
void bench_report_line(const struct bench_report *r, char ret[REPORT_LINE_SIZE]);

/* The sentence that stands above the figures of an emulator. */
extern const char bench_report_emulated[];

#endif
