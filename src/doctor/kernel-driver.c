/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of a PF's driver: there is none, it makes no VFs, or it hands the whole PF to a program.
 */
#include <stdio.h>

#include "core/quirk.h"
#include "doctor/kernel.h"
#include "doctor/modprobe.h"
#include "doctor/wanted.h"

#define CLASS_NETWORK 0x02
#define DRIVERS "/sys/bus/pci/drivers"

/* Modules of common NICs with VFs, by device id: the PF ids of the drivers' tables in Linux 6.12,
 * as ranges. For others modprobe finds the module by the device's alias. */
static const struct {
    uint16_t vendor, first, last;
    const char *module;
} modules[] = {
    { 0x8086, 0x10c9, 0x10c9, "igb" },       { 0x8086, 0x10e6, 0x10e8, "igb" },
    { 0x8086, 0x150a, 0x150a, "igb" },       { 0x8086, 0x150d, 0x150d, "igb" },
    { 0x8086, 0x1518, 0x1518, "igb" },       { 0x8086, 0x1521, 0x1524, "igb" },
    { 0x8086, 0x1526, 0x1526, "igb" },       { 0x8086, 0x10f7, 0x10fc, "ixgbe" },
    { 0x8086, 0x1507, 0x1508, "ixgbe" },     { 0x8086, 0x1514, 0x1514, "ixgbe" },
    { 0x8086, 0x1517, 0x1517, "ixgbe" },     { 0x8086, 0x151c, 0x151c, "ixgbe" },
    { 0x8086, 0x1528, 0x152a, "ixgbe" },     { 0x8086, 0x154a, 0x154f, "ixgbe" },
    { 0x8086, 0x1557, 0x1563, "ixgbe" },     { 0x8086, 0x15aa, 0x15b0, "ixgbe" },
    { 0x8086, 0x15c2, 0x15e5, "ixgbe" },     { 0x8086, 0x1572, 0x1574, "i40e" },
    { 0x8086, 0x1580, 0x158b, "i40e" },      { 0x8086, 0x37ce, 0x37d3, "i40e" },
    { 0x8086, 0x1591, 0x159b, "ice" },       { 0x8086, 0x1888, 0x189a, "ice" },
    { 0x8086, 0x124c, 0x124f, "ice" },       { 0x8086, 0x12d1, 0x12de, "ice" },
    { 0x8086, 0x579c, 0x579f, "ice" },       { 0x15b3, 0x1003, 0x1007, "mlx4_core" },
    { 0x15b3, 0x1011, 0x1027, "mlx5_core" }, { 0x15b3, 0xa2d2, 0xa2df, "mlx5_core" },
    { 0x14e4, 0x16c0, 0x16f1, "bnxt_en" },   { 0x14e4, 0x1750, 0x1763, "bnxt_en" },
};

static const char *module_of(const struct pf *pf)
{
    for (size_t i = 0; i < ELEMENTS(modules); i++) {
        if (pf->vendor == modules[i].vendor && pf->device >= modules[i].first &&
            pf->device <= modules[i].last)
            return modules[i].module;
    }
    return NULL;
}

/* ---- pf-driver-missing ---- */

/* A PF that is no NIC may well be left without a driver. */
static enum severity severity_without_driver(struct doctor *d, const struct pf *pf)
{
    uint64_t class_code = 0;

    read_number(d, &class_code, "%s/class", pf->sysfs);
    return class_code >> 16 == CLASS_NETWORK || wanted_count(d, pf) > 0 ? FINDING_ERROR
                                                                        : FINDING_INFO;
}

static void report_banned(struct doctor *d, const struct pf *pf, enum severity severity,
                          const char *module, const struct module_rule *rule)
{
    struct finding *f = report(d, severity, "%s has no driver: %s is kept from being loaded",
                               pf->key, module);

    evidence(d, f, rule->place, "%s", rule->text);
    remedy(f, FIX_BY_HAND, "take that line out of %s, then: modprobe %s", rule->place, module);
}

static void remedy_driver(struct doctor *d, struct finding *f, const struct pf *pf,
                          const char *module)
{
    if (!module)
        remedy(f, FIX_BY_HAND, "modprobe $(cat %s/modalias)", pf->sysfs);
    else if (there_is(d, DRIVERS "/%s", module))
        remedy(f, FIX_BY_HAND, "echo %s >" DRIVERS "/%s/bind", pf->key, module);
    else
        remedy(f, FIX_BY_HAND, "modprobe %s", module);
}

void check_pf_driver_missing(struct doctor *d, const struct pf *pf, const struct vf *none)
{
    const char *module = module_of(pf), *line;
    struct module_rule rule;
    enum severity severity;
    struct finding *f;
    char path[128];

    if (pf->bus != PF_ON_PCI || pf->driver[0])
        return;
    severity = severity_without_driver(d, pf);
    if (module && !there_is(d, DRIVERS "/%s", module) && module_ban(d, module, &rule)) {
        report_banned(d, pf, severity, module, &rule);
        return;
    }
    f = report(d, severity, "%s has no driver, and so nothing that makes its VFs%s%s", pf->key,
               module ? "; it is one for " : "", module ? module : "");
    snprintf(path, sizeof(path), "%s/driver", pf->sysfs);
    evidence_link(d, f, path);
    /* really_probe() in drivers/base/dd.c */
    line = log_last(d, pf->key, "failed with error");
    if (line)
        evidence_log(d, f, line);
    remedy_driver(d, f, pf, module);
}

/* ---- sriov-not-in-driver ---- */

/* Said by sriov_numvfs_store() in drivers/pci/iov.c to who writes there. A driver that the table
 * knows to have it was not the one that the line is about. */
void check_sriov_not_in_driver(struct doctor *d, const struct pf *pf, const struct vf *none)
{
    const char *line = log_last(d, pf->key, "driver does not support SR-IOV configuration");
    const struct driver *driver = driver_find(pf->driver);
    struct finding *f;
    char path[128];

    if (!line || !pf->driver[0] || pf->n_vfs > 0 ||
        (driver && !(driver->flags & DRIVER_NO_SYSFS_COUNT)))
        return;
    f = report(d, FINDING_ERROR, "the driver %s does not make VFs through sriov_numvfs",
               pf->driver);
    confidence(f, driver ? CERTAIN : LIKELY);
    snprintf(path, sizeof(path), "%s/driver", pf->sysfs);
    evidence_link(d, f, path);
    evidence_log(d, f, line);
    /* The planner then takes the module parameter. */
    if (driver && driver->count_param)
        remedy(f, FIX_BY_HAND, "sriovctl create %s N: by the parameter %s of %s", pf_label(pf),
               driver->count_param, pf->driver);
    else
        remedy(f, FIX_BY_HAND, "load a driver for %s that has SR-IOV", pf->key);
}

/* ---- pf-on-vfio ---- */

static bool makes_vfs_itself(struct doctor *d, const struct pf *pf)
{
    const char *on = read_text(d, "/sys/module/vfio_pci/parameters/enable_sriov");

    return pf->n_vfs > 0 || str_eq(pf->driver, "pci-pf-stub") ||
           (str_eq(pf->driver, "vfio-pci") && *on == 'Y');
}

/* A PF that is in a VM as a whole, or a program's, is where somebody wants it. */
void check_pf_on_vfio(struct doctor *d, const struct pf *pf, const struct vf *none)
{
    const struct holder *holder = holder_of(d, pf, HOLDER_OF_PF);
    bool wanted = wanted_count(d, pf) > 0;
    char path[128], who[HOLDER_TEXT_SIZE];
    struct finding *f;

    if (pf->bus != PF_ON_PCI || !driver_is_passthrough(pf->driver) || makes_vfs_itself(d, pf))
        return;
    f = report(d,
               wanted   ? FINDING_ERROR
               : holder ? FINDING_INFO
                        : FINDING_WARNING,
               "the PF itself, %s, is bound to %s: it has no VFs and no network interface", pf->key,
               pf->driver);
    snprintf(path, sizeof(path), "%s/driver", pf->sysfs);
    evidence_link(d, f, path);
    if (holder) {
        holder_text(holder, who);
        evidence(d, f, "sriovctl show", "in use by %s", who);
    }
    remedy(
        f, FIX_BY_HAND,
        "echo >%s/driver_override && echo %s >%s/driver/unbind && echo %s >/sys/bus/pci/drivers_probe",
        pf->sysfs, pf->key, pf->sysfs, pf->key);
}
