/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Giving a VF to a domain, and taking it back. What can be undone without the guest comes first:
 * the lease, and the note in the domain's metadata, which means nothing without the device. Then
 * libvirt attaches, all or nothing; what can fail after that is next to nothing.
 */
#include "vm/plug.h"

#include <errno.h>
#include <stdio.h>

#include "core/planner.h"
#include "core/quirk.h"
#include "core/setting.h"
#include "core/target.h"
#include "doctor/libvirt.h"
#include "vm/device-option.h"

#define UNDO_MS 5000 /* for a guest that has had the VF for a moment only */

/* One run of it. */
struct plug {
    struct app *app;
    const struct plug_request *request;
    struct loan loan;
    struct vm_device device;
    struct attrs guest; /* a MAC that is the VM's and not the VF's (device_is_shared) */
    const char *driver; /* a variant driver of VFIO; NULL: the best */
    const char *settings[PLUG_SETTINGS_MAX];
    size_t n_settings;
    struct buf xml, kept; /* kept: settings that libvirt has no words for */
    bool remembered, attached;
};

static void plug_done(struct plug *p)
{
    loan_done(&p->loan);
    buf_done(&p->xml);
    buf_done(&p->kept);
}

static bool is_macvtap(const struct plug *p)
{
    return p->device.mode == VM_MACVTAP;
}

/* ---- settings ---- */

/* libvirt binds the VF by itself: the lease must not. */
static int take_driver(struct plug *p, const char *name)
{
    struct app *a = p->app;
    if (is_macvtap(p)) {
        int r = error_set(&a->error, SRIOV_USAGE, 0, name, "gives no netdev to a macvtap");
        error_remedy(&a->error, "leave driver= out: it stands on the VF's network driver");
        return r;
    }
    if (!driver_is_passthrough(name)) {
        int r = error_set(&a->error, SRIOV_USAGE, 0, name, "gives nothing to a VM");
        error_remedy(&a->error, "leave driver= out, and the best driver of VFIO is taken");
        return r;
    }
    p->driver = str_eq(name, "vfio-pci") ? NULL : name;
    return 0;
}

static int read_settings(struct plug *p)
{
    const struct plug_request *q = p->request;
    struct app *a = p->app;
    int r = 0;
    if (q->n_settings > PLUG_SETTINGS_MAX)
        return error_set(&a->error, SRIOV_USAGE, 0, a->verb->name, "too many settings");
    for (size_t i = 0; i < q->n_settings && r >= 0; i++) {
        const char *s = q->settings[i];
        if (str_starts(s, "driver="))
            r = take_driver(p, s + strlen("driver="));
        else if (str_starts(s, "mtu=") && !is_macvtap(p))
            r = error_set(&a->error, SRIOV_USAGE, 0, s,
                          "is for the VM to set: the VF's netdev is in there");
        else if (str_starts(s, "mac=") && device_is_shared(&p->device))
            r = setting_read_lent(s, &p->guest, a->verb->name, &a->error);
        else
            p->settings[p->n_settings++] = s;
    }
    return r;
}

/* What the hook must set again when the domain starts, since the XML cannot say it. */
static int keep_settings(struct plug *p)
{
    for (unsigned i = 0; i < SRIOV_ATTR_COUNT; i++) {
        const struct attr *row = attr_row((enum sriov_attr)i);
        char text[ATTR_TEXT_SIZE];
        if (!attrs_has(&p->device.want, row->id) || row->id == SRIOV_MAC || row->id == SRIOV_VLAN ||
            row->way != WAY_VF_NETLINK)
            continue;
        attr_text(row, &p->device.want, text);
        buf_printf(&p->kept, "%s%s=%s", p->kept.len > 0 ? " " : "", row->name, text);
    }
    return buf_ok(&p->kept) < 0 ? error_no_memory(&p->app->error) : 0;
}

/* ---- the device ---- */

static int check_pf(struct plug *p)
{
    const struct pf *pf = p->device.pf;
    struct app *a = p->app;
    if (!*pf->name || !attrs_has(&pf->attrs, SRIOV_LINK) || pf->attrs.value[SRIOV_LINK])
        return 0;
    int r = error_set(&a->error, SRIOV_FAILED, ENETDOWN, p->loan.label,
                      "its PF %s is down, and libvirt gives no VF of it to a VM", pf->name);
    error_remedy(&a->error, "sriovctl set %s link=up", pf->name);
    return r;
}

static int check_netdev(struct plug *p)
{
    struct app *a = p->app;
    if (!is_macvtap(p) || *p->loan.netdev)
        return 0;
    int r = error_set(&a->error, SRIOV_FAILED, ENODEV, p->loan.label,
                      "has no netdev for a macvtap");
    error_remedy(&a->error, "sriovctl bind %s default gives it one", p->loan.label);
    return r;
}

static int describe(struct plug *p)
{
    if (p->request->alias)
        STR_SET(p->loan.alias, p->request->alias);
    int r = loan_device(p->app, &p->loan, &p->device);
    if (r >= 0)
        r = check_pf(p);
    if (r >= 0)
        r = check_netdev(p);
    if (r < 0)
        return r;
    if (attrs_has(&p->guest, SRIOV_MAC))
        attrs_set(&p->device.want, SRIOV_MAC, p->guest.value[SRIOV_MAC]);
    p->device.driver = p->driver;
    p->device.partner = p->request->partner;
    device_xml(&p->device, &p->xml);
    if (buf_ok(&p->xml) < 0)
        return error_no_memory(&p->app->error);
    return keep_settings(p);
}

/* ---- a configuration ---- */

/* What its driver would refuse is refused now, and not when the domain starts. */
static int check_settings(struct plug *p)
{
    const struct attrs *want = &p->device.want;
    int r = 0;
    for (unsigned i = 0; i < SRIOV_ATTR_COUNT && r >= 0; i++) {
        enum sriov_attr id = attr_row((enum sriov_attr)i)->id;
        if (attrs_has(want, id) && !attr_agrees(id, want, &p->device.vf->attrs))
            r = quirk_check(p->device.pf, p->device.vf->index, id, want, &p->app->error);
    }
    return r;
}

static int name_it(struct plug *p)
{
    struct app *a = p->app;
    struct attrs want = { 0 };
    struct vf_place place;
    if (!p->request->word) {
        int r = error_set(&a->error, SRIOV_USAGE, 0, a->verb->name,
                          "a configuration names one VF, and which is not said");
        error_remedy(&a->error,
                     "name one, or let libvirt pick one at each start: sriovctl vm pool");
        return r;
    }
    int r = lending_find(a, p->request->word, &place);
    if (r >= 0)
        r = loan_of_place(a, domain_name(p->request->domain), &place, &p->loan);
    for (size_t i = 0; i < p->n_settings && r >= 0; i++)
        r = setting_read_lent(p->settings[i], &want, a->verb->name, &a->error);
    p->loan.lease.want = want;
    return r;
}

struct search {
    const struct plug *plug;
    char owner[DOMAIN_NAME_SIZE]; /* "" none found */
};

static bool has_device(const struct plug *p, const char *xml)
{
    struct vm vm;
    bool found = false;
    if (vm_parse(xml, &vm) < 0)
        return false;
    for (size_t i = 0; i < vm.n_devices; i++) {
        const struct vm_entry *e = &vm.devices[i];
        found |= (*e->pci && str_eq(e->pci, p->loan.lease.pci)) ||
                 (*e->netdev && str_eq(e->netdev, p->loan.netdev));
    }
    vm_done(&vm);
    return found;
}

static bool look_at_other(const char *name, const char *xml, void *userdata)
{
    struct search *s = userdata;
    if (has_device(s->plug, xml))
        STR_SET(s->owner, name);
    return *s->owner;
}

/* Two domains may share a VF if they do not run at the same time. */
static int check_configurations(struct plug *p)
{
    struct search s = { .plug = p };
    struct app *a = p->app;
    struct domain *d = p->request->domain;
    _cleanup_free_ char *own = NULL;
    if (!(p->request->parts & DOMAIN_CONFIG))
        return 0;
    int r = domain_xml(d, DOMAIN_CONFIG, &own, &a->error);
    if (r >= 0 && has_device(p, own)) {
        r = error_set(&a->error, SRIOV_IN_USE, 0, p->loan.label, "%s has it in its configuration",
                      domain_name(d));
        error_remedy(&a->error, "sriovctl vm detach %s %s --config", domain_name(d), p->loan.label);
    }
    if (r >= 0)
        r = domain_each_other(d, look_at_other, &s, &a->error);
    if (r >= 0 && *s.owner)
        app_note(a, "%s is in the configuration of %s, too: only one of them can run with it",
                 p->loan.label, s.owner);
    return r;
}

/* ---- all of it ---- */

static int hand_to_libvirt(struct plug *p)
{
    const struct plug_request *q = p->request;
    struct app *a = p->app;
    const char *kept = p->kept.len > 0 ? p->kept.data : NULL;
    int r = domain_remember(q->domain, p->loan.alias, kept, q->parts, &a->error);
    p->remembered = r >= 0 && kept;
    if (r < 0)
        return r;
    app_progress(a, "%s: waiting for libvirt to attach %s", domain_name(q->domain), p->loan.label);
    r = domain_attach(q->domain, p->xml.data, q->parts, &a->error);
    p->attached = r >= 0;
    return r;
}

/* libvirt says "No more available PCI slots" and not what to do. */
static void explain_ports(struct plug *p)
{
    struct app *a = p->app;
    struct vm vm;
    _cleanup_free_ char *xml = NULL;
    if (!(p->request->parts & DOMAIN_LIVE) ||
        domain_xml(p->request->domain, DOMAIN_LIVE, &xml, NULL) < 0 || vm_parse(xml, &vm) < 0)
        return;
    if (vm.root_ports > 0 && vm.free_root_ports == 0 && !*a->error.remedy)
        error_remedy(&a->error,
                     "all %u PCIe root ports of the VM are taken, and a new one takes a restart: "
                     "add <controller type='pci' model='pcie-root-port'/>",
                     vm.root_ports);
    vm_done(&vm);
}

static int undo(struct plug *p, int failure)
{
    const struct plug_request *q = p->request;
    struct app *a = p->app;
    const struct sriov_error why = a->error;
    const char *alias = p->loan.alias;
    if (p->attached && q->parts & DOMAIN_LIVE)
        domain_unplug(q->domain, alias, UNDO_MS, NULL);
    if (p->attached && q->parts & DOMAIN_CONFIG)
        domain_strike(q->domain, p->xml.data, NULL);
    if (p->remembered)
        domain_remember(q->domain, alias, NULL, q->parts, NULL);
    a->error = why;
    loan_give_back(a, &p->loan);
    return failure;
}

static void tell(const struct plug *p, struct plugged *ret)
{
    *ret = (struct plugged){ .vlan = device_vlan(&p->device) };
    STR_SET(ret->label, p->loan.label);
    STR_SET(ret->pci, p->loan.lease.pci);
    STR_SET(ret->alias, p->loan.alias);
    ret->has_mac = device_mac(&p->device, &ret->mac);
}

static int take(struct plug *p)
{
    const struct plug_request *q = p->request;
    if (!(q->parts & DOMAIN_LIVE))
        return name_it(p);
    return loan_take(p->app, domain_name(q->domain), q->word, p->settings, p->n_settings, &p->loan);
}

int plug_vf(struct app *a, const struct plug_request *q, struct plugged *ret)
{
    _cleanup_(plug_done) struct plug p = { .app = a, .request = q };
    bool live = q->parts & DOMAIN_LIVE;
    int r = device_options(a, &p.device);
    if (r >= 0)
        r = read_settings(&p);
    if (r >= 0)
        r = take(&p);
    if (r < 0)
        return r;
    r = describe(&p);
    if (r >= 0 && !live)
        r = check_settings(&p);
    if (r >= 0)
        r = check_configurations(&p);
    if (r >= 0) {
        r = hand_to_libvirt(&p);
        if (r < 0)
            explain_ports(&p);
    }
    if (q->partner)
        p.loan.keeper = domain_pid(q->domain);
    if (r >= 0 && live)
        r = loan_settle(a, &p.loan);
    if (r < 0)
        return undo(&p, r);
    tell(&p, ret);
    return 0;
}

/* ---- back ---- */

bool plug_find_vf(struct app *a, const struct vm_entry *e, struct vf_place *ret)
{
    struct target t = { 0 };
    const char *word = *e->pci ? e->pci : e->netdev;
    if (!*word || session_snapshot(&a->session, NULL) < 0 ||
        target_find(a->session.snapshot, word, &t, NULL) < 0)
        return false;
    bool found = t.has_vfs && t.count == 1;
    if (found) {
        *ret = (struct vf_place){ .bus = t.pf->bus, .index = t.indexes[0] };
        STR_SET(ret->pf, t.pf->key);
    }
    target_done(&t);
    return found;
}

/* Without a lease (somebody else attached it) libvirt alone restores what it knows. */
static int take_over(struct app *a, struct domain *d, const struct vm_entry *e, struct loan *ret)
{
    struct vf_place place;
    if (!plug_find_vf(a, e, &place))
        return 0;
    int r = loan_take_over(a, domain_name(d), &place, ret);
    if (r != -ENOENT)
        return r;
    a->error = (struct sriov_error){ 0 };
    return 0;
}

static int unplug_live(struct app *a, const struct unplug_request *q, bool *ret_restored)
{
    _cleanup_(loan_done) struct loan loan = { 0 };
    const char *alias = q->entry->alias;
    int r = take_over(a, q->domain, q->entry, &loan);
    bool leased = loan.taken;
    if (r < 0)
        return r;
    if (str_eq(q->entry->teaming, "transient"))
        loan.keeper = domain_pid(q->domain);
    app_progress(a, "%s: waiting for the guest to let go of %s", domain_name(q->domain),
                 leased ? loan.label : alias);
    r = domain_unplug(q->domain, alias, q->timeout_ms, &a->error);
    if (r < 0) {
        loan_leave(a, &loan);
        return r;
    }
    r = domain_remember(q->domain, alias, NULL, DOMAIN_LIVE, &a->error);
    int back = loan_give_back(a, &loan);
    *ret_restored = leased && back >= 0;
    return back < 0 ? back : r;
}

static int strike(struct app *a, const struct unplug_request *q)
{
    _cleanup_free_ char *element = strndup(q->xml + q->entry->at, q->entry->len);
    int r = element ? domain_strike(q->domain, element, &a->error) : error_no_memory(&a->error);
    if (r >= 0 && *q->entry->alias)
        r = domain_remember(q->domain, q->entry->alias, NULL, DOMAIN_CONFIG, &a->error);
    return r;
}

int unplug_vf(struct app *a, const struct unplug_request *q, bool *ret_restored)
{
    bool restored = false;
    int r = q->part == DOMAIN_LIVE ? unplug_live(a, q, &restored) : strike(a, q);
    if (r >= 0 && ret_restored)
        *ret_restored = restored;
    return r;
}
