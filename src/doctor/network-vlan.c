/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who reaches whom: port VLANs of VFs, VLAN interfaces on VFs, a Linux bridge on a PF, and the way
 * that frames between VFs take. Tenants in different VLANs are what VLANs are for; only two ports
 * with addresses of one network in different VLANs are a sign of a mistake.
 */
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "base/mac.h"
#include "doctor/network.h"
#include "kernel/bridge.h"

static int query(struct doctor *d, const struct buf *request, struct buf *ret)
{
    struct backend *b = doctor_backend(d);
    int r = buf_ok(request);

    return r < 0 ? r : b->ops->nl_query(b, NETLINK_ROUTE, request->data, ret, NULL);
}

/* ---- different VLANs, one network ---- */

/* A function of the card that has an address: a VF, or (NULL) the PF, which is in no port VLAN. */
struct port {
    const struct vf *vf;
    uint64_t vlan;
    char label[OBJECT_SIZE];
    char address[56];
    char seen[120]; /* the command that shows the address */
};

struct ports {
    const struct pf *pf;
    struct port
        items[64]; /* enough to find a mistake; a PF with more addresses is no host of ours */
    size_t count;
};

static void add_port(struct ports *p, const struct vf *vf, const char *address, const char *seen)
{
    struct port *port = &p->items[p->count];

    if (p->count >= ELEMENTS(p->items))
        return;
    *port = (struct port){ .vf = vf };
    if (vf) {
        attr_is_set(&vf->attrs, SRIOV_VLAN, &port->vlan);
        vf_label(p->pf, vf->index, port->label);
    } else {
        STR_SET(port->label, pf_label(p->pf));
    }
    STR_SET(port->address, address);
    STR_SET(port->seen, seen);
    p->count++;
}

static void add_ports_here(struct doctor *d, struct ports *p)
{
    _cleanup_(rtnl_addresses_done) struct rtnl_addresses addresses = { 0 };
    _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT;

    rtnl_request_addresses(&request);
    if (query(d, &request, &reply) < 0 || rtnl_parse_addresses(&reply, &addresses) < 0)
        return;
    for (size_t i = 0; i < addresses.count; i++) {
        const struct rtnl_address *a = &addresses.items[i];
        char seen[80];

        if (a->link_local_v6)
            continue;
        if (a->ifindex == p->pf->ifindex) {
            snprintf(seen, sizeof(seen), "ip addr show %s", p->pf->name);
            add_port(p, NULL, a->text, seen);
        }
        for (size_t v = 0; v < p->pf->n_vfs; v++) {
            const struct rtnl_link *own;

            if (p->pf->vfs[v].ifindex != a->ifindex)
                continue;
            own = netdev_of_vf(d, &p->pf->vfs[v]);
            if (!own)
                continue;
            snprintf(seen, sizeof(seen), "ip addr show %s", own->name);
            add_port(p, &p->pf->vfs[v], a->text, seen);
        }
    }
}

/* Of VFs that were given to containers. */
static void add_ports_elsewhere(struct doctor *d, struct ports *p)
{
    _cleanup_(foreign_netdevs_done) struct foreign_netdevs all = { 0 };
    struct backend *b = doctor_backend(d);

    if (b->ops->foreign_netdevs(b, &all) < 0)
        return;
    for (size_t i = 0; i < all.count; i++) {
        const struct foreign_netdev *f = &all.items[i];

        for (size_t v = 0; f->address[0] && v < p->pf->n_vfs; v++) {
            char seen[120];

            if (!p->pf->vfs[v].pci[0] || !str_eq(f->parent, p->pf->vfs[v].pci))
                continue;
            snprintf(seen, sizeof(seen), "ip -n %s addr show %s", f->netns, f->ifname);
            add_port(p, &p->pf->vfs[v], f->address, seen);
        }
    }
}

static bool any_elsewhere(const struct doctor *d, const struct pf *pf)
{
    const struct holders *all = doctor_holders(d);

    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i].kind == HOLDER_NETNS && str_eq(all->items[i].pf, pf->key))
            return true;
    }
    return false;
}

static void report_mismatch(struct doctor *d, const struct pf *pf, const struct port *a,
                            const struct port *b)
{
    const struct port *tagged = b->vf ? b : a, *other = b->vf ? a : b;
    struct finding *f;

    f = report(d, FINDING_WARNING,
               "%s and %s are in one subnet and in different VLANs, %llu and %llu", a->label,
               b->label, (unsigned long long)a->vlan, (unsigned long long)b->vlan);
    confidence(f, LIKELY);
    evidence(d, f, a->seen, "%s", a->address);
    evidence(d, f, b->seen, "%s", b->address);
    if (a->vf)
        evidence_attr(d, f, pf, a->vf, SRIOV_VLAN);
    if (b->vf)
        evidence_attr(d, f, pf, b->vf, SRIOV_VLAN);
    remedy(f, FIX_BY_HAND, "sriovctl set %s vlan=%llu", tagged->label,
           (unsigned long long)other->vlan);
}

void check_vlan_mismatch(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct ports ports = { .pf = pf };
    bool tagged = false;

    (void)vf;
    for (size_t i = 0; i < pf->n_vfs; i++) {
        uint64_t vlan;

        tagged |= attr_is_set(&pf->vfs[i].attrs, SRIOV_VLAN, &vlan);
    }
    if (!tagged || is_switchdev(pf))
        return;
    add_ports_here(d, &ports);
    if (any_elsewhere(d, pf))
        add_ports_elsewhere(d, &ports);
    for (size_t i = 0; i < ports.count; i++) {
        for (size_t k = i + 1; k < ports.count; k++) {
            const struct port *a = &ports.items[i], *b = &ports.items[k];

            /* Who has the very same address is in a network of his own that only looks like it. */
            if (a->vlan != b->vlan && same_network(a->address, b->address) &&
                !str_eq(a->address, b->address)) {
                report_mismatch(d, pf, a, b);
                return;
            }
        }
    }
}

/* ---- two tags ---- */

struct vlan_on_vf {
    char name[16];
    char where[80]; /* "", or in which namespace */
};

static bool vlan_here(const struct doctor *d, int lower, struct vlan_on_vf *ret)
{
    const struct rtnl_links *links = &doctor_snapshot(d)->links;

    for (size_t i = 0; i < links->count; i++) {
        const struct rtnl_link *l = &links->items[i];

        if (l->lower == lower && !l->lower_elsewhere && str_eq(l->kind, "vlan")) {
            STR_SET(ret->name, l->name);
            ret->where[0] = '\0';
            return true;
        }
    }
    return false;
}

/* One that was made here and went into a container. The namespaces are looked through again only
 * if the search for holders found something of the kind. */
static bool vlan_elsewhere(struct doctor *d, const struct pf *pf, const struct vf *vf,
                           struct vlan_on_vf *ret)
{
    _cleanup_(foreign_netdevs_done) struct foreign_netdevs all = { 0 };
    const struct holders *holders = doctor_holders(d);
    struct backend *b = doctor_backend(d);
    bool candidate = false;

    for (size_t i = 0; i < holders->count; i++) {
        const struct holder *h = &holders->items[i];

        candidate |= h->kind == HOLDER_UPPER && h->vf == (int)vf->index && str_eq(h->pf, pf->key) &&
                     strstr(h->name, " in ");
    }
    if (!candidate || b->ops->foreign_netdevs(b, &all) < 0)
        return false;
    for (size_t i = 0; i < all.count; i++) {
        if (all.items[i].lower != vf->ifindex || !str_eq(all.items[i].kind, "vlan"))
            continue;
        STR_SET(ret->name, all.items[i].ifname);
        snprintf(ret->where, sizeof(ret->where), " in %.64s", all.items[i].netns);
        return true;
    }
    return false;
}

/* Cards that may put the port VLAN around the tag that a frame has: E810 with a package for double
 * VLANs, ConnectX whose firmware inserts always (vport_cvlan_insert_always). */
static bool may_have_two_tags(const struct pf *pf)
{
    return str_eq(pf->driver, "ice") || str_eq(pf->driver, "mlx5_core");
}

/* Only what can be seen: igb and ixgbe log "attempted to override administratively set VLAN" for
 * every VF that has a port VLAN and comes up, as Linux then asks for VLAN 0. */
void check_guest_vlan(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *own = netdev_of_vf(d, vf);
    char label[OBJECT_SIZE], source[64];
    struct vlan_on_vf upper;
    struct finding *f;
    uint64_t vlan;

    if (!own || !attr_is_set(&vf->attrs, SRIOV_VLAN, &vlan) || is_switchdev(pf) ||
        !(vlan_here(d, own->ifindex, &upper) || vlan_elsewhere(d, pf, vf, &upper)))
        return;
    vf_label(pf, vf->index, label);
    f = report(d, may_have_two_tags(pf) ? FINDING_INFO : FINDING_ERROR,
               "%s has a port VLAN: the tagged frames of %s%s are dropped", label, upper.name,
               upper.where);
    confidence(f, may_have_two_tags(pf) ? POSSIBLE : LIKELY);
    snprintf(source, sizeof(source), "ip -d link show %s", upper.name);
    evidence(d, f, source, "%s@%s, vlan%s", upper.name, own->name, upper.where);
    evidence_attr(d, f, pf, vf, SRIOV_VLAN);
    remedy(f, FIX_BY_HAND, "sriovctl set %s vlan=0, or no VLAN interface on the VF", label);
}

/* ---- a bridge on the PF ---- */

static const struct rtnl_link *bridge_on(const struct doctor *d, const struct pf *pf)
{
    const struct rtnl_link *link = netdev_of_pf(d, pf);
    const struct rtnl_link *master = link && link->master > 0
                                         ? snapshot_link(doctor_snapshot(d), link->master)
                                         : NULL;

    return master && str_eq(master->kind, "bridge") ? master : NULL;
}

static bool card_knows(const struct fdb *fdb, const struct pf *pf, uint64_t mac)
{
    if (pf->has_mac && pf->mac == mac)
        return true;
    for (size_t i = 0; i < fdb->count; i++) {
        const struct fdb_entry *e = &fdb->items[i];

        if (e->self && e->ifindex == pf->ifindex && e->mac == mac)
            return true;
    }
    return false;
}

/* The same station once more, in another VLAN. */
static bool was_before(const struct fdb *fdb, const struct fdb_entry *e)
{
    for (const struct fdb_entry *i = fdb->items; i < e; i++) {
        if (i->mac == e->mac && i->ifindex == e->ifindex && !i->self)
            return true;
    }
    return false;
}

/* A station behind another port of the bridge that the switch in the card does not know. */
static bool is_unknown_station(const struct fdb *fdb, const struct pf *pf,
                               const struct fdb_entry *e)
{
    return !e->self && !e->local && e->ifindex != pf->ifindex && !card_knows(fdb, pf, e->mac) &&
           !was_before(fdb, e);
}

static void report_fdb(struct doctor *d, const struct pf *pf, const struct rtnl_link *bridge,
                       const struct fdb_entry *station, size_t count)
{
    const struct rtnl_link *port = snapshot_link(doctor_snapshot(d), station->ifindex);
    char source[64], mac[MAC_TEXT_SIZE];
    struct finding *f;

    f = report(d, FINDING_WARNING, "VFs of %s do not reach %zu station%s behind the bridge %s",
               pf_label(pf), count, count == 1 ? "" : "s", bridge->name);
    confidence(f, LIKELY);
    mac_to_text(station->mac, mac);
    snprintf(source, sizeof(source), "bridge fdb show br %s", bridge->name);
    evidence(d, f, source, "%s dev %s master %s", mac, port ? port->name : "?", bridge->name);
    snprintf(source, sizeof(source), "bridge fdb show dev %s", pf->name);
    evidence(d, f, source, "no line `%s self`", mac);
    remedy(f, FIX_BY_HAND, "bridge fdb add %s dev %s self permanent%s", mac, pf->name,
           count == 1 ? "" : ", and so for each of them");
}

void check_bridge_fdb(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT;
    const struct rtnl_link *bridge = bridge_on(d, pf);
    const struct fdb_entry *first = NULL;
    _cleanup_(fdb_done) struct fdb fdb = { 0 };
    size_t count = 0;

    (void)vf;
    if (!bridge || pf->n_vfs == 0 || is_switchdev(pf))
        return;
    bridge_request_fdb(&request, bridge->ifindex);
    if (query(d, &request, &reply) < 0 || bridge_parse_fdb(&reply, &fdb) < 0) {
        cannot_see(d, "the forwarding table of %s could not be read", bridge->name);
        return;
    }
    for (size_t i = 0; i < fdb.count; i++) {
        if (!is_unknown_station(&fdb, pf, &fdb.items[i]))
            continue;
        first = first ? first : &fdb.items[i];
        count++;
    }
    if (first)
        report_fdb(d, pf, bridge, first, count);
}

/* ---- VEPA ---- */

void check_vepa(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT;
    enum bridge_mode mode;
    struct finding *f;
    char source[64];

    (void)vf;
    /* Who has one VF in use has nobody to talk to inside the card. */
    if (pf->ifindex == 0 || is_switchdev(pf) || vfs_in_use(d, pf) < 2)
        return;
    bridge_request_modes(&request);
    if (query(d, &request, &reply) < 0 || bridge_parse_mode(&reply, pf->ifindex, &mode) < 0 ||
        mode != BRIDGE_VEPA)
        return;
    f = report(d, FINDING_WARNING,
               "%s is in VEPA mode: its VFs reach each other only if the switch sends frames back",
               pf_label(pf));
    confidence(f, LIKELY);
    snprintf(source, sizeof(source), "bridge link show dev %s", pf->name);
    evidence(d, f, source, "hwmode VEPA");
    remedy(f, FIX_BY_HAND, "bridge link set dev %s hwmode veb", pf->name);
}
