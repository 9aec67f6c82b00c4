/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A look comes in. Each PF of the policy is judged by it: is it new (then the policy is applied to
 * it), does it differ from the policy, is that to be mended? What falls into a change, our own or
 * that of a command, is judged when the change is over; the folder of locks tells when that is.
 */
#include "daemon/reconcile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/file.h"
#include "core/ledger-lock.h"

#define SECOND_US UINT64_C(1000000)
#define ENOUGH_US (60 * SECOND_US) /* the boot waits no longer */
#define RETRY_US (1 * SECOND_US)

/* ---- cares ---- */

struct care *care_find(const struct reconcile *r, const char *key)
{
    struct care *c = r->cares;

    while (c && !str_eq(c->key, key))
        c = c->next;
    return c;
}

static struct care *care_add(struct reconcile *r, const char *key)
{
    struct care *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    STR_SET(c->key, key);
    c->reconcile = r;
    c->next = r->cares;
    r->cares = c;
    return c;
}

bool care_is_active(const struct care *c)
{
    return c->goal && c->goal->mode != MODE_OBSERVE && !c->reconcile->d->replay;
}

void care_forgive(struct care *c)
{
    c->failed = c->gave_up = false;
    c->deaths = 0;
    c->window = c->in_window = 0;
    c->trouble[0] = '\0';
}

/* A PF is new when it was not there a look ago, got a driver, or has another netdev, which it has
 * after its driver was loaded again. */
static void give(struct care *c, const struct goal *g, bool was_there)
{
    const struct pf *pf = g->pf;
    bool is_new = !was_there || (!c->has_driver && pf->driver[0]) ||
                  (pf->ifindex != 0 && pf->ifindex != c->ifindex);

    c->goal = g;
    c->has_driver = pf->driver[0];
    if (pf->ifindex != 0)
        c->ifindex = pf->ifindex;
    STR_SET(c->label, pf_label(pf));
    if (is_new) {
        care_forgive(c);
        c->pending = true;
    }
    c->pending &= care_is_active(c);
}

void reconcile_attach(struct reconcile *r)
{
    for (size_t i = 0; i < r->goals.count; i++) {
        const char *key = r->goals.items[i].pf->key;
        if (!care_find(r, key))
            care_add(r, key);
    }
    for (struct care *c = r->cares; c; c = c->next) {
        bool was_there = c->goal;
        c->goal = NULL;
        for (size_t i = 0; i < r->goals.count; i++) {
            if (str_eq(r->goals.items[i].pf->key, c->key))
                give(c, &r->goals.items[i], was_there);
        }
        if (!c->goal)
            drift_done(&c->drift);
    }
}

const struct goal *reconcile_goal(const struct reconcile *r, const char *pf_key)
{
    const struct care *c = care_find(r, pf_key);

    return c ? c->goal : NULL;
}

/* ---- moments ---- */

void reconcile_in(struct reconcile *r, struct source **timer, uint64_t microseconds,
                  void (*due)(void *userdata))
{
    if (*timer)
        loop_timer_set(*timer, microseconds);
    else
        loop_add_timer(r->d->loop, microseconds, due, r, timer);
}

static void look_again(void *userdata)
{
    struct reconcile *r = userdata;

    state_changed(r->d->state);
}

void reconcile_retry(struct reconcile *r)
{
    reconcile_in(r, &r->retry, RETRY_US, look_again);
}

static void waited_enough(void *userdata)
{
    struct reconcile *r = userdata;

    r->settled = true;
    state_changed(r->d->state); /* after which it is seen that we are */
}

/* A change has ended, or the work on a VF. The last look may have fallen into it. */
static void on_lock(void *userdata, const char *name)
{
    struct reconcile *r = userdata;
    struct care *c = name ? care_find(r, name) : NULL;

    if (!name || (c && c->busy) || (r->look && strv_has(&r->look->busy, name)))
        state_changed(r->d->state);
}

/* ---- a look ---- */

/* If a change that this look fell into is over by now, on_lock was too early to know of it. */
static void look_behind_changes(const struct reconcile *r)
{
    const struct strv *busy = &r->look->busy;

    for (size_t i = 0; i < busy->count; i++) {
        if (!ledger_lock_is_held(r->d->config.state_dir, busy->items[i])) {
            state_changed(r->d->state);
            return;
        }
    }
}

/* Was the PF being changed while it was read? */
static bool is_busy(const struct care *c, const struct look *look)
{
    return c->job || look->begun < c->not_before || strv_has(&look->busy, c->key);
}

static void tell_trouble(struct care *c, const struct sriov_error *e)
{
    char text[256];

    snprintf(text, sizeof(text), "the policy (%s) cannot be: %.100s", c->goal->where, e->message);
    if (str_eq(text, c->trouble))
        return;
    STR_SET(c->trouble, text);
    feed_tell(c->reconcile->d->feed,
              &(struct record){ RECORD_POLICY, LEVEL_WARNING, c->label, text });
}

/* The policy is about to be applied: that it differs is no drift, and what is wrong with it will be
 * told then. */
static bool is_to_come(const struct care *c)
{
    return c->pending && !c->failed;
}

/* True if there is drift that was not there before. */
static bool judge(struct care *c, const struct look *look)
{
    struct reconcile *r = c->reconcile;
    struct sriov_error error = { 0 };
    struct drift now = { 0 };
    bool news;
    int result;

    c->busy = c->goal && is_busy(c, look);
    if (!c->goal || c->busy)
        return false;
    result = drift_find(look, c->goal, r->boot, &now, &error);
    if (result == -EAGAIN)
        reconcile_retry(r);
    else if (result < 0 && result != -ENOMEM && !is_to_come(c))
        tell_trouble(c, &error);
    if (result < 0)
        return false;
    c->trouble[0] = '\0';
    news = drift_is_news(&now, &c->drift);
    drift_done(&c->drift);
    c->drift = now;
    return news && !is_to_come(c);
}

static int tell_change(void *userdata, const struct difference *d)
{
    const struct reconcile *r = userdata;
    const struct care *c = care_find(r, d->pf->key);
    const struct record record = {
        .kind = RECORD_CHANGE,
        .level = LEVEL_INFO,
        .object = d->object,
        .difference = d,
        .is_drift = c && c->goal && !c->busy && !is_to_come(c) && drift_has(&c->drift, d),
    };

    feed_tell(r->d->feed, &record);
    return 0;
}

static void settle(struct reconcile *r)
{
    bool all = r->look;

    for (const struct care *c = r->cares; all && c; c = c->next)
        all = work_is_settled(c);
    if (all && !r->late_is_over && !r->d->replay)
        all = reconcile_policy_missing(r, NULL) == 0;
    if (!all)
        return;
    r->settled = true;
    r->enough = source_free(r->enough);
    if (reconcile_policy_missing(r, NULL) == 0)
        r->late = source_free(r->late);
}

/* The policy was found to fit when it was loaded; a PF that came since may be matched twice. */
static void resolve(struct reconcile *r)
{
    struct sriov_error error = { 0 };
    struct goals goals = { 0 };

    reconcile_policy_resolve(&r->policy, r->look->snapshot, &goals, &error);
    if (!str_eq(error.message, r->conflict.message)) {
        r->conflict = error;
        if (error.code != SRIOV_DONE)
            feed_tell(r->d->feed,
                      &(struct record){ RECORD_POLICY, LEVEL_ERROR, error.object, error.message });
    }
    goals_done(&r->goals);
    r->goals = goals;
    reconcile_attach(r);
}

void reconcile_looked(struct reconcile *r, struct look *before, struct look *now)
{
    struct look *last = r->look;

    r->look = look_ref(now);
    resolve(r);
    look_unref(last);
    look_behind_changes(r);
    for (struct care *c = r->cares; c; c = c->next)
        c->has_news = judge(c, now);
    if (before)
        difference_find(before->snapshot, now->snapshot, tell_change, r);
    for (struct care *c = r->cares; c; c = c->next) {
        if (c->has_news)
            drift_tell(c);
        work_try(c);
    }
    if (!r->settled)
        settle(r);
}

bool reconcile_is_settled(const struct reconcile *r)
{
    return r->settled;
}

void reconcile_reload(struct reconcile *r)
{
    reconcile_policy_load(r, true);
}

/* ---- life ---- */

static int watch_locks(struct reconcile *r)
{
    char path[PATH_MAX];
    int result;

    snprintf(path, sizeof(path), "%s/" LEDGER_LOCKS_FOLDER, r->d->config.state_dir);
    result = file_make_dirs(path, 0700);
    return result < 0 ? result : loop_add_folder(r->d->loop, path, on_lock, r, &r->locks);
}

int reconcile_new(struct daemon *d, struct reconcile **ret, struct sriov_error *error)
{
    struct reconcile *r = calloc(1, sizeof(*r));
    int result = 0;

    if (!r)
        return error_no_memory(error);
    r->d = d;
    if (!d->replay)
        result = watch_locks(r);
    if (result >= 0)
        result = host_boot_id(r->boot);
    if (result < 0) {
        reconcile_free(r);
        return error_set(error, error_code_of(-result), -result, d->config.state_dir,
                         "cannot watch the state folder");
    }
    reconcile_policy_load(r, false);
    reconcile_in(r, &r->enough, ENOUGH_US, waited_enough);
    *ret = r;
    return 0;
}

struct reconcile *reconcile_free(struct reconcile *r)
{
    struct care *c;

    if (!r)
        return NULL;
    while ((c = r->cares)) {
        r->cares = c->next;
        if (c->job)
            job_forget(r->d->jobs, c->job);
        wait_forget(c);
        drift_done(&c->drift);
        free(c);
    }
    struct source *const sources[] = {
        r->folder, r->locks, r->edited, r->late, r->enough, r->retry
    };
    for (size_t i = 0; i < ELEMENTS(sources); i++)
        source_free(sources[i]);
    goals_done(&r->goals);
    desired_done(&r->policy);
    look_unref(r->look);
    free(r);
    return NULL;
}
