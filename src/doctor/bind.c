/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area bind: which driver a VF has, which it should have, and what keeps a VF from
 * being handed to a VM or another user program by VFIO. Whether a driver is wrong depends on what
 * somebody wants: without policy, lease or override most are right.
 */
#include <stdio.h>

#include "doctor/engine.h"
#include "doctor/wanted.h"

static bool is_vfio(const char *driver)
{
    return strstr(driver, "vfio");
}

/* ---- autoprobe-off ---- */

static bool lacks_driver(struct doctor *d, const struct goals *goals, const struct pf *pf,
                         const struct vf *vf)
{
    char override[OVERRIDE_SIZE];

    return vf->sysfs[0] && !vf->attrs.driver[0] && !wanted_driver(d, goals, pf, vf) &&
           !lease_of(d, pf, vf->index) && read_override(d, vf, override) && !override[0];
}

static void report_unbound(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct finding *f = report(d, FINDING_INFO, "%s has no driver", vf->pci);
    char path[96];

    about_vf(f, pf, vf->index);
    snprintf(path, sizeof(path), "%s/driver", vf->sysfs);
    evidence(d, f, path, "No such file or directory");
    /* On a host for VMs this is how it should be: a person has to know. */
    remedy(f, FIX_BY_HAND, "sriovctl bind %s/%u default", pf_label(pf), vf->index);
}

static void check_autoprobe_off(struct doctor *d, const struct pf *pf, const struct vf *none)
{
    struct sriov_error error = { 0 };
    struct goals goals = { 0 };
    const struct goal *goal;
    bool wanted;
    size_t n = 0;

    if (!attrs_has(&pf->attrs, SRIOV_AUTOPROBE) || pf->attrs.value[SRIOV_AUTOPROBE] != 0)
        return;
    wanted_read(d, &goals, &error);
    goal = wanted_of_pf(&goals, pf);
    wanted = goal && attrs_has(&goal->want, SRIOV_AUTOPROBE) &&
             goal->want.value[SRIOV_AUTOPROBE] == 0;
    for (size_t i = 0; !wanted && i < pf->n_vfs; i++) {
        if (!lacks_driver(d, &goals, pf, &pf->vfs[i]))
            continue;
        report_unbound(d, pf, &pf->vfs[i]);
        n++;
    }
    goals_done(&goals);
    if (n > 0) {
        struct finding *f = report(d, FINDING_WARNING,
                                   "drivers are not bound to new VFs of %s, and %zu have none",
                                   pf_label(pf), n);
        char path[128];

        confidence(f, LIKELY);
        snprintf(path, sizeof(path), "%s/sriov_drivers_autoprobe", pf->sysfs);
        evidence_file(d, f, path);
        remedy(f, FIX_SAFE, "sriovctl set %s autoprobe=on", pf_label(pf));
    }
}

/* ---- vfio-without-iommu ---- */

/* Is the VF meant for VFIO? By policy, lease or override; or the kernel log has an attempt. */
static bool is_meant_for_vfio(struct doctor *d, const struct pf *pf, const struct vf *vf,
                              char ret[OVERRIDE_SIZE], const char **ret_line)
{
    struct sriov_error error = { 0 };
    struct goals goals = { 0 };
    const char *driver;

    ret[0] = '\0';
    *ret_line = log_last(d, vf->pci, "vfio-pci failed with error -22");
    if (!*ret_line)
        *ret_line = log_last(d, "vfio-pci: probe of", vf->pci);
    if (wanted_read(d, &goals, &error) >= 0) {
        driver = wanted_driver(d, &goals, pf, vf);
        str_copy(ret, OVERRIDE_SIZE, driver ? driver : "");
    }
    goals_done(&goals);
    if (!is_vfio(ret))
        read_override(d, vf, ret);
    return is_vfio(ret) || *ret_line;
}

static void check_vfio_without_iommu(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    char override[OVERRIDE_SIZE], path[128];
    const char *line;
    struct finding *f;

    if (!vf->sysfs[0] || vf->iommu_group >= 0 || is_vfio(vf->attrs.driver) ||
        !is_meant_for_vfio(d, pf, vf, override, &line))
        return;
    f = report(d, FINDING_ERROR, "%s is to be bound to vfio-pci, and has no IOMMU", vf->pci);
    snprintf(path, sizeof(path), "%s/iommu_group", vf->sysfs);
    evidence_link(d, f, path);
    snprintf(path, sizeof(path), "%s/driver_override", vf->sysfs);
    if (is_vfio(override))
        evidence(d, f, path, "%s", override);
    if (line)
        evidence_log(d, f, line);
    remedy(f, FIX_BY_HAND, "turn on VT-d or AMD-Vi in the firmware and the IOMMU in the kernel");
}

/* ---- group-not-viable ---- */

/* Drivers that let user space own the DMA of their device's group (driver_managed_dma in
 * drivers/vfio, drivers/pci/pci-stub.c, drivers/pci/pcie/portdrv.c; Linux 5.19 and later). */
static bool shares_group(const char *driver)
{
    return !driver[0] || is_vfio(driver) || str_eq(driver, "pci-stub") ||
           str_eq(driver, "pcieport");
}

static void driver_of(struct doctor *d, const char *pci, char ret[32])
{
    char path[96];

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", pci);
    if (backend_link_name(doctor_backend(d), path, ret, 32) < 0)
        ret[0] = '\0';
}

static void check_group_not_viable(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct strv *members;
    struct finding *f = NULL;
    char path[96], driver[32];

    if (!is_vfio(vf->attrs.driver) || vf->iommu_group < 0)
        return;
    snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/devices", vf->iommu_group);
    members = read_dir(d, "%s", path);
    for (size_t i = 0; i < members->count; i++) {
        driver_of(d, members->items[i], driver);
        if (shares_group(driver))
            continue;
        if (!f) {
            f = report(d, FINDING_ERROR,
                       "VFIO cannot have group %d of %s: the kernel drives %s in it",
                       vf->iommu_group, vf->pci, members->items[i]);
            remedy(f, FIX_BY_HAND,
                   "unbind the named devices from their drivers, or put the card "
                   "behind a port with ACS");
        }
        snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", members->items[i]);
        evidence(d, f, path, "%s", driver);
    }
}

/* ---- vfio-device-busy ---- */

static bool is_handed_out(const struct holder *h)
{
    return h->kind == HOLDER_VFIO || h->kind == HOLDER_IOMMUFD || h->kind == HOLDER_UIO;
}

/* Somebody has it open, and the policy wants to give it to another. */
static void check_vfio_device_busy(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct holder *h = holder_of(d, pf, (int)vf->index);
    struct sriov_error error = { 0 };
    struct goals goals = { 0 };
    char text[HOLDER_TEXT_SIZE], device[32];
    const char *want;

    if (!h || !is_handed_out(h) || wanted_read(d, &goals, &error) < 0)
        return;
    want = wanted_driver(d, &goals, pf, vf);
    if (want && !str_eq(want, vf->attrs.driver) && !lease_of(d, pf, vf->index)) {
        struct finding *f;

        holder_text(h, text);
        f = report(d, FINDING_WARNING, "%s cannot get driver %s: %s has it", vf->pci, want, text);
        snprintf(device, sizeof(device), "/dev/vfio/%d", vf->iommu_group);
        evidence(d, f, device, "open in %s", text);
        evidence(d, f, wanted_of_pf(&goals, pf)->where, "driver: %s", want);
        if (h->name[0])
            remedy(f, FIX_BY_HAND, "stop \"%s\" (pid %d), then `sriovctl apply`", h->name, h->pid);
        else
            remedy(f, FIX_BY_HAND, "end process %d, then `sriovctl apply`", h->pid);
    }
    goals_done(&goals);
}

/* ---- vfio-permission ---- */

#define MODE_ALL_READ_WRITE 0666

/* A group that was given to a user is of no use to him while the container device is closed. */
static void check_vfio_permission(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct backend *b = doctor_backend(d);
    struct file_status group, container;
    struct finding *f;
    char path[32];

    snprintf(path, sizeof(path), "/dev/vfio/%d", vf->iommu_group);
    if (!is_vfio(vf->attrs.driver) || vf->iommu_group < 0 ||
        b->ops->file_status(b, path, &group) < 0 ||
        b->ops->file_status(b, "/dev/vfio/vfio", &container) < 0)
        return;
    if (group.uid == 0 && group.gid == 0 && (group.mode & 06) != 06) {
        if (!(d->can_see & NEEDS_PROCESSES) && !d->session->replay) {
            f = report(d, FINDING_INFO, "only root may open %s", path);
            confidence(f, POSSIBLE);
            evidence(d, f, path, "mode %04o, uid %u, gid %u", group.mode, group.uid, group.gid);
            remedy(f, FIX_BY_HAND,
                   "a udev rule: SUBSYSTEM==\"vfio\", GROUP=\"kvm\", MODE=\"0660\"");
        }
        return;
    }
    if ((container.mode & MODE_ALL_READ_WRITE) == MODE_ALL_READ_WRITE || container.uid != 0)
        return;
    f = report(d, FINDING_WARNING, "uid %u, gid %u may open %s, but not /dev/vfio/vfio", group.uid,
               group.gid, path);
    evidence(d, f, path, "mode %04o, uid %u, gid %u", group.mode, group.uid, group.gid);
    evidence(d, f, "/dev/vfio/vfio", "mode %04o, uid %u, gid %u", container.mode, container.uid,
             container.gid);
    remedy(f, FIX_BY_HAND, "chmod 0666 /dev/vfio/vfio (what the kernel gives it)");
}

/* ---- driver-override-stale ---- */

static bool is_kept_by_driverctl(struct doctor *d, const struct vf *vf)
{
    return there_is(d, "/etc/driverctl.d/%s", vf->pci) ||
           there_is(d, "/etc/driverctl.d/pci-%s", vf->pci);
}

static void report_override(struct doctor *d, const struct pf *pf, const struct vf *vf,
                            const char *override)
{
    const char *driver = vf->attrs.driver;
    char path[96];
    struct finding *f;

    if (driver[0])
        f = report(d, FINDING_WARNING, "%s is reserved for %s, and bound to %s", vf->pci, override,
                   driver);
    else
        f = report(d, FINDING_WARNING, "%s is reserved for %s, so no other driver takes it",
                   vf->pci, override);
    snprintf(path, sizeof(path), "%s/driver", vf->sysfs);
    evidence(d, f, path, "%s", driver[0] ? driver : "No such file or directory");
    snprintf(path, sizeof(path), "%s/driver_override", vf->sysfs);
    evidence(d, f, path, "%s", override);
    /* A VF that has its default driver is bound as `bind default` would, which then does nothing.
     */
    if (driver[0])
        remedy(f, FIX_BY_HAND, "echo > %s", path);
    else
        remedy(f, fix_if_unused(d, pf, vf), "sriovctl bind %s/%u default", pf_label(pf), vf->index);
}

/* "none" is how a VF is kept without a driver (core/bind.c). */
static void check_driver_override_stale(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct sriov_error error = { 0 };
    struct goals goals = { 0 };
    char override[OVERRIDE_SIZE];
    const char *want;

    if (!read_override(d, vf, override) || !override[0] || str_eq(override, DRIVER_NONE) ||
        str_eq(override, vf->attrs.driver) || is_kept_by_driverctl(d, vf) ||
        wanted_read(d, &goals, &error) < 0)
        return;
    want = wanted_driver(d, &goals, pf, vf);
    if (!want || !str_eq(want, override))
        report_override(d, pf, vf, override);
    goals_done(&goals);
}

/* ---- vfio-variant ---- */

/* Drivers of drivers/vfio/pci that know one kind of VF and can migrate it (Linux 6.12). */
static const struct variant {
    uint64_t vendor, device;
    const char *driver;
} variants[] = {
    { 0x15b3, 0x101e, "mlx5_vfio_pci" },     { 0x1dd8, 0x1003, "pds_vfio_pci" },
    { 0x19e5, 0xa251, "hisi_acc_vfio_pci" }, { 0x19e5, 0xa256, "hisi_acc_vfio_pci" },
    { 0x19e5, 0xa259, "hisi_acc_vfio_pci" }, { 0x8086, 0x4941, "qat_vfio_pci" },
    { 0x8086, 0x4943, "qat_vfio_pci" },      { 0x8086, 0x4945, "qat_vfio_pci" },
};

static bool read_id(struct doctor *d, const struct vf *vf, const char *name, uint64_t *ret)
{
    return str_hex_to_u64(read_text(d, "%s/%s", vf->sysfs, name), UINT16_MAX, ret) == 0;
}

static void check_vfio_variant(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    uint64_t vendor, device;
    char path[96];

    if (!str_eq(vf->attrs.driver, "vfio-pci") || !read_id(d, vf, "vendor", &vendor) ||
        !read_id(d, vf, "device", &device))
        return;
    for (size_t i = 0; i < ELEMENTS(variants); i++) {
        struct finding *f;

        if (variants[i].vendor != vendor || variants[i].device != device)
            continue;
        f = report(d, FINDING_INFO, "%s is on vfio-pci; with %s a VM could be migrated with it",
                   vf->pci, variants[i].driver);
        confidence(f, LIKELY);
        snprintf(path, sizeof(path), "%s/driver", vf->sysfs);
        evidence_link(d, f, path);
        snprintf(path, sizeof(path), "%s/device", vf->sysfs);
        evidence_file(d, f, path);
        remedy(f, FIX_BY_HAND, "sriovctl bind %s/%u %s", pf_label(pf), vf->index,
               variants[i].driver);
    }
}

/* ---- vf-reset-missing ---- */

/* Reading reset_method takes no lock (reset_method_show in drivers/pci/pci.c). */
static void check_vf_reset_missing(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const char *methods;
    struct finding *f;
    char path[96];

    snprintf(path, sizeof(path), "%s/reset_method", vf->sysfs);
    if (!vf->sysfs[0] || !is_vfio(vf->attrs.driver) || !there_is(d, "%s", path))
        return;
    methods = read_text(d, "%s", path);
    if (strstr(methods, "flr") || strstr(methods, "device_specific") || strstr(methods, "acpi"))
        return;
    f = report(d, FINDING_WARNING,
               "%s cannot be reset by itself, so the next VM finds it as the last one left it",
               vf->pci);
    evidence(d, f, path, "%s", methods);
    remedy(f, FIX_BY_HAND,
           "`echo default > %s`; if it has no flr then, keep the VF with one tenant", path);
}

/* ---- vf-driver-wrong ---- */

/* Bound to nothing that could use it, and nobody asked for that. */
static bool is_parked(const char *driver)
{
    return str_eq(driver, "pci-stub") || str_eq(driver, "pci-pf-stub") ||
           str_eq(driver, "uio_pci_generic");
}

static void report_wrong(struct doctor *d, const struct pf *pf, const struct vf *vf,
                         const struct goals *goals, const char *want)
{
    const char *driver = vf->attrs.driver;
    struct finding *f;
    char path[96];

    if (want)
        f = report(d, FINDING_ERROR, "%s is bound to %s, the policy wants %s", vf->pci, driver,
                   str_eq(want, DRIVER_DEFAULT) ? "the default driver" : want);
    else
        f = report(d, FINDING_WARNING, "%s is bound to %s, which gives nobody a use of it", vf->pci,
                   driver);
    confidence(f, want ? CERTAIN : LIKELY);
    snprintf(path, sizeof(path), "%s/driver", vf->sysfs);
    evidence_link(d, f, path);
    if (want)
        evidence(d, f, wanted_of_pf(goals, pf)->where, "driver: %s", want);
    remedy(f, fix_if_unused(d, pf, vf), "sriovctl bind %s/%u %s", pf_label(pf), vf->index,
           want ? want : DRIVER_DEFAULT);
}

static void check_vf_driver_wrong(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct sriov_error error = { 0 };
    struct goals goals = { 0 };
    const char *want, *driver = vf->attrs.driver;
    bool wrong;

    if (!driver[0] || lease_of(d, pf, vf->index) || wanted_read(d, &goals, &error) < 0)
        return;
    want = wanted_driver(d, &goals, pf, vf);
    if (!want)
        wrong = is_parked(driver) && !holder_of(d, pf, (int)vf->index);
    else if (str_eq(want, DRIVER_DEFAULT))
        wrong = driver_is_passthrough(driver);
    else
        wrong = !str_eq(want, DRIVER_NONE) && !str_eq(want, driver);
    if (wrong)
        report_wrong(d, pf, vf, &goals, want);
    goals_done(&goals);
}

/* ---- the table ---- */

static const char *const autoprobe_because[] = { "autoprobe-off", NULL };
static const char *const no_iommu_because[] = { "iommu-absent", "iommu-disabled", NULL };
static const char *const group_because[] = { "iommu-group-shared", NULL };
static const char *const override_because[] = { "vfio-module-missing", "vfio-without-iommu", NULL };
static const char *const wrong_because[] = { "vfio-module-missing", "vfio-without-iommu",
                                             "vfio-device-busy", "driver-override-stale", NULL };

static const struct check checks[] = {
    { "autoprobe-off", "New VFs get no driver", SCOPE_PF, NEEDS_NOTHING, autoprobe_because,
      check_autoprobe_off },
    { "vfio-without-iommu", "A VF for VFIO without an IOMMU", SCOPE_VF, NEEDS_NOTHING,
      no_iommu_because, check_vfio_without_iommu },
    { "group-not-viable", "The kernel drives a device in the IOMMU group of a VFIO device",
      SCOPE_VF, NEEDS_NOTHING, group_because, check_group_not_viable },
    { "vfio-device-busy", "A VF is open in a process while another is to have it", SCOPE_VF,
      NEEDS_PROCESSES | NEEDS_POLICY, NULL, check_vfio_device_busy },
    { "vfio-permission", "A user may not open the device files of VFIO", SCOPE_VF, NEEDS_NOTHING,
      NULL, check_vfio_permission },
    { "driver-override-stale", "A left-over driver_override", SCOPE_VF, NEEDS_NOTHING,
      override_because, check_driver_override_stale },
    { "vf-driver-wrong", "A VF is bound to the wrong driver", SCOPE_VF, NEEDS_NOTHING,
      wrong_because, check_vf_driver_wrong },
    { "vfio-variant", "A VF on plain vfio-pci that has a better VFIO driver", SCOPE_VF,
      NEEDS_NOTHING, NULL, check_vfio_variant },
    { "vf-reset-missing", "A VF that cannot be reset between two users", SCOPE_VF, NEEDS_NOTHING,
      NULL, check_vf_reset_missing },
    { NULL },
};

const struct area area_bind = {
    .name = "bind",
    .title = "Drivers of VFs",
    .checks = checks,
};
