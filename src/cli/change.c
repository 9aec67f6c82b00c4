/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The way of every change. The gate comes before the lock: a refused request must answer at once,
 * also while a stuck change holds the PF. The plan is made before the lock as well, so that a plan
 * without steps writes nothing at all; if another change came in between, it is made again.
 */
#include "cli/change.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/plan-text.h"
#include "core/target.h"
#include "core/worker.h"

/* ---- what is asked for ---- */

static int add_wish(struct app *a, struct desired *d, const struct target *t,
                    struct change_target *ret)
{
    ret->scope = t->has_vfs ? ATTR_OF_VF : ATTR_OF_PF;
    ret->wish = desired_add_pf(d, t->pf);
    if (!ret->wish)
        return error_no_memory(&a->error);
    ret->want = &ret->wish->want;
    if (t->has_vfs) {
        struct vf_wish *vfs = wish_add_vfs(ret->wish, t->indexes, t->count);
        if (!vfs)
            return error_no_memory(&a->error);
        ret->want = &vfs->want;
    }
    return 0;
}

int change_add(struct app *a, struct desired *d, const char *word, struct change_target *ret)
{
    struct target t = { 0 };
    int r = app_snapshot(a);
    if (r >= 0)
        r = target_find(a->snapshot, word, &t, &a->error);
    if (r < 0)
        return r;
    STR_SET(ret->object, word);
    r = add_wish(a, d, &t, ret);
    target_done(&t);
    return r;
}

int change_add_scope(struct app *a, struct desired *d, const char *word, enum attr_scope scope,
                     const char *instead, struct change_target *ret)
{
    int r = change_add(a, d, word, ret);
    if (r < 0 || ret->scope == scope)
        return r;
    r = error_set(&a->error, SRIOV_USAGE, 0, word, "is a %s, and %s takes a %s",
                  ret->scope == ATTR_OF_PF ? "PF" : "VF", a->verb->name,
                  scope == ATTR_OF_PF ? "PF" : "VF");
    error_remedy(&a->error, "%s", instead);
    return r;
}

/* ---- looking and planning ---- */

/* What tells whether somebody else changed something in the meantime. */
struct mark {
    int64_t newest; /* transaction */
    size_t running;
};

struct change {
    change_planner make;
    int (*finish)(struct app *a, void *userdata);
    void *userdata;
    struct plan plan;
    struct holders victims;
    struct mark mark;
};

static void change_done(struct change *c)
{
    holders_done(&c->victims);
    c->victims = (struct holders){ 0 };
    plan_done(&c->plan);
}

static int read_mark(struct app *a, struct mark *ret)
{
    struct transaction *running = NULL;
    struct history_row *newest = NULL;
    size_t n_newest = 0;
    *ret = (struct mark){ 0 };
    if (!a->ledger)
        return 0;
    int r = ledger_running(a->ledger, &running, &ret->running, &a->error);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ret->running; i++)
        transaction_done(&running[i]);
    free(running);
    r = ledger_history(a->ledger, NULL, -1, 1, &newest, &n_newest, &a->error);
    if (r < 0)
        return r;
    ret->newest = n_newest > 0 ? newest[0].transaction : 0;
    free(newest);
    return 0;
}

static void note_recovered(struct app *a, size_t reverted, size_t kept)
{
    if (reverted > 0)
        app_note(a, "%zu interrupted transaction%s undone first; sriovctl history tells what",
                 reverted, reverted == 1 ? "" : "s");
    if (kept > 0)
        app_note(a,
                 "%zu interrupted transaction%s left as it is, because a VF of it is in use by now",
                 kept, kept == 1 ? "" : "s");
}

/* Undoes what an earlier process left half done, before anything is planned on top of it. */
static int recover(struct app *a, struct mark *mark)
{
    size_t reverted = 0, kept = 0;
    if (mark->running == 0)
        return 0;
    int r = app_ledger_for_writing(a);
    if (r >= 0)
        r = app_backend(a);
    if (r >= 0)
        r = transactions_recover(a->backend, a->ledger, &reverted, &kept, &a->error);
    if (r < 0)
        return r;
    note_recovered(a, reverted, kept);
    r = reverted > 0 ? app_snapshot_again(a) : 0;
    return r < 0 ? r : read_mark(a, mark);
}

static int make_plan(struct app *a, struct change *c)
{
    int r = app_snapshot(a);
    if (r >= 0)
        r = c->make(a, c->userdata, &c->plan);
    if (r < 0 || c->plan.n_steps == 0)
        return r;
    r = app_holders(a);
    if (r < 0)
        return r;
    return plan_victims(&c->plan, &a->holders, &c->victims) < 0 ? error_no_memory(&a->error) : 0;
}

static int look(struct app *a, struct change *c)
{
    if (a->options.dry_run) {
        app_ledger_if_readable(a);
        app_note_interrupted(a);
    } else {
        int r = app_ledger(a);
        if (r >= 0)
            r = read_mark(a, &c->mark);
        if (r >= 0)
            r = recover(a, &c->mark);
        if (r < 0)
            return r;
    }
    return make_plan(a, c);
}

/* Refuses, or with --force tells who will be hurt. */
static int gate(struct app *a, struct change *c)
{
    if (a->options.force) {
        plan_note_victims(a, &c->plan, &c->victims, "will be hurt");
        return 0;
    }
    int r = plan_gate(&c->plan, &c->victims, &a->error);
    if (r < 0) {
        a->victims = c->victims; /* for the error in JSON */
        c->victims = (struct holders){ 0 };
    }
    return r;
}

static int lock(struct app *a, const struct plan *p)
{
    _cleanup_strv_ struct strv keys = STRV_INIT;
    for (size_t i = 0; i < p->goals.count; i++) {
        const char *key = p->goals.items[i].pf->key;
        if (!strv_has(&keys, key) && strv_add(&keys, key) < 0)
            return error_no_memory(&a->error);
    }
    return ledger_lock(a->ledger, &keys, &a->error);
}

/* With the lock held: was the plan made from a state that somebody changed since? */
static int plan_again_if_stale(struct app *a, struct change *c)
{
    struct mark now;
    int r = read_mark(a, &now);
    if (r < 0 || (now.newest == c->mark.newest && c->mark.running == 0))
        return r;
    change_done(c);
    r = app_snapshot_again(a);
    if (r >= 0)
        r = make_plan(a, c);
    return r < 0 || c->plan.n_steps == 0 ? r : gate(a, c);
}

/* ---- running ---- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    interrupted = 1;
}

static void show_progress(void *userdata, const struct plan *p, const struct step *step)
{
    struct app *a = userdata;
    char object[OBJECT_SIZE], action[ACTION_SIZE];
    step_object(p, step, object);
    plan_action(step, action);
    app_progress(a, "%s: %s %s -> %s ...", object, action, step->from, step->to);
}

/* Names whoever may be what the kernel waits for. */
static bool still_waiting(void *userdata, const struct plan *p, const struct step *step,
                          unsigned seconds)
{
    struct app *a = userdata;
    struct holders victims = { 0 };
    char object[OBJECT_SIZE], action[ACTION_SIZE];
    if (interrupted)
        return false;
    step_object(p, step, object);
    plan_action(step, action);
    app_note(a, "%s: %s: the kernel has been at it for %u seconds; Ctrl-C stops waiting for it",
             object, action, seconds);
    if (plan_victims(p, &a->holders, &victims) >= 0)
        plan_note_victims(a, p, &victims, "it may wait for");
    holders_done(&victims);
    return !interrupted;
}

static int apply_in_worker(struct app *a, struct plan *p, const struct apply_options *options,
                           struct apply_result *ret)
{
    const struct worker_options worker = {
        .apply = *options,
        .waiting = still_waiting,
        .userdata = a,
    };
    pid_t pid = 0;
    int r = plan_apply_in_worker(a->backend, a->ledger, p, &worker, ret, &pid, &a->error);
    if (r != -EINPROGRESS)
        return r;
    error_set(&a->error, SRIOV_FAILED, 0, a->command,
              "no longer waited for; process %d goes on with it and keeps the PF locked", (int)pid);
    error_remedy(&a->error,
                 "sriovctl list says busy as long as it does; sriovctl history has the end");
    return r;
}

/* The first Ctrl-C does not cut a change in two: it is finished or undone. A second one kills us,
 * and the next change recovers. */
static int run_plan(struct app *a, struct plan *p, struct apply_result *ret)
{
    const struct apply_options options = {
        .command = a->command,
        .force = a->options.force,
        .progress = show_progress,
        .userdata = a,
    };
    struct sigaction action = { .sa_handler = on_interrupt,
                                .sa_flags = SA_RESTART | (int)SA_RESETHAND };
    struct sigaction before;
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGINT, &action, &before);
    int r = plan_may_hang(p) ? apply_in_worker(a, p, &options, ret)
                             : plan_apply(a->backend, a->ledger, p, &options, ret, &a->error);
    sigaction(SIGINT, &before, NULL);
    return r;
}

static int apply(struct app *a, struct change *c)
{
    struct apply_result result = { 0 };
    int r = gate(a, c);
    if (r >= 0)
        r = app_ledger_for_writing(a);
    if (r >= 0)
        r = lock(a, &c->plan);
    if (r >= 0)
        r = plan_again_if_stale(a, c);
    if (r >= 0 && c->plan.n_steps > 0)
        r = run_plan(a, &c->plan, &result);
    if (r >= 0 && c->finish)
        r = c->finish(a, c->userdata);
    if (r < 0)
        return r;
    ledger_unlock(a->ledger);
    return plan_print_result(a, &c->plan, &c->victims, &result);
}

static int run(struct app *a, struct change *c)
{
    int r = look(a, c);
    if (r < 0)
        return r;
    if (a->options.dry_run)
        return plan_print(a, &c->plan, &c->victims);
    if (c->plan.n_steps > 0)
        return apply(a, c);
    r = c->finish ? c->finish(a, c->userdata) : 0;
    return r < 0 ? r : plan_print_result(a, &c->plan, &c->victims, &(struct apply_result){ 0 });
}

int change_run_plan(struct app *a, change_planner make,
                    int (*finish)(struct app *a, void *userdata), void *userdata)
{
    struct change c = { .make = make, .finish = finish, .userdata = userdata };
    int r = run(a, &c);
    change_done(&c);
    return r;
}

static int plan_desired(struct app *a, void *userdata, struct plan *ret)
{
    const struct desired *d = userdata;
    struct goals goals = { 0 };
    int r = goals_resolve(d, a->snapshot, &goals, &a->error);
    return r < 0 ? r : plan_make(a->snapshot, &goals, ret, &a->error);
}

int change_run(struct app *a, const struct desired *d)
{
    return change_run_plan(a, plan_desired, NULL, (void *)d);
}
