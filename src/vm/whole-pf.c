/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether a PF may go, and its way into a domain.
 */
#include "vm/whole-pf.h"

#include <errno.h>
#include <stdio.h>

#include "core/target.h"
#include "vm/device-option.h"

bool whole_pf_is_meant(struct app *a, const char *word, const struct pf **ret)
{
    struct target t = { 0 };
    if (session_snapshot(&a->session, NULL) < 0 ||
        target_find(a->session.snapshot, word, &t, NULL) < 0)
        return false;
    bool is_pf = !t.has_vfs;
    if (is_pf)
        *ret = t.pf;
    target_done(&t);
    return is_pf;
}

/* ---- may it go? ---- */

/* Of the PF and of all its VFs. */
static int find_holders(struct app *a, const struct pf *pf, struct holders *ret)
{
    int r = session_holders(&a->session, &a->error);
    const struct holders *all = &a->session.holders;
    ret->incomplete = all->incomplete;
    for (size_t i = 0; r >= 0 && i < all->count; i++) {
        if (str_eq(all->items[i].pf, pf->key) && holders_add(ret, &all->items[i]) < 0)
            r = error_no_memory(&a->error);
    }
    return r;
}

/* A bond, a bridge or a VLAN that would lose its NIC. */
static int find_uppers(struct app *a, const struct pf *pf, struct holders *ret)
{
    const struct rtnl_links *links = &a->session.snapshot->links;
    const struct rtnl_link *own = snapshot_link(a->session.snapshot, pf->ifindex);
    for (size_t i = 0; own && i < links->count; i++) {
        const struct rtnl_link *l = &links->items[i];
        struct holder h = { .kind = HOLDER_UPPER, .vf = HOLDER_OF_PF };
        if (l->ifindex == own->ifindex ||
            ((l->lower != own->ifindex || l->lower_elsewhere) && own->master != l->ifindex))
            continue;
        STR_SET(h.pf, pf->key);
        STR_SET(h.comm, l->kind);
        STR_SET(h.name, l->name);
        if (holders_add(ret, &h) < 0)
            return error_no_memory(&a->error);
    }
    return 0;
}

static int refuse_used(struct app *a, const struct pf *pf, struct holders *victims)
{
    _cleanup_buf_ struct buf names = BUF_INIT;
    holders_text(victims, a->session.snapshot, &names);
    error_set(&a->error, SRIOV_IN_USE, 0, pf_label(pf), "in use: %s",
              buf_ok(&names) < 0 ? "" : names.data);
    error_remedy(&a->error, "have it released first, or give the VM a VF of it: %s/N",
                 pf_label(pf));
    a->victims = *victims;
    *victims = (struct holders){ 0 };
    return -EBUSY;
}

static int refuse_blindly(struct app *a, const struct pf *pf)
{
    int r = error_set(&a->error, SRIOV_NOT_PERMITTED, EPERM, pf_label(pf),
                      "cannot tell whether it is in use: not every process can be looked into");
    error_remedy(&a->error, "run it as root of the host");
    return r;
}

static int check_users(struct app *a, const struct pf *pf)
{
    _cleanup_(holders_done) struct holders victims = { 0 };
    int r = find_holders(a, pf, &victims);
    if (r >= 0)
        r = find_uppers(a, pf, &victims);
    if (r < 0)
        return r;
    if (victims.count > 0)
        return refuse_used(a, pf, &victims);
    return victims.incomplete ? refuse_blindly(a, pf) : 0;
}

/* What nothing puts back, for a person to agree to. */
static int check_consent(struct app *a, const struct pf *pf, const char *domain)
{
    char vfs[80] = "";
    if (pf->n_vfs > 0)
        snprintf(vfs, sizeof(vfs), ", its %zu VF%s with all settings, for good", pf->n_vfs,
                 pf->n_vfs == 1 ? "" : "s");
    if (a->options.yes) {
        app_note(a, "the host loses %s while %s has it%s", pf_label(pf), domain, vfs);
        return 0;
    }
    int r = error_set(&a->error, SRIOV_USAGE, 0, pf_label(pf),
                      "is a whole PF: the host loses the NIC while %s has it, its addresses and "
                      "routes%s, and %s can do to the NIC whatever the host could",
                      domain, vfs, domain);
    error_remedy(&a->error, "--yes if that is meant; %s/N gives it a VF", pf_label(pf));
    return r;
}

static int check_request(struct app *a, const struct plug_request *q, const struct pf *pf,
                         struct vm_device *ret)
{
    int r = device_options(a, ret);
    if (r < 0)
        return r;
    if (ret->mode == VM_MACVTAP)
        return error_set(&a->error, SRIOV_USAGE, 0, "--mode", "macvtap is for VFs");
    if (q->n_settings > 0)
        return error_set(&a->error, SRIOV_USAGE, 0, q->settings[0],
                         "is for a VF: who has the whole PF sets it up from there");
    if (pf->bus != PF_ON_PCI)
        return error_set(&a->error, SRIOV_UNSUPPORTED, EOPNOTSUPP, pf_label(pf),
                         "is no device on PCI, and no VM can have it");
    return 0;
}

/* ---- attaching ---- */

int whole_pf_attach(struct app *a, const struct plug_request *q, const struct pf *pf)
{
    _cleanup_buf_ struct buf xml = BUF_INIT;
    struct vm_device device = { .pf = pf };
    char alias[LOAN_ALIAS_SIZE];
    const char *domain = domain_name(q->domain);
    int r = check_request(a, q, pf, &device);
    if (r >= 0)
        r = check_users(a, pf);
    if (r >= 0)
        r = check_consent(a, pf, domain);
    if (r < 0)
        return r;
    snprintf(alias, sizeof(alias), "ua-sriovd-%s", pf->key);
    for (char *c = alias; *c; c++)
        *c = *c == ':' || *c == '.' ? '-' : *c;
    device.alias = alias;
    device_xml(&device, &xml);
    if (buf_ok(&xml) < 0)
        return error_no_memory(&a->error);
    app_progress(a, "%s: waiting for libvirt to attach %s", domain, pf_label(pf));
    r = domain_attach(q->domain, xml.data, q->parts, &a->error);
    if (r >= 0)
        buf_printf(&a->out, "%s %s %s\n", pf_label(pf), pf->key, domain);
    return r;
}
