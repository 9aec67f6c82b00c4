/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Policy, drift and repair.
 */
#include "daemon/daemon.h"

int reconcile_new(struct daemon *d, struct reconcile **ret, struct sriov_error *error)
{
    return 0;
}

struct reconcile *reconcile_free(struct reconcile *r)
{
    return NULL;
}

void reconcile_looked(struct reconcile *r, struct look *before, struct look *now)
{
}

void reconcile_reload(struct reconcile *r)
{
}

void reconcile_json(const struct reconcile *r, struct json_writer *w)
{
}

bool reconcile_standing(const struct reconcile *r, size_t i, struct pf_standing *ret)
{
    return false;
}
