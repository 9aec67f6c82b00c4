/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A policy from any bytes: YAML, both forms of documents, then the goals on a machine made by hand.
 * What is refused must say so with code and place and leave nothing behind; what is taken must be
 * in range, each PF once, and only attributes of the right kind on PFs and VFs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/yaml-read.h"
#include "core/desired.h"
#include "core/target.h"
#include "fuzz.h"

static const struct node_limits limits = { .bytes = 8192, .nodes = 400, .depth = 12 };

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_attrs(const struct attrs *a, enum attr_scope scope)
{
    for (unsigned i = 0; i < SRIOV_ATTR_COUNT; i++)
        must(!attrs_has(a, (enum sriov_attr)i) || attr_row((enum sriov_attr)i)->scope == scope);
}

static void check_indexes(const unsigned *indexes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        must(indexes[i] < MAX_VFS && (i == 0 || indexes[i] > indexes[i - 1]));
}

static void check_error(const struct sriov_error *e)
{
    must(e->code == SRIOV_USAGE || e->code == SRIOV_NO_DEVICE);
    must(e->object[0] && e->message[0]);
    must(e->code != SRIOV_USAGE ||
         !e->kernel[0]); /* the fault is in the text, no kernel was asked */
    for (const char *p = e->message; *p; p++)
        must((unsigned char)*p >= ' ' && *p != 0x7f);
}

static void check_desired(const struct desired *d)
{
    for (size_t i = 0; i < d->n_pfs; i++) {
        const struct pf_wish *w = &d->pfs[i];

        must(w->where[0] && w->priority >= 0 && w->priority <= 99);
        check_attrs(&w->want, ATTR_OF_PF);
        for (size_t k = 0; k < w->n_vfs; k++) {
            check_indexes(w->vfs[k].indexes, w->vfs[k].count);
            check_attrs(&w->vfs[k].want, ATTR_OF_VF);
        }
    }
    for (size_t i = 0; i < d->n_pools; i++)
        for (size_t k = 0; k < d->pools[i].n_sources; k++) {
            must(d->pools[i].name[0] && d->pools[i].sources[k].pf[0]);
            check_indexes(d->pools[i].sources[k].indexes, d->pools[i].sources[k].count);
        }
}

/* Adds each document, as a folder of policies would be read but for going on after a wrong one. */
static void add_all(struct desired *d, const struct node *documents)
{
    for (size_t i = 0; i < documents->count; i++) {
        struct sriov_error error = { 0 };
        size_t n_pfs = d->n_pfs, n_pools = d->n_pools;

        if (desired_add(d, &documents->items[i], "p.yaml", &error) >= 0)
            continue;
        check_error(&error);
        must(error.code == SRIOV_USAGE);
        must(d->n_pfs == n_pfs && d->n_pools == n_pools);
    }
    check_desired(d);
}

static void check_goals(const struct goals *g, const struct snapshot *s)
{
    for (size_t i = 0; i < g->count; i++) {
        const struct goal *goal = &g->items[i];

        must(goal->pf >= s->pfs && goal->pf < s->pfs + s->n_pfs && goal->where[0]);
        must(goal->n_vfs <= MAX_VFS);
        check_attrs(&goal->want, ATTR_OF_PF);
        for (size_t k = 0; k < goal->n_vfs; k++)
            check_attrs(&goal->vfs[k], ATTR_OF_VF);
        for (size_t k = 0; k < i; k++)
            must(g->items[k].pf != goal->pf);
    }
}

static void resolve(const struct desired *d)
{
    static char lan[] = "lan", *altnames[] = { lan };
    struct pf pfs[] = {
        { .bus = PF_ON_PCI,
          .key = "0000:01:00.0",
          .handle = "pci/0000:01:00.0",
          .name = "a",
          .driver = "igb",
          .vendor = 0x8086,
          .device = 0x10c9,
          .has_mac = true,
          .mac = 0x525400110001,
          .altnames = { .items = altnames, .count = 1 } },
        { .bus = PF_ON_PCI,
          .key = "0000:02:00.0",
          .handle = "pci/0000:02:00.0",
          .name = "b",
          .driver = "igb",
          .vendor = 0x8086,
          .device = 0x10c9 },
        { .bus = PF_ON_NETDEVSIM,
          .key = "netdevsim1",
          .handle = "netdevsim/netdevsim1",
          .name = "eni1np1",
          .driver = "netdevsim" },
    };
    struct snapshot machine = { .pfs = pfs, .n_pfs = ELEMENTS(pfs) };
    struct sriov_error error = { 0 };
    struct goals goals = { 0 };

    if (goals_resolve(d, &machine, &goals, &error) < 0)
        check_error(&error);
    check_goals(&goals, &machine);
    goals_done(&goals);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_node_ struct node *documents = NULL;
    struct desired d = { 0 };

    if (yaml_read((const char *)data, size, &limits, &documents, NULL) < 0)
        return 0;
    add_all(&d, documents);
    resolve(&d);
    desired_done(&d);
    return 0;
}
