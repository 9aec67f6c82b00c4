/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding holders. Each kind of evidence is one function that adds what it finds; the expensive
 * scans (all processes' open files, all network namespaces) are made once and only if a VF or PF is
 * there that they could say something about.
 */
#include "core/holder.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/lease.h"
#include "kernel/host.h"

struct search {
    struct backend *b;
    const struct snapshot *s;
    struct holders *found;
    struct device_users users;
    struct foreign_netdevs foreign;
    struct rtnl_addresses addresses;
};

static void search_done(struct search *q)
{
    device_users_done(&q->users);
    foreign_netdevs_done(&q->foreign);
    rtnl_addresses_done(&q->addresses);
}

static const struct {
    enum holder_kind kind;
    const char *name;
} kind_names[] = {
    { HOLDER_VFIO, "vfio" },        { HOLDER_IOMMUFD, "iommufd" }, { HOLDER_UIO, "uio" },
    { HOLDER_RDMA, "rdma" },        { HOLDER_NETNS, "netns" },     { HOLDER_ADDRESS, "address" },
    { HOLDER_UPPER, "upper" },      { HOLDER_LEASE, "lease" },     { HOLDER_ROUTE, "route" },
    { HOLDER_ADMIN, "connection" },
};

const char *holder_kind_name(enum holder_kind kind)
{
    for (size_t i = 0; i < ELEMENTS(kind_names); i++)
        if (kind_names[i].kind == kind)
            return kind_names[i].name;
    return "?";
}

void holders_done(struct holders *h)
{
    free(h->items);
    *h = (struct holders){ 0 };
}

int holders_add(struct holders *h, const struct holder *holder)
{
    struct holder *grown = reallocarray(h->items, h->count + 1, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    h->items = grown;
    grown[h->count++] = *holder;
    return 0;
}

static int add(struct search *q, enum holder_kind kind, const struct pf *pf, int vf, pid_t pid,
               const char *comm, const char *name)
{
    struct holder h = { .kind = kind, .vf = vf, .pid = pid };

    STR_SET(h.pf, pf->key);
    STR_SET(h.comm, comm);
    STR_SET(h.name, name);
    return holders_add(q->found, &h);
}

/* ---- processes with device files open ---- */

static int add_users(struct search *q, enum holder_kind kind, const struct pf *pf, int vf,
                     const char *device)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < q->users.count; i++) {
        const struct device_user *u = &q->users.items[i];

        if (str_eq(u->device, device))
            r = add(q, kind, pf, vf, u->pid, u->comm, u->name);
    }
    return r;
}

/* The folder of a VF or PF that lists its device files of one class, and where those stand in /dev.
 */
struct device_class {
    enum holder_kind kind;
    const char *folder;
    const char *prefix; /* of the names in the folder */
    const char *device; /* where such a name stands in /dev */
};

static const struct device_class device_classes[] = {
    { HOLDER_IOMMUFD, "vfio-dev", "vfio", "/dev/vfio/devices/" },
    { HOLDER_UIO, "uio", "uio", "/dev/" },
    { HOLDER_RDMA, "infiniband_verbs", "uverbs", "/dev/infiniband/" },
};

static int find_class_users(struct search *q, const struct device_class *class, const struct pf *pf,
                            int vf, const char *sysfs)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    char path[128];
    int r = 0;

    snprintf(path, sizeof(path), "%s/%s", sysfs, class->folder);
    if (q->b->ops->list_dir(q->b, path, &names) < 0)
        return 0;
    for (size_t i = 0; r >= 0 && i < names.count; i++) {
        char device[64];

        if (!str_starts(names.items[i], class->prefix))
            continue;
        snprintf(device, sizeof(device), "%s%.32s", class->device, names.items[i]);
        r = add_users(q, class->kind, pf, vf, device);
    }
    return r;
}

static int find_device_users(struct search *q, const struct pf *pf, int vf, const char *sysfs,
                             int iommu_group, bool on_vfio)
{
    int r = 0;

    if (q->users.count == 0 || !sysfs[0])
        return 0;
    if (on_vfio && iommu_group >= 0) {
        char device[64];

        snprintf(device, sizeof(device), "/dev/vfio/%d", iommu_group);
        r = add_users(q, HOLDER_VFIO, pf, vf, device);
        if (r < 0)
            return r;
        /* Without an IOMMU the group's file has another name. */
        snprintf(device, sizeof(device), "/dev/vfio/noiommu-%d", iommu_group);
        r = add_users(q, HOLDER_VFIO, pf, vf, device);
    }
    for (size_t i = 0; r >= 0 && i < ELEMENTS(device_classes); i++)
        r = find_class_users(q, &device_classes[i], pf, vf, sysfs);
    return r;
}

/* ---- other network namespaces ---- */

/* A VF may have more than one netdev: two ports on one function (mlx4), IPoIB children. */
static bool is_netdev_of(const struct vf *vf, const struct rtnl_link *l)
{
    return l->ifindex == vf->ifindex || (vf->pci[0] && str_eq(l->parent, vf->pci));
}

/* A netdev that went into another namespace leaves the folder `net` of its device behind, empty to
 * us. */
static bool netdev_is_elsewhere(struct search *q, const struct vf *vf)
{
    char path[128];

    if (vf->ifindex > 0 || !vf->sysfs[0] || !vf->attrs.driver[0] ||
        driver_is_passthrough(vf->attrs.driver))
        return false;
    snprintf(path, sizeof(path), "%s/net", vf->sysfs);
    return backend_exists(q->b, path);
}

static int find_netns(struct search *q, const struct pf *pf, const struct vf *vf)
{
    for (size_t i = 0; i < q->foreign.count; i++) {
        const struct foreign_netdev *f = &q->foreign.items[i];

        if (vf->pci[0] && str_eq(f->parent, vf->pci))
            return add(q, HOLDER_NETNS, pf, (int)vf->index, f->pid, f->comm,
                       f->name[0] ? f->name : f->netns);
    }
    if (!netdev_is_elsewhere(q, vf))
        return 0;
    return add(q, HOLDER_NETNS, pf, (int)vf->index, 0, "", "unknown namespace");
}

/* ---- addresses and upper devices ---- */

static int find_addresses(struct search *q, const struct pf *pf, const struct vf *vf,
                          const struct rtnl_link *own)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < q->addresses.count; i++) {
        const struct rtnl_address *a = &q->addresses.items[i];

        /* fe80:: is there as soon as the link is up, whether anybody uses it or not. */
        if (a->ifindex == own->ifindex && !a->link_local_v6)
            r = add(q, HOLDER_ADDRESS, pf, (int)vf->index, 0, "", a->text);
    }
    return r;
}

/* A macvlan, vlan or the like that was made on the VF's netdev and went into a container: there,
 * only its message tells what it stands on. */
static int find_foreign_uppers(struct search *q, const struct pf *pf, const struct vf *vf,
                               const struct rtnl_link *own)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < q->foreign.count; i++) {
        const struct foreign_netdev *f = &q->foreign.items[i];
        char name[64];

        if (f->lower != own->ifindex)
            continue;
        snprintf(name, sizeof(name), "%s in %.40s", f->ifname, f->name[0] ? f->name : f->netns);
        r = add(q, HOLDER_UPPER, pf, (int)vf->index, f->pid, f->pid > 0 ? f->comm : f->kind, name);
    }
    return r;
}

static int find_uppers(struct search *q, const struct pf *pf, const struct vf *vf,
                       const struct rtnl_link *own)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < q->s->links.count; i++) {
        const struct rtnl_link *l = &q->s->links.items[i];
        bool stands_on = l->lower == own->ifindex && !l->lower_elsewhere;

        if (l->ifindex != own->ifindex && (stands_on || own->master == l->ifindex))
            r = add(q, HOLDER_UPPER, pf, (int)vf->index, 0, l->kind, l->name);
    }
    return r < 0 ? r : find_foreign_uppers(q, pf, vf, own);
}

static int find_on_netdevs(struct search *q, const struct pf *pf, const struct vf *vf)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < q->s->links.count; i++) {
        const struct rtnl_link *own = &q->s->links.items[i];

        if (!is_netdev_of(vf, own))
            continue;
        r = find_addresses(q, pf, vf, own);
        if (r >= 0)
            r = find_uppers(q, pf, vf, own);
    }
    return r;
}

/* ---- the PF's own ---- */

/* Does link `ifindex` stand on the PF, directly or through vlan, bond, bridge? */
static bool stands_on_pf(const struct snapshot *s, int ifindex, const struct pf *pf, int depth)
{
    const struct rtnl_link *l = snapshot_link(s, ifindex);

    if (!l || pf->ifindex == 0 || depth > 8)
        return false;
    if (ifindex == pf->ifindex)
        return true;
    if (l->lower > 0 && !l->lower_elsewhere && stands_on_pf(s, l->lower, pf, depth + 1))
        return true;
    for (size_t i = 0; i < s->links.count; i++)
        if (s->links.items[i].master == ifindex && s->links.items[i].ifindex != ifindex &&
            stands_on_pf(s, s->links.items[i].ifindex, pf, depth + 1))
            return true;
    return false;
}

static int add_route_holders(struct search *q, enum holder_kind kind, const struct buf *request,
                             bool only_default, const char *name)
{
    _cleanup_buf_ struct buf reply = BUF_INIT;
    int links[32], count, r = 0;

    if (buf_ok(request) < 0)
        return -ENOMEM;
    if (q->b->ops->nl_query(q->b, NETLINK_ROUTE, request->data, &reply, NULL) < 0)
        return 0;
    count = rtnl_parse_route_links(&reply, only_default, links, ELEMENTS(links));
    for (int i = 0; i < count && i < (int)ELEMENTS(links); i++)
        for (size_t p = 0; r >= 0 && p < q->s->n_pfs; p++)
            if (stands_on_pf(q->s, links[i], &q->s->pfs[p], 0))
                r = add(q, kind, &q->s->pfs[p], HOLDER_OF_PF, 0, "", name);
    return r;
}

static int find_default_routes(struct search *q)
{
    static const int families[] = { AF_INET, AF_INET6 };
    int r = 0;

    for (size_t i = 0; r >= 0 && i < ELEMENTS(families); i++) {
        _cleanup_buf_ struct buf request = BUF_INIT;

        rtnl_request_routes(&request, families[i]);
        r = add_route_holders(q, HOLDER_ROUTE, &request, true, "default route");
    }
    return r;
}

/* Only on the running machine: a record of another one says nothing about us. */
static int find_admin(struct search *q)
{
    _cleanup_buf_ struct buf request = BUF_INIT;
    char peer[64], name[64];

    if (!str_eq(q->b->ops->name, "linux") || !host_admin_peer(peer, sizeof(peer)) ||
        rtnl_request_route_to(&request, peer) < 0)
        return 0;
    snprintf(name, sizeof(name), "ssh from %.50s", peer);
    return add_route_holders(q, HOLDER_ADMIN, &request, false, name);
}

/* ---- all of it ---- */

/* "cni 3f2a5c0d9e1b": of the id of a container as much as its runtime shows. */
static int add_lease(struct search *q, const struct pf *pf, const struct lease *l)
{
    char name[sizeof(((struct holder *)NULL)->name)];

    if (l->owner.container[0])
        snprintf(name, sizeof(name), "%.50s %.12s", l->owner.name, l->owner.container);
    else
        STR_SET(name, l->owner.name);
    return add(q, HOLDER_LEASE, pf, (int)l->vf, l->owner.pid, "", name);
}

static int find_leases(struct search *q, const struct lease *leases, size_t n_leases)
{
    char boot[HOST_BOOT_ID_SIZE] = "";
    int r;

    r = n_leases > 0 ? host_boot_id(boot) : 0;
    for (size_t i = 0; r >= 0 && i < n_leases; i++)
        for (size_t p = 0; r >= 0 && p < q->s->n_pfs; p++)
            if (str_eq(leases[i].pf, q->s->pfs[p].key) && lease_is_of_boot(&leases[i], boot))
                r = add_lease(q, &q->s->pfs[p], &leases[i]);
    return r;
}

static int find_of_vf(struct search *q, const struct pf *pf, const struct vf *vf)
{
    int r;

    r = find_device_users(q, pf, (int)vf->index, vf->sysfs, vf->iommu_group,
                          strstr(vf->attrs.driver, "vfio") != NULL);
    if (r >= 0)
        r = find_netns(q, pf, vf);
    return r < 0 ? r : find_on_netdevs(q, pf, vf);
}

static int read_addresses(struct search *q)
{
    _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT;
    int r;

    rtnl_request_addresses(&request);
    r = buf_ok(&request);
    if (r >= 0)
        r = q->b->ops->nl_query(q->b, NETLINK_ROUTE, request.data, &reply, NULL);
    return r < 0 ? r : rtnl_parse_addresses(&reply, &q->addresses);
}

/* What is not in the record that is replayed is no failure; on a machine, not to know who uses a VF
 * is. */
static int unless_recorded(int r)
{
    return r == -ENODATA ? 0 : r;
}

/* Makes the scans that something in the snapshot calls for. */
static int scan(struct search *q)
{
    static const char *const devices[] = { "/dev/vfio/", "/dev/uio", "/dev/infiniband/uverbs",
                                           NULL };
    bool any_vf = false, any_device = false, any_netdev = false;
    int r = 0;

    for (size_t p = 0; p < q->s->n_pfs; p++) {
        any_device |= driver_is_passthrough(q->s->pfs[p].driver);
        for (size_t v = 0; v < q->s->pfs[p].n_vfs; v++) {
            const struct vf *vf = &q->s->pfs[p].vfs[v];

            any_vf = true;
            any_device |= driver_is_passthrough(vf->attrs.driver);
            any_netdev |= vf->ifindex > 0 || netdev_is_elsewhere(q, vf);
        }
    }
    if (any_device || backend_exists(q->b, "/sys/class/infiniband_verbs"))
        r = unless_recorded(q->b->ops->device_users(q->b, devices, &q->users));
    if (r >= 0 && any_netdev)
        r = unless_recorded(q->b->ops->foreign_netdevs(q->b, &q->foreign));
    if (r >= 0 && any_vf)
        r = unless_recorded(read_addresses(q));
    q->found->incomplete = q->users.incomplete || q->foreign.incomplete;
    return r;
}

int holders_find(struct backend *b, const struct snapshot *s, const struct lease *leases,
                 size_t n_leases, struct holders *ret, struct sriov_error *error)
{
    _cleanup_(holders_done) struct holders found = { 0 };
    _cleanup_(search_done) struct search q = { .b = b, .s = s, .found = &found };
    int r;

    r = scan(&q);
    for (size_t p = 0; r >= 0 && p < s->n_pfs; p++) {
        const struct pf *pf = &s->pfs[p];

        for (size_t v = 0; r >= 0 && v < pf->n_vfs; v++)
            r = find_of_vf(&q, pf, &pf->vfs[v]);
        if (r >= 0)
            r = find_device_users(&q, pf, HOLDER_OF_PF, pf->sysfs, pf->iommu_group,
                                  strstr(pf->driver, "vfio") != NULL);
    }
    if (r >= 0)
        r = find_leases(&q, leases, n_leases);
    if (r >= 0 && s->n_pfs > 0)
        r = find_default_routes(&q);
    if (r >= 0 && s->n_pfs > 0)
        r = find_admin(&q);
    if (r < 0)
        return error_set(error, error_code_of(-r), -r, "", "cannot find out who uses the VFs");
    *ret = found;
    found = (struct holders){ 0 };
    return 0;
}

void holder_text(const struct holder *h, char ret[HOLDER_TEXT_SIZE])
{
    const char *kind = holder_kind_name(h->kind);

    if (h->pid > 0 && h->name[0])
        snprintf(ret, HOLDER_TEXT_SIZE, "%s (pid %d, \"%s\") through %s",
                 h->comm[0] ? h->comm : "process", h->pid, h->name, kind);
    else if (h->pid > 0)
        snprintf(ret, HOLDER_TEXT_SIZE, "%s (pid %d) through %s", h->comm[0] ? h->comm : "process",
                 h->pid, kind);
    else if (h->comm[0])
        snprintf(ret, HOLDER_TEXT_SIZE, "%s %s \"%s\"", kind, h->comm, h->name);
    else
        snprintf(ret, HOLDER_TEXT_SIZE, "%s \"%s\"", kind, h->name);
}

void holder_label(const struct holder *h, const struct snapshot *s, char ret[OBJECT_SIZE])
{
    const struct pf *pf = NULL;

    for (size_t i = 0; i < s->n_pfs && !pf; i++)
        pf = str_eq(s->pfs[i].key, h->pf) ? &s->pfs[i] : NULL;
    if (!pf)
        str_copy(ret, OBJECT_SIZE, h->pf);
    else if (h->vf == HOLDER_OF_PF)
        str_copy(ret, OBJECT_SIZE, pf_label(pf));
    else
        vf_label(pf, (unsigned)h->vf, ret);
}

#define NAMES_ROOM 190

void holders_text(const struct holders *h, const struct snapshot *s, struct buf *ret)
{
    for (size_t i = 0; i < h->count; i++) {
        char object[OBJECT_SIZE], who[HOLDER_TEXT_SIZE];

        holder_label(&h->items[i], s, object);
        holder_text(&h->items[i], who);
        if (i > 0 && ret->len + strlen(object) + strlen(who) > NAMES_ROOM) {
            buf_printf(ret, " and %zu more", h->count - i);
            return;
        }
        buf_printf(ret, "%s%s by %s", i ? ", " : "", object, who);
    }
}

void holder_json(const struct holder *h, struct json_writer *w)
{
    json_object(w, NULL);
    json_str(w, "kind", holder_kind_name(h->kind));
    if (h->pid > 0)
        json_i64(w, "pid", h->pid);
    else
        json_null(w, "pid");
    json_str(w, "comm", h->comm[0] ? h->comm : NULL);
    json_str(w, "name", h->name[0] ? h->name : NULL);
    json_end(w);
}
