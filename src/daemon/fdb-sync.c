/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MACs behind a bridge. A PF that is a port of one does not know who is behind the others, and the
 * switch in the card sends what VFs send to those out on the wire. With `fdb_sync: on` in the
 * policy they are kept in the PF's filter table (docs/kb/bridge-fdb.md has the story).
 *
 * A message of the kernel about a forwarding table only says that there is something to do. Then
 * the tables are read and brought together on the reading thread, which may wait for the rtnl lock.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "daemon/daemon.h"
#include "daemon/fdb-plan.h"
#include "kernel/bridge-events.h"
#include "kernel/events.h"

/* Between one round and the next: so long, or this many times what the last one took. */
#define REST_US UINT64_C(10000)
#define REST_TIMES 4
#define NS_PER_US 1000

/* A PF whose table is kept; to be told from what is wished for by the next look. */
struct wish {
    char pf[32];
    int ifindex, port, bridge;
    int error; /* of the last round: a full table is told of once */
};

struct wishes {
    struct wish *items;
    size_t count;
};

/* One round, on its way through the reading thread; it has the marks meanwhile. */
struct round {
    struct fdb_sync *f; /* NULL: it is gone */
    struct look *look;  /* what ports point into; it never changes, so the thread may read it */
    const char *state_dir;
    struct fdb_port *ports;
    size_t n_ports;
    struct fdb_marks marks;
    uint64_t took; /* nanoseconds */
    int r;
};

struct fdb_sync {
    struct daemon *d;
    struct wishes wishes;
    struct fdb_marks marks; /* while no round is on its way */
    struct round *round;
    bool again; /* something happened meanwhile */
    struct source *rest;
    bool rests;
    int events; /* -1: not listening */
    struct source *event_source;
};

static void begin_round(struct fdb_sync *f);

/* ---- what is wished for ---- */

static struct wish *find_wish(const struct wishes *all, const char *pf)
{
    for (size_t i = 0; i < all->count; i++) {
        if (str_eq(all->items[i].pf, pf))
            return &all->items[i];
    }
    return NULL;
}

static bool is_wanted(const struct fdb_sync *f, const struct pf *pf)
{
    const struct goal *g = reconcile_goal(f->d->reconcile, pf->key);

    return pf->ifindex > 0 && g && g->fdb_sync && g->mode != MODE_OBSERVE;
}

static int make_wishes(const struct fdb_sync *f, const struct look *look, struct wishes *ret)
{
    struct wish *items = calloc(look->snapshot->n_pfs + 1, sizeof(*items));
    size_t count = 0;

    if (!items)
        return -ENOMEM;
    for (size_t i = 0; i < look->snapshot->n_pfs; i++) {
        const struct pf *pf = &look->snapshot->pfs[i];
        const struct wish *before = find_wish(&f->wishes, pf->key);
        struct fdb_port port;

        if (!is_wanted(f, pf) || !fdb_find_bridge(look->snapshot, pf, &port))
            continue;
        STR_SET(items[count].pf, pf->key);
        items[count].ifindex = pf->ifindex;
        items[count].port = port.port;
        items[count].bridge = port.bridge->ifindex;
        items[count++].error = before ? before->error : 0;
    }
    *ret = (struct wishes){ items, count };
    return 0;
}

static bool is_same(const struct wishes *a, const struct wishes *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++) {
        const struct wish *x = &a->items[i], *y = &b->items[i];

        same = str_eq(x->pf, y->pf) && x->ifindex == y->ifindex && x->port == y->port &&
               x->bridge == y->bridge;
    }
    return same;
}

/* ---- one round ---- */

static void work(void *userdata, struct session *s)
{
    struct round *round = userdata;
    uint64_t begun = events_now();
    int r = 0;

    for (size_t i = 0; i < round->n_ports; i++) {
        int failed = fdb_keep(s->backend, round->state_dir, &round->ports[i], &round->marks);

        r = failed < 0 ? failed : r;
    }
    round->took = events_now() - begun;
    round->r = r;
}

static void tell(const struct fdb_sync *f, const struct fdb_port *p)
{
    char message[256];

    if (fdb_is_full(p->error))
        snprintf(message, sizeof(message),
                 "its filter table is full: %zu addresses behind %s have no place in it, and VFs "
                 "do not reach them",
                 p->left_out, p->bridge->name);
    else
        snprintf(message, sizeof(message),
                 "the addresses behind %s cannot be put into its filter table: %s", p->bridge->name,
                 strerrordesc_np(-p->error));
    feed_tell(f->d->feed,
              &(struct record){ RECORD_APPLY, LEVEL_WARNING, pf_label(p->pf), .message = message });
}

static void take_results(struct fdb_sync *f, const struct round *round)
{
    for (size_t i = 0; i < round->n_ports; i++) {
        const struct fdb_port *p = &round->ports[i];
        struct wish *w = p->bridge ? find_wish(&f->wishes, p->pf->key) : NULL;

        if (!w)
            continue;
        if (p->error != 0 && p->error != w->error)
            tell(f, p);
        /* A table stays full until all found a place. */
        w->error = p->left_out > 0 && p->error == 0 ? w->error : p->error;
    }
}

static void round_free(struct round *round)
{
    look_unref(round->look);
    free(round->ports);
    fdb_marks_done(&round->marks);
    free(round);
}

static void on_rested(void *userdata)
{
    struct fdb_sync *f = userdata;

    f->rests = false;
    begin_round(f);
}

static void rest(struct fdb_sync *f, uint64_t took)
{
    uint64_t pause = MAX_OF(REST_US, REST_TIMES * took / NS_PER_US);
    int r;

    if (f->rest)
        r = loop_timer_set(f->rest, pause);
    else
        r = loop_add_timer(f->d->loop, pause, on_rested, f, &f->rest);
    f->rests = r >= 0;
}

static bool has_more(const struct round *round)
{
    for (size_t i = 0; i < round->n_ports; i++) {
        if (round->ports[i].more)
            return true;
    }
    return false;
}

static void done(void *userdata)
{
    struct round *round = userdata;
    struct fdb_sync *f = round->f;

    if (f) {
        f->round = NULL;
        f->marks = round->marks;
        round->marks = (struct fdb_marks){ 0 };
        take_results(f, round);
        if (f->again || has_more(round))
            rest(f, round->took);
    }
    round_free(round);
}

static bool has_marks(const struct fdb_marks *m, const char *pf)
{
    for (size_t i = 0; i < m->count; i++) {
        if (str_eq(m->items[i].pf, pf))
            return true;
    }
    return false;
}

/* Those that are kept, and those that still have something of ours. */
static int add_ports(const struct fdb_sync *f, struct round *round)
{
    const struct snapshot *s = round->look->snapshot;

    round->ports = calloc(s->n_pfs + 1, sizeof(*round->ports));
    if (!round->ports)
        return -ENOMEM;
    for (size_t i = 0; i < s->n_pfs; i++) {
        const struct wish *w = find_wish(&f->wishes, s->pfs[i].key);
        struct fdb_port port = { .pf = &s->pfs[i] };

        if (w && fdb_find_bridge(s, &s->pfs[i], &port))
            port.error = w->error;
        if (port.bridge || (port.pf->ifindex > 0 && has_marks(&f->marks, port.pf->key)))
            round->ports[round->n_ports++] = port;
    }
    return 0;
}

static void begin_round(struct fdb_sync *f)
{
    struct look *look = state_look(f->d->state);
    struct round *round;

    f->again = f->round || f->rests;
    if (f->again || !look)
        return;
    round = calloc(1, sizeof(*round));
    if (!round)
        return;
    *round = (struct round){
        .f = f,
        .look = look_ref(look),
        .state_dir = f->d->config.state_dir,
        .marks = f->marks,
    };
    if (add_ports(f, round) < 0 || round->n_ports == 0 ||
        reader_run(f->d->reader, work, done, round) < 0) {
        round->marks = (struct fdb_marks){ 0 };
        round_free(round);
        return;
    }
    f->marks = (struct fdb_marks){ 0 };
    f->round = round;
}

/* ---- events ---- */

static void on_event(void *userdata, uint32_t seen)
{
    struct fdb_sync *f = userdata;

    if (bridge_events_take(f->events) != 0)
        begin_round(f);
}

static void listen(struct fdb_sync *f, bool wanted)
{
    if (wanted == (f->events >= 0))
        return;
    f->event_source = source_free(f->event_source);
    if (f->events >= 0)
        close(f->events);
    f->events = -1;
    if (!wanted || bridge_events_open(&f->events) < 0)
        return;
    loop_add_fd(f->d->loop, f->events, EPOLLIN, on_event, f, &f->event_source);
}

/* ---- the part ---- */

int fdb_new(struct daemon *d, struct fdb_sync **ret)
{
    struct fdb_sync *f = calloc(1, sizeof(*f));

    if (!f)
        return -ENOMEM;
    f->d = d;
    f->events = -1;
    /* What cannot be read is nobody's: better an address too many than one of others gone. */
    if (!d->replay)
        fdb_marks_load(d->config.state_dir, &f->marks);
    *ret = f;
    return 0;
}

/* All of ours go. The reading thread has ended, so this is done here: the daemon is at its end, and
 * if the kernel keeps it waiting nobody else waits. */
static void take_all_out(struct fdb_sync *f)
{
    _cleanup_(backend_free_p) struct backend *b = NULL;
    const struct look *look = state_look(f->d->state);

    if (f->marks.count == 0 || !look || backend_linux(NULL, &b) < 0)
        return;
    for (size_t i = 0; i < look->snapshot->n_pfs; i++) {
        struct fdb_port port = { .pf = &look->snapshot->pfs[i] };

        port.more = port.pf->ifindex > 0 && has_marks(&f->marks, port.pf->key);
        while (port.more)
            fdb_keep(b, f->d->config.state_dir, &port, &f->marks);
    }
}

struct fdb_sync *fdb_free(struct fdb_sync *f)
{
    if (!f)
        return NULL;
    listen(f, false);
    source_free(f->rest);
    if (f->round)
        f->round->f = NULL;
    take_all_out(f);
    free(f->wishes.items);
    fdb_marks_done(&f->marks);
    free(f);
    return NULL;
}

void fdb_looked(struct fdb_sync *f, const struct look *now)
{
    struct wishes wishes;
    bool changed;

    if (f->d->replay || make_wishes(f, now, &wishes) < 0)
        return;
    changed = !is_same(&wishes, &f->wishes);
    free(f->wishes.items);
    f->wishes = wishes;
    listen(f, wishes.count > 0);
    if (changed || (wishes.count == 0 && f->marks.count > 0))
        begin_round(f);
}
