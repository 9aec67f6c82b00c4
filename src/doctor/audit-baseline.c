/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules of the house: a document that changes severities, wanted values and exceptions of the
 * built-in baseline. Strict like a policy, and for the same reason: a slip in a name would be a
 * rule that is not looked after.
 */
#include <errno.h>
#include <stdio.h>

#include "core/document.h"
#include "doctor/audit.h"

void baseline_init(struct baseline *b)
{
    *b = (struct baseline){ 0 };
    for (size_t i = 0; audit_rules[i].id; i++)
        b->severity[i] = audit_rules[i].severity;
    attrs_set(&b->want, SRIOV_SPOOFCHK, true);
    attrs_set(&b->want, SRIOV_TRUST, false);
    attrs_set(&b->want, SRIOV_LINK_STATE, SRIOV_LINK_AUTO);
    attrs_set(&b->want, SRIOV_RSS_QUERY, false);
}

void baseline_done(struct baseline *b)
{
    free(b->exceptions);
    b->exceptions = NULL;
    b->n_exceptions = 0;
}

/* ---- rules ---- */

static int find_rule(struct document_reader *rd, const struct node *n, const char *id, size_t *ret)
{
    char where[PLACE_SIZE];
    const char *near = NULL;
    const struct audit_rule *rule = audit_rule_find(id, &near);
    if (rule) {
        *ret = (size_t)(rule - audit_rules);
        return 0;
    }
    document_place(rd, n, where);
    error_set(rd->error, SRIOV_USAGE, 0, where, "there is no rule \"%.40s\"", id);
    if (near)
        error_remedy(rd->error, "did you mean \"%s\"?", near);
    else
        error_remedy(rd->error, "sriovctl audit --list shows them");
    return -EINVAL;
}

static int read_severity(struct document_reader *rd, const struct node *n, struct baseline *b,
                         size_t place)
{
    bool on;
    for (unsigned s = FINDING_INFO; n->kind == NODE_SCALAR && s <= FINDING_ERROR; s++) {
        if (str_eq(n->text, severity_name((enum severity)s))) {
            b->severity[place] = (enum severity)s;
            b->off[place] = false;
            return 0;
        }
    }
    if (node_to_bool(n, &on) < 0 || on)
        return document_wrong(rd, n, "off, info, warning or error is expected");
    b->off[place] = true;
    return 0;
}

static int read_rules(struct document_reader *rd, const struct node *n, void *into)
{
    int r = 0;
    if (n->kind != NODE_MAP)
        return document_wrong(rd, n, "a map of rules and severities is expected");
    for (size_t i = 0; r >= 0 && i < n->count; i++) {
        size_t place;
        r = find_rule(rd, &n->items[i], n->items[i].key, &place);
        if (r >= 0)
            r = read_severity(rd, &n->items[i], into, place);
    }
    return r;
}

/* ---- attributes ---- */

static int read_attributes(struct document_reader *rd, const struct node *n, void *into)
{
    static const struct policy_key none[] = { { NULL } };
    struct baseline *b = into;
    int r = document_map(rd, n, none, ATTR_OF_VF, &b->named, NULL);
    for (unsigned id = 0; r >= 0 && id < SRIOV_ATTR_COUNT; id++) {
        if (attrs_has(&b->named, (enum sriov_attr)id))
            attrs_copy((enum sriov_attr)id, &b->named, &b->want);
    }
    return r;
}

/* ---- exceptions ---- */

static int exception_rule(struct document_reader *rd, const struct node *n, void *into)
{
    struct audit_exception *e = into;
    size_t place;
    int r = document_word(rd, n, e->rule, sizeof(e->rule));
    return r < 0 ? r : find_rule(rd, n, e->rule, &place);
}

static int exception_object(struct document_reader *rd, const struct node *n, void *into)
{
    struct audit_exception *e = into;
    return document_word(rd, n, e->object, sizeof(e->object));
}

static int exception_because(struct document_reader *rd, const struct node *n, void *into)
{
    struct audit_exception *e = into;
    if (n->kind != NODE_SCALAR || n->text_len == 0)
        return document_wrong(rd, n, "a reason is expected");
    return STR_SET(e->because, n->text) ? 0 : document_wrong(rd, n, "too long a reason");
}

static const struct policy_key exception_keys[] = {
    { "rule", exception_rule, "which rule" },
    { "object", exception_object, "a PF, VFs of a PF (\"enp1s0/0-3\"), or host" },
    { "because", exception_because, "the reason, which is shown with the finding" },
    { NULL },
};

static int read_exceptions(struct document_reader *rd, const struct node *n, void *into)
{
    struct baseline *b = into;
    if (n->kind != NODE_LIST)
        return document_wrong(rd, n, "a list of exceptions is expected");
    for (size_t i = 0; i < n->count; i++) {
        const struct node *item = &n->items[i];
        struct audit_exception *e = document_grow(&b->exceptions, &b->n_exceptions,
                                                  sizeof(*b->exceptions));
        if (!e)
            return error_no_memory(rd->error);
        document_place(rd, item, e->where);
        int r = document_map(rd, item, exception_keys, -1, NULL, e);
        if (r < 0)
            return r;
        if (!e->rule[0] || !e->object[0] || !e->because[0])
            return document_wrong(rd, item,
                                  "an exception needs \"rule\", \"object\" and \"because\"");
    }
    return 0;
}

static const struct policy_key top_keys[] = {
    { "rules", read_rules, "severity of each rule: off, info, warning, error" },
    { "attributes", read_attributes, "the values that attributes of VFs must have" },
    { "exceptions", read_exceptions, "findings that somebody has accepted, and why" },
    { NULL },
};

int baseline_read(struct baseline *b, const struct node *document, const char *file,
                  struct sriov_error *error)
{
    struct document_reader rd = { .file = file, .error = error };
    return document_map(&rd, document, top_keys, -1, NULL, b);
}
