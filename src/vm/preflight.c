/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Looking before leaping. VFIO pins all memory of a VM, and counts it against the limit of the
 * process (vfio_lock_acct() in drivers/vfio/vfio_iommu_type1.c); a group can be used only if no
 * driver of the host has a device in it (vfio_group viability).
 */
#include "vm/preflight.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "doctor/acs.h"
#include "kernel/process.h"

#define GROUPS "/sys/kernel/iommu_groups"
#define MIB (UINT64_C(1) << 20)

/* ---- the VM ---- */

static int check_limit(struct app *a, const struct preflight_vm *vm)
{
    struct process_rights p;

    if (vm->managed || vm->pid <= 0 || vm->memory == 0 || process_rights_read(vm->pid, &p) < 0)
        return 0;
    uint64_t more = vm->has_vfio ? 0 : vm->memory;
    if (p.may_lock_all || (p.locked_bytes <= p.lock_limit && more <= p.lock_limit - p.locked_bytes))
        return 0;
    error_set(&a->error, SRIOV_FAILED, ENOMEM, vm->name,
              "a VF pins all memory of the VM, %" PRIu64
              " MiB, and its process %d may lock %" PRIu64 " MiB (RLIMIT_MEMLOCK)",
              vm->memory / MIB, vm->pid, p.lock_limit / MIB);
    a->error.kernel[0] = '\0';
    error_remedy(&a->error,
                 "prlimit --pid %d --memlock=unlimited; for the next start `ulimit -l "
                 "unlimited`, or LimitMEMLOCK=infinity in its unit",
                 vm->pid);
    return -ENOMEM;
}

int preflight_vm(struct app *a, const struct preflight_vm *vm)
{
    int r = check_limit(a, vm);

    if (r >= 0 && vm->balloon)
        app_note(a,
                 "%s has a balloon: while it has a VF no memory comes back from it, since all "
                 "of it is pinned",
                 vm->name);
    return r;
}

int preflight_open(struct app *a, const struct preflight_vm *vm, const char *pci)
{
    struct process_rights p;
    char path[96], group[16], file[32];

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", pci);
    if (vm->managed || vm->pid <= 0 || process_rights_read(vm->pid, &p) < 0 ||
        backend_link_name(a->session.backend, path, group, sizeof(group)) < 0)
        return 0;
    snprintf(file, sizeof(file), "/dev/vfio/%s", group);
    if (process_may_open(&p, file) != -EACCES)
        return 0;
    error_set(&a->error, SRIOV_NOT_PERMITTED, EACCES, vm->name,
              "the VM (process %d) runs as user %u, who may not open %s, the device file of %s",
              vm->pid, p.uid, file, pci);
    error_remedy(&a->error,
                 "give it to a group of that user by a rule of udev: "
                 "SUBSYSTEM==\"vfio\", KERNEL==\"[0-9]*\", GROUP=\"kvm\", MODE=\"0660\"");
    return -EACCES;
}

/* ---- the group ---- */

/* Others in the VF's group whom a driver of the host has. Bridges do no harm. */
struct neighbours {
    size_t count;
    char first[PCI_ADDRESS_SIZE];
    char driver[32];
};

static void look_at_neighbour(struct app *a, const struct pci_device *d, struct neighbours *n)
{
    char path[PCI_PATH_SIZE], driver[32];

    pci_path(d->address, "driver", path);
    if (backend_link_name(a->session.backend, path, driver, sizeof(driver)) < 0 ||
        driver_is_passthrough(driver))
        return;
    if (n->count++ > 0)
        return;
    STR_SET(n->first, d->address);
    STR_SET(n->driver, driver);
}

static void find_neighbours(struct app *a, const struct pci_tree *t, const struct vf *vf,
                            struct neighbours *ret)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct pci_device *d = &t->items[i];
        bool bridge = d->is_bridge || d->class_code >> 8 == 0x0600;

        if (d->iommu_group == vf->iommu_group && !bridge && !str_eq(d->address, vf->pci))
            look_at_neighbour(a, d, ret);
    }
}

/* ", because 0000:00:1c.0 has no ACS"; "" if it is not known. */
static void explain(const struct pci_tree *t, const struct vf *vf, char *ret, size_t size)
{
    const struct pci_device *d = pci_find(t, vf->pci);
    _cleanup_free_ struct pci_group *groups = NULL;

    ret[0] = '\0';
    if (!d || acs_groups(t, &groups) < 0)
        return;
    const struct pci_group *g = &groups[d - t->items];
    if (g->breaker)
        snprintf(ret, size, ", because %s %s", g->breaker->address, g->why);
}

static int shared(struct app *a, const struct pf *pf, const struct vf *vf,
                  const struct neighbours *n, const char *why)
{
    char label[OBJECT_SIZE], more[32] = "";

    vf_label(pf, vf->index, label);
    if (n->count > 1)
        snprintf(more, sizeof(more), " and %zu more", n->count - 1);
    error_set(&a->error, SRIOV_UNSUPPORTED, EOPNOTSUPP, label,
              "shares IOMMU group %d with %s (%s)%s%s, and a group goes to one VM as a whole",
              vf->iommu_group, n->first, n->driver, more, why);
    a->error.kernel[0] = '\0';
    error_remedy(&a->error, "put the card into another slot or turn on ACS in the BIOS; "
                            "`sriovctl doctor --groups` shows all groups");
    return -EOPNOTSUPP;
}

static int check_neighbours(struct app *a, const struct pf *pf, const struct vf *vf)
{
    _cleanup_(pci_tree_done) struct pci_tree tree = { 0 };
    struct neighbours n = { 0 };
    char why[96];

    if (pci_tree_read(a->session.backend, &tree) < 0)
        return 0;
    find_neighbours(a, &tree, vf, &n);
    if (n.count == 0)
        return 0;
    explain(&tree, vf, why, sizeof(why));
    return shared(a, pf, vf, &n, why);
}

/* VFIO opens a group for one process at a time. */
static int check_users(struct app *a, pid_t vm, const struct pf *pf, const struct vf *vf)
{
    _cleanup_(device_users_done) struct device_users users = { 0 };
    struct backend *b = a->session.backend;
    char path[48], label[OBJECT_SIZE];

    snprintf(path, sizeof(path), "/dev/vfio/%d", vf->iommu_group);
    if (b->ops->device_users(b, (const char *const[]){ path, NULL }, &users) < 0)
        return 0;
    for (size_t i = 0; i < users.count; i++) {
        const struct device_user *u = &users.items[i];

        if (u->pid == vm || !str_eq(u->device, path))
            continue;
        vf_label(pf, vf->index, label);
        error_set(&a->error, SRIOV_IN_USE, 0, label, "%s (pid %d%s%s) has its IOMMU group %d open",
                  u->comm, u->pid, u->name[0] ? ", " : "", u->name, vf->iommu_group);
        return -EBUSY;
    }
    return 0;
}

int preflight_vf(struct app *a, pid_t vm, const struct pf *pf, const struct vf *vf)
{
    char label[OBJECT_SIZE];
    int r = session_backend(&a->session, &a->error);

    if (r < 0)
        return r;
    if (vf->iommu_group < 0) {
        vf_label(pf, vf->index, label);
        r = error_set(&a->error, SRIOV_UNSUPPORTED, EOPNOTSUPP, label,
                      "is in no IOMMU group, so no VM can have it");
        a->error.kernel[0] = '\0';
        error_remedy(&a->error, vf->pci[0] ? "turn on the IOMMU: `sriovctl host check` says how"
                                           : "it is no PCI device");
        return r;
    }
    r = check_users(a, vm, pf, vf);
    return r < 0 ? r : check_neighbours(a, pf, vf);
}
