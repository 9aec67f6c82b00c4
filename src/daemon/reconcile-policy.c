/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The policy in force. It is read at the start, on SIGHUP, and when a file of its folder was
 * written; an editor writes more than once, so that is waited for. A policy that is wrong, in
 * itself or on this machine, is told and leaves the one before in force.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/pool.h"
#include "daemon/reconcile.h"
#include "policy/load.h"

#define EDITED_US UINT64_C(200000)
#define LATE_US UINT64_C(30000000)

/* ---- reading ---- */

/* No folder, and none with a policy in it, is an empty policy. */
static int read_files(const struct reconcile *r, struct desired *ret, struct sriov_error *error)
{
    const char *path = r->d->config.policy;
    struct stat st;
    int result = 0;

    if (stat(path, &st) == 0 && (!S_ISDIR(st.st_mode) || policy_folder_has_any(path)))
        result = policy_load(path, ret, error);
    return result < 0 ? result : pools_check(ret, error);
}

int reconcile_policy_resolve(const struct desired *policy, struct snapshot *s, struct goals *ret,
                             struct sriov_error *error)
{
    _cleanup_free_ struct pf_wish *wishes = calloc(policy->n_pfs + 1, sizeof(*wishes));
    struct desired present = { .pfs = wishes, .n_pfs = policy->n_pfs };

    if (!wishes)
        return error_no_memory(error);
    for (size_t i = 0; i < policy->n_pfs; i++) {
        wishes[i] = policy->pfs[i];
        wishes[i].optional = true;
    }
    return goals_resolve(&present, s, ret, error);
}

static bool is_missing(const struct pf_wish *wish, struct snapshot *s)
{
    struct pf_wish copy = *wish;
    const struct desired one = { .pfs = &copy, .n_pfs = 1 };
    struct sriov_error error = { 0 };
    struct goals goals = { 0 };
    bool missing = goals_resolve(&one, s, &goals, &error) < 0 && error.code == SRIOV_NO_DEVICE;

    goals_done(&goals);
    return missing;
}

size_t reconcile_policy_missing(const struct reconcile *r, struct buf *ret)
{
    size_t missing = 0;

    for (size_t i = 0; r->look && i < r->policy.n_pfs; i++) {
        if (!is_missing(&r->policy.pfs[i], r->look->snapshot))
            continue;
        if (ret)
            buf_printf(ret, "%s%s", missing > 0 ? ", " : "", r->policy.pfs[i].where);
        missing++;
    }
    return missing;
}

/* ---- telling ---- */

static void tell_wrong(struct reconcile *r, const struct sriov_error *e)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    buf_printf(&text, "%s%s%s%s%s; the policy before stays in force", e->message,
               e->kernel[0] ? ": " : "", e->kernel, e->remedy[0] ? "; " : "", e->remedy);
    if (buf_ok(&text) == 0)
        feed_tell(r->d->feed, &(struct record){ RECORD_POLICY, LEVEL_ERROR, e->object, text.data });
}

static void tell_in_force(struct reconcile *r)
{
    char text[96];

    snprintf(text, sizeof(text), "policy in force: %zu entr%s of pfs, %zu pool%s", r->policy.n_pfs,
             r->policy.n_pfs == 1 ? "y" : "ies", r->policy.n_pools,
             r->policy.n_pools == 1 ? "" : "s");
    feed_tell(r->d->feed,
              &(struct record){ RECORD_POLICY, LEVEL_NOTICE, r->d->config.policy, text });
}

static void late(void *userdata)
{
    struct reconcile *r = userdata;
    _cleanup_buf_ struct buf places = BUF_INIT, text = BUF_INIT;
    size_t missing = reconcile_policy_missing(r, &places);

    r->late_is_over = true;
    if (!r->settled)
        state_changed(r->d->state);
    if (missing == 0 || !places.data)
        return;
    buf_printf(&text, "%zu PF%s of the policy %s not there yet: %.400s", missing,
               missing == 1 ? "" : "s", missing == 1 ? "is" : "are", places.data);
    if (buf_ok(&text) == 0)
        feed_tell(r->d->feed,
                  &(struct record){ RECORD_POLICY, LEVEL_WARNING, .message = text.data });
}

/* ---- taking into force ---- */

static bool same_goal(const struct goal *a, const struct goal *b)
{
    _cleanup_buf_ struct buf one = BUF_INIT, other = BUF_INIT;
    struct json_writer to_one = JSON_WRITER(&one), to_other = JSON_WRITER(&other);

    goal_json(a, &to_one);
    goal_json(b, &to_other);
    return buf_ok(&one) == 0 && buf_ok(&other) == 0 && str_eq(one.data, other.data);
}

/* Both were found in the same look, so what differs is the policy. */
static void mark_changed(struct reconcile *r, const struct goals *next, bool again)
{
    for (size_t i = 0; i < next->count; i++) {
        const struct goal *g = &next->items[i];
        struct care *c = care_find(r, g->pf->key);

        if (c && c->goal && (again || !same_goal(c->goal, g))) {
            c->pending = true;
            care_forgive(c);
        }
    }
}

/* What libsriov lends from; it reads no YAML. */
static void keep_pools(struct reconcile *r)
{
    struct sriov_error error = { 0 };

    if (!r->d->replay && pools_save(r->d->config.state_dir, &r->policy, &error) < 0)
        feed_tell(r->d->feed,
                  &(struct record){ RECORD_POLICY, LEVEL_ERROR, error.object, error.message });
}

static void take(struct reconcile *r, struct desired *policy, struct goals *goals, bool again)
{
    mark_changed(r, goals, again);
    goals_done(&r->goals);
    desired_done(&r->policy);
    r->policy = *policy;
    r->goals = *goals;
    *policy = (struct desired){ 0 };
    *goals = (struct goals){ 0 };
    r->wrong = r->conflict = (struct sriov_error){ 0 };
    reconcile_attach(r);
    keep_pools(r);
    tell_in_force(r);
    reconcile_in(r, &r->late, LATE_US, late);
}

/* ---- loading, at the start and when a file was written ---- */

static void edited(void *userdata)
{
    reconcile_policy_load(userdata, false);
}

static void on_folder(void *userdata, const char *name)
{
    struct reconcile *r = userdata;

    if (!name || policy_is_file_name(name))
        reconcile_in(r, &r->edited, EDITED_US, edited);
}

/* The folder is watched before it is read, so that nothing falls between the two. One that is made
 * later is watched from the next reload on. */
void reconcile_policy_load(struct reconcile *r, bool again)
{
    _cleanup_(desired_done) struct desired next = { 0 };
    _cleanup_(goals_done) struct goals goals = { 0 };
    struct sriov_error error = { 0 };
    int result;

    if (!r->folder)
        loop_add_folder(r->d->loop, r->d->config.policy, on_folder, r, &r->folder);
    result = read_files(r, &next, &error);
    if (result >= 0 && r->look)
        result = reconcile_policy_resolve(&next, r->look->snapshot, &goals, &error);
    if (result < 0) {
        r->wrong = error;
        tell_wrong(r, &error);
    } else {
        take(r, &next, &goals, again);
    }
    if (r->look)
        state_changed(r->d->state);
}
