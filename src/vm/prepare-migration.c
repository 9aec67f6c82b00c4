/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl vm prepare-migration: takes the VFs away that would keep a VM from moving, and remembers
 * what is to come back.
 */
#include <errno.h>
#include <stdio.h>

#include "base/tag.h"
#include "core/target.h"
#include "vm/attach-qmp.h"
#include "vm/away.h"
#include "vm/uptake.h"
#include "vm/verb.h"

static const struct option_row options[] = {
    OPTION_FORCE,
    { "timeout", 0, OPTION_NUMBER, OPTION(timeout), "SECONDS",
      .help = "how long the guest may take to let go of each VF; 30 if left out" },
    { "connect", 'c', OPTION_TEXT, OPTION(connect), "URI",
      .help = "the libvirt that has it; qemu:///system if left out", .here = true },
    { NULL },
};

/* One run of it. */
struct departure {
    struct app *app;
    struct domain *domain;
    char *xml;
    struct vm vm;
    struct away gone[AWAY_MAX];
    char labels[AWAY_MAX][OBJECT_SIZE];
    size_t count;
};

static void departure_done(struct departure *p)
{
    domain_close(p->domain);
    free(p->xml);
    vm_done(&p->vm);
}

/* ---- what else is in the way ---- */

/* Devices of the host that are no VFs of ours: nobody can say how they would come back. */
static int list_others(struct departure *p, struct buf *ret)
{
    const char *at = p->xml;
    struct tag t;
    struct vf_place place;
    char type[32];
    for (size_t i = 0; i < p->vm.n_devices; i++) {
        const struct vm_entry *e = &p->vm.devices[i];
        if (*e->pci && !plug_find_vf(p->app, e, &place))
            buf_printf(ret, "%s%s", ret->len > 0 ? ", " : "", e->pci);
    }
    while (tag_next(&at, &t)) {
        if (!tag_is(&t, "hostdev") || t.closing || tag_has(&t, "type", "pci"))
            continue;
        tag_value(&t, "type", type, sizeof(type));
        buf_printf(ret, "%sa host device of type %s", ret->len > 0 ? ", " : "",
                   *type ? type : "unknown");
    }
    return buf_ok(ret) < 0 ? error_no_memory(&p->app->error) : 0;
}

static int check_others(struct departure *p)
{
    _cleanup_buf_ struct buf others = BUF_INIT;
    struct app *a = p->app;
    int r = list_others(p, &others);
    if (r < 0 || others.len == 0)
        return r;
    if (a->options.force) {
        app_note(a, "%s has other devices of this host, which keep it from migrating: %s",
                 domain_name(p->domain), others.data);
        return 0;
    }
    r = error_set(&a->error, SRIOV_UNSUPPORTED, 0, domain_name(p->domain),
                  "cannot migrate: besides VFs it has other devices of this host, %s", others.data);
    error_remedy(&a->error, "detach them first (virsh detach-device-alias); --force takes the VFs "
                            "away all the same");
    return r;
}

/* A macvtap moves with the VM, to a netdev of the same name. */
static void note_macvtaps(struct departure *p)
{
    for (size_t i = 0; i < p->vm.n_devices; i++) {
        const struct vm_entry *e = &p->vm.devices[i];
        if (*e->netdev && !*e->pci)
            app_note(p->app,
                     "%s has a macvtap on %s: the target needs a netdev of this name, or an XML of "
                     "its own (virsh migrate --xml)",
                     domain_name(p->domain), e->netdev);
    }
}

static void note_configuration(struct departure *p)
{
    _cleanup_free_ char *xml = NULL;
    struct vm vm;
    struct vf_place place;
    if (!domain_is_persistent(p->domain) || domain_xml(p->domain, DOMAIN_CONFIG, &xml, NULL) < 0 ||
        vm_parse(xml, &vm) < 0)
        return;
    for (size_t i = 0; i < vm.n_devices; i++) {
        if (*vm.devices[i].pci && plug_find_vf(p->app, &vm.devices[i], &place))
            app_note(p->app,
                     "the configuration of %s still names %s of this host: detach it with --config "
                     "before a migration that takes the configuration along (--persistent)",
                     domain_name(p->domain), vm.devices[i].pci);
    }
    vm_done(&vm);
}

/* ---- leaving ---- */

static void print_one(struct departure *p, const struct vm_entry *e, const char *label)
{
    struct app *a = p->app;
    if (a->options.json)
        return;
    if (*e->partner)
        buf_printf(&a->out, "%s is free: %s carries the traffic meanwhile\n", label, e->partner);
    else
        buf_printf(&a->out,
                   "%s is free: nothing stands in for it, so the guest has no such NIC "
                   "until it comes back\n",
                   label);
}

static int leave(struct departure *p, const struct vm_entry *e, const struct vf_place *place)
{
    struct app *a = p->app;
    struct away *w = &p->gone[p->count];
    const struct unplug_request q = {
        .domain = p->domain,
        .part = DOMAIN_LIVE,
        .xml = p->xml,
        .entry = e,
        .timeout_ms = 1000 * (unsigned)(a->options.timeout ? a->options.timeout : DETACH_SECONDS),
    };
    vf_label(target_find_pf(a->session.snapshot, place->pf), place->index, p->labels[p->count]);
    if (!away_describe(&p->vm, e, w))
        return error_set(&a->error, SRIOV_FAILED, 0, p->labels[p->count],
                         "has more settings than can be remembered");
    int r = away_keep(a, p->domain, w);
    if (r < 0)
        return r;
    r = unplug_vf(a, &q, NULL);
    if (r < 0) {
        domain_remember(p->domain, w->note, NULL, DOMAIN_LIVE, NULL);
        return r;
    }
    print_one(p, e, p->labels[p->count++]);
    return session_snapshot_again(&a->session, &a->error);
}

/* Those that left before one that would not. */
static int come_back(struct departure *p, int failure)
{
    struct app *a = p->app;
    const struct sriov_error why = a->error;
    struct plugged plugged;
    for (size_t i = 0; i < p->count; i++) {
        if (away_bring_back(a, p->domain, &p->gone[i], p->labels[i], &plugged) < 0)
            app_note(a, "%s could not be given back to %s: %s", p->labels[i],
                     domain_name(p->domain), a->error.message);
    }
    a->error = why;
    buf_done(&a->out);
    return failure;
}

/* Those with a stand-by first: if a later one does not let go, the least has been disturbed. */
static int leave_all(struct departure *p)
{
    struct vf_place place;
    int r = 0;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < p->vm.n_devices && r >= 0; i++) {
            const struct vm_entry *e = &p->vm.devices[i];
            if (!*e->pci || (*e->partner != '\0') != (pass == 0) || p->count == AWAY_MAX ||
                !plug_find_vf(p->app, e, &place))
                continue;
            r = leave(p, e, &place);
        }
    }
    return r < 0 ? come_back(p, r) : 0;
}

/* ---- the verb ---- */

static void print_json(struct departure *p)
{
    struct json_writer w = JSON_WRITER(&p->app->out);
    json_object(&w, NULL);
    json_str(&w, "domain", domain_name(p->domain));
    json_array(&w, "away");
    for (size_t i = 0; i < p->count; i++) {
        json_object(&w, NULL);
        json_str(&w, "object", p->labels[i]);
        json_str(&w, "standby", *p->gone[i].partner ? p->gone[i].partner : NULL);
        json_str(&w, "settings", p->gone[i].settings);
        json_end(&w);
    }
    json_end(&w);
    json_end(&w);
    buf_add_char(&p->app->out, '\n');
}

static void print(struct departure *p)
{
    struct app *a = p->app;
    const char *name = domain_name(p->domain);
    if (a->options.json) {
        print_json(p);
        return;
    }
    if (p->count == 0)
        buf_printf(&a->out, "%s has no VF\n", name);
    buf_printf(&a->out, "virsh migrate --live %s qemu+ssh://TARGET/system\n", name);
    if (p->count > 0)
        buf_printf(&a->out, "sriovctl vm resume %s PF/N    (there; here, if it stays)\n", name);
}

static int run_prepare_migration(struct app *a)
{
    _cleanup_(departure_done) struct departure p = { .app = a };
    int r = uptake_check_timeout(a);
    if (r >= 0)
        r = lending_recover(a);
    if (r >= 0)
        r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = domain_open(a->options.connect, a->args[0], &p.domain, &a->error);
    if (r < 0)
        return r;
    if (!domain_is_running(p.domain))
        return error_set(&a->error, SRIOV_USAGE, 0, domain_name(p.domain),
                         "does not run, so nothing has to be taken away first");
    r = domain_xml(p.domain, DOMAIN_LIVE, &p.xml, &a->error);
    if (r >= 0 && vm_parse(p.xml, &p.vm) < 0)
        r = error_no_memory(&a->error);
    if (r >= 0)
        r = check_others(&p);
    if (r >= 0)
        r = leave_all(&p);
    if (r < 0)
        return r;
    note_macvtaps(&p);
    note_configuration(&p);
    print(&p);
    return 0;
}

const struct verb verb_vm_prepare_migration = {
    .name = "prepare-migration",
    .synopsis = "prepare-migration DOMAIN",
    .help = "take the VFs from a VM, so that it can migrate",
    .details =
        (const char *const[]){
            "A VM with a VF cannot migrate: what is in the VF cannot be moved, and all memory of the VM is pinned for it. "
            "This takes all VFs away, those with a stand-by (vm failover) first, restores them on this host, and notes in "
            "the domain what is to come back: MAC, VLAN, the other settings, and the stand-by. The note goes with "
            "the VM; vm resume reads it, on the target, or here if the VM stays.",
            "Until then a NIC with a stand-by goes on without the VF's speed; one without is gone from the guest, with "
            "its addresses and connections. Offloads, queues and RDMA of the VF are gone in both cases. What the VF had "
            "not delivered yet is lost, as on a link that fails.",
            "Another device of the host in the VM is a reason to refuse, before anything is done, unless --force is given. "
            "A guest that does not let go of a VF keeps it, and those that had left come back.",
            NULL,
        },
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .flags = VERB_LENDS | VERB_HERE,
    .words = { WORD_DOMAIN, WORD_NONE, WORD_NONE },
    .examples =
        (const struct example[]){
            { "prepare-migration web1", "before virsh migrate --live web1" },
            { NULL, NULL },
        },
    .run = run_prepare_migration,
};
