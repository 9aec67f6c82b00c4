/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How the PFs stand with the policy, for /v1/policy and the metrics.
 */
#include "core/pool.h"
#include "daemon/reconcile.h"

bool reconcile_standing(const struct reconcile *r, size_t i, struct pf_standing *ret)
{
    struct pf_standing s = { 0 };
    const struct care *c;

    if (!r->look || i >= r->look->snapshot->n_pfs)
        return false;
    STR_SET(s.pf, r->look->snapshot->pfs[i].key);
    c = care_find(r, s.pf);
    if (c) {
        s.in_policy = c->goal;
        s.mode = c->goal ? c->goal->mode : MODE_ADOPT;
        s.drifted = c->drift.count;
        s.repairs = c->repairs;
        s.gave_up = c->gave_up;
    }
    *ret = s;
    return true;
}

/* What is being done about it, in the order of what matters more. */
static const char *standing_name(const struct care *c)
{
    return c->job                                            ? "working"
           : c->gave_up                                      ? "gave-up"
           : c->failed && (c->pending || c->drift.count > 0) ? "failed"
           : c->deferred && c->pending                       ? "deferred"
           : c->pending                                      ? "pending"
           : c->drift.count > 0                              ? "drift"
                                                             : "ok";
}

static void drift_json(const struct care *c, struct json_writer *w)
{
    char object[OBJECT_SIZE];

    json_array(w, "drift");
    for (size_t i = 0; i < c->drift.count; i++) {
        const struct drift_item *d = &c->drift.items[i];
        STR_SET(object, c->label);
        if (d->vf >= 0)
            vf_label(c->goal->pf, (unsigned)d->vf, object);
        json_object(w, NULL);
        json_str(w, "object", object);
        json_str(w, "attribute", attr_row(d->attr)->name);
        json_str(w, "is", str_eq(d->is, "-") ? NULL : d->is);
        json_str(w, "wanted", d->wanted);
        json_end(w);
    }
    json_end(w);
}

static void care_json(const struct care *c, struct json_writer *w)
{
    json_object(w, NULL);
    json_str(w, "pf", c->label);
    json_str(w, "key", c->key);
    json_str(w, "where", c->goal->where);
    json_str(w, "mode", pf_mode_name(c->goal->mode));
    json_bool(w, "fdb_sync", c->goal->fdb_sync);
    json_str(w, "standing", standing_name(c));
    drift_json(c, w);
    json_u64(w, "repairs", c->repairs);
    json_str(w, "trouble", c->trouble[0] ? c->trouble : NULL);
    json_array(w, "documents");
    goal_json(c->goal, w);
    json_end(w);
    json_end(w);
}

static void missing_json(const struct reconcile *r, struct json_writer *w)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    _cleanup_strv_ struct strv places = STRV_INIT;

    json_array(w, "missing");
    if (reconcile_policy_missing(r, &text) > 0 && text.data)
        strv_split(&places, text.data, ',');
    for (size_t i = 0; i < places.count; i++)
        json_str(w, NULL, str_trim(places.items[i]));
    json_end(w);
}

void reconcile_json(const struct reconcile *r, struct json_writer *w)
{
    const struct sriov_error *wrong = r->wrong.code != SRIOV_DONE ? &r->wrong : &r->conflict;

    json_object(w, NULL);
    json_object(w, "policy");
    json_str(w, "path", r->d->config.policy);
    json_bool(w, "settled", r->settled);
    if (wrong->code == SRIOV_DONE) {
        json_null(w, "wrong");
    } else {
        json_object(w, "wrong");
        json_str(w, "object", wrong->object);
        json_str(w, "message", wrong->message);
        json_end(w);
    }
    json_array(w, "pfs");
    for (const struct care *c = r->cares; c; c = c->next) {
        if (c->goal)
            care_json(c, w);
    }
    json_end(w);
    pools_json(&r->policy, w);
    missing_json(r, w);
    json_end(w);
    json_end(w);
}
