/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl audit: are the VFs kept as they should be for tenants that do not trust each other?
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "base/table.h"
#include "base/yaml-read.h"
#include "cli/diagnosis.h"
#include "doctor/audit.h"

/* ---- the house's own rules ---- */

static int read_document(struct app *a, const char *path, const char *text, size_t len,
                         struct node **ret)
{
    static const struct node_limits limits = { .bytes = 1u << 20, .nodes = 10000, .depth = 8 };
    struct node_error wrong = { 0 };
    char where[160];
    int r = yaml_read(text, len, &limits, ret, &wrong);
    if (r == -ENOMEM)
        return error_no_memory(&a->error);
    if (r >= 0)
        return 0;
    snprintf(where, sizeof(where), "%s:%u", path, wrong.line);
    return error_set(&a->error, SRIOV_USAGE, 0, where, "%s", wrong.text);
}

static int read_baseline(struct app *a, const char *path, struct baseline *ret)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_node_ struct node *documents = NULL;
    size_t len;
    if (!path)
        return 0;
    int r = file_read_at(AT_FDCWD, path, 1u << 20, &text, &len);
    if (r < 0)
        return error_set(&a->error, r == -EACCES ? SRIOV_NOT_PERMITTED : SRIOV_USAGE, -r, path,
                         "cannot read the baseline");
    r = read_document(a, path, text, len, &documents);
    for (size_t i = 0; r >= 0 && i < documents->count; i++) {
        if (documents->items[i].kind != NODE_NULL)
            r = baseline_read(ret, &documents->items[i], path, &a->error);
    }
    return r;
}

/* ---- text ---- */

static const char *severity_of(const struct audit_result *r)
{
    return r->off ? "off" : severity_name(r->severity);
}

static int print_rules(struct app *a, const struct audit *audit)
{
    _cleanup_(table_done) struct table t = { 0 };
    const struct audit_result *r;
    table_init(
        &t, (const char *[]){ "RULE", "SEVERITY", "CHECKED", "BROKEN", "COST", "WHAT MUST HOLD" },
        6);
    for (size_t i = 0; (r = audit_result(audit, i)); i++) {
        char checked[24], failed[24], cost[24];
        snprintf(checked, sizeof(checked), "%zu", r->checked);
        snprintf(failed, sizeof(failed), "%zu", r->failed);
        snprintf(cost, sizeof(cost), "%u", r->cost);
        bool none = r->off || r->checked == 0;
        table_add(&t,
                  (const char *[]){ r->rule->id, severity_of(r), none ? NULL : checked,
                                    none ? NULL : failed, r->cost ? cost : NULL, r->rule->title });
    }
    return table_print(&t, &a->out, a->colour) < 0 ? error_no_memory(&a->error) : 0;
}

static void add_line(struct app *a, const char *key, const char *text)
{
    if (text)
        buf_printf(&a->out, "  %-8s%s\n", key, text);
}

/* VFs of a PF that break a rule in the same way are told as one. */
static bool is_same(const struct audit_finding *a, const struct audit_finding *b)
{
    return a->rule == b->rule && a->vf >= 0 && b->vf >= 0 && str_eq(a->pf, b->pf) &&
           a->accepted == b->accepted && a->cause && b->cause && str_eq(a->cause, b->cause);
}

/* "enp1s0/0-3,5" of a finding and those that are told with it. They are in order. */
static void add_objects(const struct audit *audit, size_t first, struct buf *ret)
{
    const struct audit_finding *f = audit_finding(audit, first), *next;
    int from = f->vf, to = f->vf;
    if (f->vf < 0) {
        buf_add_str(ret, f->object);
        return;
    }
    buf_printf(ret, "%.*s/", (int)strcspn(f->object, "/"), f->object);
    for (size_t i = first + 1; (next = audit_finding(audit, i)); i++) {
        if (!is_same(f, next))
            continue;
        if (next->vf > to + 1) {
            buf_printf(ret, to > from ? "%d-%d," : "%d,", from, to);
            from = next->vf;
        }
        to = next->vf;
    }
    buf_printf(ret, to > from ? "%d-%d" : "%d", from, to);
}

/* The remedy of one VF, with all of them in its place. */
static void add_remedy(struct app *a, const struct audit_finding *f, const char *objects)
{
    const char *place = f->remedy ? strstr(f->remedy, f->object) : NULL;
    if (!place) {
        add_line(a, "remedy", f->remedy);
        return;
    }
    buf_printf(&a->out, "  %-8s%.*s%s%s\n", "remedy", (int)(place - f->remedy), f->remedy, objects,
               place + strlen(f->object));
}

static void print_finding(struct app *a, const struct audit *audit, size_t place)
{
    const struct audit_finding *f = audit_finding(audit, place);
    _cleanup_buf_ struct buf objects = BUF_INIT;
    for (size_t i = 0; i < place; i++) {
        if (is_same(audit_finding(audit, i), f))
            return;
    }
    add_objects(audit, place, &objects);
    if (buf_ok(&objects) < 0) {
        a->out.failed = true;
        return;
    }
    buf_printf(&a->out, "\n%s  %s  %s\n", f->accepted ? "accepted" : severity_name(f->severity),
               f->rule->id, objects.data);
    add_line(a, "cause", f->cause);
    add_line(a, "seen", f->seen);
    if (f->accepted)
        add_line(a, "because", f->accepted);
    else
        add_remedy(a, f, objects.data);
}

/* "score 72 of 100: 20 off for trust, 8 for policy-drift". */
static void print_score(struct app *a, const struct audit *audit)
{
    const struct audit_result *r;
    const char *between = ": less ";
    buf_printf(&a->out, "\nscore %u of 100", audit_score(audit));
    for (size_t i = 0; (r = audit_result(audit, i)); i++) {
        if (r->cost == 0)
            continue;
        buf_printf(&a->out, "%s%u for %s", between, r->cost, r->rule->id);
        between = ", ";
    }
    buf_add_char(&a->out, '\n');
}

static int print_text(struct app *a, const struct audit *audit)
{
    int r = print_rules(a, audit);
    for (size_t i = 0; audit_finding(audit, i); i++)
        print_finding(a, audit, i);
    print_score(a, audit);
    return r;
}

static int list_rules(struct app *a, const struct baseline *b)
{
    _cleanup_(table_done) struct table t = { 0 };
    table_init(&t, (const char *[]){ "RULE", "SEVERITY", "WHAT MUST HOLD" }, 3);
    for (size_t i = 0; audit_rules[i].id; i++)
        table_add(&t, (const char *[]){ audit_rules[i].id,
                                        b->off[i] ? "off" : severity_name(b->severity[i]),
                                        audit_rules[i].title });
    return table_print(&t, &a->out, a->colour) < 0 ? error_no_memory(&a->error) : 0;
}

/* ---- the audit ---- */

static int examine(struct app *a, const struct diagnosis *diagnosis, const struct baseline *b)
{
    _cleanup_audit_ struct audit *audit = NULL;
    const struct audit_input in = {
        .session = &a->session,
        .doctor = diagnosis->doctor,
        .target = a->n_args > 0 ? &diagnosis->target : NULL,
        .policy = diagnosis->policy.n_pfs > 0 ? &diagnosis->policy : NULL,
        .baseline = b,
    };
    int r = audit_run(&in, &audit, &a->error);
    if (r < 0)
        return r;
    if (audit_has_errors(audit))
        a->status = SRIOV_FAILED;
    if (!a->options.json)
        return print_text(a, audit);
    struct json_writer w = JSON_WRITER(&a->out);
    audit_json(audit, &w);
    buf_add_char(&a->out, '\n');
    return 0;
}

static int run_audit(struct app *a)
{
    struct diagnosis diagnosis = { 0 };
    _cleanup_(baseline_done) struct baseline baseline;
    baseline_init(&baseline);
    int r = read_baseline(a, a->options.baseline, &baseline);
    if (r >= 0 && a->options.list)
        return list_rules(a, &baseline);
    if (r >= 0)
        r = diagnosis_make(a, a->n_args > 0 ? a->args[0] : NULL, &diagnosis);
    if (r >= 0)
        r = examine(a, &diagnosis, &baseline);
    diagnosis_done(&diagnosis);
    return r;
}

static const struct option_row options[] = {
    { "baseline", 'b', OPTION_TEXT, OPTION(baseline), "FILE", .here = true,
      .help = "rules of the house: severities, wanted values, exceptions" },
    { "list", 0, OPTION_FLAG, OPTION(list), .help = "print the rules" },
    OPTION_POLICY_FILES,
    { NULL },
};

const struct verb verb_audit = {
    .name = "audit",
    .synopsis = "audit [PF|PF/N]",
    .help = "compare the VFs with a security baseline",
    .details =
        (const char *const[]){
            "Judges every VF by the rules of a security baseline: spoof check, trust, a fixed MAC and VLAN for "
            "who has it, isolation by the IOMMU, drivers of the host, listeners, drift from the policy, and "
            "changes that somebody else made. It only reads.",
            "The score is 100, less for each broken rule its weight (error 20, warning 8, info 2) times the share "
            "of objects that break it, rounded up. The exit status is 1 if there is a finding of severity error.",
            "--baseline names a YAML file of one's own: rules (severity of a rule: off, info, warning, error), "
            "attributes (values that VFs must have; the policy does not excuse others then), exceptions (a list "
            "of rule, object and because: findings that somebody has accepted cost nothing).",
            NULL,
        },
    .options = options,
    .max_args = 1,
    .flags = VERB_READS,
    .words = { WORD_TARGET, WORD_NONE },
    .examples =
        (const struct example[]){
            { "audit", "judge all VFs" },
            { "audit enp1s0 --baseline house.yaml", "one PF, by rules of one's own" },
            { "audit --json --replay host.json", "another machine, from its capture" },
            { NULL, NULL },
        },
    .run = run_audit,
};
