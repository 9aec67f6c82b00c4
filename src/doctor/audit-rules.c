/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules of the audit. What must hold, how bad it is if it does not, and how it is judged. A
 * rule says nothing about what it could not see: a VF of a driver that tells no MAC has no fixed
 * MAC to be missed.
 */
#include <stdio.h>

#include "base/mac.h"
#include "doctor/audit.h"

#define HISTORY_ROWS 5000

/* ---- what a VF is used for ---- */

/* Lent, or held by somebody: a tenant may be in it. */
static bool has_tenant(const struct audit *a, const struct pf *pf, const struct vf *vf)
{
    return audit_lease_of(a, pf, vf) || holder_of(audit_doctor(a), pf, (int)vf->index);
}

static bool is_network(const struct vf *vf)
{
    return vf->pci_class >> 8 == 0x0200 || vf->pci_class == 0;
}

/* ---- what the tenant may be ---- */

static bool judge_fixed_mac(struct audit *a, const struct pf *pf, const struct vf *vf)
{
    char label[OBJECT_SIZE];
    if (!has_tenant(a, pf, vf) || !is_network(vf) || !attrs_has(&vf->attrs, SRIOV_MAC))
        return false;
    if (vf->attrs.value[SRIOV_MAC] != 0)
        return true;
    vf_label(pf, vf->index, label);
    struct audit_finding *f = audit_report(a, pf, vf,
                                           "somebody has the VF, and may give it any MAC");
    audit_seen(f, "ip link show", "%s, vf %u: link/ether 00:00:00:00:00:00", pf_label(pf),
               vf->index);
    audit_remedy(f, "sriovctl set %s mac=ADDRESS", label);
    return true;
}

static bool judge_fixed_vlan(struct audit *a, const struct pf *pf, const struct vf *vf)
{
    char label[OBJECT_SIZE];
    if (!has_tenant(a, pf, vf) || !is_network(vf) || !attrs_has(&vf->attrs, SRIOV_VLAN))
        return false;
    if (vf->attrs.value[SRIOV_VLAN] != 0)
        return true;
    vf_label(pf, vf->index, label);
    struct audit_finding *f = audit_report(
        a, pf, vf,
        "somebody has the VF, and it has no VLAN: its frames go out with the tags he gives them");
    audit_seen(f, "ip link show", "%s, vf %u: no vlan", pf_label(pf), vf->index);
    audit_remedy(f, "sriovctl set %s vlan=NUMBER", label);
    return true;
}

/* ---- who is in it ---- */

static bool is_process(const struct holder *h)
{
    return h->pid > 0 &&
           (h->kind == HOLDER_VFIO || h->kind == HOLDER_IOMMUFD || h->kind == HOLDER_UIO);
}

static const struct holder *next_process(const struct holders *all, const struct pf *pf,
                                         const struct vf *vf, size_t *place)
{
    for (; *place < all->count; (*place)++) {
        const struct holder *h = &all->items[*place];
        if (is_process(h) && h->vf == (int)vf->index && str_eq(h->pf, pf->key))
            return &all->items[(*place)++];
    }
    return NULL;
}

/* A process and those it passed the VF on to are one user: what tells two is another name. */
static bool judge_one_user(struct audit *a, const struct pf *pf, const struct vf *vf)
{
    const struct holders *all = doctor_holders(audit_doctor(a));
    const struct holder *first, *h;
    size_t place = 0;
    if (!all || all->incomplete)
        return false;
    first = next_process(all, pf, vf, &place);
    while (first && (h = next_process(all, pf, vf, &place))) {
        if (h->pid == first->pid || (h->name[0] && str_eq(h->name, first->name)))
            continue;
        char one[HOLDER_TEXT_SIZE], two[HOLDER_TEXT_SIZE];
        holder_text(first, one);
        holder_text(h, two);
        struct audit_finding *f = audit_report(a, pf, vf, "two processes have the VF open");
        audit_seen(f, "/proc/*/fd", "%s; %s", one, two);
        audit_remedy(f, "end the one that should not have it");
        break;
    }
    return true;
}

/* The driver of the host is bound to a VF that nobody uses: any program of the host can. */
static bool judge_host_driver(struct audit *a, const struct pf *pf, const struct vf *vf)
{
    const struct attrs *policy = audit_policy_of(a, pf, vf);
    const struct holders *all = doctor_holders(audit_doctor(a));
    const char *driver = vf->attrs.driver;
    char label[OBJECT_SIZE];
    /* Who may not see every user must not say that there is none. */
    if (!attrs_has(&vf->attrs, SRIOV_DRIVER) || !all || all->incomplete)
        return false;
    if (!driver[0] || driver_is_passthrough(driver) || has_tenant(a, pf, vf) ||
        (policy && attrs_has(policy, SRIOV_DRIVER)))
        return true;
    vf_label(pf, vf->index, label);
    struct audit_finding *f = audit_report(
        a, pf, vf, "nobody uses the VF, and the host's driver %s is bound to it", driver);
    audit_seen(f, "sriovctl show", "%s: driver %s", label, driver);
    audit_remedy(f, "sriovctl unbind %s, and sriovctl set %s autoprobe=off for those to come",
                 label, pf_label(pf));
    return true;
}

/* Everybody on the machine could open the group, and with it the VF. */
static bool judge_vfio_mode(struct audit *a, const struct pf *pf, const struct vf *vf)
{
    struct backend *b = doctor_backend(audit_doctor(a));
    struct file_status status;
    char path[40];
    if (vf->iommu_group < 0)
        return false;
    snprintf(path, sizeof(path), "/dev/vfio/%d", vf->iommu_group);
    if (b->ops->file_status(b, path, &status) < 0)
        return false;
    if (!(status.mode & 06))
        return true;
    struct audit_finding *f = audit_report(a, pf, vf,
                                           "every user of the host may open its VFIO group");
    audit_seen(f, "stat", "%s: mode %04o", path, status.mode);
    audit_remedy(f, "chmod o= %s, and the same in the udev rule that opened it", path);
    return true;
}

/* ---- who listens ---- */

static bool judge_listening(struct audit *a, const struct pf *pf, const struct vf *vf,
                            const struct rtnl_link *link)
{
    if (!link)
        return false;
    if (!link->promisc && !link->allmulti)
        return true;
    const char *flag = link->promisc ? "promisc" : "allmulticast";
    struct audit_finding *f = audit_report(a, pf, vf, "%s takes %s", link->name,
                                           link->promisc ? "every frame it is shown"
                                                         : "all multicast frames");
    audit_seen(f, "ip -d link show", "%s: %s", link->name, link->promisc ? "PROMISC" : "ALLMULTI");
    audit_remedy(f, "ip link set %s %s off", link->name, flag);
    return true;
}

static bool judge_vf_listening(struct audit *a, const struct pf *pf, const struct vf *vf)
{
    return judge_listening(a, pf, vf, netdev_of_vf(audit_doctor(a), vf));
}

static bool judge_pf_listening(struct audit *a, const struct pf *pf, const struct vf *vf)
{
    return judge_listening(a, pf, NULL, netdev_of_pf(audit_doctor(a), pf));
}

/* ---- isolation ---- */

static bool judge_unsafe_interrupts(struct audit *a, const struct pf *pf, const struct vf *vf)
{
    static const char path[] = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";
    const char *value = read_text(audit_doctor(a), "%s", path);
    if (!*value)
        return false;
    if (*value != 'Y')
        return true;
    struct audit_finding *f = audit_report(
        a, NULL, NULL,
        "VFIO is allowed to work without interrupt remapping: a guest can forge interrupts of the host");
    audit_seen(f, path, "%s", value);
    audit_remedy(f, "turn interrupt remapping on (sriovctl host check), and take "
                    "allow_unsafe_interrupts=1 out of /etc/modprobe.d");
    return true;
}

/* ---- changes from outside ---- */

/* VF number of a row's object, -1 for the PF itself. */
static int vf_of_row(const struct history_row *row)
{
    const char *slash = strrchr(row->object, '/');
    uint64_t n;
    return slash && str_to_u64(slash + 1, UINT16_MAX, &n) == 0 ? (int)n : -1;
}

/* What the last change of an attribute left there; NULL if that is not known. Rows of before the
 * VFs were made anew tell nothing. */
static const char *left_by_us(const struct history_row *rows, size_t count, const struct vf *vf,
                              const char *what, const struct history_row **ret_row)
{
    int64_t made = 0;
    for (size_t i = 0; i < count; i++) {
        const struct history_row *row = &rows[i];
        if (vf_of_row(row) < 0 && str_eq(row->what, "num_vfs") && made == 0)
            made = row->transaction;
        if (vf_of_row(row) != (int)vf->index || !str_eq(row->what, what))
            continue;
        if (row->transaction < made || !str_eq(row->state, "done"))
            return NULL;
        *ret_row = row;
        return row->transaction_state == TRANSACTION_APPLIED ? row->to : NULL;
    }
    return NULL;
}

static bool is_of_this_boot(struct audit *a, int64_t id)
{
    struct transaction t = { 0 };
    if (ledger_transaction(doctor_ledger(audit_doctor(a)), id, &t, NULL) < 0)
        return false;
    bool so = t.this_boot;
    transaction_done(&t);
    return so;
}

static void report_changed(struct audit *a, const struct pf *pf, const struct vf *vf,
                           const struct attr *attr, const struct history_row *row, const char *is)
{
    char label[OBJECT_SIZE];
    vf_label(pf, vf->index, label);
    struct audit_finding *f = audit_report(
        a, pf, vf, "%s is %s; we set it to %s, and somebody else has changed it since", attr->name,
        is, row->to);
    audit_seen(f, "sriovctl history", "change %lld, %s by %s: %s", (long long)row->transaction,
               row->command, row->who, row->to);
    audit_remedy(f, "sriovctl set %s %s=%s", label, attr->name, row->to);
}

static void judge_vf_history(struct audit *a, const struct pf *pf, const struct vf *vf,
                             const struct history_row *rows, size_t count)
{
    const struct lease *lease = audit_lease_of(a, pf, vf);
    for (unsigned id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *attr = attr_row((enum sriov_attr)id);
        const struct history_row *row = NULL;
        char is[ATTR_TEXT_SIZE];
        /* A lease sets what its owner wanted, and is not in the history of changes. */
        if (attr->way != WAY_VF_NETLINK || !attrs_has(&vf->attrs, attr->id) ||
            (lease && attrs_has(&lease->want, attr->id)))
            continue;
        const char *left = left_by_us(rows, count, vf, attr->name, &row);
        attr_text(attr, &vf->attrs, is);
        if (left && !str_eq(left, is) && is_of_this_boot(a, row->transaction))
            report_changed(a, pf, vf, attr, row, is);
    }
}

static bool judge_history(struct audit *a, const struct pf *pf, const struct vf *vf)
{
    _cleanup_free_ struct history_row *rows = NULL;
    struct ledger *ledger = doctor_ledger(audit_doctor(a));
    size_t count = 0;
    if (!ledger || ledger_history(ledger, pf->key, -1, HISTORY_ROWS, &rows, &count, NULL) < 0)
        return false;
    for (size_t i = 0; i < pf->n_vfs; i++)
        judge_vf_history(a, pf, &pf->vfs[i], rows, count);
    return true;
}

/* ---- the table ---- */

#define BY_ATTR(ATTR) .attr = (ATTR)
#define BY_CHECK(ID) .attr = NO_ATTR, .check = (ID)
#define BY_CODE(FUNCTION) .attr = NO_ATTR, .run = (FUNCTION)

const struct audit_rule audit_rules[] = {
    { "spoofchk", "a VF sends only from its own MAC", SCOPE_VF, FINDING_ERROR,
      BY_ATTR(SRIOV_SPOOFCHK) },
    { "trust", "no VF is trusted, unless a policy says so", SCOPE_VF, FINDING_ERROR,
      BY_ATTR(SRIOV_TRUST) },
    { "fixed-mac", "a VF in use has a MAC that its user cannot change", SCOPE_VF, FINDING_WARNING,
      BY_CODE(judge_fixed_mac) },
    { "fixed-vlan", "a VF in use has a VLAN that its user cannot leave", SCOPE_VF, FINDING_WARNING,
      BY_CODE(judge_fixed_vlan) },
    { "mac-duplicate", "no two VFs have the same MAC", SCOPE_VF, FINDING_ERROR,
      BY_CHECK("mac-duplicate") },
    { "link-state", "the link of a VF is that of its port", SCOPE_VF, FINDING_INFO,
      BY_ATTR(SRIOV_LINK_STATE) },
    { "rss-query", "a VF cannot read the hash key of its PF", SCOPE_VF, FINDING_WARNING,
      BY_ATTR(SRIOV_RSS_QUERY) },
    { "one-user", "a VF is open in one process", SCOPE_VF, FINDING_ERROR, BY_CODE(judge_one_user) },
    { "vfio-mode", "only its user may open the VFIO group of a VF", SCOPE_VF, FINDING_ERROR,
      BY_CODE(judge_vfio_mode) },
    { "host-driver", "a VF that nobody uses has no driver on the host", SCOPE_VF, FINDING_INFO,
      BY_CODE(judge_host_driver) },
    { "vf-promiscuous", "no VF on the host takes frames of others", SCOPE_VF, FINDING_WARNING,
      BY_CODE(judge_vf_listening) },
    { "pf-promiscuous", "no PF takes frames of its VFs", SCOPE_PF, FINDING_WARNING,
      BY_CODE(judge_pf_listening) },
    { "iommu-group", "a VF is alone in its IOMMU group", SCOPE_VF, FINDING_ERROR,
      BY_CHECK("iommu-group-shared") },
    { "acs-override", "no kernel parameter pretends that bridges isolate", SCOPE_HOST,
      FINDING_ERROR, BY_CHECK("acs-override") },
    { "unsafe-interrupts", "VFIO works with interrupt remapping only", SCOPE_HOST, FINDING_ERROR,
      BY_CODE(judge_unsafe_interrupts) },
    { "noiommu", "VFIO works with an IOMMU only", SCOPE_HOST, FINDING_ERROR,
      BY_CHECK("noiommu-mode") },
    { "vf-reset", "a VF can be reset between tenants", SCOPE_VF, FINDING_WARNING,
      BY_CHECK("vf-reset-missing") },
    { "lease-stale", "no VF has settings of a tenant before", SCOPE_VF, FINDING_WARNING,
      BY_CHECK("lease-stale") },
    { "policy-drift", "everything is as the policy says", SCOPE_PF, FINDING_WARNING,
      BY_CHECK("policy-drift") },
    { "changed-outside", "settings are as we left them", SCOPE_PF, FINDING_WARNING,
      BY_CODE(judge_history) },
    { ATTRIBUTE_RULE, "attributes of VFs are as the baseline file says", SCOPE_VF, FINDING_ERROR,
      .attr = NO_ATTR },
    { .id = NULL },
};

_Static_assert(ELEMENTS(audit_rules) <= AUDIT_RULES, "make AUDIT_RULES larger");

const struct audit_rule *audit_rule_find(const char *id, const char **ret_nearest)
{
    const char *ids[AUDIT_RULES];
    size_t n = 0;
    for (; audit_rules[n].id; n++) {
        if (str_eq(audit_rules[n].id, id))
            return &audit_rules[n];
        ids[n] = audit_rules[n].id;
    }
    ids[n] = NULL;
    if (ret_nearest)
        *ret_nearest = str_nearest(id, ids);
    return NULL;
}
