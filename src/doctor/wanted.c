/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What somebody wants of a PF or VF, for checks.
 */
#include "doctor/wanted.h"

#include "doctor/engine.h"

int wanted_read(struct doctor *d, struct goals *ret, struct sriov_error *error)
{
    if (!doctor_policy(d))
        return 0;
    return goals_resolve(doctor_policy(d), d->session->snapshot, ret, error);
}

const struct goal *wanted_of_pf(const struct goals *g, const struct pf *pf)
{
    for (size_t i = 0; i < g->count; i++) {
        if (str_eq(g->items[i].pf->key, pf->key))
            return &g->items[i];
    }
    return NULL;
}

const struct attrs *wanted_of_vf(const struct goals *g, const struct pf *pf, unsigned vf)
{
    const struct goal *goal = wanted_of_pf(g, pf);

    return goal && vf < goal->n_vfs && goal->vfs[vf].known ? &goal->vfs[vf] : NULL;
}

unsigned wanted_count(struct doctor *d, const struct pf *pf)
{
    struct sriov_error error = { 0 };
    struct goals goals = { 0 };
    const struct goal *goal;
    uint64_t count = 0;

    if (wanted_read(d, &goals, &error) >= 0) {
        goal = wanted_of_pf(&goals, pf);
        if (goal && attrs_has(&goal->want, SRIOV_NUM_VFS))
            count = goal->want.value[SRIOV_NUM_VFS];
    }
    goals_done(&goals);
    return (unsigned)count;
}

const char *wanted_driver(struct doctor *d, const struct goals *g, const struct pf *pf,
                          const struct vf *vf)
{
    const struct lease *lease = lease_of(d, pf, vf->index);
    const struct attrs *want = wanted_of_vf(g, pf, vf->index);

    if (lease && attrs_has(&lease->want, SRIOV_DRIVER))
        return lease->want.driver;
    return want && attrs_has(want, SRIOV_DRIVER) ? want->driver : NULL;
}

const struct lease *lease_of(const struct doctor *d, const struct pf *pf, unsigned vf)
{
    for (size_t i = 0; i < d->n_leases; i++) {
        if (d->leases[i].vf == vf && str_eq(d->leases[i].pf, pf->key))
            return &d->leases[i];
    }
    return NULL;
}

bool is_used(const struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    return doctor_holders(d)->incomplete || holder_of(d, pf, (int)vf->index) ||
           lease_of(d, pf, vf->index);
}

enum fix fix_if_unused(const struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    return is_used(d, pf, vf) ? FIX_BY_HAND : FIX_SAFE;
}
