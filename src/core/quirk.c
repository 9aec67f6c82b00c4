/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver table and the quirk table, and what is read out of them. The facts are those of the
 * drivers of Linux 6.12, from their ndo_set_vf_* tables and the bodies behind them; where other
 * versions differ the row says so. A row that refuses must be certain: what depends on firmware or
 * on a vendor's own driver is left to the driver, and found out by reading back.
 */
#include "core/quirk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"

#define SWITCHDEV 1

#define NO_COUNT DRIVER_NO_SYSFS_COUNT
#define BOUNCES DRIVER_COUNT_BOUNCES
#define NEEDS_UP DRIVER_COUNT_NEEDS_UP
#define NO_API DRIVER_NO_VF_API
#define ASYNC DRIVER_ASYNC_NETDEV
#define ESWITCH_1ST DRIVER_ESWITCH_FIRST
#define STATS DRIVER_VF_STATS
#define UNLISTS DRIVER_UNLISTS_BUSY
#define MAC_FINAL DRIVER_PF_MAC_FINAL
#define BIFURCATED DRIVER_BIFURCATED

/* clang-format off */

/* Names as in /sys/bus/pci/drivers. */
static const struct driver drivers[] = {
    /* network */
    { "igb", BOUNCES | MAC_FINAL, 7, "max_vfs",
      "Rates are for the 82576 only, and a change of the link speed drops them all." },
    { "ixgbe", BOUNCES | STATS, 63, "max_vfs",
      "Traffic classes and macvlan offload lower the 63 VFs to 31 or 15." },
    { "i40e", BOUNCES | ASYNC | STATS | UNLISTS, 0, NULL,
      "Takes one VF setting at a time (EAGAIN) and waits for the VF to come out of its reset." },
    { "ice", ASYNC | ESWITCH_1ST | STATS | UNLISTS, 0, NULL,
      "Without its DDP package (safe mode) it makes no VFs." },
    { "mlx5_core", STATS | BIFURCATED, 0, NULL,
      "The firmware must have SRIOV_EN and NUM_OF_VFS set (mlxconfig); with spoofchk on, a VF "
      "without a MAC is mute." },
    { "mlx4_core", NO_COUNT | STATS | BIFURCATED, 0, "num_vfs",
      "VFs by module parameter only, for every PF of the driver at once." },
    { "bnxt_en", NEEDS_UP, 0, NULL,
      "With the PF down, making VFs \"succeeds\" with none." },
    { "nfp", 0, 0, NULL, "What can be set depends on the firmware." },
    { "ionic", STATS, 0, NULL, NULL },
    { "qede", 0, 0, NULL, NULL },
    { "hns3", 0, 0, NULL, NULL },
    { "hinic", 0, 0, NULL, NULL },
    { "cxgb4", 0, 0, NULL, "VFs are set on the netdev of the management function." },
    { "sfc", 0, 0, NULL, NULL },
    { "sfc_ef100", NO_API, 0, NULL, NULL },
    { "rvu_nicpf", 0, 0, NULL, "OcteonTX2; VFs can be set while the PF is up only." },
    { "be2net", 0, 0, "num_vfs", NULL },
    { "bnx2x", 0, 0, NULL, NULL },
    { "fsl_enetc", 0, 0, NULL, NULL },
    { "fm10k", STATS, 0, NULL, NULL },
    { "funeth", 0, 0, NULL, NULL },
    { "qlcnic", 0, 0, NULL, "A VF's VLAN can be set while its driver is unbound only." },
    { "LiquidIO", STATS, 0, NULL, NULL },
    { "octeon_ep", NO_API, 0, NULL, NULL },
    { "pds_core", NO_API, 0, NULL, NULL },
    { "ena", NO_API, 0, NULL, NULL },
    { "idpf", NO_API | ASYNC, 0, NULL, NULL },
    { "netdevsim", 0, 0, NULL, "The kernel's own test double; no hardware behind it." },
    /* everything else that has VFs */
    { "virtio-pci", NO_API, 0, NULL, NULL },
    { "nvme", NO_API, 0, NULL, "Queues and namespaces of the VFs are set with nvme-cli." },
    { "xe", NO_API, 0, NULL, "Graphics; VFs are provisioned under debugfs." },
    { "4xxx", NO_API, 0, NULL, "QAT crypto." },
    { "420xx", NO_API, 0, NULL, "QAT crypto." },
    { "c6xx", NO_API, 0, NULL, "QAT crypto." },
    { "c3xxx", NO_API, 0, NULL, "QAT crypto." },
    { "dh895xcc", NO_API, 0, NULL, "QAT crypto." },
    { "hisi_sec2", NO_API, 0, NULL, "HiSilicon crypto." },
    { "hisi_hpre", NO_API, 0, NULL, "HiSilicon crypto." },
    { "hisi_zip", NO_API, 0, NULL, "HiSilicon compression." },
    { "n5pf", NO_API, 0, NULL, "Cavium Nitrox crypto." },
    { "octeontx-cpt", NO_API, 0, NULL, "OcteonTX crypto." },
    { "rvu_cptpf", NO_API, 0, NULL, "OcteonTX2 crypto." },
    { "dfl-pci", NO_API, 0, NULL, "FPGA." },
    { "genwqe", NO_API, 0, NULL, "Compression on an FPGA." },
    { "vfio-pci", NO_API, 0, NULL,
      "Makes VFs with enable_sriov=1 only; their users must know the PF's vf_token." },
    { "pci-pf-stub", NO_API, 0, NULL, NULL },
};

/* Intel ids of the cards a fact of igb or ixgbe does not hold for. */
static const uint16_t ids_82576[] = {
    0x10c9, 0x10e6, 0x10e7, 0x10e8, 0x150a, 0x150d, 0x1518, 0x1526, 0,
};
static const uint16_t ids_82599_x540[] = {
    0x10f7, 0x10f8, 0x10f9, 0x10fb, 0x10fc, 0x1507, 0x1514, 0x1517, 0x151c, 0x1528, 0x1529,
    0x152a, 0x154a, 0x154d, 0x154f, 0x1557, 0x1558, 0x1560, 0,
};

#define ANY .when = QUIRK_ANY
#define NOT_0 .when = QUIRK_ANY, .not_zero = true
#define IS(value_) .when = (value_)
#define QINQ IS(0x88a8)

/* Columns: drivers, attribute, effect, for which values, errno, why; then what else a row needs. */
#define ROW(driver_, attr_, effect_, when_, error_, why_, ...)                                     \
    { .driver = driver_, .attr = SRIOV_##attr_, .effect = QUIRK_##effect_, when_, .error = error_, \
      .why = why_, __VA_ARGS__ }
/* Only the drivers named can do it. */
#define ONLY(drivers_, attr_, why_)                                                                \
    { .driver = QUIRK_ALL_DRIVERS, .but = drivers_, .attr = SRIOV_##attr_,                         \
      .effect = QUIRK_REFUSED, ANY, .error = EOPNOTSUPP, .why = why_ }

static const struct quirk quirks[] = {
    ONLY("mlx5_core mlx4_core", NODE_GUID, "is no InfiniBand driver, its VFs have no GUIDs"),
    ONLY("mlx5_core mlx4_core", PORT_GUID, "is no InfiniBand driver, its VFs have no GUIDs"),
    ONLY("ixgbe netdevsim", RSS_QUERY, "has no VF RSS query"),
    ONLY("mlx5_core ice", MSIX_COUNT, "does not let the interrupt vectors of a VF be chosen"),

    /* operations that a driver does not have at all */
    ROW("igb fsl_enetc fm10k funeth qlcnic rvu_nicpf", LINK_STATE, REFUSED, ANY, EOPNOTSUPP,
        "has no VF link control"),
    ROW("mlx4_core cxgb4 sfc be2net bnx2x fsl_enetc fm10k funeth qlcnic", TRUST, REFUSED, ANY,
        EOPNOTSUPP, "knows no trusted VFs"),
    ROW("cxgb4 fm10k funeth rvu_nicpf", SPOOFCHK, REFUSED, ANY, EOPNOTSUPP,
        "has no VF spoof checking"),
    ROW("sfc bnx2x fsl_enetc rvu_nicpf LiquidIO", MAX_TX_RATE, REFUSED, ANY, EOPNOTSUPP,
        "has no VF rates"),
    ROW("sfc bnx2x fsl_enetc rvu_nicpf LiquidIO", MIN_TX_RATE, REFUSED, ANY, EOPNOTSUPP,
        "has no VF rates"),

    /* mac */
    ROW("qede hinic cxgb4 rvu_nicpf be2net bnx2x qlcnic LiquidIO", MAC, REFUSED, IS(0), EINVAL,
        "does not take an address of zeros"),
    ROW("fsl_enetc", MAC, REFUSED, IS(0), EADDRNOTAVAIL, "does not take an address of zeros"),
    ROW("rvu_nicpf", MAC, NEEDS_PF_UP, ANY, EAGAIN, "sets VFs while the PF is up only"),
    ROW("i40e ice fm10k hns3 sfc", MAC, RESETS_VF, ANY, 0, "The VF is reset."),
    ROW("igb ixgbe rvu_nicpf", MAC, AFTER_REBIND, ANY, 0,
        "The VF takes its new address when its driver is bound the next time."),
    ROW("mlx5_core", MAC, AFTER_REBIND, ANY, 0,
        "The VF takes its new address when its driver is bound the next time."),

    /* vlan, qos, vlan_proto */
    ROW("igb ixgbe i40e ionic qede hns3 hinic cxgb4 sfc rvu_nicpf be2net bnx2x fsl_enetc fm10k "
        "qlcnic LiquidIO", VLAN_PROTO, REFUSED, QINQ, EPROTONOSUPPORT, "tags with 802.1Q only"),
    ROW("mlx4_core", VLAN_PROTO, REFUSED, QINQ, EINVAL, "wants a VLAN together with 802.1ad",
        .given = QUIRK_WITHOUT_VLAN),
    ROW("ionic sfc rvu_nicpf fm10k", QOS, REFUSED, NOT_0, EINVAL, "sets no priority in the tag"),
    ROW("cxgb4", QOS, REFUSED, NOT_0, EPROTONOSUPPORT, "sets no priority in the tag"),
    ROW("qede bnx2x", QOS, IGNORED, NOT_0, 0, "sets no priority in the tag"),
    ROW("bnxt_en", QOS, REFUSED, NOT_0, EINVAL, "sets a priority together with a VLAN only",
        .given = QUIRK_WITHOUT_VLAN),
    ROW("bnxt_en", VLAN, REFUSED, IS(0), EINVAL, "keeps no priority (qos) without a VLAN",
        .given = QUIRK_WITH_QOS),
    ROW("rvu_nicpf", VLAN, NEEDS_PF_UP, ANY, EAGAIN, "sets VFs while the PF is up only"),
    ROW("i40e ice fm10k sfc", VLAN, RESETS_VF, ANY, 0, "The VF is reset."),
    ROW("i40e ice", QOS, RESETS_VF, ANY, 0, "The VF is reset."),
    ROW("ice", VLAN_PROTO, RESETS_VF, ANY, 0, "The VF is reset."),

    /* trust, link_state, rss_query */
    ROW("i40e ice ixgbe", TRUST, RESETS_VF, ANY, 0, "The VF is reset."),
    ROW("ixgbe", LINK_STATE, IGNORED, IS(SRIOV_LINK_ENABLE), 0, "knows auto and disable only"),
    ROW("ixgbe", LINK_STATE, RESETS_VF, ANY, 0, "The VF is reset."),
    ROW("ixgbe", RSS_QUERY, REFUSED, ANY, EOPNOTSUPP, "has VF RSS query on the 82599 and X540 only",
        .but_devices = ids_82599_x540),

    /* rates */
    ROW("igb", MAX_TX_RATE, REFUSED, ANY, EOPNOTSUPP, "has VF rates on the 82576 only",
        .but_devices = ids_82576),
    ROW("igb", MIN_TX_RATE, REFUSED, ANY, EOPNOTSUPP, "has VF rates on the 82576 only",
        .but_devices = ids_82576),
    ROW("igb ixgbe i40e ionic hns3 cxgb4 be2net funeth", MIN_TX_RATE, REFUSED, NOT_0, EINVAL,
        "guarantees no rate"),
    ROW("mlx4_core", MIN_TX_RATE, REFUSED, NOT_0, EPROTONOSUPPORT, "guarantees no rate"),
    ROW("fm10k", MIN_TX_RATE, IGNORED, NOT_0, 0, "guarantees no rate"),
    ROW("qede", MIN_TX_RATE, IGNORED, IS(0), 0, "does not take a rate back"),
    ROW("qede", MAX_TX_RATE, IGNORED, IS(0), 0, "does not take a limit back"),
    ROW("igb ixgbe", MAX_TX_RATE, NEEDS_LINK, ANY, EINVAL, "computes rates from the link speed"),
    ROW("hinic", MAX_TX_RATE, NEEDS_LINK, ANY, EPERM, "sets rates with a link only"),
    ROW("hinic", MIN_TX_RATE, NEEDS_LINK, ANY, EPERM, "sets rates with a link only"),
    ROW("cxgb4", MAX_TX_RATE, NEEDS_LINK, NOT_0, EINVAL, "sets limits with a link only"),
    ROW("be2net", MAX_TX_RATE, NEEDS_LINK, NOT_0, ENETDOWN, "sets limits with a link only"),
    ROW("ixgbe", MAX_TX_RATE, NEEDS_SPEED, ANY, EINVAL, "sets rates at 10 Gbit/s only",
        .value = 10000),
    ROW("ixgbe", MAX_TX_RATE, AT_LEAST, NOT_0, EINVAL, "takes no limit that low", .value = 11),
    ROW("be2net", MAX_TX_RATE, AT_LEAST, NOT_0, EINVAL, "takes no limit that low", .value = 100),
    ROW("igb ixgbe i40e ice bnxt_en hinic cxgb4 be2net", MAX_TX_RATE, AT_MOST_SPEED, NOT_0, EINVAL,
        "takes no limit above the link speed"),
    ROW("bnxt_en", MIN_TX_RATE, AT_MOST_SPEED, NOT_0, EINVAL,
        "guarantees no rate above the link speed"),
    ROW("i40e", MAX_TX_RATE, ROUNDED, NOT_0, 0,
        "The card limits in steps of 50 Mbit/s, rounded down, and reports the rate as asked for.",
        .value = 50),

    /* switchdev: the legacy settings give way to devlink and to rules on the representors */
    ROW("mlx5_core", VLAN, IGNORED, IS(0), 0, "has no VF VLANs in switchdev mode",
        .switchdev_only = true),
    ROW("mlx5_core", VLAN, REFUSED, NOT_0, EOPNOTSUPP, "has no VF VLANs in switchdev mode",
        .switchdev_only = true),
    ROW("mlx5_core", QOS, REFUSED, ANY, EOPNOTSUPP, "has no VF VLANs in switchdev mode",
        .switchdev_only = true),
    ROW("mlx5_core", SPOOFCHK, REFUSED, ANY, EOPNOTSUPP, "has no spoof checking in switchdev mode",
        .switchdev_only = true),
    ROW("mlx5_core ice", TRUST, REFUSED, ANY, EOPNOTSUPP, "knows no trusted VFs in switchdev mode",
        .switchdev_only = true),
    ROW("mlx5_core", LINK_STATE, REFUSED, ANY, EOPNOTSUPP,
        "has no VF link control in switchdev mode", .switchdev_only = true),
    ROW("netdevsim", MAX_TX_RATE, REFUSED, ANY, EOPNOTSUPP,
        "sets rates by devlink in switchdev mode", .switchdev_only = true),
    ROW("netdevsim", MIN_TX_RATE, REFUSED, ANY, EOPNOTSUPP,
        "sets rates by devlink in switchdev mode", .switchdev_only = true),
};

/* clang-format on */

const struct driver *driver_table(size_t *ret_count)
{
    *ret_count = ELEMENTS(drivers);
    return drivers;
}

const struct quirk *quirk_table(size_t *ret_count)
{
    *ret_count = ELEMENTS(quirks);
    return quirks;
}

const struct driver *driver_find(const char *name)
{
    for (size_t i = 0; i < ELEMENTS(drivers); i++) {
        if (str_eq(drivers[i].name, name))
            return &drivers[i];
    }
    return NULL;
}

bool driver_has(const char *name, enum driver_flag flag)
{
    const struct driver *d = driver_find(name);
    return d && d->flags & (unsigned)flag;
}

/* ---- does a row hold? ---- */

static bool list_has(const char *list, const char *word)
{
    size_t len = strlen(word);
    while (len > 0 && *list) {
        size_t part = strcspn(list, " ");
        if (part == len && memcmp(list, word, len) == 0)
            return true;
        list += part + strspn(list + part, " ");
    }
    return false;
}

bool quirk_is_of(const struct quirk *q, const char *driver)
{
    if (str_eq(q->driver, QUIRK_ALL_DRIVERS))
        return driver_find(driver) && !(q->but && list_has(q->but, driver));
    return list_has(q->driver, driver);
}

/* A card whose id we could not read is given the benefit of the doubt. */
static bool row_of_device(const struct quirk *q, unsigned device)
{
    if (!q->but_devices)
        return true;
    for (const uint16_t *id = q->but_devices; *id; id++) {
        if (*id == device)
            return false;
    }
    return device != 0;
}

/* One setting of the VF as it will be: wanted, or else as it is; 0 if neither is known. */
static uint64_t value_then(const struct pf *pf, unsigned vf, enum sriov_attr attr,
                           const struct attrs *want)
{
    if (attrs_has(want, attr))
        return want->value[attr];
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (pf->vfs[i].index == vf && attrs_has(&pf->vfs[i].attrs, attr))
            return pf->vfs[i].attrs.value[attr];
    }
    return 0;
}

static bool row_in_state(const struct quirk *q, const struct pf *pf, unsigned vf,
                         const struct attrs *want)
{
    if (q->switchdev_only && !(attrs_has(&pf->attrs, SRIOV_ESWITCH_MODE) &&
                               pf->attrs.value[SRIOV_ESWITCH_MODE] == SWITCHDEV))
        return false;
    switch (q->given) {
    case QUIRK_ALWAYS:
        break;
    case QUIRK_WITHOUT_VLAN:
        return value_then(pf, vf, SRIOV_VLAN, want) == 0;
    case QUIRK_WITH_QOS:
        return value_then(pf, vf, SRIOV_QOS, want) != 0;
    }
    return true;
}

static bool row_for_value(const struct quirk *q, uint64_t value)
{
    if (q->when != QUIRK_ANY)
        return q->when == value;
    return !q->not_zero || value != 0;
}

static bool row_is_about(const struct quirk *q, const struct pf *pf, enum sriov_attr attr)
{
    return q->attr == attr && quirk_is_of(q, pf->driver) && row_of_device(q, pf->device);
}

/* ---- may it be set? ---- */

/* Does the row keep the value from being set, the PF being as it is? A link speed or a state that
 * is not known stands in nobody's way. */
static bool row_blocks(const struct quirk *q, const struct pf *pf, uint64_t value)
{
    switch (q->effect) {
    case QUIRK_REFUSED:
    case QUIRK_IGNORED:
        return true;
    case QUIRK_NEEDS_LINK:
        return !pf->carrier;
    case QUIRK_NEEDS_PF_UP:
        return attrs_has(&pf->attrs, SRIOV_LINK) && pf->attrs.value[SRIOV_LINK] == 0;
    case QUIRK_NEEDS_SPEED:
        return pf->speed > 0 && (uint64_t)pf->speed != q->value;
    case QUIRK_AT_MOST_SPEED:
        return pf->speed > 0 && value > (uint64_t)pf->speed;
    case QUIRK_AT_LEAST:
        return value < q->value;
    case QUIRK_ROUNDED:
    case QUIRK_RESETS_VF:
    case QUIRK_AFTER_REBIND:
        break;
    }
    return false;
}

static void set_remedy(const struct quirk *q, const struct pf *pf, struct sriov_error *error)
{
    const char *attr = attr_row(q->attr)->name, *name = pf_label(pf);
    switch (q->effect) {
    case QUIRK_NEEDS_LINK:
        error_remedy(error, "bring the PF up and connect it, then set %s", attr);
        break;
    case QUIRK_NEEDS_PF_UP:
        error_remedy(error, "bring the PF up first: `sriovctl set %s link=up`", name);
        break;
    case QUIRK_NEEDS_SPEED:
        error_remedy(error, "the link runs at %" PRId64 " Mbit/s: connect it at %" PRIu64,
                     pf->speed, q->value);
        break;
    case QUIRK_AT_MOST_SPEED:
        error_remedy(error, "the link runs at %" PRId64 " Mbit/s: choose at most that", pf->speed);
        break;
    case QUIRK_AT_LEAST:
        error_remedy(error, "choose at least %" PRIu64 ", or 0 for no limit", q->value);
        break;
    default:
        error_remedy(error, "leave %s out for the VFs of %s", attr, name);
        break;
    }
}

/* "vlan_proto 802.1ad" where the value matters, else "link_state". */
static void change_text(const struct quirk *q, const struct attrs *want, char *ret, size_t size)
{
    char value[ATTR_TEXT_SIZE];
    const struct attr *row = attr_row(q->attr);
    bool any = q->when == QUIRK_ANY && !q->not_zero;
    attr_text(row, want, value);
    snprintf(ret, size, "%s%s%s", row->name, any ? "" : " ", any ? "" : value);
}

static int refuse(const struct quirk *q, const struct pf *pf, unsigned vf, const struct attrs *want,
                  struct sriov_error *error)
{
    char object[OBJECT_SIZE], change[64];
    vf_label(pf, vf, object);
    change_text(q, want, change, sizeof(change));
    const char *verdict = q->effect == QUIRK_IGNORED      ? "would be accepted and ignored"
                          : q->effect == QUIRK_NEEDS_LINK ? "cannot be set without a link"
                                                          : "cannot be set";
    error_set(error, SRIOV_UNSUPPORTED, q->error, object, "%s %s: %s %s", change, verdict,
              pf->driver, q->why);
    set_remedy(q, pf, error);
    return q->error ? -q->error : -EOPNOTSUPP;
}

static int check_api(const struct pf *pf, unsigned vf, enum sriov_attr attr,
                     struct sriov_error *error)
{
    static const char why[] = "has no settings of VFs";
    const struct quirk none = { .attr = attr, .when = QUIRK_ANY, .error = EOPNOTSUPP, .why = why };
    if (attr_row(attr)->way != WAY_VF_NETLINK || !driver_has(pf->driver, DRIVER_NO_VF_API))
        return 0;
    return refuse(&none, pf, vf, &(const struct attrs){ 0 }, error);
}

int quirk_check(const struct pf *pf, unsigned vf, enum sriov_attr attr, const struct attrs *want,
                struct sriov_error *error)
{
    int r = check_api(pf, vf, attr, error);
    if (r < 0)
        return r;
    uint64_t value = want->value[attr];
    for (size_t i = 0; i < ELEMENTS(quirks); i++) {
        const struct quirk *q = &quirks[i];
        if (row_is_about(q, pf, attr) && row_for_value(q, value) && row_in_state(q, pf, vf, want) &&
            row_blocks(q, pf, value))
            return refuse(q, pf, vf, want, error);
    }
    return 0;
}

/* ---- what else happens ---- */

bool quirk_resets_vf(const struct pf *pf, enum sriov_attr attr)
{
    for (size_t i = 0; i < ELEMENTS(quirks); i++) {
        if (quirks[i].effect == QUIRK_RESETS_VF && row_is_about(&quirks[i], pf, attr))
            return true;
    }
    return false;
}

bool quirk_needs_eswitch(const char *driver)
{
    for (size_t i = 0; i < ELEMENTS(quirks); i++) {
        if (quirks[i].switchdev_only && quirk_is_of(&quirks[i], driver))
            return true;
    }
    return false;
}

const char *quirk_remark(const struct pf *pf, enum sriov_attr attr, uint64_t value)
{
    for (size_t i = 0; i < ELEMENTS(quirks); i++) {
        const struct quirk *q = &quirks[i];
        bool telling = q->effect == QUIRK_AFTER_REBIND ||
                       (q->effect == QUIRK_ROUNDED && value % q->value != 0);
        if (telling && row_is_about(q, pf, attr) && row_for_value(q, value))
            return q->why;
    }
    return NULL;
}
