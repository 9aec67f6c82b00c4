/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Leases as JSON. A lease knows its PF by key; the name that people use comes from the machine.
 */
#include "core/lease-json.h"

#include <stdio.h>

static const struct pf *find_pf(const struct lease *l, const struct snapshot *s)
{
    for (size_t i = 0; i < s->n_pfs; i++)
        if (str_eq(s->pfs[i].key, l->pf))
            return &s->pfs[i];
    return NULL;
}

void lease_label(const struct lease *l, const struct snapshot *s, char ret[OBJECT_SIZE])
{
    const struct pf *pf = find_pf(l, s);

    if (pf)
        vf_label(pf, l->vf, ret);
    else
        snprintf(ret, OBJECT_SIZE, "%s/%u", l->pf, l->vf);
}

void lease_netdev(const struct lease *l, const struct snapshot *s, char ret[16])
{
    const struct pf *pf = find_pf(l, s);

    str_copy(ret, 16, l->ifname);
    for (size_t i = 0; !*ret && pf && i < pf->n_vfs; i++)
        if (pf->vfs[i].index == l->vf && attrs_has(&pf->vfs[i].attrs, SRIOV_NAME))
            str_copy(ret, 16, pf->vfs[i].attrs.name);
}

static void put_text(struct json_writer *w, const char *key, const char *text)
{
    json_str(w, key, *text ? text : NULL);
}

static void put_owner(const struct lease_owner *o, struct json_writer *w)
{
    json_object(w, "owner");
    json_str(w, "name", o->name);
    if (o->pid > 0)
        json_i64(w, "pid", o->pid);
    else
        json_null(w, "pid");
    put_text(w, "netns", o->netns);
    put_text(w, "container", o->container);
    json_bool(w, "while_used", o->while_used);
    json_end(w);
}

static void put_want(const struct attrs *want, struct json_writer *w)
{
    json_object(w, "want");
    for (unsigned id = 0; id < SRIOV_ATTR_COUNT; id++)
        if (attrs_has(want, id))
            attr_json(attr_row(id), want, w, attr_row(id)->name);
    json_end(w);
}

void lease_json(const struct lease *l, const struct snapshot *s, const char *difference,
                struct json_writer *w)
{
    const struct pf *pf = find_pf(l, s);
    char name[16];

    lease_netdev(l, s, name);
    json_object(w, NULL);
    json_str(w, "pf", pf ? pf_label(pf) : l->pf);
    json_u64(w, "vf", l->vf);
    put_text(w, "pci", l->pci);
    put_text(w, "name", name);
    put_owner(&l->owner, w);
    if (l->since > 0)
        json_i64(w, "since", l->since);
    else
        json_null(w, "since");
    put_text(w, "state", lease_is_readable(l) ? lease_state_name(l->state) : "");
    put_want(&l->want, w);
    if (difference)
        put_text(w, "difference", difference);
    json_end(w);
}
