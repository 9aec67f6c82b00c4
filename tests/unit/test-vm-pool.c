/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pools of libvirt: its XML of networks and ports there and back, and which VFs a pool is to have
 * on a machine made by hand, with every kind of user in the way.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include "policy-text.h"
#include "vm/pool-members.h"

#include <cmocka.h>

/* ---- text ---- */

static const char hostdev_xml[] =
    "<network connections='1'>\n  <name>fast</name>\n"
    "  <uuid>36b701ee-a583-48f0-87a9-2ea3241104aa</uuid>\n  <metadata>\n"
    "    <sriovd:pool xmlns:sriovd=\"urn:sriovd:network:1\" from=\"one,a&amp;b\"/>\n  </metadata>\n"
    "  <forward mode='hostdev' managed='yes'>\n"
    "    <address type='pci' domain='0x0000' bus='0x01' slot='0x10' function='0x0'/>\n"
    "    <address type='pci' domain='0x0000' bus='0x01' slot='0x1f' function='0x6'/>\n"
    "  </forward>\n</network>\n";

static const char macvtap_xml[] =
    "<network>\n  <name>tap</name>\n  <forward dev='one_v0' mode='passthrough'>\n"
    "    <interface dev='one_v0' connections='1'/>\n    <interface dev='one_v1'/>\n"
    "  </forward>\n</network>\n";

static void test_networks_are_read(void **state)
{
    _cleanup_(network_done) struct network fast = { 0 }, tap = { 0 };

    assert_int_equal(network_parse(hostdev_xml, &fast), 0);
    assert_string_equal(fast.name, "fast");
    assert_string_equal(fast.uuid, "36b701ee-a583-48f0-87a9-2ea3241104aa");
    assert_string_equal(fast.mode, "hostdev");
    assert_string_equal(fast.from, "one,a&b");
    assert_int_equal(fast.members.count, 2);
    assert_string_equal(fast.members.items[1], "0000:01:1f.6");

    assert_int_equal(network_parse(macvtap_xml, &tap), 0);
    assert_string_equal(tap.mode, "passthrough");
    assert_string_equal(tap.from, ""); /* none of ours */
    assert_int_equal(tap.members.count, 2);
    assert_string_equal(tap.members.items[0], "one_v0");
}

/* What is written is read as the same. */
static void test_there_and_back(void **state)
{
    static const char *const documents[] = { hostdev_xml, macvtap_xml };

    for (size_t i = 0; i < ELEMENTS(documents); i++) {
        _cleanup_(network_done) struct network was = { 0 }, is = { 0 };
        _cleanup_buf_ struct buf text = BUF_INIT;

        assert_int_equal(network_parse(documents[i], &was), 0);
        network_xml(&was, &text);
        assert_int_equal(network_parse(text.data, &is), 0);
        assert_string_equal(is.name, was.name);
        assert_string_equal(is.uuid, was.uuid);
        assert_string_equal(is.mode, was.mode);
        assert_string_equal(is.from, was.from);
        assert_int_equal(is.members.count, was.members.count);
        assert_true(pool_is_in_step(&is.members, &was.members));
    }
}

/* As libvirt 11.3 hands them to its hook, and as it lists them. */
static void test_ports_are_read(void **state)
{
    static const struct {
        const char *text, *owner, *member;
    } rows[] = {
        { "<hookData><network><name>fast</name><forward mode='hostdev'><address type='pci' "
          "domain='0' bus='9' slot='9' function='1'/></forward></network><networkport>"
          "<owner><name>web1</name></owner><plug type='hostdev-pci' managed='yes'>"
          "<address domain='0x0000' bus='0x01' slot='0x10' function='0x2'/></plug>"
          "</networkport></hookData>",
          "web1", "0000:01:10.2" },
        { "<networkport><owner><name>w&lt;b</name></owner><mac address='52:54:00:26:91:35'/>"
          "<plug type='direct' dev='one_v0' mode='passthrough'/></networkport>",
          "w<b", "one_v0" },
        { "<networkport><owner><name>web1</name></owner><plug type='bridge' bridge='virbr0'/>"
          "</networkport>",
          "web1", "" },
        { "", "", "" },
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct network_port port;

        network_port_parse(rows[i].text, &port);
        assert_string_equal(port.owner, rows[i].owner);
        assert_string_equal(port.member, rows[i].member);
    }
}

/* ---- which VFs ---- */

static struct vf one_vfs[4], two_vfs[2];
static struct pf pfs[2];
static struct snapshot machine = { .pfs = pfs, .n_pfs = ELEMENTS(pfs) };

static void make_pf(struct pf *pf, const char *key, const char *name, struct vf *vfs, size_t n_vfs)
{
    *pf = (struct pf){ .numa_node = -1, .vfs = vfs, .n_vfs = n_vfs };
    STR_SET(pf->key, key);
    STR_SET(pf->name, name);
    for (unsigned i = 0; i < n_vfs; i++) {
        char netdev[16];

        vfs[i] = (struct vf){ .index = i, .ifindex = 10 + (int)i };
        snprintf(vfs[i].pci, sizeof(vfs[i].pci), "%.8s10.%u", key, i);
        snprintf(netdev, sizeof(netdev), "%.8s_v%u", name, i);
        attrs_set_text(&vfs[i].attrs, SRIOV_NAME, netdev);
    }
}

static int make_machine(void **state)
{
    make_pf(&pfs[0], "0000:01:00.0", "one", one_vfs, ELEMENTS(one_vfs));
    make_pf(&pfs[1], "0000:02:00.0", "two", two_vfs, ELEMENTS(two_vfs));
    return 0;
}

struct trial {
    struct holders holders;
    struct strv domains;
    struct desired pools;
    struct network network;
};

static void trial_done(struct trial *t)
{
    holders_done(&t->holders);
    strv_done(&t->domains);
    desired_done(&t->pools);
    network_done(&t->network);
}

static void hold(struct trial *t, const char *pf, int vf, enum holder_kind kind, const char *name)
{
    struct holder h = { .kind = kind, .vf = vf };

    STR_SET(h.pf, pf);
    STR_SET(h.name, name);
    assert_int_equal(holders_add(&t->holders, &h), 0);
}

static void add_port(struct trial *t, const char *owner, const char *member)
{
    struct network *n = &t->network;

    n->ports = realloc(n->ports, (n->n_ports + 1) * sizeof(*n->ports));
    assert_non_null(n->ports);
    STR_SET(n->ports[n->n_ports].owner, owner);
    STR_SET(n->ports[n->n_ports++].member, member);
}

/* "one/0 free, one/1 taken (lease "x")", or the error. */
static const char *members_of(const struct trial *t, bool lenient)
{
    static char text[600];
    _cleanup_(pool_vfs_done) struct pool_vfs vfs = { 0 };
    _cleanup_buf_ struct buf list = BUF_INIT;
    const struct pool_scene scene = { &machine, &t->pools, &t->holders, &t->domains, &t->network };
    struct sriov_error error = { 0 };
    int r = pool_vfs_find(&scene, lenient, &vfs, &error);

    if (r < 0)
        buf_printf(&list, "%s: %s", strerrorname_np(-r), error.message);
    for (size_t i = 0; i < vfs.count; i++) {
        const struct pool_vf *vf = &vfs.items[i];

        buf_printf(&list, "%s%s %s%s%s%s", i ? ", " : "", vf->label, pool_state_name(vf->state),
                   *vf->who ? " (" : "", vf->who, *vf->who ? ")" : "");
    }
    text[0] = '\0';
    if (list.data)
        STR_SET(text, list.data);
    return text;
}

static void test_all_kinds_of_users(void **state)
{
    _cleanup_(
        trial_done) struct trial t = { .network = { .mode = NETWORK_HOSTDEV, .from = "two,one" } };

    hold(&t, "0000:01:00.0", 0, HOLDER_VFIO, "web1"); /* who has it from this very pool */
    add_port(&t, "web1", "0000:01:10.0");
    hold(&t, "0000:01:00.0", 1, HOLDER_LEASE, "box");
    hold(&t, "0000:02:00.0", HOLDER_OF_PF, HOLDER_ROUTE, "default route");
    strv_add(&t.domains, "<domain><name>old</name><devices><hostdev type='pci'><source><address "
                         "domain='0' bus='1' slot='0x10' function='2'/></source></hostdev>"
                         "</devices></domain>");
    assert_string_equal(members_of(&t, false),
                        "two/0 free, two/1 free, one/0 used (web1), one/1 taken (lease \"box\"), "
                        "one/2 taken (the configuration of domain \"old\"), one/3 free");
}

/* A macvtap needs the netdev; one on vfio-pci, or in a namespace, has none here. */
static void test_macvtap_needs_netdevs(void **state)
{
    _cleanup_(trial_done) struct trial t = { .network = { .mode = "passthrough", .from = "two" } };

    add_port(&t, "web1", "two_v0");
    two_vfs[1].ifindex = 0;
    assert_string_equal(members_of(&t, false),
                        "two/0 used (web1), two/1 taken (has no netdev on this host)");
    two_vfs[1].ifindex = 11;
}

static void test_where_they_come_from(void **state)
{
    _cleanup_(trial_done) struct trial t = { .network = { .mode = NETWORK_HOSTDEV } };

    policy_add(&t.pools, "pools:\n  fast: {from: [{pf: two, vfs: 1}, {pf: one, vfs: 2-3}]}\n");
    STR_SET(t.network.from, "fast");
    assert_string_equal(members_of(&t, false), "two/1 free, one/2 free, one/3 free");
    STR_SET(t.network.from, "one,gone");
    assert_string_equal(members_of(&t, false), "ENODEV: no such PF: \"gone\"");
    assert_string_equal(members_of(&t, true), "one/0 free, one/1 free, one/2 free, one/3 free");
    STR_SET(t.network.from, "one/2");
    assert_string_equal(members_of(&t, false), "EINVAL: is a VF, and a PF is wanted here");
    /* What a domain has stays, wherever the pool comes from. */
    STR_SET(t.network.from, "gone");
    add_port(&t, "web1", "0000:01:10.3");
    assert_string_equal(members_of(&t, true), "0000:01:10.3 used (web1)");
}

static void test_in_step(void **state)
{
    _cleanup_strv_ struct strv a = STRV_INIT, b = STRV_INIT;

    assert_true(pool_is_in_step(&a, &b));
    strv_split(&a, "1 2 3", ' ');
    strv_split(&b, "3 1 2", ' ');
    assert_true(pool_is_in_step(&a, &b));
    strv_add(&b, "4");
    assert_false(pool_is_in_step(&a, &b));
    assert_false(pool_is_in_step(&b, &a));
    strv_add(&a, "5");
    assert_false(pool_is_in_step(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks_are_read),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_ports_are_read),
        cmocka_unit_test(test_all_kinds_of_users),
        cmocka_unit_test(test_macvtap_needs_netdevs),
        cmocka_unit_test(test_where_they_come_from),
        cmocka_unit_test(test_in_step),
    };

    return cmocka_run_group_tests(tests, make_machine, NULL);
}
