/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads the model from a backend. One dump of all links gives every netdev's name, address and
 * parent device, so no folder under /sys/class/net is visited; one more request per PF gives its
 * VFs.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>

#include "core/model.h"
#include "core/quirk.h"
#include "kernel/devlink.h"

/* i40e and ice leave a VF out of the list while another operation on it runs (they answer EAGAIN or
 * EBUSY for it). After this many tries its settings are reported as unknown. */
#define VF_LIST_TRIES 3

struct bus {
    enum pf_bus bus;
    const char *name;
    const char *folder;
    const char *marker; /* the file that makes a device of this bus a PF */
};

static const struct bus buses[] = {
    { PF_ON_PCI, "pci", "/sys/bus/pci/devices", "sriov_totalvfs" },
    { PF_ON_NETDEVSIM, "netdevsim", "/sys/bus/netdevsim/devices", "sriov_numvfs" },
};

/* Values of one device folder. What cannot be read leaves the fallback. */
static uint64_t read_number(struct backend *b, const char *folder, const char *file,
                            uint64_t fallback)
{
    char path[128];
    uint64_t value;

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    return backend_read_u64(b, path, &value) < 0 ? fallback : value;
}

static int read_group(struct backend *b, const char *folder)
{
    char path[128], name[16];
    uint64_t value;

    snprintf(path, sizeof(path), "%s/iommu_group", folder);
    if (backend_link_name(b, path, name, sizeof(name)) < 0 ||
        str_to_u64(name, INT32_MAX, &value) < 0)
        return -1;
    return (int)value;
}

static void read_driver(struct backend *b, const char *folder, char *ret, size_t size)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/driver", folder);
    if (backend_link_name(b, path, ret, size) < 0)
        ret[0] = '\0';
}

/* numa_node is -1 on many boards, which the unsigned reader refuses. */
static int read_numa_node(struct backend *b, const char *folder)
{
    return (int)(int64_t)read_number(b, folder, "numa_node", UINT64_MAX);
}

static const struct rtnl_link *link_of_device(const struct snapshot *s, const char *device)
{
    const struct rtnl_link *found = NULL;

    for (size_t i = 0; i < s->links.count; i++) {
        const struct rtnl_link *l = &s->links.items[i];
        /* In switchdev mode the representors of the VFs ("pf0vf3") have the PF as parent too. */
        bool representor = str_starts(l->port_name, "pf") || str_starts(l->port_name, "c");

        if (!str_eq(l->parent, device) || representor)
            continue;
        if (!found || l->ifindex < found->ifindex)
            found = l;
    }
    return found;
}

static void vf_set_link(const struct snapshot *s, struct vf *vf)
{
    const struct rtnl_link *link = vf->pci[0] ? link_of_device(s, vf->pci) : NULL;

    vf->ifindex = link ? link->ifindex : 0;
    attrs_forget(&vf->attrs, SRIOV_MTU);
    attrs_forget(&vf->attrs, SRIOV_NAME);
    if (!link)
        return;
    attrs_set(&vf->attrs, SRIOV_MTU, link->mtu);
    attrs_set_text(&vf->attrs, SRIOV_NAME, link->name);
}

static void vf_read_device(struct backend *b, const struct snapshot *s, struct vf *vf)
{
    char driver[32];

    if (!vf->pci[0])
        return;
    read_driver(b, vf->sysfs, driver, sizeof(driver));
    attrs_set_text(&vf->attrs, SRIOV_DRIVER, driver);
    vf->iommu_group = read_group(b, vf->sysfs);
    vf_set_link(s, vf);
}

/* The virtfn links of a PCI PF are the VFs that exist, whatever sriov_numvfs would say. While VFs
 * are removed, which can take as long as somebody holds one of them, the lower ones are gone
 * already: of those nothing but the number is known. */
static void read_pci_vfs(struct backend *b, struct snapshot *s, struct pf *pf)
{
    unsigned pci_class = 0;

    for (size_t i = 0; i < pf->n_vfs; i++) {
        struct vf *vf = &pf->vfs[i];
        char path[128];

        snprintf(path, sizeof(path), "%s/virtfn%zu", pf->sysfs, i);
        if (backend_link_name(b, path, vf->pci, sizeof(vf->pci)) < 0)
            continue;
        snprintf(vf->sysfs, sizeof(vf->sysfs), "/sys/bus/pci/devices/%s", vf->pci);
        if (pci_class == 0)
            pci_class = (unsigned)read_number(b, vf->sysfs, "class", 0);
        vf->pci_class = pci_class;
        vf_read_device(b, s, vf);
    }
}

static int count_vfs(struct backend *b, const struct pf *pf, size_t *ret)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    size_t count = 0;
    int r;

    if (pf->bus == PF_ON_NETDEVSIM) {
        /* Its VFs are no devices; and its sriov_numvfs is read without a lock (netdevsim/bus.c). */
        *ret = read_number(b, pf->sysfs, "sriov_numvfs", 0);
        return 0;
    }
    r = b->ops->list_dir(b, pf->sysfs, &names);
    if (r < 0)
        return r;
    for (size_t i = 0; i < names.count; i++) {
        uint64_t index;

        if (str_starts(names.items[i], "virtfn") &&
            str_to_u64(names.items[i] + strlen("virtfn"), UINT16_MAX, &index) == 0)
            count = MAX_OF(count, (size_t)index + 1);
    }
    *ret = count;
    return 0;
}

static void take_vf_records(struct pf *pf, const struct rtnl_vfs *records)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct rtnl_vf *record = &records->items[i];
        struct vf *vf = record->index < pf->n_vfs ? &pf->vfs[record->index] : NULL;

        if (!vf)
            continue;
        vf->listed = true;
        for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++)
            if (record->known & (UINT32_C(1) << a))
                attrs_set(&vf->attrs, (enum sriov_attr)a, record->value[a]);
    }
}

static bool all_listed(const struct pf *pf)
{
    for (size_t i = 0; i < pf->n_vfs; i++)
        if (!pf->vfs[i].listed)
            return false;
    return true;
}

static int query(struct backend *b, int protocol, const struct buf *request, struct buf *ret)
{
    if (buf_ok(request) < 0)
        return -ENOMEM;
    return b->ops->nl_query(b, protocol, request->data, ret, NULL);
}

/* The list cannot be had of this PF: it is larger than the kernel had reckoned with (EMSGSIZE:
 * before 6.12, with GUIDs), its driver has none, or the netdev went away. The VFs are there all the
 * same. */
static bool list_is_missing(int r)
{
    return r == -EMSGSIZE || r == -EBADMSG || r == -EOPNOTSUPP || r == -ENODEV || r == -EINVAL ||
           r == -ENODATA;
}

static int read_vf_settings(struct backend *b, struct pf *pf)
{
    if (pf->ifindex == 0 || driver_has(pf->driver, DRIVER_NO_VF_API))
        return 0;
    for (int try = 0; try < VF_LIST_TRIES && !all_listed(pf); try++) {
        _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT;
        _cleanup_(rtnl_vfs_done) struct rtnl_vfs records = { 0 };
        int r;

        rtnl_request_vfs(&request, pf->ifindex);
        r = query(b, NETLINK_ROUTE, &request, &reply);
        if (r >= 0)
            r = rtnl_parse_vfs(&reply, &records);
        if (r < 0)
            return list_is_missing(r) ? 0 : r;
        take_vf_records(pf, &records);
    }
    return 0;
}

static int read_vfs(struct backend *b, struct snapshot *s, struct pf *pf)
{
    size_t count;
    int r;

    r = count_vfs(b, pf, &count);
    if (r < 0)
        return r;
    free(pf->vfs);
    pf->vfs = count > 0 ? calloc(count, sizeof(*pf->vfs)) : NULL;
    if (count > 0 && !pf->vfs) {
        pf->n_vfs = 0;
        return -ENOMEM;
    }
    pf->n_vfs = count;
    attrs_set(&pf->attrs, SRIOV_NUM_VFS, count);
    for (size_t i = 0; i < count; i++) {
        pf->vfs[i].index = (unsigned)i;
        pf->vfs[i].iommu_group = -1;
    }
    if (pf->bus == PF_ON_PCI)
        read_pci_vfs(b, s, pf);
    return count > 0 ? read_vf_settings(b, pf) : 0;
}

static int64_t read_speed(struct backend *b, const struct pf *pf)
{
    char path[64];
    uint64_t speed;

    snprintf(path, sizeof(path), "/sys/class/net/%s/speed", pf->name);
    /* A PF without link answers EINVAL or -1. */
    if (!pf->carrier || backend_read_u64(b, path, &speed) < 0 || speed >= INT32_MAX)
        return -1;
    return (int64_t)speed;
}

static int pf_set_link(const struct snapshot *s, struct pf *pf)
{
    const struct rtnl_link *link = link_of_device(s, pf->key);

    strv_done(&pf->altnames);
    attrs_forget(&pf->attrs, SRIOV_PF_MTU);
    attrs_forget(&pf->attrs, SRIOV_LINK);
    pf->ifindex = link ? link->ifindex : 0;
    pf->name[0] = '\0';
    pf->has_mac = pf->carrier = false;
    pf->speed = -1;
    if (!link)
        return 0;
    STR_SET(pf->name, link->name);
    pf->has_mac = link->has_mac;
    pf->mac = link->mac;
    pf->carrier = link->running;
    attrs_set(&pf->attrs, SRIOV_PF_MTU, link->mtu);
    attrs_set(&pf->attrs, SRIOV_LINK, link->up);
    for (size_t i = 0; i < link->altnames.count; i++)
        if (strv_add(&pf->altnames, link->altnames.items[i]) < 0)
            return -ENOMEM;
    return 0;
}

/* `device` is a name in the bus's folder. -ENOENT if it is no PF. */
static int read_pf(struct backend *b, struct snapshot *s, const struct bus *bus, const char *device,
                   struct pf *ret)
{
    char path[128];
    uint64_t autoprobe;
    int r;

    ret->bus = bus->bus;
    if (!STR_SET(ret->key, device))
        return -ENOENT;
    snprintf(ret->sysfs, sizeof(ret->sysfs), "%s/%s", bus->folder, ret->key);
    snprintf(path, sizeof(path), "%s/%s", ret->sysfs, bus->marker);
    if (!backend_exists(b, path))
        return -ENOENT;
    snprintf(ret->handle, sizeof(ret->handle), "%s/%s", bus->name, ret->key);
    read_driver(b, ret->sysfs, ret->driver, sizeof(ret->driver));
    ret->iommu_group = read_group(b, ret->sysfs);
    ret->numa_node = -1;
    if (bus->bus == PF_ON_PCI) {
        ret->vendor = (unsigned)read_number(b, ret->sysfs, "vendor", 0);
        ret->device = (unsigned)read_number(b, ret->sysfs, "device", 0);
        ret->numa_node = read_numa_node(b, ret->sysfs);
        ret->total_vfs = (unsigned)read_number(b, ret->sysfs, "sriov_totalvfs", 0);
        autoprobe = read_number(b, ret->sysfs, "sriov_drivers_autoprobe", UINT64_MAX);
        ret->autoprobe_supported = autoprobe != UINT64_MAX;
        if (ret->autoprobe_supported)
            attrs_set(&ret->attrs, SRIOV_AUTOPROBE, autoprobe);
    }
    r = pf_set_link(s, ret);
    ret->speed = read_speed(b, ret);
    return r < 0 ? r : read_vfs(b, s, ret);
}

static int add_pf(struct backend *b, struct snapshot *s, const struct bus *bus, const char *device)
{
    struct pf *grown, pf = { 0 };
    int r;

    r = read_pf(b, s, bus, device, &pf);
    if (r >= 0) {
        grown = reallocarray(s->pfs, s->n_pfs + 1, sizeof(*grown));
        if (grown) {
            s->pfs = grown;
            s->pfs[s->n_pfs++] = pf;
            return 0;
        }
        r = -ENOMEM;
    }
    strv_done(&pf.altnames);
    free(pf.vfs);
    /* No PF, or gone between the listing and the look: neither is an error. But a PF that is there
     * is never left out: its VFs would look as if nobody used them. */
    return r == -ENOENT || r == -ENODEV ? 0 : r;
}

static int read_bus(struct backend *b, struct snapshot *s, const struct bus *bus)
{
    _cleanup_strv_ struct strv devices = STRV_INIT;
    int r;

    r = b->ops->list_dir(b, bus->folder, &devices);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    for (size_t i = 0; i < devices.count; i++) {
        r = add_pf(b, s, bus, devices.items[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_links(struct backend *b, struct snapshot *s)
{
    _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT;
    struct rtnl_links links = { 0 };
    int r;

    rtnl_request_links(&request);
    r = query(b, NETLINK_ROUTE, &request, &reply);
    if (r >= 0)
        r = rtnl_parse_links(&reply, &links);
    if (r < 0)
        return r;
    rtnl_links_done(&s->links);
    s->links = links;
    return 0;
}

/* A PF without devlink, or without an eswitch, has no mode: that is no error. */
static void read_eswitch(struct backend *b, uint16_t family, struct pf *pf)
{
    _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT;
    const char *bus = pf->bus == PF_ON_PCI ? "pci" : "netdevsim";
    uint64_t mode;

    attrs_forget(&pf->attrs, SRIOV_ESWITCH_MODE);
    devlink_request_eswitch(&request, family, bus, pf->key);
    if (query(b, NETLINK_GENERIC, &request, &reply) >= 0 &&
        devlink_parse_eswitch(&reply, &mode) >= 0)
        attrs_set(&pf->attrs, SRIOV_ESWITCH_MODE, mode);
}

static void read_eswitches(struct backend *b, struct pf *pfs, size_t count)
{
    _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT;
    uint16_t family;

    if (count == 0)
        return;
    devlink_request_family(&request);
    if (query(b, NETLINK_GENERIC, &request, &reply) < 0 ||
        devlink_parse_family(&reply, &family) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        read_eswitch(b, family, &pfs[i]);
}

static int explain(int r, const char *what, struct sriov_error *error)
{
    if (r < 0)
        error_set(error, error_code_of(-r), -r, "", "cannot read %s", what);
    return r;
}

int snapshot_take(struct backend *b, struct snapshot **ret, struct sriov_error *error)
{
    _cleanup_snapshot_ struct snapshot *s = calloc(1, sizeof(*s));
    int r;

    if (!s)
        return error_no_memory(error);
    r = explain(read_links(b, s), "the network links", error);
    for (size_t i = 0; r >= 0 && i < ELEMENTS(buses); i++)
        r = explain(read_bus(b, s, &buses[i]), buses[i].folder, error);
    if (r < 0)
        return r;
    read_eswitches(b, s->pfs, s->n_pfs);
    *ret = TAKE_PTR(s);
    return 0;
}

int snapshot_refresh_settings(struct backend *b, struct pf *pf, struct sriov_error *error)
{
    for (size_t i = 0; i < pf->n_vfs; i++) {
        pf->vfs[i].listed = false;
        for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++)
            if (attr_row((enum sriov_attr)a)->way == WAY_VF_NETLINK)
                attrs_forget(&pf->vfs[i].attrs, (enum sriov_attr)a);
    }
    return explain(read_vf_settings(b, pf), pf->key, error);
}

int snapshot_refresh(struct backend *b, struct snapshot *s, struct pf *pf,
                     struct sriov_error *error)
{
    int r;

    r = read_links(b, s);
    if (r >= 0)
        r = pf_set_link(s, pf);
    if (r >= 0)
        r = read_vfs(b, s, pf);
    if (r < 0)
        return explain(r, pf->key, error);
    pf->speed = read_speed(b, pf);
    read_driver(b, pf->sysfs, pf->driver, sizeof(pf->driver));
    if (pf->autoprobe_supported)
        attrs_set(&pf->attrs, SRIOV_AUTOPROBE,
                  read_number(b, pf->sysfs, "sriov_drivers_autoprobe", 0));
    read_eswitches(b, pf, 1);
    return 0;
}

/* ---- one VF ---- */

/* One netdev into the snapshot's links, and if it is the PF's the settings of its VFs from the same
 * answer. A netdev that was renamed or went meanwhile is not there. */
static int add_link(struct backend *b, struct snapshot *s, const char *name, struct pf *pf)
{
    _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT;
    _cleanup_(rtnl_links_done) struct rtnl_links links = { 0 };
    _cleanup_(rtnl_vfs_done) struct rtnl_vfs records = { 0 };
    struct rtnl_link *grown;
    int r;

    rtnl_request_link(&request, name, pf != NULL);
    r = query(b, NETLINK_ROUTE, &request, &reply);
    if (r == -ENODEV)
        return 0;
    if (r >= 0)
        r = rtnl_parse_links(&reply, &links);
    if (r >= 0 && pf)
        r = rtnl_parse_vfs(&reply, &records);
    if (r < 0 || links.count == 0)
        return r;
    grown = reallocarray(s->links.items, s->links.count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    s->links.items = grown;
    grown[s->links.count++] = links.items[0];
    links.items[0].altnames = STRV_INIT; /* moved */
    if (pf)
        take_vf_records(pf, &records);
    return 0;
}

/* All netdevs of a device. In switchdev mode the PF's folder has the representors too, so the list
 * of VFs is asked for until it is found. */
static int add_links_of(struct backend *b, struct snapshot *s, const char *folder, struct pf *pf,
                        const struct vf *vf)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    char path[128];
    int r;

    snprintf(path, sizeof(path), "%s/net", folder);
    r = b->ops->list_dir(b, path, &names);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    for (size_t i = 0; r >= 0 && i < names.count; i++)
        r = add_link(b, s, names.items[i], pf && !vf->listed ? pf : NULL);
    return r;
}

/* -ENODEV if there is no such VF. */
static int find_vf(struct backend *b, const struct pf *pf, struct vf *vf)
{
    char path[128];
    int r;

    if (pf->bus == PF_ON_NETDEVSIM)
        return vf->index < read_number(b, pf->sysfs, "sriov_numvfs", 0) ? 0 : -ENODEV;
    snprintf(path, sizeof(path), "%s/virtfn%u", pf->sysfs, vf->index);
    r = backend_link_name(b, path, vf->pci, sizeof(vf->pci));
    if (r < 0)
        return r == -ENOENT ? -ENODEV : r;
    snprintf(vf->sysfs, sizeof(vf->sysfs), "%s/%s", buses[PF_ON_PCI].folder, vf->pci);
    return 0;
}

static int make_one_pf(struct backend *b, struct snapshot *s, const struct vf_place *place)
{
    struct pf *pf = s->pfs = calloc(1, sizeof(*pf));

    if (!pf)
        return -ENOMEM;
    s->n_pfs = 1;
    pf->bus = place->bus;
    pf->numa_node = pf->iommu_group = -1;
    STR_SET(pf->key, place->pf);
    snprintf(pf->handle, sizeof(pf->handle), "%s/%s", buses[place->bus].name, place->pf);
    snprintf(pf->sysfs, sizeof(pf->sysfs), "%s/%s", buses[place->bus].folder, pf->key);
    read_driver(b, pf->sysfs, pf->driver, sizeof(pf->driver));
    pf->vfs = calloc((size_t)place->index + 1, sizeof(*pf->vfs));
    if (!pf->vfs)
        return -ENOMEM;
    pf->n_vfs = (size_t)place->index + 1;
    for (unsigned i = 0; i < pf->n_vfs; i++) {
        pf->vfs[i].index = i;
        pf->vfs[i].iommu_group = -1;
    }
    attrs_set(&pf->attrs, SRIOV_NUM_VFS, pf->n_vfs);
    return 0;
}

static int read_one_vf(struct backend *b, struct snapshot *s, struct pf *pf, struct vf *vf,
                       bool rates)
{
    int r;

    r = find_vf(b, pf, vf);
    if (r >= 0)
        r = add_links_of(b, s, pf->sysfs, driver_has(pf->driver, DRIVER_NO_VF_API) ? NULL : pf, vf);
    if (r >= 0)
        r = pf_set_link(s, pf);
    if (r >= 0 && vf->sysfs[0])
        r = add_links_of(b, s, vf->sysfs, NULL, vf);
    if (r < 0)
        return r;
    vf_read_device(b, s, vf);
    if (rates && pf->bus == PF_ON_PCI)
        pf->device = (unsigned)read_number(b, pf->sysfs, "device", 0);
    if (rates)
        pf->speed = read_speed(b, pf);
    if (quirk_needs_eswitch(pf->driver))
        read_eswitches(b, pf, 1);
    return 0;
}

int snapshot_take_vf(struct backend *b, const struct vf_place *place, bool rates,
                     struct snapshot **ret, struct sriov_error *error)
{
    _cleanup_snapshot_ struct snapshot *s = calloc(1, sizeof(*s));
    char object[OBJECT_SIZE];
    int r;

    r = s ? make_one_pf(b, s, place) : -ENOMEM;
    if (r >= 0)
        r = read_one_vf(b, s, s->pfs, &s->pfs->vfs[place->index], rates);
    if (r >= 0) {
        *ret = TAKE_PTR(s);
        return 0;
    }
    snprintf(object, sizeof(object), "%s/%u", place->pf, place->index);
    if (r != -ENODEV)
        return explain(r, object, error);
    error_set(error, SRIOV_NO_DEVICE, ENODEV, object, "there is no such VF");
    error_remedy(error, "`sriovctl list` shows those that are there");
    return r;
}
