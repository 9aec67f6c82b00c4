/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From where a pool comes to the VFs it has.
 */
#include "vm/pool-members.h"

#include <errno.h>
#include <stdio.h>

#include "core/choose.h"
#include "core/pool.h"
#include "core/target.h"
#include "doctor/libvirt.h"
#include "kernel/list.h"

static const char *const state_names[] = {
    [POOL_FREE] = "free",
    [POOL_USED] = "used",
    [POOL_TAKEN] = "taken",
};

const char *pool_state_name(enum pool_state state)
{
    return state_names[state];
}

void pool_vfs_done(struct pool_vfs *v)
{
    free(v->items);
    *v = (struct pool_vfs){ 0 };
}

struct search {
    const struct pool_scene *scene;
    struct vms domains;
    struct pool_vfs found;
};

static void search_done(struct search *s)
{
    vms_done(&s->domains);
    pool_vfs_done(&s->found);
}

static int parse_domains(struct search *s)
{
    for (size_t i = 0; i < s->scene->domains->count; i++) {
        struct vm vm, *slot;

        if (vm_parse(s->scene->domains->items[i], &vm) < 0)
            return -ENOMEM;
        slot = LIST_ADD(&s->domains);
        if (!slot) {
            vm_done(&vm);
            return -ENOMEM;
        }
        *slot = vm;
    }
    return 0;
}

/* ---- one VF ---- */

static const struct network_port *port_of(const struct network *n, const char *member)
{
    for (size_t i = 0; i < n->n_ports; i++)
        if (str_eq(n->ports[i].member, member))
            return &n->ports[i];
    return NULL;
}

static const struct holder *user_of(const struct holders *h, const struct pf *pf, unsigned vf)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->items[i].vf == (int)vf && str_eq(h->items[i].pf, pf->key))
            return &h->items[i];
    return NULL;
}

/* The domain whose configuration names the VF itself. */
static const char *domain_of(const struct search *s, const char *pci)
{
    for (size_t i = 0; i < s->domains.count; i++)
        for (size_t k = 0; k < s->domains.items[i].n_devices; k++)
            if (*pci && str_eq(s->domains.items[i].devices[k].pci, pci))
                return s->domains.items[i].name;
    return NULL;
}

static void judge(const struct search *s, const struct pf *pf, const struct vf *vf,
                  struct pool_vf *ret)
{
    const struct network_port *port = port_of(s->scene->network, ret->member);
    const struct holder *holder = user_of(s->scene->holders, pf, vf->index);
    const char *domain = domain_of(s, vf->pci);

    ret->state = port ? POOL_USED : POOL_TAKEN;
    if (port && ret->member[0])
        STR_SET(ret->who, port->owner);
    else if (!ret->member[0])
        STR_SET(ret->who, str_eq(s->scene->network->mode, NETWORK_HOSTDEV)
                              ? "has no PCI address"
                              : "has no netdev on this host");
    else if (holder)
        holder_text(holder, ret->who);
    else if (domain)
        snprintf(ret->who, sizeof(ret->who), "the configuration of domain \"%s\"", domain);
    else
        ret->state = POOL_FREE;
}

static const struct vf *vf_at(const struct pf *pf, unsigned index)
{
    for (size_t i = 0; i < pf->n_vfs; i++)
        if (pf->vfs[i].index == index)
            return &pf->vfs[i];
    return NULL;
}

/* A VF on vfio-pci has no netdev; what was its name before is not known. */
static void name_member(const struct network *n, const struct vf *vf, struct pool_vf *ret)
{
    if (str_eq(n->mode, NETWORK_HOSTDEV))
        STR_SET(ret->member, vf->pci);
    else if (vf->ifindex > 0 && attrs_has(&vf->attrs, SRIOV_NAME))
        STR_SET(ret->member, vf->attrs.name);
}

static int add_vf(struct search *s, const struct vf_place *place)
{
    const struct pf *pf = target_find_pf(s->scene->snapshot, place->pf);
    const struct vf *vf = pf ? vf_at(pf, place->index) : NULL;
    struct pool_vf *slot = vf ? LIST_ADD(&s->found) : NULL;

    if (!slot)
        return vf ? -ENOMEM : 0;
    vf_label(pf, vf->index, slot->label);
    name_member(s->scene->network, vf, slot);
    judge(s, pf, vf, slot);
    return 0;
}

/* What a domain has stays in the list, even if the pool comes from elsewhere by now. */
static int add_used(struct search *s)
{
    const struct network *n = s->scene->network;

    for (size_t i = 0; i < n->n_ports; i++) {
        const char *member = n->ports[i].member;
        struct pool_vf *slot;
        bool known = !*member;

        for (size_t k = 0; k < s->found.count && !known; k++)
            known = str_eq(s->found.items[k].member, member);
        slot = known ? NULL : LIST_ADD(&s->found);
        if (!slot && !known)
            return -ENOMEM;
        if (known)
            continue;
        slot->state = POOL_USED;
        STR_SET(slot->label, member);
        STR_SET(slot->member, member);
        STR_SET(slot->who, n->ports[i].owner);
    }
    return 0;
}

/* ---- where they come from ---- */

/* Who has them is asked here, not there: it has no leases. */
static int add_fitting(struct search *s, const struct choose_wish *wish, struct sriov_error *error)
{
    const struct choose_scene all = {
        .snapshot = s->scene->snapshot,
        .boot = "",
        .pools = s->scene->pools,
        .near = UINT64_MAX,
    };
    _cleanup_free_ struct vf_place *places = NULL;
    size_t count = 0;
    int r;

    r = choose_candidates(&all, wish, &places, &count, error);
    for (size_t i = 0; r >= 0 && i < count; i++)
        if (add_vf(s, &places[i]) < 0)
            r = error_no_memory(error);
    return r;
}

/* PFs by name, with commas. One without VFs is no error. */
static int add_pfs(struct search *s, bool lenient, struct sriov_error *error)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    int r = 0;

    if (strv_split(&words, s->scene->network->from, ',') < 0)
        return error_no_memory(error);
    for (size_t i = 0; r >= 0 && i < words.count; i++) {
        const struct pf *pf = target_find_pf(s->scene->snapshot, words.items[i]);
        struct choose_wish wish = { .numa = -1 };
        struct target t = { 0 };

        STR_SET(wish.pf, words.items[i]);
        if (pf && pf->n_vfs > 0)
            r = add_fitting(s, &wish, error);
        else if (!pf && !lenient) /* for its words */
            r = target_find(s->scene->snapshot, words.items[i], &t, error);
        target_done(&t);
    }
    return r;
}

static bool is_pool(const struct pool_scene *scene)
{
    const struct pool *pool;

    return pool_find(scene->pools, scene->network->from, &pool, NULL) >= 0;
}

int pool_vfs_find(const struct pool_scene *scene, bool lenient, struct pool_vfs *ret,
                  struct sriov_error *error)
{
    _cleanup_(search_done) struct search s = { .scene = scene };
    struct choose_wish wish = { .numa = -1 };
    int r;

    if (parse_domains(&s) < 0)
        return error_no_memory(error);
    STR_SET(wish.pool, scene->network->from);
    r = is_pool(scene) ? add_fitting(&s, &wish, error) : add_pfs(&s, lenient, error);
    if (r == -ENODEV && lenient)
        r = 0;
    if (r >= 0 && add_used(&s) < 0)
        r = error_no_memory(error);
    if (r < 0)
        return r;
    *ret = s.found;
    s.found = (struct pool_vfs){ 0 };
    return 0;
}

/* ---- the list ---- */

int pool_vfs_members(const struct pool_vfs *v, struct strv *ret)
{
    for (size_t i = 0; i < v->count; i++)
        if (v->items[i].state != POOL_TAKEN && strv_add(ret, v->items[i].member) < 0)
            return -ENOMEM;
    return 0;
}

static bool has_all(const struct strv *a, const struct strv *b)
{
    for (size_t i = 0; i < b->count; i++)
        if (!strv_has(a, b->items[i]))
            return false;
    return true;
}

bool pool_is_in_step(const struct strv *a, const struct strv *b)
{
    return a->count == b->count && has_all(a, b);
}
