/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When to look. An event starts a timer of 20 ms; when it is due, the reading thread looks. After a
 * look it rests for four times what that cost, so a machine that never rests is read for a fifth of
 * the time at most. Nothing runs while nothing happens and nobody asks.
 */
#include "daemon/state.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#include "core/ledger-lock.h"
#include "kernel/events.h"

#define NS_PER_US UINT64_C(1000)
#define NS_PER_S UINT64_C(1000000000)
#define BURST_US UINT64_C(20000)
#define REST 4 /* times what a look costs */
#define REST_MAX_US UINT64_C(1000000)
#define FRESH_NS UINT64_C(1000000000) /* who holds a VF is not announced */
#define PATIENCE_US UINT64_C(1000000) /* then who waits gets the last look */

struct waiter {
    struct waiter *next;
    uint64_t wants; /* a look begun then or later */
    void (*ready)(void *userdata, struct look *look);
    void *userdata;
};

/* One look on its way through the reading thread. */
struct looking {
    struct state *state; /* NULL: it is gone */
    struct look *look;
    struct sriov_error error;
    int r;
};

struct state {
    struct loop *loop;
    struct reader *reader;
    state_looked looked;
    void *userdata;
    struct events *events; /* NULL for a capture, which never changes */
    struct source *event_sources[EVENTS_FDS];
    struct source *burst, *patience;
    bool burst_runs;
    struct look *look;
    struct looking *looking; /* NULL: none on its way */
    uint64_t changed;        /* when something did last */
    struct waiter *waiters;
};

static void begin_look(struct state *s);

/* ---- on the reading thread ---- */

static int read_all(struct session *s, struct look *ret, struct sriov_error *error)
{
    int r = session_snapshot(s, error);

    if (r >= 0)
        r = session_holders_to_show(s, error);
    if (r >= 0)
        r = session_leases(s, &ret->leases, &ret->n_leases, error);
    return r;
}

/* Before and after: a change that began or ended meanwhile counts, too. */
static int note_busy(const struct session *s, struct look *ret, struct sriov_error *error)
{
    if (s->replay)
        return 0;
    return ledger_locks_held(s->state_dir, &ret->busy) < 0 ? error_no_memory(error) : 0;
}

static uint64_t processor_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void work(void *userdata, struct session *s)
{
    struct looking *l = userdata;
    struct look *look = l->look;
    uint64_t cost = processor_time();

    look->begun = events_now();
    session_forget(s);
    l->r = note_busy(s, look, &l->error);
    if (l->r >= 0)
        l->r = read_all(s, look, &l->error);
    if (l->r >= 0)
        l->r = note_busy(s, look, &l->error);
    if (l->r < 0)
        return;
    look->snapshot = TAKE_PTR(s->snapshot);
    look->holders = s->holders;
    s->holders = (struct holders){ 0 };
    s->has_holders = false;
    look->took = events_now() - look->begun;
    look->cost = processor_time() - cost;
}

/* ---- who waits ---- */

static bool is_fresh(const struct state *s, uint64_t wants)
{
    return s->look && s->look->begun >= wants;
}

/* Everybody whose wish is met, or (with `all`) everybody, is called and gone. */
static void serve_waiters(struct state *s, bool all)
{
    struct waiter *w, *left = s->waiters;

    s->waiters = NULL;
    while ((w = left)) {
        left = w->next;
        if (all || is_fresh(s, w->wants)) {
            w->ready(w->userdata, s->look);
            free(w);
        } else {
            w->next = s->waiters;
            s->waiters = w;
        }
    }
    if (!s->waiters)
        loop_timer_stop(s->patience);
    else if (!s->looking)
        begin_look(s);
}

static void out_of_patience(void *userdata)
{
    serve_waiters(userdata, true);
}

int state_fresh(struct state *s, void (*ready)(void *userdata, struct look *look), void *userdata)
{
    uint64_t now = events_now(), aged = now > FRESH_NS ? now - FRESH_NS : 0;
    uint64_t wants = MAX_OF(s->changed, aged);
    struct waiter *w;

    if (is_fresh(s, wants)) {
        ready(userdata, s->look);
        return 0;
    }
    w = malloc(sizeof(*w));
    if (!w)
        return -ENOMEM;
    *w = (struct waiter){ s->waiters, wants, ready, userdata };
    if (!s->waiters)
        loop_timer_set(s->patience, PATIENCE_US);
    s->waiters = w;
    if (!s->looking)
        begin_look(s);
    return 0;
}

void state_forget(struct state *s, void *userdata)
{
    struct waiter **place = &s->waiters;

    while (*place) {
        struct waiter *w = *place;
        if (w->userdata == userdata) {
            *place = w->next;
            free(w);
        } else {
            place = &w->next;
        }
    }
}

/* ---- looking ---- */

/* A look that failed (no memory, a kernel without an answer) leaves the one before in place. */
static void take_look(struct state *s, struct looking *l)
{
    _cleanup_(look_unref_p) struct look *before = NULL;

    if (l->r < 0)
        return;
    before = s->look;
    l->look->number = before ? before->number + 1 : 1;
    l->look->spent = l->look->took + (before ? before->spent : 0);
    s->look = TAKE_PTR(l->look);
    s->looked(s->userdata, before, s->look);
}

static void done(void *userdata)
{
    struct looking *l = userdata;
    struct state *s = l->state;
    bool failed = l->r < 0;

    if (s) {
        s->looking = NULL;
        take_look(s, l);
    }
    look_unref(l->look);
    free(l);
    if (s)
        serve_waiters(s, failed);
}

static void begin_look(struct state *s)
{
    struct looking *l = calloc(1, sizeof(*l));

    if (!l)
        return;
    /* Until the thread has been there: it may never come to it. */
    l->r = -EIO;
    l->state = s;
    l->look = calloc(1, sizeof(*l->look));
    if (!l->look || reader_run(s->reader, work, done, l) < 0) {
        free(l->look);
        free(l);
        return;
    }
    l->look->references = 1;
    s->looking = l;
}

/* What is left of the rest after the last look. */
static uint64_t rest_us(const struct state *s)
{
    uint64_t passed, rest;

    if (!s->look)
        return 0;
    passed = (events_now() - s->look->begun - s->look->took) / NS_PER_US;
    rest = MIN_OF(REST * s->look->cost / NS_PER_US, REST_MAX_US);
    return rest > passed ? rest - passed : 0;
}

static void start_burst(struct state *s)
{
    if (!s->burst_runs)
        s->burst_runs = loop_timer_set(s->burst, MAX_OF(BURST_US, rest_us(s))) >= 0;
}

/* A look that is on its way may have begun too early: wait for it, then see. */
static void burst_over(void *userdata)
{
    struct state *s = userdata;

    s->burst_runs = false;
    if (s->looking)
        start_burst(s);
    else if (!is_fresh(s, s->changed))
        begin_look(s);
}

void state_changed(struct state *s)
{
    s->changed = events_now();
    start_burst(s);
}

static void on_event(void *userdata, uint32_t seen)
{
    struct state *s = userdata;
    struct event event;
    bool matters = false;

    while (events_wait(s->events, 0, &event) > 0)
        matters |= event_is_of_interest(&event);
    if (matters)
        state_changed(s);
}

/* ---- life ---- */

static int listen_to_events(struct state *s)
{
    int fds[EVENTS_FDS], r = events_open(&s->events);

    if (r < 0)
        return r;
    events_fds(s->events, fds);
    for (size_t i = 0; r >= 0 && i < EVENTS_FDS; i++)
        r = loop_add_fd(s->loop, fds[i], EPOLLIN, on_event, s, &s->event_sources[i]);
    return r;
}

/* The events are listened to before the first look, so nothing falls between the two. */
int state_new(struct loop *loop, struct reader *reader, bool live, state_looked looked,
              void *userdata, struct state **ret)
{
    struct state *s = calloc(1, sizeof(*s));
    int r;

    if (!s)
        return -ENOMEM;
    *s = (struct state){
        .loop = loop,
        .reader = reader,
        .looked = looked,
        .userdata = userdata,
    };
    r = live ? listen_to_events(s) : 0;
    if (r >= 0)
        r = loop_add_timer(loop, 0, burst_over, s, &s->burst);
    if (r >= 0)
        r = loop_add_timer(loop, PATIENCE_US, out_of_patience, s, &s->patience);
    if (r < 0) {
        state_free(s);
        return r;
    }
    s->burst_runs = true;
    *ret = s;
    return 0;
}

struct state *state_free(struct state *s)
{
    struct waiter *w;

    if (!s)
        return NULL;
    if (s->looking)
        s->looking->state = NULL;
    while ((w = s->waiters)) {
        s->waiters = w->next;
        free(w);
    }
    for (size_t i = 0; i < EVENTS_FDS; i++)
        source_free(s->event_sources[i]);
    source_free(s->burst);
    source_free(s->patience);
    events_close(s->events);
    look_unref(s->look);
    free(s);
    return NULL;
}

struct look *state_look(const struct state *s)
{
    return s->look;
}
