/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From wishes to goals: finds the PF of each wish, lays the settings out by VF number, and refuses
 * a PF that two wishes name (those of the Kubernetes form are merged instead, by priority, as its
 * operator does).
 */
#include <errno.h>
#include <stdio.h>

#include "core/desired.h"
#include "core/target.h"

static void goal_done(struct goal *g)
{
    free(g->vfs);
}

void goals_done(struct goals *g)
{
    for (size_t i = 0; i < g->count; i++)
        goal_done(&g->items[i]);
    free(g->items);
    *g = (struct goals){ 0 };
}

int goals_of_one(const struct goal *g, struct goals *ret)
{
    struct goal *copy = malloc(sizeof(*copy));
    struct attrs *vfs = calloc(g->n_vfs + 1, sizeof(*vfs));

    if (!copy || !vfs) {
        free(copy);
        free(vfs);
        return -ENOMEM;
    }
    if (g->n_vfs > 0)
        memcpy(vfs, g->vfs, g->n_vfs * sizeof(*vfs));
    *copy = *g;
    copy->vfs = vfs;
    *ret = (struct goals){ .items = copy, .count = 1 };
    return 0;
}

static bool altname_matches(const struct pf *pf, const char *name)
{
    return !name[0] || strv_has(&pf->altnames, name);
}

static bool text_matches(const char *want, const char *have)
{
    return !want[0] || str_eq(want, have);
}

static bool any_name_matches(const struct pf *pf, const char *name)
{
    return !name[0] || str_eq(pf->name, name) || strv_has(&pf->altnames, name);
}

static bool match_pf(const struct match *m, const struct pf *pf)
{
    return text_matches(m->name, pf->name) && text_matches(m->driver, pf->driver) &&
           text_matches(m->handle, pf->handle) && altname_matches(pf, m->altname) &&
           any_name_matches(pf, m->any_name) &&
           (!m->pci[0] || (pf->bus == PF_ON_PCI && str_eq(m->pci, pf->key))) &&
           (!m->has_mac || (pf->has_mac && m->mac == pf->mac)) &&
           (!m->has_vendor || m->vendor == pf->vendor) &&
           (!m->has_device || m->device == pf->device);
}

static int room_for_vfs(struct goal *g, size_t n)
{
    struct attrs *grown;

    if (n <= g->n_vfs)
        return 0;
    grown = reallocarray(g->vfs, n, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    memset(grown + g->n_vfs, 0, (n - g->n_vfs) * sizeof(*grown));
    g->vfs = grown;
    g->n_vfs = n;
    return 0;
}

/* What `from` knows and `to` does not: the first wish that names an attribute wins. */
static void merge(struct attrs *to, const struct attrs *from)
{
    for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++)
        if (attrs_has(from, (enum sriov_attr)a) && !attrs_has(to, (enum sriov_attr)a))
            attrs_copy((enum sriov_attr)a, from, to);
}

static int add_vfs(struct goal *g, const struct pf_wish *w)
{
    for (size_t i = 0; i < w->n_vfs; i++)
        for (size_t k = 0; k < w->vfs[i].count; k++) {
            unsigned index = w->vfs[i].indexes[k];

            if (room_for_vfs(g, (size_t)index + 1) < 0)
                return -ENOMEM;
            merge(&g->vfs[index], &w->vfs[i].want);
        }
    return 0;
}

static int add_wish(struct goal *g, const struct pf_wish *w)
{
    merge(&g->want, &w->want);
    if (w->count_way != COUNT_AUTO)
        g->count_way = w->count_way;
    g->mode = w->mode;
    g->fdb_sync = w->fdb_sync;
    g->count_external |= w->count_external;
    return add_vfs(g, w);
}

/* ---- policies of the operator's form ---- */

static bool overlaps(const struct goal *g, const struct pf_wish *w)
{
    for (size_t i = 0; i < w->n_vfs; i++)
        for (size_t k = 0; k < w->vfs[i].count; k++) {
            unsigned index = w->vfs[i].indexes[k];

            if (index < g->n_vfs && g->vfs[index].known)
                return true;
        }
    return false;
}

static void take_larger(enum sriov_attr id, const struct attrs *from, struct attrs *to)
{
    if (attrs_has(from, id) && (!attrs_has(to, id) || to->value[id] < from->value[id]))
        attrs_copy(id, from, to);
}

/* Adds a policy to those that go before it: its VFs if none of them is taken, and then, or at the
 * same priority, the larger of the counts and MTUs. All else is the first policy's alone. */
static int add_policy(struct goal *g, const struct pf_wish *w)
{
    bool taken = overlaps(g, w);

    if (taken && w->priority != g->priority)
        return 0;
    take_larger(SRIOV_NUM_VFS, &w->want, &g->want);
    take_larger(SRIOV_PF_MTU, &w->want, &g->want);
    return taken ? 0 : add_vfs(g, w);
}

/* A policy's MTU is what its VFs need: the PF's is raised to it, never lowered. */
static void keep_larger_mtu(struct goal *g)
{
    if (g->mergeable && attrs_has(&g->want, SRIOV_PF_MTU) &&
        attrs_has(&g->pf->attrs, SRIOV_PF_MTU) &&
        g->pf->attrs.value[SRIOV_PF_MTU] >= g->want.value[SRIOV_PF_MTU])
        attrs_forget(&g->want, SRIOV_PF_MTU);
}

static struct goal *find_goal(struct goals *g, const struct pf *pf)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->items[i].pf == pf)
            return &g->items[i];
    return NULL;
}

static struct goal *new_goal(struct goals *g, struct pf *pf, const struct pf_wish *w)
{
    struct goal *grown = reallocarray(g->items, g->count + 1, sizeof(*grown));

    if (!grown)
        return NULL;
    g->items = grown;
    grown[g->count] = (struct goal){ .pf = pf, .mergeable = w->mergeable, .priority = w->priority };
    STR_SET(grown[g->count].where, w->where);
    return &grown[g->count++];
}

static int give_to_pf(struct goals *g, struct pf *pf, const struct pf_wish *w,
                      struct sriov_error *error)
{
    struct goal *goal = find_goal(g, pf);

    if (goal && !(goal->mergeable && w->mergeable)) {
        error_set(error, SRIOV_USAGE, 0, w->where, "PF %s is matched twice, first at %s",
                  pf_label(pf), goal->where);
        error_remedy(error, "give each PF one entry");
        return -EEXIST;
    }
    if (goal)
        return add_policy(goal, w) == 0 ? 0 : error_no_memory(error);
    goal = new_goal(g, pf, w);
    return goal && add_wish(goal, w) == 0 ? 0 : error_no_memory(error);
}

static int no_such_pf(const struct snapshot *s, const struct pf_wish *w, struct sriov_error *error)
{
    const char *name = w->match.name[0]       ? w->match.name
                       : w->match.any_name[0] ? w->match.any_name
                                              : w->match.pci;

    error_set(error, SRIOV_NO_DEVICE, ENODEV, w->where, "no PF matches%s%s", name[0] ? " " : "",
              name);
    if (s->n_pfs == 0)
        error_remedy(error, "this machine has no PF at all: `sriovctl doctor` says why");
    else
        error_remedy(error, "`sriovctl list` shows the PFs; `optional: on` makes it no error");
    return -ENODEV;
}

static int resolve_wish(const struct pf_wish *w, struct snapshot *s, struct goals *g,
                        struct sriov_error *error)
{
    bool found = false;
    int r = 0;

    for (size_t i = 0; r >= 0 && i < s->n_pfs; i++)
        if (match_pf(&w->match, &s->pfs[i])) {
            found = true;
            r = give_to_pf(g, &s->pfs[i], w, error);
        }
    if (r >= 0 && !found && !w->optional)
        return no_such_pf(s, w, error);
    return r;
}

/* Lower priority first, so that it wins in merge(); stable, so that file order decides among
 * equals. */
static void sort_by_priority(const struct pf_wish **order, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && order[k - 1]->priority > order[k]->priority; k--) {
            const struct pf_wish *swap = order[k];

            order[k] = order[k - 1];
            order[k - 1] = swap;
        }
}

int goals_resolve(const struct desired *d, struct snapshot *s, struct goals *ret,
                  struct sriov_error *error)
{
    _cleanup_(goals_done) struct goals g = { 0 };
    _cleanup_free_ const struct pf_wish **order = calloc(d->n_pfs + 1, sizeof(*order));
    int r = 0;

    if (!order)
        return error_no_memory(error);
    for (size_t i = 0; i < d->n_pfs; i++)
        order[i] = &d->pfs[i];
    sort_by_priority(order, d->n_pfs);
    for (size_t i = 0; r >= 0 && i < d->n_pfs; i++)
        r = resolve_wish(order[i], s, &g, error);
    if (r < 0)
        return r;
    for (size_t i = 0; i < g.count; i++)
        keep_larger_mtu(&g.items[i]);
    *ret = g;
    g = (struct goals){ 0 };
    return 0;
}

/* ---- and back to a document ---- */

static void attrs_json(const struct attrs *a, struct json_writer *w)
{
    char text[ATTR_TEXT_SIZE];

    for (unsigned id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);

        if (!attrs_has(a, row->id))
            continue;
        attr_text(row, a, text);
        json_str(w, row->name, text);
    }
}

static void vfs_json(const struct goal *g, struct json_writer *w)
{
    char key[24];

    json_object(w, "vfs");
    for (size_t i = 0; i < g->n_vfs; i++) {
        if (!g->vfs[i].known)
            continue;
        snprintf(key, sizeof(key), "%zu", i);
        json_object(w, key);
        attrs_json(&g->vfs[i], w);
        json_end(w);
    }
    json_end(w);
}

void goal_json(const struct goal *g, struct json_writer *w)
{
    struct attrs want = g->want;

    if (g->count_external) /* the number is somebody else's; the form has no key for that */
        attrs_forget(&want, SRIOV_NUM_VFS);
    json_object(w, NULL);
    json_object(w, "match");
    json_str(w, "handle", g->pf->handle);
    json_end(w);
    if (g->count_way != COUNT_AUTO)
        json_str(w, "via", count_way_name(g->count_way));
    json_str(w, "mode", pf_mode_name(g->mode));
    json_str(w, "fdb_sync", g->fdb_sync ? "on" : "off");
    attrs_json(&want, w);
    vfs_json(g, w);
    json_end(w);
}
