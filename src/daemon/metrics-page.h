/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The two text formats that Prometheus reads, and the choice between them: its own, 0.0.4, and
 * OpenMetrics 1.0. Both are lines of samples under a head for each family; they differ in the head,
 * in what a family of a counter is called, and in the end.
 */
#ifndef DAEMON_METRICS_PAGE_H
#define DAEMON_METRICS_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum page_format {
    PAGE_PROMETHEUS,
    PAGE_OPENMETRICS,
};

enum family_type {
    FAMILY_GAUGE,
    FAMILY_COUNTER, /* its samples are called NAME_total */
    FAMILY_INFO,    /* NAME_info, always 1: the labels are what it tells */
};

struct family {
    const char *name; /* without what the type puts behind it; ends with the unit */
    enum family_type type;
    const char *unit;          /* "bytes", "seconds"; NULL: a plain number */
    const char *help;          /* one line without a full stop */
    const char *const *labels; /* NULL-terminated */
};

/* A value without rounding: 1,500 with 3 decimals is 1.5. */
struct number {
    uint64_t value;
    unsigned decimals;
};

static inline struct number whole(uint64_t value)
{
    return (struct number){ value, 0 };
}

static inline struct number milliseconds(uint64_t value)
{
    return (struct number){ value, 3 };
}

static inline struct number nanoseconds(uint64_t value)
{
    return (struct number){ value, 9 };
}

struct page {
    struct buf *out; /* buf_ok tells about memory */
    enum page_format format;
    const struct family *family; /* whose head was written last */
};

/* What an Accept header (NULL: none) asks for, and what it is called. */
enum page_format page_format_of(const char *accept);
const char *page_content_type(enum page_format format);

/* One sample; `values` are those of the family's labels, any bytes. All of a family come one after
 * the other. */
void page_add(struct page *p, const struct family *f, const char *const *values,
              struct number number);

void page_end(struct page *p);

#endif
