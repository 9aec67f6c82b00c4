/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl vm attach: gives a VF to a VM.
 */
#include <errno.h>
#include <unistd.h>

#include "base/mac.h"
#include "vm/attach-qmp.h"
#include "vm/device-option.h"
#include "vm/plug.h"
#include "vm/verb.h"
#include "vm/whole-pf.h"

#define HOOK "/etc/libvirt/hooks/qemu.d/sriovd"

static const struct option_row options[] = {
    { "live", 0, OPTION_FLAG, OPTION(live), .help = "the VM that runs" },
    { "config", 0, OPTION_FLAG, OPTION(config), .help = "what the VM starts with next time" },
    { "connect", 'c', OPTION_TEXT, OPTION(connect), "URI",
      .help = "the libvirt that has it; qemu:///system if left out", .here = true },
    { "qmp", 0, OPTION_TEXT, OPTION(qmp), "SOCKET",
      .help = "a QEMU that nobody manages, by its monitor, instead of DOMAIN", .here = true },
    OPTIONS_DEVICE,
    OPTIONS_CHOICE,
    OPTION_CLEAN,
    { NULL },
};

/* ---- what it says ---- */

static void print_json(struct app *a, const char *domain, unsigned parts, const struct plugged *p)
{
    struct json_writer w = JSON_WRITER(&a->out);
    char mac[MAC_TEXT_SIZE];
    if (p->has_mac)
        mac_to_text(p->mac, mac);
    json_object(&w, NULL);
    json_str(&w, "domain", domain);
    json_str(&w, "object", p->label);
    json_str(&w, "pci", p->pci);
    json_str(&w, "alias", p->alias);
    json_str(&w, "mac", p->has_mac ? mac : NULL);
    json_i64(&w, "vlan", p->vlan);
    json_bool(&w, "live", parts & DOMAIN_LIVE);
    json_bool(&w, "config", parts & DOMAIN_CONFIG);
    json_end(&w);
    buf_add_char(&a->out, '\n');
}

static void print(struct app *a, const char *domain, unsigned parts, const struct plugged *p)
{
    char mac[MAC_TEXT_SIZE];
    if (a->options.json) {
        print_json(a, domain, parts, p);
        return;
    }
    buf_printf(&a->out, "%s %s %s", p->label, p->pci, domain);
    if (p->has_mac) {
        mac_to_text(p->mac, mac);
        buf_printf(&a->out, " %s", mac);
    }
    if (p->vlan > 0)
        buf_printf(&a->out, " vlan %u", p->vlan);
    buf_add_char(&a->out, '\n');
}

static void note_config(struct app *a, const char *domain, unsigned parts, const struct plugged *p)
{
    if (!(parts & DOMAIN_LIVE))
        app_note(a, "%s gets %s when it starts; until then it is free for others", domain,
                 p->label);
    if (parts & DOMAIN_CONFIG && access(HOOK, X_OK) < 0)
        app_note(a,
                 "libvirt's hook %s is not installed: without it %s starts without the settings "
                 "that libvirt has no words for, and nobody checks who else has the VF",
                 HOOK, domain);
}

/* ---- the verb ---- */

static int attach_to_domain(struct app *a)
{
    _cleanup_domain_ struct domain *d = NULL;
    struct plug_request q = { 0 };
    struct plugged plugged;
    const struct pf *pf;
    size_t first = 1;
    int r = domain_open(a->options.connect, a->args[0], &d, &a->error);
    if (r >= 0)
        r = domain_parts(d, a->options.live, a->options.config, &q.parts, &a->error);
    if (r < 0)
        return r;
    q.domain = d;
    if (a->n_args > 1 && !strchr(a->args[1], '='))
        q.word = a->args[first++];
    q.settings = a->args + first;
    q.n_settings = a->n_args - first;
    if (q.word && whole_pf_is_meant(a, q.word, &pf))
        return whole_pf_attach(a, &q, pf);
    r = plug_vf(a, &q, &plugged);
    if (r < 0)
        return r;
    print(a, domain_name(d), q.parts, &plugged);
    note_config(a, domain_name(d), q.parts, &plugged);
    return 0;
}

static int run_attach(struct app *a)
{
    bool named = a->n_args > 0 && !strchr(a->args[0], '=');
    if (a->options.qmp)
        return attach_qmp(a, named ? a->args[0] : NULL, a->args + named, a->n_args - named);
    if (!named) {
        int r = error_set(&a->error, SRIOV_USAGE, 0, a->verb->name, "which domain is not said");
        error_remedy(&a->error, "usage: sriovctl vm %s", a->verb->synopsis);
        return r;
    }
    int r = lending_recover(a);
    return r < 0 ? r : attach_to_domain(a);
}

const struct verb verb_vm_attach = {
    .name = "attach",
    .synopsis = "attach DOMAIN [PF/N|PCI] [KEY=VALUE...]",
    .help = "give a VF to a VM",
    .details =
        (const char *const[]){
            "Leases a VF to a domain of libvirt, gives it the settings, also those that libvirt has no words "
            "for (trust, spoofchk, rates, link state, priority), and attaches it: to the VM if it runs, "
            "else to its configuration; --live and --config say which, or both. Which VF is said by its name, or by "
            "what it must be. When the VM ends, however it does, or on \"vm detach\", everything about the VF "
            "is made as it was.",
            "A setting that is not given stays what it is on the VF. A VF of a NIC that has no MAC gets one "
            "that is always the same for this VF and this domain, so that the guest finds its NIC again.",
            "A configuration names the VF, and it is leased when the domain starts, by libvirt's hook "
            "(/etc/libvirt/hooks/qemu.d/sriovd): a VF that somebody else has then refuses the start.",
            "With --qmp SOCKET the VM is a QEMU that nobody manages, and DOMAIN is left out. Whatever fails on "
            "the way is undone.",
            NULL,
        },
    .options = options,
    .max_args = ANY_NUMBER,
    .flags = VERB_LENDS | VERB_SETS | VERB_HERE,
    .words = { WORD_DOMAIN, WORD_TARGET, WORD_VF_SETTING },
    .examples =
        (const struct example[]){
            { "attach web1 enp1s0/3 vlan=42 trust=on", "VF 3 for the domain web1, in VLAN 42" },
            { "attach web1 --pool fast max_tx_rate=500 --live --config",
              "any VF of the pool, now and at the next start" },
            { "attach --qmp /run/vm1.qmp enp1s0/3", "VF 3 for a QEMU of your own" },
            { NULL, NULL },
        },
    .run = run_attach,
};
