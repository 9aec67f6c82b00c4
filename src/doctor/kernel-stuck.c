/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Processes that hang in the kernel. Whoever removes a VF, or takes it from vfio-pci, waits in
 * vfio_unregister_group_dev() until the process that has it open lets go, for ever if it does not;
 * the lock of the PF is held meanwhile, and whoever reads or writes sriov_numvfs waits for that.
 */
#include <stdio.h>

#include "doctor/kernel.h"
#include "doctor/pci.h"

#define VFIO_FOLDER "/dev/vfio/"

/* A VF that is on its way out, and who keeps it. */
struct removal {
    const struct pf *pf;
    unsigned vf;
    const struct pci_device *device;
    struct device_user user; /* pid 0: not known */
};

static bool is_removing(const struct stuck_task *t)
{
    return str_eq(t->waits_in, "vfio_unregister_group_dev") ||
           str_eq(t->waits_in, "vfio_device_remove");
}

static const struct stuck_task *find_remover(struct doctor *d)
{
    const struct stuck_tasks *tasks = doctor_stuck(d);

    for (size_t i = 0; i < tasks->count; i++) {
        if (is_removing(&tasks->items[i]))
            return &tasks->items[i];
    }
    return NULL;
}

/* The PF whose VF has this number on the bus: virtfn and physfn links are gone already when the
 * driver of the VF is asked to let go (pci_iov_remove_virtfn() in drivers/pci/iov.c). */
static bool find_pf(struct doctor *d, const struct pci_device *device, struct removal *ret)
{
    const struct snapshot *s = doctor_snapshot(d);

    for (size_t i = 0; i < s->n_pfs; i++) {
        const struct pci_device *pf = pci_find(doctor_pci(d), s->pfs[i].key);

        for (unsigned n = 0; pf && n < pf->sriov.num_vfs; n++) {
            if (pf->number + pf->sriov.offset + (uint64_t)pf->sriov.stride * n != device->number)
                continue;
            ret->pf = &s->pfs[i];
            ret->vf = n;
            return true;
        }
    }
    return false;
}

/* The device behind an open /dev/vfio/GROUP, if it has lost its driver: that is taken off before
 * the wait begins. */
static bool find_device(struct doctor *d, const struct device_user *user, struct removal *ret)
{
    const struct pci_tree *tree = doctor_pci(d);
    uint64_t group;

    if (!str_starts(user->device, VFIO_FOLDER) ||
        str_to_u64(user->device + strlen(VFIO_FOLDER), INT32_MAX, &group) < 0)
        return false;
    for (size_t i = 0; i < tree->count; i++) {
        const struct pci_device *device = &tree->items[i];

        if (device->iommu_group != (int)group ||
            there_is(d, "/sys/bus/pci/devices/%s/driver", device->address))
            continue;
        *ret = (struct removal){ .device = device, .user = *user };
        if (find_pf(d, device, ret))
            return true;
    }
    return false;
}

/* The device that the kernel asked for last, "vfio-pci 0000:01:10.2: Relaying device request to
 * user
 * (#0)": vfio_pci_core_request() in drivers/vfio/pci/vfio_pci_core.c. */
static bool find_asked(struct doctor *d, struct removal *ret)
{
    const char *line = log_last(d, "Relaying device request", NULL);
    const struct pci_tree *tree = doctor_pci(d);

    for (size_t i = 0; line && i < tree->count; i++) {
        struct removal found = { .device = &tree->items[i] };

        if (!strstr(line, found.device->address) || !find_pf(d, found.device, &found))
            continue;
        *ret = found;
        return true;
    }
    return false;
}

static bool find_removal(struct doctor *d, struct removal *ret)
{
    static const char *const prefixes[] = { VFIO_FOLDER, NULL };
    struct backend *b = doctor_backend(d);
    struct device_users users = { 0 };
    bool found = false;

    if (b->ops->device_users(b, prefixes, &users) >= 0) {
        for (size_t i = 0; !found && i < users.count; i++)
            found = find_device(d, &users.items[i], ret);
    }
    device_users_done(&users);
    return found || find_asked(d, ret);
}

static void task_evidence(struct doctor *d, struct finding *f, const struct stuck_task *task)
{
    char path[48];

    snprintf(path, sizeof(path), "/proc/%d/stack", (int)task->pid);
    evidence(d, f, path, "%s", task->waits_in);
}

static void evidence_user(struct doctor *d, struct finding *f, const struct removal *r)
{
    const struct device_user *u = &r->user;

    evidence(d, f, u->device, "open in %s (pid %d%s%s), for %s", u->comm, (int)u->pid,
             *u->name ? ", " : "", u->name, r->device->address);
}

static void report_removal(struct doctor *d, const struct stuck_task *task, const struct removal *r)
{
    char vf[OBJECT_SIZE];
    const char *line = log_last(d, r->device->address, "Relaying device request");
    struct finding *f;

    vf_label(r->pf, r->vf, vf);
    f = report(d, FINDING_ERROR, "%s (pid %d) hangs while it takes %s away, as %s does not let go",
               task->comm, (int)task->pid, vf, r->user.pid ? r->user.comm : "its user");
    about_pf(f, r->pf);
    task_evidence(d, f, task);
    if (r->user.pid)
        evidence_user(d, f, r);
    if (line)
        evidence_log(d, f, line);
    if (r->user.pid)
        remedy(f, FIX_BY_HAND, "end the VM or program that has it: kill %d", (int)r->user.pid);
    else
        remedy(f, FIX_BY_HAND, "end the VM or program that has it: fuser -v /dev/vfio/devices/*");
}

void check_vf_removal_stuck(struct doctor *d, const struct pf *no_pf, const struct vf *none)
{
    const struct stuck_task *task = find_remover(d);
    struct removal removal;
    struct finding *f;

    if (!task)
        return;
    if (find_removal(d, &removal)) {
        report_removal(d, task, &removal);
        return;
    }
    f = report(d, FINDING_ERROR, "%s (pid %d) hangs until somebody lets go a device used by vfio",
               task->comm, (int)task->pid);
    task_evidence(d, f, task);
    remedy(f, FIX_BY_HAND, "end the VM or program that has the device: fuser -v /dev/vfio/*");
}

/* Without a removal that is stuck it may only be slow: some drivers take seconds for their VFs. */
void check_pf_lock_held(struct doctor *d, const struct pf *no_pf, const struct vf *none)
{
    const struct stuck_tasks *tasks = doctor_stuck(d);
    const struct stuck_task *remover = find_remover(d), *first = NULL;
    struct removal removal;
    struct finding *f;
    size_t count = 0;

    for (size_t i = 0; i < tasks->count; i++) {
        if (!is_removing(&tasks->items[i]) && count++ == 0)
            first = &tasks->items[i];
    }
    if (!first)
        return;
    f = report(d, remover ? FINDING_ERROR : FINDING_INFO,
               "%zu process%s for the lock of a PF, the first is %s (pid %d)", count,
               count == 1 ? " waits" : "es wait", first->comm, (int)first->pid);
    confidence(f, remover ? LIKELY : POSSIBLE);
    for (size_t i = 0; i < tasks->count; i++) {
        if (!is_removing(&tasks->items[i]))
            task_evidence(d, f, &tasks->items[i]);
    }
    if (remover && find_removal(d, &removal))
        about_pf(f, removal.pf);
    if (remover)
        remedy(f, FIX_BY_HAND, "what keeps %s (pid %d) waiting has to end", remover->comm,
               (int)remover->pid);
}
