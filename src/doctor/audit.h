/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The audit: is every VF kept as it should be for tenants that do not trust each other? A security
 * baseline of rules, one row each, judged from what the doctor has read; the ones that the doctor
 * checks too only point at its check. A baseline file of the house changes severities, says which
 * values attributes must have, and names exceptions with their reason. Nothing here changes the
 * machine.
 */
#ifndef DOCTOR_AUDIT_H
#define DOCTOR_AUDIT_H

#include "doctor/doctor.h"

struct audit;

struct audit_rule {
    const char *id;
    const char *title; /* what must hold, no full stop */
    enum check_scope scope;
    enum severity severity;
    /* One of the three: an attribute that must have the baseline's value; a check of the doctor
     * whose findings break the rule; a function that says whether it could judge the object, and
     * reports what breaks the rule. */
    enum sriov_attr attr;
    const char *check;
    bool (*run)(struct audit *a, const struct pf *pf, const struct vf *vf);
};

/* attr of a rule that is about none. */
#define NO_ATTR SRIOV_ATTR_COUNT

/* Ends with an id of NULL. The last but one is ATTRIBUTE_RULE, for attributes of a baseline file
 * that have no rule of their own. */
extern const struct audit_rule audit_rules[];
#define AUDIT_RULES 32 /* at most */
#define ATTRIBUTE_RULE "attribute"

/* NULL if there is none; then *ret_nearest (may be NULL itself) is one that may be meant, or NULL.
 */
const struct audit_rule *audit_rule_find(const char *id, const char **ret_nearest);

/* ---- the house's own rules ---- */

struct audit_exception {
    char rule[32];
    char object[OBJECT_SIZE]; /* "enp1s0", "enp1s0/0-3", "host" */
    char because[128];
    char where[128]; /* "base.yaml:12" */
};

struct baseline {
    bool off[AUDIT_RULES];
    enum severity severity[AUDIT_RULES]; /* by the rule's place in the table */
    struct attrs want;                   /* of VFs */
    struct attrs named; /* those of `want` that a file gave: no policy excuses them */
    struct audit_exception *exceptions;
    size_t n_exceptions;
};

/* The built-in one, and what a document changes in it. A wrong document is -EINVAL (code usage)
 * with file, line and the nearest known key. baseline_done also after a failure. */
void baseline_init(struct baseline *b);
int baseline_read(struct baseline *b, const struct node *document, const char *file,
                  struct sriov_error *error);
void baseline_done(struct baseline *b);

/* ---- the audit ---- */

struct audit_finding {
    const struct audit_rule *rule;
    enum severity severity;
    char object[OBJECT_SIZE];
    char pf[32];          /* struct pf's key; "" */
    int vf;               /* VF number; -1 */
    char *cause;          /* one line, no full stop */
    char *seen;           /* "file or command: what it said" */
    char *remedy;         /* NULL: nothing known */
    const char *accepted; /* the reason of an exception; NULL: none. It then costs nothing */
};

/* How a rule was kept. Its cost: its severity's weight times the share of objects that break it,
 * rounded up. */
struct audit_result {
    const struct audit_rule *rule;
    enum severity severity;
    bool off;
    size_t checked, failed; /* objects; failed without those accepted */
    unsigned cost;
};

struct audit_input {
    struct session *session;
    struct doctor *doctor;        /* has run on it, with the same target and policy */
    const struct target *target;  /* NULL: all */
    const struct desired *policy; /* NULL: none */
    const struct baseline *baseline;
};

/* 0, also with findings. Everything is borrowed until audit_free. */
int audit_run(const struct audit_input *in, struct audit **ret, struct sriov_error *error);
struct audit *audit_free(struct audit *a); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct audit *, audit_free)
#define _cleanup_audit_ _cleanup_(audit_free_p)

/* NULL beyond the last. Findings: errors first, then in the order of the rules. Results: in the
 * order of the rules. */
const struct audit_finding *audit_finding(const struct audit *a, size_t i);
const struct audit_result *audit_result(const struct audit *a, size_t i);

/* What is left of 100 after all costs, at least 0. */
unsigned audit_score(const struct audit *a);
unsigned audit_weight(enum severity s);

/* Is there a finding of severity error that no exception accepts? */
bool audit_has_errors(const struct audit *a);

/* {"score","findings":[…],"rules":[…]} */
void audit_json(const struct audit *a, struct json_writer *w);

/* ---- for the rules ---- */

struct doctor *audit_doctor(const struct audit *a);
const struct baseline *audit_baseline(const struct audit *a);

/* What the policy says of a VF; NULL: nothing. */
const struct attrs *audit_policy_of(const struct audit *a, const struct pf *pf,
                                    const struct vf *vf);

/* The lease of this boot that a VF is under, NULL. */
const struct lease *audit_lease_of(const struct audit *a, const struct pf *pf, const struct vf *vf);

/* A new finding of the running rule. Never NULL. */
struct audit_finding *audit_report(struct audit *a, const struct pf *pf, const struct vf *vf,
                                   const char *cause, ...) _printf_(4, 5);
void audit_seen(struct audit_finding *f, const char *source, const char *value, ...) _printf_(3, 4);
void audit_remedy(struct audit_finding *f, const char *command, ...) _printf_(2, 3);

#endif
