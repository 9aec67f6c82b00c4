/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area kernel: the drivers of PFs, how many VFs they make, processes that hang over
 * VFs, and what the kernel lacks or forbids. Here are the table and the checks of the whole kernel.
 */
#include "doctor/kernel.h"

#include <stdio.h>

#include "doctor/modprobe.h"
#include "doctor/platform.h"

/* ---- vfio-module-missing ---- */

/* "blacklist" does not keep modprobe from loading what is asked for by name. */
static void check_vfio_module_missing(struct doctor *d, const struct pf *no_pf,
                                      const struct vf *none)
{
    const char *release = read_text(d, "/proc/sys/kernel/osrelease");
    struct module_rule rule;
    struct finding *f;
    char path[160];

    if (there_is(d, "/sys/module/vfio_pci") || there_is(d, "/sys/bus/pci/drivers/vfio-pci"))
        return;
    if (module_ban(d, "vfio-pci", &rule) == BAN_ALWAYS) {
        f = report(d, vfio_is_wanted(d) ? FINDING_ERROR : FINDING_WARNING,
                   "vfio-pci is kept from being loaded");
        evidence(d, f, rule.place, "%s", rule.text);
        remedy(f, FIX_BY_HAND, "take that out of %s, then: modprobe vfio-pci", rule.place);
        return;
    }
    if (!there_is(d, "/lib/modules/%s", release) || !*release) {
        cannot_see(d, "the folder of the kernel's modules is not here");
        return;
    }
    if (module_installed(d, "kernel/drivers/vfio/pci", "vfio-pci") ||
        module_installed(d, "updates", "vfio-pci"))
        return;
    f = report(d, vfio_is_wanted(d) ? FINDING_ERROR : FINDING_INFO,
               "this kernel has no module vfio-pci, so no VF can be given to a VM");
    snprintf(path, sizeof(path), "/lib/modules/%.80s/kernel/drivers/vfio/pci/vfio-pci.ko", release);
    evidence(d, f, path, "No such file or directory");
    evidence(d, f, "/sys/module/vfio_pci", "No such file or directory");
    remedy(f, FIX_BY_HAND, "install the package with the modules of kernel %s", release);
}

/* ---- kernel-lockdown ---- */

/* The mode in force stands in brackets: "none [integrity] confidentiality". */
static bool is_locked_down(const char *modes)
{
    return strstr(modes, "[integrity]") || strstr(modes, "[confidentiality]");
}

/* User space drivers without VFIO and its IOMMU are what lockdown stops. */
static bool is_hindered(const struct snapshot *s)
{
    for (size_t i = 0; i < s->n_pfs; i++) {
        for (size_t v = 0; v < s->pfs[i].n_vfs; v++) {
            if (strstr(s->pfs[i].vfs[v].attrs.driver, "uio"))
                return true;
        }
    }
    return false;
}

static void check_kernel_lockdown(struct doctor *d, const struct pf *no_pf, const struct vf *none)
{
    const char *modes = read_text(d, "/sys/kernel/security/lockdown");
    /* security/lockdown/lockdown.c, lock_kernel_down() */
    const char *line = log_last(d, "Kernel is locked down from", NULL);
    const char *parameter = boot_parameter(d, "lockdown");
    struct finding *f;

    if (!is_locked_down(modes) && (*modes || (!line && !parameter)))
        return;
    f = report(d, is_hindered(doctor_snapshot(d)) ? FINDING_WARNING : FINDING_INFO,
               "the kernel is locked down: config space, uio drivers and unsigned modules are "
               "closed even to root; VFIO works");
    if (*modes)
        evidence(d, f, "/sys/kernel/security/lockdown", "%s", modes);
    if (parameter)
        evidence(d, f, "/proc/cmdline", "lockdown=%s", parameter);
    if (line)
        evidence_log(d, f, line);
}

/* ---- the table ---- */

static const struct check checks[] = {
    { "pf-driver-missing", "A PF has no driver", SCOPE_PF, 0,
      (const char *const[]){ "firmware-unhealthy", NULL }, check_pf_driver_missing },
    { "sriov-not-in-driver", "The driver of a PF makes no VFs", SCOPE_PF, NEEDS_LOG, NULL,
      check_sriov_not_in_driver },
    { "pf-on-vfio", "A PF is bound to vfio-pci as a whole", SCOPE_PF, 0, NULL, check_pf_on_vfio },
    { "vf-removal-stuck", "The removal of VFs hangs", SCOPE_HOST, NEEDS_PROCESSES, NULL,
      check_vf_removal_stuck },
    { "pf-lock-held", "Processes wait for the lock of a PF", SCOPE_HOST, NEEDS_PROCESSES,
      (const char *const[]){ "vf-removal-stuck", NULL }, check_pf_lock_held },
    { "fewer-vfs", "A driver made fewer VFs than it was asked for, without an error", SCOPE_PF,
      NEEDS_LOG, NULL, check_fewer_vfs },
    { "driver-vf-limit", "A driver cannot make as many VFs as the card has", SCOPE_PF, 0, NULL,
      check_driver_vf_limit },
    { "vfs-by-module-parameter", "A module parameter makes VFs", SCOPE_HOST, 0, NULL,
      check_vfs_by_module_parameter },
    { "vfio-module-missing", "The module vfio-pci is missing", SCOPE_HOST, 0, NULL,
      check_vfio_module_missing },
    { "kernel-lockdown", "The kernel is locked down", SCOPE_HOST, 0, NULL, check_kernel_lockdown },
    { NULL },
};

const struct area area_kernel = {
    .name = "kernel",
    .title = "Kernel and drivers",
    .checks = checks,
};
