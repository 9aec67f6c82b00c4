/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl vm detach: takes VFs back from a VM.
 */
#include <errno.h>

#include "core/target.h"
#include "doctor/libvirt.h"
#include "vm/attach-qmp.h"
#include "vm/plug.h"
#include "vm/verb.h"

#define SECONDS_MAX 86400

static const struct option_row options[] = {
    { "all", 0, OPTION_FLAG, OPTION(all), .help = "all VFs that it has" },
    { "live", 0, OPTION_FLAG, OPTION(live), .help = "from the VM that runs" },
    { "config", 0, OPTION_FLAG, OPTION(config), .help = "from what the VM starts with next time" },
    { "timeout", 0, OPTION_NUMBER, OPTION(timeout), "SECONDS",
      .help = "how long the guest may take to let go; 30 if left out" },
    { "connect", 'c', OPTION_TEXT, OPTION(connect), "URI",
      .help = "the libvirt that has it; qemu:///system if left out", .here = true },
    { "qmp", 0, OPTION_TEXT, OPTION(qmp), "SOCKET",
      .help = "a QEMU that nobody manages, by its monitor, instead of DOMAIN", .here = true },
    { NULL },
};

/* One part of the domain, and which of its devices are meant. */
struct part {
    struct app *app;
    struct domain *domain;
    enum domain_part part;
    char *xml;
    struct vm vm;
};

static void part_done(struct part *p)
{
    free(p->xml);
    vm_done(&p->vm);
}

static int part_open(struct app *a, struct domain *d, enum domain_part part, struct part *ret)
{
    *ret = (struct part){ .app = a, .domain = d, .part = part };
    int r = domain_xml(d, part, &ret->xml, &a->error);
    if (r >= 0 && vm_parse(ret->xml, &ret->vm) < 0)
        r = error_no_memory(&a->error);
    return r;
}

/* ---- which ---- */

/* "enp1s0/3" and "01:10.3" as "0000:01:10.3"; what is no VF of this machine (any more) as it is. */
static void read_word(struct app *a, const char *word, char ret[16])
{
    struct target t = { 0 };
    str_copy(ret, 16, word);
    if (target_find(a->session.snapshot, word, &t, NULL) >= 0 && t.has_vfs && t.count == 1)
        str_copy(ret, 16, t.pf->vfs[t.indexes[0]].pci);
    else if (target_find_pf(a->session.snapshot, word))
        str_copy(ret, 16, target_find_pf(a->session.snapshot, word)->key);
    target_done(&t);
}

/* A macvtap names the VF's netdev. */
static bool is_meant(struct app *a, const struct vm_entry *e, const char *pci)
{
    struct vf_place place;
    bool is_vf = plug_find_vf(a, e, &place);
    if (a->options.all)
        return is_vf;
    if (str_eq(e->alias, a->args[1]) || (*e->pci && str_eq(e->pci, pci)))
        return true;
    const struct pf *pf = is_vf ? target_find_pf(a->session.snapshot, place.pf) : NULL;
    return pf && str_eq(pf->vfs[place.index].pci, pci);
}

static int has_none(struct app *a, const struct part *p)
{
    const char *name = domain_name(p->domain);
    error_set(&a->error, SRIOV_NO_DEVICE, 0, a->options.all ? name : a->args[1],
              a->options.all ? "has no VF%s%s" : "%s does not have it%s",
              a->options.all ? "" : name, p->part == DOMAIN_CONFIG ? " in its configuration" : "");
    error_remedy(&a->error, "virsh dumpxml %s%s shows what it has", name,
                 p->part == DOMAIN_CONFIG ? " --inactive" : "");
    return -ENOENT;
}

/* ---- detaching ---- */

static void print(struct app *a, const struct part *p, const struct vm_entry *e, bool restored)
{
    char label[OBJECT_SIZE] = "";
    struct vf_place place;
    if (plug_find_vf(a, e, &place))
        vf_label(target_find_pf(a->session.snapshot, place.pf), place.index, label);
    else
        STR_SET(label, *e->pci ? e->pci : e->alias);
    if (p->part == DOMAIN_CONFIG)
        buf_printf(&a->out, "%s is not in the configuration of %s any more\n", label,
                   domain_name(p->domain));
    else
        buf_printf(&a->out, "%s is free\n", label);
    if (p->part == DOMAIN_LIVE && !restored)
        app_note(a, "%s was not leased to %s: only what libvirt knows of was put back", label,
                 domain_name(p->domain));
}

static int detach_one(struct part *p, const struct vm_entry *e)
{
    struct app *a = p->app;
    const struct unplug_request q = {
        .domain = p->domain,
        .part = p->part,
        .xml = p->xml,
        .entry = e,
        .timeout_ms = 1000 * (unsigned)(a->options.timeout ? a->options.timeout : DETACH_SECONDS),
    };
    bool restored = false;
    int r = unplug_vf(a, &q, &restored);
    if (r >= 0)
        r = session_snapshot_again(&a->session, &a->error);
    if (r >= 0)
        print(a, p, e, restored);
    return r;
}

static int detach_from(struct app *a, struct domain *d, enum domain_part part)
{
    _cleanup_(part_done) struct part p = { 0 };
    char pci[16] = "";
    size_t count = 0;
    int r = part_open(a, d, part, &p);
    if (r < 0)
        return r;
    if (!a->options.all)
        read_word(a, a->args[1], pci);
    for (size_t i = 0; i < p.vm.n_devices && r >= 0; i++) {
        if (!is_meant(a, &p.vm.devices[i], pci))
            continue;
        r = detach_one(&p, &p.vm.devices[i]);
        count++;
    }
    return r >= 0 && count == 0 ? has_none(a, &p) : r;
}

/* ---- the verb ---- */

static int check_words(struct app *a)
{
    size_t wanted = (a->options.qmp ? 0 : 1) + (a->options.all ? 0 : 1);
    if (a->options.timeout > SECONDS_MAX)
        return error_set(&a->error, SRIOV_USAGE, 0, "--timeout", "is more than a day");
    if (a->options.qmp && a->options.all)
        return error_set(&a->error, SRIOV_USAGE, 0, "--all", "is for domains of libvirt");
    if (a->n_args == wanted)
        return 0;
    int r = error_set(&a->error, SRIOV_USAGE, 0, a->verb->name,
                      a->n_args < wanted ? "which VM and which VF is not said"
                                         : "too many arguments");
    error_remedy(&a->error, "usage: sriovctl vm %s, or --all instead of a VF", a->verb->synopsis);
    return r;
}

static int run_detach(struct app *a)
{
    _cleanup_domain_ struct domain *d = NULL;
    unsigned parts = 0;
    int r = check_words(a);
    if (r < 0 || a->options.qmp)
        return r < 0 ? r : detach_qmp(a, a->args[0]);
    r = lending_recover(a);
    if (r >= 0)
        r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = domain_open(a->options.connect, a->args[0], &d, &a->error);
    if (r >= 0)
        r = domain_parts(d, a->options.live, a->options.config, &parts, &a->error);
    if (r >= 0 && parts & DOMAIN_LIVE)
        r = detach_from(a, d, DOMAIN_LIVE);
    if (r >= 0 && parts & DOMAIN_CONFIG)
        r = detach_from(a, d, DOMAIN_CONFIG);
    return r;
}

const struct verb verb_vm_detach = {
    .name = "detach",
    .synopsis = "detach DOMAIN PF/N|PCI|ALIAS",
    .help = "take a VF back from a VM",
    .details =
        (const char *const[]){
            "Asks the guest to let go of the VF, waits until it has, and makes everything about the VF what it "
            "was before \"vm attach\", or before the domain started with it. From the VM if it runs, else from its "
            "configuration; --live and --config say which, or both.",
            "A guest that does not let go keeps the VF: nothing has changed then. A guest needs a system that runs "
            "to do so. If it lets go later, the next command restores the VF.",
            "With --qmp SOCKET the VM is a QEMU that nobody manages, and DOMAIN is left out.",
            NULL,
        },
    .options = options,
    .max_args = 2,
    .flags = VERB_LENDS | VERB_HERE,
    .words = { WORD_DOMAIN, WORD_TARGET, WORD_NONE },
    .examples =
        (const struct example[]){
            { "detach web1 enp1s0/3", "VF 3 back from web1" },
            { "detach web1 --all --live --config", "all its VFs, and none at its next start" },
            { NULL, NULL },
        },
    .run = run_detach,
};
