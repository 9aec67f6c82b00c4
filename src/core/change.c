/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The way of every change.
 */
#include "core/change.h"

#include <errno.h>

/* What tells whether somebody else changed something in the meantime. */
struct mark {
    int64_t newest; /* transaction */
    size_t running;
    uint64_t leases;
};

struct change {
    struct session *s;
    const struct change_request *request;
    struct change_outcome *out;
    struct mark mark;
    struct sriov_error *error;
};

void change_outcome_done(struct change_outcome *out)
{
    holders_done(&out->victims);
    plan_done(&out->plan);
    *out = (struct change_outcome){ 0 };
}

int change_plan_desired(const struct desired *d, struct session *s, struct plan *ret,
                        struct sriov_error *error)
{
    struct goals goals = { 0 };
    int r;

    r = goals_resolve(d, s->snapshot, &goals, error);
    return r < 0 ? r : plan_make(s->snapshot, &goals, ret, error);
}

/* ---- looking ---- */

static int read_mark(struct change *c, struct mark *ret)
{
    struct transaction *running = NULL;
    _cleanup_free_ struct history_row *newest = NULL;
    size_t n_newest = 0;
    int r;

    *ret = (struct mark){ 0 };
    r = session_leases_mark(c->s, &ret->leases, c->error);
    if (r < 0 || !c->s->ledger)
        return r;
    r = ledger_running(c->s->ledger, &running, &ret->running, c->error);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ret->running; i++)
        transaction_done(&running[i]);
    free(running);
    r = ledger_history(c->s->ledger, NULL, -1, 1, &newest, &n_newest, c->error);
    if (r >= 0 && n_newest > 0)
        ret->newest = newest[0].transaction;
    return r;
}

/* Undoes what an earlier process left half done, before anything is planned on top of it. A lease
 * that cannot be ended is no reason to stop: it stays a holder of its VF. */
static int recover(struct change *c)
{
    size_t reverted = 0, kept = 0, freed = 0;
    int r;

    r = session_ledger(c->s, c->error);
    if (r >= 0)
        session_recover_leases(c->s, &freed, NULL);
    if (r >= 0 && freed > 0 && c->request->freed)
        c->request->freed(c->request->userdata, freed);
    if (r >= 0)
        r = read_mark(c, &c->mark);
    if (r < 0 || c->mark.running == 0)
        return r;
    r = session_ledger_for_writing(c->s, c->error);
    if (r >= 0)
        r = session_backend(c->s, c->error);
    if (r >= 0)
        r = transactions_recover(c->s->backend, c->s->ledger, &reverted, &kept, c->error);
    if (r < 0)
        return r;
    if (c->request->recovered && reverted + kept > 0)
        c->request->recovered(c->request->userdata, reverted, kept);
    return read_mark(c, &c->mark);
}

static int make_plan(struct change *c)
{
    int r;

    r = session_snapshot(c->s, c->error);
    if (r >= 0)
        r = c->request->make(c->request->userdata, c->s, &c->out->plan, c->error);
    if (r < 0 || c->out->plan.n_steps == 0)
        return r;
    if (!plan_can_hurt(&c->out->plan))
        return 0;
    r = session_holders(c->s, c->error);
    if (r < 0)
        return r;
    return plan_victims(&c->out->plan, &c->s->holders, &c->out->victims) < 0
               ? error_no_memory(c->error)
               : 0;
}

/* Refuses, or if it is forced tells who will be hurt. */
static int gate(struct change *c)
{
    if (!c->request->force)
        return plan_gate(&c->out->plan, &c->out->victims, c->error);
    if (c->request->forced)
        c->request->forced(c->request->userdata, &c->out->plan, &c->out->victims);
    return 0;
}

/* ---- changing ---- */

static int lock(struct change *c)
{
    const struct plan *p = &c->out->plan;
    _cleanup_strv_ struct strv keys = STRV_INIT;

    if (plan_pfs(p, &keys) < 0)
        return error_no_memory(c->error);
    int r = ledger_lock(c->s->ledger, &keys, c->error);
    /* The ledger knows PFs by their keys, people by their names. */
    for (size_t i = 0; r < 0 && c->error && i < p->goals.count; i++)
        if (str_eq(c->error->object, p->goals.items[i].pf->key))
            STR_SET(c->error->object, pf_label(p->goals.items[i].pf));
    return r;
}

/* With the lock held: was the plan made from a state that somebody changed since? */
static int plan_again_if_stale(struct change *c)
{
    struct mark now;
    int r;

    r = read_mark(c, &now);
    if (r < 0 ||
        (now.newest == c->mark.newest && c->mark.running == 0 && now.leases == c->mark.leases))
        return r;
    change_outcome_done(c->out);
    session_forget(c->s);
    r = make_plan(c);
    if (r < 0 || c->out->plan.n_steps == 0)
        return r;
    r = gate(c);
    return r < 0 ? r : lock(c); /* it may be about other PFs now; those locked stay so */
}

static int run_plan(struct change *c)
{
    const struct change_request *q = c->request;
    struct plan *p = &c->out->plan;
    const struct worker_options options = {
        .apply = { .command = q->command,
                   .force = q->force,
                   .progress = q->progress,
                   .userdata = q->userdata },
        .waiting = q->waiting,
        .userdata = q->userdata,
    };

    if (p->n_steps == 0)
        return 0;
    if (plan_may_hang(p))
        return plan_apply_in_worker(c->s->backend, c->s->ledger, p, &options, &c->out->result,
                                    &c->out->worker, c->error);
    return plan_apply(c->s->backend, c->s->ledger, p, &options.apply, &c->out->result, c->error);
}

static int apply(struct change *c)
{
    int r;

    r = gate(c);
    if (r >= 0)
        r = session_ledger_for_writing(c->s, c->error);
    if (r >= 0)
        r = lock(c);
    if (r >= 0)
        r = plan_again_if_stale(c);
    if (r >= 0)
        r = run_plan(c);
    if (c->s->ledger_writable)
        ledger_unlock(c->s->ledger);
    return r;
}

int change_run(struct session *s, const struct change_request *request, struct change_outcome *out,
               struct sriov_error *error)
{
    struct change c = { .s = s, .request = request, .out = out, .error = error };
    int r = 0;

    /* What the session has read so far, to know what is meant, is older than the mark, and in the
     * hands of a program it may be hours old: neither plan nor gate may rest on it. */
    if (!request->dry_run) {
        r = recover(&c);
        session_forget(s);
    }
    if (r >= 0)
        r = make_plan(&c);
    if (r < 0 || request->dry_run)
        return r;
    if (out->plan.n_steps > 0)
        r = apply(&c);
    return r >= 0 && request->finish ? request->finish(request->userdata, s, error) : r;
}
