/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Plans on machines made by hand: which steps, in which order, with which disruption; what is kept
 * over making VFs again; how autoprobe is led; whom a step hurts; the baseline, read back as a
 * wish; and what is refused before any step. A plan is compared as text, a line for each step.
 */
#include "core/plan.h"

#include "base/json-read.h"
#include "policy-text.h"

/* Four NICs: igb with VFs of all kinds, ixgbe without VFs, mlx5 and mlx4 with two each; netdevsim;
 * NVMe. */
enum { IGB, IXGBE, MLX5, MLX4, SIM, NVME, BNXT, PFS };
static struct pf pfs[PFS];
static struct vf vfs[PFS][4];
static struct snapshot machine = { .pfs = pfs, .n_pfs = PFS };

static void make_vfs(enum pf_bus bus, struct pf *pf, struct vf *of, size_t count,
                     const char *driver)
{
    pf->vfs = of;
    pf->n_vfs = count;
    attrs_set(&pf->attrs, SRIOV_NUM_VFS, count);
    for (unsigned i = 0; i < count; i++) {
        of[i] = (struct vf){ .index = i, .iommu_group = 10 + (int)i, .listed = true };
        attrs_set(&of[i].attrs, SRIOV_MAC, 0);
        attrs_set(&of[i].attrs, SRIOV_VLAN, 0);
        attrs_set(&of[i].attrs, SRIOV_QOS, 0);
        attrs_set(&of[i].attrs, SRIOV_VLAN_PROTO, 0x8100);
        attrs_set(&of[i].attrs, SRIOV_SPOOFCHK, 1);
        attrs_set(&of[i].attrs, SRIOV_TRUST, 0);
        if (bus != PF_ON_PCI)
            continue;
        snprintf(of[i].pci, sizeof(of[i].pci), "%.8s%.2s.%u", pf->key, "10", i);
        attrs_set_text(&of[i].attrs, SRIOV_DRIVER, driver);
    }
}

static void make_pf(enum pf_bus bus, struct pf *pf, const char *key, const char *name,
                    const char *driver, unsigned total)
{
    *pf = (struct pf){
        .bus = bus, .total_vfs = total, .iommu_group = -1, .speed = 1000, .carrier = true
    };
    STR_SET(pf->key, key);
    STR_SET(pf->name, name);
    STR_SET(pf->driver, driver);
    snprintf(pf->handle, sizeof(pf->handle), "%s/%s", bus == PF_ON_PCI ? "pci" : "netdevsim", key);
    pf->autoprobe_supported = bus == PF_ON_PCI;
    if (bus == PF_ON_PCI)
        attrs_set(&pf->attrs, SRIOV_AUTOPROBE, 1);
    attrs_set(&pf->attrs, SRIOV_LINK, 1);
    attrs_set(&pf->attrs, SRIOV_PF_MTU, 1500);
    attrs_set(&pf->attrs, SRIOV_NUM_VFS, 0);
}

static int make_machine(void **state)
{
    memset(vfs, 0, sizeof(vfs));
    make_pf(PF_ON_PCI, &pfs[IGB], "0000:01:00.0", "igb0", "igb", 7);
    make_pf(PF_ON_PCI, &pfs[IXGBE], "0000:02:00.0", "ixgbe0", "ixgbe", 64);
    make_pf(PF_ON_PCI, &pfs[MLX5], "0000:03:00.0", "mlx5", "mlx5_core", 8);
    make_pf(PF_ON_PCI, &pfs[MLX4], "0000:04:00.0", "mlx4", "mlx4_core", 8);
    make_pf(PF_ON_NETDEVSIM, &pfs[SIM], "netdevsim1", "sim", "netdevsim", 4);
    make_pf(PF_ON_PCI, &pfs[NVME], "0000:05:00.0", "", "nvme", 8);
    make_pf(PF_ON_PCI, &pfs[BNXT], "0000:06:00.0", "bnxt", "bnxt_en", 8);
    make_vfs(PF_ON_PCI, &pfs[IGB], vfs[IGB], 3, "igbvf");
    make_vfs(PF_ON_PCI, &pfs[MLX5], vfs[MLX5], 2, "mlx5_core");
    make_vfs(PF_ON_PCI, &pfs[MLX4], vfs[MLX4], 2, "mlx4_core");
    make_vfs(PF_ON_NETDEVSIM, &pfs[SIM], vfs[SIM], 2, "");
    attrs_set(&vfs[IGB][0].attrs, SRIOV_MAC, 0x5254000000aa);
    attrs_set(&vfs[IGB][0].attrs, SRIOV_VLAN, 100);
    attrs_set_text(&vfs[IGB][1].attrs, SRIOV_DRIVER, "vfio-pci");
    attrs_set(&vfs[IGB][1].attrs, SRIOV_TRUST, 1);
    attrs_set_text(&vfs[IGB][2].attrs, SRIOV_DRIVER, "");
    attrs_set(&pfs[MLX5].attrs, SRIOV_ESWITCH_MODE, 0);
    attrs_set(&pfs[BNXT].attrs, SRIOV_LINK, 0);
    pfs[BNXT].carrier = false;
    return 0;
}

/* ---- plans ---- */

static int try_goals(struct goals *goals, struct plan *ret, struct sriov_error *error)
{
    int r = plan_make(&machine, goals, ret, error);

    assert_null(goals->items); /* taken over, also when it fails */
    return r;
}

static int try_plan(const char *yaml, struct plan *ret, struct sriov_error *error)
{
    struct desired d = { 0 };
    struct goals goals = { 0 };
    int r;

    policy_add(&d, yaml);
    r = goals_resolve(&d, &machine, &goals, error);
    desired_done(&d);
    return r < 0 ? r : try_goals(&goals, ret, error);
}

static void plan(const char *yaml, struct plan *ret)
{
    struct sriov_error error = { 0 };

    if (try_plan(yaml, ret, &error) < 0)
        fail_msg("%s\n%s: %s (%s)", yaml, error.object, error.message, error.remedy);
}

/* A line a step: OBJECT ACTION ATTRIBUTE FROM>TO, the disruption if there is one, "implied" if it
 * is. */
static void assert_steps(const struct plan *p, const char *expected)
{
    _cleanup_buf_ struct buf text = BUF_INIT;

    for (size_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        char object[OBJECT_SIZE];

        step_object(p, s, object);
        buf_printf(&text, "%s %s %s %s>%s%s%s%s\n", object, step_kind_name(s->kind),
                   attr_row(s->attr)->name, s->from, s->to, s->disruption ? " " : "",
                   s->disruption ? disruption_name(s->disruption) : "",
                   s->implied ? " implied" : "");
        assert_int_equal(s->state, STEP_PLANNED);
    }
    assert_string_equal(text.data ? text.data : "", expected);
}

static void assert_plan(const char *yaml, const char *expected)
{
    struct plan p = { 0 };

    plan(yaml, &p);
    assert_steps(&p, expected);
    plan_done(&p);
}

static void assert_refused(const char *yaml, enum sriov_code code, const char *object,
                           const char *words)
{
    struct plan p = { .n_steps = 77 };
    struct sriov_error error = { 0 };

    if (try_plan(yaml, &p, &error) >= 0)
        fail_msg("not refused: %s", yaml);
    if (error.code != code || strcmp(error.object, object) != 0 || !strstr(error.message, words))
        fail_msg("%s\n%d %s: %s (%s)", yaml, error.code, error.object, error.message, error.remedy);
    assert_string_not_equal(error.remedy, "");
    assert_int_equal(p.n_steps, 77); /* untouched */
}

#define IGB_(rest) "pfs: [{match: {name: igb0}, " rest "}]"

static void test_equal_state_is_no_step(void **state)
{
    assert_plan("pfs: []", "");
    assert_plan(IGB_("num_vfs: 3, autoprobe: on, mtu: 1500, link: up"), "");
    assert_plan(
        IGB_("vfs: {0: {mac: '52:54:00:00:00:aa', vlan: 100, spoofchk: on, driver: default}, "
             "1: {trust: on, driver: vfio-pci}, 2: {driver: none}}"),
        "");
    assert_plan(IGB_("vfs: {0: {driver: igbvf}}"), "");
}

static void test_settings_alone(void **state)
{
    assert_plan(
        IGB_("mtu: 9000, vfs: {0: {vlan: 200, qos: 3, trust: on}, 1: {mac: '52:54:00:00:00:bb'}}"),
        "igb0 set mtu 1500>9000\n"
        "igb0/0 set vlan 100>200\n"
        "igb0/0 set qos 0>3\n"
        "igb0/0 set trust off>on\n"
        "igb0/1 set mac 00:00:00:00:00:00>52:54:00:00:00:bb\n");
}

static void test_first_vfs(void **state)
{
    /* The rest of the VFs gets the default driver, once, when everything is set; autoprobe ends as
     * it was. */
    assert_plan("pfs: [{match: {name: ixgbe0}, num_vfs: 3, vfs: {0: {vlan: 5, driver: vfio-pci}, "
                "1: {driver: none}}}]",
                "ixgbe0 set autoprobe on>off\n"
                "ixgbe0 create num_vfs 0>3 pf-link-bounce\n"
                "ixgbe0/0 set vlan ->5\n"
                "ixgbe0/0 bind driver none>vfio-pci\n"
                "ixgbe0 set autoprobe off>on\n"
                "ixgbe0/2 bind driver none>default implied\n");
}

static void test_growing_keeps_what_was(void **state)
{
    assert_plan(IGB_("num_vfs: 4, vfs: {0: {vlan: 7}, 3: {trust: on}}"),
                "igb0 remove num_vfs 3>0 pf-link-bounce\n"
                "igb0 set autoprobe on>off\n"
                "igb0 create num_vfs 0>4 pf-link-bounce\n"
                "igb0/0 set mac ->52:54:00:00:00:aa\n"
                "igb0/0 set vlan ->7\n"
                "igb0/0 set spoofchk ->on\n"
                "igb0/1 set spoofchk ->on\n"
                "igb0/1 set trust ->on\n"
                "igb0/2 set spoofchk ->on\n"
                "igb0/3 set trust ->on\n"
                "igb0/1 bind driver none>vfio-pci\n"
                "igb0 set autoprobe off>on\n"
                "igb0/0 bind driver none>default implied\n"
                "igb0/3 bind driver none>default implied\n");
}

static void test_shrinking(void **state)
{
    assert_plan(IGB_("num_vfs: 1"), "igb0 remove num_vfs 3>0 pf-link-bounce\n"
                                    "igb0 set autoprobe on>off\n"
                                    "igb0 create num_vfs 0>1 pf-link-bounce\n"
                                    "igb0/0 set mac ->52:54:00:00:00:aa\n"
                                    "igb0/0 set vlan ->100\n"
                                    "igb0/0 set spoofchk ->on\n"
                                    "igb0 set autoprobe off>on\n"
                                    "igb0/0 bind driver none>default implied\n");
    assert_plan(IGB_("num_vfs: 0"), "igb0 remove num_vfs 3>0 pf-link-bounce\n");
    /* A driver that keeps its link loses no more than the VFs. */
    assert_plan("pfs: [{match: {name: mlx5}, num_vfs: 0}]", "mlx5 remove num_vfs 2>0 vf-loss\n");
}

static void test_autoprobe(void **state)
{
    static const char wish[] = "pfs: [{match: {name: ixgbe0}, num_vfs: 1, autoprobe: off}]";

    /* Wanted off: it goes off early and stays off, and no driver is bound that nobody asked for. */
    assert_plan(wish, "ixgbe0 set autoprobe on>off\n"
                      "ixgbe0 create num_vfs 0>1 pf-link-bounce\n");
    /* For a default driver that is asked for it must be on for a moment. */
    assert_plan(
        "pfs: [{match: {name: ixgbe0}, num_vfs: 1, autoprobe: off, vfs: {0: {driver: default}}}]",
        "ixgbe0 set autoprobe on>off\n"
        "ixgbe0 create num_vfs 0>1 pf-link-bounce\n"
        "ixgbe0 set autoprobe off>on\n"
        "ixgbe0/0 bind driver none>default\n"
        "ixgbe0 set autoprobe on>off\n");
    attrs_set(&pfs[IXGBE].attrs, SRIOV_AUTOPROBE, 0);
    assert_plan(wish, "ixgbe0 create num_vfs 0>1 pf-link-bounce\n");
    assert_plan("pfs: [{match: {name: ixgbe0}, autoprobe: on}]", "ixgbe0 set autoprobe off>on\n");
    /* A kernel before 4.15 has no such file. */
    pfs[IXGBE].autoprobe_supported = false;
    attrs_forget(&pfs[IXGBE].attrs, SRIOV_AUTOPROBE);
    assert_plan("pfs: [{match: {name: ixgbe0}, num_vfs: 1, vfs: {0: {driver: vfio-pci}}}]",
                "ixgbe0 create num_vfs 0>1 pf-link-bounce\n"
                "ixgbe0/0 bind driver none>vfio-pci\n");
}

static void test_binding(void **state)
{
    assert_plan(
        IGB_("vfs: {0: {driver: vfio-pci}, 1: {driver: default}, 2: {driver: uio_pci_generic}}"),
        "igb0/0 bind driver igbvf>vfio-pci vf-loss\n"
        "igb0/2 bind driver none>uio_pci_generic\n"
        "igb0/1 bind driver vfio-pci>default vf-loss\n");
    assert_plan(IGB_("vfs: {0: {driver: none}}"), "igb0/0 bind driver igbvf>none vf-loss\n");
}

static void test_eswitch(void **state)
{
    /* mlx5 changes its mode with VFs there, but on PCI all VFs go first: that is what every driver
     * takes. */
    assert_plan("pfs: [{match: {name: mlx5}, eswitch_mode: switchdev}]",
                "mlx5 remove num_vfs 2>0 vf-loss\n"
                "mlx5 set autoprobe on>off\n"
                "mlx5 create num_vfs 0>2\n"
                "mlx5/0 set spoofchk ->on\n"
                "mlx5/1 set spoofchk ->on\n"
                "mlx5 set eswitch_mode legacy>switchdev pf-link-bounce\n"
                "mlx5 set autoprobe off>on\n"
                "mlx5/0 bind driver none>default implied\n"
                "mlx5/1 bind driver none>default implied\n");
    assert_plan("pfs: [{match: {name: mlx5}, num_vfs: 0, eswitch_mode: switchdev}]",
                "mlx5 remove num_vfs 2>0 vf-loss\n"
                "mlx5 set eswitch_mode legacy>switchdev pf-link-bounce\n");
    STR_SET(pfs[MLX5].driver, "ice");
    assert_plan(
        "pfs: [{match: {name: mlx5}, num_vfs: 1, eswitch_mode: switchdev, vfs: {0: {driver: none}}}]",
        "mlx5 remove num_vfs 2>0 vf-loss\n"
        "mlx5 set eswitch_mode legacy>switchdev pf-link-bounce\n"
        "mlx5 set autoprobe on>off\n"
        "mlx5 create num_vfs 0>1\n"
        "mlx5/0 set spoofchk ->on\n"
        "mlx5 set autoprobe off>on\n");
    attrs_set(&pfs[SIM].attrs, SRIOV_ESWITCH_MODE, 0);
    assert_plan("pfs: [{match: {name: sim}, eswitch_mode: switchdev}]",
                "sim set eswitch_mode legacy>switchdev\n");
}

static void test_by_parameter(void **state)
{
    /* mlx4 has no other way; igb goes it when told to. */
    assert_plan("pfs: [{match: {name: mlx4}, num_vfs: 4, vfs: {0: {vlan: 3}}}]",
                "mlx4 write-parameter num_vfs 2>4\n"
                "mlx4 reload-driver num_vfs 2>4 driver-reload\n"
                "mlx4/0 set vlan ->3\n"
                "mlx4/0 set spoofchk ->on\n"
                "mlx4/1 set spoofchk ->on\n");
    assert_plan(IGB_("num_vfs: 0, via: module-parameter"),
                "igb0 write-parameter num_vfs 3>0\n"
                "igb0 reload-driver num_vfs 3>0 driver-reload\n");
    assert_plan(IGB_("num_vfs: 3, via: module-parameter"), "");
    assert_refused("pfs: [{match: {name: mlx5}, num_vfs: 4, via: module-parameter}]",
                   SRIOV_UNSUPPORTED, "mlx5", "neither by sriov_numvfs nor by a parameter");
}

static void test_link(void **state)
{
    assert_plan("pfs: [{match: {name: bnxt}, num_vfs: 1, vfs: {0: {driver: none}}}]",
                "bnxt set link down>up\n"
                "bnxt set autoprobe on>off\n"
                "bnxt create num_vfs 0>1\n"
                "bnxt set autoprobe off>on\n");
    assert_plan(IGB_("link: down, vfs: {0: {vlan: 1}}"), "igb0/0 set vlan 100>1\n"
                                                         "igb0 set link up>down pf-link-bounce\n");
}

static void test_netdev_attributes_come_last(void **state)
{
    attrs_set(&vfs[IGB][0].attrs, SRIOV_MTU, 1500);
    attrs_set_text(&vfs[IGB][0].attrs, SRIOV_NAME, "igb0v0");
    assert_plan(IGB_("vfs: {0: {name: web, mtu: 9000, vlan: 1}}"), "igb0/0 set vlan 100>1\n"
                                                                   "igb0/0 set mtu 1500>9000\n"
                                                                   "igb0/0 set name igb0v0>web\n");
}

static void test_resets_are_told(void **state)
{
    STR_SET(pfs[MLX5].driver, "i40e");
    assert_plan("pfs: [{match: {name: mlx5}, vfs: {0: {mac: '52:54:00:00:00:01', spoofchk: off}}}]",
                "mlx5/0 set mac 00:00:00:00:00:00>52:54:00:00:00:01 vf-reset\n"
                "mlx5/0 set spoofchk on>off\n");
    /* A VF that is yet to be made has nothing to lose. */
    STR_SET(pfs[IXGBE].driver, "i40e");
    assert_plan(
        "pfs: [{match: {name: ixgbe0}, num_vfs: 1, vfs: {0: {mac: '52:54:00:00:00:01', driver: none}}}]",
        "ixgbe0 set autoprobe on>off\n"
        "ixgbe0 create num_vfs 0>1 pf-link-bounce\n"
        "ixgbe0/0 set mac ->52:54:00:00:00:01\n"
        "ixgbe0 set autoprobe off>on\n");
}

static void test_other_buses(void **state)
{
    assert_plan("pfs: [{match: {name: sim}, num_vfs: 3, vfs: {2: {vlan: 9}}}]",
                "sim remove num_vfs 2>0 vf-loss\n"
                "sim create num_vfs 0>3\n"
                "sim/0 set spoofchk ->on\n"
                "sim/1 set spoofchk ->on\n"
                "sim/2 set vlan ->9\n");
    assert_plan("pfs: [{match: {pci: '0000:05:00.0'}, num_vfs: 2, vfs: {0-1: {driver: vfio-pci}}}]",
                "0000:05:00.0 set autoprobe on>off\n"
                "0000:05:00.0 create num_vfs 0>2\n"
                "0000:05:00.0/0 bind driver none>vfio-pci\n"
                "0000:05:00.0/1 bind driver none>vfio-pci\n"
                "0000:05:00.0 set autoprobe off>on\n");
}

static void test_refusals(void **state)
{
    assert_refused(IGB_("num_vfs: 8"), SRIOV_UNSUPPORTED, "igb0",
                   "cannot have 8 VFs: total_vfs is 7");
    /* ixgbe keeps one of its 64 for itself. */
    assert_refused("pfs: [{match: {name: ixgbe0}, num_vfs: 64}]", SRIOV_UNSUPPORTED, "ixgbe0",
                   "total_vfs is 63");
    assert_refused(IGB_("vfs: {3: {vlan: 1}}"), SRIOV_USAGE, "igb0/3", "there is no such VF");
    assert_refused(IGB_("num_vfs: 2, vfs: {2: {vlan: 1}}"), SRIOV_USAGE, "igb0/2",
                   "the PF has to have 2");
    assert_refused(IGB_("vfs: {0: {link_state: enable}}"), SRIOV_UNSUPPORTED, "igb0/0",
                   "no VF link control");
    assert_refused("pfs: [{match: {pci: '0000:05:00.0'}, num_vfs: 1, vfs: {0: {vlan: 2}}}]",
                   SRIOV_UNSUPPORTED, "0000:05:00.0/0", "has no settings of VFs");
    pfs[IXGBE].driver[0] = '\0';
    assert_refused("pfs: [{match: {name: ixgbe0}, num_vfs: 1}]", SRIOV_UNSUPPORTED, "ixgbe0",
                   "no driver is bound");
    /* The second PF of a policy counts as much as the first. */
    assert_refused("pfs: [{match: {name: igb0}, num_vfs: 1}, {match: {name: mlx5}, num_vfs: 9}]",
                   SRIOV_UNSUPPORTED, "mlx5", "cannot have 9 VFs");
}

static void test_rate_without_link(void **state)
{
    pfs[IGB].carrier = false;
    attrs_set(&pfs[IGB].attrs, SRIOV_LINK, 0);
    assert_refused(IGB_("vfs: {0: {max_tx_rate: 100}}"), SRIOV_UNSUPPORTED, "igb0/0",
                   "without a link");
    /* A link that the plan itself brings up is there by then. */
    attrs_set(&vfs[IGB][0].attrs, SRIOV_MAX_TX_RATE, 0);
    assert_plan(IGB_("link: up, vfs: {0: {max_tx_rate: 100}}"), "igb0 set link down>up\n"
                                                                "igb0/0 set max_tx_rate 0>100\n");
}

static void test_count_made_by_others(void **state)
{
    struct desired d = { 0 };
    struct goals goals = { 0 };
    struct plan p = { 0 };
    struct sriov_error error = { 0 };

    policy_add(&d, IGB_("num_vfs: 2, vfs: {1: {vlan: 4}}"));
    d.pfs[0].count_external = true;
    assert_int_equal(goals_resolve(&d, &machine, &goals, &error), 0);
    assert_int_equal(try_goals(&goals, &p, &error), 0);
    assert_steps(&p, "igb0/1 set vlan 0>4\n");
    plan_done(&p);
    d.pfs[0].want.value[SRIOV_NUM_VFS] = 4;
    assert_int_equal(goals_resolve(&d, &machine, &goals, &error), 0);
    assert_int_equal(try_goals(&goals, &p, &error), -EOPNOTSUPP);
    assert_non_null(strstr(error.message, "externallyManaged"));
    desired_done(&d);
}

static void test_remarks(void **state)
{
    struct plan p = { 0 };

    plan(IGB_("vfs: {0: {mac: '52:54:00:00:00:01'}, 1: {mac: '52:54:00:00:00:02'}}"), &p);
    assert_int_equal(p.remarks.count, 1);
    assert_non_null(strstr(p.remarks.items[0], "igb0: mac: "));
    plan_done(&p);
    /* New VFs have yet to be probed. */
    plan("pfs: [{match: {name: ixgbe0}, num_vfs: 1, vfs: {0: {mac: '52:54:00:00:00:01'}}}]", &p);
    assert_int_equal(p.remarks.count, 0);
    plan_done(&p);
}

/* ---- whom it hurts ---- */

/* A holder of each VF of igb0, of the PFs, and of one VF of mlx5. */
static struct holder held[] = {
    { HOLDER_NETNS, "0000:01:00.0", 0, 0, "", "blue" },
    { HOLDER_VFIO, "0000:01:00.0", 1, 812, "qemu", "web1" },
    { HOLDER_ADDRESS, "0000:01:00.0", 2, 0, "", "192.0.2.1/24" },
    { HOLDER_ROUTE, "0000:01:00.0", HOLDER_OF_PF, 0, "", "default route" },
    { HOLDER_LEASE, "0000:03:00.0", 1, 0, "", "neutron" },
    { HOLDER_UPPER, "0000:09:00.0", 0, 0, "vlan", "gone" }, /* of a PF that is gone by now */
};
static const struct holders all = { .items = held, .count = ELEMENTS(held) };

/* Expects the names of exactly these holders, in their order. */
static void assert_victims(const char *yaml, const char *expected)
{
    _cleanup_buf_ struct buf names = BUF_INIT;
    struct holders victims = { 0 };
    struct plan p = { 0 };

    plan(yaml, &p);
    assert_int_equal(plan_victims(&p, &all, &victims), 0);
    for (size_t i = 0; i < victims.count; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", victims.items[i].name);
    if (strcmp(names.data ? names.data : "", expected) != 0)
        fail_msg("%s\nhurts %s, not %s", yaml, names.data ? names.data : "nobody", expected);
    holders_done(&victims);
    plan_done(&p);
}

static void test_victims(void **state)
{
    /* igb's PF loses its link by a change of the count, and its users with it. */
    assert_victims(IGB_("num_vfs: 0"), "blue, web1, 192.0.2.1/24, default route");
    assert_victims(IGB_("num_vfs: 4"), "blue, web1, 192.0.2.1/24, default route");
    assert_victims(IGB_("num_vfs: 0, via: module-parameter"),
                   "blue, web1, 192.0.2.1/24, default route");
    assert_victims(IGB_("vfs: {0: {driver: vfio-pci}, 2: {driver: vfio-pci}}"), "blue");
    assert_victims(IGB_("vfs: {1: {driver: default}}"), "web1");
    assert_victims(IGB_("vfs: {0-2: {vlan: 9, trust: on, spoofchk: off}}"), "");
    assert_victims(IGB_("link: down"), "blue, web1, 192.0.2.1/24, default route");
    assert_victims("pfs: [{match: {name: ixgbe0}, num_vfs: 3}]", "");
    assert_victims("pfs: [{match: {name: mlx5}, num_vfs: 0}]", "neutron");
    assert_victims("pfs: [{match: {name: mlx5}, vfs: {0: {driver: none}}}]", "");
}

static void test_reload_takes_all_of_the_driver(void **state)
{
    STR_SET(pfs[MLX5].driver, "igb");
    assert_victims(IGB_("num_vfs: 4, via: module-parameter"),
                   "blue, web1, 192.0.2.1/24, default route, neutron");
}

static void test_gate_names_them(void **state)
{
    static const struct {
        struct holder holder;
        const char *object, *words;
    } cases[] = {
        { { HOLDER_VFIO, "0000:01:00.0", 1, 812, "qemu", "web1" },
          "igb0/1",
          "qemu (pid 812, \"web1\") through vfio" },
        { { HOLDER_IOMMUFD, "0000:01:00.0", 1, 9, "dpdk", "" },
          "igb0/1",
          "dpdk (pid 9) through iommufd" },
        { { HOLDER_UIO, "0000:01:00.0", 0, 9, "", "" }, "igb0/0", "process (pid 9) through uio" },
        { { HOLDER_RDMA, "0000:01:00.0", 0, 7, "nfsd", "" },
          "igb0/0",
          "nfsd (pid 7) through rdma" },
        { { HOLDER_NETNS, "0000:01:00.0", 0, 0, "", "blue" }, "igb0/0", "netns \"blue\"" },
        { { HOLDER_ADDRESS, "0000:01:00.0", 2, 0, "", "10.0.0.1/8" },
          "igb0/2",
          "address \"10.0.0.1/8\"" },
        { { HOLDER_UPPER, "0000:01:00.0", 2, 0, "macvtap", "tap0" },
          "igb0/2",
          "upper macvtap \"tap0\"" },
        { { HOLDER_LEASE, "0000:01:00.0", 2, 0, "", "cni" }, "igb0/2", "lease \"cni\"" },
        { { HOLDER_ROUTE, "0000:01:00.0", -1, 0, "", "default route" },
          "igb0",
          "route \"default route\"" },
        { { HOLDER_ADMIN, "0000:01:00.0", -1, 0, "", "ssh from 192.0.2.7" },
          "igb0",
          "connection \"ssh from" },
    };
    struct plan p = { 0 };
    struct sriov_error error;

    plan(IGB_("num_vfs: 0"), &p);
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct holder one = cases[i].holder;
        const struct holders victims = { .items = &one, .count = 1 };

        error = (struct sriov_error){ 0 };
        assert_int_equal(plan_gate(&p, &victims, &error), -EBUSY);
        assert_int_equal(error.code, SRIOV_IN_USE);
        assert_string_equal(error.object, cases[i].object);
        if (!strstr(error.message, cases[i].words))
            fail_msg("%s", error.message);
        assert_non_null(strstr(error.remedy, "--force"));
    }
    assert_int_equal(plan_gate(&p, &(const struct holders){ 0 }, &error), 0);
    plan_done(&p);
}

/* ---- the baseline ---- */

/* The plan that leads back, made on the machine as it is now. */
static void plan_back(const struct buf *baseline, struct plan *ret)
{
    const struct node_limits limits = { .bytes = 1 << 20, .nodes = 10000, .depth = 16 };
    _cleanup_node_ struct node *document = NULL;
    struct desired d = { 0 };
    struct goals goals = { 0 };
    struct sriov_error error = { 0 };

    assert_int_equal(json_read(baseline->data, baseline->len, &limits, &document, NULL), 0);
    if (desired_add(&d, document, "baseline", &error) < 0 ||
        goals_resolve(&d, &machine, &goals, &error) < 0)
        fail_msg("%s\n%s: %s", baseline->data, error.object, error.message);
    goals.restoring = true;
    if (plan_make(&machine, &goals, ret, &error) < 0)
        fail_msg("%s\n%s: %s", baseline->data, error.object, error.message);
    desired_done(&d);
}

static void test_baseline_of_the_present_is_no_step(void **state)
{
    static const char *const wishes[] = {
        IGB_("num_vfs: 0"),
        IGB_("num_vfs: 5"),
        IGB_(
            "mtu: 9000, link: down, vfs: {0-2: {mac: '52:54:00:00:00:77', vlan: 9, qos: 1, trust: on}}"),
        IGB_("vfs: {0: {driver: none}, 1: {driver: default}, 2: {driver: vfio-pci}}"),
        "pfs: [{match: {name: mlx5}, eswitch_mode: switchdev}, {match: {name: sim}, num_vfs: 4}]",
    };

    for (size_t i = 0; i < ELEMENTS(wishes); i++) {
        _cleanup_buf_ struct buf baseline = BUF_INIT;
        struct plan p = { 0 }, back = { 0 };

        plan(wishes[i], &p);
        assert_int_not_equal(p.n_steps, 0);
        assert_int_equal(plan_baseline(&p, &baseline), 0);
        plan_back(&baseline, &back);
        assert_steps(&back, "");
        plan_done(&back);
        plan_done(&p);
    }
}

static void test_baseline_brings_removed_vfs_back(void **state)
{
    _cleanup_buf_ struct buf baseline = BUF_INIT;
    struct plan p = { 0 }, back = { 0 };

    plan(IGB_("num_vfs: 0"), &p);
    assert_int_equal(plan_baseline(&p, &baseline), 0);
    pfs[IGB].n_vfs = 0;
    pfs[IGB].attrs.value[SRIOV_NUM_VFS] = 0;
    attrs_set(&pfs[IGB].attrs, SRIOV_AUTOPROBE,
              0); /* as a process killed half-way would leave it */
    plan_back(&baseline, &back);
    assert_int_equal(back.steps[0].kind, STEP_CREATE_VFS);
    assert_string_equal(back.steps[0].to, "3");
    plan_done(&back);
    plan_done(&p);
}

static void test_baseline_is_of_what_is_touched(void **state)
{
    _cleanup_buf_ struct buf baseline = BUF_INIT;
    struct plan p = { 0 };

    plan(IGB_("vfs: {0: {vlan: 9}}"), &p);
    assert_int_equal(plan_baseline(&p, &baseline), 0);
    assert_string_equal(baseline.data, "{\"pfs\":[{\"match\":{\"handle\":\"pci/0000:01:00.0\"},"
                                       "\"vfs\":{\"0\":{\"vlan\":\"100\"}}}]}");
    plan_done(&p);
}

static void test_undoing_half_a_change(void **state)
{
    _cleanup_buf_ struct buf baseline = BUF_INIT;
    struct plan p = { 0 }, back = { 0 };

    plan(IGB_("vfs: {0: {vlan: 9, trust: on, driver: vfio-pci}, 1: {vlan: 8}}"), &p);
    assert_int_equal(plan_baseline(&p, &baseline), 0);
    attrs_set(&vfs[IGB][0].attrs, SRIOV_VLAN, 9);
    attrs_set_text(&vfs[IGB][0].attrs, SRIOV_DRIVER, "");
    /* What somebody else set meanwhile is not of this change. */
    attrs_set(&vfs[IGB][1].attrs, SRIOV_QOS, 5);
    plan_back(&baseline, &back);
    assert_steps(&back, "igb0/0 set vlan 9>100\n"
                        "igb0/0 bind driver none>default\n");
    plan_done(&back);
    plan_done(&p);
}

static void test_restoring_is_refused_nothing(void **state)
{
    struct goals goals = { 0 };
    struct desired d = { 0 };
    struct plan p = { 0 };
    struct sriov_error error = { 0 };

    policy_add(&d, IGB_("vfs: {0: {link_state: enable}}"));
    assert_int_equal(goals_resolve(&d, &machine, &goals, &error), 0);
    goals.restoring = true;
    assert_int_equal(try_goals(&goals, &p, &error), 0);
    assert_int_equal(p.n_steps, 1);
    plan_done(&p);
    desired_done(&d);
}

static void test_names(void **state)
{
    for (int s = STEP_PLANNED; s <= STEP_SKIPPED; s++)
        assert_string_not_equal(step_state_name((enum step_state)s), "");
    assert_string_equal(disruption_name(DISRUPTION_VF_LOSS), "vf-loss");
    assert_string_equal(disruption_name(DISRUPTION_REBOOT), "reboot");
    assert_true(DISRUPTION_NONE < DISRUPTION_VF_RESET && DISRUPTION_VF_RESET < DISRUPTION_VF_LOSS &&
                DISRUPTION_VF_LOSS < DISRUPTION_PF_LINK_BOUNCE &&
                DISRUPTION_PF_LINK_BOUNCE < DISRUPTION_DRIVER_RELOAD &&
                DISRUPTION_DRIVER_RELOAD < DISRUPTION_REBOOT);
}

#define on_machine(test) cmocka_unit_test_setup(test, make_machine)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_machine(test_equal_state_is_no_step),
        on_machine(test_settings_alone),
        on_machine(test_first_vfs),
        on_machine(test_growing_keeps_what_was),
        on_machine(test_shrinking),
        on_machine(test_autoprobe),
        on_machine(test_binding),
        on_machine(test_eswitch),
        on_machine(test_by_parameter),
        on_machine(test_link),
        on_machine(test_netdev_attributes_come_last),
        on_machine(test_resets_are_told),
        on_machine(test_other_buses),
        on_machine(test_refusals),
        on_machine(test_rate_without_link),
        on_machine(test_count_made_by_others),
        on_machine(test_remarks),
        on_machine(test_victims),
        on_machine(test_reload_takes_all_of_the_driver),
        on_machine(test_gate_names_them),
        on_machine(test_baseline_of_the_present_is_no_step),
        on_machine(test_baseline_brings_removed_vfs_back),
        on_machine(test_baseline_is_of_what_is_touched),
        on_machine(test_undoing_half_a_change),
        on_machine(test_restoring_is_refused_nothing),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
