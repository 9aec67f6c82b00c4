/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Looks, shared by reference.
 */
#include "daemon/look.h"

struct look *look_ref(struct look *l)
{
    l->references++;
    return l;
}

struct look *look_unref(struct look *l)
{
    if (!l || --l->references > 0)
        return NULL;
    snapshot_free(l->snapshot);
    holders_done(&l->holders);
    leases_free(l->leases, l->n_leases);
    strv_done(&l->busy);
    free(l);
    return NULL;
}

const struct lease *look_lease(const struct look *l, const char *pf_key, unsigned vf)
{
    for (size_t i = 0; i < l->n_leases; i++) {
        if (l->leases[i].vf == vf && str_eq(l->leases[i].pf, pf_key))
            return &l->leases[i];
    }
    return NULL;
}
