/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading what iperf3 and ping print. See iperf.h.
 */
#include "bench/iperf.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json-read.h"
#include "base/str.h"

/* ---- iperf3 ---- */

#define RATE_MAX 1e15   /* bit/s; far above what any link will be */
#define AMOUNT_MAX 9e15 /* whole numbers are exact in a double up to here */

/* iperf3 writes rates as reals ("9413287460.2"), and so may any number of its other end. */
static bool get_number(const struct node *map, const char *key, double max, uint64_t *ret)
{
    const struct node *n = node_get(map, key);
    if (!n || n->kind != NODE_SCALAR || n->quoted)
        return false;
    char *end;
    double value = strtod(n->text, &end);
    if (end == n->text || *end || !isfinite(value) || value < 0 || value > max)
        return false;
    *ret = (uint64_t)value;
    return true;
}

static int refuse(char *why, size_t size, const char *text, const char *detail)
{
    snprintf(why, size, "%s%.120s", text, detail);
    for (char *c = why; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    }
    return -EINVAL;
}

int iperf_parse(const char *text, size_t len, struct iperf_result *ret, char *why, size_t why_size)
{
    static const struct node_limits limits = { .bytes = IPERF_OUTPUT_LIMIT,
                                               .nodes = 50000,
                                               .depth = 16 };
    _cleanup_node_ struct node *root = NULL;
    struct iperf_result result = { 0 };
    struct node_error bad = { 0 };
    int r = json_read(text, len, &limits, &root, &bad);
    if (r == -EINVAL)
        return refuse(why, why_size, "iperf3's answer is no JSON: ", bad.text);
    if (r < 0)
        return r;
    const char *failed = node_get_text(root, "error");
    if (failed)
        return refuse(why, why_size, "iperf3: ", failed);
    const struct node *end = node_get(root, "end");
    const struct node *received = end ? node_get(end, "sum_received") : NULL;
    if (!received || !get_number(received, "bits_per_second", RATE_MAX, &result.rate) ||
        !get_number(received, "bytes", AMOUNT_MAX, &result.bytes))
        return refuse(why, why_size, "iperf3's answer has no ", "end.sum_received");
    const struct node *sent = node_get(end, "sum_sent");
    result.has_retransmits = sent &&
                             get_number(sent, "retransmits", AMOUNT_MAX, &result.retransmits);
    *ret = result;
    return 0;
}

/* ---- ping ---- */

#define PINGS_MAX 1000000

struct times {
    uint64_t *items;
    size_t count, room;
};

static void times_done(struct times *t)
{
    free(t->items);
}

static int times_add(struct times *t, uint64_t value)
{
    if (t->count == t->room) {
        size_t room = t->room > 0 ? t->room * 2 : 1024;
        uint64_t *grown = reallocarray(t->items, room, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        t->items = grown;
        t->room = room;
    }
    t->items[t->count++] = value;
    return 0;
}

/* "64 bytes from 198.18.0.2: icmp_seq=1 ttl=64 time=0.034 ms". ping counts in microseconds. */
static bool read_time(const char *line, uint64_t *ret)
{
    static const char before[] = " time=";
    const char *at = strstr(line, before);
    if (!at || !strstr(line, " bytes from "))
        return false;
    char *end;
    double ms = strtod(at + strlen(before), &end);
    if (!str_starts(end, " ms") || !isfinite(ms) || ms < 0 || ms > 1e6)
        return false;
    *ret = (uint64_t)(ms * 1e6 + 0.5);
    return true;
}

/* "500 packets transmitted, 499 received, 0.2% packet loss, time 5003ms" */
static bool read_sent(const char *line, uint64_t *ret)
{
    const char *rest = strstr(line, " packets transmitted");
    char number[24];
    size_t len = rest ? (size_t)(rest - line) : 0;
    if (len == 0 || len >= sizeof(number))
        return false;
    snprintf(number, sizeof(number), "%.*s", (int)len, line);
    return str_to_u64(number, PINGS_MAX, ret) == 0;
}

static int by_value(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

int ping_parse(const char *text, struct ping_result *ret)
{
    _cleanup_(times_done) struct times times = { 0 };
    struct ping_result result = { 0 };
    bool ended = false;
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        char one[256];
        uint64_t value;
        line += strspn(line, "\n");
        snprintf(one, sizeof(one), "%.*s", (int)MIN_OF(strcspn(line, "\n"), sizeof(one) - 1), line);
        if (read_time(one, &value) && times.count < PINGS_MAX && times_add(&times, value) < 0)
            return -ENOMEM;
        ended |= read_sent(one, &result.sent);
    }
    if (!ended)
        return -EINVAL;
    if (times.count == 0)
        return -ENODATA;
    qsort(times.items, times.count, sizeof(*times.items), by_value);
    result.received = MIN_OF(times.count, result.sent);
    result.median = times.items[(times.count - 1) / 2];
    result.high = times.items[(times.count * 99 + 99) / 100 - 1];
    *ret = result;
    return 0;
}
