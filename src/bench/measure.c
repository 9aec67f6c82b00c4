/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One path at a time: made, waited for, pinged, loaded both ways, taken away again.
 */
#include "bench/measure.h"

#include <errno.h>
#include <stdio.h>

#include "bench/iperf.h"
#include "kernel/events.h"

#define NS_PER_S UINT64_C(1000000000)
#define GIGABYTE 1e9

/* A VF's link may take some seconds to come up, and so may a switch port behind it. */
#define ANSWER_SECONDS 20
#define START_SECONDS 20 /* for iperf3 to listen, and to come to an end */
#define TRIES 5
#define PAUSE_MS 1000
#define PINGS_PER_SECOND 100
#define INTERVAL "0.01"

/* Where the two programs of one measurement run. */
struct pair {
    int client;          /* namespace */
    int server;          /* namespace; -1: it runs already, in a guest or elsewhere */
    char address[64];    /* of the server */
    bool server_is_here; /* the endpoint that is measured has the server: "out" is what it sends */
};

static int failed(struct measurement *m, int r, const char *what, const char *why)
{
    struct app *a = m->site.app;
    if (r == -EINTR)
        return error_set(&a->error, SRIOV_FAILED, EINTR, "", "was interrupted");
    if (r == -ETIMEDOUT && !why)
        why = "does not come to an end";
    return error_set(&a->error, SRIOV_FAILED, why ? 0 : -r, what, "%s", why ? why : "failed");
}

/* ---- programs ---- */

static int no_program(struct measurement *m, const char *name, const char *package, int r)
{
    struct app *a = m->site.app;
    error_set(&a->error, SRIOV_FAILED, -r, name, "cannot be run");
    if (r == -ENOENT)
        error_remedy(&a->error, "install the package %s (apt install %s)", package, package);
    return r;
}

int measure_find_programs(struct measurement *m)
{
    static const char *const ping[] = { PING, "-V", NULL };
    static const char *const iperf[] = { IPERF, "--version", NULL };
    _cleanup_buf_ struct buf version = BUF_INIT, other = BUF_INIT;
    const struct patience patience = patience_of(&m->interrupt, START_SECONDS);
    int r = process_run(-1, iperf, &patience, IPERF_OUTPUT_LIMIT, &version);
    if (r < 0)
        return no_program(m, IPERF, "iperf3", r);
    snprintf(m->scenery.iperf, sizeof(m->scenery.iperf), "%.*s",
             version.data ? (int)strcspn(version.data, "\n") : 0, version.data ? version.data : "");
    r = process_run(-1, ping, &patience, IPERF_OUTPUT_LIMIT, &other);
    return r < 0 ? no_program(m, PING, "iputils-ping", r) : 0;
}

/* ---- latency ---- */

/* Waits for the first answer: the link comes up, the address is resolved. A ping ends early when
 * the address cannot be resolved, so it is sent anew. */
static int wait_for_answer(struct measurement *m, const struct pair *p)
{
    const char *const argv[] = { PING, "-n", "-c", "1", "-W", "1", p->address, NULL };
    const struct patience patience = patience_of(&m->interrupt, ANSWER_SECONDS);
    int r;
    do {
        _cleanup_buf_ struct buf out = BUF_INIT;
        r = process_run(p->client, argv, &patience, PING_OUTPUT_LIMIT, &out);
    } while (r == 1);
    if (r == 0)
        return 0;
    return failed(m, r < 0 ? r : -EHOSTUNREACH, p->address,
                  r == -EINTR ? NULL : "does not answer a ping");
}

static void keep(struct sample *s, enum metric metric, uint64_t value)
{
    s->value[metric] = value;
    s->known |= UINT32_C(1) << metric;
}

static int measure_latency(struct measurement *m, const struct pair *p, struct sample *s)
{
    char count[16], seconds[16];
    snprintf(count, sizeof(count), "%u", m->report.seconds * PINGS_PER_SECOND);
    snprintf(seconds, sizeof(seconds), "%u", m->report.seconds + START_SECONDS);
    const char *const argv[] = { PING,     "-n", "-c",    count,      "-i",
                                 INTERVAL, "-w", seconds, p->address, NULL };
    const struct patience patience = patience_of(&m->interrupt,
                                                 m->report.seconds + 2 * START_SECONDS);
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct ping_result result;
    int r = process_run(p->client, argv, &patience, PING_OUTPUT_LIMIT, &out);
    if (r < 0)
        return failed(m, r, p->address, NULL);
    r = ping_parse(out.data ? out.data : "", &result);
    if (r < 0)
        return failed(m, r, p->address, r == -ENODATA ? "answers no ping" : "ping said nothing");
    keep(s, METRIC_LATENCY, result.median);
    keep(s, METRIC_LATENCY_99, result.high);
    if (result.sent > 0)
        keep(s, METRIC_LOSS, (result.sent - result.received) * 1000000 / result.sent);
    return 0;
}

/* ---- throughput ---- */

/* What all processors together have been busy for, in ns: user, nice, system, irq, softirq and
 * steal of the first line of /proc/stat, not idle and iowait. A guest's time is in the first two.
 */
static uint64_t busy_time(struct measurement *m)
{
    static const bool counts[] = { true, true, true, false, false, true, true, true };
    struct backend *b = m->site.app->session.backend;
    _cleanup_buf_ struct buf text = BUF_INIT;
    uint64_t ticks = 0;
    if (b->ops->read_bytes(b, "/proc/stat", 0, 512, &text) < 0 || !text.data ||
        !str_starts(text.data, "cpu "))
        return 0;
    char *at = text.data + strlen("cpu ");
    for (size_t i = 0; i < ELEMENTS(counts); i++) {
        uint64_t value = strtoull(at, &at, 10);
        ticks += counts[i] ? value : 0;
    }
    return ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

static int start_server(struct measurement *m, const struct pair *p, struct process *ret)
{
    static const char *const argv[] = { IPERF, "-s", "-1", "--forceflush", NULL };
    const struct patience patience = patience_of(&m->interrupt, START_SECONDS);
    _cleanup_buf_ struct buf out = BUF_INIT;
    int r = process_start(p->server, argv, ret);
    if (r >= 0)
        r = process_read(ret, "listening", &patience, IPERF_OUTPUT_LIMIT, &out);
    return r < 0 ? failed(m, r, IPERF, r == -EPIPE ? "cannot listen" : NULL) : 0;
}

static int run_client(struct measurement *m, const struct pair *p, bool reverse,
                      struct iperf_result *ret)
{
    char seconds[16], streams[16], why[200] = "no memory";
    snprintf(seconds, sizeof(seconds), "%u", m->report.seconds);
    snprintf(streams, sizeof(streams), "%u", m->report.streams);
    const char *const argv[] = { IPERF,
                                 "-c",
                                 p->address,
                                 "-J",
                                 "-t",
                                 seconds,
                                 "-P",
                                 streams,
                                 "-i",
                                 "0",
                                 "--connect-timeout",
                                 "5000",
                                 reverse ? "-R" : NULL,
                                 NULL };
    const struct patience patience = patience_of(&m->interrupt, m->report.seconds + START_SECONDS);
    _cleanup_buf_ struct buf out = BUF_INIT;
    int r = process_run(p->client, argv, &patience, IPERF_OUTPUT_LIMIT, &out);
    if (r < 0)
        return failed(m, r, IPERF, NULL);
    r = iperf_parse(out.data ? out.data : "", out.len, ret, why, sizeof(why));
    return r < 0 ? failed(m, r, p->address, why) : 0;
}

/* A server that goes on may still be busy with our last test, and says so in several ways. */
static int run_client_again(struct measurement *m, const struct pair *p, bool reverse,
                            struct iperf_result *ret)
{
    int r = run_client(m, p, reverse, ret);
    for (unsigned try = 1; r < 0 && try < TRIES; try++) {
        if (interrupt_wait(&m->interrupt, PAUSE_MS))
            return failed(m, -EINTR, "", NULL);
        m->site.app->error = (struct sriov_error){ 0 };
        r = run_client(m, p, reverse, ret);
    }
    return r;
}

static int measure_one_way(struct measurement *m, const struct pair *p, bool reverse,
                           struct iperf_result *ret)
{
    _cleanup_(process_done) struct process server = PROCESS_INIT;
    if (p->server < 0)
        return run_client_again(m, p, reverse, ret);
    int r = start_server(m, p, &server);
    return r < 0 ? r : run_client(m, p, reverse, ret);
}

static int measure_throughput(struct measurement *m, const struct pair *p, struct sample *s)
{
    static const enum metric metrics[] = { METRIC_OUT, METRIC_IN };
    uint64_t begin = busy_time(m), bytes = 0, retransmits = 0;
    bool has_retransmits = true;
    for (size_t i = 0; i < ELEMENTS(metrics); i++) {
        struct iperf_result result;
        bool reverse = p->server_is_here == (metrics[i] == METRIC_OUT);
        int r = measure_one_way(m, p, reverse, &result);
        if (r < 0)
            return r;
        keep(s, metrics[i], result.rate);
        bytes += result.bytes;
        retransmits += result.retransmits;
        has_retransmits &= result.has_retransmits;
    }
    if (bytes > 0)
        keep(s, METRIC_CPU, (uint64_t)((double)(busy_time(m) - begin) * GIGABYTE / (double)bytes));
    if (has_retransmits)
        keep(s, METRIC_RETRANSMITS, retransmits);
    return 0;
}

/* ---- one path ---- */

static int measure_pair(struct measurement *m, const struct pair *p, struct sample *s)
{
    int r = wait_for_answer(m, p);
    if (r >= 0)
        r = measure_latency(m, p, s);
    return r < 0 ? r : measure_throughput(m, p, s);
}

/* A guest's server is there; the client is our other end. */
static int measure_guest(struct measurement *m, const struct chosen_path *c, struct sample *s)
{
    struct pair p = { .client = m->site.peer.netns, .server = -1, .server_is_here = true };
    STR_SET(p.address, c->address);
    return measure_pair(m, &p, s);
}

static int measure_way(struct measurement *m, const struct way *w, struct sample *s)
{
    struct pair p = { .client = w->end.netns, .server = m->site.peer.netns };
    STR_SET(p.address, m->site.to);
    p.address[strcspn(p.address, "/")] = '\0';
    int r = measure_pair(m, &p, s);
    if (r >= 0 && w->end.leased)
        scenery_read_vf(m->site.app, w->end.lease.pci, &m->scenery);
    return r;
}

/* What failed is told in the report; what was given back is not in doubt. */
static int measure_made(struct measurement *m, const struct path *path, struct sample *s)
{
    struct app *a = m->site.app;
    struct way w;
    int r = path_open(&m->site, path, &w);
    if (r >= 0)
        r = measure_way(m, &w, s);
    struct sriov_error why = a->error;
    int back = path_close(&m->site, &w);
    if (back < 0) {
        a->error.code = SRIOV_NOT_ROLLED_BACK;
        return back;
    }
    a->error = why;
    return r;
}

static void note_failure(struct measurement *m, struct path_result *p)
{
    struct sriov_error *e = &m->site.app->error;
    _cleanup_buf_ struct buf text = BUF_INIT;
    buf_printf(&text, "%s%s%s%s%s%s%s", e->object, *e->object ? ": " : "", e->message,
               *e->kernel ? ": " : "", e->kernel, *e->remedy ? "; " : "", e->remedy);
    STR_SET(p->failure, text.data ? text.data : "no memory");
    text_make_plain(p->failure);
    app_note(m->site.app, "%s is left out: %s", p->name, p->failure);
    *e = (struct sriov_error){ 0 };
}

static int measure_path(struct measurement *m, size_t i)
{
    struct path_result *p = &m->report.paths[i];
    const struct chosen_path *c = &m->paths[i];
    struct sample s = { 0 };
    int r = c->path->is_guest ? measure_guest(m, c, &s) : measure_made(m, c->path, &s);
    if (r >= 0)
        return path_result_add(p, &s) < 0 ? error_no_memory(&m->site.app->error) : 0;
    if (interrupt_came(&m->interrupt))
        return failed(m, -EINTR, "", NULL);
    if (m->site.app->error.code == SRIOV_NOT_ROLLED_BACK)
        return r;
    note_failure(m, p);
    return 0;
}

/* ---- all of it ---- */

static int measure_round(struct measurement *m, unsigned round)
{
    size_t n = m->report.n_paths;
    for (size_t k = 0; k < n; k++) {
        size_t i = (round + k) % n; /* none is always the first */
        const struct path_result *p = &m->report.paths[i];
        if (*p->failure)
            continue;
        app_progress(m->site.app, "round %u of %u: %s", round + 1, m->report.repeat, p->name);
        int r = measure_path(m, i);
        if (r < 0)
            return r;
    }
    return 0;
}

int measure_all(struct measurement *m)
{
    int r = 0;
    for (unsigned round = 0; round < m->report.repeat && r >= 0; round++)
        r = measure_round(m, round);
    return r;
}
