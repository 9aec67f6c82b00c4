/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of a change: the baseline and the steps are in the ledger before anything is done; the
 * steps run; what is there is read back and compared; and if anything went wrong the baseline is
 * planned and run like any other desired state. So undoing needs no inverse of each step, and works
 * the same from wherever a killed process stopped.
 */
#include "core/apply.h"

#include <errno.h>
#include <stdio.h>

#include "base/json-read.h"
#include "core/execute.h"
#include "core/lease.h"
#include "core/planner.h"

/* Our own text comes back, still it comes from a file. */
static const struct node_limits baseline_limits = { .bytes = 16 << 20,
                                                    .nodes = 1 << 20,
                                                    .depth = 8 };

/* ---- reading back ---- */

static int not_taken(const struct goal *g, int vf, const struct attr *row, const struct attrs *want,
                     const struct attrs *have, struct sriov_error *error)
{
    char object[OBJECT_SIZE], wanted[ATTR_TEXT_SIZE], found[ATTR_TEXT_SIZE];

    if (vf >= 0)
        vf_label(g->pf, (unsigned)vf, object);
    else
        STR_SET(object, pf_label(g->pf));
    attr_text(row, want, wanted);
    attr_text(row, have, found);
    error_set(error, SRIOV_FAILED, EIO, object, "%s was accepted as %s, but reads back as %s",
              row->name, wanted, found);
    error_kernel(error, "the driver said success");
    error_remedy(error, "the driver ignores this setting: leave it out, or update the driver");
    return -EIO;
}

/* MSI-X counts can be written and not read; and what the driver did not report (i40e leaves a VF
 * out while it is at work on it) is unknown, not wrong. */
static bool can_be_compared(const struct attr *row, bool listed)
{
    return row->way != WAY_VF_MSIX && (row->way != WAY_VF_NETLINK || listed);
}

static int compare(const struct goal *g, int vf, const struct attrs *want, const struct attrs *have,
                   bool listed, struct sriov_error *error)
{
    for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++) {
        enum sriov_attr id = (enum sriov_attr)a;
        bool agrees = id == SRIOV_DRIVER ? driver_agrees(want->driver, have)
                                         : attr_agrees(id, want, have);

        if (id == SRIOV_MAC && want->value[id] == 0)
            continue; /* given back to the VF, which may have chosen one by now */
        if (attrs_has(want, id) && !agrees && can_be_compared(attr_row(id), listed))
            return not_taken(g, vf, attr_row(id), want, have, error);
    }
    return 0;
}

static const struct pf *same_pf(const struct snapshot *s, const struct pf *pf)
{
    for (size_t i = 0; i < s->n_pfs; i++)
        if (str_eq(s->pfs[i].handle, pf->handle))
            return &s->pfs[i];
    return NULL;
}

static int compare_goal(const struct goal *g, const struct pf *pf, struct sriov_error *error)
{
    int r;

    r = g->count_external ? 0 : compare(g, -1, &g->want, &pf->attrs, true, error);
    for (size_t v = 0; r >= 0 && v < MIN_OF(g->n_vfs, pf->n_vfs); v++)
        r = compare(g, (int)v, &g->vfs[v], &pf->vfs[v].attrs, pf->vfs[v].listed, error);
    return r;
}

/* Most plans only change settings of VFs: then the rest is as it was read for the plan. */
static bool only_settings(const struct plan *p)
{
    for (size_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind != STEP_SET_VF)
            return false;
    return true;
}

static int verify_settings(struct backend *b, const struct plan *p, struct sriov_error *error)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < p->goals.count; i++) {
        struct pf *pf = p->goals.items[i].pf;

        r = snapshot_refresh_settings(b, pf, error);
        if (r >= 0)
            r = compare_goal(&p->goals.items[i], pf, error);
    }
    return r;
}

int plan_verify(struct backend *b, const struct plan *p, struct sriov_error *error)
{
    _cleanup_snapshot_ struct snapshot *now = NULL;
    int r;

    if (only_settings(p))
        return verify_settings(b, p, error);
    r = snapshot_take(b, &now, error);
    for (size_t i = 0; r >= 0 && i < p->goals.count; i++) {
        const struct goal *g = &p->goals.items[i];
        const struct pf *pf = same_pf(now, g->pf);

        if (!pf)
            return error_set(error, SRIOV_FAILED, ENODEV, pf_label(g->pf), "the PF went away");
        r = compare_goal(g, pf, error);
    }
    return r;
}

/* ---- going back ---- */

static int baseline_goals(const char *baseline, struct snapshot *s, struct goals *ret,
                          struct sriov_error *error)
{
    _cleanup_node_ struct node *document = NULL;
    _cleanup_(desired_done) struct desired d = { 0 };
    int r;

    r = json_read(baseline, strlen(baseline), &baseline_limits, &document, NULL);
    if (r < 0)
        return error_set(error, SRIOV_NOT_ROLLED_BACK, -r, "",
                         "the baseline in the ledger is damaged");
    r = desired_add(&d, document, "baseline", error);
    /* Of several PFs one may be gone, which may be why: the others are put back all the same. */
    for (size_t i = 0; r >= 0 && d.n_pfs > 1 && i < d.n_pfs; i++)
        d.pfs[i].optional = true;
    if (r >= 0)
        r = goals_resolve(&d, s, ret, error);
    if (r >= 0 && d.n_pfs > 0 && ret->count == 0)
        return error_set(error, SRIOV_NO_DEVICE, ENODEV, "", "none of its PFs is there any more");
    if (r >= 0)
        ret->restoring = true;
    return r;
}

enum revert_gate {
    GATE_NONE,
    GATE_PROCESSES, /* nothing is taken away that a process has */
    GATE_ALL,
};

/* What was made a moment ago has no leases of others and may have got addresses by itself, but a
 * process that has a VF, or lives where it went, came meanwhile. */
static void keep_processes(struct holders *h)
{
    size_t kept = 0;

    for (size_t i = 0; i < h->count; i++)
        if (h->items[i].pid > 0 && h->items[i].kind != HOLDER_LEASE)
            h->items[kept++] = h->items[i];
    h->count = kept;
    h->incomplete = false;
}

static int check_gate(struct backend *b, struct ledger *l, const struct plan *p,
                      enum revert_gate gate, struct sriov_error *error)
{
    _cleanup_(holders_done) struct holders all = { 0 }, victims = { 0 };
    struct lease *leases = NULL;
    size_t n_leases = 0;
    int r;

    if (gate == GATE_NONE)
        return 0;
    r = lease_list(ledger_dir(l), &leases, &n_leases, error);
    if (r >= 0)
        r = holders_find(b, p->snapshot, leases, n_leases, &all, error);
    leases_free(leases, n_leases);
    if (r < 0)
        return r;
    if (plan_victims(p, &all, &victims) < 0)
        return error_no_memory(error);
    if (gate == GATE_PROCESSES)
        keep_processes(&victims);
    return plan_gate(p, &victims, error);
}

/* Plans what is left to be put back, and puts it back unless the gate finds somebody. */
static int revert(struct backend *b, struct ledger *l, const char *baseline, enum revert_gate gate,
                  struct sriov_error *error)
{
    _cleanup_snapshot_ struct snapshot *s = NULL;
    _cleanup_(plan_done) struct plan p = { 0 };
    struct goals goals = { 0 };
    int r;

    r = snapshot_take(b, &s, error);
    if (r >= 0)
        r = baseline_goals(baseline, s, &goals, error);
    if (r >= 0)
        r = plan_make(s, &goals, &p, error);
    if (r >= 0)
        r = check_gate(b, l, &p, gate, error);
    if (r >= 0)
        r = plan_execute(b, &p, NULL, error);
    if (r >= 0)
        r = execute_overrides(b, &p, error);
    return r < 0 ? r : plan_verify(b, &p, error);
}

/* ---- a change ---- */

/* The error of a failed step, completed by how the undoing went. */
static int after_failure(struct backend *b, struct ledger *l, struct plan *p, int64_t id,
                         const char *baseline, bool force, int failure, struct sriov_error *error)
{
    struct sriov_error undo = { 0 };
    enum transaction_state state = TRANSACTION_REVERTED;

    if (revert(b, l, baseline, force ? GATE_NONE : GATE_PROCESSES, &undo) < 0) {
        char message[sizeof(undo.message)], object[sizeof(undo.object)];

        state = TRANSACTION_NOT_REVERTED;
        STR_SET(message, error ? error->message : "");
        STR_SET(object, error ? error->object : "");
        error_set(error, SRIOV_NOT_ROLLED_BACK, -failure, object,
                  "%.100s; and putting it back failed at %.40s: %.80s", message, undo.object,
                  undo.message);
        error_kernel(error, undo.kernel);
        error_remedy(error,
                     "`sriovctl history` has what was meant to be; `sriovctl rollback %lld` tries "
                     "again",
                     (long long)id);
    }
    ledger_finish(l, id, state, p, NULL);
    return failure;
}

int plan_apply(struct backend *b, struct ledger *l, struct plan *p,
               const struct apply_options *options, struct apply_result *ret,
               struct sriov_error *error)
{
    _cleanup_buf_ struct buf baseline = BUF_INIT;
    struct apply_result result = { 0 };
    int r;

    if (p->n_steps == 0) {
        *ret = result;
        return 0;
    }
    if (plan_baseline(p, &baseline) < 0)
        return error_no_memory(error);
    r = ledger_begin(l, p, options->command, baseline.data, &result.transaction, error);
    if (r < 0)
        return r;
    r = plan_execute(b, p, options, error);
    if (r >= 0)
        r = plan_verify(b, p, error);
    /* What the ledger cannot call applied is undone like any failure: else the next command would
     * do it, when nobody expects it any more. */
    if (r >= 0)
        r = ledger_finish(l, result.transaction, TRANSACTION_APPLIED, p, error);
    if (r < 0)
        return after_failure(b, l, p, result.transaction, baseline.data, options->force, r, error);
    for (size_t i = 0; i < p->n_steps; i++)
        result.changed += p->steps[i].state == STEP_DONE;
    *ret = result;
    return 0;
}

int transaction_plan_revert(struct ledger *l, int64_t id, struct snapshot *s, struct transaction *t,
                            struct plan *ret, struct sriov_error *error)
{
    struct goals goals = { 0 };
    int r;

    r = ledger_transaction(l, id, t, error);
    if (r < 0)
        return r;
    if (!t->this_boot || t->state == TRANSACTION_REVERTED || t->state == TRANSACTION_VOID) {
        error_set(error, SRIOV_USAGE, 0, "", "transaction %lld cannot be rolled back: %s",
                  (long long)t->id,
                  t->state == TRANSACTION_REVERTED ? "it was already" : "it is of an earlier boot");
        error_remedy(error, "`sriovctl history` shows those that can");
        return -EINVAL;
    }
    r = baseline_goals(t->baseline, s, &goals, error);
    return r < 0 ? r : plan_make(s, &goals, ret, error);
}

/* ---- after a crash ---- */

/* Between the list of the running ones and the lock it may have ended by itself. */
static int still_runs(struct ledger *l, const struct transaction *t, struct sriov_error *error)
{
    struct transaction now = { 0 };
    int r;

    r = ledger_transaction(l, t->id, &now, error);
    if (r >= 0)
        r = now.state == TRANSACTION_RUNNING;
    transaction_done(&now);
    return r;
}

/* Closed all the same: what cannot be undone (its PF is gone) must not stand before every later
 * change. */
static int give_up(struct ledger *l, const struct transaction *t, int failure,
                   struct sriov_error *error)
{
    struct sriov_error why = error ? *error : (struct sriov_error){ 0 };

    error_set(error, SRIOV_NOT_ROLLED_BACK, why.error, why.object,
              "transaction %lld was interrupted and cannot be undone: %.180s", (long long)t->id,
              why.message);
    error_kernel(error, why.kernel);
    error_remedy(error, "`sriovctl rollback %lld` tries it again; other commands go on without it",
                 (long long)t->id);
    ledger_finish(l, t->id, TRANSACTION_NOT_REVERTED, NULL, NULL);
    return failure;
}

static int recover_one(struct backend *b, struct ledger *l, struct transaction *t, size_t *reverted,
                       size_t *kept, struct sriov_error *error)
{
    struct sriov_error held = { 0 };
    int r;

    if (!t->this_boot)
        return ledger_finish(l, t->id, TRANSACTION_VOID, NULL, error);
    if (ledger_lock(l, &t->pfs, NULL) < 0)
        return 0; /* it is running */
    r = still_runs(l, t, error);
    if (r <= 0)
        return r;
    r = revert(b, l, t->baseline, GATE_ALL, &held);
    if (r >= 0) {
        (*reverted)++;
        return ledger_finish(l, t->id, TRANSACTION_REVERTED, NULL, error);
    }
    if (held.code == SRIOV_IN_USE) {
        (*kept)++;
        return ledger_finish(l, t->id, TRANSACTION_NOT_REVERTED, NULL, error);
    }
    if (error)
        *error = held;
    return give_up(l, t, r, error);
}

int transactions_recover(struct backend *b, struct ledger *l, size_t *ret_reverted,
                         size_t *ret_kept, struct sriov_error *error)
{
    struct transaction *running = NULL;
    size_t count = 0, reverted = 0, kept = 0;
    int r;

    r = ledger_running(l, &running, &count, error);
    for (size_t i = 0; i < count; i++) {
        if (r >= 0)
            r = recover_one(b, l, &running[i], &reverted, &kept, error);
        transaction_done(&running[i]);
    }
    free(running);
    ledger_unlock(l);
    if (r < 0)
        return r;
    *ret_reverted = reverted;
    *ret_kept = kept;
    return 0;
}
