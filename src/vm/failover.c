/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl vm failover: a VF for speed, and a virtio-net that stands in for it.
 */
#include <errno.h>

#include "base/mac.h"
#include "vm/standby.h"
#include "vm/uptake.h"
#include "vm/verb.h"

#define MAC_SETTING_SIZE (MAC_TEXT_SIZE + 4)

static const struct option_row options[] = {
    { "network", 0, OPTION_TEXT, OPTION(network), "NETWORK|BRIDGE",
      .help = "where the stand-by is, if the domain has none yet" },
    { "live", 0, OPTION_FLAG, OPTION(live), .help = "the VM that runs" },
    { "config", 0, OPTION_FLAG, OPTION(config), .help = "what the VM starts with next time" },
    { "timeout", 0, OPTION_NUMBER, OPTION(timeout), "SECONDS",
      .help = "how long the guest may take for each of the two; 30 if left out" },
    { "connect", 'c', OPTION_TEXT, OPTION(connect), "URI",
      .help = "the libvirt that has it; qemu:///system if left out", .here = true },
    OPTIONS_CHOICE,
    OPTION_CLEAN,
    { NULL },
};

/* ---- settings: those given, with the pair's MAC ---- */

struct settings {
    const char *items[PLUG_SETTINGS_MAX];
    size_t count;
    char mac[MAC_SETTING_SIZE];
    uint64_t wanted_mac; /* 0: none given */
};

static int read_settings(struct app *a, size_t first, struct settings *ret)
{
    for (size_t i = first; i < a->n_args; i++) {
        const char *s = a->args[i];
        if (str_starts(s, "mac=")) {
            if (mac_from_text(s + strlen("mac="), &ret->wanted_mac) < 0 || ret->wanted_mac == 0 ||
                mac_is_multicast(ret->wanted_mac))
                return error_set(&a->error, SRIOV_USAGE, 0, s, "is no address of a NIC");
            continue;
        }
        if (ret->count + 1 >= ELEMENTS(ret->items))
            return error_set(&a->error, SRIOV_USAGE, 0, a->verb->name, "too many settings");
        ret->items[ret->count++] = s;
    }
    return 0;
}

static void add_mac(struct settings *s, uint64_t mac)
{
    char text[MAC_TEXT_SIZE];
    mac_to_text(mac, text);
    snprintf(s->mac, sizeof(s->mac), "mac=%s", text);
    s->items[s->count++] = s->mac;
}

/* ---- the verb ---- */

static void print(struct app *a, const struct domain *d, const struct plugged *p,
                  const struct standby *s, bool works)
{
    char mac[MAC_TEXT_SIZE];
    mac_to_text(s->mac, mac);
    if (!a->options.json) {
        buf_printf(&a->out, "%s %s %s %s stand-by %s\n", p->label, p->pci, domain_name(d), mac,
                   s->alias);
        return;
    }
    struct json_writer w = JSON_WRITER(&a->out);
    json_object(&w, NULL);
    json_str(&w, "domain", domain_name(d));
    json_str(&w, "object", p->label);
    json_str(&w, "pci", p->pci);
    json_str(&w, "alias", p->alias);
    json_str(&w, "mac", mac);
    json_str(&w, "standby", s->alias);
    json_bool(&w, "works", works);
    json_end(&w);
    buf_add_char(&a->out, '\n');
}

static int pair(struct app *a, struct domain *d, unsigned parts, const char *word,
                struct settings *settings)
{
    struct standby s;
    struct plugged plugged;
    int r = standby_get(a, d, parts, a->options.network, settings->wanted_mac, &s);
    if (r < 0)
        return r;
    add_mac(settings, s.mac);
    const struct plug_request q = {
        .domain = d,
        .parts = parts,
        .word = word,
        .settings = settings->items,
        .n_settings = settings->count,
        .partner = s.alias,
        .alias = s.vf_alias,
    };
    r = plug_vf(a, &q, &plugged);
    if (r < 0) {
        standby_undo(a, d, &s);
        return r;
    }
    print(a, d, &plugged, &s, !(parts & DOMAIN_LIVE) || uptake_wait(a, d, &plugged));
    return 0;
}

static int run_failover(struct app *a)
{
    _cleanup_domain_ struct domain *d = NULL;
    struct settings settings = { 0 };
    const char *word = a->n_args > 1 && !strchr(a->args[1], '=') ? a->args[1] : NULL;
    unsigned parts;
    int r = uptake_check_timeout(a);
    if (r >= 0)
        r = read_settings(a, word ? 2 : 1, &settings);
    if (r >= 0)
        r = lending_recover(a);
    if (r >= 0)
        r = domain_open(a->options.connect, a->args[0], &d, &a->error);
    if (r >= 0)
        r = domain_parts(d, a->options.live, a->options.config, &parts, &a->error);
    return r < 0 ? r : pair(a, d, parts, word, &settings);
}

const struct verb verb_vm_failover = {
    .name = "failover",
    .synopsis = "failover DOMAIN [PF/N|PCI] [KEY=VALUE...]",
    .help = "pair a VF with a virtio NIC that stands in for it",
    .details =
        (const char *const[]){
            "Gives a domain a VF together with a virtio-net of the same MAC, which carries the traffic while the VF "
            "is away: during a migration, or when the VF is wanted elsewhere. The guest sees one NIC, and needs no "
            "bond. It must know of failover: Linux from 4.18 on (net_failover), Windows with NetKVM.",
            "Where the stand-by stands is said by --network: a bridge of the host or a network of libvirt, from which "
            "the same other machines can be reached. A domain that has a stand-by without a VF keeps it, and "
            "--network is left out. The MAC goes with the VM: without mac= one is made up.",
            "In a VM that runs the stand-by comes first, and the VF once the guest has agreed; a guest that does not, "
            "a machine type without PCI Express, or too few free root ports are refused, and nothing has changed.",
            NULL,
        },
    .options = options,
    .min_args = 1,
    .max_args = ANY_NUMBER,
    .flags = VERB_LENDS | VERB_SETS | VERB_HERE,
    .words = { WORD_DOMAIN, WORD_TARGET, WORD_VF_SETTING },
    .examples =
        (const struct example[]){
            { "failover web1 enp1s0/3 --network br0 vlan=42",
              "VF 3, and a stand-by on the bridge br0" },
            { "failover web1 --pool fast --network default --config", "a pair for its next start" },
            { NULL, NULL },
        },
    .run = run_failover,
};
