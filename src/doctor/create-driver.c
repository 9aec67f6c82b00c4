/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VFs that no driver took though autoprobe is on: its module is not installed, kept from being
 * loaded, not loaded yet, or its probe failed.
 */
#include <stdio.h>

#include "doctor/create.h"
#include "doctor/modprobe.h"
#include "doctor/wanted.h"

/* The drivers whose VFs have a driver and module of their own; the others drive their VFs
 * themselves. Paths as in Linux 6.12, below kernel/drivers/net/ethernet. */
static const struct vf_module {
    const char *pf_driver;
    const char *module; /* as in /sys/module */
    const char *driver; /* as in /sys/bus/pci/drivers */
    const char *folder; /* of its file */
    const char *file;   /* without .ko */
} modules[] = {
    { "igb", "igbvf", "igbvf", "intel/igbvf", "igbvf" },
    { "ixgbe", "ixgbevf", "ixgbevf", "intel/ixgbevf", "ixgbevf" },
    { "i40e", "iavf", "iavf", "intel/iavf", "iavf" },
    { "ice", "iavf", "iavf", "intel/iavf", "iavf" },
    { "cxgb4", "cxgb4vf", "cxgb4vf", "chelsio/cxgb4vf", "cxgb4vf" },
    { "fsl_enetc", "fsl_enetc_vf", "fsl_enetc_vf", "freescale/enetc", "fsl-enetc-vf" },
    { "rvu_nicpf", "rvu_nicvf", "rvu_nicvf", "marvell/octeontx2/nic", "rvu_nicvf" },
    { "octeon_ep", "octeon_ep_vf", "octeon_ep_vf", "marvell/octeon_ep_vf", "octeon_ep_vf" },
};

static const struct vf_module *module_of(const struct pf *pf)
{
    for (size_t i = 0; i < ELEMENTS(modules); i++) {
        if (str_eq(modules[i].pf_driver, pf->driver))
            return &modules[i];
    }
    return NULL;
}

bool create_is_net_driver(const struct pf *pf, const char *driver)
{
    const struct vf_module *m = module_of(pf);

    return driver[0] && m && str_eq(m->driver, driver);
}

/* Where the distribution has it, and where a vendor's own is put. */
static bool is_installed(struct doctor *d, const struct vf_module *m)
{
    static const char *const folders[] = { "updates/dkms", "updates", "extra", "weak-updates" };
    const char *release = read_text(d, "/proc/sys/kernel/osrelease");
    char folder[128];

    snprintf(folder, sizeof(folder), "kernel/drivers/net/ethernet/%s", m->folder);
    if (module_installed(d, folder, m->file))
        return true;
    for (size_t i = 0; i < ELEMENTS(folders); i++) {
        snprintf(folder, sizeof(folder), "%s/drivers/net/ethernet/%s", folders[i], m->folder);
        if (module_installed(d, folders[i], m->file) || module_installed(d, folder, m->file))
            return true;
    }
    return strstr(read_text(d, "/lib/modules/%s/modules.builtin", release), m->folder);
}

/* ---- the check ---- */

/* Is it unbound though nobody said so, and the kernel could have bound it? */
static bool should_have_driver(struct doctor *d, const struct goals *goals, const struct pf *pf,
                               const struct vf *vf)
{
    char override[OVERRIDE_SIZE];

    return vf->sysfs[0] && !vf->attrs.driver[0] && !wanted_driver(d, goals, pf, vf) &&
           read_override(d, vf, override) && !override[0];
}

static size_t count_without_driver(struct doctor *d, const struct pf *pf, const struct vf **ret)
{
    struct sriov_error error = { 0 };
    struct goals goals = { 0 };
    size_t n = 0;

    wanted_read(d, &goals, &error);
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (!should_have_driver(d, &goals, pf, &pf->vfs[i]))
            continue;
        if (n++ == 0)
            *ret = &pf->vfs[i];
    }
    goals_done(&goals);
    return n;
}

static struct finding *report_absent(struct doctor *d, const struct vf_module *m, size_t n)
{
    const char *release = read_text(d, "/proc/sys/kernel/osrelease");
    struct finding *f;
    char path[192];

    f = report(d, FINDING_ERROR, "%zu VFs have no driver: the module %s is not installed", n,
               m->module);
    snprintf(path, sizeof(path), "/lib/modules/%.60s/kernel/drivers/net/ethernet/%s/%s.ko", release,
             m->folder, m->file);
    evidence(d, f, path, "No such file or directory");
    remedy(f, FIX_BY_HAND, "install the package with the module %s for kernel %s", m->module,
           release);
    return f;
}

static void report_not_loaded(struct doctor *d, const struct vf_module *m, size_t n)
{
    struct module_rule rule;
    struct finding *f;
    char path[64];

    if (module_ban(d, m->module, &rule) != BAN_NONE) {
        /* As hosts do whose VFs are all for VMs. */
        f = report(d, FINDING_INFO, "%zu VFs have no driver: %s is kept from being loaded", n,
                   m->module);
        evidence(d, f, rule.place, "%s", rule.text);
        remedy(f, FIX_BY_HAND, "remove this from %s, then modprobe %s", rule.place, m->module);
    } else if (!is_installed(d, m)) {
        f = report_absent(d, m, n);
    } else {
        f = report(d, FINDING_ERROR, "%zu VFs have no driver: the module %s is not loaded", n,
                   m->module);
        confidence(f, LIKELY);
        remedy(f, FIX_BY_HAND, "modprobe %s", m->module);
    }
    snprintf(path, sizeof(path), "/sys/module/%s", m->module);
    evidence(d, f, path, "No such file or directory");
}

/* really_probe() in drivers/base/dd.c: "igbvf 0000:01:10.0: probe with driver igbvf failed with
 * error -5", before 6.11 "igbvf: probe of 0000:01:10.0 failed with error -5". */
static void report_failed_probe(struct doctor *d, const struct pf *pf, const struct vf *vf,
                                const struct vf_module *m, size_t n)
{
    const char *line = log_last(d, vf->pci, "failed with error");
    struct finding *f;

    if (!line || !strstr(line, m->driver))
        return;
    f = report(d, FINDING_ERROR, "%zu VFs have no driver: %s could not start %s", n, m->driver,
               vf->pci);
    confidence(f, LIKELY);
    evidence_log(d, f, line);
    remedy(f, FIX_BY_HAND, "sriovctl bind %s/%u default", pf_label(pf), vf->index);
}

void check_vf_driver_missing(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct vf_module *m = module_of(pf);
    const struct vf *first = NULL;
    size_t n;

    if (!m || !attrs_has(&pf->attrs, SRIOV_AUTOPROBE) || pf->attrs.value[SRIOV_AUTOPROBE] == 0)
        return;
    n = count_without_driver(d, pf, &first);
    if (n == 0)
        return;
    if (there_is(d, "/sys/bus/pci/drivers/%s", m->driver))
        report_failed_probe(d, pf, first, m, n);
    else
        report_not_loaded(d, m, n);
}
