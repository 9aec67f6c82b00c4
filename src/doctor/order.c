/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The order in which findings are read: by cause. A finding that another one explains stands under
 * it; among those that nothing explains the worst comes first, judged with all that it explains.
 */
#include <stdlib.h>

#include "doctor/engine.h"

static bool explains(const struct finding *cause, const struct finding *f)
{
    if (cause == f)
        return false;
    for (const char *const *id = f->check->because; id && *id; id++) {
        if (!str_eq(*id, cause->check->id))
            continue;
        /* What is about no PF of ours is about the host. */
        return !cause->pf[0] || (str_eq(cause->pf, f->pf) && (cause->vf < 0 || cause->vf == f->vf));
    }
    return false;
}

static const struct finding *root_of(const struct finding *f)
{
    while (f->under)
        f = f->under;
    return f;
}

unsigned finding_depth(const struct finding *f)
{
    unsigned depth = 0;

    for (; f->under; f = f->under)
        depth++;
    return depth;
}

/* The first of the check's reasons that was found, in the order of its row: the writer names the
 * deepest one first. */
static struct finding *find_cause(const struct doctor *d, const struct finding *f)
{
    struct finding *best = NULL;
    size_t best_place = SIZE_MAX;

    for (size_t i = 0; i < d->findings.count; i++) {
        struct finding *g = d->findings.items[i];
        size_t place = 0;

        if (!explains(g, f) || root_of(g) == f)
            continue;
        while (!str_eq(f->check->because[place], g->check->id))
            place++;
        if (place < best_place) {
            best = g;
            best_place = place;
        }
    }
    return best;
}

/* A finding with what its place in the order depends on. */
struct ranked {
    struct finding *f;
    enum severity worst; /* of itself and all under it */
    size_t explained;    /* how many are under it */
    size_t reported;
};

static int compare_ranks(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;

    if (a->worst != b->worst)
        return a->worst > b->worst ? -1 : 1;
    if (a->f->confidence != b->f->confidence)
        return a->f->confidence < b->f->confidence ? -1 : 1;
    if (a->explained != b->explained)
        return a->explained > b->explained ? -1 : 1;
    return a->reported < b->reported ? -1 : a->reported > b->reported;
}

static bool is_under(const struct finding *f, const struct finding *cause)
{
    for (; f; f = f->under) {
        if (f == cause)
            return true;
    }
    return false;
}

static void rank(const struct doctor *d, struct ranked *r)
{
    r->worst = r->f->severity;
    for (size_t i = 0; i < d->findings.count; i++) {
        const struct finding *f = d->findings.items[i];

        if (f == r->f || !is_under(f, r->f))
            continue;
        r->explained++;
        r->worst = MAX_OF(r->worst, f->severity);
    }
}

/* Those directly under `cause`, each followed by its own. */
static size_t place_under(const struct finding *cause, const struct ranked *ranked, size_t count,
                          struct finding **ret)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        if (ranked[i].f->under != cause)
            continue;
        ret[n++] = ranked[i].f;
        n += place_under(ranked[i].f, ranked, count, ret + n);
    }
    return n;
}

void order_findings(struct doctor *d)
{
    size_t count = d->findings.count;
    _cleanup_free_ struct ranked *ranked = NULL;

    for (size_t i = 0; i < count; i++)
        d->findings.items[i]->under = find_cause(d, d->findings.items[i]);
    ranked = calloc(count + 1, sizeof(*ranked));
    if (!ranked) {
        d->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        ranked[i] = (struct ranked){ .f = d->findings.items[i], .reported = i };
        rank(d, &ranked[i]);
    }
    qsort(ranked, count, sizeof(*ranked), compare_ranks);
    place_under(NULL, ranked, count, d->findings.items);
}
