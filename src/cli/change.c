/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changes on the terminal: news while they run, Ctrl-C, and the result.
 */
#include "cli/change.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/plan-text.h"

/* What the library hands back to us with each call: the app, and the request's own. */
struct caller {
    struct app *app;
    const struct change_request *inner;
    void *userdata;
};

int change_add_scope(struct app *a, struct desired *d, const char *word, enum attr_scope scope,
                     const char *instead, struct wish_place *ret)
{
    int r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = desired_add_object(d, a->session.snapshot, word, ret, &a->error);
    if (r < 0 || ret->scope == scope)
        return r;
    r = error_set(&a->error, SRIOV_USAGE, 0, word, "is a %s, and %s takes a %s",
                  ret->scope == ATTR_OF_PF ? "PF" : "VF", a->verb->name,
                  scope == ATTR_OF_PF ? "PF" : "VF");
    error_remedy(&a->error, "%s", instead);
    return r;
}

/* ---- news ---- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    interrupted = 1;
}

static void tell_recovered(void *userdata, size_t reverted, size_t kept)
{
    struct app *a = ((struct caller *)userdata)->app;
    if (reverted > 0)
        app_note(a, "%zu interrupted transaction%s undone first; sriovctl history tells what",
                 reverted, reverted == 1 ? "" : "s");
    if (kept > 0)
        app_note(a,
                 "%zu interrupted transaction%s left as it is, because a VF of it is in use by now",
                 kept, kept == 1 ? "" : "s");
}

static void tell_freed(void *userdata, size_t leases)
{
    app_note(((struct caller *)userdata)->app,
             "%zu lease%s ended first, because the owner is gone; the VF is as it was before",
             leases, leases == 1 ? "" : "s");
}

static void tell_forced(void *userdata, const struct plan *p, const struct holders *victims)
{
    plan_note_victims(((struct caller *)userdata)->app, p, victims, "will be hurt");
}

static void tell_progress(void *userdata, const struct plan *p, const struct step *step)
{
    char object[OBJECT_SIZE], action[ACTION_SIZE];
    step_object(p, step, object);
    plan_action(step, action);
    app_progress(((struct caller *)userdata)->app, "%s: %s %s -> %s ...", object, action,
                 step->from, step->to);
}

/* Names whoever may be what the kernel waits for. */
static bool tell_waiting(void *userdata, const struct plan *p, const struct step *step,
                         unsigned seconds)
{
    struct app *a = ((struct caller *)userdata)->app;
    struct holders victims = { 0 };
    char object[OBJECT_SIZE], action[ACTION_SIZE];
    if (interrupted)
        return false;
    step_object(p, step, object);
    plan_action(step, action);
    app_note(a, "%s: %s: the kernel has been at it for %u seconds; Ctrl-C stops waiting for it",
             object, action, seconds);
    if (plan_victims(p, &a->session.holders, &victims) >= 0)
        plan_note_victims(a, p, &victims, "it may wait for");
    holders_done(&victims);
    return !interrupted;
}

/* ---- running ---- */

static int make(void *userdata, struct session *s, struct plan *ret, struct sriov_error *error)
{
    const struct caller *c = userdata;
    return c->inner->make(c->userdata, s, ret, error);
}

static int finish(void *userdata, struct session *s, struct sriov_error *error)
{
    const struct caller *c = userdata;
    return c->inner->finish ? c->inner->finish(c->userdata, s, error) : 0;
}

static int explain(struct app *a, int r, struct change_outcome *out)
{
    if (r == -EINPROGRESS) {
        error_set(&a->error, SRIOV_FAILED, 0, a->command,
                  "no longer waited for; process %d goes on with it and keeps the PF locked",
                  (int)out->worker);
        error_remedy(&a->error,
                     "sriovctl list says busy as long as it does; sriovctl history has the end");
    }
    if (a->error.code == SRIOV_IN_USE) { /* for the error in JSON */
        a->victims = out->victims;
        out->victims = (struct holders){ 0 };
    }
    return r;
}

static int run(struct app *a, struct caller *c, struct change_outcome *out)
{
    const struct change_request request = {
        .command = a->command,
        .force = a->options.force,
        .dry_run = a->options.dry_run,
        .make = make,
        .finish = finish,
        .recovered = tell_recovered,
        .freed = tell_freed,
        .forced = tell_forced,
        .progress = tell_progress,
        .waiting = tell_waiting,
        .userdata = c,
    };
    int r = change_run(&a->session, &request, out, &a->error);
    if (r < 0)
        return explain(a, r, out);
    if (a->options.dry_run)
        return plan_print(a, &out->plan, &out->victims);
    return plan_print_result(a, &out->plan, &out->victims, &out->result);
}

/* The first Ctrl-C does not cut a change in two: it is finished or undone. A second one kills us,
 * and the next change recovers. */
int change_run_request(struct app *a, const struct change_request *request, void *userdata)
{
    struct caller caller = { .app = a, .inner = request, .userdata = userdata };
    _cleanup_(change_outcome_done) struct change_outcome out = { 0 };
    struct sigaction action = { .sa_handler = on_interrupt,
                                .sa_flags = SA_RESTART | (int)SA_RESETHAND };
    struct sigaction before;
    if (a->options.dry_run) {
        app_ledger_if_readable(a);
        app_note_interrupted(a);
    }
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGINT, &action, &before);
    int r = run(a, &caller, &out);
    sigaction(SIGINT, &before, NULL);
    return r;
}

static int plan_desired(void *userdata, struct session *s, struct plan *ret,
                        struct sriov_error *error)
{
    return change_plan_desired(userdata, s, ret, error);
}

int change_run_desired(struct app *a, struct desired *d)
{
    const struct change_request request = { .make = plan_desired };
    return change_run_request(a, &request, d);
}
