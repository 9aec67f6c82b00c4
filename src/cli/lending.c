/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the verbs about leases share.
 */
#include "cli/lending.h"

#include <errno.h>
#include <stdio.h>

#include "core/lease-json.h"
#include "core/reservation.h"
#include "core/setting.h"
#include "core/target.h"

#define NUMA_NODES_MAX 1024 /* CONFIG_NODES_SHIFT is 10 at most */

const char *lending_dir(const struct app *a)
{
    return a->options.state_dir ? a->options.state_dir : STATE_DIR_DEFAULT;
}

int lending_find(struct app *a, const char *word, struct vf_place *ret)
{
    struct target t = { 0 };
    int r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = target_find(a->session.snapshot, word, &t, &a->error);
    if (r < 0)
        return r;
    if (t.has_vfs && t.count == 1) {
        *ret = (struct vf_place){ .bus = t.pf->bus, .index = t.indexes[0] };
        STR_SET(ret->pf, t.pf->key);
    } else {
        r = error_set(&a->error, SRIOV_USAGE, 0, word, "%s, and %s takes one VF",
                      t.has_vfs ? "are several VFs" : "is a PF", a->verb->name);
        error_remedy(&a->error, t.has_vfs ? "name one, as in PF/0"
                                          : "name a VF, as in PF/0, or any of the PF with --pf");
    }
    target_done(&t);
    return r;
}

/* ---- what is asked for ---- */

static int read_text(struct app *a, const char *option, const char *text, char *ret, size_t size)
{
    if (!text)
        return 0;
    if (*text == '\0')
        return error_set(&a->error, SRIOV_USAGE, 0, option, "is empty");
    if (!str_copy(ret, size, text))
        return error_set(&a->error, SRIOV_USAGE, 0, option, "%.40s... is too long", text);
    return 0;
}

static int read_wish(struct app *a, struct choose_wish *ret)
{
    const struct options *o = &a->options;
    *ret = (struct choose_wish){ .numa = -1, .link = o->link, .spread = o->spread };
    int r = read_text(a, "--pf", o->pf, ret->pf, sizeof(ret->pf));
    if (r >= 0)
        r = read_text(a, "--pool", o->pool, ret->pool, sizeof(ret->pool));
    if (r >= 0)
        r = read_text(a, "--driver", o->driver, ret->driver, sizeof(ret->driver));
    if (r < 0 || !o->numa)
        return r;
    uint64_t node;
    if (str_to_u64(o->numa, NUMA_NODES_MAX - 1, &node) < 0)
        return error_set(&a->error, SRIOV_USAGE, 0, "--numa", "%.40s is no NUMA node", o->numa);
    ret->numa = (int)node;
    return 0;
}

static int read_settings(struct app *a, const char *const *settings, size_t count,
                         struct attrs *ret)
{
    int r = 0;
    for (size_t i = 0; i < count && r >= 0; i++)
        r = setting_read_lent(settings[i], ret, a->verb->name, &a->error);
    return r;
}

int lending_read(struct app *a, const char *word, const char *const *settings, size_t n_settings,
                 struct lending *ret)
{
    const struct options *o = &a->options;
    bool wishes = o->pf || o->pool || o->numa || o->driver || o->link || o->spread;
    *ret = (struct lending){
        .by_wish = wishes,
        .request = { .state_dir = lending_dir(a),
                     .netns = -1,
                     .flags = o->clean ? ASSIGN_CLEAN : 0 },
    };
    if (wishes == (word != NULL)) {
        int r = error_set(&a->error, SRIOV_USAGE, 0, word ? word : a->verb->name,
                          word ? "one VF is named, and options say that others will do"
                               : "which VF is not said");
        error_remedy(&a->error, "name one VF, or what it must be: --pf, --pool, --numa, --driver, "
                                "--link, --spread");
        return r;
    }
    int r = read_wish(a, &ret->wish);
    if (r >= 0)
        r = read_settings(a, settings, n_settings, &ret->request.want);
    return r < 0 || wishes ? r : lending_find(a, word, &ret->place);
}

/* The engine may refuse before it has looked: then it knows the PF by its key, people by its name.
 */
static void name_as_people_do(struct app *a, const struct vf_place *place)
{
    const struct pf *pf = target_find_pf(a->session.snapshot, place->pf);
    char key[OBJECT_SIZE];
    snprintf(key, sizeof(key), "%s/%u", place->pf, place->index);
    if (pf && str_eq(a->error.object, key))
        vf_label(pf, place->index, a->error.object);
}

int lending_acquire(struct app *a, const struct lending *l, struct lease *ret)
{
    int r = session_backend(&a->session, &a->error);
    if (r < 0)
        return r;
    if (l->by_wish)
        return choose_acquire(a->session.backend, &l->wish, &l->request, ret, &a->victims,
                              &a->error);
    r = assign_acquire(a->session.backend, &l->place, &l->request, ret, &a->error);
    if (r < 0)
        name_as_people_do(a, &l->place);
    return r;
}

/* ---- owners that are gone ---- */

struct lease_set {
    struct lease *items;
    size_t count;
};

static void lease_set_done(struct lease_set *s)
{
    leases_free(s->items, s->count);
}

static bool has(const struct lease_set *set, const struct lease *l)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct lease *other = &set->items[i];
        if (other->vf == l->vf && str_eq(other->pf, l->pf) && other->since == l->since &&
            str_eq(other->owner.name, l->owner.name))
            return true;
    }
    return false;
}

static int tell_freed(struct app *a, const struct lease_set *before)
{
    _cleanup_(lease_set_done) struct lease_set now = { 0 };
    int r = lease_list(lending_dir(a), &now.items, &now.count, &a->error);
    if (r >= 0)
        r = session_snapshot_again(&a->session, &a->error);
    for (size_t i = 0; i < before->count && r >= 0; i++) {
        const struct lease *l = &before->items[i];
        char label[OBJECT_SIZE];
        if (has(&now, l))
            continue;
        lease_label(l, a->session.snapshot, label);
        app_note(a, "%s is free: what %s left was taken back", label, l->owner.name);
    }
    return r;
}

/* What belongs to leases, and ends behind them. */
static void recover_reservations(struct app *a)
{
    struct sriov_error error = { 0 };
    size_t freed = 0;
    if (reservations_recover(a->session.backend, lending_dir(a), &freed, &error) < 0)
        app_note(a, "%s: %s%s%s", error.object, error.message, *error.kernel ? ": " : "",
                 error.kernel);
    if (freed > 0)
        app_note(a, "what %zu program%s had reserved was given back", freed, freed == 1 ? "" : "s");
}

int lending_recover(struct app *a)
{
    _cleanup_(lease_set_done) struct lease_set before = { 0 };
    size_t freed = 0;
    int r = lease_list(lending_dir(a), &before.items, &before.count, &a->error);
    if (r >= 0)
        r = session_backend(&a->session, &a->error);
    if (r < 0)
        return r;
    if (before.count > 0 &&
        assign_recover(a->session.backend, lending_dir(a), &freed, &a->error) < 0) {
        app_note(a, "%s: a lease whose owner is gone could not be taken back: %s%s%s",
                 a->error.object, a->error.message, *a->error.kernel ? ": " : "", a->error.kernel);
        a->error = (struct sriov_error){ 0 };
    }
    if (freed > 0)
        r = tell_freed(a, &before);
    recover_reservations(a);
    return MIN_OF(r, 0);
}
