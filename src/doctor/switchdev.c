/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area switchdev: PFs whose switch is programmed through representors, one netdev for
 * each VF, instead of by settings on the PF. A representor is known by its phys_port_name,
 * "pf0vf3" or "c1pf0vf3" (net/devlink/port.c), and by its parent device, which is the PF's.
 */
#include <ctype.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "core/quirk.h"
#include "doctor/network.h"
#include "doctor/switchdev.h"
#include "doctor/wanted.h"
#include "kernel/devlink.h"
#include "kernel/ethtool.h"

/* The driver whose VFs must be unbound while the mode changes; ice (DRIVER_ESWITCH_FIRST) wants
 * none at all. */
#define NEEDS_UNBOUND_VFS "mlx5_core"

bool port_is_vf(const char *port_name, unsigned *ret)
{
    const char *vf = strstr(port_name, "vf");
    uint64_t number;

    if (!(str_starts(port_name, "pf") || str_starts(port_name, "c")) || !vf ||
        str_to_u64(vf + strlen("vf"), UINT16_MAX, &number) < 0)
        return false;
    *ret = (unsigned)number;
    return true;
}

/* Those of ice have no parent (ice_repr_add_vf() gives them a devlink port only): the number of the
 * PF in their names, "pf1vf3", is that of the function. */
static bool is_of_pf(const struct pf *pf, const struct rtnl_link *l)
{
    const char *function = strrchr(pf->key, '.');
    char start[16];

    if (l->parent[0] || !function || !str_eq(pf->driver, "ice"))
        return str_eq(l->parent, pf->key);
    snprintf(start, sizeof(start), "pf%.2svf", function + 1);
    return str_starts(l->port_name, start);
}

static bool is_representor(const struct pf *pf, const struct rtnl_link *l, unsigned *ret)
{
    return is_of_pf(pf, l) && l->ifindex != pf->ifindex && port_is_vf(l->port_name, ret);
}

static const struct rtnl_link *representor_of(const struct doctor *d, const struct pf *pf,
                                              unsigned vf)
{
    const struct rtnl_links *links = &doctor_snapshot(d)->links;

    for (size_t i = 0; i < links->count; i++) {
        unsigned number;

        if (is_representor(pf, &links->items[i], &number) && number == vf)
            return &links->items[i];
    }
    return NULL;
}

static void evidence_mode(struct doctor *d, struct finding *f, const struct pf *pf)
{
    char source[80], text[ATTR_TEXT_SIZE];

    snprintf(source, sizeof(source), "devlink dev eswitch show %s", pf->handle);
    attr_text(attr_row(SRIOV_ESWITCH_MODE), &pf->attrs, text);
    evidence(d, f, source, "mode %s", text);
}

/* ---- the mode ---- */

static const struct vf *first_bound(const struct pf *pf)
{
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (pf->vfs[i].attrs.driver[0])
            return &pf->vfs[i];
    }
    return NULL;
}

/* Another mode is wanted than there is; `ret` has the two. */
static bool mode_is_to_change(const struct goals *goals, const struct pf *pf, uint64_t *ret)
{
    const struct goal *goal = wanted_of_pf(goals, pf);

    if (!goal || !attrs_has(&goal->want, SRIOV_ESWITCH_MODE) ||
        !attrs_has(&pf->attrs, SRIOV_ESWITCH_MODE))
        return false;
    *ret = goal->want.value[SRIOV_ESWITCH_MODE];
    return *ret != pf->attrs.value[SRIOV_ESWITCH_MODE];
}

static void check_mode_busy(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    _cleanup_(goals_done) struct goals goals = { 0 };
    bool needs_none = driver_has(pf->driver, DRIVER_ESWITCH_FIRST);
    bool needs_unbound = str_eq(pf->driver, NEEDS_UNBOUND_VFS);
    const struct vf *bound = first_bound(pf);
    struct sriov_error error = { 0 };
    char source[96];
    struct finding *f;
    uint64_t mode;

    (void)vf;
    if (wanted_read(d, &goals, &error) < 0 || !mode_is_to_change(&goals, pf, &mode) ||
        pf->n_vfs == 0 || !(needs_none || (needs_unbound && bound)))
        return;
    f = report(d, FINDING_WARNING, "%s cannot change the eswitch mode of %s while %s", pf->driver,
               pf_label(pf), needs_none ? "it has VFs" : "its VFs have drivers");
    evidence_mode(d, f, pf);
    evidence(d, f, wanted_of_pf(&goals, pf)->where, "eswitch_mode: %s",
             mode == ESWITCH_SWITCHDEV ? "switchdev" : "legacy");
    if (needs_none) {
        snprintf(source, sizeof(source), "%s/virtfn*", pf->sysfs);
        evidence(d, f, source, "%zu VFs", pf->n_vfs);
        remedy(f, FIX_BY_HAND, "sriovctl create %s 0, then sriovctl apply", pf_label(pf));
        return;
    }
    snprintf(source, sizeof(source), "%s/driver", bound->sysfs);
    evidence_link(d, f, source);
    remedy(f, FIX_BY_HAND, "sriovctl unbind %s/N for each VF, then sriovctl apply", pf_label(pf));
}

/* ---- settings of the other mode ---- */

static void report_legacy(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *representor = representor_of(d, pf, vf->index);
    char label[OBJECT_SIZE];
    struct finding *f;

    vf_label(pf, vf->index, label);
    f = report(d, FINDING_WARNING,
               "%s has a port VLAN, which means nothing while %s is in switchdev mode", label,
               pf_label(pf));
    confidence(f, LIKELY);
    evidence_mode(d, f, pf);
    evidence_attr(d, f, pf, vf, SRIOV_VLAN);
    remedy(f, FIX_BY_HAND,
           "with its representor in a bridge: bridge vlan add dev %s vid %llu pvid untagged",
           representor ? representor->name : "REPRESENTOR",
           (unsigned long long)vf->attrs.value[SRIOV_VLAN]);
}

/* The first setting that somebody wants and the driver has in legacy mode only. */
static bool report_wanted(struct doctor *d, const struct pf *pf, const struct vf *vf,
                          const struct goals *goals)
{
    const struct attrs *want = wanted_of_vf(goals, pf, vf->index);

    for (unsigned a = 0; want && a < SRIOV_ATTR_COUNT; a++) {
        enum sriov_attr attr = (enum sriov_attr)a;
        struct sriov_error why = { 0 };
        char label[OBJECT_SIZE];
        struct finding *f;

        if (!attrs_has(want, attr) || attr_row(attr)->way != WAY_VF_NETLINK ||
            attr_agrees(attr, want, &vf->attrs) ||
            quirk_check(pf, vf->index, attr, want, &why) >= 0 || !strstr(why.message, "switchdev"))
            continue;
        vf_label(pf, vf->index, label);
        f = report(d, FINDING_WARNING, "%s of %s cannot be set: %s", attr_row(attr)->name, label,
                   why.message);
        evidence_mode(d, f, pf);
        evidence(d, f, wanted_of_pf(goals, pf)->where, "%s is set for VF %u", attr_row(attr)->name,
                 vf->index);
        remedy(f, FIX_BY_HAND,
               "take it out of the policy; in switchdev mode use rules on the "
               "representor, or devlink");
        return true;
    }
    return false;
}

static void check_legacy_setting(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    _cleanup_(goals_done) struct goals goals = { 0 };
    struct sriov_error error = { 0 };

    (void)vf;
    if (!is_switchdev(pf))
        return;
    if (wanted_read(d, &goals, &error) < 0)
        goals = (struct goals){ 0 };
    for (size_t i = 0; i < pf->n_vfs; i++) {
        uint64_t vlan;

        if (attr_is_set(&pf->vfs[i].attrs, SRIOV_VLAN, &vlan)) {
            report_legacy(d, pf, &pf->vfs[i]);
            return;
        }
        if (report_wanted(d, pf, &pf->vfs[i], &goals))
            return;
    }
}

/* ---- representors ---- */

/* In another namespace they do their work too. */
static size_t representors_elsewhere(struct doctor *d, const struct pf *pf)
{
    _cleanup_(foreign_netdevs_done) struct foreign_netdevs all = { 0 };
    struct backend *b = doctor_backend(d);
    size_t count = 0;

    if (b->ops->foreign_netdevs(b, &all) < 0)
        return 0;
    for (size_t i = 0; i < all.count; i++)
        count += str_eq(all.items[i].parent, pf->key);
    return count;
}

static size_t count_missing(const struct doctor *d, const struct pf *pf, unsigned *ret_first)
{
    size_t missing = 0;

    for (size_t i = pf->n_vfs; i > 0; i--) {
        if (representor_of(d, pf, pf->vfs[i - 1].index))
            continue;
        *ret_first = pf->vfs[i - 1].index;
        missing++;
    }
    return missing;
}

static void report_missing(struct doctor *d, const struct pf *pf, size_t missing, unsigned first)
{
    struct finding *f;

    f = report(d, FINDING_WARNING, "%zu of the %zu VFs of %s have no representor", missing,
               pf->n_vfs, pf_label(pf));
    confidence(f, LIKELY);
    evidence_mode(d, f, pf);
    evidence(d, f, "ip -d link show", "no netdev with parentdev %s and portname pf*vf%u", pf->key,
             first);
    remedy(f, FIX_BY_HAND, "devlink port show; then unbind the VFs and set the mode again");
}

static void report_no_mode(struct doctor *d, const struct pf *pf, const struct goals *goals)
{
    struct finding *f;

    f = report(d, FINDING_ERROR, "%s has no representors: its eswitch is in legacy mode",
               pf_label(pf));
    evidence_mode(d, f, pf);
    evidence(d, f, wanted_of_pf(goals, pf)->where, "eswitch_mode: switchdev");
    remedy(f, FIX_BY_HAND, "sriovctl apply");
}

static void check_representor_missing(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    _cleanup_(goals_done) struct goals goals = { 0 };
    struct sriov_error error = { 0 };
    unsigned first = 0;
    size_t missing;
    uint64_t mode;

    (void)vf;
    if (!is_switchdev(pf)) {
        if (wanted_read(d, &goals, &error) >= 0 && mode_is_to_change(&goals, pf, &mode) &&
            mode == ESWITCH_SWITCHDEV)
            report_no_mode(d, pf, &goals);
        return;
    }
    missing = count_missing(d, pf, &first);
    if (missing > 0 && representors_elsewhere(d, pf) < missing)
        report_missing(d, pf, missing, first);
}

/* A name that nobody chose: the kernel's own, or what udev is left with after a collision. */
static bool is_stray_name(const char *name)
{
    const char *digits = str_starts(name, "rename") ? name + strlen("rename")
                         : str_starts(name, "eth")  ? name + strlen("eth")
                                                    : "";

    return *digits && digits[strspn(digits, "0123456789")] == '\0';
}

static void check_representor_name(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_links *links = &doctor_snapshot(d)->links;
    const struct rtnl_link *first = NULL;
    struct finding *f;
    size_t count = 0;
    char source[64];

    (void)vf;
    if (!is_switchdev(pf))
        return;
    for (size_t i = 0; i < links->count; i++) {
        unsigned number;

        if (!is_representor(pf, &links->items[i], &number) || !is_stray_name(links->items[i].name))
            continue;
        first = first ? first : &links->items[i];
        count++;
    }
    if (!first)
        return;
    f = report(d, str_starts(first->name, "rename") ? FINDING_WARNING : FINDING_INFO,
               "%zu representors of %s have names that say nothing and may change", count,
               pf_label(pf));
    confidence(f, LIKELY);
    snprintf(source, sizeof(source), "ip -d link show %s", first->name);
    evidence(d, f, source, "%s portname %s parentdev %s", first->name, first->port_name, pf->key);
    remedy(f, FIX_BY_HAND,
           "ip link property add dev %s altname %s-%s, or a udev rule on "
           "ATTR{phys_port_name}",
           first->name, pf_label(pf), first->port_name);
}

/* ---- offload ---- */

static int ethtool_query(struct doctor *d, const struct buf *request, struct buf *ret)
{
    struct backend *b = doctor_backend(d);
    int r = buf_ok(request);

    return r < 0 ? r : b->ops->nl_query(b, NETLINK_GENERIC, request->data, ret, NULL);
}

static int read_feature(struct doctor *d, int ifindex, const char *name,
                        struct ethtool_feature *ret)
{
    _cleanup_buf_ struct buf ask = BUF_INIT, family = BUF_INIT, request = BUF_INIT,
                             reply = BUF_INIT;
    uint16_t number;
    int r;

    ethtool_request_family(&ask);
    r = ethtool_query(d, &ask, &family);
    if (r >= 0)
        r = ethtool_parse_family(&family, &number);
    if (r < 0)
        return r;
    ethtool_request_features(&request, number, ifindex);
    r = ethtool_query(d, &request, &reply);
    return r < 0 ? r : ethtool_parse_feature(&reply, name, ret);
}

/* Does any traffic go through the representors at all? */
static bool representors_in_use(const struct doctor *d, const struct pf *pf)
{
    for (size_t i = 0; i < pf->n_vfs; i++) {
        const struct rtnl_link *l = representor_of(d, pf, pf->vfs[i].index);

        if (l && (l->up || l->master > 0))
            return true;
    }
    return false;
}

static void check_tc_offload(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct ethtool_feature offload;
    char source[64];
    struct finding *f;
    int r;

    (void)vf;
    if (!is_switchdev(pf) || pf->ifindex == 0)
        return;
    r = read_feature(d, pf->ifindex, "hw-tc-offload", &offload);
    if (r < 0) {
        cannot_see(d, "the features of %s could not be read", pf->name);
        return;
    }
    if (offload.on || !offload.changeable)
        return;
    f = report(d, representors_in_use(d, pf) ? FINDING_WARNING : FINDING_INFO,
               "rules for the VFs of %s run on the CPU: hw-tc-offload is off", pf_label(pf));
    confidence(f, LIKELY);
    snprintf(source, sizeof(source), "ethtool -k %s", pf->name);
    evidence(d, f, source, "hw-tc-offload: off");
    evidence_mode(d, f, pf);
    remedy(f, FIX_BY_HAND, "ethtool -K %s hw-tc-offload on", pf->name);
}

/* ---- the table ---- */

static const char *const missing_because[] = { "eswitch-mode-busy", "policy-drift", NULL };

static const struct check checks[] = {
    { "eswitch-mode-busy", "Eswitch mode cannot change while VFs are there", SCOPE_PF, NEEDS_POLICY,
      NULL, check_mode_busy },
    { "switchdev-legacy-setting", "Setting of legacy mode in switchdev mode", SCOPE_PF,
      NEEDS_NOTHING, NULL, check_legacy_setting },
    { "representor-missing", "VFs without representors", SCOPE_PF, NEEDS_NOTHING, missing_because,
      check_representor_missing },
    { "representor-name", "Representor without a telling name", SCOPE_PF, NEEDS_NOTHING, NULL,
      check_representor_name },
    { "tc-offload-off", "Switchdev rules not offloaded to the card", SCOPE_PF, NEEDS_NOTHING, NULL,
      check_tc_offload },
    { NULL },
};

const struct area area_switchdev = {
    .name = "switchdev",
    .title = "Switchdev and representors",
    .checks = checks,
};
