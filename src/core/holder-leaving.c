/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who keeps a VF that is being removed. It is found from the other end: each process with a file of
 * vfio open, the device behind that file, and whether its address is that of a VF of the PF which
 * the PF does not list.
 */
#include <errno.h>
#include <stdio.h>

#include "core/holder.h"

#define GROUPS "/dev/vfio/"
#define DEVICES "/dev/vfio/devices/"

static bool is_leaving(struct backend *b, const struct pf *pf, const char *pci)
{
    size_t domain = strcspn(pci, ":");
    unsigned number;

    if (strcspn(pf->key, ":") != domain || strncmp(pf->key, pci, domain) != 0)
        return false;
    if (vf_number_at(b, pf->key, pci, &number) < 0 || number >= pf->total_vfs)
        return false;
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (str_eq(pf->vfs[i].pci, pci))
            return false;
    }
    return true;
}

/* /dev/vfio/GROUP stands for all devices of a group, /dev/vfio/devices/vfioN for one. */
static int devices_of(struct backend *b, const char *file, struct strv *ret)
{
    char path[128], name[32];

    if (str_starts(file, DEVICES)) {
        snprintf(path, sizeof(path), "/sys/class/vfio-dev/%.40s/device", str_base_name(file));
        return backend_link_name(b, path, name, sizeof(name)) < 0 ? 0 : strv_add(ret, name);
    }
    snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%.40s/devices", str_base_name(file));
    return b->ops->list_dir(b, path, ret) == -ENOMEM ? -ENOMEM : 0;
}

static int add(struct holders *h, const struct pf *pf, const struct device_user *u)
{
    struct holder holder = { .kind = HOLDER_VFIO, .vf = HOLDER_OF_PF, .pid = u->pid };

    STR_SET(holder.pf, pf->key);
    STR_SET(holder.comm, u->comm);
    STR_SET(holder.name, u->name);
    return holders_add(h, &holder);
}

static int look_at(struct backend *b, const struct pf *pf, const struct device_user *u,
                   struct holders *ret)
{
    _cleanup_strv_ struct strv devices = STRV_INIT;
    int r = devices_of(b, u->device, &devices);

    for (size_t i = 0; r >= 0 && i < devices.count; i++) {
        if (is_leaving(b, pf, devices.items[i]))
            return add(ret, pf, u);
    }
    return r;
}

int holders_find_leaving(struct backend *b, const struct pf *pf, struct holders *ret)
{
    static const char *const prefixes[] = { GROUPS, NULL };
    struct device_users users = { 0 };
    int r = 0;

    if (pf->bus != PF_ON_PCI || b->ops->device_users(b, prefixes, &users) < 0)
        return 0;
    for (size_t i = 0; r >= 0 && i < users.count; i++)
        r = look_at(b, pf, &users.items[i], ret);
    device_users_done(&users);
    return r;
}
