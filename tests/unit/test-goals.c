/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From wishes to goals on a machine made by hand: each rule of match alone and together, a PF
 * matched twice with both places, optional wishes, and policies of the operator's form in order of
 * priority.
 */
#include "policy-text.h"

/* Two ports of one card, another vendor's card, and a netdevsim. */
static struct pf pfs[4];
static struct snapshot machine = { .pfs = pfs, .n_pfs = ELEMENTS(pfs) };

static void make_pf(struct pf *pf, const char *key, const char *name, const char *driver,
                    unsigned vendor, unsigned device, uint64_t mac)
{
    pf->bus = str_starts(key, "0000:") ? PF_ON_PCI : PF_ON_NETDEVSIM;
    STR_SET(pf->key, key);
    snprintf(pf->handle, sizeof(pf->handle), "%s/%s", pf->bus == PF_ON_PCI ? "pci" : "netdevsim",
             key);
    STR_SET(pf->name, name);
    STR_SET(pf->driver, driver);
    pf->vendor = vendor;
    pf->device = device;
    pf->has_mac = mac != 0;
    pf->mac = mac;
    attrs_set(&pf->attrs, SRIOV_NUM_VFS, 0);
}

static int make_machine(void **state)
{
    make_pf(&pfs[0], "0000:01:00.0", "enp1s0f0", "igb", 0x8086, 0x10c9, 0x525400110001);
    make_pf(&pfs[1], "0000:01:00.1", "enp1s0f1", "igb", 0x8086, 0x10c9, 0x525400110002);
    make_pf(&pfs[2], "0000:02:00.0", "enp2s0", "mlx5_core", 0x15b3, 0x1017, 0x525400110003);
    make_pf(&pfs[3], "netdevsim1", "eni1np1", "netdevsim", 0, 0, 0);
    return strv_add(&pfs[0].altnames, "lan") || strv_add(&pfs[0].altnames, "enp1s0");
}

static int drop_machine(void **state)
{
    strv_done(&pfs[0].altnames);
    return 0;
}

/* Resolves, with an error for the test's failure message. The result lives until the next call. */
static const struct goals *resolve(const char *yaml)
{
    static struct goals goals;
    struct desired d = { 0 };
    struct sriov_error error = { 0 };

    goals_done(&goals);
    policy_add(&d, yaml);
    if (goals_resolve(&d, &machine, &goals, &error) < 0)
        fail_msg("%s\n%s: %s (%s)", yaml, error.object, error.message, error.remedy);
    desired_done(&d);
    return &goals;
}

static void done_with_goals(void)
{
    resolve("pfs: []");
}

static int refuse(const char *yaml, struct sriov_error *ret)
{
    struct desired d = { 0 };
    struct goals untouched = { .count = 77 };
    int r;

    *ret = (struct sriov_error){ 0 };
    policy_add(&d, yaml);
    r = goals_resolve(&d, &machine, &untouched, ret);
    assert_true(r < 0);
    assert_int_equal(untouched.count, 77);
    assert_null(untouched.items);
    desired_done(&d);
    return r;
}

static void test_each_rule_of_match(void **state)
{
    static const struct {
        const char *match;
        unsigned pfs; /* bit per PF */
    } rules[] = {
        { "name: enp1s0f0", 1 },
        { "name: lan", 0 },
        { "altname: lan", 1 },
        { "altname: enp1s0", 1 },
        { "altname: enp1s0f0", 0 },
        { "pci: '0000:01:00.1'", 2 },
        { "pci: netdevsim1", 0 },
        { "handle: netdevsim/netdevsim1", 8 },
        { "handle: pci/0000:02:00.0", 4 },
        { "mac: 52:54:00:11:00:03", 4 },
        { "mac: 00:00:00:00:00:00", 0 },
        { "driver: igb", 3 },
        { "vendor: '8086'", 3 },
        { "vendor: 0x15b3", 4 },
        { "device: '1017'", 4 },
        { "vendor: '0000'", 8 },
        { "vendor: '8086', device: '1017'", 0 },
        { "driver: igb, altname: lan", 1 },
        { "driver: igb, vendor: '8086', device: 10c9, mac: 52:54:00:11:00:02, name: enp1s0f1", 2 },
        { "driver: igb, vendor: '8086', device: 10c9, mac: 52:54:00:11:00:02, name: enp1s0f0", 0 },
    };

    for (size_t i = 0; i < ELEMENTS(rules); i++) {
        char yaml[200];
        const struct goals *g;
        unsigned found = 0;

        snprintf(yaml, sizeof(yaml), "pfs: [{match: {%s}, optional: on}]", rules[i].match);
        g = resolve(yaml);
        for (size_t k = 0; k < g->count; k++)
            found |= 1U << (g->items[k].pf - pfs);
        if (found != rules[i].pfs)
            fail_msg("%s found %x, not %x", rules[i].match, found, rules[i].pfs);
    }
    done_with_goals();
}

static void test_a_goal_is_laid_out_by_vf_number(void **state)
{
    const struct goals *g = resolve("pfs:\n"
                                    "  - match: {driver: igb}\n"
                                    "    num_vfs: 7\n"
                                    "    via: sysfs\n"
                                    "    vfs:\n"
                                    "      '5': {driver: vfio-pci}\n"
                                    "      1-2: {vlan: 9, name: web}\n"
                                    "  - match: {name: enp2s0}\n");

    assert_int_equal(g->count, 3);
    assert_false(g->restoring);
    for (size_t i = 0; i < 2; i++) {
        const struct goal *goal = &g->items[i];

        assert_ptr_equal(goal->pf, &pfs[i]);
        assert_string_equal(goal->where, "p.yaml:2");
        assert_int_equal(goal->count_way, COUNT_SYSFS);
        assert_attr(&goal->want, SRIOV_NUM_VFS, 7);
        assert_int_equal(goal->n_vfs, 6);
        assert_int_equal(goal->vfs[0].known, 0);
        assert_attr(&goal->vfs[1], SRIOV_VLAN, 9);
        assert_string_equal(goal->vfs[2].name, "web");
        assert_int_equal(goal->vfs[4].known, 0);
        assert_string_equal(goal->vfs[5].driver, "vfio-pci");
    }
    assert_int_equal(g->items[2].want.known, 0);
    assert_int_equal(g->items[2].n_vfs, 0);
    done_with_goals();
}

static void test_a_pf_matched_twice_names_both_places(void **state)
{
    struct sriov_error error;

    assert_int_equal(refuse("pfs:\n"
                            "  - match: {name: enp2s0}\n"
                            "  - match: {driver: igb}\n"
                            "---\n"
                            "pfs:\n"
                            "  - match: {altname: lan}\n",
                            &error),
                     -EEXIST);
    assert_int_equal(error.code, SRIOV_USAGE);
    assert_string_equal(error.object, "p.yaml:6");
    assert_string_equal(error.message, "PF enp1s0f0 is matched twice, first at p.yaml:3");
    assert_string_equal(error.kernel, "");
    assert_true(*error.remedy);
}

static void test_a_pf_that_is_not_there(void **state)
{
    struct sriov_error error;
    struct snapshot bare = { 0 };
    struct desired d = { 0 };
    struct goals g = { 0 };

    assert_int_equal(refuse("pfs:\n  - match: {name: enp9s0}\n", &error), -ENODEV);
    assert_int_equal(error.code, SRIOV_NO_DEVICE);
    assert_string_equal(error.object, "p.yaml:2");
    assert_non_null(strstr(error.message, "no PF matches enp9s0"));
    assert_non_null(strstr(error.remedy, "optional"));

    policy_add(&d, "pfs: [{match: {vendor: '1234'}}]");
    assert_int_equal(goals_resolve(&d, &bare, &g, &error), -ENODEV);
    assert_non_null(strstr(error.remedy, "doctor"));
    d.pfs[0].optional = true;
    assert_int_equal(goals_resolve(&d, &bare, &g, &error), 0);
    assert_int_equal(g.count, 0);
    goals_done(&g);
    desired_done(&d);
}

#define POLICY(more, name)                                                                         \
    "---\n"                                                                                        \
    "apiVersion: sriovnetwork.openshift.io/v1\n"                                                   \
    "kind: SriovNetworkNodePolicy\n"                                                               \
    "spec: {nicSelector: {pfNames: ['" name "']}, " more "}\n"

static void test_policies_of_one_pf_are_merged(void **state)
{
    const struct goals *g = resolve(POLICY("numVfs: 8, mtu: 9000, deviceType: vfio-pci",
                                           "enp1s0f0#4-7") POLICY("numVfs: 8, mtu: 9000", "lan#0-3")
                                        POLICY("numVfs: 2, externallyManaged: true", "enp2s0"));
    const struct goal *goal = &g->items[0];

    assert_int_equal(g->count, 2);
    assert_ptr_equal(goal->pf, &pfs[0]);
    assert_attr(&goal->want, SRIOV_NUM_VFS, 8);
    assert_attr(&goal->want, SRIOV_PF_MTU, 9000);
    assert_false(goal->count_external);
    assert_int_equal(goal->n_vfs, 8);
    for (unsigned i = 0; i < 8; i++)
        assert_string_equal(goal->vfs[i].driver, i < 4 ? DRIVER_DEFAULT : "vfio-pci");
    assert_attr(&goal->vfs[0], SRIOV_MTU, 9000);
    assert_false(attrs_has(&goal->vfs[4], SRIOV_MTU));
    assert_ptr_equal(g->items[1].pf, &pfs[2]);
    assert_true(g->items[1].count_external);
    done_with_goals();
}

/* The same VFs and the same keys: then the lower number has it all, wherever it stands. */
static void test_the_lower_priority_number_wins(void **state)
{
#define LOW POLICY("numVfs: 4, priority: 99, eSwitchMode: legacy, deviceType: vfio-pci", "lan")
#define HIGH POLICY("numVfs: 4, priority: 9, eSwitchMode: switchdev", "enp1s0f0")
    static const char *const orders[] = { LOW HIGH, HIGH LOW };

    for (size_t i = 0; i < ELEMENTS(orders); i++) {
        const struct goals *g = resolve(orders[i]);

        assert_int_equal(g->count, 1);
        assert_attr(&g->items[0].want, SRIOV_ESWITCH_MODE, 1);
        assert_int_equal(g->items[0].n_vfs, 4);
        assert_string_equal(g->items[0].vfs[3].driver, DRIVER_DEFAULT);
        assert_string_equal(g->items[0].where, i == 0 ? "p.yaml:8" : "p.yaml:4");
    }
    done_with_goals();
}

/* Whole or not at all: a policy with VFs that another has already brings none, and nothing else. */
static void test_an_overlapping_policy_is_left_out(void **state)
{
    const struct goals *g = resolve(
        POLICY("numVfs: 4, mtu: 1600, priority: 1", "lan")
            POLICY("numVfs: 8, mtu: 9000, priority: 2, deviceType: vfio-pci", "lan")
                POLICY("numVfs: 6, mtu: 8000, priority: 3, eSwitchMode: legacy", "lan#4-5")
                    POLICY("numVfs: 7, mtu: 2000, priority: 1", "lan"));
    const struct goal *goal = &g->items[0];

    assert_attr(&goal->want, SRIOV_NUM_VFS, 7);
    assert_attr(&goal->want, SRIOV_PF_MTU, 8000);
    assert_false(attrs_has(&goal->want, SRIOV_ESWITCH_MODE));
    assert_int_equal(goal->n_vfs, 6);
    assert_attr(&goal->vfs[3], SRIOV_MTU, 1600);
    assert_attr(&goal->vfs[4], SRIOV_MTU, 8000);
    assert_string_equal(goal->vfs[5].driver, DRIVER_DEFAULT);
    done_with_goals();
}

static void test_a_policy_only_raises_the_mtu_of_a_pf(void **state)
{
    const struct goals *g;

    attrs_set(&pfs[0].attrs, SRIOV_PF_MTU, 9000);
    g = resolve(POLICY("numVfs: 4, mtu: 1600", "lan"));
    assert_false(attrs_has(&g->items[0].want, SRIOV_PF_MTU));
    assert_attr(&g->items[0].vfs[0], SRIOV_MTU, 1600);
    g = resolve(POLICY("numVfs: 4, mtu: 9001", "lan"));
    assert_attr(&g->items[0].want, SRIOV_PF_MTU, 9001);
    attrs_forget(&pfs[0].attrs, SRIOV_PF_MTU);
    done_with_goals();
}

static void test_a_policy_and_an_entry_of_ours_do_not_mix(void **state)
{
    struct sriov_error error;

    assert_int_equal(
        refuse(POLICY("numVfs: 4", "lan") "---\npfs: [{match: {altname: lan}}]\n", &error),
        -EEXIST);
    assert_string_equal(error.message, "PF enp1s0f0 is matched twice, first at p.yaml:4");
    assert_int_equal(
        refuse(POLICY("numVfs: 4, priority: 9", "lan") "---\n"
                                                       "pfs: [{match: {altname: lan}}]\n",
               &error),
        -EEXIST);
    assert_string_equal(error.message, "PF enp1s0f0 is matched twice, first at p.yaml:6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_rule_of_match),
        cmocka_unit_test(test_a_goal_is_laid_out_by_vf_number),
        cmocka_unit_test(test_a_pf_matched_twice_names_both_places),
        cmocka_unit_test(test_a_pf_that_is_not_there),
        cmocka_unit_test(test_policies_of_one_pf_are_merged),
        cmocka_unit_test(test_the_lower_priority_number_wins),
        cmocka_unit_test(test_an_overlapping_policy_is_left_out),
        cmocka_unit_test(test_a_policy_only_raises_the_mtu_of_a_pf),
        cmocka_unit_test(test_a_policy_and_an_entry_of_ours_do_not_mix),
    };
    return cmocka_run_group_tests(tests, make_machine, drop_machine);
}
