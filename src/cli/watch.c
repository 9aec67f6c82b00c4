/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl watch: changes of PFs and VFs as they happen, whoever makes them. It waits for events of
 * the kernel and then compares what it read before with what it reads now; holders are not watched.
 */
#include <errno.h>
#include <time.h>

#include "cli/app.h"
#include "cli/burst.h"
#include "cli/watch-line.h"
#include "core/desired.h"
#include "core/difference.h"
#include "core/target.h"
#include "policy/load.h"

static const struct option_row options[] = {
    { "count", 'c', OPTION_NUMBER, OPTION(count), "N", .help = "end after N changes" },
    { "policy", 'p', OPTION_TEXT, OPTION(policy), "FILE|DIR", .here = true,
      .help = "mark changes that leave this policy as drift" },
    { NULL },
};

struct watch {
    struct app *app;
    char only[32]; /* key of the one PF to watch, "": all */
    struct desired policy;
    struct goals goals;
    uint64_t told;
};

static void print_json(struct watch *w, const struct difference *d, const struct timespec *now)
{
    struct json_writer j = JSON_WRITER(&w->app->out);
    char stamp[WATCH_TIME_SIZE];
    watch_time(now, stamp);
    json_object(&j, NULL);
    json_str(&j, "time", stamp);
    difference_json(d, &j);
    if (w->app->options.policy)
        json_bool(&j, "drift", difference_is_drift(d, &w->goals));
    json_end(&j);
    buf_add_char(&w->app->out, '\n');
}

static void print_text(struct watch *w, const struct difference *d, const struct timespec *now)
{
    char text[DIFFERENCE_TEXT_SIZE];
    difference_text(d, text);
    watch_line(&w->app->out, now, d->object, text, difference_is_drift(d, &w->goals));
}

static int tell(void *userdata, const struct difference *d)
{
    struct watch *w = userdata;
    if (*w->only && !str_eq(w->only, d->pf->key))
        return 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (w->app->options.json)
        print_json(w, d, &now);
    else
        print_text(w, d, &now);
    w->told++;
    return w->app->options.count > 0 && w->told >= w->app->options.count;
}

static int find_only(struct watch *w)
{
    struct app *a = w->app;
    struct target t = { 0 };
    if (a->n_args == 0)
        return 0;
    int r = target_find(a->session.snapshot, a->args[0], &t, &a->error);
    if (r < 0)
        return r;
    STR_SET(w->only, t.pf->key);
    target_done(&t);
    return 0;
}

static int load_policy(struct watch *w)
{
    if (!w->app->options.policy)
        return 0;
    int r = policy_load(w->app->options.policy, &w->policy, &w->app->error);
    /* A PF that is not there (yet) is no error here. */
    for (size_t i = 0; i < w->policy.n_pfs; i++)
        w->policy.pfs[i].optional = true;
    return r;
}

/* Goals point into the snapshot, so each snapshot has its own. */
static int resolve(struct watch *w)
{
    goals_done(&w->goals);
    w->goals = (struct goals){ 0 };
    return goals_resolve(&w->policy, w->app->session.snapshot, &w->goals, &w->app->error);
}

/* 0: go on; 1: enough was told. */
static int look_again(struct watch *w)
{
    struct app *a = w->app;
    _cleanup_snapshot_ struct snapshot *before = TAKE_PTR(a->session.snapshot);
    int r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = resolve(w);
    if (r >= 0)
        r = difference_find(before, a->session.snapshot, tell, w);
    if (r < 0)
        return r;
    int flushed = app_flush(a);
    return flushed < 0 ? flushed : r;
}

static int watch(struct watch *w, struct events *e)
{
    int r = session_snapshot(&w->app->session, &w->app->error);
    if (r >= 0)
        r = find_only(w);
    if (r >= 0)
        r = resolve(w);
    if (r >= 0 && w->app->terminal)
        app_note(w->app, "watching %zu PFs, Ctrl-C ends it", w->app->session.snapshot->n_pfs);
    while (r == 0) {
        r = burst_wait(e, UINT64_MAX);
        if (r == -EINTR)
            return 0;
        if (r < 0)
            return error_set(&w->app->error, SRIOV_FAILED, -r, "", "cannot wait for events");
        r = look_again(w);
    }
    return r < 0 ? r : 0;
}

static int run_watch(struct app *a)
{
    struct watch w = { .app = a };
    /* Opened before the first look, so that nothing falls between the two. */
    _cleanup_(events_close_p) struct events *e = NULL;
    int r = events_open(&e);
    if (r < 0)
        return error_set(&a->error, error_code_of(-r), -r, "",
                         "cannot listen to the kernel's events");
    r = load_policy(&w);
    if (r >= 0)
        r = watch(&w, e);
    goals_done(&w.goals);
    desired_done(&w.policy);
    return r;
}

const struct verb verb_watch = {
    .name = "watch",
    .synopsis = "watch [PF]",
    .help = "print changes as they happen",
    .details =
        (const char *const[]){
            "Prints a line for each attribute of a PF or VF that changes, and for each that comes or goes, "
            "whoever changed it: time, object, what, value before and after. It waits for the kernel's events "
            "and takes no time while nothing happens.",
            "What the kernel does not announce shows with the next change that it does. Settings of VFs are "
            "not announced while the PF's netdev is down. Who uses a VF is not watched.",
            "With --json one object per line: time, object, what, from, to, and with --policy drift.",
            NULL,
        },
    .options = options,
    .max_args = 1,
    .words = { WORD_PF, WORD_NONE },
    .examples =
        (const struct example[]){
            { "watch enp1s0", "changes of one PF and its VFs" },
            { "watch --policy /etc/sriovd --json",
              "all changes, those against the policy marked as drift" },
            { NULL, NULL },
        },
    .run = run_watch,
};
