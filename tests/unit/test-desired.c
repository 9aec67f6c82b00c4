/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The project's own form of a policy: each key of each table, each way to get it wrong -- with its
 * line and the nearest key, and with nothing left behind -- and wishes that are made without a
 * document.
 */
#include "core/desired.h"

#include "core/policy-keys.h"
#include "policy-text.h"

static void done(struct desired *d)
{
    desired_done(d);
    assert_int_equal(d->n_pfs + d->n_pools, 0);
    assert_null(d->pfs);
    assert_null(d->pools);
}

static void test_every_key_of_match(void **state)
{
    struct desired d = { 0 };
    const struct match *m;

    policy_add(&d, "pfs:\n"
                   "  - match:\n"
                   "      name: enp1s0\n"
                   "      altname: enp0s31f6-with-a-long-name\n"
                   "      pci: '0000:01:00.0'\n"
                   "      mac: 52:54:00:AA:bb:01\n"
                   "      driver: igb\n"
                   "      vendor: '8086'\n"
                   "      device: 10c9\n"
                   "      handle: pci/0000:01:00.0\n");
    assert_int_equal(d.n_pfs, 1);
    m = &d.pfs[0].match;
    assert_string_equal(m->name, "enp1s0");
    assert_string_equal(m->altname, "enp0s31f6-with-a-long-name");
    assert_string_equal(m->pci, "0000:01:00.0");
    assert_string_equal(m->driver, "igb");
    assert_string_equal(m->handle, "pci/0000:01:00.0");
    assert_true(m->has_mac && m->mac == 0x525400aabb01);
    assert_true(m->has_vendor && m->vendor == 0x8086);
    assert_true(m->has_device && m->device == 0x10c9);
    done(&d);
}

static void test_every_key_of_a_pf(void **state)
{
    struct desired d = { 0 };
    const struct pf_wish *w;

    policy_add(&d, "# a remark\n"
                   "pfs:\n"
                   "  - num_vfs: 4\n"
                   "    mtu: 9000\n"
                   "    autoprobe: off\n"
                   "    eswitch_mode: switchdev\n"
                   "    link: up\n"
                   "    match: {name: enp1s0}\n"
                   "    via: module-parameter\n"
                   "    optional: on\n");
    w = &d.pfs[0];
    assert_string_equal(w->where, "p.yaml:3");
    assert_attr(&w->want, SRIOV_NUM_VFS, 4);
    assert_attr(&w->want, SRIOV_PF_MTU, 9000);
    assert_attr(&w->want, SRIOV_AUTOPROBE, 0);
    assert_attr(&w->want, SRIOV_ESWITCH_MODE, 1);
    assert_attr(&w->want, SRIOV_LINK, 1);
    assert_int_equal(w->count_way, COUNT_MODULE_PARAMETER);
    assert_true(w->optional);
    assert_false(w->count_external || w->mergeable);
    assert_int_equal(w->n_vfs, 0);
    assert_int_equal(__builtin_popcount(w->want.known), 5);
    done(&d);
}

static void test_every_key_of_a_vf(void **state)
{
    struct desired d = { 0 };
    const struct attrs *a;

    policy_add(&d, "pfs:\n"
                   "  - match: {name: enp1s0}\n"
                   "    vfs:\n"
                   "      '0':\n"
                   "        mac: '52:54:00:aa:bb:01'\n"
                   "        vlan: 100\n"
                   "        qos: 3\n"
                   "        vlan_proto: 802.1ad\n"
                   "        spoofchk: on\n"
                   "        trust: off\n"
                   "        link_state: enable\n"
                   "        min_tx_rate: 100\n"
                   "        max_tx_rate: 500\n"
                   "        rss_query: yes\n"
                   "        node_guid: 00:11:22:33:44:55:66:77\n"
                   "        port_guid: 00:11:22:33:44:55:66:78\n"
                   "        msix_count: 8\n"
                   "        driver: vfio-pci\n"
                   "        mtu: 1400\n"
                   "        name: web0\n");
    a = &d.pfs[0].vfs[0].want;
    assert_attr(a, SRIOV_MAC, 0x525400aabb01);
    assert_attr(a, SRIOV_VLAN, 100);
    assert_attr(a, SRIOV_QOS, 3);
    assert_attr(a, SRIOV_VLAN_PROTO, 0x88a8);
    assert_attr(a, SRIOV_SPOOFCHK, 1);
    assert_attr(a, SRIOV_TRUST, 0);
    assert_attr(a, SRIOV_LINK_STATE, SRIOV_LINK_ENABLE);
    assert_attr(a, SRIOV_MIN_TX_RATE, 100);
    assert_attr(a, SRIOV_MAX_TX_RATE, 500);
    assert_attr(a, SRIOV_RSS_QUERY, 1);
    assert_attr(a, SRIOV_NODE_GUID, 0x0011223344556677);
    assert_attr(a, SRIOV_PORT_GUID, 0x0011223344556678);
    assert_attr(a, SRIOV_MSIX_COUNT, 8);
    assert_attr(a, SRIOV_MTU, 1400);
    assert_string_equal(a->driver, "vfio-pci");
    assert_string_equal(a->name, "web0");
    assert_int_equal(__builtin_popcount(a->known), SRIOV_NUM_VFS);
    done(&d);
}

static void test_ranges(void **state)
{
    struct desired d = { 0 };
    const struct pf_wish *w;

    policy_add(&d, "pfs:\n"
                   "  - match: {name: a}\n"
                   "    vfs:\n"
                   "      0: {}\n"
                   "      1-3: {trust: on}\n"
                   "      '7,5-6,5': {trust: off}\n"
                   "      '65534': {driver: null}\n");
    w = &d.pfs[0];
    assert_int_equal(w->n_vfs, 4);
    assert_indexes(w->vfs[0].indexes, w->vfs[0].count, 0, 0);
    assert_int_equal(w->vfs[0].want.known, 0);
    assert_indexes(w->vfs[1].indexes, w->vfs[1].count, 1, 3);
    assert_attr(&w->vfs[1].want, SRIOV_TRUST, 1);
    assert_indexes(w->vfs[2].indexes, w->vfs[2].count, 5, 7);
    assert_indexes(w->vfs[3].indexes, w->vfs[3].count, 65534, 65534);
    assert_string_equal(w->vfs[3].want.driver, DRIVER_NONE);
    done(&d);
}

static void test_pools(void **state)
{
    struct desired d = { 0 };
    const struct pool *p;

    policy_add(&d, "pools:\n"
                   "  fast:\n"
                   "    numa: same\n"
                   "    from:\n"
                   "      - {pf: enp1s0, vfs: 1-3}\n"
                   "      - pf: '0000:02:00.0'\n"
                   "  any: {numa: any, from: []}\n"
                   "  empty: {}\n");
    assert_int_equal(d.n_pools, 3);
    p = &d.pools[0];
    assert_string_equal(p->name, "fast");
    assert_string_equal(p->where, "p.yaml:2");
    assert_true(p->numa_same);
    assert_int_equal(p->n_sources, 2);
    assert_string_equal(p->sources[0].pf, "enp1s0");
    assert_indexes(p->sources[0].indexes, p->sources[0].count, 1, 3);
    assert_string_equal(p->sources[1].pf, "0000:02:00.0");
    assert_int_equal(p->sources[1].count, 0);
    assert_false(d.pools[1].numa_same);
    assert_string_equal(d.pools[2].name, "empty");
    done(&d);
}

static void test_documents_add_up_until_one_is_wrong(void **state)
{
    struct desired d = { 0 };
    struct sriov_error error = { 0 };

    assert_int_equal(policy_try(&d,
                                "pfs: [{match: {name: a}}]\n"
                                "---\n"
                                "{pfs: [{match: {name: b}}], pools: {p: {}}}\n"
                                "---\n"
                                "pfs:\n"
                                "  - {match: {name: c}, vfs: {'0': {vlan: 1}}}\n"
                                "  - {match: {name: d}}\n"
                                "pools:\n"
                                "  q: {from: [{pf: c, vfs: '1'}]}\n"
                                "  r: {form: []}\n",
                                &error),
                     -EINVAL);
    assert_string_equal(error.object, "p.yaml:10");
    assert_int_equal(d.n_pfs, 2);
    assert_string_equal(d.pfs[1].match.name, "b");
    assert_string_equal(d.pfs[1].where, "p.yaml:3");
    assert_int_equal(d.n_pools, 1);
    assert_string_equal(d.pools[0].name, "p");
    done(&d);
}

static const struct {
    const char *yaml;
    unsigned line;
    const char *message, *remedy;
} slips[] = {
    { "pfs: []\npool: {}", 2, "unknown key \"pool\"", "\"pools\"" },
    { "\nzebra: 1", 2, "unknown key \"zebra\"", "" },
    { "pfs:\n  - match: {name: a}\n    num_vf: 1", 3, "unknown key \"num_vf\"", "\"num_vfs\"" },
    { "pfs:\n  - match: {name: a}\n    vf: {}", 3, "unknown key \"vf\"", "\"vfs\"" },
    { "pfs:\n  - match: {name: a}\n    vlan: 1", 3, "unknown key \"vlan\"", "" },
    { "pfs:\n  - match:\n      vendro: '8086'", 3, "unknown key \"vendro\"", "\"vendor\"" },
    { "pfs:\n- match: {name: a}\n  vfs:\n    0:\n      trsut: on", 5, "\"trsut\"", "\"trust\"" },
    { "pools:\n  p:\n    form: []", 3, "unknown key \"form\"", "\"from\"" },
    { "pools: {p: {from: [{pf: a,\n vf: '1'}]}}", 2, "unknown key \"vf\"", "\"vfs\"" },
    { "\"a\\e[31m\\u00e9\": 1", 1, "unknown key \"a?[31m\xc3\xa9\"", "" },
};

static const struct {
    const char *yaml;
    unsigned line;
    const char *message;
} faults[] = {
    { "- a", 1, "a map of keys and values is expected" },
    { "word", 1, "a map of keys and values is expected" },
    { "pfs: {}", 1, "pfs: a list of PFs is expected" },
    { "pfs:\n  - enp1s0", 2, "a map of keys" },
    { "pfs:\n  - num_vfs: 4", 2, "needs \"match\"" },
    { "pfs:\n  - {}", 2, "needs \"match\"" },
    { "pfs:\n  - num_vfs: 1\n    match: {}", 3, "match: empty, it would match every PF" },
    { "pfs:\n  - match: enp1s0", 2, "match: a map of keys" },
    { "pfs:\n  - match:\n", 2, "match: a map of keys" },
    { "pfs:\n- match:\n    name: 0123456789abcdef", 3, "name: too long" },
    { "pfs:\n- match:\n    name: \"a\\nb\"", 3, "name: too long, or it has odd" },
    { "pfs:\n- match:\n    name: ''", 3, "name: a word is expected" },
    { "pfs:\n- match:\n    name: [a]", 3, "name: a word is expected" },
    { "pfs:\n- match:\n    mac: 52:54:00", 3, "mac: an address is expected" },
    { "pfs:\n- match:\n    mac: []", 3, "mac: an address is expected" },
    { "pfs:\n- match:\n    vendor: intel", 3, "vendor: four hexadecimal digits" },
    { "pfs:\n- match:\n    device: '10000'", 3, "device: four hexadecimal digits" },
    { "pfs:\n- match:\n    device: {}", 3, "device: four hexadecimal digits" },
    { "pfs:\n- match: {name: a}\n  vfs: [0]", 3, "vfs: a map of VF numbers" },
    { "pfs:\n- match: {name: a}\n  vfs:\n    3-1: {}", 4, "3-1: VF numbers are expected" },
    { "pfs:\n- match: {name: a}\n  vfs:\n    '': {}", 4, "VF numbers are expected" },
    { "pfs:\n- match: {name: a}\n  vfs:\n    65535: {}", 4, "VF numbers are expected" },
    { "pfs:\n- match: {name: a}\n  vfs:\n    0:", 4, "0: a map of keys" },
    { "pfs:\n- match: {name: a}\n  vfs:\n    1-3: {}\n    2: {}", 3, "VF 2 is named twice" },
    { "pfs:\n- match: {name: a}\n  via: magic", 3, "auto, sysfs or module-parameter" },
    { "pfs:\n- match: {name: a}\n  via: {}", 3, "auto, sysfs or module-parameter" },
    { "pfs:\n- match: {name: a}\n  optional: maybe", 3, "optional: on or off is expected" },
    { "pfs:\n- match: {name: a}\n  num_vfs: 65536", 3, "num_vfs: 65536 is not allowed" },
    { "pfs:\n- match: {name: a}\n  num_vfs: [4]", 3, "num_vfs: a single value is expected" },
    { "pfs:\n- match: {name: a}\n  mtu:", 3, "mtu: a single value is expected" },
    { "pfs:\n- match: {name: a}\n  vfs:\n    0: {name: ~}", 4, "name: a single value" },
    { "pools: []", 1, "pools: a map of pools by name" },
    { "pools:\n  p: []", 2, "p: a map of keys" },
    { "pools:\n  '': {}", 2, "no name for a pool" },
    { "pools:\n  p: {from: a}", 2, "from: a list of PFs" },
    { "pools:\n  p:\n    from:\n    - vfs: '1'", 4, "an entry of \"from\" needs \"pf\"" },
    { "pools:\n  p:\n    from: [{pf: a, vfs: all}]", 3, "vfs: VF numbers are expected" },
    { "pools:\n  p:\n    from: [{pf: a, vfs: [1]}]", 3, "vfs: VF numbers are expected" },
    { "pools:\n  p:\n    numa: 1", 3, "numa: same or any is expected" },
};

/* A wish and a pool are there before: what is wrong must not touch them. */
static void test_what_is_wrong_leaves_nothing(void **state)
{
    struct desired d = { 0 };

    policy_add(&d, "{pfs: [{match: {name: first}}], pools: {first: {}}}");
    for (size_t i = 0; i < ELEMENTS(slips); i++)
        policy_refuse(&d, slips[i].yaml, slips[i].line, slips[i].message, slips[i].remedy);
    for (size_t i = 0; i < ELEMENTS(faults); i++)
        policy_refuse(&d, faults[i].yaml, faults[i].line, faults[i].message, "");
    assert_int_equal(d.n_pfs, 1);
    assert_string_equal(d.pfs[0].match.name, "first");
    assert_int_equal(d.n_pools, 1);
    done(&d);
}

/* The reader refuses these before us, so no rule here says which of two would win. */
static void test_a_repeated_key_is_refused_when_read(void **state)
{
    static const char text[] = "pools:\n  p: {}\n  p: {}\n";
    const struct node_limits limits = { .bytes = 100, .nodes = 100, .depth = 9 };
    struct node_error wrong = { 0 };
    struct node *n = NULL;

    assert_int_equal(yaml_read(text, strlen(text), &limits, &n, &wrong), -EINVAL);
    assert_int_equal(wrong.line, 3);
}

static void test_a_document_without_lines_names_its_file(void **state)
{
    struct desired d = { 0 };
    struct sriov_error error = { 0 };
    struct node root = { .kind = NODE_MAP }, *entry = node_add(&root, "pfx", 0);

    assert_non_null(entry);
    assert_int_equal(desired_add(&d, &root, "baseline", &error), -EINVAL);
    assert_string_equal(error.object, "baseline");
    assert_string_equal(error.remedy, "did you mean \"pfs\"?");
    free(entry->key);
    free(root.items);
}

static void test_wishes_without_a_document(void **state)
{
    static const unsigned indexes[] = { 4, 9 };
    struct desired d = { 0 };
    struct pf pf = { .handle = "pci/0000:01:00.0", .name = "enp1s0" };
    struct pf_wish *w = desired_add_pf(&d, &pf);
    struct vf_wish *v;

    assert_non_null(w);
    assert_string_equal(w->match.handle, "pci/0000:01:00.0");
    assert_string_equal(w->where, "enp1s0");
    v = wish_add_vfs(w, indexes, 2);
    assert_non_null(v);
    assert_int_equal(v->count, 2);
    assert_int_equal(v->indexes[1], 9);
    assert_ptr_not_equal(v->indexes, indexes);
    v = wish_add_vfs(w, indexes, 0);
    assert_non_null(v);
    assert_int_equal(v->count, 0);
    assert_int_equal(w->n_vfs, 2);
    done(&d);
}

static void test_count_ways(void **state)
{
    enum count_way way = COUNT_SYSFS;

    assert_int_equal(count_way_from_name("auto", &way), 0);
    assert_int_equal(way, COUNT_AUTO);
    assert_int_equal(count_way_from_name("sysfs", &way), 0);
    assert_int_equal(way, COUNT_SYSFS);
    assert_int_equal(count_way_from_name("", &way), -EINVAL);
    assert_int_equal(count_way_from_name("Sysfs", &way), -EINVAL);
    assert_int_equal(way, COUNT_SYSFS);
}

/* The manual page is made from the tables. */
static void test_every_key_has_its_help(void **state)
{
    static const struct policy_key *const tables[] = { policy_top_keys, policy_pf_keys,
                                                       policy_match_keys, policy_pool_keys,
                                                       policy_source_keys };

    for (size_t i = 0; i < ELEMENTS(tables); i++)
        for (const struct policy_key *key = tables[i]; key->name; key++)
            assert_true(key->read && key->help && *key->help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_of_match),
        cmocka_unit_test(test_every_key_of_a_pf),
        cmocka_unit_test(test_every_key_of_a_vf),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_pools),
        cmocka_unit_test(test_documents_add_up_until_one_is_wrong),
        cmocka_unit_test(test_what_is_wrong_leaves_nothing),
        cmocka_unit_test(test_a_repeated_key_is_refused_when_read),
        cmocka_unit_test(test_a_document_without_lines_names_its_file),
        cmocka_unit_test(test_wishes_without_a_document),
        cmocka_unit_test(test_count_ways),
        cmocka_unit_test(test_every_key_has_its_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
