/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who has a VF open is found in /proc, as holders are (core/holder.c). Nobody tells when a file is
 * closed, so the wait looks again and again.
 */
#include "vm/vfio.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define LOOK_AGAIN_MS 20

struct files {
    char group[32], device[64]; /* "": none */
};

static void find_files(struct backend *b, const char *pci, struct files *ret)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    char path[96], group[16];

    *ret = (struct files){ 0 };
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", pci);
    if (backend_link_name(b, path, group, sizeof(group)) >= 0)
        snprintf(ret->group, sizeof(ret->group), "/dev/vfio/%s", group);
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", pci);
    if (b->ops->list_dir(b, path, &names) >= 0 && names.count > 0)
        snprintf(ret->device, sizeof(ret->device), "/dev/vfio/devices/%.32s", names.items[0]);
}

static bool is_open(struct backend *b, const struct files *f)
{
    static const char *const prefixes[] = { "/dev/vfio/", NULL };
    struct device_users users = { 0 };
    bool found = false;

    if (b->ops->device_users(b, prefixes, &users) < 0)
        return false;
    for (size_t i = 0; i < users.count; i++) {
        const char *device = users.items[i].device;

        found |= str_eq(device, f->group) || str_eq(device, f->device);
    }
    device_users_done(&users);
    return found;
}

int vfio_wait_closed(struct backend *b, const char *pci, unsigned timeout_ms)
{
    const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };
    struct files files;

    find_files(b, pci, &files);
    for (unsigned waited = 0; is_open(b, &files); waited += LOOK_AGAIN_MS) {
        if (waited >= timeout_ms)
            return -ETIMEDOUT;
        nanosleep(&pause, NULL);
    }
    return 0;
}
