/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The VFs of `sriovctl dpdk`: which they are, whether a program can drive them, and their leases.
 */
#include <errno.h>
#include <stdio.h>

#include "cli/dpdk.h"
#include "core/group.h"
#include "core/pool.h"
#include "core/quirk.h"
#include "core/target.h"

#define DRIVER "vfio-pci"
#define SWITCHDEV 1

/* ---- what is known of them ---- */

static void fill_port(const struct pf *pf, const struct vf *vf, struct dpdk_port *ret)
{
    vf_label(pf, vf->index, ret->label);
    STR_SET(ret->pf_label, pf_label(pf));
    STR_SET(ret->pci, vf->pci);
    STR_SET(ret->pf_pci, pf->key);
    ret->vf = vf->index;
    ret->group = vf->iommu_group;
    ret->node = pf->numa_node;
    ret->bifurcated = driver_has(pf->driver, DRIVER_BIFURCATED);
    ret->pf_on_vfio = driver_is_passthrough(pf->driver);
    ret->switchdev = attrs_has(&pf->attrs, SRIOV_ESWITCH_MODE) &&
                     pf->attrs.value[SRIOV_ESWITCH_MODE] == SWITCHDEV;
}

/* The kernel gives a VF of a PF that is on vfio-pci only to whom the PF's user told its token. */
static int check_token(struct app *a, const struct dpdk *d, const struct dpdk_port *p)
{
    if (!p->pf_on_vfio || d->vf_token)
        return 0;
    int r = error_set(&a->error, SRIOV_USAGE, 0, p->label,
                      "its PF is on vfio-pci, which asks for a token");
    error_remedy(&a->error, "--vf-token UUID, the one that the PF's program was started with");
    return r;
}

static int check_representor(struct app *a, const struct dpdk *d, const struct dpdk_port *p)
{
    if (!d->representors || (p->switchdev && p->bifurcated))
        return 0;
    int r = error_set(&a->error, SRIOV_UNSUPPORTED, 0, p->label, "%s",
                      p->switchdev ? "its PF's driver does not share the PF with DPDK"
                                   : "has no representor: its PF is not in switchdev mode");
    error_remedy(&a->error, "leave --representors out%s",
                 p->switchdev ? "" : ", or `sriovctl set PF eswitch_mode=switchdev`");
    return r;
}

static int check_port(struct app *a, const struct dpdk *d, const struct pf *pf, const struct vf *vf,
                      struct dpdk_port *ret)
{
    fill_port(pf, vf, ret);
    if (pf->bus != PF_ON_PCI || !vf->pci[0])
        return error_set(&a->error, SRIOV_UNSUPPORTED, 0, ret->label,
                         "is no PCI device, which DPDK could drive");
    int r = check_token(a, d, ret);
    if (r >= 0)
        r = check_representor(a, d, ret);
    if (r < 0 || ret->bifurcated)
        return r;
    return group_check(a->session.backend, pf, vf, &a->error);
}

/* ---- named ones ---- */

/* A setting is made on each of the VFs. */
static int check_mac(struct app *a, const struct dpdk *d)
{
    if (d->n_ports < 2 || !attrs_has(&d->ports[0].lending.request.want, SRIOV_MAC))
        return 0;
    int r = error_set(&a->error, SRIOV_USAGE, 0, "mac",
                      "is one address, and these are several VFs");
    error_remedy(&a->error, "give each its address before: `sriovctl set %s mac=...`",
                 d->ports[0].label);
    return r;
}

static int choose_driver(struct app *a, const char *object, bool bifurcated, struct attrs *want)
{
    if (attrs_has(want, SRIOV_DRIVER)) {
        int r = error_set(&a->error, SRIOV_USAGE, 0, object, "dpdk chooses the driver by itself");
        error_remedy(&a->error, "leave driver= out");
        return r;
    }
    if (!bifurcated)
        attrs_set_text(want, SRIOV_DRIVER, DRIVER);
    return 0;
}

static struct dpdk_port *next_port(struct app *a, struct dpdk *d)
{
    if (d->n_ports < RESERVATION_VFS)
        return &d->ports[d->n_ports++];
    error_set(&a->error, SRIOV_USAGE, 0, a->verb->name, "more than %d VFs", RESERVATION_VFS);
    return NULL;
}

static int add_vf(struct app *a, struct dpdk *d, const struct pf *pf, const struct vf *vf,
                  const char *const *settings, size_t n_settings)
{
    struct dpdk_port *p = next_port(a, d);
    char label[OBJECT_SIZE];
    if (!p)
        return -EINVAL;
    vf_label(pf, vf->index, label);
    int r = lending_read(a, label, settings, n_settings, &p->lending);
    if (r >= 0)
        r = check_port(a, d, pf, vf, p);
    return r < 0 ? r : choose_driver(a, p->label, p->bifurcated, &p->lending.request.want);
}

static bool is_named(const struct dpdk *d, const struct target *t, unsigned vf)
{
    for (size_t i = 0; i < d->n_ports; i++) {
        if (d->ports[i].vf == vf && str_eq(d->ports[i].pf_pci, t->pf->key))
            return true;
    }
    return false;
}

static int add_target(struct app *a, struct dpdk *d, const struct target *t, const char *word,
                      const char *const *settings, size_t n_settings)
{
    int r = 0;
    if (!t->has_vfs) {
        error_set(&a->error, SRIOV_USAGE, 0, word, "is a PF, and dpdk takes VFs");
        error_remedy(&a->error, "name VFs, as in PF/0-1, or say how many of it: --pf PF --count 2");
        return -EINVAL;
    }
    for (size_t i = 0; r >= 0 && i < t->count; i++) {
        if (!is_named(d, t, t->indexes[i]))
            r = add_vf(a, d, t->pf, &t->pf->vfs[t->indexes[i]], settings, n_settings);
    }
    return r;
}

/* ---- as wished for ---- */

/* The PF that a wish is likely to be met from; NULL: any. */
static const struct pf *pf_of_wish(struct app *a, const struct choose_wish *wish)
{
    struct desired pools = { 0 };
    const struct pool *pool = NULL;
    const struct pf *pf = NULL;
    if (*wish->pf)
        return target_find_pf(a->session.snapshot, wish->pf);
    if (*wish->pool && pools_load(lending_dir(a), &pools, NULL) >= 0 &&
        pool_find(&pools, wish->pool, &pool, NULL) >= 0 && pool->n_sources > 0)
        pf = target_find_pf(a->session.snapshot, pool->sources[0].pf);
    desired_done(&pools);
    return pf;
}

static int add_wishes(struct app *a, struct dpdk *d, const char *const *settings, size_t n_settings)
{
    uint64_t count = a->options.count ? a->options.count : 1;
    int r = 0;
    for (uint64_t i = 0; r >= 0 && i < count; i++) {
        struct dpdk_port *p = next_port(a, d);
        if (!p)
            return -EINVAL;
        r = lending_read(a, NULL, settings, n_settings, &p->lending);
        if (r < 0)
            return r;
        const struct pf *pf = pf_of_wish(a, &p->lending.wish);
        p->bifurcated = pf && driver_has(pf->driver, DRIVER_BIFURCATED);
        r = choose_driver(a, a->verb->name, p->bifurcated, &p->lending.request.want);
    }
    return r;
}

/* ---- finding and leasing ---- */

static bool is_setting(const char *word)
{
    return strchr(word, '=') != NULL;
}

int dpdk_find_ports(struct app *a, struct dpdk *d)
{
    size_t n_words = 0;
    while (n_words < a->n_plain && !is_setting(a->args[n_words]))
        n_words++;
    const char *const *settings = a->args + n_words;
    size_t n_settings = a->n_plain - n_words;
    int r = session_snapshot(&a->session, &a->error);
    if (r >= 0 && n_words == 0)
        r = add_wishes(a, d, settings, n_settings);
    for (size_t i = 0; r >= 0 && i < n_words; i++) {
        struct target t = { 0 };
        r = target_find(a->session.snapshot, a->args[i], &t, &a->error);
        if (r >= 0)
            r = add_target(a, d, &t, a->args[i], settings, n_settings);
        target_done(&t);
    }
    return r < 0 ? r : check_mac(a, d);
}

/* One that a wish was met with is looked at now: which it would be was not known before. */
static int look_at_leased(struct app *a, const struct dpdk *d, struct dpdk_port *p)
{
    bool was_to_stay = p->bifurcated;
    const struct pf *pf = target_find_pf(a->session.snapshot, p->lease.pf);
    if (!pf || p->lease.vf >= pf->n_vfs)
        return error_set(&a->error, SRIOV_NO_DEVICE, ENODEV, p->lease.pf, "is gone");
    int r = check_port(a, d, pf, &pf->vfs[p->lease.vf], p);
    if (r >= 0 && p->bifurcated != was_to_stay) {
        r = error_set(&a->error, SRIOV_USAGE, 0, p->label,
                      "is of another kind of driver than the first PF of the pool");
        error_remedy(&a->error, "take pools of one vendor's NICs for DPDK");
    }
    return r;
}

int dpdk_lease_ports(struct app *a, struct dpdk *d)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < d->n_ports; i++) {
        struct dpdk_port *p = &d->ports[i];
        p->lending.request.owner = d->owner;
        r = lending_acquire(a, &p->lending, &p->lease);
        p->leased = r >= 0;
        if (r >= 0 && p->lending.by_wish)
            r = look_at_leased(a, d, p);
    }
    return r;
}

int dpdk_release_ports(struct app *a, struct dpdk *d)
{
    const struct release_request request = { .state_dir = lending_dir(a), .owner = d->owner.name };
    int result = 0;
    for (size_t i = 0; i < d->n_ports; i++) {
        struct dpdk_port *p = &d->ports[i];
        struct sriov_error error = { 0 };
        if (!p->leased)
            continue;
        const struct vf_place place = lease_place(&p->lease);
        int r = assign_release(a->session.backend, &place, &request, NULL, &error);
        p->leased = r < 0;
        if (r < 0 && result >= 0) {
            result = r;
            a->error = error;
        }
    }
    return result;
}

size_t dpdk_nodes(const struct dpdk *d, int ret[RESERVATION_VFS])
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_ports; i++) {
        size_t k = 0;
        while (k < n && ret[k] != d->ports[i].node)
            k++;
        if (k == n)
            ret[n++] = d->ports[i].node;
    }
    return n;
}
