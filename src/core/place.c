/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the PCI address of a VF to its PF and number. The kernel links both ways, but the number is
 * only in the name of the PF's link (virtfn3): it follows from the two addresses by the PF's
 * sriov_offset and sriov_stride (PCIe, SR-IOV capability), and the link confirms it. So it costs
 * the same with 1,000 VFs as with one.
 */
#include <errno.h>
#include <stdio.h>

#include "core/model.h"

#define FOLDER "/sys/bus/pci/devices"

/* Bus, device and function as one number; the domain is the PF's. */
static int routing_id(const char *pci, unsigned *ret)
{
    unsigned domain, bus, device, function;
    char end;

    if (sscanf(pci, "%x:%2x:%2x.%1x%c", &domain, &bus, &device, &function, &end) != 4)
        return -EINVAL;
    *ret = bus << 8 | device << 3 | function;
    return 0;
}

static bool is_link_of(struct backend *b, const char *pf, unsigned index, const char *pci)
{
    char path[96], name[16];

    snprintf(path, sizeof(path), FOLDER "/%s/virtfn%u", pf, index);
    return backend_link_name(b, path, name, sizeof(name)) >= 0 && str_eq(name, pci);
}

int vf_number_at(struct backend *b, const char *pf, const char *pci, unsigned *ret)
{
    uint64_t offset, stride;
    unsigned own, vf;
    char path[96];

    snprintf(path, sizeof(path), FOLDER "/%s/sriov_offset", pf);
    if (backend_read_u64(b, path, &offset) < 0)
        return -ENOENT;
    snprintf(path, sizeof(path), FOLDER "/%s/sriov_stride", pf);
    if (backend_read_u64(b, path, &stride) < 0)
        return -ENOENT;
    if (routing_id(pf, &own) < 0 || routing_id(pci, &vf) < 0 || vf < own + offset)
        return -ENOENT;
    vf -= own + (unsigned)offset;
    *ret = stride > 0 ? vf / (unsigned)stride : 0; /* one VF needs no stride */
    return stride > 0 && vf % stride != 0 ? -ENOENT : 0;
}

static int calculate(struct backend *b, const char *pf, const char *pci, unsigned *ret)
{
    int r = vf_number_at(b, pf, pci, ret);

    return r < 0 || is_link_of(b, pf, *ret, pci) ? r : -ENOENT;
}

/* What is there but is no VF, and what is not there at all. */
static int no_vf(struct backend *b, const char *pci, struct sriov_error *error)
{
    char path[96];

    snprintf(path, sizeof(path), FOLDER "/%s/sriov_totalvfs", pci);
    if (backend_exists(b, path)) {
        error_set(error, SRIOV_NO_DEVICE, ENODEV, pci, "is a PF, not a VF");
        error_remedy(error, "give the address of one of its VFs: `sriovctl list %s`", pci);
        return -ENODEV;
    }
    snprintf(path, sizeof(path), FOLDER "/%s", pci);
    if (backend_exists(b, path))
        error_set(error, SRIOV_NO_DEVICE, ENODEV, pci, "is a PCI device, but no VF");
    else
        error_set(error, SRIOV_NO_DEVICE, ENODEV, pci, "there is no such PCI device");
    error_remedy(error, "`sriovctl list` shows the VFs");
    return -ENODEV;
}

int vf_place_of_pci(struct backend *b, const char *pci, struct vf_place *ret,
                    struct sriov_error *error)
{
    struct vf_place place = { .bus = PF_ON_PCI };
    char path[96];
    unsigned id;

    if (strlen(pci) >= 16 || routing_id(pci, &id) < 0)
        return error_set(error, SRIOV_USAGE, 0, pci,
                         "is no PCI address: it looks like 0000:01:10.0");
    snprintf(path, sizeof(path), FOLDER "/%s/physfn", pci);
    if (backend_link_name(b, path, place.pf, sizeof(place.pf)) < 0)
        return no_vf(b, pci, error);
    if (calculate(b, place.pf, pci, &place.index) < 0)
        return error_set(error, SRIOV_NO_DEVICE, ENODEV, pci, "its PF %s does not know it",
                         place.pf);
    *ret = place;
    return 0;
}
