/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs the checks, area by area, on the host, the PFs and the VFs that were asked for.
 */
#include "doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>

#include "doctor/engine.h"

const struct area *const doctor_areas[AREA_COUNT] = {
    [AREA_PLATFORM] = &area_platform,
    [AREA_FIRMWARE] = &area_firmware,
    [AREA_KERNEL] = &area_kernel,
    [AREA_CREATE] = &area_create,
    [AREA_BIND] = &area_bind,
    [AREA_NETWORK] = &area_network,
    [AREA_SWITCHDEV] = &area_switchdev,
    [AREA_VM] = &area_vm,
    [AREA_OPERATIONS] = &area_operations,
};

/* What a check may need to see, and how its lack is said. A policy is not a matter of rights. */
static const struct need {
    enum check_needs bit;
    const char *text;
} needs[] = {
    { NEEDS_CONFIG, "needs root: PCI config space" },
    { NEEDS_LOG, "needs root: the kernel log" },
    { NEEDS_PROCESSES, "needs root: what all processes hold" },
    { NEEDS_LEDGER, "needs root: ledger and leases" },
    { NEEDS_POLICY, "" },
};

void check_needs_text(unsigned wanted, char *ret, size_t size)
{
    ret[0] = '\0';
    for (size_t i = 0; i < ELEMENTS(needs); i++) {
        if (wanted & needs[i].bit) {
            str_copy(ret, size, needs[i].text);
            return;
        }
    }
}

static bool is_wanted_vf(const struct target *t, unsigned index)
{
    if (!t || !t->has_vfs)
        return true;
    for (size_t i = 0; i < t->count; i++) {
        if (t->indexes[i] == index)
            return true;
    }
    return false;
}

static bool is_wanted_pf(const struct target *t, const char *key)
{
    return !t || str_eq(t->pf->key, key);
}

static void run_on_vfs(struct doctor *d, const struct pf *pf)
{
    for (size_t i = 0; i < pf->n_vfs; i++) {
        d->vf = &pf->vfs[i];
        if (is_wanted_vf(d->target, d->vf->index))
            d->running->run(d, pf, d->vf);
    }
    d->vf = NULL;
}

static void run_on_pfs(struct doctor *d)
{
    const struct snapshot *s = doctor_snapshot(d);

    for (size_t i = 0; i < s->n_pfs; i++) {
        const struct pf *pf = &s->pfs[i];

        if (!is_wanted_pf(d->target, pf->key))
            continue;
        d->pf = pf;
        if (d->running->scope == SCOPE_VF)
            run_on_vfs(d, pf);
        else
            d->running->run(d, pf, NULL);
    }
    d->pf = NULL;
}

static void run_check(struct doctor *d, const struct check *c)
{
    unsigned missing = c->needs & ~d->can_see;
    char why[120];

    if (missing) {
        check_needs_text(missing, why, sizeof(why));
        if (d->session->replay)
            snprintf(why, sizeof(why), "not in the capture");
        if (!(missing & NEEDS_POLICY))
            unseen_add(d, c, why);
        return;
    }
    d->running = c;
    if (c->scope == SCOPE_HOST)
        c->run(d, NULL, NULL);
    else
        run_on_pfs(d);
    d->running = NULL;
}

/* A check of the whole host reports on whatever it finds. */
static void drop_unwanted(struct doctor *d)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->findings.count; i++) {
        struct finding *f = d->findings.items[i];

        if (!f->pf[0] || (is_wanted_pf(d->target, f->pf) &&
                          (f->vf < 0 || is_wanted_vf(d->target, (unsigned)f->vf)))) {
            d->findings.items[kept++] = f;
            continue;
        }
        finding_done(f);
        free(f);
    }
    d->findings.count = kept;
}

int doctor_run(const struct doctor_input *in, struct doctor **ret, struct sriov_error *error)
{
    _cleanup_doctor_ struct doctor *d = calloc(1, sizeof(*d));
    int r;

    if (!d)
        return error_no_memory(error);
    d->session = in->session;
    d->target = in->target;
    d->policy = in->policy;
    r = look_start(d, error);
    if (r < 0)
        return r;
    for (size_t a = 0; a < AREA_COUNT; a++) {
        for (const struct check *c = doctor_areas[a]->checks; c->id; c++)
            run_check(d, c);
    }
    if (d->target)
        drop_unwanted(d);
    order_findings(d);
    if (d->failed)
        return error_no_memory(error);
    *ret = TAKE_PTR(d);
    return 0;
}

struct doctor *doctor_free(struct doctor *d)
{
    if (!d)
        return NULL;
    for (size_t i = 0; i < d->findings.count; i++) {
        finding_done(d->findings.items[i]);
        free(d->findings.items[i]);
    }
    free(d->findings.items);
    finding_done(&d->spare);
    free(d->unseen.items);
    look_done(d);
    free(d);
    return NULL;
}

const struct finding *doctor_finding(const struct doctor *d, size_t i)
{
    return i < d->findings.count ? d->findings.items[i] : NULL;
}

const struct unseen *doctor_unseen(const struct doctor *d, size_t i)
{
    return i < d->unseen.count ? &d->unseen.items[i] : NULL;
}

bool doctor_has_errors(const struct doctor *d)
{
    for (size_t i = 0; i < d->findings.count; i++) {
        if (d->findings.items[i]->severity == FINDING_ERROR)
            return true;
    }
    return false;
}

const struct check *check_find(const char *id, const char **ret_nearest)
{
    const char *names[256];
    size_t n = 0;

    for (size_t a = 0; a < AREA_COUNT; a++) {
        for (const struct check *c = doctor_areas[a]->checks; c->id; c++) {
            if (str_eq(c->id, id))
                return c;
            if (n + 1 < ELEMENTS(names))
                names[n++] = c->id;
        }
    }
    names[n] = NULL;
    if (ret_nearest)
        *ret_nearest = str_nearest(id, names);
    return NULL;
}

const struct area *check_area(const struct check *c)
{
    for (size_t a = 0; a < AREA_COUNT; a++) {
        for (const struct check *row = doctor_areas[a]->checks; row->id; row++) {
            if (row == c)
                return doctor_areas[a];
        }
    }
    return NULL;
}
