/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads the project's own form of a policy. Each map of the document has a table of the keys it may
 * hold, each key one row with its reader and its help; attributes come from the attribute table.
 */
#include "core/desired.h"

#include <errno.h>
#include <stdio.h>

#include "base/mac.h"
#include "core/document.h"
#include "core/target.h"

/* ---- memory ---- */

static void wish_done(struct pf_wish *w)
{
    for (size_t i = 0; i < w->n_vfs; i++)
        free(w->vfs[i].indexes);
    free(w->vfs);
}

static void pool_done(struct pool *p)
{
    for (size_t i = 0; i < p->n_sources; i++)
        free(p->sources[i].indexes);
    free(p->sources);
}

/* Drops what was added since the given counts, so that a wrong document leaves nothing behind. */
static void desired_cut(struct desired *d, size_t n_pfs, size_t n_pools)
{
    while (d->n_pfs > n_pfs)
        wish_done(&d->pfs[--d->n_pfs]);
    while (d->n_pools > n_pools)
        pool_done(&d->pools[--d->n_pools]);
}

void desired_done(struct desired *d)
{
    desired_cut(d, 0, 0);
    free(d->pfs);
    free(d->pools);
    *d = (struct desired){ 0 };
}

static struct pf_wish *add_wish(struct desired *d)
{
    return document_grow(&d->pfs, &d->n_pfs, sizeof(*d->pfs));
}

struct pf_wish *desired_add_pf(struct desired *d, const struct pf *pf)
{
    struct pf_wish *w = add_wish(d);

    if (!w)
        return NULL;
    STR_SET(w->where, pf_label(pf));
    STR_SET(w->match.handle, pf->handle);
    return w;
}

struct vf_wish *wish_add_vfs(struct pf_wish *w, const unsigned *indexes, size_t count)
{
    unsigned *copy = malloc((count ? count : 1) * sizeof(*copy));
    struct vf_wish *v = copy ? document_grow(&w->vfs, &w->n_vfs, sizeof(*w->vfs)) : NULL;

    if (!v) {
        free(copy);
        return NULL;
    }
    memcpy(copy, indexes, count * sizeof(*copy));
    v->indexes = copy;
    v->count = count;
    return v;
}

int desired_add_object(struct desired *d, const struct snapshot *s, const char *object,
                       struct wish_place *ret, struct sriov_error *error)
{
    struct wish_place place = { .scope = ATTR_OF_PF };
    struct vf_wish *vfs = NULL;
    struct target t = { 0 };
    int r;

    r = target_find(s, object, &t, error);
    if (r < 0)
        return r;
    place.wish = desired_add_pf(d, t.pf);
    if (place.wish)
        place.want = &place.wish->want;
    if (place.wish && t.has_vfs) {
        vfs = wish_add_vfs(place.wish, t.indexes, t.count);
        place.scope = ATTR_OF_VF;
        place.want = vfs ? &vfs->want : NULL;
    }
    target_done(&t);
    if (!place.want)
        return error_no_memory(error);
    *ret = place;
    return 0;
}

/* ---- match ---- */

#define MATCH_TEXT_READER(field)                                                                   \
    static int match_##field(struct document_reader *rd, const struct node *n, void *into)         \
    {                                                                                              \
        struct match *m = into;                                                                    \
        return document_word(rd, n, m->field, sizeof(m->field));                                   \
    }

MATCH_TEXT_READER(name)
MATCH_TEXT_READER(altname)
MATCH_TEXT_READER(pci)
MATCH_TEXT_READER(driver)
MATCH_TEXT_READER(handle)

static int match_mac(struct document_reader *rd, const struct node *n, void *into)
{
    struct match *m = into;

    if (n->kind != NODE_SCALAR || mac_from_text(n->text, &m->mac) < 0)
        return document_wrong(rd, n, "an address is expected, as in \"52:54:00:aa:bb:01\"");
    m->has_mac = true;
    return 0;
}

static int match_vendor(struct document_reader *rd, const struct node *n, void *into)
{
    struct match *m = into;

    return document_id(rd, n, &m->vendor, &m->has_vendor);
}

static int match_device(struct document_reader *rd, const struct node *n, void *into)
{
    struct match *m = into;

    return document_id(rd, n, &m->device, &m->has_device);
}

const struct policy_key policy_match_keys[] = {
    { "name", match_name, "netdev name of the PF" },
    { "altname", match_altname, "one of its alternative names" },
    { "pci", match_pci, "PCI address, \"0000:01:00.0\"" },
    { "mac", match_mac, "the PF's own MAC address" },
    { "driver", match_driver, "kernel driver" },
    { "vendor", match_vendor, "PCI vendor id, four hexadecimal digits in quotes" },
    { "device", match_device, "PCI device id, four hexadecimal digits in quotes" },
    { "handle", match_handle, "bus and device as devlink writes them, \"pci/0000:01:00.0\"" },
    { NULL },
};

/* ---- pfs ---- */

static const struct policy_key no_keys[] = { { NULL } };

static int read_vfs_entry(struct document_reader *rd, const struct node *n, struct pf_wish *w)
{
    _cleanup_free_ unsigned *indexes = NULL;
    struct vf_wish *v;
    size_t count = 0;

    if (ranges_parse(n->key, MAX_VFS, &indexes, &count) < 0)
        return document_wrong(rd, n, "VF numbers are expected, as in \"0\", \"1-3\" or \"0,2-4\"");
    v = wish_add_vfs(w, indexes, count);
    if (!v)
        return error_no_memory(rd->error);
    return document_map(rd, n, no_keys, ATTR_OF_VF, &v->want, NULL);
}

/* A VF may stand in one entry only: which of two would win is nobody's guess. */
static int check_vfs_once(struct document_reader *rd, const struct node *n, const struct pf_wish *w)
{
    _cleanup_free_ unsigned char *seen = calloc(MAX_VFS, 1);

    if (!seen)
        return error_no_memory(rd->error);
    for (size_t i = 0; i < w->n_vfs; i++)
        for (size_t k = 0; k < w->vfs[i].count; k++) {
            char message[64];

            if (!seen[w->vfs[i].indexes[k]]++)
                continue;
            snprintf(message, sizeof(message), "VF %u is named twice", w->vfs[i].indexes[k]);
            return document_wrong(rd, n, message);
        }
    return 0;
}

static int pf_match(struct document_reader *rd, const struct node *n, void *into)
{
    struct pf_wish *w = into;

    if (n->kind == NODE_MAP && n->count == 0)
        return document_wrong(rd, n, "empty, it would match every PF");
    return document_map(rd, n, policy_match_keys, -1, NULL, &w->match);
}

static int pf_vfs(struct document_reader *rd, const struct node *n, void *into)
{
    struct pf_wish *w = into;
    int r = 0;

    if (n->kind != NODE_MAP)
        return document_wrong(rd, n, "a map of VF numbers is expected");
    for (size_t i = 0; r >= 0 && i < n->count; i++)
        r = read_vfs_entry(rd, &n->items[i], w);
    return r < 0 ? r : check_vfs_once(rd, n, w);
}

static int pf_via(struct document_reader *rd, const struct node *n, void *into)
{
    struct pf_wish *w = into;

    if (n->kind == NODE_SCALAR && count_way_from_name(n->text, &w->count_way) == 0)
        return 0;
    return document_wrong(rd, n, "auto, sysfs or module-parameter is expected");
}

static int pf_mode(struct document_reader *rd, const struct node *n, void *into)
{
    struct pf_wish *w = into;

    if (n->kind == NODE_SCALAR && pf_mode_from_name(n->text, &w->mode) == 0)
        return 0;
    return document_wrong(rd, n, "observe, adopt or enforce is expected");
}

static int pf_fdb_sync(struct document_reader *rd, const struct node *n, void *into)
{
    struct pf_wish *w = into;

    return document_flag(rd, n, &w->fdb_sync);
}

static int pf_optional(struct document_reader *rd, const struct node *n, void *into)
{
    struct pf_wish *w = into;

    return document_flag(rd, n, &w->optional);
}

const struct policy_key policy_pf_keys[] = {
    { "match", pf_match, "which PF: all keys given must hold" },
    { "vfs", pf_vfs, "settings of VFs, by number (\"0\", \"1-3\", \"0,2-4\")" },
    { "via", pf_via, "how VFs are made: auto (default), sysfs, module-parameter" },
    { "mode", pf_mode,
      "what sriovd does about changes: adopt (default) applies the policy when it or the PF is new "
      "and only tells of later changes; enforce undoes them; observe writes nothing" },
    { "fdb_sync", pf_fdb_sync,
      "on: sriovd puts the MACs behind the PF's bridge into the PF's filter table, so that VFs reach "
      "them" },
    { "optional", pf_optional, "on: no error if there is no such PF on this machine" },
    { NULL },
};

/* Place of a name in a list; -EINVAL if it is not in it. */
static int find_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(name, names[i]))
            return (int)i;
    return -EINVAL;
}

static const char *const way_names[] = {
    [COUNT_AUTO] = "auto",
    [COUNT_SYSFS] = "sysfs",
    [COUNT_MODULE_PARAMETER] = "module-parameter",
};

int count_way_from_name(const char *name, enum count_way *ret)
{
    int found = find_name(way_names, ELEMENTS(way_names), name);

    if (found < 0)
        return found;
    *ret = (enum count_way)found;
    return 0;
}

const char *count_way_name(enum count_way way)
{
    return way_names[way];
}

static const char *const mode_names[] = {
    [MODE_ADOPT] = "adopt",
    [MODE_OBSERVE] = "observe",
    [MODE_ENFORCE] = "enforce",
};

int pf_mode_from_name(const char *name, enum pf_mode *ret)
{
    int found = find_name(mode_names, ELEMENTS(mode_names), name);

    if (found < 0)
        return found;
    *ret = (enum pf_mode)found;
    return 0;
}

const char *pf_mode_name(enum pf_mode mode)
{
    return mode_names[mode];
}

static int read_pf(struct document_reader *rd, const struct node *n)
{
    struct pf_wish *w = add_wish(rd->d);

    if (!w)
        return error_no_memory(rd->error);
    document_place(rd, n, w->where);
    if (n->kind == NODE_MAP && !node_get(n, "match"))
        return document_wrong(rd, n, "an entry of pfs needs \"match\"");
    return document_map(rd, n, policy_pf_keys, ATTR_OF_PF, &w->want, w);
}

/* ---- pools ---- */

static int source_pf(struct document_reader *rd, const struct node *n, void *into)
{
    struct pool_source *s = into;

    return document_word(rd, n, s->pf, sizeof(s->pf));
}

static int source_vfs(struct document_reader *rd, const struct node *n, void *into)
{
    struct pool_source *s = into;

    if (n->kind != NODE_SCALAR || s->indexes ||
        ranges_parse(n->text, MAX_VFS, &s->indexes, &s->count) < 0)
        return document_wrong(rd, n, "VF numbers are expected, as in \"1-3\"");
    return 0;
}

const struct policy_key policy_source_keys[] = {
    { "pf", source_pf, "a PF, by any of its names" },
    { "vfs", source_vfs, "the VFs that belong to the pool; all if it is left out" },
    { NULL },
};

static int pool_from(struct document_reader *rd, const struct node *n, void *into)
{
    struct pool *p = into;

    if (n->kind != NODE_LIST)
        return document_wrong(rd, n, "a list of PFs is expected");
    for (size_t i = 0; i < n->count; i++) {
        struct pool_source *s = document_grow(&p->sources, &p->n_sources, sizeof(*p->sources));
        int r;

        if (!s)
            return error_no_memory(rd->error);
        r = document_map(rd, &n->items[i], policy_source_keys, -1, NULL, s);
        if (r < 0)
            return r;
        if (!s->pf[0])
            return document_wrong(rd, &n->items[i], "an entry of \"from\" needs \"pf\"");
    }
    return 0;
}

static int pool_numa(struct document_reader *rd, const struct node *n, void *into)
{
    struct pool *p = into;

    p->numa_same = n->kind == NODE_SCALAR && str_eq(n->text, "same");
    if (!p->numa_same && !(n->kind == NODE_SCALAR && str_eq(n->text, "any")))
        return document_wrong(rd, n, "same or any is expected");
    return 0;
}

const struct policy_key policy_pool_keys[] = {
    { "from", pool_from, "list of {pf, vfs}: where the pool's VFs come from" },
    { "numa", pool_numa, "same: only VFs on the NUMA node of whoever asks; any (default)" },
    { NULL },
};

static int read_pool(struct document_reader *rd, const struct node *n)
{
    struct pool *p = document_grow(&rd->d->pools, &rd->d->n_pools, sizeof(*rd->d->pools));

    if (!p)
        return error_no_memory(rd->error);
    document_place(rd, n, p->where);
    if (!str_is_plain(n->key, sizeof(p->name) - 1))
        return document_wrong(rd, n, "no name for a pool");
    STR_SET(p->name, n->key);
    return document_map(rd, n, policy_pool_keys, -1, NULL, p);
}

/* ---- the document ---- */

static int top_pfs(struct document_reader *rd, const struct node *n, void *into)
{
    int r = 0;

    if (n->kind != NODE_LIST)
        return document_wrong(rd, n, "a list of PFs is expected");
    for (size_t i = 0; r >= 0 && i < n->count; i++)
        r = read_pf(rd, &n->items[i]);
    return r;
}

static int top_pools(struct document_reader *rd, const struct node *n, void *into)
{
    int r = 0;

    if (n->kind != NODE_MAP)
        return document_wrong(rd, n, "a map of pools by name is expected");
    for (size_t i = 0; r >= 0 && i < n->count; i++)
        r = read_pool(rd, &n->items[i]);
    return r;
}

const struct policy_key policy_top_keys[] = {
    { "pfs", top_pfs, "list of PFs and what they are to be" },
    { "pools", top_pools, "named sets of VFs to lend from" },
    { NULL },
};

int desired_add(struct desired *d, const struct node *document, const char *file,
                struct sriov_error *error)
{
    struct document_reader rd = { .d = d, .file = file, .error = error };
    size_t n_pfs = d->n_pfs, n_pools = d->n_pools;
    int r;

    if (document->kind == NODE_MAP && node_get(document, "kind"))
        r = desired_add_kubernetes(d, document, file, error);
    else
        r = document_map(&rd, document, policy_top_keys, -1, NULL, NULL);
    if (r < 0)
        desired_cut(d, n_pfs, n_pools);
    return r;
}
