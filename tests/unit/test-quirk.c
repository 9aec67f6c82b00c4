/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver and quirk tables against what was read in the drivers: one row here per thing a driver
 * takes or refuses on a given PF. And the tables themselves: no name without a driver row, no row
 * that can never be reached.
 */
#include "core/quirk.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/str.h"

#define UP 1 /* link and carrier at the speed of the row */
#define NO_CARRIER 0
#define QINQ 0x88a8

static const struct vf vf_plain[] = { { .index = 0 }, { .index = 3 } };

static struct pf make_pf(const char *driver, bool carrier, int64_t speed)
{
    struct pf pf = {
        .name = "enp1s0", .key = "0000:01:00.0", .carrier = carrier, .speed = carrier ? speed : -1
    };
    STR_SET(pf.driver, driver);
    attrs_set(&pf.attrs, SRIOV_LINK, 1);
    attrs_set(&pf.attrs, SRIOV_ESWITCH_MODE, 0);
    pf.vfs = (struct vf *)vf_plain;
    pf.n_vfs = ELEMENTS(vf_plain);
    return pf;
}

static int check(const struct pf *pf, enum sriov_attr attr, uint64_t value, struct sriov_error *e)
{
    struct attrs want = { 0 };
    attrs_set(&want, attr, value);
    return quirk_check(pf, 3, attr, &want, e);
}

struct expectation {
    const char *driver;
    enum sriov_attr attr;
    uint64_t value;
    int r; /* 0: may be set */
    bool carrier;
    int64_t speed;
    unsigned device;
};

/* facts/kernel.md 2.4 row by row; device 0 is "not known". */
static const struct expectation expectations[] = {
    { "igb", SRIOV_MAC, 0x525400aabb01, 0, UP, 1000, 0 },
    { "igb", SRIOV_MAC, 0, 0, UP, 1000, 0 },
    { "igb", SRIOV_VLAN, 100, 0, NO_CARRIER, 0, 0 },
    { "igb", SRIOV_QOS, 3, 0, UP, 1000, 0 },
    { "igb", SRIOV_VLAN_PROTO, 0x8100, 0, UP, 1000, 0 },
    { "igb", SRIOV_VLAN_PROTO, QINQ, -EPROTONOSUPPORT, UP, 1000, 0 },
    { "igb", SRIOV_SPOOFCHK, 0, 0, UP, 1000, 0 },
    { "igb", SRIOV_TRUST, 1, 0, UP, 1000, 0 },
    { "igb", SRIOV_LINK_STATE, SRIOV_LINK_AUTO, -EOPNOTSUPP, UP, 1000, 0 },
    { "igb", SRIOV_LINK_STATE, SRIOV_LINK_ENABLE, -EOPNOTSUPP, UP, 1000, 0 },
    { "igb", SRIOV_MIN_TX_RATE, 0, 0, UP, 1000, 0x10c9 },
    { "igb", SRIOV_MIN_TX_RATE, 10, -EINVAL, UP, 1000, 0x10c9 },
    { "igb", SRIOV_MAX_TX_RATE, 500, 0, UP, 1000, 0x10c9 },
    { "igb", SRIOV_MAX_TX_RATE, 500, 0, UP, 1000, 0 },
    { "igb", SRIOV_MAX_TX_RATE, 1000, 0, UP, 1000, 0x10c9 },
    { "igb", SRIOV_MAX_TX_RATE, 1001, -EINVAL, UP, 1000, 0x10c9 },
    { "igb", SRIOV_MAX_TX_RATE, 500, -EINVAL, NO_CARRIER, 0, 0x10c9 },
    { "igb", SRIOV_MAX_TX_RATE, 0, -EINVAL, NO_CARRIER, 0, 0x10c9 },
    { "igb", SRIOV_MAX_TX_RATE, 500, -EOPNOTSUPP, UP, 1000, 0x1521 },
    { "igb", SRIOV_RSS_QUERY, 1, -EOPNOTSUPP, UP, 1000, 0 },
    { "igb", SRIOV_NODE_GUID, 1, -EOPNOTSUPP, UP, 1000, 0 },
    { "igb", SRIOV_PORT_GUID, 1, -EOPNOTSUPP, UP, 1000, 0 },
    { "igb", SRIOV_MSIX_COUNT, 4, -EOPNOTSUPP, UP, 1000, 0 },
    { "igb", SRIOV_DRIVER, 0, 0, UP, 1000, 0 },
    { "igb", SRIOV_MTU, 1500, 0, UP, 1000, 0 },

    { "ixgbe", SRIOV_VLAN, 100, 0, UP, 10000, 0 },
    { "ixgbe", SRIOV_VLAN_PROTO, QINQ, -EPROTONOSUPPORT, UP, 10000, 0 },
    { "ixgbe", SRIOV_LINK_STATE, SRIOV_LINK_AUTO, 0, UP, 10000, 0 },
    { "ixgbe", SRIOV_LINK_STATE, SRIOV_LINK_DISABLE, 0, UP, 10000, 0 },
    { "ixgbe", SRIOV_LINK_STATE, SRIOV_LINK_ENABLE, -EOPNOTSUPP, UP, 10000, 0 },
    { "ixgbe", SRIOV_MAX_TX_RATE, 11, 0, UP, 10000, 0 },
    { "ixgbe", SRIOV_MAX_TX_RATE, 10, -EINVAL, UP, 10000, 0 },
    { "ixgbe", SRIOV_MAX_TX_RATE, 0, 0, UP, 10000, 0 },
    { "ixgbe", SRIOV_MAX_TX_RATE, 10001, -EINVAL, UP, 10000, 0 },
    { "ixgbe", SRIOV_MAX_TX_RATE, 500, -EINVAL, UP, 1000, 0 },
    { "ixgbe", SRIOV_MAX_TX_RATE, 0, -EINVAL, UP, 1000, 0 },
    { "ixgbe", SRIOV_MAX_TX_RATE, 500, -EINVAL, NO_CARRIER, 0, 0 },
    { "ixgbe", SRIOV_MIN_TX_RATE, 1, -EINVAL, UP, 10000, 0 },
    { "ixgbe", SRIOV_RSS_QUERY, 1, 0, UP, 10000, 0x10fb },
    { "ixgbe", SRIOV_RSS_QUERY, 1, 0, UP, 10000, 0x1528 },
    { "ixgbe", SRIOV_RSS_QUERY, 1, -EOPNOTSUPP, UP, 10000, 0x1563 },
    { "ixgbe", SRIOV_TRUST, 1, 0, UP, 10000, 0 },
    { "ixgbe", SRIOV_MSIX_COUNT, 4, -EOPNOTSUPP, UP, 10000, 0 },

    { "i40e", SRIOV_VLAN_PROTO, QINQ, -EPROTONOSUPPORT, UP, 40000, 0 },
    { "i40e", SRIOV_LINK_STATE, SRIOV_LINK_ENABLE, 0, UP, 40000, 0 },
    { "i40e", SRIOV_MIN_TX_RATE, 1, -EINVAL, UP, 40000, 0 },
    { "i40e", SRIOV_MAX_TX_RATE, 1234, 0, UP, 40000, 0 },
    { "i40e", SRIOV_MAX_TX_RATE, 40001, -EINVAL, UP, 40000, 0 },
    { "i40e", SRIOV_RSS_QUERY, 0, -EOPNOTSUPP, UP, 40000, 0 },
    { "i40e", SRIOV_TRUST, 1, 0, UP, 40000, 0 },

    { "ice", SRIOV_VLAN_PROTO, QINQ, 0, UP, 100000, 0 },
    { "ice", SRIOV_MIN_TX_RATE, 100, 0, UP, 100000, 0 },
    { "ice", SRIOV_MAX_TX_RATE, 100001, -EINVAL, UP, 100000, 0 },
    { "ice", SRIOV_LINK_STATE, SRIOV_LINK_ENABLE, 0, UP, 100000, 0 },
    { "ice", SRIOV_RSS_QUERY, 1, -EOPNOTSUPP, UP, 100000, 0 },
    { "ice", SRIOV_MSIX_COUNT, 16, 0, UP, 100000, 0 },
    { "ice", SRIOV_TRUST, 1, 0, UP, 100000, 0 },

    { "mlx5_core", SRIOV_MAC, 0, 0, UP, 100000, 0 },
    { "mlx5_core", SRIOV_VLAN, 100, 0, UP, 100000, 0 },
    { "mlx5_core", SRIOV_MIN_TX_RATE, 100, 0, UP, 100000, 0 },
    { "mlx5_core", SRIOV_MAX_TX_RATE, 100, 0, NO_CARRIER, 0, 0 },
    { "mlx5_core", SRIOV_SPOOFCHK, 1, 0, UP, 100000, 0 },
    { "mlx5_core", SRIOV_TRUST, 1, 0, UP, 100000, 0 },
    { "mlx5_core", SRIOV_LINK_STATE, SRIOV_LINK_ENABLE, 0, UP, 100000, 0 },
    { "mlx5_core", SRIOV_RSS_QUERY, 1, -EOPNOTSUPP, UP, 100000, 0 },
    { "mlx5_core", SRIOV_NODE_GUID, 1, 0, UP, 100000, 0 },
    { "mlx5_core", SRIOV_PORT_GUID, 1, 0, UP, 100000, 0 },
    { "mlx5_core", SRIOV_MSIX_COUNT, 16, 0, UP, 100000, 0 },

    { "mlx4_core", SRIOV_TRUST, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "mlx4_core", SRIOV_SPOOFCHK, 1, 0, UP, 10000, 0 },
    { "mlx4_core", SRIOV_LINK_STATE, SRIOV_LINK_ENABLE, 0, UP, 10000, 0 },
    { "mlx4_core", SRIOV_MIN_TX_RATE, 1, -EPROTONOSUPPORT, UP, 10000, 0 },
    { "mlx4_core", SRIOV_MAX_TX_RATE, 1, 0, UP, 10000, 0 },
    { "mlx4_core", SRIOV_VLAN_PROTO, QINQ, -EINVAL, UP, 10000, 0 },
    { "mlx4_core", SRIOV_NODE_GUID, 1, 0, UP, 10000, 0 },

    { "bnxt_en", SRIOV_VLAN_PROTO, QINQ, 0, UP, 25000, 0 },
    { "bnxt_en", SRIOV_QOS, 3, -EINVAL, UP, 25000, 0 },
    { "bnxt_en", SRIOV_VLAN, 0, 0, UP, 25000, 0 },
    { "bnxt_en", SRIOV_MAX_TX_RATE, 25001, -EINVAL, UP, 25000, 0 },
    { "bnxt_en", SRIOV_MIN_TX_RATE, 25001, -EINVAL, UP, 25000, 0 },
    { "bnxt_en", SRIOV_MIN_TX_RATE, 100, 0, UP, 25000, 0 },
    { "bnxt_en", SRIOV_TRUST, 1, 0, UP, 25000, 0 },
    { "bnxt_en", SRIOV_LINK_STATE, SRIOV_LINK_ENABLE, 0, UP, 25000, 0 },
    { "bnxt_en", SRIOV_RSS_QUERY, 1, -EOPNOTSUPP, UP, 25000, 0 },

    { "nfp", SRIOV_VLAN_PROTO, QINQ, 0, UP, 10000, 0 },
    { "nfp", SRIOV_MIN_TX_RATE, 10, 0, UP, 10000, 0 },
    { "ionic", SRIOV_QOS, 1, -EINVAL, UP, 10000, 0 },
    { "ionic", SRIOV_MIN_TX_RATE, 1, -EINVAL, UP, 10000, 0 },
    { "ionic", SRIOV_VLAN_PROTO, QINQ, -EPROTONOSUPPORT, UP, 10000, 0 },
    { "qede", SRIOV_MAC, 0, -EINVAL, UP, 10000, 0 },
    { "qede", SRIOV_QOS, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "qede", SRIOV_MAX_TX_RATE, 0, -EOPNOTSUPP, UP, 10000, 0 },
    { "qede", SRIOV_MIN_TX_RATE, 0, -EOPNOTSUPP, UP, 10000, 0 },
    { "qede", SRIOV_MAX_TX_RATE, 10, 0, UP, 10000, 0 },
    { "hns3", SRIOV_MIN_TX_RATE, 1, -EINVAL, UP, 10000, 0 },
    { "hns3", SRIOV_VLAN_PROTO, QINQ, -EPROTONOSUPPORT, UP, 10000, 0 },
    { "hns3", SRIOV_TRUST, 1, 0, UP, 10000, 0 },
    { "hinic", SRIOV_MAC, 0, -EINVAL, UP, 10000, 0 },
    { "hinic", SRIOV_MAX_TX_RATE, 1, -EPERM, NO_CARRIER, 0, 0 },
    { "hinic", SRIOV_MIN_TX_RATE, 1, -EPERM, NO_CARRIER, 0, 0 },
    { "hinic", SRIOV_MAX_TX_RATE, 10001, -EINVAL, UP, 10000, 0 },
    { "cxgb4", SRIOV_MAC, 0, -EINVAL, UP, 10000, 0 },
    { "cxgb4", SRIOV_QOS, 1, -EPROTONOSUPPORT, UP, 10000, 0 },
    { "cxgb4", SRIOV_SPOOFCHK, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "cxgb4", SRIOV_TRUST, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "cxgb4", SRIOV_LINK_STATE, SRIOV_LINK_ENABLE, 0, UP, 10000, 0 },
    { "cxgb4", SRIOV_MIN_TX_RATE, 1, -EINVAL, UP, 10000, 0 },
    { "cxgb4", SRIOV_MAX_TX_RATE, 1, -EINVAL, NO_CARRIER, 0, 0 },
    { "cxgb4", SRIOV_MAX_TX_RATE, 0, 0, NO_CARRIER, 0, 0 },
    { "sfc", SRIOV_QOS, 1, -EINVAL, UP, 10000, 0 },
    { "sfc", SRIOV_MAX_TX_RATE, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "sfc", SRIOV_TRUST, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "sfc", SRIOV_LINK_STATE, SRIOV_LINK_ENABLE, 0, UP, 10000, 0 },
    { "rvu_nicpf", SRIOV_MAC, 0, -EINVAL, UP, 10000, 0 },
    { "rvu_nicpf", SRIOV_MAC, 2, 0, UP, 10000, 0 },
    { "rvu_nicpf", SRIOV_SPOOFCHK, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "rvu_nicpf", SRIOV_LINK_STATE, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "rvu_nicpf", SRIOV_MAX_TX_RATE, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "rvu_nicpf", SRIOV_MIN_TX_RATE, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "rvu_nicpf", SRIOV_TRUST, 1, 0, UP, 10000, 0 },
    { "be2net", SRIOV_MAC, 0, -EINVAL, UP, 10000, 0 },
    { "be2net", SRIOV_MAX_TX_RATE, 99, -EINVAL, UP, 10000, 0 },
    { "be2net", SRIOV_MAX_TX_RATE, 100, 0, UP, 10000, 0 },
    { "be2net", SRIOV_MAX_TX_RATE, 100, -ENETDOWN, NO_CARRIER, 0, 0 },
    { "be2net", SRIOV_TRUST, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "bnx2x", SRIOV_MAX_TX_RATE, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "bnx2x", SRIOV_QOS, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "bnx2x", SRIOV_TRUST, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "fsl_enetc", SRIOV_MAC, 0, -EADDRNOTAVAIL, UP, 10000, 0 },
    { "fsl_enetc", SRIOV_SPOOFCHK, 1, 0, UP, 10000, 0 },
    { "fsl_enetc", SRIOV_TRUST, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "fsl_enetc", SRIOV_LINK_STATE, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "fm10k", SRIOV_MIN_TX_RATE, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "fm10k", SRIOV_MAX_TX_RATE, 1, 0, UP, 10000, 0 },
    { "fm10k", SRIOV_SPOOFCHK, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "funeth", SRIOV_MIN_TX_RATE, 1, -EINVAL, UP, 10000, 0 },
    { "qlcnic", SRIOV_LINK_STATE, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "LiquidIO", SRIOV_MAX_TX_RATE, 1, -EOPNOTSUPP, UP, 10000, 0 },

    { "netdevsim", SRIOV_MAC, 0, 0, UP, 10000, 0 },
    { "netdevsim", SRIOV_VLAN_PROTO, QINQ, 0, UP, 10000, 0 },
    { "netdevsim", SRIOV_MIN_TX_RATE, 1, 0, NO_CARRIER, 0, 0 },
    { "netdevsim", SRIOV_MAX_TX_RATE, UINT32_MAX, 0, UP, 10000, 0 },
    { "netdevsim", SRIOV_SPOOFCHK, 1, 0, UP, 10000, 0 },
    { "netdevsim", SRIOV_TRUST, 1, 0, UP, 10000, 0 },
    { "netdevsim", SRIOV_LINK_STATE, SRIOV_LINK_ENABLE, 0, UP, 10000, 0 },
    { "netdevsim", SRIOV_RSS_QUERY, 1, 0, UP, 10000, 0 },
    { "netdevsim", SRIOV_NODE_GUID, 1, -EOPNOTSUPP, UP, 10000, 0 },
    { "netdevsim", SRIOV_MSIX_COUNT, 1, -EOPNOTSUPP, UP, 10000, 0 },
};

static void test_every_expectation(void **state)
{
    for (size_t i = 0; i < ELEMENTS(expectations); i++) {
        const struct expectation *x = &expectations[i];
        struct pf pf = make_pf(x->driver, x->carrier, x->speed);
        struct sriov_error e = { 0 };
        pf.device = x->device;
        int r = check(&pf, x->attr, x->value, &e);
        if (r != x->r)
            print_error("%s %s: %d, not %d\n", x->driver, attr_row(x->attr)->name, r, x->r);
        assert_int_equal(r, x->r);
        assert_int_equal(check(&pf, x->attr, x->value, NULL), r);
        assert_int_equal(e.code, r ? SRIOV_UNSUPPORTED : 0);
        assert_true(!r == !*e.message && !r == !*e.remedy);
    }
}

/* Without a VF API every netlink setting is refused, and nothing else is for that reason. */
static void test_drivers_without_vf_api(void **state)
{
    static const char *const names[] = { "ena",  "virtio-pci", "nvme",     "4xxx",     "c6xx",
                                         "idpf", "pds_core",   "vfio-pci", "sfc_ef100" };
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        struct pf pf = make_pf(names[i], UP, 10000);
        struct sriov_error e = { 0 };
        assert_true(driver_has(names[i], DRIVER_NO_VF_API));
        for (unsigned a = 0; a < SRIOV_NUM_VFS; a++) {
            bool netlink = attr_row((enum sriov_attr)a)->way == WAY_VF_NETLINK;
            int r = check(&pf, (enum sriov_attr)a, 1, &e);
            assert_int_equal(r, netlink || a == SRIOV_MSIX_COUNT ? -EOPNOTSUPP : 0);
        }
        check(&pf, SRIOV_TRUST, 1, &e);
        assert_non_null(strstr(e.message, "trust cannot be set: "));
        assert_non_null(strstr(e.message, " has no settings of VFs"));
    }
}

static void test_a_driver_we_do_not_know_may_try(void **state)
{
    struct pf pf = make_pf("newnic", NO_CARRIER, 0);
    struct pf none = make_pf("", NO_CARRIER, 0);
    assert_null(driver_find("newnic"));
    assert_false(driver_has("newnic", DRIVER_NO_VF_API));
    for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++) {
        assert_int_equal(check(&pf, (enum sriov_attr)a, 1, NULL), 0);
        assert_int_equal(check(&none, (enum sriov_attr)a, 1, NULL), 0);
        assert_false(quirk_resets_vf(&pf, (enum sriov_attr)a));
        assert_null(quirk_remark(&pf, (enum sriov_attr)a, 1));
    }
}

static void test_switchdev(void **state)
{
    static const struct {
        const char *driver;
        enum sriov_attr attr;
        uint64_t value;
        int r;
    } cases[] = {
        { "mlx5_core", SRIOV_VLAN, 100, -EOPNOTSUPP },
        { "mlx5_core", SRIOV_VLAN, 0, -EOPNOTSUPP },
        { "mlx5_core", SRIOV_QOS, 1, -EOPNOTSUPP },
        { "mlx5_core", SRIOV_SPOOFCHK, 1, -EOPNOTSUPP },
        { "mlx5_core", SRIOV_TRUST, 0, -EOPNOTSUPP },
        { "mlx5_core", SRIOV_LINK_STATE, 0, -EOPNOTSUPP },
        { "mlx5_core", SRIOV_MAC, 2, 0 },
        { "mlx5_core", SRIOV_MAX_TX_RATE, 100, 0 },
        { "ice", SRIOV_TRUST, 1, -EOPNOTSUPP },
        { "ice", SRIOV_SPOOFCHK, 1, 0 },
        { "netdevsim", SRIOV_MAX_TX_RATE, 100, -EOPNOTSUPP },
        { "netdevsim", SRIOV_MIN_TX_RATE, 100, -EOPNOTSUPP },
        { "netdevsim", SRIOV_VLAN, 100, 0 },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct pf pf = make_pf(cases[i].driver, UP, 100000);
        assert_int_equal(check(&pf, cases[i].attr, cases[i].value, NULL), 0);
        attrs_set(&pf.attrs, SRIOV_ESWITCH_MODE, 1);
        assert_int_equal(check(&pf, cases[i].attr, cases[i].value, NULL), cases[i].r);
        attrs_forget(&pf.attrs, SRIOV_ESWITCH_MODE);
        assert_int_equal(check(&pf, cases[i].attr, cases[i].value, NULL), 0);
    }
}

/* bnxt: a priority stands with a VLAN only; the VLAN may be wanted now or be there already. */
static void test_qos_goes_with_a_vlan(void **state)
{
    struct pf pf = make_pf("bnxt_en", UP, 25000);
    struct vf vfs[] = { { .index = 3 } };
    struct attrs want = { 0 };
    pf.vfs = vfs;
    pf.n_vfs = 1;
    attrs_set(&want, SRIOV_QOS, 3);
    assert_int_equal(quirk_check(&pf, 3, SRIOV_QOS, &want, NULL), -EINVAL);
    attrs_set(&vfs[0].attrs, SRIOV_VLAN, 100);
    assert_int_equal(quirk_check(&pf, 3, SRIOV_QOS, &want, NULL), 0);
    assert_int_equal(quirk_check(&pf, 2, SRIOV_QOS, &want, NULL), -EINVAL);
    attrs_set(&want, SRIOV_VLAN, 0);
    assert_int_equal(quirk_check(&pf, 3, SRIOV_QOS, &want, NULL), -EINVAL);
    assert_int_equal(quirk_check(&pf, 3, SRIOV_VLAN, &want, NULL), -EINVAL);
    attrs_set(&want, SRIOV_VLAN, 7);
    assert_int_equal(quirk_check(&pf, 3, SRIOV_QOS, &want, NULL), 0);
    assert_int_equal(quirk_check(&pf, 3, SRIOV_VLAN, &want, NULL), 0);

    /* mlx4: 802.1ad likewise. */
    STR_SET(pf.driver, "mlx4_core");
    attrs_set(&want, SRIOV_VLAN_PROTO, QINQ);
    assert_int_equal(quirk_check(&pf, 3, SRIOV_VLAN_PROTO, &want, NULL), 0);
}

static void test_a_pf_that_is_down(void **state)
{
    struct pf pf = make_pf("rvu_nicpf", NO_CARRIER, 0);
    struct sriov_error e = { 0 };
    assert_int_equal(check(&pf, SRIOV_VLAN, 5, NULL), 0);
    attrs_set(&pf.attrs, SRIOV_LINK, 0);
    assert_int_equal(check(&pf, SRIOV_VLAN, 5, &e), -EAGAIN);
    assert_string_equal(e.remedy, "bring the PF up first: `sriovctl set enp1s0 link=up`");
    attrs_forget(&pf.attrs, SRIOV_LINK);
    assert_int_equal(check(&pf, SRIOV_VLAN, 5, NULL), 0);
}

struct wording {
    const char *driver;
    enum sriov_attr attr;
    uint64_t value;
    bool carrier;
    int64_t speed;
    const char *message, *kernel, *remedy;
};

static const struct wording wordings[] = {
    { "igb", SRIOV_LINK_STATE, 0, UP, 1000, "link_state cannot be set: igb has no VF link control",
      "Operation not supported", "leave link_state out for the VFs of enp1s0" },
    { "igb", SRIOV_VLAN_PROTO, QINQ, UP, 1000,
      "vlan_proto 802.1ad cannot be set: igb tags with 802.1Q only", "Protocol not supported",
      "leave vlan_proto out for the VFs of enp1s0" },
    { "igb", SRIOV_MAX_TX_RATE, 500, NO_CARRIER, 0,
      "max_tx_rate cannot be set without a link: igb computes rates from the link speed",
      "Invalid argument", "bring the PF up and connect it, then set max_tx_rate" },
    { "igb", SRIOV_MAX_TX_RATE, 2000, UP, 1000,
      "max_tx_rate 2000 cannot be set: igb takes no limit above the link speed", "Invalid argument",
      "the link runs at 1000 Mbit/s: choose at most that" },
    { "ixgbe", SRIOV_MAX_TX_RATE, 500, UP, 1000,
      "max_tx_rate cannot be set: ixgbe sets rates at 10 Gbit/s only", "Invalid argument",
      "the link runs at 1000 Mbit/s: connect it at 10000" },
    { "ixgbe", SRIOV_MAX_TX_RATE, 5, UP, 10000,
      "max_tx_rate 5 cannot be set: ixgbe takes no limit that low", "Invalid argument",
      "choose at least 11, or 0 for no limit" },
    { "ixgbe", SRIOV_LINK_STATE, SRIOV_LINK_ENABLE, UP, 10000,
      "link_state enable would be accepted and ignored: ixgbe knows auto and disable only", "",
      "leave link_state out for the VFs of enp1s0" },
};

static void test_wording(void **state)
{
    for (size_t i = 0; i < ELEMENTS(wordings); i++) {
        const struct wording *x = &wordings[i];
        struct pf pf = make_pf(x->driver, x->carrier, x->speed);
        struct sriov_error e = { 0 };
        assert_true(check(&pf, x->attr, x->value, &e) < 0);
        assert_string_equal(e.object, "enp1s0/3");
        assert_string_equal(e.message, x->message);
        assert_string_equal(e.kernel, x->kernel);
        assert_string_equal(e.remedy, x->remedy);
    }
}

static void test_what_resets_the_vf(void **state)
{
    static const struct {
        const char *driver;
        uint32_t attrs;
    } cases[] = {
        { "igb", 0 },
        { "ixgbe", 1 << SRIOV_TRUST | 1 << SRIOV_LINK_STATE },
        { "i40e", 1 << SRIOV_MAC | 1 << SRIOV_VLAN | 1 << SRIOV_QOS | 1 << SRIOV_TRUST },
        { "ice", 1 << SRIOV_MAC | 1 << SRIOV_VLAN | 1 << SRIOV_QOS | 1 << SRIOV_VLAN_PROTO |
                     1 << SRIOV_TRUST },
        { "mlx5_core", 0 },
        { "bnxt_en", 0 },
        { "hns3", 1 << SRIOV_MAC },
        { "fm10k", 1 << SRIOV_MAC | 1 << SRIOV_VLAN },
        { "sfc", 1 << SRIOV_MAC | 1 << SRIOV_VLAN },
        { "netdevsim", 0 },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct pf pf = make_pf(cases[i].driver, UP, 10000);
        for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++)
            assert_int_equal(quirk_resets_vf(&pf, (enum sriov_attr)a), cases[i].attrs >> a & 1);
    }
}

static void test_remarks(void **state)
{
    struct pf i40e = make_pf("i40e", UP, 40000), igb = make_pf("igb", UP, 1000);
    assert_non_null(strstr(quirk_remark(&i40e, SRIOV_MAX_TX_RATE, 120), "50 Mbit/s"));
    assert_null(quirk_remark(&i40e, SRIOV_MAX_TX_RATE, 150));
    assert_null(quirk_remark(&i40e, SRIOV_MAX_TX_RATE, 0));
    assert_non_null(strstr(quirk_remark(&igb, SRIOV_MAC, 2), "bound the next time"));
    assert_null(quirk_remark(&igb, SRIOV_VLAN, 2));
}

static void test_driver_flags(void **state)
{
    static const struct {
        const char *name;
        unsigned flags, max_vfs;
        const char *param;
    } cases[] = {
        { "igb", DRIVER_COUNT_BOUNCES | DRIVER_PF_MAC_FINAL, 7, "max_vfs" },
        { "ixgbe", DRIVER_COUNT_BOUNCES | DRIVER_VF_STATS, 63, "max_vfs" },
        { "i40e",
          DRIVER_COUNT_BOUNCES | DRIVER_ASYNC_NETDEV | DRIVER_VF_STATS | DRIVER_UNLISTS_BUSY, 0,
          NULL },
        { "ice", DRIVER_ASYNC_NETDEV | DRIVER_ESWITCH_FIRST | DRIVER_VF_STATS | DRIVER_UNLISTS_BUSY,
          0, NULL },
        { "mlx5_core", DRIVER_VF_STATS | DRIVER_BIFURCATED, 0, NULL },
        { "mlx4_core", DRIVER_NO_SYSFS_COUNT | DRIVER_VF_STATS | DRIVER_BIFURCATED, 0, "num_vfs" },
        { "bnxt_en", DRIVER_COUNT_NEEDS_UP, 0, NULL },
        { "be2net", 0, 0, "num_vfs" },
        { "ionic", DRIVER_VF_STATS, 0, NULL },
        { "fm10k", DRIVER_VF_STATS, 0, NULL },
        { "netdevsim", 0, 0, NULL },
        { "ena", DRIVER_NO_VF_API, 0, NULL },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        const struct driver *d = driver_find(cases[i].name);
        assert_non_null(d);
        assert_int_equal(d->flags, cases[i].flags);
        assert_int_equal(d->max_vfs, cases[i].max_vfs);
        assert_int_equal(d->count_param != NULL, cases[i].param != NULL);
        assert_true(!d->count_param || str_eq(d->count_param, cases[i].param));
    }
    assert_true(driver_has("bnxt_en", DRIVER_COUNT_NEEDS_UP));
    assert_false(driver_has("bnxt_en", DRIVER_NO_VF_API));
}

static void test_driver_table_is_whole(void **state)
{
    size_t n;
    const struct driver *d = driver_table(&n);
    assert_true(n > 40);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(driver_find(d[i].name), &d[i]); /* no name twice */
        assert_true(!d[i].note || str_eq(d[i].note + strlen(d[i].note) - 1, "."));
        assert_true(!(d[i].flags & DRIVER_NO_SYSFS_COUNT) || d[i].count_param);
    }
}

static void check_names(const char *list)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    assert_int_equal(strv_split(&names, list, ' '), 0);
    for (size_t i = 0; i < names.count; i++)
        assert_non_null(driver_find(names.items[i]));
}

static void test_quirk_table_is_whole(void **state)
{
    size_t n;
    const struct quirk *q = quirk_table(&n);
    assert_true(n > 50);
    for (size_t i = 0; i < n; i++) {
        bool all = str_eq(q[i].driver, QUIRK_ALL_DRIVERS);
        check_names(all ? q[i].but : q[i].driver);
        assert_true(all || !q[i].but);
        assert_true(strlen(q[i].why) > 8);
        assert_true(!q[i].not_zero || q[i].when == QUIRK_ANY);
        assert_int_equal(attr_row(q[i].attr)->scope, ATTR_OF_VF);
        bool blocks = q[i].effect <= QUIRK_AT_LEAST && q[i].effect != QUIRK_IGNORED;
        assert_int_equal(q[i].error != 0, blocks);
        bool valued = q[i].effect == QUIRK_NEEDS_SPEED || q[i].effect == QUIRK_AT_LEAST ||
                      q[i].effect == QUIRK_ROUNDED;
        assert_int_equal(q[i].value != 0, valued);
    }
}

static void test_rows_know_their_drivers(void **state)
{
    size_t n;
    const struct quirk *q = quirk_table(&n);
    const struct quirk list = { .driver = "igb ixgbe i40e" };
    assert_true(quirk_is_of(&list, "igb"));
    assert_true(quirk_is_of(&list, "ixgbe"));
    assert_true(quirk_is_of(&list, "i40e"));
    assert_false(quirk_is_of(&list, "ixgb"));
    assert_false(quirk_is_of(&list, "i40"));
    assert_false(quirk_is_of(&list, ""));
    assert_string_equal(q[0].driver, QUIRK_ALL_DRIVERS);
    assert_true(quirk_is_of(&q[0], "igb"));
    assert_false(quirk_is_of(&q[0], "mlx4_core"));
    assert_false(quirk_is_of(&q[0], "newnic"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_expectation),
        cmocka_unit_test(test_drivers_without_vf_api),
        cmocka_unit_test(test_a_driver_we_do_not_know_may_try),
        cmocka_unit_test(test_switchdev),
        cmocka_unit_test(test_qos_goes_with_a_vlan),
        cmocka_unit_test(test_a_pf_that_is_down),
        cmocka_unit_test(test_wording),
        cmocka_unit_test(test_what_resets_the_vf),
        cmocka_unit_test(test_remarks),
        cmocka_unit_test(test_driver_flags),
        cmocka_unit_test(test_driver_table_is_whole),
        cmocka_unit_test(test_quirk_table_is_whole),
        cmocka_unit_test(test_rows_know_their_drivers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
