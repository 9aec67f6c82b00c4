/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a policy to a plan: which PFs are meant, and which VFs are left to their leases.
 */
#include "core/policy.h"

#include <errno.h>

#include "core/target.h"

/* ---- leases ---- */

static const struct lease *find_lease(const struct goal *g, unsigned vf, const struct lease *leases,
                                      size_t n_leases, const char *boot)
{
    for (size_t i = 0; i < n_leases; i++)
        if (leases[i].vf == vf && str_eq(leases[i].pf, g->pf->key) &&
            lease_is_of_boot(&leases[i], boot))
            return &leases[i];
    return NULL;
}

/* As much of it as a line has room for. */
#define REMARK_ROOM 240

static int add_remark(const struct goal *g, const struct buf *vfs, struct strv *remarks)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    buf_printf(&text, "%s: leased, so they stay as they are: VF %.*s%s", pf_label(g->pf),
               REMARK_ROOM, vfs->data, vfs->len > REMARK_ROOM ? " ..." : "");
    return buf_ok(&text) < 0 ? -ENOMEM : strv_add(remarks, text.data);
}

static int leave_leased(struct goal *g, const struct lease *leases, size_t n_leases,
                        const char *boot, struct strv *remarks)
{
    _cleanup_buf_ struct buf vfs = BUF_INIT;

    for (size_t i = 0; i < g->n_vfs; i++) {
        const struct lease *l = find_lease(g, (unsigned)i, leases, n_leases, boot);

        if (!l || !g->vfs[i].known)
            continue;
        g->vfs[i] = (struct attrs){ 0 };
        buf_printf(&vfs, "%s%zu (%s)", vfs.len > 0 ? ", " : "", i, l->owner.name);
    }
    if (buf_ok(&vfs) < 0)
        return -ENOMEM;
    return vfs.len > 0 && remarks ? add_remark(g, &vfs, remarks) : 0;
}

int goals_leave_leased(struct goals *g, const struct lease *leases, size_t n_leases,
                       const char *boot, struct strv *remarks)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && n_leases > 0 && i < g->count; i++)
        r = leave_leased(&g->items[i], leases, n_leases, boot, remarks);
    return r;
}

/* Who may not see the leases makes the plan without them; only root applies it, and root may. */
static int leave_leases_of_session(struct session *s, struct goals *g, struct strv *remarks,
                                   struct sriov_error *error)
{
    char boot[HOST_BOOT_ID_SIZE];
    struct lease *leases = NULL;
    size_t n_leases = 0;
    int r;

    r = session_leases(s, &leases, &n_leases, error);
    if (r >= 0 && n_leases > 0 && host_boot_id(boot) >= 0 &&
        goals_leave_leased(g, leases, n_leases, boot, remarks) < 0)
        r = error_no_memory(error);
    leases_free(leases, n_leases);
    return r;
}

/* ---- which PFs ---- */

static int find_goal(const struct goals *g, struct snapshot *s, const char *word, size_t *ret,
                     struct sriov_error *error)
{
    struct target t = { 0 };
    int r;

    r = target_find(s, word, &t, error);
    if (r < 0)
        return r;
    if (t.has_vfs)
        r = error_set(error, SRIOV_USAGE, 0, word, "is a VF, and a policy is applied to whole PFs");
    for (size_t i = 0; r >= 0 && i < g->count; i++)
        if (g->items[i].pf == t.pf) {
            *ret = i;
            target_done(&t);
            return 0;
        }
    if (r >= 0) {
        r = error_set(error, SRIOV_USAGE, 0, pf_label(t.pf), "the policy says nothing about it");
        error_remedy(error, "give it an entry of pfs (man sriovd-policy), or leave out --pf");
    }
    target_done(&t);
    return r;
}

/* Keeps the goals of the PFs asked for. */
static int keep_asked(const struct policy_request *q, struct snapshot *s, struct goals *g,
                      struct sriov_error *error)
{
    _cleanup_free_ bool *asked = calloc(g->count + 1, sizeof(*asked));
    size_t kept = 0, at = 0;

    if (!asked)
        return error_no_memory(error);
    for (size_t i = 0; i < q->n_pfs; i++) {
        int r = find_goal(g, s, q->pfs[i], &at, error);

        if (r < 0)
            return r;
        asked[at] = true;
    }
    for (size_t i = 0; i < g->count; i++) {
        if (asked[i])
            g->items[kept++] = g->items[i];
        else
            free(g->items[i].vfs);
    }
    g->count = kept;
    return 0;
}

/* ---- the plan ---- */

int policy_plan(const struct policy_request *q, struct session *s, struct plan *ret,
                struct sriov_error *error)
{
    _cleanup_(goals_done) struct goals goals = { 0 };
    _cleanup_strv_ struct strv remarks = STRV_INIT;
    int r;

    r = goals_resolve(q->desired, s->snapshot, &goals, error);
    if (r >= 0 && q->n_pfs > 0)
        r = keep_asked(q, s->snapshot, &goals, error);
    if (r >= 0)
        r = leave_leases_of_session(s, &goals, &remarks, error);
    if (r >= 0)
        r = plan_make(s->snapshot, &goals, ret, error);
    for (size_t i = 0; r >= 0 && i < remarks.count; i++)
        if (strv_add(&ret->remarks, remarks.items[i]) < 0) {
            plan_done(ret);
            r = error_no_memory(error);
        }
    return r;
}
