/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The jobs: `sriovctl apply --pf PF` with the PF's part of the policy in force as its input, so
 * what is in the files by now does not matter. One at a time for each PF. What was refused or
 * failed is not tried again before holders or differences have changed; and so often within a
 * minute only as the settings say.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/hash.h"
#include "base/json-read.h"
#include "core/ledger-lock.h"
#include "core/quirk.h"
#include "daemon/reconcile.h"
#include "kernel/events.h"

#define WINDOW_NS UINT64_C(60000000000)
#define DEATHS_MAX 3
#define ANSWER_NODES 200000

/* ---- what it was that a job was to mend ---- */

/* The differences, and who uses the PF and its VFs. */
static uint64_t signature(const struct care *c)
{
    const struct look *look = c->reconcile->look;
    uint64_t hash = HASH_START;

    for (size_t i = 0; i < c->drift.count; i++) {
        const struct drift_item *d = &c->drift.items[i];
        hash = hash_add(hash, &d->vf, sizeof(d->vf));
        hash = hash_add(hash, &d->attr, sizeof(d->attr));
        hash = hash_add_text(hash, d->is);
        hash = hash_add_text(hash, d->wanted);
    }
    for (size_t i = 0; i < look->holders.count; i++) {
        const struct holder *h = &look->holders.items[i];
        if (!str_eq(h->pf, c->key))
            continue;
        hash = hash_add(hash, &h->kind, sizeof(h->kind));
        hash = hash_add(hash, &h->vf, sizeof(h->vf));
        hash = hash_add(hash, &h->pid, sizeof(h->pid));
        hash = hash_add_text(hash, h->name);
    }
    return hash;
}

/* ---- what came of it ---- */

static void tell(const struct care *c, enum record_level level, const char *message)
{
    feed_tell(c->reconcile->d->feed,
              &(struct record){
                  .kind = c->work == WORK_REPAIR ? RECORD_REPAIR : RECORD_APPLY,
                  .level = level,
                  .object = c->label,
                  .message = message,
              });
}

static void tell_done(struct care *c, const struct node *answer)
{
    const struct node *changed = answer ? node_get(answer, "changed") : NULL;
    const char *transaction = answer ? node_get_text(answer, "transaction") : NULL;
    uint64_t n = 0;
    char text[96];

    if (changed)
        node_to_u64(changed, UINT64_MAX, &n);
    snprintf(text, sizeof(text), "%s: %" PRIu64 " change%s, transaction %.20s",
             c->work == WORK_REPAIR ? "put back as the policy says" : "the policy was applied", n,
             n == 1 ? "" : "s", transaction ? transaction : "-");
    if (n == 0)
        STR_SET(text, "is as the policy says");
    c->repairs += c->work == WORK_REPAIR && n > 0;
    tell(c, n > 0 ? LEVEL_NOTICE : LEVEL_INFO, text);
}

/* In one line, as sriovctl says it on a terminal. */
static void tell_failed(struct care *c, const struct node *error, int status)
{
    const char *keys[] = { "message", "kernel", "remedy" };
    _cleanup_buf_ struct buf text = BUF_INIT;

    buf_printf(&text, "%s %s", c->work == WORK_REPAIR ? "the repair" : "the policy",
               status == SRIOV_IN_USE   ? "was refused"
               : c->work == WORK_REPAIR ? "failed"
                                        : "could not be applied");
    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        const char *part = error ? node_get_text(error, keys[i]) : NULL;
        if (part && *part)
            buf_printf(&text, "%s%s", i == 2 ? "; " : ": ", part);
    }
    if (status >= 128)
        buf_printf(&text, ": its process was killed by signal %d", status - 128);
    if (buf_ok(&text) == 0)
        tell(c, status == SRIOV_IN_USE ? LEVEL_WARNING : LEVEL_ERROR, text.data);
}

/* Refused because another command has the PF: that ends, and then there is a look. Else those who
 * are named are waited for. */
static bool was_locked_out(struct care *c, const struct node *error, int status)
{
    const struct node *holders = error ? node_get(error, "holders") : NULL;

    if (status != SRIOV_IN_USE)
        return false;
    if (!holders || holders->count == 0)
        return true;
    wait_for_holders(c, holders);
    return false;
}

/* It, or its worker: the next job undoes what was half done, and then does its own. */
static bool has_died(int status)
{
    return status >= 128 || status == SRIOV_NOT_ROLLED_BACK;
}

static void read_answer(const struct job *job, struct node **ret)
{
    const struct node_limits limits = { JOB_OUTPUT, ANSWER_NODES, 16 };

    if (job->out.len > 0)
        json_read(job->out.data, job->out.len, &limits, ret, NULL);
}

static void ended(void *userdata, const struct job *job)
{
    _cleanup_node_ struct node *answer = NULL;
    struct care *c = userdata;
    const struct node *error;

    c->job = 0;
    c->not_before = events_now();
    state_changed(c->reconcile->d->state);
    read_answer(job, &answer);
    if (job->status == 0) {
        c->failed = false;
        c->deaths = 0;
        if (c->work == WORK_APPLY)
            c->in_window = 0;
        tell_done(c, answer);
        return;
    }
    c->pending |= c->work == WORK_APPLY;
    error = answer ? node_get(answer, "error") : NULL;
    if (was_locked_out(c, error, job->status))
        return;
    c->deaths = has_died(job->status) ? c->deaths + 1 : 0;
    c->failed = c->deaths == 0 || c->deaths >= DEATHS_MAX;
    tell_failed(c, error, job->status);
}

/* ---- starting one ---- */

/* The PF goes by its key: while the machine boots, its netdev is being renamed. */
static void start(struct care *c)
{
    const char *const args[] = { "apply", "--pf", c->key, "-f", "-", "--json", "--quiet", NULL };
    struct reconcile *r = c->reconcile;
    _cleanup_buf_ struct buf policy = BUF_INIT;
    struct json_writer w = JSON_WRITER(&policy);
    struct job_request q = { .args = args, .done = ended, .userdata = c };

    json_object(&w, NULL);
    json_array(&w, "pfs");
    goal_json(c->goal, &w);
    json_end(&w);
    json_end(&w);
    if (buf_ok(&policy) < 0)
        return;
    q.input = policy.data;
    q.input_len = policy.len;
    wait_forget(c);
    c->work = c->pending ? WORK_APPLY : WORK_REPAIR;
    c->tried_at = signature(c);
    if (job_start(r->d->jobs, &q, &c->job) < 0) {
        reconcile_retry(r);
        return;
    }
    c->pending = false; /* unless the policy changes while the job is at it */
    c->in_window++;
}

/* Too often within a minute: somebody undoes what we do, or it does not hold. */
static bool is_too_often(struct care *c)
{
    uint64_t now = events_now();

    if (c->window == 0 || now - c->window > WINDOW_NS) {
        c->window = now;
        c->in_window = 0;
    }
    return c->in_window >= c->reconcile->d->config.repairs_per_minute;
}

/* Such a driver makes no VFs while the PF is down, and a policy that does not say "link: up" leaves
 * that to somebody else. */
static bool waits_for_link(const struct care *c)
{
    const struct goal *g = c->goal;
    bool wants_vfs = attrs_has(&g->want, SRIOV_NUM_VFS) && g->want.value[SRIOV_NUM_VFS] > 0 &&
                     g->want.value[SRIOV_NUM_VFS] != g->pf->n_vfs;
    bool brings_up = attrs_has(&g->want, SRIOV_LINK) && g->want.value[SRIOV_LINK];

    return driver_has(g->pf->driver, DRIVER_COUNT_NEEDS_UP) && wants_vfs && !brings_up &&
           !g->pf->attrs.value[SRIOV_LINK];
}

static bool must_defer(struct care *c)
{
    bool was = c->deferred;

    c->deferred = waits_for_link(c);
    if (c->deferred && !was) {
        c->work = WORK_APPLY;
        tell(c, LEVEL_NOTICE,
             "put off until the PF is up, without which its driver makes no VFs; "
             "`link: up` in the policy brings it up");
    }
    return c->deferred;
}

static bool is_wanted(const struct care *c)
{
    return c->pending || (c->goal->mode == MODE_ENFORCE && c->drift.count > 0);
}

void work_try(struct care *c)
{
    if (!care_is_active(c) || c->busy || c->gave_up || !is_wanted(c) || must_defer(c))
        return;
    if (c->failed && c->tried_at == signature(c))
        return;
    if (!is_too_often(c)) {
        start(c);
        return;
    }
    c->gave_up = true;
    fight_tell(c);
}

bool work_is_settled(const struct care *c)
{
    return !care_is_active(c) ||
           (!c->job && (!c->pending || c->failed || c->deferred || c->gave_up));
}
