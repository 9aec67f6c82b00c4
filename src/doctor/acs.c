/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Repeats what the kernel does when it puts one device after the other into a group: a device
 * shares the group of what does DMA under its id, of the last bridge on its way up that does not
 * send everything to the IOMMU, and of functions beside it that can reach it directly.
 */
#include "doctor/acs.h"

#include <errno.h>
#include <stdlib.h>

#include "doctor/acs-quirks.h"

/* What must be on, if the port has it at all: source validation, redirection of requests and of
 * completions, upstream forwarding. A flag that the port lacks is taken as hard-wired. */
#define WANTED 0x1d

struct walk {
    const struct pci_tree *tree;
    struct pci_group *groups; /* `first` is set once the device is in a group */
    uint64_t seen[4];         /* functions of the bus already looked at, as their aliases may form
                               * a circle */
    const struct pci_device *breaker;
    const char *why;
};

/* ---- one device ---- */

/* Without an IOMMU the kernel does not turn ACS on; it would, wherever it is. */
static const char *lack_of_flags(const struct pci_tree *t, const struct pci_device *d, bool wide)
{
    unsigned wanted = d->acs_caps & WANTED;
    unsigned control = wide ? d->acs_control_wide : d->acs_control;

    if (!d->acs)
        return "has no ACS";
    return !t->has_groups || (control & wanted) == wanted ? NULL : "has ACS turned off";
}

static const char *lack_by_type(const struct pci_tree *t, const struct pci_device *d)
{
    if (!d->express)
        return d->is_bridge ? "is a conventional PCI bridge" : "is a conventional PCI device";
    switch (d->type) {
    case PCIE_TO_PCI_BRIDGE:
    case PCI_TO_PCIE_BRIDGE:
        return "is a bridge to conventional PCI";
    case PCIE_EVENT_COLLECTOR:
        return "is an event collector, which has no ACS";
    case PCIE_ROOT_PORT:
    case PCIE_DOWNSTREAM_PORT:
        return lack_of_flags(t, d, false);
    case PCIE_ENDPOINT:
    case PCIE_LEGACY_ENDPOINT:
    case PCIE_UPSTREAM_PORT:
    case PCIE_INTEGRATED_ENDPOINT:
        return d->multifunction ? lack_of_flags(t, d, false) : NULL;
    case PCIE_NONE:
        break;
    }
    return NULL;
}

/* As pci_acs_enabled(). */
const char *acs_lack(const struct pci_tree *t, const struct pci_device *d)
{
    switch (acs_fact(d)) {
    case ACS_ISOLATED:
        return NULL;
    case ACS_NOT_ISOLATED:
        return "does not isolate, as its maker says";
    case ACS_WIDE:
        if (d->acs)
            return lack_of_flags(t, d, true);
        break;
    case ACS_AS_SAID:
        break;
    }
    return lack_by_type(t, d);
}

/* ---- the way up ---- */

static const struct pci_device *group_of(const struct walk *w, const struct pci_device *d)
{
    return w->groups[d - w->tree->items].first;
}

static const struct pci_device *found(struct walk *w, const struct pci_device *group,
                                      const struct pci_device *breaker, const char *why)
{
    if (group) {
        w->breaker = breaker;
        w->why = why;
    }
    return group;
}

/* As pci_for_each_dma_alias(): *ret_last is the last bridge that puts its own id on what passes, or
 * the device itself. The group of what is found on the way, NULL: none. */
static const struct pci_device *climb_aliases(struct walk *w, const struct pci_device *d,
                                              const struct pci_device **ret_last)
{
    const struct pci_device *owner = pci_find(w->tree, d->dma_device), *group;

    *ret_last = owner ? owner : d;
    if (owner && group_of(w, owner))
        return found(w, group_of(w, owner), owner, "does the DMA of what is behind it");
    for (const struct pci_device *b = pci_parent(w->tree, *ret_last); b;
         b = pci_parent(w->tree, b)) {
        if (acs_is_iommu_root(b))
            break;
        if (b->express && b->type != PCIE_TO_PCI_BRIDGE && b->type != PCI_TO_PCIE_BRIDGE)
            continue;
        *ret_last = b;
        group = found(w, group_of(w, b), b, lack_by_type(w->tree, b));
        if (group)
            return group;
    }
    return NULL;
}

/* The first on the way from a bridge to the root that lets transactions pass by the IOMMU; NULL. */
static const struct pci_device *first_leak(const struct walk *w, const struct pci_device *bridge)
{
    while (bridge && !acs_lack(w->tree, bridge))
        bridge = pci_parent(w->tree, bridge);
    return bridge;
}

static const struct pci_device *climb_bridges(struct walk *w, const struct pci_device **last)
{
    const struct pci_device *b, *leak, *group;

    for (b = pci_parent(w->tree, *last); b; b = pci_parent(w->tree, b)) {
        leak = first_leak(w, b);
        if (!leak)
            return NULL;
        *last = b;
        group = found(w, group_of(w, b), leak, acs_lack(w->tree, leak));
        if (group)
            return group;
    }
    return NULL;
}

/* ---- neighbours ---- */

static bool same_bus(const struct pci_device *a, const struct pci_device *b)
{
    return a->number >> 8 == b->number >> 8;
}

static bool are_aliases(const struct pci_device *a, const struct pci_device *b)
{
    return same_bus(a, b) &&
           (acs_has_alias(a, b->number & 0xff) || acs_has_alias(b, a->number & 0xff));
}

static const struct pci_device *function_group(struct walk *w, const struct pci_device *d);

static const struct pci_device *alias_group(struct walk *w, const struct pci_device *d)
{
    unsigned devfn = d->number & 0xff;
    const struct pci_device *group = group_of(w, d);

    if (w->seen[devfn / 64] >> devfn % 64 & 1)
        return NULL;
    w->seen[devfn / 64] |= 1ULL << devfn % 64;
    for (size_t i = 0; !group && i < w->tree->count; i++) {
        const struct pci_device *other = &w->tree->items[i];

        if (other == d || !are_aliases(d, other))
            continue;
        group = found(w, alias_group(w, other), other, "does DMA under the id of its neighbour");
        if (!group)
            group = function_group(w, other);
    }
    return group;
}

/* Functions of the same slot; their number on the bus says it, as in the kernel, even with ARI. */
static const struct pci_device *function_group(struct walk *w, const struct pci_device *d)
{
    const struct pci_device *group;

    if (!d->multifunction || !acs_lack(w->tree, d))
        return NULL;
    for (size_t i = 0; i < w->tree->count; i++) {
        const struct pci_device *other = &w->tree->items[i];

        if (other == d || other->number >> 3 != d->number >> 3 || !acs_lack(w->tree, other))
            continue;
        group = found(w, alias_group(w, other), other, acs_lack(w->tree, other));
        if (group)
            return group;
    }
    return NULL;
}

/* ---- all ---- */

static void group_device(struct walk *w, size_t i)
{
    const struct pci_device *d = &w->tree->items[i], *last, *group;

    w->breaker = NULL;
    w->why = NULL;
    for (size_t k = 0; k < ELEMENTS(w->seen); k++)
        w->seen[k] = 0;
    group = climb_aliases(w, d, &last);
    if (!group)
        group = climb_bridges(w, &last);
    if (!group)
        group = alias_group(w, last);
    if (!group)
        group = function_group(w, last);
    w->groups[i] = (struct pci_group){ group ? group : d, w->breaker, w->why };
}

/* Who was there first has not been told why others joined it. */
static void share_reason(const struct walk *w, size_t i)
{
    struct pci_group *g = &w->groups[i];

    for (size_t k = 0; !g->breaker && k < w->tree->count; k++) {
        if (w->groups[k].first == g->first && w->groups[k].breaker) {
            g->breaker = w->groups[k].breaker;
            g->why = w->groups[k].why;
        }
    }
}

int acs_groups(const struct pci_tree *tree, struct pci_group **ret)
{
    struct walk w = { .tree = tree };

    if (!tree->complete)
        return -ENODATA;
    w.groups = calloc(tree->count + 1, sizeof(*w.groups));
    if (!w.groups)
        return -ENOMEM;
    /* VFs come when all else has its group; a bridge always before what is behind it. */
    for (unsigned vfs = 0; vfs < 2; vfs++) {
        for (size_t i = 0; i < tree->count; i++) {
            if (tree->items[i].is_vf == vfs &&
                (!tree->has_groups || tree->items[i].iommu_group >= 0))
                group_device(&w, i);
        }
    }
    for (size_t i = 0; i < tree->count; i++) {
        if (w.groups[i].first && !w.groups[i].breaker)
            share_reason(&w, i);
    }
    *ret = w.groups;
    return 0;
}
