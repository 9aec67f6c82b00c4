/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Drift: the steps that lead from the last look to the policy, of one PF, leased VFs left out. It
 * is what `sriovctl plan` would show, so what is called drift is what a repair would change.
 */
#include <errno.h>

#include "core/policy.h"
#include "daemon/reconcile.h"

#define TEXT_ROOM 400

void drift_done(struct drift *d)
{
    free(d->items);
    *d = (struct drift){ 0 };
}

static void add_item(struct drift *d, const struct plan *p, const struct step *s)
{
    struct drift_item *i = &d->items[d->count++];

    i->vf = s->vf;
    i->attr = s->attr;
    STR_SET(i->is, s->from);
    STR_SET(i->wanted, s->to);
    if (s->kind == STEP_CREATE_VFS) /* over 0, which is not what it is now */
        attr_text(attr_row(SRIOV_NUM_VFS), &p->goals.items[0].pf->attrs, i->is);
}

static int items_of(const struct plan *p, struct drift *ret)
{
    struct drift d = { .items = calloc(p->n_steps + 1, sizeof(*d.items)) };

    if (!d.items)
        return -ENOMEM;
    for (size_t i = 0; i < p->n_steps; i++) {
        if (step_is_wanted(p, &p->steps[i]))
            add_item(&d, p, &p->steps[i]);
    }
    *ret = d;
    return 0;
}

int drift_find(const struct look *look, const struct goal *g, const char *boot, struct drift *ret,
               struct sriov_error *error)
{
    _cleanup_(goals_done) struct goals goals = { 0 };
    _cleanup_(plan_done) struct plan plan = { 0 };
    int r;

    r = goals_of_one(g, &goals);
    if (r >= 0)
        r = goals_leave_leased(&goals, look->leases, look->n_leases, boot, NULL);
    if (r >= 0)
        r = plan_make(look->snapshot, &goals, &plan, error);
    return r < 0 ? r : items_of(&plan, ret);
}

/* ---- comparing ---- */

static bool holds(const struct drift *d, const struct drift_item *item)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct drift_item *other = &d->items[i];
        if (other->vf == item->vf && other->attr == item->attr && str_eq(other->is, item->is) &&
            str_eq(other->wanted, item->wanted))
            return true;
    }
    return false;
}

bool drift_is_news(const struct drift *now, const struct drift *before)
{
    for (size_t i = 0; i < now->count; i++) {
        if (!holds(before, &now->items[i]))
            return true;
    }
    return false;
}

bool drift_has(const struct drift *drift, const struct difference *d)
{
    bool lost = d->went && d->vf >= 0; /* shows in the number of VFs */

    for (size_t i = 0; i < drift->count; i++) {
        const struct drift_item *item = &drift->items[i];
        if (lost ? item->attr == SRIOV_NUM_VFS
                 : d->row && item->vf == d->vf && item->attr == d->row->id)
            return true;
    }
    return false;
}

/* ---- telling ---- */

static void item_text(const struct drift_item *i, const char *pf, struct buf *ret)
{
    buf_add_str(ret, pf);
    if (i->vf >= 0)
        buf_printf(ret, "/%d", i->vf);
    buf_printf(ret, " %s is %s, should be %s", attr_row(i->attr)->name, i->is, i->wanted);
}

void drift_text(const struct drift *d, const char *pf, struct buf *ret)
{
    for (size_t i = 0; i < d->count; i++) {
        if (ret->len > TEXT_ROOM) {
            buf_printf(ret, "; and %zu more", d->count - i);
            return;
        }
        buf_add_str(ret, i > 0 ? "; " : "");
        item_text(&d->items[i], pf, ret);
    }
}

void drift_tell(const struct care *c)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    buf_printf(&text, "not as the policy says (%s): ", c->goal->where);
    drift_text(&c->drift, c->label, &text);
    if (buf_ok(&text) < 0)
        return;
    feed_tell(c->reconcile->d->feed,
              &(struct record){
                  .kind = RECORD_DRIFT,
                  .level = c->goal->mode == MODE_ENFORCE ? LEVEL_NOTICE : LEVEL_WARNING,
                  .object = c->label,
                  .message = text.data,
                  .is_drift = true,
              });
}
