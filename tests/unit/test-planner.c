/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a plan refuses or leaves out because of what the driver does, on drivers that the lab does
 * not have.
 */
#include "core/plan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* A PF with two VFs, and what is wanted of it. */
struct machine {
    struct snapshot s;
    struct pf pf;
    struct vf vfs[2];
    struct attrs want, want_vf;
};

static void make_machine(struct machine *m, const char *driver)
{
    *m = (struct machine){
        .pf = { .key = "0000:01:00.0", .name = "enp1s0", .ifindex = 2, .total_vfs = 8 }
    };
    STR_SET(m->pf.driver, driver);
    STR_SET(m->pf.sysfs, "/sys/bus/pci/devices/0000:01:00.0");
    m->pf.autoprobe_supported = true;
    attrs_set(&m->pf.attrs, SRIOV_AUTOPROBE, 1);
    attrs_set(&m->pf.attrs, SRIOV_LINK, 0);
    attrs_set(&m->pf.attrs, SRIOV_NUM_VFS, 2);
    for (unsigned i = 0; i < 2; i++) {
        m->vfs[i] = (struct vf){ .index = i, .listed = true };
        attrs_set(&m->vfs[i].attrs, SRIOV_VLAN, 100);
        attrs_set_text(&m->vfs[i].attrs, SRIOV_DRIVER, "");
    }
    m->pf.vfs = m->vfs;
    m->pf.n_vfs = 2;
    m->s = (struct snapshot){ .pfs = &m->pf, .n_pfs = 1 };
}

/* How many steps the plan has, or why there is none. */
static int plan(struct machine *m, struct sriov_error *error)
{
    struct goals goals = { .items = calloc(1, sizeof(*goals.items)), .count = 1 };
    _cleanup_(plan_done) struct plan p = { 0 };
    goals.items[0] = (struct goal){ .pf = &m->pf, .want = m->want };
    goals.items[0].vfs = calloc(1, sizeof(struct attrs));
    goals.items[0].vfs[0] = m->want_vf;
    goals.items[0].n_vfs = 1;
    int r = plan_make(&m->s, &goals, &p, error);
    return r < 0 ? r : (int)p.n_steps;
}

/* A policy of the Kubernetes operator says "legacy" of any card. */
static void test_legacy_mode_of_a_pf_without_eswitch_is_nothing_to_do(void **state)
{
    struct sriov_error error = { 0 };
    struct machine m;
    make_machine(&m, "igb");
    attrs_set(&m.want, SRIOV_ESWITCH_MODE, 0);
    assert_int_equal(plan(&m, &error), 0);
    attrs_set(&m.want, SRIOV_ESWITCH_MODE, 1);
    assert_int_equal(plan(&m, &error), -EOPNOTSUPP);
    assert_int_equal(error.code, SRIOV_UNSUPPORTED);
    make_machine(&m, "mlx5_core");
    attrs_set(&m.pf.attrs, SRIOV_ESWITCH_MODE, 0);
    attrs_set(&m.want, SRIOV_ESWITCH_MODE, 1);
    assert_true(plan(&m, &error) > 0);
}

static void test_what_a_busy_driver_does_not_tell_is_not_overwritten(void **state)
{
    struct sriov_error error = { 0 };
    struct machine m;
    make_machine(&m, "i40e");
    attrs_set(&m.want_vf, SRIOV_QOS, 3);
    assert_int_equal(plan(&m, &error), 1);
    m.vfs[0].listed = false;
    assert_int_equal(plan(&m, &error), -EAGAIN);
    assert_string_equal(error.object, "enp1s0/0");
    m.want_vf = (struct attrs){ 0 };
    assert_int_equal(plan(&m, &error), 0); /* nothing is wanted of it */
    m.vfs[0].listed = true;
    m.vfs[1].listed = false;
    attrs_set(&m.want, SRIOV_NUM_VFS, 4); /* made again, VF 1 would lose its VLAN */
    assert_int_equal(plan(&m, &error), -EAGAIN);
    attrs_set(&m.want, SRIOV_NUM_VFS, 0);
    assert_true(plan(&m, &error) > 0);
    make_machine(&m, "igb"); /* lists all, always */
    m.vfs[0].listed = false;
    attrs_set(&m.want_vf, SRIOV_VLAN, 7);
    assert_int_equal(plan(&m, &error), 1);
}

static void test_a_pf_that_the_plan_brings_up_counts_as_up(void **state)
{
    struct sriov_error error = { 0 };
    struct machine m;
    make_machine(&m, "rvu_nicpf");
    attrs_set(&m.want_vf, SRIOV_VLAN, 7);
    assert_int_equal(plan(&m, &error), -EAGAIN);
    assert_int_equal(error.code, SRIOV_UNSUPPORTED);
    attrs_set(&m.want, SRIOV_LINK, 1);
    assert_int_equal(plan(&m, &error), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_legacy_mode_of_a_pf_without_eswitch_is_nothing_to_do),
        cmocka_unit_test(test_what_a_busy_driver_does_not_tell_is_not_overwritten),
        cmocka_unit_test(test_a_pf_that_the_plan_brings_up_counts_as_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
