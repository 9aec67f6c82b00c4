/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What iperf3 and ping print. Both are other people's programs, and iperf3's answer holds what the
 * machine at the other end says: limits and checks as for all data from outside.
 */
#ifndef BENCH_IPERF_H
#define BENCH_IPERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than this is no answer that was asked for. */
#define IPERF_OUTPUT_LIMIT (1 << 20)

struct iperf_result {
    uint64_t rate;  /* bit/s, as received */
    uint64_t bytes; /* received */
    bool has_retransmits;
    uint64_t retransmits;
};

/* The JSON of `iperf3 -c … -J`. -EINVAL with one line in `why` (size >= 160): no JSON, something
 * missing or impossible, or iperf3's own error. */
int iperf_parse(const char *text, size_t len, struct iperf_result *ret, char *why, size_t why_size);

#define PING_OUTPUT_LIMIT (4 << 20)

struct ping_result {
    uint64_t sent, received;
    uint64_t median, high; /* ns; `high`: 99 of 100 are not above it */
};

/* The output of `ping` of iputils. -EINVAL: it is none; -ENODATA: no answer came. */
int ping_parse(const char *text, struct ping_result *ret);

#endif
