/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which VF is chosen, on a machine made by hand: two ports on node 0, one on node 1, a netdevsim
 * that is on no node. Each wish alone and together, with leases in the way, from pools, in order
 * and in turn; and the nodes of a process, from files as a machine of two nodes has them.
 */
#include "core/choose.h"

#include "policy-text.h"

#define BOOT "b0070000-0000-0000-0000-000000000000"

static struct vf first_vfs[4], second_vfs[3], third_vfs[2], sim_vfs[2];
static struct pf pfs[4];
static struct snapshot machine = { .pfs = pfs, .n_pfs = ELEMENTS(pfs) };

static void make_pf(struct pf *pf, const char *key, const char *name, int node, struct vf *vfs,
                    size_t n_vfs)
{
    *pf = (struct pf){ .numa_node = node, .vfs = vfs, .n_vfs = n_vfs };
    pf->bus = strchr(key, ':') ? PF_ON_PCI : PF_ON_NETDEVSIM;
    STR_SET(pf->key, key);
    STR_SET(pf->name, name);
    for (unsigned i = 0; i < n_vfs; i++) {
        vfs[i] = (struct vf){ .index = i };
        attrs_set_text(&vfs[i].attrs, SRIOV_DRIVER, "igbvf");
    }
}

static int make_machine(void **state)
{
    make_pf(&pfs[0], "0000:01:00.0", "one", 0, first_vfs, ELEMENTS(first_vfs));
    make_pf(&pfs[1], "0000:01:00.1", "two", 0, second_vfs, ELEMENTS(second_vfs));
    make_pf(&pfs[2], "0000:81:00.0", "far", 1, third_vfs, ELEMENTS(third_vfs));
    make_pf(&pfs[3], "netdevsim1", "sim", -1, sim_vfs, ELEMENTS(sim_vfs));
    pfs[1].carrier = true;
    attrs_set_text(&first_vfs[2].attrs, SRIOV_DRIVER, "vfio-pci");
    attrs_set_text(&second_vfs[1].attrs, SRIOV_DRIVER, "");
    attrs_forget(&sim_vfs[0].attrs, SRIOV_DRIVER);
    attrs_forget(&sim_vfs[1].attrs, SRIOV_DRIVER);
    return 0;
}

static struct lease lease_of(const char *pf, unsigned vf, const char *boot)
{
    struct lease l = { .vf = vf };

    STR_SET(l.pf, pf);
    STR_SET(l.boot, boot);
    return l;
}

/* The VFs as "one/0 one/1 …", or "errno: message". */
static const char *choose(const struct choose_scene *scene, const struct choose_wish *wish)
{
    static char text[400];
    _cleanup_free_ struct vf_place *places = NULL;
    _cleanup_buf_ struct buf list = BUF_INIT;
    struct sriov_error error = { 0 };
    size_t count = 0;
    int r = choose_candidates(scene, wish, &places, &count, &error);

    if (r < 0) {
        assert_null(places);
        assert_int_equal(error.code, r == -EBUSY ? SRIOV_IN_USE : SRIOV_NO_DEVICE);
        buf_printf(&list, "%s: %s", strerrorname_np(-r), error.message);
    }
    for (size_t i = 0; i < count; i++) {
        const struct pf *pf = pfs;

        while (!str_eq(pf->key, places[i].pf))
            pf++;
        assert_int_equal(places[i].bus, pf->bus);
        buf_printf(&list, "%s%s/%u", i ? " " : "", pf->name, places[i].index);
    }
    STR_SET(text, list.data);
    return text;
}

static struct choose_scene scene_of(const struct lease *leases, size_t count,
                                    const struct desired *pools)
{
    return (struct choose_scene){ .snapshot = &machine,
                                  .leases = leases,
                                  .n_leases = count,
                                  .boot = BOOT,
                                  .pools = pools,
                                  .near = UINT64_MAX };
}

static void test_each_wish(void **state)
{
    static const struct {
        struct choose_wish wish;
        const char *want;
    } rows[] = {
        { { .numa = -1 }, "one/0 one/1 one/2 one/3 two/0 two/1 two/2 far/0 far/1 sim/0 sim/1" },
        { { .numa = -1, .pf = "two" }, "two/0 two/1 two/2" },
        { { .numa = -1, .pf = "0000:81:00.0" }, "far/0 far/1" },
        { { .numa = -1, .pf = "nosuch" }, "ENODEV: no such PF: \"nosuch\"" },
        { { .numa = 1 }, "far/0 far/1" },
        { { .numa = 2 }, "ENODEV: there is no VF of this machine on NUMA node 2" },
        { { .numa = -1, .driver = "vfio-pci" }, "one/2" },
        { { .numa = -1, .driver = "none" }, "two/1" },
        { { .numa = -1, .pf = "sim", .driver = "none" },
          "ENODEV: there is no VF of sim with driver none" },
        { { .numa = -1, .link = true }, "two/0 two/1 two/2" },
        { { .numa = 0, .pf = "two", .driver = "igbvf", .link = true }, "two/0 two/2" },
        { { .numa = 1, .pf = "two", .driver = "igbvf", .link = true },
          "ENODEV: there is no VF of two on NUMA node 1 with driver igbvf with link" },
        { { .numa = -1, .spread = true },
          "one/0 two/0 far/0 sim/0 one/1 two/1 far/1 sim/1 one/2 two/2 one/3" },
        { { .numa = -1, .pool = "nosuch" }, "ENOENT: no such pool: \"nosuch\"" },
    };
    struct choose_scene scene = scene_of(NULL, 0, NULL);

    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_string_equal(choose(&scene, &rows[i].wish), rows[i].want);
}

static void test_leased_ones_are_left_out(void **state)
{
    const struct lease leases[] = {
        lease_of("0000:01:00.1", 0, BOOT),
        lease_of("0000:01:00.1", 1, "an earlier boot"),
        lease_of("0000:81:00.0", 0, BOOT),
        lease_of("0000:81:00.0", 1, ""), /* unreadable: somebody has it */
        lease_of("gone", 0, BOOT),
    };
    struct choose_scene scene = scene_of(leases, ELEMENTS(leases), NULL);

    assert_string_equal(choose(&scene, &(struct choose_wish){ .numa = 0, .pf = "two" }),
                        "two/1 two/2");
    assert_string_equal(choose(&scene, &(struct choose_wish){ .numa = 1 }),
                        "EBUSY: no VF of this machine on NUMA node 1 is free");
    assert_string_equal(choose(&scene, &(struct choose_wish){ .numa = -1, .pf = "far" }),
                        "EBUSY: no VF of far is free");
}

/* What a PF has lent counts, also of VFs that are not asked for. */
static void test_spread_evens_out(void **state)
{
    const struct lease leases[] = {
        lease_of("0000:01:00.0", 2, BOOT),
        lease_of("0000:01:00.0", 3, BOOT),
        lease_of("0000:01:00.1", 1, BOOT),
        lease_of("0000:01:00.1", 2, "an earlier boot"),
    };
    struct choose_scene scene = scene_of(leases, ELEMENTS(leases), NULL);

    assert_string_equal(choose(&scene, &(struct choose_wish){ .numa = 0, .spread = true }),
                        "two/0 one/0 two/2 one/1");
    assert_string_equal(
        choose(&scene, &(struct choose_wish){ .numa = -1, .driver = "igbvf", .spread = true }),
        "far/0 two/0 far/1 one/0 two/2 one/1");
}

static void test_pools(void **state)
{
    static const struct {
        struct choose_wish wish;
        uint64_t near;
        const char *want;
    } rows[] = {
        { { .numa = -1, .pool = "mixed" }, 2, "far/1 one/1 one/2 sim/0 sim/1" },
        { { .numa = -1, .pool = "mixed", .spread = true }, 2, "far/1 one/1 sim/0 one/2 sim/1" },
        { { .numa = -1, .pool = "mixed", .pf = "one" }, 2, "one/1 one/2" },
        { { .numa = -1, .pool = "mixed", .pf = "two" },
          2,
          "ENODEV: there is no VF of pool mixed and of two" },
        { { .numa = -1, .pool = "near" }, 1, "one/0 one/1 one/2 one/3 sim/0 sim/1" },
        { { .numa = -1, .pool = "near" }, 2, "far/0 far/1 sim/0 sim/1" },
        { { .numa = -1, .pool = "near" }, 3, "far/0 far/1 one/0 one/1 one/2 one/3 sim/0 sim/1" },
        { { .numa = 0, .pool = "near" }, 2, "ENODEV: there is no VF of pool near on NUMA node 0" },
        { { .numa = -1, .pool = "twice" }, 1, "one/1 one/0 one/2 one/3" },
        { { .numa = -1, .pool = "empty" }, 1, "ENODEV: there is no VF of pool empty" },
        { { .numa = -1, .pool = "mixd" }, 1, "ENOENT: no such pool: \"mixd\"" },
    };
    _cleanup_(desired_done) struct desired pools = { 0 };

    policy_add(
        &pools,
        "pools:\n"
        "  mixed: {from: [{pf: far, vfs: '1,9'}, {pf: nosuch}, {pf: one, vfs: 1-2}, {pf: sim}]}\n"
        "  near: {from: [{pf: far}, {pf: one}, {pf: sim}], numa: same}\n"
        "  twice: {from: [{pf: one, vfs: 1}, {pf: '0000:01:00.0'}, {pf: one, vfs: 2}]}\n"
        "  empty: {}\n");
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct choose_scene scene = scene_of(NULL, 0, &pools);

        scene.near = rows[i].near;
        assert_string_equal(choose(&scene, &rows[i].wish), rows[i].want);
    }
}

static void add_holder(struct holders *all, enum holder_kind kind, const char *pf, int vf,
                       const char *name)
{
    struct holder h = { .kind = kind, .vf = vf, .pid = kind == HOLDER_VFIO ? 812 : 0 };

    STR_SET(h.pf, pf);
    STR_SET(h.name, name);
    STR_SET(h.comm, kind == HOLDER_VFIO ? "testpmd" : "");
    assert_int_equal(holders_add(all, &h), 0);
}

/* Those of VFs that fit, whether leased or not; of the PF itself and of other VFs none. */
static void test_who_has_those_that_fit(void **state)
{
    const struct lease leases[] = { lease_of("0000:01:00.1", 0, BOOT) };
    const struct choose_scene scene = scene_of(leases, ELEMENTS(leases), NULL);
    _cleanup_(holders_done) struct holders all = { 0 }, found = { 0 }, none = { 0 };
    _cleanup_buf_ struct buf text = BUF_INIT;

    add_holder(&all, HOLDER_VFIO, "0000:01:00.0", 2, "");
    add_holder(&all, HOLDER_VFIO, "0000:01:00.1", 2, "");
    add_holder(&all, HOLDER_ROUTE, "0000:01:00.1", HOLDER_OF_PF, "default route");
    add_holder(&all, HOLDER_LEASE, "0000:01:00.1", 0, "web1");
    assert_int_equal(
        choose_holders(&scene, &(struct choose_wish){ .numa = -1, .pf = "two" }, &all, &found), 0);
    holders_text(&found, &machine, &text);
    assert_string_equal(text.data,
                        "two/2 by testpmd (pid 812) through vfio, two/0 by lease \"web1\"");
    assert_int_equal(choose_holders(&scene, &(struct choose_wish){ .numa = 2 }, &all, &none), 0);
    assert_int_equal(none.count, 0);
}

/* A line has room for some; the others are counted. */
static void test_many_holders_are_counted(void **state)
{
    _cleanup_(holders_done) struct holders all = { 0 };
    _cleanup_buf_ struct buf text = BUF_INIT;

    for (int i = 0; i < 4; i++)
        add_holder(&all, HOLDER_LEASE, "0000:01:00.0", i,
                   "a-name-that-takes-so-much-room-that-few-fit");
    holders_text(&all, &machine, &text);
    assert_string_equal(
        text.data, "one/0 by lease \"a-name-that-takes-so-much-room-that-few-fit\", "
                   "one/1 by lease \"a-name-that-takes-so-much-room-that-few-fit\", "
                   "one/2 by lease \"a-name-that-takes-so-much-room-that-few-fit\" and 1 more");
}

static void test_a_vf_is_no_pf(void **state)
{
    struct choose_scene scene = scene_of(NULL, 0, NULL);
    struct vf_place *places = NULL;
    struct sriov_error error = { 0 };
    size_t count = 0;

    assert_int_equal(choose_candidates(&scene, &(struct choose_wish){ .numa = -1, .pf = "one/1" },
                                       &places, &count, &error),
                     -EINVAL);
    assert_int_equal(error.code, SRIOV_USAGE);
}

/* ---- nodes of a process ---- */

struct files {
    struct backend base;
    const char *status; /* the line about processors; NULL: the file is not there */
    const char *nodes;  /* folder of nodes, words */
};

static int read_file(struct backend *b, const char *path, char **ret)
{
    static const struct {
        const char *path, *text;
    } lists[] = {
        { "/sys/devices/system/node/node0/cpulist", "0-3,8" },
        { "/sys/devices/system/node/node1/cpulist", "4-7" },
        { "/sys/devices/system/node/node2/cpulist", "" }, /* memory only */
    };
    const struct files *f = (const struct files *)b;

    if (str_eq(path, "/proc/812/status") && f->status)
        return asprintf(ret,
                        "Name:\tx\nUmask:\t0022\nCpus_allowed:\tff\nCpus_allowed_list:\t%s\n"
                        "Mems_allowed:\t1\n",
                        f->status) < 0
                   ? -ENOMEM
                   : 0;
    for (size_t i = 0; i < ELEMENTS(lists); i++)
        if (str_eq(path, lists[i].path)) {
            *ret = strdup(lists[i].text);
            return *ret ? 0 : -ENOMEM;
        }
    return -ENOENT;
}

static int list_dir(struct backend *b, const char *path, struct strv *ret)
{
    const struct files *f = (const struct files *)b;

    if (!f->nodes || !str_eq(path, "/sys/devices/system/node"))
        return -ENOENT;
    return strv_split(ret, f->nodes, ' ');
}

static uint64_t nodes_of(const char *status, const char *nodes)
{
    static const struct backend_ops ops = { .read_file = read_file, .list_dir = list_dir };
    struct files f = { .base.ops = &ops, .status = status, .nodes = nodes };

    return choose_nodes_of(&f.base, 812);
}

static void test_nodes_of_a_process(void **state)
{
#define NODES "has_cpu node0 node1 node2 node77 online"
    assert_int_equal(nodes_of("0-8", NODES), 3);
    assert_int_equal(nodes_of("0", NODES), 1);
    assert_int_equal(nodes_of("8", NODES), 1);
    assert_int_equal(nodes_of("5-6", NODES), 2);
    assert_int_equal(nodes_of("3-4", NODES), 3);
    /* what cannot be told keeps nobody from anything */
    assert_true(nodes_of("9", NODES) == UINT64_MAX);
    assert_true(nodes_of("", NODES) == UINT64_MAX);
    assert_true(nodes_of(NULL, NODES) == UINT64_MAX);
    assert_true(nodes_of("0", NULL) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_wish),
        cmocka_unit_test(test_leased_ones_are_left_out),
        cmocka_unit_test(test_spread_evens_out),
        cmocka_unit_test(test_pools),
        cmocka_unit_test(test_who_has_those_that_fit),
        cmocka_unit_test(test_many_holders_are_counted),
        cmocka_unit_test(test_a_vf_is_no_pf),
        cmocka_unit_test(test_nodes_of_a_process),
    };

    return cmocka_run_group_tests(tests, make_machine, NULL);
}
