/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of how many VFs a driver makes: fewer than it was asked for, fewer than the card has, or
 * some that nobody asked for.
 */
#include <stdio.h>

#include "core/quirk.h"
#include "doctor/kernel.h"
#include "doctor/modprobe.h"
#include "doctor/pci.h"
#include "doctor/wanted.h"

/* ---- fewer-vfs ---- */

static bool number_before(const char *line, const char *words, unsigned *ret)
{
    const char *at = strstr(line, words), *start = at;
    uint64_t value;
    char digits[8];

    while (start && start > line && start[-1] >= '0' && start[-1] <= '9')
        start--;
    if (!at || (size_t)(at - start) >= sizeof(digits))
        return false;
    snprintf(digits, sizeof(digits), "%.*s", (int)(at - start), start);
    if (str_to_u64(digits, UINT16_MAX, &value) < 0)
        return false;
    *ret = (unsigned)value;
    return true;
}

bool kernel_parse_fewer(const char *line, unsigned *ret_wanted, unsigned *ret_made)
{
    unsigned wanted, made;

    if (!number_before(line, " VFs requested", &wanted) || !number_before(line, " enabled", &made))
        return false;
    *ret_wanted = wanted;
    *ret_made = made;
    return true;
}

/* bnxt_sriov_configure() in drivers/net/ethernet/broadcom/bnxt/bnxt_sriov.c returns 0, no error, if
 * the netdev is down. */
static bool report_down(struct doctor *d, const struct pf *pf, unsigned wanted)
{
    const struct rtnl_link *link = netdev_of_pf(d, pf);
    const char *line = log_last(d, pf->key, "Reject SRIOV config request");
    struct finding *f;
    char command[48];

    if (!driver_has(pf->driver, DRIVER_COUNT_NEEDS_UP) || !link || link->up || pf->n_vfs > 0 ||
        (!line && wanted == 0))
        return false;
    f = report(d, FINDING_ERROR, "%s makes no VFs while %s is down, and says that it did",
               pf->driver, pf_label(pf));
    snprintf(command, sizeof(command), "ip link show %s", pf->name);
    evidence(d, f, command, "%s is down", pf->name);
    if (line)
        evidence_log(d, f, line);
    remedy(f, FIX_SAFE, "sriovctl set %s link=up", pf_label(pf));
    return true;
}

void check_fewer_vfs(struct doctor *d, const struct pf *pf, const struct vf *none)
{
    unsigned policy = wanted_count(d, pf), wanted, made;
    const char *line;
    struct finding *f;

    if (report_down(d, pf, policy))
        return;
    /* sriov_numvfs_store() in drivers/pci/iov.c */
    line = log_last(d, pf->key, "requested; only");
    if (!line || !kernel_parse_fewer(line, &wanted, &made) || made != pf->n_vfs ||
        (policy > 0 && policy <= made))
        return;
    f = report(d, FINDING_ERROR, "%s was asked for %u VFs and made %u, without an error",
               pf->driver, wanted, made);
    confidence(f, LIKELY);
    evidence_log(d, f, line);
    line = log_last(d, pf->key, "can enable");
    if (line)
        evidence_log(d, f, line);
    remedy(f, FIX_BY_HAND,
           "ask for fewer VFs, or give the PF fewer queues: ethtool -L %s combined N",
           pf_label(pf));
}

/* ---- driver-vf-limit ---- */

/* igb_enable_sriov() gives EPERM without MSI-X, and ixgbe takes its VFs off then. */
static bool report_no_msix(struct doctor *d, const struct pf *pf)
{
    const char *pci = boot_parameter(d, "pci"), *line;
    bool nomsi = pci && strstr(pci, "nomsi"), legacy;
    struct finding *f;

    if (!str_eq(pf->driver, "igb") && !str_eq(pf->driver, "ixgbe"))
        return false;
    /* igb_probe(): "Using %s interrupts. %d rx queue(s), %d tx queue(s)" */
    line = log_last(d, pf->key, " interrupts. ");
    legacy = line && !strstr(line, "MSI-X");
    if (!nomsi && !legacy)
        return false;
    f = report(d, FINDING_ERROR, "%s makes no VFs without MSI-X interrupts%s", pf->driver,
               nomsi ? ", which a kernel parameter turns off" : "");
    confidence(f, nomsi ? CERTAIN : LIKELY);
    if (nomsi)
        evidence(d, f, "/proc/cmdline", "pci=%s", pci);
    if (legacy)
        evidence_log(d, f, line);
    if (nomsi)
        remedy(f, FIX_BY_HAND, "take nomsi out of the kernel parameter pci= and boot anew");
    else
        remedy(f, FIX_BY_HAND, "find out why MSI-X is off: lspci -vv -s %s", pf->key);
    return true;
}

/* ixgbe_pci_sriov_enable(): traffic classes and macvlan offload take the pools that VFs need. */
static bool report_classes(struct doctor *d, const struct pf *pf, unsigned wanted)
{
    const char *line = log_last(d, pf->key, "offloaded macvlans. Creating more than");
    struct finding *f;

    if (!line || (wanted > 0 ? wanted <= pf->n_vfs : pf->n_vfs > 0))
        return false;
    f = report(d, FINDING_WARNING,
               "traffic classes or macvlan offload of %s leave room for fewer VFs", pf_label(pf));
    confidence(f, LIKELY);
    evidence_log(d, f, line);
    remedy(f, FIX_BY_HAND,
           "ethtool -K %s l2-fwd-offload off; tc qdisc show dev %s tells its traffic classes",
           pf_label(pf), pf_label(pf));
    return true;
}

void check_driver_vf_limit(struct doctor *d, const struct pf *pf, const struct vf *none)
{
    unsigned wanted = wanted_count(d, pf);
    const struct pci_device *device = pci_find(doctor_pci(d), pf->key);
    struct finding *f;
    char path[128];

    if (report_no_msix(d, pf) || report_classes(d, pf, wanted))
        return;
    if (!device || pf->total_vfs == 0 || wanted <= pf->total_vfs ||
        device->sriov.total_vfs <= pf->total_vfs)
        return;
    f = report(d, FINDING_ERROR,
               "the policy wants %u VFs of %s, and its driver %s makes %u at most", wanted,
               pf_label(pf), pf->driver, pf->total_vfs);
    snprintf(path, sizeof(path), "%s/sriov_totalvfs", pf->sysfs);
    evidence_file(d, f, path);
    snprintf(path, sizeof(path), "lspci -vv -s %s", pf->key);
    evidence(d, f, path, "Total VFs: %u", device->sriov.total_vfs);
    remedy(f, FIX_BY_HAND, "num_vfs: %u in the policy", pf->total_vfs);
}

/* ---- vfs-by-module-parameter ---- */

/* The first PF of a driver, NULL if there is none. */
static const struct pf *pf_of_driver(struct doctor *d, const char *driver)
{
    const struct snapshot *s = doctor_snapshot(d);

    for (size_t i = 0; i < s->n_pfs; i++) {
        if (str_eq(s->pfs[i].driver, driver))
            return &s->pfs[i];
    }
    return NULL;
}

/* The policy may ask for this way; then sriovctl wrote the option. */
static bool is_ours(const struct module_rule *rule)
{
    return str_starts(rule->place, "/etc/modprobe.d/sriovd-");
}

static void report_parameter(struct doctor *d, const struct driver *driver)
{
    struct module_rule rule = { 0 };
    bool told = module_option(d, driver->name, driver->count_param, &rule);
    uint64_t now = 0;
    char path[96];
    struct finding *f;

    snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", driver->name, driver->count_param);
    read_number(d, &now, "%s", path);
    if ((!told && now == 0) || (told && is_ours(&rule)))
        return;
    f = report(d, FINDING_WARNING, "the parameter %s of %s makes VFs on every PF it drives",
               driver->count_param, driver->name);
    if (now > 0)
        evidence_file(d, f, path);
    if (told)
        evidence(d, f, rule.place, "%s", rule.text);
    if (told)
        remedy(f, FIX_BY_HAND, "take %s out of %s, and say num_vfs in a policy",
               driver->count_param, rule.place);
    else
        remedy(f, FIX_BY_HAND, "load %s without %s, and say num_vfs in a policy", driver->name,
               driver->count_param);
}

/* igb_enable_sriov(): VFs that were there before the driver, of an earlier kernel (kexec) or
 * because they were assigned when it was unloaded. */
static void report_left_over(struct doctor *d, const struct pf *pf)
{
    const char *line = log_last(d, pf->key, "pre-allocated VFs found");
    struct finding *f;
    unsigned found;

    if (!line || !number_before(line, " pre-allocated", &found) || found != pf->n_vfs)
        return;
    f = report(d, FINDING_INFO, "the VFs of %s were there before its driver was loaded",
               pf_label(pf));
    about_pf(f, pf);
    confidence(f, LIKELY);
    evidence_log(d, f, line);
}

void check_vfs_by_module_parameter(struct doctor *d, const struct pf *no_pf, const struct vf *none)
{
    const struct snapshot *s = doctor_snapshot(d);
    const struct driver *drivers;
    size_t count;

    drivers = driver_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (drivers[i].count_param && !(drivers[i].flags & DRIVER_NO_SYSFS_COUNT) &&
            pf_of_driver(d, drivers[i].name))
            report_parameter(d, &drivers[i]);
    }
    for (size_t i = 0; i < s->n_pfs; i++)
        report_left_over(d, &s->pfs[i]);
}
