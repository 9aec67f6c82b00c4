/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Compares two snapshots. PFs are told apart by their key and VFs by their number, so a renamed
 * netdev is a new name and no new device.
 */
#include "core/difference.h"

#include <stdio.h>

#include "base/mac.h"

struct finder {
    int (*found)(void *userdata, const struct difference *d);
    void *userdata;
};

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static struct difference about(const struct pf *pf, int vf)
{
    struct difference d = { .pf = pf, .vf = vf };
    if (vf >= 0)
        vf_label(pf, (unsigned)vf, d.object);
    else
        STR_SET(d.object, pf_label(pf));
    return d;
}

static int tell_presence(const struct finder *f, const struct pf *pf, int vf, bool came)
{
    struct difference d = about(pf, vf);
    d.what = "present";
    d.came = came;
    d.went = !came;
    d.from = came ? "no" : "yes";
    d.to = came ? "yes" : "no";
    return f->found(f->userdata, &d);
}

static int compare_text(const struct finder *f, const struct pf *pf, const char *what,
                        const char *from, const char *to)
{
    struct difference d = about(pf, -1);
    d.what = what;
    d.from = or_null(from);
    d.to = or_null(to);
    return str_eq(from, to) ? 0 : f->found(f->userdata, &d);
}

static bool same(enum sriov_attr id, const struct attrs *a, const struct attrs *b)
{
    char one[ATTR_TEXT_SIZE], other[ATTR_TEXT_SIZE];
    if (attrs_has(a, id) != attrs_has(b, id))
        return false;
    attr_text(attr_row(id), a, one);
    attr_text(attr_row(id), b, other);
    return str_eq(one, other);
}

static int compare_attrs(const struct finder *f, const struct pf *pf, int vf,
                         const struct attrs *before, const struct attrs *after)
{
    enum attr_scope scope = vf < 0 ? ATTR_OF_PF : ATTR_OF_VF;
    for (int id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);
        if (row->scope != scope || same(row->id, before, after))
            continue;
        struct difference d = about(pf, vf);
        d.what = row->name;
        d.row = row;
        d.before = before;
        d.after = after;
        int r = f->found(f->userdata, &d);
        if (r != 0)
            return r;
    }
    return 0;
}

static const struct vf *find_vf(const struct pf *pf, unsigned index)
{
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (pf->vfs[i].index == index)
            return &pf->vfs[i];
    }
    return NULL;
}

static int compare_vfs(const struct finder *f, const struct pf *before, const struct pf *after)
{
    int r = 0;
    for (size_t i = 0; i < before->n_vfs && r == 0; i++) {
        if (!find_vf(after, before->vfs[i].index))
            r = tell_presence(f, after, (int)before->vfs[i].index, false);
    }
    for (size_t i = 0; i < after->n_vfs && r == 0; i++) {
        const struct vf *now = &after->vfs[i], *then = find_vf(before, now->index);
        if (then)
            r = compare_attrs(f, after, (int)now->index, &then->attrs, &now->attrs);
        else
            r = tell_presence(f, after, (int)now->index, true);
    }
    return r;
}

static int compare_pf(const struct finder *f, const struct pf *before, const struct pf *after)
{
    char from[MAC_TEXT_SIZE] = "", to[MAC_TEXT_SIZE] = "";
    if (before->has_mac)
        mac_to_text(before->mac, from);
    if (after->has_mac)
        mac_to_text(after->mac, to);
    int r = compare_text(f, after, "name", before->name, after->name);
    if (r == 0)
        r = compare_text(f, after, "driver", before->driver, after->driver);
    if (r == 0)
        r = compare_text(f, after, "mac", from, to);
    if (r == 0)
        r = compare_text(f, after, "carrier", before->carrier ? "on" : "off",
                         after->carrier ? "on" : "off");
    if (r == 0)
        r = compare_attrs(f, after, -1, &before->attrs, &after->attrs);
    return r != 0 ? r : compare_vfs(f, before, after);
}

static const struct pf *find_pf(const struct snapshot *s, const char *key)
{
    for (size_t i = 0; i < s->n_pfs; i++) {
        if (str_eq(s->pfs[i].key, key))
            return &s->pfs[i];
    }
    return NULL;
}

int difference_find(const struct snapshot *before, const struct snapshot *after,
                    int (*found)(void *userdata, const struct difference *d), void *userdata)
{
    const struct finder f = { found, userdata };
    int r = 0;
    for (size_t i = 0; i < before->n_pfs && r == 0; i++) {
        if (!find_pf(after, before->pfs[i].key))
            r = tell_presence(&f, &before->pfs[i], -1, false);
    }
    for (size_t i = 0; i < after->n_pfs && r == 0; i++) {
        const struct pf *now = &after->pfs[i], *then = find_pf(before, now->key);
        if (then)
            r = compare_pf(&f, then, now);
        else
            r = tell_presence(&f, now, -1, true);
    }
    return r;
}

/* What is wanted of the PF or VF, NULL if nothing is. */
static const struct attrs *wanted_of(const struct difference *d, const struct goals *wanted)
{
    for (size_t i = 0; i < wanted->count; i++) {
        const struct goal *g = &wanted->items[i];
        if (!str_eq(g->pf->key, d->pf->key))
            continue;
        if (d->vf < 0)
            return &g->want;
        return (size_t)d->vf < g->n_vfs ? &g->vfs[d->vf] : NULL;
    }
    return NULL;
}

bool difference_is_drift(const struct difference *d, const struct goals *wanted)
{
    const struct attrs *want = wanted_of(d, wanted);
    if (!want)
        return false;
    if (d->row)
        return attrs_has(want, d->row->id) && !attr_agrees(d->row->id, want, d->after);
    return d->went && want->known != 0;
}

void difference_json(const struct difference *d, struct json_writer *w)
{
    json_str(w, "object", d->object);
    json_str(w, "what", d->what);
    if (d->row) {
        attr_json(d->row, d->before, w, "from");
        attr_json(d->row, d->after, w, "to");
    } else if (d->came || d->went) {
        json_bool(w, "from", d->went);
        json_bool(w, "to", d->came);
    } else {
        json_str(w, "from", d->from);
        json_str(w, "to", d->to);
    }
}

void difference_text(const struct difference *d, char ret[DIFFERENCE_TEXT_SIZE])
{
    char from[ATTR_TEXT_SIZE] = "-", to[ATTR_TEXT_SIZE] = "-";
    if (d->row) {
        attr_text(d->row, d->before, from);
        attr_text(d->row, d->after, to);
    } else {
        STR_SET(from, d->from ? d->from : "-");
        STR_SET(to, d->to ? d->to : "-");
    }
    snprintf(ret, DIFFERENCE_TEXT_SIZE, "%s: %s -> %s", d->what, from, to);
}
