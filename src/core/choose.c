/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Choosing a VF: what fits, what of it is free, and in which order it is tried.
 */
#include "core/choose.h"

#include <errno.h>
#include <stdio.h>

#include "core/cores.h"
#include "core/pool.h"
#include "core/target.h"

#define NODES 64 /* of a machine; the largest have 32 */

/* The VFs that fit and are free of one PF. */
struct group {
    const struct pf *pf;
    unsigned *indexes;
    size_t count, taken; /* how many there are, and how many of them stand in the result */
    size_t lent;         /* all of the PF, whoever asked for them and from which pool */
};

struct choice {
    const struct choose_scene *scene;
    const struct choose_wish *wish;
    const struct pf *only; /* NULL: any */
    const struct pool *pool;
    struct group *groups;
    size_t n_groups;
    size_t fits; /* VFs, leased ones too */
};

static void choice_done(struct choice *c)
{
    for (size_t i = 0; i < c->n_groups; i++)
        free(c->groups[i].indexes);
    free(c->groups);
}

/* ---- what fits ---- */

static bool is_leased(const struct choose_scene *scene, const struct pf *pf, unsigned vf)
{
    for (size_t i = 0; i < scene->n_leases; i++) {
        const struct lease *l = &scene->leases[i];

        /* One that could not be read has no boot, and somebody. */
        if (l->vf == vf && str_eq(l->pf, pf->key) && (!*l->boot || str_eq(l->boot, scene->boot)))
            return true;
    }
    return false;
}

static bool is_near(const struct choose_scene *scene, const struct pf *pf)
{
    return pf->numa_node < 0 || pf->numa_node >= NODES || scene->near >> pf->numa_node & 1;
}

static bool pf_fits(const struct choice *c, const struct pf *pf)
{
    if (c->only && c->only != pf)
        return false;
    if (c->pool && c->pool->numa_same && !is_near(c->scene, pf))
        return false;
    if (c->wish->numa >= 0 && c->wish->numa != pf->numa_node)
        return false;
    return !c->wish->link || pf->carrier;
}

static bool driver_fits(const struct choose_wish *wish, const struct vf *vf)
{
    const char *driver = str_eq(wish->driver, DRIVER_NONE) ? "" : wish->driver;

    if (!*wish->driver)
        return true;
    return attrs_has(&vf->attrs, SRIOV_DRIVER) && str_eq(vf->attrs.driver, driver);
}

/* Is the VF in the pool by this source and by none before it, which would have had it already? */
static bool first_named_by(const struct choice *c, size_t source, const struct pf *pf, unsigned vf)
{
    const struct pool *pool = c->pool;

    for (size_t i = 0; i < source; i++)
        if (pool_source_has(&pool->sources[i], vf) &&
            target_find_pf(c->scene->snapshot, pool->sources[i].pf) == pf)
            return false;
    return pool_source_has(&pool->sources[source], vf);
}

/* ---- what is free ---- */

static size_t count_lent(const struct choose_scene *scene, const struct pf *pf)
{
    size_t lent = 0;

    for (size_t i = 0; i < pf->n_vfs; i++)
        lent += is_leased(scene, pf, pf->vfs[i].index);
    return lent;
}

static int add_group(struct choice *c, const struct pf *pf, size_t source)
{
    struct group *g = &c->groups[c->n_groups];

    *g = (struct group){ .pf = pf };
    if (!pf_fits(c, pf) || pf->n_vfs == 0)
        return 0;
    g->lent = count_lent(c->scene, pf);
    g->indexes = calloc(pf->n_vfs, sizeof(*g->indexes));
    if (!g->indexes)
        return -ENOMEM;
    c->n_groups++;
    for (size_t i = 0; i < pf->n_vfs; i++) {
        const struct vf *vf = &pf->vfs[i];

        if (!driver_fits(c->wish, vf) || (c->pool && !first_named_by(c, source, pf, vf->index)))
            continue;
        c->fits++;
        if (!is_leased(c->scene, pf, vf->index))
            g->indexes[g->count++] = vf->index;
    }
    return 0;
}

static int make_groups(struct choice *c)
{
    const struct snapshot *s = c->scene->snapshot;
    size_t room = c->pool ? c->pool->n_sources : s->n_pfs;
    int r = 0;

    c->groups = calloc(room ? room : 1, sizeof(*c->groups));
    if (!c->groups)
        return -ENOMEM;
    for (size_t i = 0; r >= 0 && i < room; i++) {
        const struct pf *pf = c->pool ? target_find_pf(s, c->pool->sources[i].pf) : &s->pfs[i];

        if (pf)
            r = add_group(c, pf, i);
    }
    return r;
}

/* ---- the order ---- */

/* A pool may have several groups of one PF: what is given of one of them counts for all. */
static size_t load_of(const struct choice *c, const struct group *g)
{
    size_t load = g->lent;

    for (size_t i = 0; i < c->n_groups; i++)
        if (c->groups[i].pf == g->pf)
            load += c->groups[i].taken;
    return load;
}

/* The group that gives the next VF; NULL: all are given. */
static struct group *next_group(const struct choice *c)
{
    struct group *best = NULL;

    for (size_t i = 0; i < c->n_groups; i++) {
        struct group *g = &c->groups[i];

        if (g->taken == g->count)
            continue;
        if (!best || load_of(c, g) < load_of(c, best))
            best = g;
        if (!c->wish->spread)
            break;
    }
    return best;
}

static int put_in_order(struct choice *c, struct vf_place **ret, size_t *ret_count)
{
    struct vf_place *places;
    struct group *g;
    size_t free_vfs = 0, n = 0;

    for (size_t i = 0; i < c->n_groups; i++)
        free_vfs += c->groups[i].count;
    places = calloc(free_vfs ? free_vfs : 1, sizeof(*places));
    if (!places)
        return -ENOMEM;
    while ((g = next_group(c))) {
        places[n] = (struct vf_place){ .bus = g->pf->bus, .index = g->indexes[g->taken++] };
        STR_SET(places[n++].pf, g->pf->key);
    }
    *ret = places;
    *ret_count = n;
    return 0;
}

/* ---- errors ---- */

#define WISH_SIZE 200

/* "pool fast", "enp1s0 with driver vfio-pci and link" */
static void wish_text(const struct choose_wish *wish, char ret[WISH_SIZE])
{
    char numa[32] = "", driver[48] = "";

    if (wish->numa >= 0)
        snprintf(numa, sizeof(numa), " on NUMA node %d", wish->numa);
    if (*wish->driver)
        snprintf(driver, sizeof(driver), " with driver %s", wish->driver);
    snprintf(ret, WISH_SIZE, "%s%s%s%s%s%s%s", *wish->pool ? "pool " : "",
             *wish->pool ? wish->pool : "", *wish->pool && *wish->pf ? " and of " : "",
             *wish->pf     ? wish->pf
             : *wish->pool ? ""
                           : "this machine",
             numa, driver, wish->link ? " with link" : "");
}

static int none_fits(const struct choose_wish *wish, struct sriov_error *error)
{
    char what[WISH_SIZE];

    wish_text(wish, what);
    error_set(error, SRIOV_NO_DEVICE, 0, "", "there is no VF of %s", what);
    if (error)
        error->error = ENODEV;
    error_remedy(error, "`sriovctl list` shows the VFs there are");
    return -ENODEV;
}

static int none_is_free(const struct choose_wish *wish, bool may_pass, struct sriov_error *error)
{
    char what[WISH_SIZE];

    wish_text(wish, what);
    error_set(error, SRIOV_IN_USE, 0, "", "no VF of %s is free", what);
    if (error)
        error->error = may_pass ? EAGAIN : EBUSY;
    error_remedy(error, "`sriovctl leases` shows who has them, `sriovctl list` who else uses one");
    return -EBUSY;
}

/* ---- choosing ---- */

static int find_named(struct choice *c, struct sriov_error *error)
{
    static const struct desired no_pools;
    const struct choose_wish *wish = c->wish;
    struct target t = { 0 };
    int r = 0;

    if (*wish->pool)
        r = pool_find(c->scene->pools ? c->scene->pools : &no_pools, wish->pool, &c->pool, error);
    if (r < 0 || !*wish->pf)
        return r;
    r = target_find(c->scene->snapshot, wish->pf, &t, error);
    if (r < 0)
        return r;
    c->only = t.pf;
    if (t.has_vfs)
        r = error_set(error, SRIOV_USAGE, 0, wish->pf, "is a VF, and a PF is wanted here");
    target_done(&t);
    return r;
}

int choose_candidates(const struct choose_scene *scene, const struct choose_wish *wish,
                      struct vf_place **ret, size_t *ret_count, struct sriov_error *error)
{
    _cleanup_(choice_done) struct choice c = { .scene = scene, .wish = wish };
    struct vf_place *places = NULL;
    size_t count = 0;
    int r;

    r = find_named(&c, error);
    if (r < 0)
        return r;
    if (make_groups(&c) < 0 || put_in_order(&c, &places, &count) < 0)
        return error_no_memory(error);
    if (count == 0) {
        free(places);
        return c.fits == 0 ? none_fits(wish, error) : none_is_free(wish, false, error);
    }
    *ret = places;
    *ret_count = count;
    return 0;
}

/* ---- who has them ---- */

static bool is_of_one(const struct holder *h, const struct vf_place *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (h->vf == (int)places[i].index && str_eq(h->pf, places[i].pf))
            return true;
    return false;
}

int choose_holders(const struct choose_scene *scene, const struct choose_wish *wish,
                   const struct holders *all, struct holders *ret)
{
    _cleanup_(holders_done) struct holders found = { 0 };
    _cleanup_free_ struct vf_place *places = NULL;
    struct choose_scene unlent = *scene;
    size_t count = 0;
    int r;

    unlent.n_leases = 0;
    r = choose_candidates(&unlent, wish, &places, &count, NULL);
    for (size_t i = 0; r >= 0 && i < all->count; i++)
        if (is_of_one(&all->items[i], places, count))
            r = holders_add(&found, &all->items[i]);
    if (r == -ENOMEM)
        return r;
    *ret = found;
    found = (struct holders){ 0 };
    return 0;
}

/* A VF that is lent is in use as well, and its owner's name says more than a process: one for each
 * VF, a lease before anything else. */
static int one_each(const struct holders *all, struct holders *ret)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < all->count; i++) {
        const struct holder *h = &all->items[i];
        struct holder *same = NULL;

        for (size_t k = 0; k < ret->count && !same; k++)
            if (ret->items[k].vf == h->vf && str_eq(ret->items[k].pf, h->pf))
                same = &ret->items[k];
        if (!same)
            r = holders_add(ret, h);
        else if (h->kind == HOLDER_LEASE)
            *same = *h;
    }
    return r;
}

static void name_holders(const struct holders *all, const struct snapshot *s,
                         struct sriov_error *error)
{
    _cleanup_(holders_done) struct holders named = { 0 };
    _cleanup_buf_ struct buf names = BUF_INIT;
    size_t len = strlen(error->message);

    if (one_each(all, &named) < 0 || named.count == 0)
        return;
    holders_text(&named, s, &names);
    if (buf_ok(&names) >= 0)
        snprintf(error->message + len, sizeof(error->message) - len, ": %s", names.data);
}

/* ---- NUMA ---- */

static bool share_one(const struct cpus *a, const struct cpus *b)
{
    for (size_t i = 0, k = 0; i < a->count && k < b->count;) {
        if (a->items[i] == b->items[k])
            return true;
        if (a->items[i] < b->items[k])
            i++;
        else
            k++;
    }
    return false;
}

/* A node that cannot be read, or has memory only, is nobody's. */
static bool node_has_one_of(struct backend *b, int node, const struct cpus *allowed)
{
    _cleanup_(cpus_done) struct cpus here = { 0 };

    return cpus_of_node(b, node, &here) >= 0 && share_one(&here, allowed);
}

uint64_t choose_nodes_of(struct backend *b, pid_t pid)
{
    _cleanup_(cpus_done) struct cpus allowed = { 0 };
    _cleanup_strv_ struct strv names = STRV_INIT;
    uint64_t nodes = 0, node;

    if (cpus_allowed(b, pid, &allowed) < 0 ||
        b->ops->list_dir(b, "/sys/devices/system/node", &names) < 0)
        return UINT64_MAX;
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];

        if (str_starts(name, "node") && str_to_u64(name + strlen("node"), NODES - 1, &node) >= 0 &&
            node_has_one_of(b, (int)node, &allowed))
            nodes |= UINT64_C(1) << node;
    }
    return nodes ? nodes : UINT64_MAX;
}

/* ---- leasing ---- */

static int try_each(struct backend *b, const struct choose_wish *wish,
                    const struct assign_request *q, const struct vf_place *places, size_t count,
                    struct lease *ret, struct sriov_error *error)
{
    struct sriov_error refusal = { 0 };
    bool may_pass = false;
    int r = -EBUSY;

    for (size_t i = 0; r == -EBUSY && i < count; i++) {
        r = assign_acquire(b, &places[i], q, ret, &refusal);
        may_pass |= r == -EBUSY && refusal.error == EAGAIN;
    }
    if (r == -EBUSY)
        return none_is_free(wish, may_pass, error);
    if (r < 0 && error)
        *error = refusal;
    return r;
}

struct look {
    struct snapshot *snapshot;
    struct lease *leases;
    size_t n_leases;
    struct desired pools;
};

static void look_done(struct look *l)
{
    snapshot_free(l->snapshot);
    leases_free(l->leases, l->n_leases);
    desired_done(&l->pools);
}

static int look_around(struct backend *b, const char *state_dir, struct look *ret,
                       struct sriov_error *error)
{
    int r;

    r = snapshot_take(b, &ret->snapshot, error);
    if (r >= 0)
        r = lease_list(state_dir, &ret->leases, &ret->n_leases, error);
    return r < 0 ? r : pools_load(state_dir, &ret->pools, error);
}

/* Looked at anew: who was quicker may have come since. What cannot be told is left out. */
static void tell_who(struct backend *b, const struct choose_scene *scene,
                     const struct choose_wish *wish, const char *state_dir,
                     struct holders *ret_holders, struct sriov_error *error)
{
    _cleanup_(look_done) struct look look = { 0 };
    _cleanup_(holders_done) struct holders all = { 0 }, found = { 0 };
    struct choose_scene now = *scene;

    if (look_around(b, state_dir, &look, NULL) < 0 ||
        holders_find(b, look.snapshot, look.leases, look.n_leases, &all, NULL) < 0)
        return;
    now.snapshot = look.snapshot;
    if (choose_holders(&now, wish, &all, &found) < 0)
        return;
    if (error)
        name_holders(&found, look.snapshot, error);
    if (ret_holders) {
        *ret_holders = found;
        found = (struct holders){ 0 };
    }
}

int choose_acquire(struct backend *b, const struct choose_wish *wish,
                   const struct assign_request *q, struct lease *ret, struct holders *ret_holders,
                   struct sriov_error *error)
{
    _cleanup_(look_done) struct look look = { 0 };
    _cleanup_free_ struct vf_place *places = NULL;
    char boot[HOST_BOOT_ID_SIZE] = "";
    size_t count = 0;
    int r;

    r = look_around(b, q->state_dir, &look, error);
    if (r < 0)
        return r;
    r = host_boot_id(boot);
    if (r < 0)
        return error_set(error, SRIOV_FAILED, -r, "", "cannot tell this boot from others");
    const struct choose_scene scene = {
        .snapshot = look.snapshot,
        .leases = look.leases,
        .n_leases = look.n_leases,
        .boot = boot,
        .pools = &look.pools,
        .near = *wish->pool ? choose_nodes_of(b, q->owner.pid) : UINT64_MAX,
    };
    r = choose_candidates(&scene, wish, &places, &count, error);
    if (r >= 0)
        r = try_each(b, wish, q, places, count, ret, error);
    if (r == -EBUSY)
        tell_who(b, &scene, wish, q->state_dir, ret_holders, error);
    return r;
}
