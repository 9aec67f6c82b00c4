/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Addresses of VFs: what the PF has set, what the VF uses, and what the card lets through. A VF has
 * two addresses, the one its PF knows (IFLA_VF_MAC) and the one of its netdev or guest; with spoof
 * checking on, frames with any other than the first are dropped without a word.
 *
 * The kernel log alone proves little: igb logs "attempted to override" also when igbvf starts with
 * the very address it was given (igb_set_vf_mac_addr(), 6.12).
 */
#include <stdio.h>
#include <string.h>

#include "base/mac.h"
#include "doctor/network.h"
#include "doctor/wanted.h"

#define LOG_OVERRIDE "override administratively set MAC address"
#define LOG_DENIED "requested MACVLAN filter but is administratively denied"
#define LOG_SPOOF "Spoof event(s) detected on VF"
#define LOG_PROMISCUOUS "is attempting to configure promiscuous mode"

/* /sys/class/net/NAME/addr_assign_type (include/uapi/linux/netdevice.h) */
#define ADDRESS_SET 3 /* somebody chose it */

static void evidence_own_mac(struct doctor *d, struct finding *f, const struct rtnl_link *link)
{
    char source[64], mac[MAC_TEXT_SIZE];

    snprintf(source, sizeof(source), "ip link show %s", link->name);
    mac_to_text(link->mac, mac);
    evidence(d, f, source, "link/ether %s", mac);
}

/* The PF has an address for the VF, and the VF's netdev has another. */
static bool macs_differ(const struct doctor *d, const struct vf *vf, const struct rtnl_link **ret)
{
    const struct rtnl_link *own = netdev_of_vf(d, vf);
    uint64_t mac;

    if (!own || !own->has_mac || !attr_is_set(&vf->attrs, SRIOV_MAC, &mac) || mac == own->mac)
        return false;
    *ret = own;
    return true;
}

/* Drivers that refuse their VFs any other address than the PF's, and filter what comes in by it. */
static bool pf_decides(const struct pf *pf)
{
    static const char *const drivers[] = { "igb", "ixgbe", "i40e", "ice" };

    for (size_t i = 0; i < ELEMENTS(drivers); i++) {
        if (str_eq(drivers[i], pf->driver))
            return true;
    }
    return false;
}

/* Is it the VF's address that was changed, not the PF's idea of it? The type alone does not tell:
 * systemd, too, sets one where the driver made one up. */
static bool was_chosen(struct doctor *d, const struct pf *pf, const struct rtnl_link *own)
{
    uint64_t type;

    return !pf_decides(pf) &&
           read_number(d, &type, "/sys/class/net/%s/addr_assign_type", own->name) &&
           type == ADDRESS_SET;
}

/* ---- an address that the PF does not let through ---- */

static void report_changed(struct doctor *d, const struct pf *pf, const struct vf *vf,
                           const struct rtnl_link *own)
{
    char label[OBJECT_SIZE], mac[MAC_TEXT_SIZE], path[96];
    struct finding *f;

    /* Without it the card learns the new address (mlx5). */
    if (!attr_is(&vf->attrs, SRIOV_SPOOFCHK, 1))
        return;
    vf_label(pf, vf->index, label);
    f = report(d, error_if(vf_in_use(d, pf, vf), FINDING_INFO),
               "%s has another address than its PF knows: spoof checking drops its frames",
               own->name);
    evidence_own_mac(d, f, own);
    evidence_attr(d, f, pf, vf, SRIOV_MAC);
    evidence_attr(d, f, pf, vf, SRIOV_SPOOFCHK);
    snprintf(path, sizeof(path), "/sys/class/net/%s/addr_assign_type", own->name);
    evidence_file(d, f, path);
    mac_to_text(own->mac, mac);
    /* Which of the two is right, somebody must say. */
    remedy(f, FIX_BY_HAND, "sriovctl set %s mac=%s", label, mac);
}

/* Other stations send through the VF: it is a port of a bridge that has other ports. */
static const struct rtnl_link *bridge_over(const struct doctor *d, const struct rtnl_link *own)
{
    const struct snapshot *s = doctor_snapshot(d);
    const struct rtnl_link *bridge = own->master > 0 ? snapshot_link(s, own->master) : NULL;

    if (!bridge || !str_eq(bridge->kind, "bridge"))
        return NULL;
    if (bridge->has_mac && own->has_mac && bridge->mac != own->mac)
        return bridge;
    for (size_t i = 0; i < s->links.count; i++) {
        if (s->links.items[i].master == bridge->ifindex && &s->links.items[i] != own)
            return bridge;
    }
    return NULL;
}

static bool report_bridged(struct doctor *d, const struct pf *pf, const struct vf *vf,
                           const struct rtnl_link *own)
{
    const struct rtnl_link *bridge = bridge_over(d, own);
    char label[OBJECT_SIZE], source[64];
    struct finding *f;

    if (!bridge || !attr_is(&vf->attrs, SRIOV_SPOOFCHK, 1) || attr_is(&vf->attrs, SRIOV_TRUST, 1))
        return false;
    vf_label(pf, vf->index, label);
    f = report(d, error_if(vf_in_use(d, pf, vf), FINDING_INFO),
               "%s is a port of the bridge %s: spoof checking drops what others send through it",
               own->name, bridge->name);
    confidence(f, LIKELY);
    snprintf(source, sizeof(source), "ip link show %s", own->name);
    evidence(d, f, source, "master %s", bridge->name);
    evidence_attr(d, f, pf, vf, SRIOV_SPOOFCHK);
    evidence_attr(d, f, pf, vf, SRIOV_TRUST);
    remedy(f, FIX_BY_HAND, "sriovctl set %s trust=on spoofchk=off", label);
    return true;
}

/* igbvf offers its address at every start and whenever it goes down, and igb logs each; only an
 * offer made while the link was up is somebody's wish. */
static const char *refused_while_up(struct doctor *d, const struct pf *pf, const struct vf *vf,
                                    const struct rtnl_link *own)
{
    const char *line, *refused = NULL;
    bool link_is_up = false;
    size_t place = 0;

    if (!own->up || !own->running)
        return NULL;
    while ((line = log_next(d, &place, "igb", NULL))) {
        if (strstr(line, vf->pci) && strstr(line, "Link is ")) {
            link_is_up = strstr(line, "Link is Up") != NULL;
            refused = NULL;
        } else if (link_is_up && strstr(line, pf->key) && strstr(line, LOG_OVERRIDE) &&
                   log_names_vf(line, vf->index)) {
            refused = line;
        }
    }
    return refused;
}

/* Of a guest only the log tells; that of igb tells too much (see above). */
static const char *refused_in_guest(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const char *line = NULL;

    if (!vf_is_passed_through(d, pf, vf))
        return NULL;
    if (!str_eq(pf->driver, "igb"))
        line = log_of_vf(d, pf, vf->index, LOG_OVERRIDE);
    if (!line)
        line = log_of_vf(d, pf, vf->index, LOG_DENIED);
    if (!line && attr_is(&vf->attrs, SRIOV_SPOOFCHK, 1))
        line = log_of_vf(d, pf, vf->index, LOG_SPOOF);
    return line;
}

static void report_refused(struct doctor *d, const struct pf *pf, const struct vf *vf,
                           const struct rtnl_link *own)
{
    char label[OBJECT_SIZE];
    struct finding *f;
    uint64_t mac;
    const char *line;

    if (attr_is(&vf->attrs, SRIOV_TRUST, 1) || !attr_is_set(&vf->attrs, SRIOV_MAC, &mac))
        return;
    if (own)
        line = str_eq(pf->driver, "igb") ? refused_while_up(d, pf, vf, own) : NULL;
    else
        line = refused_in_guest(d, pf, vf);
    if (!line)
        return;
    vf_label(pf, vf->index, label);
    f = report(d, FINDING_WARNING, "%s tried to use another address than its PF gave it", label);
    confidence(f, LIKELY);
    evidence_log(d, f, line);
    evidence_attr(d, f, pf, vf, SRIOV_MAC);
    evidence_attr(d, f, pf, vf, SRIOV_TRUST);
    remedy(f, FIX_BY_HAND,
           "give it the address it wants: sriovctl set %s mac=ADDRESS; or let it choose: trust=on",
           label);
}

void check_mac_change_refused(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *own = netdev_of_vf(d, vf), *changed;

    if (is_switchdev(pf))
        return;
    if (macs_differ(d, vf, &changed) && was_chosen(d, pf, changed))
        report_changed(d, pf, vf, changed);
    else if (!own || !report_bridged(d, pf, vf, own))
        report_refused(d, pf, vf, own);
}

/* ---- an address that the VF has not heard of ---- */

void check_vf_mac_not_taken(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *own;
    char label[OBJECT_SIZE];
    struct finding *f;
    bool mute;

    if (is_switchdev(pf) || !macs_differ(d, vf, &own) || was_chosen(d, pf, own))
        return;
    /* A trusted VF may have another, and what it asks for is let in: a port of a bond. */
    mute = pf_decides(pf) ? !attr_is(&vf->attrs, SRIOV_TRUST, 1)
                          : attr_is(&vf->attrs, SRIOV_SPOOFCHK, 1);
    vf_label(pf, vf->index, label);
    f = report(d, error_if(mute && vf_in_use(d, pf, vf), FINDING_INFO),
               "%s still has the address from before its PF gave it another", own->name);
    evidence_own_mac(d, f, own);
    evidence_attr(d, f, pf, vf, SRIOV_MAC);
    evidence_attr(d, f, pf, vf, SRIOV_SPOOFCHK);
    remedy(f, FIX_BY_HAND, "sriovctl unbind %s && sriovctl bind %s default", label, label);
}

/* With no address to compare to, mlx5 drops all that the VF sends once spoof checking is on
 * (esw_acl_ingress_lgcy_setup()); netdevsim stands in for it in tests. Others wait for the VF to
 * say which address it has. */
void check_zero_mac(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    char label[OBJECT_SIZE];
    struct finding *f;

    if (!str_eq(pf->driver, "mlx5_core") && pf->bus != PF_ON_NETDEVSIM)
        return;
    if (is_switchdev(pf) || !attr_is(&vf->attrs, SRIOV_MAC, 0) ||
        !attr_is(&vf->attrs, SRIOV_SPOOFCHK, 1))
        return;
    vf_label(pf, vf->index, label);
    f = report(d, vf_in_use(d, pf, vf) ? FINDING_ERROR : FINDING_WARNING,
               "%s has no address and spoof checking on: nothing it sends gets out", label);
    evidence_attr(d, f, pf, vf, SRIOV_MAC);
    evidence_attr(d, f, pf, vf, SRIOV_SPOOFCHK);
    remedy(f, FIX_BY_HAND, "sriovctl set %s mac=ADDRESS", label);
}

/* ---- one address twice ---- */

/* The address others reach the VF by. */
static bool address_of(const struct doctor *d, const struct vf *vf, uint64_t *ret)
{
    const struct rtnl_link *own;

    if (attr_is_set(&vf->attrs, SRIOV_MAC, ret))
        return true;
    own = netdev_of_vf(d, vf);
    if (!own || !own->has_mac || own->mac == 0)
        return false;
    *ret = own->mac;
    return true;
}

/* A bond gives its own address to all its ports. */
static bool in_one_bond(const struct doctor *d, const struct vf *a, const struct vf *b)
{
    const struct rtnl_link *x = netdev_of_vf(d, a), *y = netdev_of_vf(d, b);

    return x && y && x->master > 0 && x->master == y->master;
}

static bool same_vlan(const struct vf *a, const struct vf *b)
{
    uint64_t x = 0, y = 0;

    attr_is_set(&a->attrs, SRIOV_VLAN, &x);
    attr_is_set(&b->attrs, SRIOV_VLAN, &y);
    return x == y;
}

/* VFs of two cards may be one bond in one guest, with one address on purpose. */
static bool may_be_one_guest(const struct doctor *d, const struct pf *pf, const struct vf *vf,
                             const struct pf *other_pf, const struct vf *other)
{
    const struct holder *a = holder_of(d, pf, (int)vf->index);
    const struct holder *b = holder_of(d, other_pf, (int)other->index);

    return !a || !b || (a->pid == b->pid && str_eq(a->name, b->name));
}

static void report_twice(struct doctor *d, enum severity severity, const struct pf *pf,
                         const struct vf *vf, uint64_t mac, const char *other)
{
    char label[OBJECT_SIZE], text[MAC_TEXT_SIZE];
    struct finding *f;

    vf_label(pf, vf->index, label);
    mac_to_text(mac, text);
    f = report(d, severity, "%s and %s have the same MAC address %s", label, other, text);
    about_pf(f, pf);
    confidence(f, severity == FINDING_ERROR ? CERTAIN : POSSIBLE);
    evidence_attr(d, f, pf, vf, SRIOV_MAC);
    evidence(d, f, other, "%s", text);
    remedy(f, FIX_BY_HAND, "sriovctl set %s mac=ADDRESS, another one", label);
}

static bool duplicates_of_pf(struct doctor *d, const struct pf *pf, const struct vf *vf,
                             uint64_t mac, const struct pf *other_pf)
{
    bool same_card = other_pf == pf;

    if (other_pf->has_mac && other_pf->mac == mac) {
        report_twice(d, same_card ? FINDING_ERROR : FINDING_INFO, pf, vf, mac, pf_label(other_pf));
        return true;
    }
    for (size_t i = 0; i < other_pf->n_vfs; i++) {
        const struct vf *other = &other_pf->vfs[i];
        char label[OBJECT_SIZE];
        uint64_t theirs;
        bool clash;

        if (same_card && other->index >= vf->index)
            break;
        if (!address_of(d, other, &theirs) || theirs != mac || in_one_bond(d, vf, other))
            continue;
        clash = same_vlan(vf, other) &&
                (same_card || !may_be_one_guest(d, pf, vf, other_pf, other));
        vf_label(other_pf, other->index, label);
        report_twice(d, clash ? FINDING_ERROR : FINDING_INFO, pf, vf, mac, label);
        return true;
    }
    return false;
}

/* Each pair once: with what comes before it. */
void check_mac_duplicate(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct snapshot *s = doctor_snapshot(d);
    uint64_t mac;

    if (!address_of(d, vf, &mac))
        return;
    for (const struct pf *other = s->pfs; other < s->pfs + s->n_pfs; other++) {
        if (duplicates_of_pf(d, pf, vf, mac, other) || other == pf)
            return;
    }
}

/* ---- traffic of others ---- */

/* Drivers that let only a trusted VF see what is not for it. igb lets no VF see other unicast at
 * all, and multicast of others only a VF that asks for it. */
static bool promiscuous_needs_trust(const struct pf *pf)
{
    static const char *const drivers[] = { "igb", "ixgbe", "i40e", "ice", "mlx5_core" };

    for (size_t i = 0; i < ELEMENTS(drivers); i++) {
        if (str_eq(drivers[i], pf->driver))
            return true;
    }
    return false;
}

void check_promiscuous(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *own = netdev_of_vf(d, vf);
    const char *line = NULL;
    char label[OBJECT_SIZE], source[64];
    struct finding *f;

    if (!promiscuous_needs_trust(pf) || !attr_is(&vf->attrs, SRIOV_TRUST, 0) || is_switchdev(pf))
        return;
    if (!own && vf_is_passed_through(d, pf, vf))
        line = log_of_vf(d, pf, vf->index, LOG_PROMISCUOUS);
    if (!line && !(own && (own->promisc || own->allmulti)))
        return;
    vf_label(pf, vf->index, label);
    f = report(d, FINDING_WARNING, "%s is to see the traffic of others, and is not trusted", label);
    confidence(f, LIKELY);
    if (line) {
        evidence_log(d, f, line);
    } else {
        snprintf(source, sizeof(source), "ip link show %s", own->name);
        evidence(d, f, source, own->promisc ? "PROMISC" : "ALLMULTI");
    }
    evidence_attr(d, f, pf, vf, SRIOV_TRUST);
    remedy(f, FIX_BY_HAND, "sriovctl set %s trust=on", label);
}

/* ---- filters ---- */

static const char *const filter_messages[] = {
    "has requested a MAC filter but there is no space for it",     /* igb */
    "has requested a MACVLAN filter but there is no space for it", /* ixgbe */
    "add more MAC addresses", /* i40e "Cannot …, VF is not trusted", ice "Can't …, because VF-3" */
};

static void report_filter(struct doctor *d, const struct pf *pf, const struct vf *vf,
                          const char *line)
{
    struct finding *f;

    f = report(d, FINDING_WARNING, "the card has no room for more addresses of a VF of %s",
               pf_label(pf));
    confidence(f, vf ? LIKELY : POSSIBLE);
    evidence_log(d, f, line);
    if (!vf) {
        remedy(f, FIX_BY_HAND,
               "fewer addresses in the guests, or trust=on for the one who needs it");
        return;
    }
    about_vf(f, pf, vf->index);
    evidence_attr(d, f, pf, vf, SRIOV_TRUST);
    remedy(f, FIX_BY_HAND, "sriovctl set %s trust=on", f->object);
}

static bool lacks_trust(const struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    return vf_in_use(d, pf, vf) && !attr_is(&vf->attrs, SRIOV_TRUST, 1);
}

/* Could it have been one of those in use? */
static bool any_lacks_trust(const struct doctor *d, const struct pf *pf)
{
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (lacks_trust(d, pf, &pf->vfs[i]))
            return true;
    }
    return false;
}

/* Lines that name a VF are about that one; i40e names none. They count while the VF is in use. */
void check_mac_filter(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    (void)vf;
    for (size_t m = 0; m < ELEMENTS(filter_messages); m++) {
        const char *line = log_last(d, pf->key, filter_messages[m]);
        bool named = false;

        for (size_t i = 0; line && i < pf->n_vfs; i++) {
            const char *own = log_of_vf(d, pf, pf->vfs[i].index, filter_messages[m]);

            named |= own != NULL;
            if (own && lacks_trust(d, pf, &pf->vfs[i]))
                report_filter(d, pf, &pf->vfs[i], own);
        }
        if (line && !named && str_eq(pf->driver, "i40e") && any_lacks_trust(d, pf))
            report_filter(d, pf, NULL, line);
    }
}
