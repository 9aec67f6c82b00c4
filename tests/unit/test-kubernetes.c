/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The form of the Kubernetes operator: what each key means, which PFs a selector names, whose node
 * it is for, pools that policies share, and everything that is refused -- with its line. Reading is
 * repeated with each allocation failing in turn (linked with --wrap): then nothing may be left
 * behind.
 */
#include "core/kubernetes.h"

#include <limits.h>
#include <stdlib.h>

#include "policy-text.h"

/* ---- failing allocations ---- */

/* Allocations until one fails, and from then on all; negative: none ever. */
static long allowed = -1;

static bool refused(void)
{
    if (allowed > 0)
        allowed--;
    return allowed == 0;
}

#define WRAP(name, parameters, arguments)                                                          \
    void *__real_##name parameters;                                                                \
    void *__wrap_##name parameters;                                                                \
    void *__wrap_##name parameters                                                                 \
    {                                                                                              \
        return refused() ? NULL : __real_##name arguments;                                         \
    }

WRAP(malloc, (size_t size), (size))
WRAP(calloc, (size_t count, size_t size), (count, size))
WRAP(reallocarray, (void *p, size_t count, size_t size), (p, count, size))

/* ---- documents ---- */

#define HEAD                                                                                       \
    "apiVersion: sriovnetwork.openshift.io/v1\n"                                                   \
    "kind: SriovNetworkNodePolicy\n"
#define SPEC HEAD "spec:\n  numVfs: 4\n"                  /* what follows stands on line 5 */
#define NAMED SPEC "  nicSelector: {pfNames: [ens1f0]}\n" /* line 6 */

static void done(struct desired *d)
{
    desired_done(d);
}

/* As `kubectl get -o yaml` prints it. */
static void test_every_key(void **state)
{
    struct desired d = { 0 };
    const struct pf_wish *w;

    policy_add(&d,
               HEAD "metadata:\n"
                    "  annotations: {a: b}\n"
                    "  creationTimestamp: '2026-01-01T00:00:00Z'\n"
                    "  deletionGracePeriodSeconds: 0\n"
                    "  deletionTimestamp: null\n"
                    "  finalizers: []\n"
                    "  generateName: p-\n"
                    "  generation: 3\n"
                    "  labels: {}\n"
                    "  managedFields: [{}]\n"
                    "  name: web\n"
                    "  namespace: sriov-network-operator\n"
                    "  ownerReferences: []\n"
                    "  resourceVersion: '77'\n"
                    "  selfLink: ''\n"
                    "  uid: 1-2-3\n"
                    "spec:\n"
                    "  bridge: {}\n"
                    "  deviceType: vfio-pci\n"
                    "  eSwitchMode: switchdev\n"
                    "  excludeTopology: true\n"
                    "  externallyManaged: false\n"
                    "  isRdma: false\n"
                    "  linkType: ETH\n"
                    "  mtu: 9000\n"
                    "  needVhostNet: true\n"
                    "  nicSelector:\n"
                    "    deviceID: '10c9'\n"
                    "    netFilter: ''\n"
                    "    rootDevices: ['0000:01:00.A', 0000:02:00.0]\n"
                    "    vendor: '8086'\n"
                    "  nodeSelector: {feature.node.kubernetes.io/network-sriov.capable: 'true'}\n"
                    "  numVfs: 4\n"
                    "  priority: 90\n"
                    "  resourceName: web_fast-1\n"
                    "  vdpaType: ''\n"
                    "status: {}\n");
    assert_int_equal(d.n_pfs, 2);
    w = &d.pfs[0];
    assert_string_equal(w->where, "p.yaml:29");
    assert_string_equal(w->match.pci, "0000:01:00.a");
    assert_string_equal(w[1].match.pci, "0000:02:00.0");
    assert_true(w->match.has_vendor && w->match.vendor == 0x8086);
    assert_true(w[1].match.has_device && w[1].match.device == 0x10c9);
    assert_string_equal(w->match.name, "");
    assert_true(w->mergeable && w->optional);
    assert_false(w->count_external);
    assert_int_equal(w->count_way, COUNT_AUTO);
    assert_int_equal(w->priority, 90);
    assert_attr(&w->want, SRIOV_NUM_VFS, 4);
    assert_attr(&w->want, SRIOV_PF_MTU, 9000);
    assert_attr(&w->want, SRIOV_ESWITCH_MODE, 1);
    assert_attr(&w->want, SRIOV_LINK, 1);
    assert_int_equal(__builtin_popcount(w->want.known), 4);
    assert_int_equal(w->n_vfs, 1);
    assert_indexes(w->vfs[0].indexes, w->vfs[0].count, 0, 3);
    assert_string_equal(w->vfs[0].want.driver, "vfio-pci");
    assert_int_equal(__builtin_popcount(w->vfs[0].want.known), 1); /* no netdev, no MTU */
    assert_int_equal(d.n_pools, 1);
    assert_string_equal(d.pools[0].name, "web_fast-1");
    assert_string_equal(d.pools[0].where, "p.yaml:29");
    assert_int_equal(d.pools[0].n_sources, 2);
    assert_string_equal(d.pools[0].sources[1].pf, "0000:02:00.0");
    assert_indexes(d.pools[0].sources[1].indexes, d.pools[0].sources[1].count, 0, 3);
    done(&d);
}

static void test_defaults(void **state)
{
    struct desired d = { 0 };
    const struct pf_wish *w;

    policy_add(&d, SPEC "  mtu: 1400\n  nicSelector: {vendor: 15b3}\n");
    assert_int_equal(d.n_pfs, 1);
    assert_int_equal(d.n_pools, 0);
    w = &d.pfs[0];
    assert_int_equal(w->priority,
                     0); /* the API has no default for it: an integer that is not given */
    assert_true(w->match.has_vendor);
    assert_false(w->optional);
    assert_false(w->match.has_device);
    assert_false(attrs_has(&w->want, SRIOV_ESWITCH_MODE));
    assert_string_equal(w->vfs[0].want.driver, DRIVER_DEFAULT);
    assert_attr(&w->vfs[0].want, SRIOV_MTU, 1400);
    done(&d);
}

/* Its VFs are bound and set up, the PF itself is left to its manager. */
static void test_externally_managed(void **state)
{
    struct desired d = { 0 };
    const struct pf_wish *w;

    policy_add(&d, NAMED "  externallyManaged: true\n  mtu: 9000\n  eSwitchMode: legacy\n");
    w = &d.pfs[0];
    assert_true(w->count_external);
    assert_attr(&w->want, SRIOV_NUM_VFS, 4);
    assert_false(attrs_has(&w->want, SRIOV_PF_MTU));
    assert_false(attrs_has(&w->want, SRIOV_ESWITCH_MODE));
    assert_attr(&w->vfs[0].want, SRIOV_MTU, 9000);
    done(&d);
}

/* A word of pfNames is a netdev name or an alternative name, and may take some of the VFs only. */
static void test_pf_names(void **state)
{
    struct desired d = { 0 };

    policy_add(&d, SPEC
               "  nicSelector: {pfNames: [ens1f0, 'ens1f1#2-3', 'an-altname-that-is-long#0-0']}\n"
               "  resourceName: fast\n");
    assert_int_equal(d.n_pfs, 3);
    assert_string_equal(d.pfs[0].match.any_name, "ens1f0");
    assert_string_equal(d.pfs[0].match.name, "");
    assert_true(d.pfs[0].optional);
    assert_indexes(d.pfs[0].vfs[0].indexes, d.pfs[0].vfs[0].count, 0, 3);
    assert_string_equal(d.pfs[1].match.any_name, "ens1f1");
    assert_indexes(d.pfs[1].vfs[0].indexes, d.pfs[1].vfs[0].count, 2, 3);
    assert_attr(&d.pfs[1].want, SRIOV_NUM_VFS, 4);
    assert_string_equal(d.pfs[2].match.any_name, "an-altname-that-is-long");
    assert_indexes(d.pfs[2].vfs[0].indexes, d.pfs[2].vfs[0].count, 0, 0);
    assert_int_equal(d.pools[0].n_sources, 3);
    assert_string_equal(d.pools[0].sources[1].pf, "ens1f1");
    assert_indexes(d.pools[0].sources[1].indexes, d.pools[0].sources[1].count, 2, 3);
    done(&d);
}

/* Both lists must hold, so each pair of their entries is a wish. */
static void test_names_and_addresses(void **state)
{
    struct desired d = { 0 };

    policy_add(&d, SPEC "  nicSelector: {pfNames: ['a#1-1', b], rootDevices: ['0000:01:00.0']}\n"
                        "  resourceName: r\n");
    assert_int_equal(d.n_pfs, 2);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(d.pfs[i].match.pci, "0000:01:00.0");
    assert_string_equal(d.pfs[0].match.any_name, "a");
    assert_indexes(d.pfs[0].vfs[0].indexes, d.pfs[0].vfs[0].count, 1, 1);
    assert_int_equal(d.pools[0].n_sources, 2);
    assert_string_equal(d.pools[0].sources[0].pf, "a");
    done(&d);
}

static void test_policies_with_one_resource_share_the_pool(void **state)
{
    struct desired d = { 0 };

    policy_add(&d, NAMED "  resourceName: fast\n"
                         "---\n" SPEC "  nicSelector: {rootDevices: ['0000:02:00.0']}\n"
                         "  resourceName: fast\n"
                         "---\n" SPEC "  nicSelector: {vendor: '8086'}\n"
                         "  resourceName: nobody-is-named\n");
    assert_int_equal(d.n_pools, 1);
    assert_string_equal(d.pools[0].where, "p.yaml:5");
    assert_int_equal(d.pools[0].n_sources, 2);
    assert_string_equal(d.pools[0].sources[0].pf, "ens1f0");
    assert_string_equal(d.pools[0].sources[1].pf, "0000:02:00.0");
    done(&d);
}

/* ---- nodes ---- */

static size_t wishes_for(const char *label)
{
    struct desired d = { 0 };
    char yaml[1024];
    size_t n;

    snprintf(yaml, sizeof(yaml), NAMED "  nodeSelector: {kubernetes.io/hostname: '%s', a: b}\n",
             label);
    policy_add(&d, yaml);
    n = d.n_pfs;
    done(&d);
    return n;
}

static void test_the_node_it_is_for(void **state)
{
    char host[HOST_NAME_MAX + 1] = "", label[2 * HOST_NAME_MAX];
    size_t len;

    assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
    assert_true(wishes_for(host) > 0);
    for (char *p = host; *p; p++)
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    assert_true(wishes_for(host) > 0);
    len = strcspn(host, ".");
    snprintf(label, sizeof(label), "%.*s", (int)len, host);
    assert_true(wishes_for(label) > 0);
    snprintf(label, sizeof(label), "%.*s.example.org", (int)len, host);
    assert_int_equal(wishes_for(label) > 0, host[len] == '\0');
    snprintf(label, sizeof(label), "%s-", host);
    assert_int_equal(wishes_for(label), 0);
    assert_int_equal(wishes_for("-"), 0);
    assert_int_equal(wishes_for(""), 0);
}

/* Not ours, so what we would refuse in it is no fault; the same for the operator's old default. */
static void test_what_is_passed_over(void **state)
{
    struct desired d = { 0 };

    policy_add(&d, HEAD "spec: {vdpaType: virtio, nodeSelector: {kubernetes.io/hostname: '-'}}\n");
    policy_add(&d, HEAD "metadata: {name: default}\nspec: {numVfs: 0, nicSelector: {}}\n");
    assert_int_equal(d.n_pfs + d.n_pools, 0);
    done(&d);
}

/* ---- refusals ---- */

static const struct {
    const char *yaml;
    unsigned line;
    const char *message, *remedy;
} faults[] = {
    { "kind: Pod", 1, "kind: unknown", "SriovNetworkNodePolicy" },
    { "a: 1\nkind: [SriovNetworkNodePolicy]", 2, "kind: unknown", "SriovNetworkNodePolicy" },
    { "kind: SriovNetworkNodePolicy", 1, "\"apiVersion\" is missing", "" },
    { HEAD "spce: {}", 3, "unknown key \"spce\"", "\"spec\"" },
    { HEAD "metadata: {nmae: a}", 3, "unknown key \"nmae\"", "\"name\"" },
    { HEAD "metadata: a", 3, "metadata: a map of keys", "" },
    { HEAD "metadata: {name: [a]}", 3, "name: a word is expected", "" },
    { HEAD, 1, "\"spec\" is missing", "" },
    { HEAD "spec: []", 3, "spec: a map of keys", "" },
    { HEAD "spec:\n  nicSelector: {vendor: '1'}", 3, "spec: \"numVfs\" is missing", "" },
    { SPEC, 3, "spec: \"nicSelector\" is missing", "" },
    { "apiVersion: v1\nkind: SriovNetworkNodePolicy", 1,
      "apiVersion: sriovnetwork.openshift.io/v1 is expected", "" },
    { NAMED "  numvfs: 4", 6, "unknown key \"numvfs\"", "\"numVfs\"" },
    { NAMED "  eswitchMode: legacy", 6, "unknown key", "\"eSwitchMode\"" },
    { NAMED "  mtu: 67", 6, "mtu: 67 is not allowed", "" },
    { NAMED "  mtu: big", 6, "mtu: big is not allowed", "" },
    { HEAD "spec: {numVfs: 0}", 3, "numVfs: a policy makes at least one VF", "" },
    { HEAD "spec: {numVfs: -1}", 3, "num_vfs: -1 is not allowed", "" },
    { HEAD "spec: {numVfs: 65536}", 3, "65536 is not allowed", "" },
    { HEAD "spec: {numVfs: []}", 3, "numVfs: a single value", "" },
    { NAMED "  priority: 100", 6, "priority: 0 (goes first) to 99", "" },
    { NAMED "  priority: high", 6, "priority: 0 (goes first) to 99", "" },
    { NAMED "  deviceType: igb_uio", 6, "netdevice or vfio-pci is expected", "" },
    { NAMED "  deviceType: {}", 6, "netdevice or vfio-pci is expected", "" },
    { NAMED "  eSwitchMode: Legacy", 6, "legacy or switchdev is expected", "" },
    { NAMED "  linkType: Eth", 6, "eth or ib is expected", "" },
    { NAMED "  isRdma: maybe", 6, "isRdma: on or off is expected", "" },
    { NAMED "  needVhostNet: maybe", 6, "needVhostNet: on or off is expected", "" },
    { NAMED "  excludeTopology: ~", 6, "excludeTopology: on or off", "" },
    { NAMED "  externallyManaged: 7", 6, "externallyManaged: on or off", "" },
    { NAMED "  resourceName: ''", 6, "resourceName: a word is expected", "" },
    { NAMED "  resourceName: openshift.io/a", 6, "resourceName: letters, digits", "" },
    { NAMED "  resourceName: a-", 6, "resourceName: letters, digits", "" },
    { NAMED "  resourceName: _a", 6, "resourceName: letters, digits", "" },
    { NAMED "  nodeSelector: [a]", 6, "nodeSelector: a map of labels", "" },
    { NAMED "  nodeSelector: {a: {}}", 6, "a: the value of a label", "" },
    { NAMED "  vdpaType: vhost", 6, "vdpaType: vDPA devices are not supported", "vdpa dev" },
    { NAMED "  vdpaType: [vhost]", 6, "vDPA devices are not supported", "vdpa dev" },
    { NAMED "  bridge:\n    ovs: {}", 6, "bridge: Open vSwitch bridges", "ovs-vsctl" },
    { NAMED "  deviceType: vfio-pci\n  isRdma: true", 7, "isRdma: a VF that vfio-pci has", "" },
    { NAMED "  linkType: ib\n  eSwitchMode: switchdev", 7, "switchdev is for eth links", "" },
    { SPEC "  nicSelector: {}", 5, "nicSelector: vendor, deviceID, pfNames or rootDevices", "" },
    { SPEC "  nicSelector: {vendor: '', pfNames: []}", 5, "vendor, deviceID, pfNames or", "" },
    { SPEC "  nicSelector: ens1f0", 5, "nicSelector: a map of keys", "" },
    { SPEC "  nicSelector:\n    pfName: [a]", 6, "unknown key \"pfName\"", "\"pfNames\"" },
    { SPEC "  nicSelector:\n    vendor: {}", 6, "vendor: four hexadecimal digits", "" },
    { SPEC "  nicSelector:\n    deviceID: xyz", 6, "deviceID: four hexadecimal digits", "" },
    { SPEC "  nicSelector:\n    netFilter: aws/NetworkID:1", 6, "networks of a cloud", "pfNames" },
    { SPEC "  nicSelector:\n    pfNames: ens1f0", 6, "pfNames: a list of PFs", "" },
    { SPEC "  nicSelector:\n    pfNames:\n    - a\n    - b#3", 8, "some of its VFs as in", "" },
    { SPEC "  nicSelector:\n    pfNames: ['b#0,2-3']", 6, "some of its VFs as in", "" },
    { SPEC "  nicSelector:\n    pfNames: ['b#3-1']", 6, "some of its VFs as in", "" },
    { SPEC "  nicSelector:\n    pfNames: ['b#1-2#3']", 6, "some of its VFs as in", "" },
    { SPEC "  nicSelector:\n    pfNames: ['#1-2']", 6, "some of its VFs as in", "" },
    { SPEC "  nicSelector:\n    pfNames: ['b#2-4']", 6, "the last VF is above numVfs - 1", "" },
    { SPEC "  nicSelector:\n    pfNames: ['']", 6, "a word is expected", "" },
    { SPEC "  nicSelector:\n    pfNames:\n    - b#0-1\n    - b#2-3", 8, "named twice", "" },
    { SPEC "  nicSelector:\n    rootDevices: ['0000:01:00.0#1-2']", 6, "a PCI address", "" },
    { SPEC "  nicSelector:\n    rootDevices: ['01:00.0']", 6, "a PCI address is expected", "" },
    { SPEC "  nicSelector:\n    rootDevices: [[]]", 6, "a PCI address is expected", "" },
    { SPEC "  nicSelector:\n    rootDevices: ['0000:01:00.A', '0000:01:00.a']", 6, "named twice",
      "" },
};

static void test_what_is_refused(void **state)
{
    struct desired d = { 0 };

    policy_add(&d, NAMED "  resourceName: first\n");
    for (size_t i = 0; i < ELEMENTS(faults); i++)
        policy_refuse(&d, faults[i].yaml, faults[i].line, faults[i].message, faults[i].remedy);
    assert_int_equal(d.pools[0].n_sources, 1);
    done(&d);
}

/* One more than a policy may name, once in a list and once as pairs of two. */
static void test_too_many_pfs(void **state)
{
    struct desired d = { 0 };
    char yaml[4096] = SPEC "  nicSelector:\n    pfNames: [p0";
    size_t len = strlen(yaml);

    for (int i = 1; i < 65; i++)
        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len, ", p%d", i);
    snprintf(yaml + len, sizeof(yaml) - len,
             "]\n    rootDevices: ['0000:01:00.0', '0000:02:00.0']\n");
    policy_refuse(&d, yaml, 5, "nicSelector: too many PFs", "");
    for (int i = 65; i < 129; i++)
        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len, ", p%d", i);
    snprintf(yaml + len, sizeof(yaml) - len, "]\n");
    policy_refuse(&d, yaml, 6, "too many PFs", "");
    done(&d);
}

/* ---- without memory ---- */

static void test_without_memory_nothing_is_left(void **state)
{
    _cleanup_node_ struct node *list = policy_read(
        SPEC "  nicSelector: {pfNames: [a, 'b#1-2'], rootDevices: ['0000:01:00.0']}\n"
             "  resourceName: first\n");
    struct desired d = { 0 };
    struct sriov_error error = { 0 };
    int r = -ENOMEM;
    long n = 0;

    policy_add(&d, NAMED "  resourceName: first\n");
    while (r < 0) {
        allowed = ++n;
        r = desired_add(&d, &list->items[0], "p.yaml", &error);
        allowed = -1;
        assert_true(r == 0 || r == -ENOMEM);
        assert_int_equal(d.n_pfs, r < 0 ? 1 : 3);
        assert_int_equal(d.n_pools, 1);
        assert_int_equal(d.pools[0].n_sources, r < 0 ? 1 : 3);
    }
    assert_int_equal(error.code, SRIOV_FAILED);
    assert_true(n > 10);
    done(&d);
}

/* The manual page is made from the tables. */
static void test_every_key_has_its_help(void **state)
{
    static const struct policy_key *const tables[] = { kubernetes_top_keys,
                                                       kubernetes_metadata_keys,
                                                       kubernetes_spec_keys,
                                                       kubernetes_selector_keys };

    for (size_t i = 0; i < ELEMENTS(tables); i++)
        for (const struct policy_key *key = tables[i]; key->name; key++)
            assert_true(key->read && key->help && *key->help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_externally_managed),
        cmocka_unit_test(test_pf_names),
        cmocka_unit_test(test_names_and_addresses),
        cmocka_unit_test(test_policies_with_one_resource_share_the_pool),
        cmocka_unit_test(test_the_node_it_is_for),
        cmocka_unit_test(test_what_is_passed_over),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_too_many_pfs),
        cmocka_unit_test(test_without_memory_nothing_is_left),
        cmocka_unit_test(test_every_key_has_its_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
