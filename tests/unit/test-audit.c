/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The audit's table of rules is whole, and a baseline file changes what it names, and nothing by a
 * slip.
 */
#include "doctor/audit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/yaml-read.h"

static const struct node_limits limits = { .bytes = 10000, .nodes = 1000, .depth = 8 };

static int read_baseline(const char *text, struct baseline *b, struct sriov_error *error)
{
    struct node *documents = NULL;
    baseline_init(b);
    assert_int_equal(yaml_read(text, strlen(text), &limits, &documents, NULL), 0);
    int r = baseline_read(b, &documents->items[0], "house.yaml", error);
    node_free(documents);
    return r;
}

static void read_good(const char *text, struct baseline *b)
{
    struct sriov_error error = { 0 };
    int r = read_baseline(text, b, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(r, 0);
}

static void read_bad(const char *text, const char *where, const char *message, const char *remedy)
{
    struct sriov_error error = { 0 };
    struct baseline b;
    assert_true(read_baseline(text, &b, &error) < 0);
    assert_int_equal(error.code, SRIOV_USAGE);
    assert_string_equal(error.object, where);
    assert_string_equal(error.message, message);
    assert_string_equal(error.remedy, remedy);
    baseline_done(&b);
}

static size_t place_of(const char *id)
{
    const struct audit_rule *rule = audit_rule_find(id, NULL);
    assert_non_null(rule);
    return (size_t)(rule - audit_rules);
}

/* A rule says in one way how it is judged, and a check that it points at is there. */
static void test_rules_are_whole(void **state)
{
    for (const struct audit_rule *r = audit_rules; r->id; r++) {
        unsigned ways = (r->attr != NO_ATTR) + !!r->check + !!r->run;
        assert_true(str_is_plain(r->id, 31));
        assert_non_null(r->title);
        assert_int_equal(ways, str_eq(r->id, ATTRIBUTE_RULE) ? 0 : 1);
        for (const struct audit_rule *other = audit_rules; other < r; other++)
            assert_string_not_equal(other->id, r->id);
    }
}

static void test_checks_of_rules_exist(void **state)
{
    _cleanup_buf_ struct buf missing = BUF_INIT;
    for (const struct audit_rule *r = audit_rules; r->id; r++) {
        if (r->check && !check_find(r->check, NULL))
            buf_printf(&missing, " %s", r->check);
    }
    assert_string_equal(missing.data ? missing.data : "", "");
}

static void test_a_baseline_changes_what_it_names(void **state)
{
    struct baseline b;
    read_good("rules: {spoofchk: warning, link-state: off, host-driver: error}\n"
              "attributes: {trust: on, vlan: 100}\n"
              "exceptions:\n"
              "  - {rule: trust, object: enp1s0/3, because: the router runs there}\n",
              &b);
    assert_int_equal(b.severity[place_of("spoofchk")], FINDING_WARNING);
    assert_int_equal(b.severity[place_of("host-driver")], FINDING_ERROR);
    assert_int_equal(b.severity[place_of("trust")], FINDING_ERROR);
    assert_true(b.off[place_of("link-state")]);
    assert_false(b.off[place_of("spoofchk")]);
    assert_int_equal(b.want.value[SRIOV_TRUST], 1);
    assert_int_equal(b.want.value[SRIOV_SPOOFCHK], 1);
    assert_int_equal(b.want.value[SRIOV_VLAN], 100);
    assert_true(attrs_has(&b.named, SRIOV_TRUST));
    assert_false(attrs_has(&b.named, SRIOV_SPOOFCHK));
    assert_int_equal(b.n_exceptions, 1);
    assert_string_equal(b.exceptions[0].object, "enp1s0/3");
    assert_string_equal(b.exceptions[0].because, "the router runs there");
    baseline_done(&b);
}

static void test_slips_are_told(void **state)
{
    read_bad("rulse: {}", "house.yaml:1", "unknown key \"rulse\"", "did you mean \"rules\"?");
    read_bad("rules:\n  spoofchck: off", "house.yaml:2", "there is no rule \"spoofchck\"",
             "did you mean \"spoofchk\"?");
    read_bad("rules: {trust: fatal}", "house.yaml:1",
             "trust: off, info, warning or error is expected", "");
    read_bad("rules: {trust: on}", "house.yaml:1", "trust: off, info, warning or error is expected",
             "");
    read_bad("rules: [trust]", "house.yaml:1", "rules: a map of rules and severities is expected",
             "");
    read_bad("attributes: {spoofchek: on}", "house.yaml:1", "unknown key \"spoofchek\"",
             "did you mean \"spoofchk\"?");
    read_bad("exceptions:\n  - {rule: trust, object: enp1s0/3}", "house.yaml:2",
             "an exception needs \"rule\", \"object\" and \"because\"", "");
    read_bad("exceptions:\n  - {rule: rtust, object: host, because: x}", "house.yaml:2",
             "there is no rule \"rtust\"", "did you mean \"trust\"?");
}

static void test_weights(void **state)
{
    assert_true(audit_weight(FINDING_ERROR) > audit_weight(FINDING_WARNING));
    assert_true(audit_weight(FINDING_WARNING) > audit_weight(FINDING_INFO));
    assert_true(audit_weight(FINDING_INFO) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_are_whole),
        cmocka_unit_test(test_checks_of_rules_exist),
        cmocka_unit_test(test_a_baseline_changes_what_it_names),
        cmocka_unit_test(test_slips_are_told),
        cmocka_unit_test(test_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
