/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks on what was done and what is wanted: differences from the policy, changes that died or
 * failed, leases whose owners are gone, settings that a former user of a VF left behind.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/plan.h"
#include "doctor/operations.h"
#include "doctor/pci.h"
#include "doctor/wanted.h"

/* ---- policy-drift ---- */

/* Is it a difference of this VF (or of the PF: -1)? What a lease made of its VF is the lease's,
 * until it ends. */
static bool is_difference(const struct doctor *d, const struct plan *p, const struct step *step,
                          size_t goal, int vf)
{
    const struct pf *pf = p->goals.items[goal].pf;

    return step->goal == goal && step->vf == vf && step_is_wanted(p, step) &&
           (vf < 0 || !lease_of(d, pf, (unsigned)vf));
}

static void add_difference(struct doctor *d, struct finding *f, const struct plan *p,
                           const struct step *step)
{
    const struct goal *g = &p->goals.items[step->goal];
    char object[OBJECT_SIZE];

    step_object(p, step, object);
    if (step->kind == STEP_CREATE_VFS)
        evidence(d, f, g->where, "%s num_vfs: is %zu, should be %s", object, g->pf->n_vfs,
                 step->to);
    else
        evidence(d, f, g->where, "%s %s: is %s, should be %s", object, attr_row(step->attr)->name,
                 step->from, step->to);
}

/* Who stands in the way on this PF: apply is refused as long as he uses what it would take away. */
struct blocker {
    char object[OBJECT_SIZE];
    char text[HOLDER_TEXT_SIZE]; /* "": nobody */
};

static struct blocker find_blocker(const struct doctor *d, const struct plan *p,
                                   const struct pf *pf)
{
    struct holders victims = { 0 };
    struct blocker b = { 0 };

    if (plan_victims(p, doctor_holders(d), &victims) < 0)
        return b;
    for (size_t i = 0; i < victims.count && !b.text[0]; i++) {
        const struct holder *h = &victims.items[i];

        if (!str_eq(h->pf, pf->key))
            continue;
        holder_text(h, b.text);
        STR_SET(b.object, pf_label(pf));
        if (h->vf >= 0)
            vf_label(pf, (unsigned)h->vf, b.object);
    }
    holders_done(&victims);
    return b;
}

static void report_drift(struct doctor *d, const struct plan *p, size_t goal, int vf)
{
    const struct pf *pf = p->goals.items[goal].pf;
    struct blocker blocker;
    struct finding *f;
    size_t n = 0;

    for (size_t i = 0; i < p->n_steps; i++)
        n += is_difference(d, p, &p->steps[i], goal, vf);
    if (n == 0)
        return;
    blocker = find_blocker(d, p, pf);
    f = report(d, FINDING_WARNING, "%s is not as the policy says: %zu difference%s%s%s",
               vf < 0 ? "the PF" : "the VF", n, n > 1 ? "s" : "",
               blocker.text[0] ? ", and apply is refused because of " : "", blocker.text);
    if (vf < 0)
        about_pf(f, pf);
    else
        about_vf(f, pf, (unsigned)vf);
    for (size_t i = 0; i < p->n_steps; i++) {
        if (is_difference(d, p, &p->steps[i], goal, vf))
            add_difference(d, f, p, &p->steps[i]);
    }
    if (blocker.text[0]) {
        evidence(d, f, "sriovctl list", "%s: %s", blocker.object, blocker.text);
        remedy(f, FIX_BY_HAND, "have %s released, then sriovctl apply", blocker.object);
    } else {
        remedy(f, plan_disruption(p) == DISRUPTION_NONE ? FIX_SAFE : FIX_BY_HAND, "sriovctl apply");
    }
}

static void report_drifts(struct doctor *d, const struct plan *p, size_t goal)
{
    const struct goal *g = &p->goals.items[goal];

    for (int vf = -1; vf < (int)g->n_vfs; vf++)
        report_drift(d, p, goal, vf);
}

/* The policy asks for what cannot be. */
static void report_impossible(struct doctor *d, const struct sriov_error *error)
{
    struct finding *f = report(d, FINDING_WARNING, "the policy cannot be applied: %s: %s",
                               error->object, error->message);
    const struct snapshot *s = doctor_snapshot(d);

    for (size_t i = 0; i < s->n_pfs; i++) {
        if (str_eq(pf_label(&s->pfs[i]), error->object))
            about_pf(f, &s->pfs[i]);
    }
    evidence(d, f, "sriovctl plan", "%s", error->message);
    if (error->remedy[0])
        remedy(f, FIX_BY_HAND, "%s", error->remedy);
}

void check_policy_drift(struct doctor *d, const struct pf *none, const struct vf *vf)
{
    /* A plan only looks at the snapshot; execution is what would change it. */
    struct snapshot *s = (struct snapshot *)doctor_snapshot(d);
    struct sriov_error error = { 0 };
    struct goals goals = { 0 };
    struct plan plan = { 0 };
    int r;

    r = wanted_read(d, &goals, &error);
    if (r >= 0)
        r = plan_make(s, &goals, &plan, &error);
    if (r == -EOPNOTSUPP && !doctor_pci(d)->complete)
        cannot_see(d, "needs root: the eswitch mode of %s", error.object);
    else if (r < 0 && r != -ENOMEM)
        report_impossible(d, &error);
    for (size_t i = 0; r >= 0 && i < plan.goals.count; i++)
        report_drifts(d, &plan, i);
    plan_done(&plan);
    goals_done(&goals);
}

/* ---- change-interrupted ---- */

static bool is_being_done(struct doctor *d, const struct transaction *t)
{
    bool busy = false;

    for (size_t i = 0; !busy && i < t->pfs.count; i++) {
        struct transaction now = { 0 };

        busy = ledger_busy(doctor_ledger(d), t->pfs.items[i], &now) > 0;
        transaction_done(&now);
    }
    return busy;
}

static void report_interrupted(struct doctor *d, const struct transaction *t)
{
    const struct snapshot *s = doctor_snapshot(d);
    struct finding *f;

    f = report(d, FINDING_WARNING, "change %lld was cut off half-way: `%s` of %s died",
               (long long)t->id, t->command, t->who);
    for (size_t i = 0; i < s->n_pfs; i++) {
        char autoprobe[ATTR_TEXT_SIZE];

        if (t->pfs.count == 0 || !str_eq(s->pfs[i].key, t->pfs.items[0]))
            continue;
        about_pf(f, &s->pfs[i]);
        attr_text(attr_row(SRIOV_AUTOPROBE), &s->pfs[i].attrs, autoprobe);
        if (attrs_has(&s->pfs[i].attrs, SRIOV_AUTOPROBE)) /* any command undoes it first */
            remedy(f, FIX_SAFE, "sriovctl set %s autoprobe=%s", pf_label(&s->pfs[i]), autoprobe);
    }
    evidence(d, f, "sriovctl history", "change %lld: running, and process %d is gone",
             (long long)t->id, t->pid);
}

void check_change_interrupted(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct transaction *running = NULL;
    size_t count = 0;

    if (!doctor_ledger(d) || ledger_running(doctor_ledger(d), &running, &count, NULL) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (running[i].this_boot && !is_being_done(d, &running[i]))
            report_interrupted(d, &running[i]);
        transaction_done(&running[i]);
    }
    free(running);
}

/* ---- change-failed ---- */

#define LAST_ROWS 256
#define NEWS_SECONDS (24 * 60 * 60) /* what failed and was undone longer ago is history */

static void report_failed(struct doctor *d, const struct pf *pf, const struct history_row *last,
                          const struct history_row *failed)
{
    bool undone = last->transaction_state == TRANSACTION_REVERTED;
    struct finding *f;

    f = report(d, undone ? FINDING_WARNING : FINDING_ERROR, "the last change of %s failed%s",
               pf_label(pf), undone ? " and was undone" : ", and something could not be put back");
    confidence(f, LIKELY);
    evidence(d, f, "sriovctl history", "change %lld: `%s` by %s: %s", (long long)last->transaction,
             last->command, last->who, transaction_state_name(last->transaction_state));
    if (failed)
        evidence(d, f, "sriovctl history", "%s %s: %s to %s: %s", failed->object, failed->what,
                 failed->from, failed->to, failed->state);
    if (undone)
        remedy(f, FIX_BY_HAND,
               "read `dmesg` of that time, mend the cause, and give the command again");
    else
        remedy(f, FIX_BY_HAND, "sriovctl rollback %lld", (long long)last->transaction);
}

/* Settings of VFs do not outlive a boot, nor do the VFs. */
static bool is_before_boot(struct doctor *d, int64_t when)
{
    int64_t up = (int64_t)strtoul(read_text(d, "/proc/uptime"), NULL, 10);

    return up > 0 && when < (int64_t)time(NULL) - up;
}

void check_change_failed(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct history_row *failed = NULL;
    struct history_row *rows = NULL;
    size_t count = 0;

    if (!doctor_ledger(d) ||
        ledger_history(doctor_ledger(d), pf->key, -1, LAST_ROWS, &rows, &count, NULL) < 0)
        return;
    for (size_t i = 0; i < count && rows[i].transaction == rows[0].transaction; i++) {
        if (!failed && str_eq(rows[i].state, "failed"))
            failed = &rows[i];
    }
    if (count > 0 && !is_before_boot(d, rows[0].when) &&
        (rows[0].transaction_state == TRANSACTION_NOT_REVERTED ||
         (rows[0].transaction_state == TRANSACTION_REVERTED && failed &&
          time(NULL) - rows[0].when < NEWS_SECONDS)))
        report_failed(d, pf, &rows[0], failed);
    free(rows);
}

/* ---- lease-stale ---- */

static void report_gone(struct doctor *d, const struct pf *pf, const struct vf *vf,
                        const struct lease *l)
{
    struct finding *f = report(d, FINDING_WARNING, "the VF is leased to %s, who is gone",
                               l->owner.name);

    if (l->owner.pid > 0)
        evidence(d, f, "sriovctl leases", "owner %s, pid %d: no such process", l->owner.name,
                 l->owner.pid);
    else
        evidence(d, f, "sriovctl leases", "owner %s, %s: no such namespace", l->owner.name,
                 l->owner.netns);
    remedy(f, FIX_SAFE, "sriovctl release %s/%u", pf_label(pf), vf->index);
}

void check_lease_stale(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct lease *l = lease_of(d, pf, vf->index);
    struct finding *f;

    if (!l)
        return;
    if (!lease_is_readable(l)) {
        f = report(d, FINDING_WARNING, "there is a lease of the VF that cannot be read");
        evidence(d, f, "sriovctl leases", "%s", l->owner.name);
        remedy(f, FIX_BY_HAND, "see who has the VF, then remove leases/%s.%u in the state folder",
               pf->key, vf->index);
        return;
    }
    if (l->state == LEASE_HELD && owner_life(&l->owner) == OWNER_GONE)
        report_gone(d, pf, vf, l);
}

/* ---- settings-left ---- */

/* What a new VF does not have, and somebody must have set. */
static const enum sriov_attr telling[] = { SRIOV_VLAN, SRIOV_TRUST, SRIOV_MAX_TX_RATE };

/* Did we set this value, so that somebody wants it? */
static bool is_ours(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct history_row *rows = NULL;
    bool found = false;
    size_t count = 0;

    if (doctor_ledger(d) && ledger_history(doctor_ledger(d), pf->key, (int)vf->index, LAST_ROWS,
                                           &rows, &count, NULL) < 0)
        count = 0;
    for (size_t i = 0; !found && i < count; i++) {
        for (size_t k = 0; k < ELEMENTS(telling); k++)
            found |= rows[i].transaction_state == TRANSACTION_APPLIED &&
                     str_eq(rows[i].what, attr_row(telling[k])->name);
    }
    free(rows);
    return found;
}

static bool is_set(const struct vf *vf, enum sriov_attr id)
{
    return attrs_has(&vf->attrs, id) && vf->attrs.value[id] != attr_row(id)->fresh;
}

static void report_left(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    _cleanup_buf_ struct buf command = BUF_INIT;
    struct finding *f;

    f = report(d, FINDING_INFO, "the VF is nobody's, and has settings that somebody made");
    confidence(f, POSSIBLE);
    for (size_t i = 0; i < ELEMENTS(telling); i++) {
        const struct attr *row = attr_row(telling[i]);
        struct attrs fresh = { 0 };
        char text[ATTR_TEXT_SIZE];

        if (!is_set(vf, telling[i]))
            continue;
        attr_text(row, &vf->attrs, text);
        evidence(d, f, "ip link show dev PF", "vf %u %s %s", vf->index, row->name, text);
        attrs_set(&fresh, telling[i], row->fresh);
        attr_text(row, &fresh, text);
        buf_printf(&command, " %s=%s", row->name, text);
    }
    if (buf_ok(&command) == 0 && command.data)
        remedy(f, FIX_BY_HAND, "sriovctl set %s/%u%s", pf_label(pf), vf->index, command.data);
}

void check_settings_left(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    bool any = false;

    for (size_t i = 0; i < ELEMENTS(telling); i++)
        any |= is_set(vf, telling[i]);
    if (!any || doctor_policy(d) || is_used(d, pf, vf) || driver_is_passthrough(vf->attrs.driver) ||
        is_ours(d, pf, vf))
        return;
    report_left(d, pf, vf);
}
