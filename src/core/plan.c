/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What can be said about a plan: its names, whom it would hurt, the state before it, its JSON.
 */
#include "core/plan.h"

#include <errno.h>
#include <stdio.h>

#include "core/planner.h"

static const char *const disruption_names[] = {
    [DISRUPTION_NONE] = "none",
    [DISRUPTION_VF_RESET] = "vf-reset",
    [DISRUPTION_VF_LOSS] = "vf-loss",
    [DISRUPTION_PF_LINK_BOUNCE] = "pf-link-bounce",
    [DISRUPTION_DRIVER_RELOAD] = "driver-reload",
    [DISRUPTION_REBOOT] = "reboot",
};

/* What the step does, for people and scripts; "set" goes with the attribute's name. */
static const char *const step_kind_names[] = {
    [STEP_SET_PF_LINK] = "set",
    [STEP_SET_PF_MTU] = "set",
    [STEP_SET_AUTOPROBE] = "set",
    [STEP_REMOVE_VFS] = "remove",
    [STEP_CREATE_VFS] = "create",
    [STEP_SET_ESWITCH] = "set",
    [STEP_WRITE_PARAMETER] = "write-parameter",
    [STEP_RELOAD_DRIVER] = "reload-driver",
    [STEP_SET_VF] = "set",
    [STEP_SET_MSIX] = "set",
    [STEP_BIND] = "bind",
    [STEP_SET_VF_MTU] = "set",
    [STEP_SET_VF_NAME] = "set",
};

static const char *const step_state_names[] = {
    [STEP_PLANNED] = "planned", [STEP_DONE] = "done",       [STEP_NOT_NEEDED] = "not-needed",
    [STEP_FAILED] = "failed",   [STEP_SKIPPED] = "skipped",
};

const char *disruption_name(enum disruption d)
{
    return disruption_names[d];
}

const char *step_kind_name(enum step_kind kind)
{
    return step_kind_names[kind];
}

const char *step_state_name(enum step_state state)
{
    return step_state_names[state];
}

void plan_done(struct plan *p)
{
    goals_done(&p->goals);
    strv_done(&p->remarks);
    free(p->steps);
    *p = (struct plan){ 0 };
}

enum disruption plan_disruption(const struct plan *p)
{
    enum disruption worst = DISRUPTION_NONE;

    for (size_t i = 0; i < p->n_steps; i++)
        worst = MAX_OF(worst, p->steps[i].disruption);
    return worst;
}

static int add_once(struct strv *keys, const char *key)
{
    return strv_has(keys, key) ? 0 : strv_add(keys, key);
}

int plan_pfs(const struct plan *p, struct strv *ret)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < p->goals.count; i++)
        r = add_once(ret, p->goals.items[i].pf->key);
    for (size_t i = 0; r >= 0 && i < p->n_steps; i++)
        for (size_t k = 0;
             p->steps[i].kind == STEP_RELOAD_DRIVER && r >= 0 && k < p->snapshot->n_pfs; k++)
            if (str_eq(p->snapshot->pfs[k].driver, p->goals.items[p->steps[i].goal].pf->driver))
                r = add_once(ret, p->snapshot->pfs[k].key);
    return r;
}

static const struct pf *step_pf(const struct plan *p, const struct step *step)
{
    return p->goals.items[step->goal].pf;
}

void step_object(const struct plan *p, const struct step *step, char ret[OBJECT_SIZE])
{
    const struct pf *pf = step_pf(p, step);

    if (step->vf >= 0)
        vf_label(pf, (unsigned)step->vf, ret);
    else
        str_copy(ret, OBJECT_SIZE, pf_label(pf));
}

bool driver_agrees(const char *want, const struct attrs *have)
{
    if (!attrs_has(have, SRIOV_DRIVER))
        return false;
    if (str_eq(want, DRIVER_DEFAULT))
        return have->driver[0] && !driver_is_passthrough(have->driver);
    if (str_eq(want, DRIVER_NONE))
        return !have->driver[0];
    return str_eq(want, have->driver);
}

bool step_is_wanted(const struct plan *p, const struct step *step)
{
    const struct goal *g = &p->goals.items[step->goal];

    switch (step->kind) {
    case STEP_REMOVE_VFS:
        return attrs_has(&g->want, SRIOV_NUM_VFS) && g->want.value[SRIOV_NUM_VFS] == 0;
    case STEP_CREATE_VFS:
        return attrs_has(&g->want, SRIOV_NUM_VFS) && g->want.value[SRIOV_NUM_VFS] != g->pf->n_vfs;
    case STEP_SET_AUTOPROBE:
        return attrs_has(&g->want, SRIOV_AUTOPROBE) &&
               !attr_agrees(SRIOV_AUTOPROBE, &g->want, &g->pf->attrs);
    default:
        return !step->implied && !(step->vf >= 0 && str_eq(step->from, "-"));
    }
}

/* ---- whom it would hurt ---- */

static const struct pf *pf_by_key(const struct plan *p, const char *key)
{
    for (size_t i = 0; i < p->snapshot->n_pfs; i++)
        if (str_eq(p->snapshot->pfs[i].key, key))
            return &p->snapshot->pfs[i];
    return NULL;
}

bool plan_can_hurt(const struct plan *p)
{
    return plan_disruption(p) >= DISRUPTION_VF_LOSS;
}

static bool takes_away(const struct step *s)
{
    return s->disruption >= DISRUPTION_VF_LOSS;
}

static bool step_hurts(const struct plan *p, const struct step *s, const struct holder *h)
{
    const struct pf *pf = step_pf(p, s), *held = pf_by_key(p, h->pf);

    if (!takes_away(s) || !held)
        return false;
    /* Unloading a driver takes every PF that it has. */
    if (s->kind == STEP_RELOAD_DRIVER)
        return str_eq(held->driver, pf->driver);
    if (held != pf)
        return false;
    if (h->vf == HOLDER_OF_PF)
        return s->disruption >= DISRUPTION_PF_LINK_BOUNCE;
    return s->kind == STEP_BIND ? s->vf == h->vf : s->kind != STEP_CREATE_VFS;
}

int plan_victims(const struct plan *p, const struct holders *all, struct holders *ret)
{
    struct holders hurt = { .items = calloc(all->count + 1, sizeof(*hurt.items)) };

    if (!hurt.items)
        return -ENOMEM;
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; k < p->n_steps; k++)
            if (step_hurts(p, &p->steps[k], &all->items[i])) {
                hurt.items[hurt.count++] = all->items[i];
                break;
            }
    for (size_t k = 0; k < p->n_steps; k++)
        hurt.incomplete |= all->incomplete && takes_away(&p->steps[k]);
    *ret = hurt;
    return 0;
}

/* Found nobody, but could not look everywhere: that is no answer. */
static int refuse_blindly(struct sriov_error *error)
{
    int r = error_set(error, SRIOV_NOT_PERMITTED, EPERM, "",
                      "cannot tell whether the VFs are in use: not every "
                      "process and network namespace can be looked into");

    error_remedy(
        error,
        "run it as root of the host, with CAP_SYS_PTRACE and CAP_SYS_ADMIN; --force goes ahead");
    return r;
}

int plan_gate(const struct plan *p, const struct holders *victims, struct sriov_error *error)
{
    _cleanup_buf_ struct buf names = BUF_INIT;
    char object[OBJECT_SIZE];

    if (victims->count == 0)
        return victims->incomplete ? refuse_blindly(error) : 0;
    holder_label(&victims->items[0], p->snapshot, object);
    holders_text(victims, p->snapshot, &names);
    error_set(error, SRIOV_IN_USE, 0, object, "in use: %s", buf_ok(&names) < 0 ? "" : names.data);
    error_remedy(error, "have it released first; --force goes ahead and hurts them");
    return -EBUSY;
}

/* ---- the state before ---- */

/* The attributes of a VF that its steps touch; all of them if it is taken away. */
static uint32_t touched_of_vf(const struct plan *p, size_t goal, int vf, bool removed)
{
    uint32_t touched = removed ? UINT32_MAX : 0;

    for (size_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].goal == goal && p->steps[i].vf == vf)
            touched |= UINT32_C(1) << p->steps[i].attr;
    return touched;
}

static void baseline_vf(const struct vf *vf, uint32_t touched, bool removed, struct json_writer *w)
{
    char key[16], driver[32];

    snprintf(key, sizeof(key), "%u", vf->index);
    json_object(w, key);
    for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++) {
        const struct attr *row = attr_row((enum sriov_attr)a);
        char text[ATTR_TEXT_SIZE];

        if (!(touched & (UINT32_C(1) << a)) || !attrs_has(&vf->attrs, row->id))
            continue;
        /* A VF that is made again is named by udev, as it was the first time. */
        if (row->id == SRIOV_DRIVER || (removed && row->id == SRIOV_NAME))
            continue;
        attr_text(row, &vf->attrs, text);
        json_str(w, row->name, text);
    }
    if (touched & (UINT32_C(1) << SRIOV_DRIVER) && attrs_has(&vf->attrs, SRIOV_DRIVER)) {
        driver_to_keep(&vf->attrs, driver);
        json_str(w, attr_row(SRIOV_DRIVER)->name, driver);
    }
    json_end(w);
}

static void baseline_pf(const struct plan *p, size_t goal, struct json_writer *w)
{
    const struct goal *g = &p->goals.items[goal];
    uint32_t touched = touched_of_vf(p, goal, -1, false);
    bool removed = false, by_parameter = false;

    for (size_t i = 0; i < p->n_steps; i++) {
        if (p->steps[i].goal != goal)
            continue;
        removed |= p->steps[i].kind == STEP_REMOVE_VFS || p->steps[i].kind == STEP_RELOAD_DRIVER;
        by_parameter |= p->steps[i].kind == STEP_WRITE_PARAMETER;
    }
    json_object(w, NULL);
    json_object(w, "match");
    json_str(w, "handle", g->pf->handle);
    json_end(w);
    if (by_parameter)
        json_str(w, "via", "module-parameter");
    for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++) {
        const struct attr *row = attr_row((enum sriov_attr)a);
        char text[ATTR_TEXT_SIZE];

        if (!(touched & (UINT32_C(1) << a)) || !attrs_has(&g->pf->attrs, row->id))
            continue;
        attr_text(row, &g->pf->attrs, text);
        json_str(w, row->name, text);
    }
    json_object(w, "vfs");
    for (size_t i = 0; i < g->pf->n_vfs; i++) {
        uint32_t of_vf = touched_of_vf(p, goal, (int)i, removed);

        if (of_vf)
            baseline_vf(&g->pf->vfs[i], of_vf, removed, w);
    }
    json_end(w);
    json_end(w);
}

int plan_baseline(const struct plan *p, struct buf *ret)
{
    struct json_writer w = JSON_WRITER(ret);

    json_object(&w, NULL);
    json_array(&w, "pfs");
    for (size_t i = 0; i < p->goals.count; i++)
        baseline_pf(p, i, &w);
    json_end(&w);
    json_end(&w);
    return buf_ok(ret);
}

/* ---- JSON ---- */

static void step_json(const struct plan *p, const struct step *s, struct json_writer *w)
{
    char object[OBJECT_SIZE];

    step_object(p, s, object);
    json_object(w, NULL);
    json_str(w, "object", object);
    json_str(w, "action", step_kind_name(s->kind));
    json_str(w, "attribute", attr_row(s->attr)->name);
    json_str(w, "from", str_eq(s->from, "-") ? NULL : s->from);
    json_str(w, "to", s->to);
    json_str(w, "disruption", disruption_name(s->disruption));
    json_str(w, "state", step_state_name(s->state));
    json_end(w);
}

void plan_json(const struct plan *p, const struct holders *victims, struct json_writer *w)
{
    json_array(w, "steps");
    for (size_t i = 0; i < p->n_steps; i++)
        step_json(p, &p->steps[i], w);
    json_end(w);
    json_str(w, "disruption", disruption_name(plan_disruption(p)));
    json_array(w, "holders");
    for (size_t i = 0; i < victims->count; i++)
        holder_json(&victims->items[i], w);
    json_end(w);
    json_array(w, "remarks");
    for (size_t i = 0; i < p->remarks.count; i++)
        json_str(w, NULL, p->remarks.items[i]);
    json_end(w);
}
