/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area network: is there a link, and does what the VF sends arrive? The table, and
 * the checks of links; addresses are in network-mac.c, VLANs and bridges in network-vlan.c, rates,
 * interrupts and resets in network-rate.c.
 *
 * A fault of a VF that somebody uses is an error; of one that lies idle it will be one.
 */
#include "doctor/network.h"

#include "core/quirk.h"
#include "doctor/engine.h"
#include "doctor/wanted.h"

/* Above so many VFs `ip link show` loses some: the list wraps at 64 KiB, and a VF takes 196 bytes
 * (with statistics, as `ip -s` asks for, 296: 221). */
#define IPROUTE2_VFS 334

/* ---- the PF's link ---- */

static void evidence_users(struct doctor *d, struct finding *f, const struct pf *pf, size_t used)
{
    char source[64];

    snprintf(source, sizeof(source), "sriovctl list %s", pf_label(pf));
    evidence(d, f, source, "%zu VFs, %zu in use", pf->n_vfs, used);
}

/* Does any VF have a link all the same (link_state enable; drivers that do not close the port)? */
static bool any_link(const struct doctor *d, const struct pf *pf)
{
    for (size_t i = 0; i < pf->n_vfs; i++) {
        const struct rtnl_link *own = netdev_of_vf(d, &pf->vfs[i]);

        if (own && own->up && own->running)
            return true;
    }
    return false;
}

/* Drivers that leave the port open when their netdev goes down, unless told otherwise by the
 * private flag link-down-on-close. */
static bool port_stays_open(const struct pf *pf)
{
    return str_eq(pf->driver, "i40e") || str_eq(pf->driver, "ice");
}

static void check_pf_down(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *link = netdev_of_pf(d, pf);
    size_t used = vfs_in_use(d, pf);
    struct finding *f;
    char source[64];
    bool may_work;

    (void)vf;
    if (!link || link->up || pf->n_vfs == 0)
        return;
    may_work = port_stays_open(pf) || any_link(d, pf);
    f = report(d, error_if(used > 0 && !may_work, FINDING_WARNING),
               "%s is down, so its VFs have no link", pf_label(pf));
    confidence(f, may_work ? POSSIBLE : CERTAIN);
    snprintf(source, sizeof(source), "ip link show %s", pf->name);
    evidence(d, f, source, "state DOWN, without the flag UP");
    evidence_users(d, f, pf, used);
    remedy(f, FIX_SAFE, "sriovctl set %s link=up", pf_label(pf));
}

static void check_pf_no_carrier(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *link = netdev_of_pf(d, pf);
    size_t used = vfs_in_use(d, pf);
    struct finding *f;
    char path[64];

    (void)vf;
    /* netdevsim has no cable that could be out. */
    if (!link || !link->up || link->running || pf->n_vfs == 0 || pf->bus != PF_ON_PCI)
        return;
    f = report(d, error_if(used > 0 && !any_link(d, pf), FINDING_WARNING),
               "%s is up and has no carrier: cable, module or switch port", pf_label(pf));
    snprintf(path, sizeof(path), "/sys/class/net/%s/carrier", pf->name);
    evidence_file(d, f, path);
    evidence_users(d, f, pf, used);
    remedy(f, FIX_BY_HAND, "look at cable and switch port; `ethtool %s` says what the card sees",
           pf->name);
}

/* ---- the VF's link ---- */

/* Was it asked for? Then it is no fault. */
static bool link_is_meant(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    _cleanup_(goals_done) struct goals goals = { 0 };
    struct sriov_error error = { 0 };
    const struct lease *lease = lease_of(d, pf, vf->index);
    const struct attrs *want;

    if (lease && attr_is(&lease->want, SRIOV_LINK_STATE, SRIOV_LINK_DISABLE))
        return true;
    if (wanted_read(d, &goals, &error) < 0)
        return false;
    want = wanted_of_vf(&goals, pf, vf->index);
    return want && attr_is(want, SRIOV_LINK_STATE, SRIOV_LINK_DISABLE);
}

static void check_link_disabled(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    char label[OBJECT_SIZE];
    struct finding *f;

    if (!attr_is(&vf->attrs, SRIOV_LINK_STATE, SRIOV_LINK_DISABLE) || is_switchdev(pf) ||
        link_is_meant(d, pf, vf))
        return;
    vf_label(pf, vf->index, label);
    f = report(d, error_if(vf_in_use(d, pf, vf), FINDING_WARNING),
               "the link of %s is turned off on its PF", label);
    evidence_attr(d, f, pf, vf, SRIOV_LINK_STATE);
    /* Somebody may have cut a tenant off on purpose. */
    remedy(f, FIX_BY_HAND, "sriovctl set %s link_state=auto", label);
}

/* Would the driver keep the VFs' links up without the cable? */
static bool can_enable_link(const struct pf *pf, unsigned vf)
{
    struct sriov_error error = { 0 };
    struct attrs want = { 0 };

    attrs_set(&want, SRIOV_LINK_STATE, SRIOV_LINK_ENABLE);
    return quirk_check(pf, vf, SRIOV_LINK_STATE, &want, &error) == 0;
}

static void check_link_follows(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *link = netdev_of_pf(d, pf);
    const struct vf *first = NULL;
    struct finding *f;
    size_t count = 0;

    (void)vf;
    if (!link || !link->up || link->running || pf->bus != PF_ON_PCI || is_switchdev(pf))
        return;
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (!attr_is(&pf->vfs[i].attrs, SRIOV_LINK_STATE, SRIOV_LINK_AUTO) ||
            !vf_in_use(d, pf, &pf->vfs[i]))
            continue;
        first = first ? first : &pf->vfs[i];
        count++;
    }
    if (count < 2 || !can_enable_link(pf, first->index))
        return;
    f = report(d, FINDING_INFO,
               "%zu VFs of %s follow its link, and cannot even reach each other without it", count,
               pf_label(pf));
    evidence_attr(d, f, pf, first, SRIOV_LINK_STATE);
    remedy(f, FIX_BY_HAND, "sriovctl set %s/0-%zu link_state=enable", pf_label(pf), pf->n_vfs - 1);
}

/* ---- frame size ---- */

/* Drivers whose port takes frames of any size, whatever the MTU of the PF's netdev is
 * (i40e_vc_get_max_frame_size(), ice_vc_get_max_frame_size()). */
static bool port_takes_all(const struct pf *pf)
{
    return str_eq(pf->driver, "i40e") || str_eq(pf->driver, "ice");
}

static void check_mtu(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *own = netdev_of_vf(d, vf), *link = netdev_of_pf(d, pf);
    bool used = vf_in_use(d, pf, vf);
    char source[64];
    struct finding *f;

    if (!own || !link || own->mtu <= link->mtu || port_takes_all(pf))
        return;
    f = report(d, used ? FINDING_ERROR : FINDING_INFO,
               "%s has MTU %u, its PF %s only %u: its large frames may be dropped", own->name,
               own->mtu, link->name, link->mtu);
    confidence(f, LIKELY);
    snprintf(source, sizeof(source), "ip link show %s", own->name);
    evidence(d, f, source, "mtu %u", own->mtu);
    snprintf(source, sizeof(source), "ip link show %s", link->name);
    evidence(d, f, source, "mtu %u", link->mtu);
    remedy(f, FIX_BY_HAND, "sriovctl set %s mtu=%u", pf_label(pf), own->mtu);
}

/* ---- what other tools show ---- */

static void report_unlisted(struct doctor *d, const struct pf *pf, size_t unlisted)
{
    struct finding *f;
    char source[64];

    f = report(d, FINDING_INFO, "the driver %s leaves %zu of %zu VFs out of its list", pf->driver,
               unlisted, pf->n_vfs);
    confidence(f, LIKELY);
    snprintf(source, sizeof(source), "ip link show %s", pf->name);
    evidence(d, f, source, "%zu VFs are listed", pf->n_vfs - unlisted);
    remedy(f, FIX_BY_HAND, "look again in a moment: the driver is at work on them");
}

static void check_list_truncated(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    size_t unlisted = 0;
    struct finding *f;
    char source[80];

    (void)vf;
    if (pf->ifindex == 0 || driver_has(pf->driver, DRIVER_NO_VF_API))
        return;
    for (size_t i = 0; i < pf->n_vfs; i++)
        unlisted += !pf->vfs[i].listed;
    /* A driver that lists none has no list: that is told elsewhere. */
    if (unlisted > 0 && unlisted < pf->n_vfs)
        report_unlisted(d, pf, unlisted);
    if (pf->n_vfs <= IPROUTE2_VFS)
        return;
    f = report(d, FINDING_INFO, "`ip link show` lists not all of the %zu VFs of %s", pf->n_vfs,
               pf_label(pf));
    snprintf(source, sizeof(source), "ip link show %s", pf->name);
    evidence(d, f, source, "%zu VFs; of more than %d it shows some, or none", pf->n_vfs,
             IPROUTE2_VFS);
    remedy(f, FIX_BY_HAND, "sriovctl list %s", pf_label(pf));
}

/* True of a host that is all right, and so said only to who asks for this PF by name. */
static void check_counters(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct finding *f;

    (void)vf;
    if (!d->target || vfs_in_use(d, pf) == 0 || !driver_find(pf->driver) || is_switchdev(pf) ||
        driver_has(pf->driver, DRIVER_NO_VF_API) || driver_has(pf->driver, DRIVER_VF_STATS))
        return;
    f = report(d, FINDING_INFO, "the driver %s counts no traffic of VFs: the zeros mean nothing",
               pf->driver);
    evidence(d, f, "driver", "%s (its table of operations has no ndo_get_vf_stats)", pf->driver);
    remedy(f, FIX_BY_HAND, "read the counters of the VF's own netdev, where its user is");
}

/* ---- the table ---- */

#define BECAUSE(...)                                                                               \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static const struct check checks[] = {
    { "pf-down", "PF down, so its VFs have no link", SCOPE_PF, NEEDS_NOTHING, NULL, check_pf_down },
    { "pf-no-carrier", "PF without carrier", SCOPE_PF, NEEDS_NOTHING, NULL, check_pf_no_carrier },
    { "vf-link-disabled", "Link of a VF turned off", SCOPE_VF, NEEDS_NOTHING, NULL,
      check_link_disabled },
    { "vf-link-follows-pf", "VFs lose their link with the PF's", SCOPE_PF, NEEDS_NOTHING,
      BECAUSE("pf-no-carrier"), check_link_follows },
    { "vlan-mismatch", "VFs of one subnet in different VLANs", SCOPE_PF, NEEDS_NOTHING, NULL,
      check_vlan_mismatch },
    { "guest-vlan-dropped", "VLAN interface on a VF that has a port VLAN", SCOPE_VF, NEEDS_NOTHING,
      NULL, check_guest_vlan },
    { "mac-change-refused", "VF uses an address that its PF does not let through", SCOPE_VF,
      NEEDS_NOTHING, NULL, check_mac_change_refused },
    { "promiscuous-refused", "Promiscuous mode on a VF that is not trusted", SCOPE_VF,
      NEEDS_NOTHING, NULL, check_promiscuous },
    { "mac-filter-full", "No room for more addresses of a VF", SCOPE_PF, NEEDS_LOG, NULL,
      check_mac_filter },
    { "mac-duplicate", "One MAC address twice", SCOPE_VF, NEEDS_NOTHING, NULL,
      check_mac_duplicate },
    { "bridge-fdb", "VFs cannot reach what is behind the bridge on their PF", SCOPE_PF,
      NEEDS_NOTHING, NULL, check_bridge_fdb },
    { "vepa-hairpin", "Traffic between VFs goes through the outer switch", SCOPE_PF, NEEDS_NOTHING,
      NULL, check_vepa },
    { "rate-refused", "Rate that the driver refuses", SCOPE_PF, NEEDS_POLICY,
      BECAUSE("pf-down", "pf-no-carrier"), check_rate_refused },
    { "rate-lost", "Rate limits dropped by a change of the link speed", SCOPE_PF, NEEDS_NOTHING,
      NULL, check_rate_lost },
    { "mtu-above-pf", "MTU of a VF above that of its PF", SCOPE_VF, NEEDS_NOTHING, NULL,
      check_mtu },
    { "vf-mac-not-taken", "VF has not taken the address its PF gave it", SCOPE_VF, NEEDS_NOTHING,
      NULL, check_vf_mac_not_taken },
    { "zero-mac-spoofchk", "VF without address, and spoof checking on", SCOPE_VF, NEEDS_NOTHING,
      NULL, check_zero_mac },
    { "few-msix", "VF with fewer interrupts than it could have", SCOPE_VF, NEEDS_NOTHING, NULL,
      check_few_msix },
    { "vf-reset-loop", "VF is reset again and again", SCOPE_VF, NEEDS_LOG, NULL, check_reset_loop },
    { "vf-list-truncated", "Other tools do not list all VFs", SCOPE_PF, NEEDS_NOTHING, NULL,
      check_list_truncated },
    { "counters-missing", "Driver without counters for VFs", SCOPE_PF, NEEDS_NOTHING, NULL,
      check_counters },
    { NULL },
};

const struct area area_network = {
    .name = "network",
    .title = "Network",
    .checks = checks,
};
