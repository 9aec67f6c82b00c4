/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Makes the steps. For each PF first what it cannot be is refused, then the phases of plan.h are
 * gone through in order; each phase is a function that adds the steps it finds necessary.
 */
#include <errno.h>
#include <stdio.h>

#include "core/planner.h"
#include "core/quirk.h"

/* How one PF gets from its VFs to those wanted. */
struct way {
    struct plan *plan;
    struct goal *goal;
    size_t goal_index;
    const struct driver *driver; /* NULL: not in the table */
    size_t have, want;           /* VFs */
    bool recreate;               /* all VFs are taken away and made again */
    bool by_parameter;
    bool change_eswitch;
    bool autoprobe; /* as it will be when the steps so far have run */
    struct sriov_error *error;
};

/* ---- adding steps ---- */

static struct step *add(struct way *w, enum step_kind kind, int vf, enum sriov_attr attr,
                        enum disruption disruption)
{
    struct plan *p = w->plan;
    struct step *grown = reallocarray(p->steps, p->n_steps + 1, sizeof(*grown));
    struct step *s;

    if (!grown) {
        error_no_memory(w->error);
        return NULL;
    }
    p->steps = grown;
    s = &grown[p->n_steps++];
    *s = (struct step){ .kind = kind, .goal = w->goal_index, .vf = vf, .attr = attr };
    s->disruption = disruption;
    s->want = vf >= 0 ? &w->goal->vfs[vf] : &w->goal->want;
    STR_SET(s->from, "-");
    STR_SET(s->to, "-");
    return s;
}

/* A step that sets an attribute to what is wanted; `have` is NULL for a VF that is yet to be made.
 */
static int add_setting(struct way *w, enum step_kind kind, int vf, enum sriov_attr attr,
                       const struct attrs *have, enum disruption disruption)
{
    struct step *s = add(w, kind, vf, attr, disruption);

    if (!s)
        return -ENOMEM;
    if (have)
        attr_text(attr_row(attr), have, s->from);
    attr_text(attr_row(attr), s->want, s->to);
    return 0;
}

static int add_texts(struct way *w, enum step_kind kind, int vf, enum sriov_attr attr,
                     enum disruption disruption, const char *from, const char *to)
{
    struct step *s = add(w, kind, vf, attr, disruption);

    if (!s)
        return -ENOMEM;
    STR_SET(s->from, from);
    STR_SET(s->to, to);
    return 0;
}

static int add_count(struct way *w, enum step_kind kind, size_t from, size_t to,
                     enum disruption disruption)
{
    char from_text[24], to_text[24];

    snprintf(from_text, sizeof(from_text), "%zu", from);
    snprintf(to_text, sizeof(to_text), "%zu", to);
    return add_texts(w, kind, -1, SRIOV_NUM_VFS, disruption, from_text, to_text);
}

static int add_autoprobe(struct way *w, bool on)
{
    if (!w->goal->pf->autoprobe_supported || w->autoprobe == on)
        return 0;
    w->autoprobe = on;
    return add_texts(w, STEP_SET_AUTOPROBE, -1, SRIOV_AUTOPROBE, DISRUPTION_NONE, on ? "off" : "on",
                     on ? "on" : "off");
}

/* ---- what is wanted of the number of VFs, and whether it can be ---- */

static unsigned vf_limit(const struct way *w)
{
    unsigned limit = w->goal->pf->total_vfs;

    if (w->driver && w->driver->max_vfs > 0 && (limit == 0 || w->driver->max_vfs < limit))
        limit = w->driver->max_vfs;
    return limit;
}

static int refuse_count(struct way *w, const char *why, const char *remedy)
{
    error_set(w->error, SRIOV_UNSUPPORTED, 0, pf_label(w->goal->pf), "cannot have %zu VFs: %s",
              w->want, why);
    error_remedy(w->error, "%s", remedy);
    return -EOPNOTSUPP;
}

static int check_count(struct way *w)
{
    const struct pf *pf = w->goal->pf;
    unsigned limit = vf_limit(w);
    char why[96];

    if (w->goal->count_external && w->want != w->have) {
        snprintf(why, sizeof(why), "somebody else makes its VFs (externallyManaged), and made %zu",
                 w->have);
        return w->want > w->have ? refuse_count(w, why, "have more made, or ask for fewer") : 0;
    }
    if (w->want == w->have || w->plan->goals.restoring)
        return 0;
    if (limit > 0 && w->want > limit) {
        snprintf(why, sizeof(why), "total_vfs is %u", limit);
        return refuse_count(w, why, "choose at most that many");
    }
    if (w->want > 0 && !pf->driver[0])
        return refuse_count(w, "no driver is bound to it", "bind its driver first");
    if (w->by_parameter && (!w->driver || !w->driver->count_param))
        return refuse_count(
            w, "its driver makes VFs neither by sriov_numvfs nor by a parameter we know",
            "use a newer driver");
    return 0;
}

/* A PF that says no mode has no eswitch to be changed, and forwards as in legacy mode. */
static int check_eswitch(struct way *w)
{
    struct goal *g = w->goal;

    if (!attrs_has(&g->want, SRIOV_ESWITCH_MODE) || attrs_has(&g->pf->attrs, SRIOV_ESWITCH_MODE))
        return 0;
    if (g->want.value[SRIOV_ESWITCH_MODE] == 0) {
        attrs_forget(&g->want, SRIOV_ESWITCH_MODE);
        return 0;
    }
    error_set(w->error, SRIOV_UNSUPPORTED, 0, pf_label(g->pf),
              "cannot be in switchdev mode: its driver has no "
              "eswitch");
    error_remedy(w->error, "leave eswitch_mode out");
    return -EOPNOTSUPP;
}

static int check_vf_numbers(struct way *w)
{
    for (size_t i = w->want; i < w->goal->n_vfs; i++)
        if (w->goal->vfs[i].known) {
            char object[OBJECT_SIZE];

            vf_label(w->goal->pf, (unsigned)i, object);
            error_set(w->error, SRIOV_USAGE, 0, object, "there is no such VF: the PF has%s %zu",
                      w->want != w->have ? " to have" : "", w->want);
            error_remedy(w->error, "VFs are numbered from 0; give it more with num_vfs");
            return -EINVAL;
        }
    return 0;
}

static int find_way(struct way *w)
{
    struct goal *g = w->goal;
    const struct pf *pf = g->pf;
    bool told = attrs_has(&g->want, SRIOV_NUM_VFS);

    w->driver = driver_find(pf->driver);
    w->have = pf->n_vfs;
    w->want = told ? g->want.value[SRIOV_NUM_VFS] : w->have;
    w->autoprobe = pf->attrs.value[SRIOV_AUTOPROBE];
    w->by_parameter = g->count_way == COUNT_MODULE_PARAMETER ||
                      (g->count_way == COUNT_AUTO && driver_has(pf->driver, DRIVER_NO_SYSFS_COUNT));
    if (check_eswitch(w) < 0 || check_count(w) < 0)
        return -EOPNOTSUPP;
    w->change_eswitch = attrs_has(&g->want, SRIOV_ESWITCH_MODE) &&
                        !attr_agrees(SRIOV_ESWITCH_MODE, &g->want, &pf->attrs);
    if (g->count_external)
        w->want = w->have;
    /* A PCI driver takes the change of the eswitch with its VFs unbound or gone; gone is what all
     * take. */
    w->recreate = w->want != w->have ||
                  (w->change_eswitch && w->have > 0 && pf->bus == PF_ON_PCI && !w->by_parameter);
    return check_vf_numbers(w);
}

/* ---- what the VFs had and keep ---- */

/* Driver text that brings a VF back to how it is bound now. */
void driver_to_keep(const struct attrs *have, char ret[32])
{
    const char *driver = have->driver;

    if (!driver[0])
        driver = DRIVER_NONE;
    else if (!driver_is_passthrough(driver))
        driver = DRIVER_DEFAULT;
    str_copy(ret, 32, driver);
}

/* Does the VF's value differ from what a new VF would have? A spoofchk that is known always counts,
 * drivers differ in how they start. */
static bool worth_keeping(const struct attr *row, const struct attrs *have)
{
    if (!attrs_has(have, row->id))
        return false;
    if (row->way == WAY_VF_MTU)
        return have->value[SRIOV_MTU] != 1500;
    return row->way == WAY_VF_NETLINK &&
           (row->id == SRIOV_SPOOFCHK || have->value[row->id] != row->fresh);
}

/* Autoprobe as it is to be in the end. */
static bool final_autoprobe(const struct way *w)
{
    const struct attrs *want = &w->goal->want;

    return (attrs_has(want, SRIOV_AUTOPROBE) ? want : &w->goal->pf->attrs)->value[SRIOV_AUTOPROBE];
}

/* VFs that are made again get back what they had, except where something else is wanted. What the
 * kernel does by itself need not be asked for. */
static void keep_settings(struct way *w)
{
    const struct pf *pf = w->goal->pf;

    for (size_t i = 0; i < MIN_OF(w->have, w->want); i++) {
        struct attrs *want = &w->goal->vfs[i];
        const struct attrs *have = &pf->vfs[i].attrs;
        char driver[32];

        for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++) {
            enum sriov_attr id = (enum sriov_attr)a;

            if (!attrs_has(want, id) && worth_keeping(attr_row(id), have))
                attrs_copy(id, have, want);
        }
        if (attrs_has(want, SRIOV_DRIVER) || !attrs_has(have, SRIOV_DRIVER))
            continue;
        driver_to_keep(have, driver);
        if (!str_eq(driver, DRIVER_DEFAULT) || !final_autoprobe(w))
            attrs_set_text(want, SRIOV_DRIVER, driver);
    }
}

static int make_room(struct way *w)
{
    struct goal *g = w->goal;
    size_t n = MAX_OF(w->want, w->have);
    struct attrs *grown;

    if (g->n_vfs >= n)
        return 0;
    grown = reallocarray(g->vfs, n, sizeof(*grown));
    if (!grown)
        return error_no_memory(w->error);
    memset(grown + g->n_vfs, 0, (n - g->n_vfs) * sizeof(*grown));
    g->vfs = grown;
    g->n_vfs = n;
    return 0;
}

/* ---- refusing what the driver would ---- */

/* The VF's settings now; NULL if it is yet to be made. */
static const struct attrs *settings_now(const struct way *w, size_t vf)
{
    return w->recreate || vf >= w->have ? NULL : &w->goal->pf->vfs[vf].attrs;
}

static bool wants_change(const struct way *w, size_t vf, enum sriov_attr id)
{
    const struct attrs *want = &w->goal->vfs[vf], *have = settings_now(w, vf);

    if (!attrs_has(want, id))
        return false;
    if (id == SRIOV_DRIVER)
        return have && !driver_agrees(want->driver, have);
    return !have || !attr_agrees(id, want, have);
}

static bool wants_netlink(const struct attrs *want)
{
    for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++)
        if (attr_row((enum sriov_attr)a)->way == WAY_VF_NETLINK &&
            attrs_has(want, (enum sriov_attr)a))
            return true;
    return false;
}

/* i40e and ice leave VFs out of the list while they are at work. What such a VF has is not known,
 * so it could not be kept, nor put back; and to set again what is set resets the VF. */
static int check_listed(struct way *w)
{
    const struct pf *pf = w->goal->pf;
    char object[OBJECT_SIZE];

    if (w->plan->goals.restoring || pf->ifindex == 0 ||
        !driver_has(pf->driver, DRIVER_UNLISTS_BUSY))
        return 0;
    for (size_t i = 0; i < MIN_OF(w->have, w->want); i++) {
        if (pf->vfs[i].listed || !(w->recreate || wants_netlink(&w->goal->vfs[i])))
            continue;
        vf_label(pf, (unsigned)i, object);
        error_set(w->error, SRIOV_FAILED, EAGAIN, object,
                  "%s is at work on it and does not tell its settings", pf->driver);
        error_remedy(w->error, "try again");
        return -EAGAIN;
    }
    return 0;
}

static int check_settings(struct way *w)
{
    /* A link that the plan brings up is taken to come up. */
    struct pf as_planned = *w->goal->pf;
    int r = 0;

    if (attrs_has(&w->goal->want, SRIOV_LINK) && w->goal->want.value[SRIOV_LINK]) {
        as_planned.carrier = true;
        attrs_set(&as_planned.attrs, SRIOV_LINK, 1);
    }
    for (size_t i = 0; r >= 0 && i < w->want && i < w->goal->n_vfs; i++)
        for (unsigned a = 0; r >= 0 && a < SRIOV_ATTR_COUNT; a++)
            if (wants_change(w, i, (enum sriov_attr)a))
                r = quirk_check(&as_planned, (unsigned)i, (enum sriov_attr)a, &w->goal->vfs[i],
                                w->error);
    return r;
}

/* ---- the phases ---- */

static bool pf_differs(const struct way *w, enum sriov_attr id)
{
    return attrs_has(&w->goal->want, id) && !attr_agrees(id, &w->goal->want, &w->goal->pf->attrs);
}

static int phase_pf_before(struct way *w)
{
    struct goal *g = w->goal;
    bool up = g->pf->attrs.value[SRIOV_LINK];
    bool needs_up = w->recreate && w->want > 0 && driver_has(g->pf->driver, DRIVER_COUNT_NEEDS_UP);
    int r = 0;

    if (pf_differs(w, SRIOV_PF_MTU))
        r = add_setting(w, STEP_SET_PF_MTU, -1, SRIOV_PF_MTU, &g->pf->attrs, DISRUPTION_NONE);
    if (r >= 0 && !up && ((pf_differs(w, SRIOV_LINK) && g->want.value[SRIOV_LINK]) || needs_up))
        r = add_texts(w, STEP_SET_PF_LINK, -1, SRIOV_LINK, DISRUPTION_NONE, "down", "up");
    return r;
}

static int phase_eswitch(struct way *w, bool before_create)
{
    bool first = driver_has(w->goal->pf->driver, DRIVER_ESWITCH_FIRST) || w->want == 0;

    if (!w->change_eswitch || first != before_create)
        return 0;
    return add_setting(w, STEP_SET_ESWITCH, -1, SRIOV_ESWITCH_MODE, &w->goal->pf->attrs,
                       w->goal->pf->bus == PF_ON_PCI ? DISRUPTION_PF_LINK_BOUNCE : DISRUPTION_NONE);
}

static int phase_count(struct way *w)
{
    bool bounces = driver_has(w->goal->pf->driver, DRIVER_COUNT_BOUNCES);
    enum disruption bounce = bounces ? DISRUPTION_PF_LINK_BOUNCE : DISRUPTION_NONE;
    int r = 0;

    if (w->recreate && w->have > 0)
        r = add_count(w, STEP_REMOVE_VFS, w->have, 0, MAX_OF(bounce, DISRUPTION_VF_LOSS));
    if (r >= 0)
        r = phase_eswitch(w, true);
    if (r >= 0 && w->recreate && w->want > 0) {
        r = add_autoprobe(w, false);
        if (r >= 0)
            r = add_count(w, STEP_CREATE_VFS, 0, w->want, bounce);
    }
    return r;
}

static int phase_parameter(struct way *w)
{
    char from[24], to[24];
    int r;

    snprintf(from, sizeof(from), "%zu", w->have);
    snprintf(to, sizeof(to), "%zu", w->want);
    r = add_texts(w, STEP_WRITE_PARAMETER, -1, SRIOV_NUM_VFS, DISRUPTION_NONE, from, to);
    if (r >= 0 && w->recreate)
        r = add_texts(w, STEP_RELOAD_DRIVER, -1, SRIOV_NUM_VFS, DISRUPTION_DRIVER_RELOAD, from, to);
    return r;
}

static int settings_of_vf(struct way *w, size_t vf)
{
    const struct attrs *have = settings_now(w, vf);
    int r = 0;

    for (unsigned a = 0; r >= 0 && a < SRIOV_ATTR_COUNT; a++) {
        enum sriov_attr id = (enum sriov_attr)a;
        enum disruption d = DISRUPTION_NONE;

        if (!wants_change(w, vf, id))
            continue;
        if (have && quirk_resets_vf(w->goal->pf, id))
            d = DISRUPTION_VF_RESET;
        if (attr_row(id)->way == WAY_VF_NETLINK)
            r = add_setting(w, STEP_SET_VF, (int)vf, id, have, d);
        else if (attr_row(id)->way == WAY_VF_MSIX)
            r = add_setting(w, STEP_SET_MSIX, (int)vf, id, have, d);
    }
    return r;
}

static int phase_settings(struct way *w)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < w->want && i < w->goal->n_vfs; i++)
        r = settings_of_vf(w, i);
    return r;
}

/* The driver a VF is to be bound to, NULL if nothing is to be done; *ret_implied: nobody asked for
 * it, it is what the kernel would have done by itself. */
static const char *binding_of(const struct way *w, size_t vf, bool *ret_implied)
{
    const struct attrs *want = &w->goal->vfs[vf], *have = settings_now(w, vf);
    bool told = attrs_has(want, SRIOV_DRIVER);

    *ret_implied = !told;
    if (w->goal->pf->bus != PF_ON_PCI)
        return NULL;
    if (have || w->by_parameter)
        return told && (!have || !driver_agrees(want->driver, have)) ? want->driver : NULL;
    if (!told)
        return final_autoprobe(w) ? DRIVER_DEFAULT : NULL;
    return str_eq(want->driver, DRIVER_NONE) ? NULL : want->driver;
}

static int bind_vf(struct way *w, size_t vf, const char *driver, bool implied)
{
    const struct attrs *have = settings_now(w, vf);
    const char *bound = have ? have->driver : "";
    enum disruption d = bound[0] ? DISRUPTION_VF_LOSS : DISRUPTION_NONE;
    int r = add_texts(w, STEP_BIND, (int)vf, SRIOV_DRIVER, d, bound[0] ? bound : DRIVER_NONE,
                      driver);

    if (r >= 0)
        w->plan->steps[w->plan->n_steps - 1].implied = implied;
    return r;
}

/* Binds those VFs that are to have the default driver, or those that are not. */
static int bind_vfs(struct way *w, bool defaults)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < w->want; i++) {
        bool implied;
        const char *driver = binding_of(w, i, &implied);

        if (driver && str_eq(driver, DRIVER_DEFAULT) == defaults)
            r = bind_vf(w, i, driver, implied);
    }
    return r;
}

static bool wants_default(const struct way *w)
{
    for (size_t i = 0; i < w->want; i++) {
        bool implied;
        const char *driver = binding_of(w, i, &implied);

        if (driver && str_eq(driver, DRIVER_DEFAULT))
            return true;
    }
    return false;
}

/* Named drivers come first, while autoprobe is off: the VFs' own uevents make udev load their
 * default driver, which takes whatever it can get as soon as autoprobe is on again. For the default
 * drivers it must be on, since without it the kernel refuses to probe a VF that has no
 * driver_override (ENODEV, pci_device_can_probe). */
static int phase_bind(struct way *w)
{
    bool final = final_autoprobe(w);
    int r;

    r = bind_vfs(w, false);
    if (r >= 0)
        r = add_autoprobe(w, wants_default(w) || final);
    if (r >= 0)
        r = bind_vfs(w, true);
    return r < 0 ? r : add_autoprobe(w, final);
}

static int phase_netdevs(struct way *w)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < w->want && i < w->goal->n_vfs; i++) {
        const struct attrs *have = settings_now(w, i);

        if (wants_change(w, i, SRIOV_MTU))
            r = add_setting(w, STEP_SET_VF_MTU, (int)i, SRIOV_MTU, have, DISRUPTION_NONE);
        if (r >= 0 && wants_change(w, i, SRIOV_NAME))
            r = add_setting(w, STEP_SET_VF_NAME, (int)i, SRIOV_NAME, have, DISRUPTION_NONE);
    }
    return r;
}

static int phase_pf_after(struct way *w)
{
    if (!pf_differs(w, SRIOV_LINK) || w->goal->want.value[SRIOV_LINK])
        return 0;
    return add_texts(w, STEP_SET_PF_LINK, -1, SRIOV_LINK, DISRUPTION_PF_LINK_BOUNCE, "up", "down");
}

static int add_phases(struct way *w)
{
    int r;

    r = phase_pf_before(w);
    if (r >= 0)
        /* The options line lasts, so it is put back even if the driver was never loaded again. */
        r = w->by_parameter && (w->recreate || w->plan->goals.restoring) ? phase_parameter(w)
                                                                         : phase_count(w);
    if (r >= 0)
        r = phase_settings(w);
    if (r >= 0)
        r = phase_eswitch(w, false);
    if (r >= 0)
        r = phase_bind(w);
    if (r >= 0)
        r = phase_netdevs(w);
    return r < 0 ? r : phase_pf_after(w);
}

/* ---- remarks ---- */

static int add_remarks(struct way *w, size_t first_step)
{
    const struct pf *pf = w->goal->pf;
    int r = 0;

    for (size_t i = first_step; r >= 0 && i < w->plan->n_steps; i++) {
        const struct step *s = &w->plan->steps[i];
        const char *remark = NULL;
        char text[320];

        if (s->kind == STEP_SET_VF && settings_now(w, (size_t)s->vf))
            remark = quirk_remark(pf, s->attr, s->want->value[s->attr]);
        if (!remark)
            continue;
        snprintf(text, sizeof(text), "%s: %s: %s", pf_label(pf), attr_row(s->attr)->name, remark);
        if (!strv_has(&w->plan->remarks, text))
            r = strv_add(&w->plan->remarks, text);
    }
    return r < 0 ? error_no_memory(w->error) : 0;
}

static int plan_pf(struct plan *p, size_t goal, struct sriov_error *error)
{
    struct way w = { .plan = p, .goal = &p->goals.items[goal], .goal_index = goal, .error = error };
    size_t first_step = p->n_steps;
    int r;

    r = find_way(&w);
    if (r >= 0)
        r = make_room(&w);
    if (r >= 0)
        r = check_listed(&w);
    if (r >= 0 && !p->goals.restoring)
        r = check_settings(&w);
    if (r < 0)
        return r;
    if (w.recreate && !p->goals.restoring)
        keep_settings(&w);
    r = add_phases(&w);
    return r < 0 ? r : add_remarks(&w, first_step);
}

int plan_make(struct snapshot *s, struct goals *goals, struct plan *ret, struct sriov_error *error)
{
    _cleanup_(plan_done) struct plan p = { .snapshot = s, .goals = *goals };
    int r = 0;

    *goals = (struct goals){ 0 };
    for (size_t i = 0; r >= 0 && i < p.goals.count; i++)
        r = plan_pf(&p, i, error);
    if (r < 0)
        return r;
    *ret = p;
    p = (struct plan){ 0 };
    return 0;
}
