/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A scrape. It waits for a look that is not too old, as nobody announces who opens a VF, and then
 * for the counters, which the reading thread reads; whoever comes meanwhile shares both. When the
 * kernel does not answer, the scrape does with what is in memory. The doctor runs as a job, at most
 * every five minutes, and only as long as somebody scrapes.
 */
#include "daemon/metrics.h"

#include <errno.h>
#include <time.h>

#include "daemon/metrics-read.h"
#include "kernel/events.h"
#include "wire/http.h"

#define LOOK_AGE_NS UINT64_C(30000000000)
#define PATIENCE_US UINT64_C(2000000) /* for the counters; Prometheus gives up after 10 s */
#define HANGS_MS 1000u                /* the reading thread: waiting is of no use */
#define DOCTOR_SECONDS 300

struct scrape {
    struct scrape *next;
    struct metrics *metrics;
    struct http_request *request;
    bool has_look; /* and waits for the counters */
};

/* One reading of the counters on its way through the reading thread. */
struct reading {
    struct metrics *metrics; /* NULL: nobody waits for it any more */
    struct counters counters;
};

struct metrics {
    struct daemon *daemon;
    struct source *patience;
    struct reading *reading; /* NULL: none on its way */
    struct scrape *scrapes;  /* all that wait, for a look or for that */
    struct diagnosis_figures doctor;
    uint64_t doctor_job; /* 0: none runs */
    int64_t doctor_begun;
};

/* ---- the doctor ---- */

static void doctor_done(void *userdata, const struct job *job)
{
    struct metrics *m = userdata;
    struct diagnosis_figures figures;

    m->doctor_job = 0;
    if (diagnosis_read(job->out.data ? job->out.data : "", job->out.len, &figures) < 0)
        return;
    figures.when = (int64_t)time(NULL);
    m->doctor = figures;
}

static void call_doctor(struct metrics *m)
{
    const struct job_request request = {
        .args = (const char *const[]){ "doctor", "--json", NULL },
        .done = doctor_done,
        .userdata = m,
    };
    int64_t now = (int64_t)time(NULL);

    if (m->doctor_job != 0 || (m->doctor_begun != 0 && now - m->doctor_begun < DOCTOR_SECONDS))
        return;
    if (job_start(m->daemon->jobs, &request, &m->doctor_job) >= 0)
        m->doctor_begun = now;
}

/* ---- answering ---- */

static void find_standings(const struct daemon *d, struct figures *f)
{
    struct pf_standing standing;

    for (size_t i = 0; reconcile_standing(d->reconcile, i, &standing); i++) {
        for (size_t k = 0; k < f->look->snapshot->n_pfs; k++) {
            if (!str_eq(f->pfs[k].pf->key, standing.pf))
                continue;
            f->pfs[k].standing = standing;
            f->pfs[k].has_standing = true;
        }
    }
}

static int collect(struct metrics *m, const struct counters *counters, struct figures *f)
{
    struct daemon *d = m->daemon;
    const struct look *look = state_look(d->state);
    int r = 0;

    f->daemon = d;
    f->doctor = m->doctor;
    f->has_usage = usage_read(&f->usage) >= 0;
    f->has_transactions = ledger_counts(daemon_ledger(d), f->transactions, NULL) >= 0;
    if (look)
        r = figures_look(f, look);
    if (look && r >= 0) {
        find_standings(d, f);
        if (counters)
            counters_apply(counters, f);
    }
    return r;
}

/* `counters` NULL: they could not be read. */
static void answer(struct metrics *m, struct http_request *request, const struct counters *counters)
{
    static const char *const headers[] = { "Vary", "Accept", NULL };
    _cleanup_(figures_done) struct figures figures = { 0 };
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct page page = { .out = &text, .format = page_format_of(http_header(request, "Accept")) };
    int r;

    r = collect(m, counters, &figures);
    if (r >= 0)
        figures_print(&figures, &page);
    if (r < 0 || buf_ok(&text) < 0) {
        http_respond(request, &(struct http_answer){ .status = 503 });
        return;
    }
    http_respond(request, &(struct http_answer){ .status = 200,
                                                 .type = page_content_type(page.format),
                                                 .body = text.data,
                                                 .len = text.len,
                                                 .headers = headers });
}

/* It is gone afterwards. */
static void finish(struct scrape *s, const struct counters *counters)
{
    struct scrape **place = &s->metrics->scrapes;

    while (*place != s)
        place = &(*place)->next;
    *place = s->next;
    state_forget(s->metrics->daemon->state, s);
    if (s->request) {
        http_set_userdata(s->request, NULL, NULL);
        answer(s->metrics, s->request, counters);
    }
    free(s);
}

/* Those that wait for the counters have waited long enough. */
static void finish_all(struct metrics *m, const struct counters *counters)
{
    struct scrape *s, *next;

    loop_timer_stop(m->patience);
    for (s = m->scrapes; s; s = next) {
        next = s->next;
        if (s->has_look)
            finish(s, counters);
    }
}

static void out_of_patience(void *userdata)
{
    finish_all(userdata, NULL);
}

static void peer_left(void *userdata)
{
    struct scrape *s = userdata;

    s->request = NULL;
    finish(s, NULL);
}

/* ---- reading ---- */

static void work(void *userdata, struct session *s)
{
    struct reading *reading = userdata;

    counters_read(&reading->counters, s->backend);
}

static void done(void *userdata)
{
    struct reading *reading = userdata;

    if (reading->metrics) {
        reading->metrics->reading = NULL;
        finish_all(reading->metrics, &reading->counters);
    }
    counters_done(&reading->counters);
    free(reading);
}

static int begin_reading(struct metrics *m, const struct look *look)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    int r;

    if (!reading)
        return -ENOMEM;
    r = counters_prepare(look->snapshot, &reading->counters);
    if (r >= 0)
        r = reader_run(m->daemon->reader, work, done, reading);
    if (r < 0) {
        counters_done(&reading->counters);
        free(reading);
        return r;
    }
    reading->metrics = m;
    m->reading = reading;
    return 0;
}

static bool anybody_waits_for_counters(const struct metrics *m)
{
    for (const struct scrape *s = m->scrapes; s; s = s->next) {
        if (s->has_look)
            return true;
    }
    return false;
}

/* NULL: there is no look yet. */
static void look_is_there(void *userdata, struct look *look)
{
    struct scrape *s = userdata;
    struct metrics *m = s->metrics;

    if (!look || reader_busy(m->daemon->reader) > HANGS_MS ||
        (!m->reading && begin_reading(m, look) < 0)) {
        finish(s, NULL);
        return;
    }
    if (!anybody_waits_for_counters(m))
        loop_timer_set(m->patience, PATIENCE_US);
    s->has_look = true;
}

static bool look_is_old(const struct daemon *d)
{
    const struct look *look = state_look(d->state);

    return !look || events_now() - look->begun > LOOK_AGE_NS;
}

void metrics_respond(struct daemon *d, struct http_request *r)
{
    struct metrics *m = d->metrics;
    struct scrape *s = malloc(sizeof(*s));

    call_doctor(m);
    if (!s) {
        answer(m, r, NULL);
        return;
    }
    *s = (struct scrape){ .next = m->scrapes, .metrics = m, .request = r };
    m->scrapes = s;
    http_set_userdata(r, s, peer_left);
    if (!look_is_old(d) || reader_busy(d->reader) > HANGS_MS)
        look_is_there(s, state_look(d->state));
    else if (state_fresh(d->state, look_is_there, s) < 0)
        finish(s, NULL);
}

/* ---- life ---- */

int metrics_new(struct daemon *d, struct metrics **ret)
{
    struct metrics *m = calloc(1, sizeof(*m));
    int r;

    if (!m)
        return -ENOMEM;
    m->daemon = d;
    r = loop_add_timer(d->loop, PATIENCE_US, out_of_patience, m, &m->patience);
    if (r < 0) {
        free(m);
        return r;
    }
    loop_timer_stop(m->patience);
    *ret = m;
    return 0;
}

/* The servers are gone already, and with them the requests. */
struct metrics *metrics_free(struct metrics *m)
{
    struct scrape *s;

    if (!m)
        return NULL;
    if (m->reading)
        m->reading->metrics = NULL;
    if (m->doctor_job != 0)
        job_forget(m->daemon->jobs, m->doctor_job);
    while ((s = m->scrapes)) {
        s->request = NULL;
        finish(s, NULL);
    }
    source_free(m->patience);
    free(m);
    return NULL;
}
