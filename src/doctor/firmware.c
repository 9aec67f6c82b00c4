/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area firmware: what the NIC's own firmware, its settings and the packages that are
 * loaded into it allow. The firmware is not asked itself: what it does is seen in the PCI
 * capability, in what the driver makes of it, and in the driver's messages.
 */
#include <stdio.h>

#include "doctor/pci.h"
#include "doctor/platform.h"
#include "doctor/wanted.h"

#define CLASS_ETHERNET 0x020000
#define MELLANOX 0x15b3

/* ---- firmware-vf-limit ---- */

/* Cards whose firmware writes what it was set to into the SR-IOV capability, so that the capability
 * does not say what the card could have. */
static const struct card {
    uint16_t first, last; /* PF ids of vendor 15b3 */
    unsigned vfs;         /* a port can have, by the documentation */
} cards[] = {
    { 0x1013, 0x1013, 127 }, /* ConnectX-4 */
    { 0x1015, 0x1015, 127 }, /* ConnectX-4 Lx */
    { 0x1017, 0x1017, 127 }, /* ConnectX-5 */
    { 0x1019, 0x1019, 127 }, /* ConnectX-5 Ex */
    { 0x101b, 0x101b, 127 }, /* ConnectX-6 */
    { 0x101d, 0x101d, 127 }, /* ConnectX-6 Dx */
    { 0x101f, 0x101f, 127 }, /* ConnectX-6 Lx */
    { 0x1021, 0x1021, 127 }, /* ConnectX-7 */
};

static const struct card *find_card(unsigned vendor, unsigned device)
{
    for (size_t i = 0; i < ELEMENTS(cards); i++) {
        if (vendor == MELLANOX && device >= cards[i].first && device <= cards[i].last)
            return &cards[i];
    }
    return NULL;
}

static void evidence_config(struct doctor *d, struct finding *f, const struct pci_device *device)
{
    char path[PCI_PATH_SIZE];

    pci_path(device->address, "config", path);
    if (!device->sriov.place)
        evidence(d, f, path, "no SR-IOV capability (0x0010)");
    else
        evidence(d, f, path, "TotalVFs %u", device->sriov.total_vfs);
    pci_path(device->address, "sriov_totalvfs", path);
    evidence_file(d, f, path);
}

/* SRIOV_EN=0 takes the capability away, NUM_OF_VFS=0 leaves it with TotalVFs 0; either way there is
 * no sriov_totalvfs (sriov_init() in drivers/pci/iov.c), so this is no PF to anybody. In a VM the
 * hypervisor hides the capability. */
static void report_switched_off(struct doctor *d)
{
    const struct pci_tree *tree = doctor_pci(d);
    struct machine m;

    machine_read(d, &m);
    for (size_t i = 0; !m.is_guest && i < tree->count; i++) {
        const struct pci_device *device = &tree->items[i];
        struct finding *f;

        if (device->is_vf || !device->config_seen || device->sriov.total_vfs > 0 ||
            !find_card(device->vendor, device->device))
            continue;
        f = report(d, doctor_snapshot(d)->n_pfs > 0 ? FINDING_INFO : FINDING_WARNING,
                   "SR-IOV of %s is turned off in its firmware (SRIOV_EN, NUM_OF_VFS)",
                   device->address);
        about(f, device->address);
        confidence(f, LIKELY);
        evidence_config(d, f, device);
        remedy(f, FIX_BY_HAND, "mstconfig -d %s set SRIOV_EN=1 NUM_OF_VFS=8, then boot",
               device->address);
    }
}

/* A limit is a fault only if somebody wants more. */
static void report_limit(struct doctor *d, const struct pf *pf)
{
    const struct pci_device *device = pci_find(doctor_pci(d), pf->key);
    const struct card *card = find_card(pf->vendor, pf->device);
    unsigned wanted = wanted_count(d, pf);
    struct finding *f;

    if (!device || pf->total_vfs == 0 || device->sriov.total_vfs > pf->total_vfs ||
        (wanted == 0 && doctor_policy(d)))
        return;
    if (wanted == 0 ? !card || pf->total_vfs >= card->vfs : wanted <= pf->total_vfs)
        return;
    if (wanted == 0)
        f = report(d, FINDING_INFO, "the firmware of %s gives %u VFs, the card can have %u",
                   pf_label(pf), pf->total_vfs, card->vfs);
    else
        f = report(d, FINDING_ERROR, "the policy wants %u VFs of %s, and its firmware gives %u",
                   wanted, pf_label(pf), pf->total_vfs);
    about_pf(f, pf);
    confidence(f, wanted == 0 ? LIKELY : CERTAIN);
    evidence_config(d, f, device);
    if (card)
        remedy(f, FIX_BY_HAND, "mstconfig -d %s set NUM_OF_VFS=%u, then boot", pf->key,
               wanted ? wanted : card->vfs);
    else
        remedy(f, FIX_BY_HAND, "num_vfs: %u in the policy, or more VFs in the card's own set-up",
               pf->total_vfs);
}

static void check_firmware_vf_limit(struct doctor *d, const struct pf *no_pf, const struct vf *none)
{
    const struct snapshot *s = doctor_snapshot(d);

    report_switched_off(d);
    for (size_t i = 0; i < s->n_pfs; i++)
        report_limit(d, &s->pfs[i]);
}

/* ---- ddp-missing ---- */

/* The last line about the DDP package counts: the driver may have been loaded again with one.
 * ice_log_pkg_init() and ice_load_pkg() in drivers/net/ethernet/intel/ice/ice_main.c end their
 * errors with "Entering Safe Mode" or "Entering safe mode". */
static const char *safe_mode_line(struct doctor *d, const char *address)
{
    const char *line, *found = NULL;
    size_t place = 0;

    while ((line = log_next(d, &place, address, NULL))) {
        if (strstr(line, "Entering Safe Mode") || strstr(line, "Entering safe mode"))
            found = line;
        else if (strstr(line, "DDP package was successfully loaded") ||
                 strstr(line, "DDP package already present"))
            found = NULL;
    }
    return found;
}

/* In safe mode a PF has one queue of each kind (ice_set_safe_mode_caps()). */
static bool has_one_queue(struct doctor *d, const struct pf *pf)
{
    const struct strv *queues = read_dir(d, "/sys/class/net/%s/queues", pf->name);

    return queues->count > 0 && queues->count <= 2;
}

static bool is_package_there(struct doctor *d)
{
    static const char *const folders[] = { "/lib/firmware", "/lib/firmware/updates",
                                           "/usr/lib/firmware" };
    static const char *const endings[] = { "", ".xz", ".zst" };

    for (size_t i = 0; i < ELEMENTS(folders); i++) {
        for (size_t k = 0; k < ELEMENTS(endings); k++) {
            if (there_is(d, "%s/intel/ice/ddp/ice.pkg%s", folders[i], endings[k]))
                return true;
        }
    }
    return false;
}

static void check_ddp_missing(struct doctor *d, const struct pf *pf, const struct vf *none)
{
    const char *line;
    struct finding *f;
    bool there;

    if (!str_eq(pf->driver, "ice") || pf->n_vfs > 0)
        return;
    line = safe_mode_line(d, pf->key);
    there = is_package_there(d);
    if (!line && (there || !has_one_queue(d, pf)))
        return;
    f = report(d, FINDING_ERROR, "%s runs in safe mode, without its DDP package: it makes no VFs",
               pf_label(pf));
    confidence(f, line ? CERTAIN : LIKELY);
    if (line)
        evidence_log(d, f, line);
    if (!there)
        evidence(d, f, "/lib/firmware/intel/ice/ddp/ice.pkg", "No such file or directory");
    remedy(f, FIX_BY_HAND,
           "%s the package with the firmware file intel/ice/ddp/ice.pkg; then, when nobody uses a "
           "port of this driver: modprobe -r irdma ice && modprobe ice",
           there ? "update" : "install");
}

/* ---- firmware-unhealthy ---- */

/* Messages after which a NIC does not work until its firmware does. */
static const struct {
    const char *driver, *words;
} sick[] = {
    /* drivers/net/ethernet/mellanox/mlx5/core/main.c, health.c */
    { "mlx5_core", "state, aborting" },
    { "mlx5_core", "mlx5_init_one failed with error code" },
    { "mlx5_core", "health recovery failed" },
    { "mlx5_core", "health recovery flow aborted" },
    /* drivers/net/ethernet/broadcom/bnxt/bnxt.c */
    { "bnxt_en", "Firmware reset aborted" },
    /* i40e_check_recovery_mode() in drivers/net/ethernet/intel/i40e/i40e_main.c */
    { "i40e", "Firmware recovery mode detected" },
};

/* The driver is not bound any more if its probe failed. */
static const char *sick_line(struct doctor *d, const struct pf *pf)
{
    const char *line;

    for (size_t i = 0; i < ELEMENTS(sick); i++) {
        if (pf->driver[0] && !str_eq(pf->driver, sick[i].driver))
            continue;
        line = log_last(d, pf->key, sick[i].words);
        if (line && strstr(line, sick[i].driver))
            return line;
    }
    return NULL;
}

/* A driver's netdev is there, unless it lives in another network namespace: then the folder is
 * there, and empty. */
static bool has_netdev(struct doctor *d, const struct pf *pf)
{
    return pf->ifindex > 0 || there_is(d, "%s/net", pf->sysfs);
}

/* Drivers that have a netdev for each PF that is an Ethernet controller. */
static bool makes_netdevs(const char *driver)
{
    static const char *const drivers[] = { "mlx5_core", "bnxt_en", "ice", "i40e", "ixgbe", "igb" };

    for (size_t i = 0; i < ELEMENTS(drivers); i++) {
        if (str_eq(driver, drivers[i]))
            return true;
    }
    return false;
}

static void check_firmware_unhealthy(struct doctor *d, const struct pf *pf, const struct vf *none)
{
    const char *line;
    struct finding *f;
    char path[128];
    uint64_t class_code;

    if (pf->bus != PF_ON_PCI || has_netdev(d, pf) ||
        !read_number(d, &class_code, "%s/class", pf->sysfs) || class_code != CLASS_ETHERNET)
        return;
    line = sick_line(d, pf);
    if (!line && !makes_netdevs(pf->driver))
        return;
    f = report(d, FINDING_ERROR, "the firmware of %s is not well: %s %s no network interface",
               pf->key, pf->driver[0] ? pf->driver : "its driver gave up,",
               pf->driver[0] ? "is bound and has" : "and there is");
    confidence(f, line ? CERTAIN : LIKELY);
    snprintf(path, sizeof(path), "%s/net", pf->sysfs);
    evidence(d, f, path, "No such file or directory");
    if (line)
        evidence_log(d, f, line);
    remedy(f, FIX_BY_HAND, "make no VFs; devlink health show %s, then reset or update the firmware",
           pf->handle);
}

/* ---- multi-function-mode ---- */

static bool wants_trust(struct doctor *d, const struct pf *pf)
{
    struct sriov_error error = { 0 };
    struct goals goals = { 0 };
    const struct goal *goal = NULL;
    bool wanted = false;

    if (wanted_read(d, &goals, &error) >= 0)
        goal = wanted_of_pf(&goals, pf);
    for (size_t i = 0; goal && i < goal->n_vfs; i++)
        wanted |= attrs_has(&goal->vfs[i], SRIOV_TRUST) && goal->vfs[i].value[SRIOV_TRUST];
    goals_done(&goals);
    return wanted;
}

/* Somebody may want a card that is split into partitions; what i40e refuses then is worth knowing.
 * i40e_sw_init() in i40e_main.c, i40e_ndo_set_vf_trust() in i40e_virtchnl_pf.c. */
static void check_multi_function_mode(struct doctor *d, const struct pf *pf, const struct vf *none)
{
    const char *line = log_last(d, pf->key, "MFP mode Enabled");
    const char *refused = log_last(d, pf->key, "Trusted VF not supported in MFP mode");
    bool wanted;
    struct finding *f;

    if (!str_eq(pf->driver, "i40e") || (!line && !refused))
        return;
    wanted = wants_trust(d, pf);
    f = report(d,
               wanted    ? FINDING_ERROR
               : refused ? FINDING_WARNING
                         : FINDING_INFO,
               "%s is in multi-function mode (NPAR): its VFs cannot be trusted", pf_label(pf));
    if (line)
        evidence_log(d, f, line);
    if (refused)
        evidence_log(d, f, refused);
    remedy(f, FIX_BY_HAND, "turn NPAR (multi-function mode) off in the card's set-up, then boot");
}

/* ---- vf-firmware-mismatch ---- */

/* What VF drivers say when they and the PF do not understand each other. */
static const struct {
    const char *driver, *words;
    enum confidence confidence;
} misunderstood[] = {
    /* drivers/net/ethernet/intel/iavf/iavf_main.c */
    { "iavf", "Unsupported PF API version", CERTAIN },
    { "iavf", "Admin queue command never completed", LIKELY },
    { "iavf", "Failed to init Admin Queue", LIKELY },
    { "iavf", "Failed to init adminq", LIKELY },
    { "iavf", "Failed to parse VF resource message", LIKELY },
    { "iavf", "Failed to communicate with PF; waiting before retry", LIKELY },
    { "iavf", "Device is still in reset", POSSIBLE },
};

/* A driver that got through in the end has its netdev. */
static void check_vf_firmware_mismatch(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *link = netdev_of_pf(d, pf);

    if (!vf->sysfs[0] || vf->ifindex > 0 || there_is(d, "%s/net", vf->sysfs))
        return;
    for (size_t i = 0; i < ELEMENTS(misunderstood); i++) {
        const char *line;
        struct finding *f;

        if (!str_eq(vf->attrs.driver, misunderstood[i].driver))
            continue;
        line = log_last(d, vf->pci, misunderstood[i].words);
        if (!line)
            continue;
        f = report(d, FINDING_ERROR, "%s on %s does not come to terms with its PF",
                   vf->attrs.driver, vf->pci);
        confidence(f, misunderstood[i].confidence);
        evidence_log(d, f, line);
        if (link && !link->up)
            remedy(f, FIX_SAFE, "sriovctl set %s link=up", pf_label(pf));
        else
            remedy(f, FIX_BY_HAND,
                   "bring %s, its firmware and %s to versions that match: ethtool -i %s",
                   pf->driver, vf->attrs.driver, pf_label(pf));
        return;
    }
}

/* ---- the table ---- */

static const struct check checks[] = {
    { "firmware-vf-limit", "The firmware of a NIC gives fewer VFs than wanted, or none", SCOPE_HOST,
      NEEDS_CONFIG, (const char *const[]){ "firmware-unhealthy", NULL }, check_firmware_vf_limit },
    { "ddp-missing", "A NIC of the ice driver is in safe mode", SCOPE_PF, 0, NULL,
      check_ddp_missing },
    { "firmware-unhealthy", "The firmware of a NIC is not well", SCOPE_PF, 0, NULL,
      check_firmware_unhealthy },
    { "multi-function-mode", "A NIC is split into partitions (NPAR, MFP)", SCOPE_PF, NEEDS_LOG,
      NULL, check_multi_function_mode },
    { "vf-firmware-mismatch", "A VF's driver and its PF do not understand each other", SCOPE_VF,
      NEEDS_LOG, NULL, check_vf_firmware_mismatch },
    { NULL },
};

const struct area area_firmware = {
    .name = "firmware",
    .title = "Firmware of the NIC",
    .checks = checks,
};
