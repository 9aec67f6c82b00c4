/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs the rules of the audit over the machine, and reckons the score.
 */
#include "doctor/audit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct audit {
    struct audit_input in;
    struct goals goals; /* the policy's, if it could be fitted to the machine */
    struct audit_finding **findings;
    size_t n_findings;
    struct audit_result results[AUDIT_RULES];
    struct audit_result *running;
    struct audit_finding spare; /* taken when there is no memory for another */
    bool failed;                /* there was none once */
};

/* ---- what rules ask ---- */

struct doctor *audit_doctor(const struct audit *a)
{
    return a->in.doctor;
}

const struct baseline *audit_baseline(const struct audit *a)
{
    return a->in.baseline;
}

const struct attrs *audit_policy_of(const struct audit *a, const struct pf *pf, const struct vf *vf)
{
    for (size_t i = 0; i < a->goals.count; i++) {
        const struct goal *g = &a->goals.items[i];
        if (str_eq(g->pf->key, pf->key) && vf->index < g->n_vfs)
            return &g->vfs[vf->index];
    }
    return NULL;
}

const struct lease *audit_lease_of(const struct audit *a, const struct pf *pf, const struct vf *vf)
{
    char boot[HOST_BOOT_ID_SIZE];
    size_t count;
    const struct lease *leases = doctor_leases(a->in.doctor, &count);
    if (count == 0 || host_boot_id(boot) < 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const struct lease *l = &leases[i];
        if (l->vf == vf->index && str_eq(l->pf, pf->key) && lease_is_of_boot(l, boot))
            return l;
    }
    return NULL;
}

/* ---- reporting ---- */

static void finding_free(struct audit_finding *f)
{
    free(f->cause);
    free(f->seen);
    free(f->remedy);
    free(f);
}

static struct audit_finding *add(struct audit *a)
{
    struct audit_finding *f = calloc(1, sizeof(*f));
    void *grown = f ? reallocarray(a->findings, a->n_findings + 1, sizeof(*a->findings)) : NULL;
    if (!grown) {
        free(f);
        a->failed = true;
        a->spare = (struct audit_finding){ .rule = a->running->rule, .vf = -1 };
        return &a->spare;
    }
    a->findings = grown;
    a->findings[a->n_findings++] = f;
    f->rule = a->running->rule;
    f->severity = a->running->severity;
    f->vf = -1;
    return f;
}

static _printf_(2, 0) void set_text(char **field, const char *format, va_list ap)
{
    free(*field);
    if (vasprintf(field, format, ap) < 0)
        *field = NULL;
}

struct audit_finding *audit_report(struct audit *a, const struct pf *pf, const struct vf *vf,
                                   const char *cause, ...)
{
    struct audit_finding *f = add(a);
    va_list ap;
    STR_SET(f->object, "host");
    if (pf) {
        STR_SET(f->pf, pf->key);
        STR_SET(f->object, pf_label(pf));
    }
    if (vf) {
        f->vf = (int)vf->index;
        vf_label(pf, vf->index, f->object);
    }
    va_start(ap, cause);
    set_text(&f->cause, cause, ap);
    va_end(ap);
    return f;
}

void audit_seen(struct audit_finding *f, const char *source, const char *value, ...)
{
    _cleanup_free_ char *text = NULL;
    va_list ap;
    va_start(ap, value);
    set_text(&text, value, ap);
    va_end(ap);
    free(f->seen);
    if (asprintf(&f->seen, "%s: %s", source, text ? text : "") < 0)
        f->seen = NULL;
}

void audit_remedy(struct audit_finding *f, const char *command, ...)
{
    va_list ap;
    va_start(ap, command);
    set_text(&f->remedy, command, ap);
    va_end(ap);
}

/* ---- exceptions ---- */

static bool is_excepted(const struct audit *a, const struct audit_exception *e,
                        const struct audit_finding *f)
{
    struct target t = { 0 };
    bool hit = str_eq(e->object, f->object);
    if (!str_eq(e->rule, f->rule->id) || hit || !f->pf[0] ||
        target_find(a->in.session->snapshot, e->object, &t, NULL) < 0)
        return hit && str_eq(e->rule, f->rule->id);
    if (str_eq(t.pf->key, f->pf)) {
        hit = !t.has_vfs; /* a PF stands for its VFs */
        for (size_t i = 0; i < t.count; i++)
            hit |= f->vf >= 0 && t.indexes[i] == (unsigned)f->vf;
    }
    target_done(&t);
    return hit;
}

static void accept(const struct audit *a, struct audit_finding *f)
{
    const struct baseline *b = a->in.baseline;
    for (size_t i = 0; i < b->n_exceptions && !f->accepted; i++) {
        if (is_excepted(a, &b->exceptions[i], f))
            f->accepted = b->exceptions[i].because;
    }
}

/* ---- running ---- */

static bool is_meant(const struct audit *a, const struct pf *pf, const struct vf *vf)
{
    const struct target *t = a->in.target;
    if (!t)
        return true;
    if (!str_eq(t->pf->key, pf->key))
        return false;
    for (size_t i = 0; vf && i < t->count; i++) {
        if (t->indexes[i] == vf->index)
            return true;
    }
    return !vf || !t->has_vfs;
}

/* The attribute is as the baseline wants it, or as the policy does. */
static bool judge_attr(struct audit *a, const struct pf *pf, const struct vf *vf,
                       enum sriov_attr id)
{
    const struct baseline *b = a->in.baseline;
    const struct attrs *policy = audit_policy_of(a, pf, vf);
    const struct attr *row = attr_row(id);
    char is[ATTR_TEXT_SIZE], wanted[ATTR_TEXT_SIZE];
    if (!attrs_has(&b->want, id) || !attrs_has(&vf->attrs, id))
        return false;
    if (attr_agrees(id, &b->want, &vf->attrs))
        return true;
    if (policy && attr_agrees(id, policy, &vf->attrs) && !attrs_has(&b->named, id))
        return true;
    attr_text(row, &vf->attrs, is);
    attr_text(row, &b->want, wanted);
    const struct lease *lease = audit_lease_of(a, pf, vf);
    struct audit_finding *f = audit_report(a, pf, vf, "%s is %s, not %s%s%s", row->name, is, wanted,
                                           lease ? "; the VF is lent to " : "",
                                           lease ? lease->owner.name : "");
    char label[OBJECT_SIZE];
    vf_label(pf, vf->index, label);
    audit_seen(f, row->way == WAY_VF_NETLINK ? "ip -d link show" : "sriovctl show",
               "%s, VF %u: %s %s", pf_label(pf), vf->index, row->name, is);
    audit_remedy(f, "sriovctl set %s %s=%s", label, row->name, wanted);
    return true;
}

/* All attributes of the baseline that no rule of their own is about. */
static bool judge_other_attrs(struct audit *a, const struct pf *pf, const struct vf *vf)
{
    bool judged = false;
    for (unsigned id = 0; id < SRIOV_ATTR_COUNT; id++) {
        bool own = false;
        for (const struct audit_rule *r = audit_rules; r->id; r++)
            own |= r->attr == id;
        if (!own)
            judged |= judge_attr(a, pf, vf, (enum sriov_attr)id);
    }
    return judged;
}

static void run_on(struct audit *a, const struct audit_rule *rule, const struct pf *pf,
                   const struct vf *vf)
{
    size_t before = a->n_findings;
    bool judged, broken = false;
    if (rule->attr != NO_ATTR)
        judged = judge_attr(a, pf, vf, rule->attr);
    else if (rule->run)
        judged = rule->run(a, pf, vf);
    else
        judged = judge_other_attrs(a, pf, vf);
    for (size_t i = before; i < a->n_findings; i++) {
        accept(a, a->findings[i]);
        broken |= !a->findings[i]->accepted;
    }
    a->running->checked += judged;
    a->running->failed += broken;
}

/* Objects of a scope that are looked at. */
static void each_object(struct audit *a, const struct audit_rule *rule,
                        void (*call)(struct audit *a, const struct audit_rule *rule,
                                     const struct pf *pf, const struct vf *vf))
{
    const struct snapshot *s = doctor_snapshot(a->in.doctor);
    if (rule->scope == SCOPE_HOST) {
        call(a, rule, NULL, NULL);
        return;
    }
    for (size_t i = 0; i < s->n_pfs; i++) {
        const struct pf *pf = &s->pfs[i];
        if (rule->scope == SCOPE_PF && is_meant(a, pf, NULL))
            call(a, rule, pf, NULL);
        for (size_t v = 0; rule->scope == SCOPE_VF && v < pf->n_vfs; v++) {
            if (is_meant(a, pf, &pf->vfs[v]))
                call(a, rule, pf, &pf->vfs[v]);
        }
    }
}

static bool could_look(const struct audit *a, const char *check)
{
    const struct unseen *u;
    for (size_t i = 0; (u = doctor_unseen(a->in.doctor, i)); i++) {
        if (str_eq(u->check->id, check))
            return false;
    }
    return true;
}

static void count_object(struct audit *a, const struct audit_rule *rule, const struct pf *pf,
                         const struct vf *vf)
{
    a->running->checked++;
}

static void take_finding(struct audit *a, const struct finding *from)
{
    struct audit_finding *f = audit_report(a, NULL, NULL, "%s", from->cause);
    STR_SET(f->object, from->object);
    STR_SET(f->pf, from->pf);
    f->vf = from->vf;
    if (from->n_evidence > 0)
        audit_seen(f, from->evidence[0].source, "%s", from->evidence[0].value);
    if (from->remedy)
        audit_remedy(f, "%s", from->remedy);
    accept(a, f);
    a->running->failed += !f->accepted;
}

/* What the doctor's check found breaks the rule. */
static void take_check(struct audit *a, const struct audit_rule *rule)
{
    const struct check *check = check_find(rule->check, NULL);
    const struct finding *from;
    if (!check || !could_look(a, check->id) || (check->needs & NEEDS_POLICY && !a->in.policy))
        return;
    each_object(a, rule, count_object);
    for (size_t i = 0; (from = doctor_finding(a->in.doctor, i)); i++) {
        if (from->check == check)
            take_finding(a, from);
    }
    /* One object may have several findings. */
    a->running->failed = MIN_OF(a->running->failed, a->running->checked);
}

/* ---- score ---- */

unsigned audit_weight(enum severity s)
{
    static const unsigned weights[] = {
        [FINDING_INFO] = 2,
        [FINDING_WARNING] = 8,
        [FINDING_ERROR] = 20,
    };
    return weights[s];
}

static void reckon(struct audit_result *r)
{
    if (r->failed > 0 && r->checked > 0)
        r->cost = (unsigned)((audit_weight(r->severity) * r->failed + r->checked - 1) / r->checked);
}

unsigned audit_score(const struct audit *a)
{
    unsigned cost = 0;
    for (size_t i = 0; i < AUDIT_RULES; i++)
        cost += a->results[i].cost;
    return cost < 100 ? 100 - cost : 0;
}

bool audit_has_errors(const struct audit *a)
{
    for (size_t i = 0; i < a->n_findings; i++) {
        if (a->findings[i]->severity == FINDING_ERROR && !a->findings[i]->accepted)
            return true;
    }
    return false;
}

/* ---- all of it ---- */

static int worse_first(const void *a, const void *b)
{
    const struct audit_finding *x = *(struct audit_finding *const *)a;
    const struct audit_finding *y = *(struct audit_finding *const *)b;
    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    if (x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    int pf = strcmp(x->pf, y->pf);
    return pf ? pf : x->vf - y->vf;
}

static void run_rules(struct audit *a)
{
    for (size_t i = 0; audit_rules[i].id; i++) {
        const struct audit_rule *rule = &audit_rules[i];
        a->running = &a->results[i];
        *a->running = (struct audit_result){ .rule = rule,
                                             .severity = a->in.baseline->severity[i],
                                             .off = a->in.baseline->off[i] };
        if (a->running->off)
            continue;
        if (rule->check)
            take_check(a, rule);
        else
            each_object(a, rule, run_on);
        reckon(a->running);
    }
    if (a->n_findings > 1)
        qsort(a->findings, a->n_findings, sizeof(*a->findings), worse_first);
}

int audit_run(const struct audit_input *in, struct audit **ret, struct sriov_error *error)
{
    _cleanup_audit_ struct audit *a = calloc(1, sizeof(*a));
    if (!a)
        return error_no_memory(error);
    a->in = *in;
    if (in->policy) {
        int r = goals_resolve(in->policy, in->session->snapshot, &a->goals, error);
        if (r < 0)
            return r;
    }
    run_rules(a);
    if (a->failed)
        return error_no_memory(error);
    *ret = TAKE_PTR(a);
    return 0;
}

struct audit *audit_free(struct audit *a)
{
    if (!a)
        return NULL;
    for (size_t i = 0; i < a->n_findings; i++)
        finding_free(a->findings[i]);
    free(a->findings);
    free(a->spare.cause);
    free(a->spare.seen);
    free(a->spare.remedy);
    goals_done(&a->goals);
    free(a);
    return NULL;
}

const struct audit_finding *audit_finding(const struct audit *a, size_t i)
{
    return i < a->n_findings ? a->findings[i] : NULL;
}

const struct audit_result *audit_result(const struct audit *a, size_t i)
{
    return i < AUDIT_RULES && a->results[i].rule ? &a->results[i] : NULL;
}

/* ---- JSON ---- */

static void finding_to_json(const struct audit_finding *f, struct json_writer *w)
{
    json_object(w, NULL);
    json_str(w, "id", f->rule->id);
    json_str(w, "severity", severity_name(f->severity));
    json_str(w, "object", f->object);
    json_str(w, "cause", f->cause);
    json_str(w, "seen", f->seen);
    json_str(w, "remedy", f->remedy);
    json_str(w, "accepted", f->accepted);
    json_end(w);
}

static void result_to_json(const struct audit_result *r, struct json_writer *w)
{
    json_object(w, NULL);
    json_str(w, "id", r->rule->id);
    json_str(w, "title", r->rule->title);
    json_str(w, "severity", r->off ? "off" : severity_name(r->severity));
    json_u64(w, "checked", r->checked);
    json_u64(w, "failed", r->failed);
    json_u64(w, "cost", r->cost);
    json_end(w);
}

void audit_json(const struct audit *a, struct json_writer *w)
{
    json_object(w, NULL);
    json_u64(w, "score", audit_score(a));
    json_array(w, "findings");
    for (size_t i = 0; i < a->n_findings; i++)
        finding_to_json(a->findings[i], w);
    json_end(w);
    json_array(w, "rules");
    for (size_t i = 0; audit_result(a, i); i++)
        result_to_json(&a->results[i], w);
    json_end(w);
    json_end(w);
}
