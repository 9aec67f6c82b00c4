/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VFs that no driver took though autoprobe is on: its module is not installed, kept from being
 * loaded, not loaded yet, or its probe failed.
 */
#include <stdio.h>

#include "doctor/create.h"
#include "doctor/wanted.h"

/* The drivers whose VFs have a driver and module of their own; the others drive their VFs
 * themselves. Paths as in Linux 6.12, below kernel/drivers/net/ethernet. */
static const struct vf_module {
    const char *pf_driver;
    const char *module; /* as in /sys/module */
    const char *driver; /* as in /sys/bus/pci/drivers */
    const char *path;   /* without .ko */
} modules[] = {
    { "igb", "igbvf", "igbvf", "intel/igbvf/igbvf" },
    { "ixgbe", "ixgbevf", "ixgbevf", "intel/ixgbevf/ixgbevf" },
    { "i40e", "iavf", "iavf", "intel/iavf/iavf" },
    { "ice", "iavf", "iavf", "intel/iavf/iavf" },
    { "cxgb4", "cxgb4vf", "cxgb4vf", "chelsio/cxgb4vf/cxgb4vf" },
    { "fsl_enetc", "fsl_enetc_vf", "fsl_enetc_vf", "freescale/enetc/fsl-enetc-vf" },
    { "rvu_nicpf", "rvu_nicvf", "rvu_nicvf", "marvell/octeontx2/nic/rvu_nicvf" },
    { "octeon_ep", "octeon_ep_vf", "octeon_ep_vf", "marvell/octeon_ep_vf/octeon_ep_vf" },
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

/* ---- is there such a module? ---- */

static bool is_installed(struct doctor *d, const char *release, const struct vf_module *m)
{
    static const char *const endings[] = { ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };
    static const char *const folders[] = { "updates/dkms", "updates", "extra", "weak-updates" };
    const char *name = str_base_name(m->path);

    for (size_t e = 0; e < ELEMENTS(endings); e++) {
        if (there_is(d, "/lib/modules/%s/kernel/drivers/net/ethernet/%s%s", release, m->path,
                     endings[e]))
            return true;
        for (size_t i = 0; i < ELEMENTS(folders); i++) {
            if (there_is(d, "/lib/modules/%s/%s/%s%s", release, folders[i], name, endings[e]) ||
                there_is(d, "/lib/modules/%s/%s/drivers/net/ethernet/%s%s", release, folders[i],
                         m->path, endings[e]))
                return true;
        }
    }
    return strstr(read_text(d, "/lib/modules/%s/modules.builtin", release), m->path);
}

static bool is_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    return strncmp(text, word, len) == 0 && strchr(" \t\n", text[len]);
}

bool create_is_blacklisted(const char *text, const char *module, unsigned *ret_line)
{
    for (unsigned line = 1; *text; line++) {
        bool install = is_word(text, "install");

        if (install || is_word(text, "blacklist")) {
            const char *name = text + strcspn(text, " \t");
            const char *end = text + strcspn(text, "\n");
            const char *does_nothing;

            name += strspn(name, " \t");
            does_nothing = strstr(name, "/bin/true");
            if (!does_nothing)
                does_nothing = strstr(name, "/bin/false");
            if (is_word(name, module) && (!install || (does_nothing && does_nothing < end))) {
                *ret_line = line;
                return true;
            }
        }
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return false;
}

static bool find_blacklist(struct doctor *d, const char *module, char ret[300])
{
    static const char *const folders[] = { "/etc/modprobe.d", "/run/modprobe.d",
                                           "/usr/lib/modprobe.d" };

    for (size_t i = 0; i < ELEMENTS(folders); i++) {
        const struct strv *names = read_dir(d, "%s", folders[i]);

        for (size_t k = 0; k < names->count; k++) {
            unsigned line;

            if (!create_is_blacklisted(read_text(d, "%s/%s", folders[i], names->items[k]), module,
                                       &line))
                continue;
            snprintf(ret, 300, "%s/%s:%u", folders[i], names->items[k], line);
            return true;
        }
    }
    return false;
}

/* In a list parted by commas, as the kernel's command line has it. */
static bool is_in_list(const char *list, const char *name)
{
    size_t len = strlen(name);

    while (list && *list) {
        if (strncmp(list, name, len) == 0 && (list[len] == ',' || list[len] == '\0'))
            return true;
        list += strcspn(list, ",");
        list += *list == ',';
    }
    return false;
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

static void report_not_loadable(struct doctor *d, const struct pf *pf, const struct vf_module *m,
                                size_t n)
{
    const char *release = read_text(d, "/proc/sys/kernel/osrelease");
    char place[300];
    struct finding *f;

    if (find_blacklist(d, m->module, place)) {
        f = report(d, FINDING_ERROR, "%zu VFs have no driver: %s is kept from being loaded", n,
                   m->module);
        evidence(d, f, place, "blacklist or install line for %s", m->module);
        remedy(f, FIX_BY_HAND, "modprobe %s, and remove %s", m->module, place);
    } else if (is_in_list(boot_parameter(d, "modprobe.blacklist"), m->module) ||
               is_in_list(boot_parameter(d, "module_blacklist"), m->module)) {
        f = report(d, FINDING_ERROR, "%zu VFs have no driver: a kernel parameter forbids %s", n,
                   m->module);
        evidence_file(d, f, "/proc/cmdline");
        remedy(f, FIX_BY_HAND,
               "remove %s from modprobe.blacklist= or module_blacklist=", m->module);
    } else if (*release && !is_installed(d, release, m)) {
        f = report(d, FINDING_ERROR, "%zu VFs have no driver: the module %s is not installed", n,
                   m->module);
        snprintf(place, sizeof(place), "/lib/modules/%.60s/kernel/drivers/net/ethernet/%s.ko",
                 release, m->path);
        evidence(d, f, place, "No such file or directory");
        remedy(f, FIX_BY_HAND, "install the package with the module %s for kernel %s", m->module,
               release);
    } else {
        f = report(d, FINDING_ERROR, "%zu VFs have no driver: the module %s is not loaded", n,
                   m->module);
        confidence(f, LIKELY);
        snprintf(place, sizeof(place), "/sys/module/%s", m->module);
        evidence(d, f, place, "No such file or directory");
        remedy(f, FIX_BY_HAND, "modprobe %s", m->module);
    }
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
        report_not_loadable(d, pf, m, n);
}
