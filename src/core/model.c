/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names and ends of the model's objects. Reading them from the kernel is snapshot.c.
 */
#include "core/model.h"

#include <stdio.h>

#include "base/file.h"

static void pf_done(struct pf *pf)
{
    strv_done(&pf->altnames);
    free(pf->vfs);
}

struct snapshot *snapshot_free(struct snapshot *s)
{
    if (!s)
        return NULL;
    for (size_t i = 0; i < s->n_pfs; i++)
        pf_done(&s->pfs[i]);
    free(s->pfs);
    rtnl_links_done(&s->links);
    free(s);
    return NULL;
}

const struct rtnl_link *snapshot_link(const struct snapshot *s, int ifindex)
{
    for (size_t i = 0; ifindex > 0 && i < s->links.count; i++)
        if (s->links.items[i].ifindex == ifindex)
            return &s->links.items[i];
    return NULL;
}

const char *pf_label(const struct pf *pf)
{
    return pf->name[0] ? pf->name : pf->key;
}

void vf_label(const struct pf *pf, unsigned index, char ret[OBJECT_SIZE])
{
    snprintf(ret, OBJECT_SIZE, "%s/%u", pf_label(pf), index);
}

bool driver_is_passthrough(const char *driver)
{
    static const char *const words[] = { "vfio", "uio", "pci-stub", "pci-pf-stub" };

    for (size_t i = 0; i < ELEMENTS(words); i++)
        if (strstr(driver, words[i]))
            return true;
    return false;
}
