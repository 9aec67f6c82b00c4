/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl acquire: lends a VF.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "cli/lending.h"
#include "core/lease-json.h"
#include "kernel/enter.h"

#define NETNS_DIR "/run/netns"

static const struct option_row options[] = {
    { "owner", 'o', OPTION_TEXT, OPTION(owner), "NAME", .help = "who has it; needed" },
    OPTIONS_CHOICE,
    { "pid", 'p', OPTION_NUMBER, OPTION(pid), "PID",
      .help = "the lease ends when this process does" },
    { "netns", 0, OPTION_TEXT, OPTION(netns), "NAME|PATH",
      .help = "deliver the netdev into this network namespace, up; the lease ends with it" },
    { "as", 0, OPTION_TEXT, OPTION(as), "IFNAME",
      .help = "the netdev's name in the namespace; its own if left out" },
    { "while-used", 0, OPTION_FLAG, OPTION(while_used),
      .help = "the lease outlives the process of --pid as long as anybody uses the VF" },
    { "container", 0, OPTION_TEXT, OPTION(container), "ID",
      .help = "id of the container it is for" },
    OPTION_CLEAN,
    { NULL },
};

static int read_owner(struct app *a, struct lease_owner *ret)
{
    const struct options *o = &a->options;
    if (!o->owner || !*o->owner)
        return error_set(&a->error, SRIOV_USAGE, 0, "--owner", "%s",
                         o->owner ? "is empty" : "is missing: say who has the VF");
    if (!STR_SET(ret->name, o->owner) || !str_is_plain(o->owner, sizeof(ret->name) - 1))
        return error_set(&a->error, SRIOV_USAGE, 0, "--owner", "is too long, or no plain text");
    if (o->container && !STR_SET(ret->container, o->container))
        return error_set(&a->error, SRIOV_USAGE, 0, "--container", "is too long");
    if (o->pid > INT_MAX)
        return error_set(&a->error, SRIOV_USAGE, 0, "--pid", "is no process");
    if (o->while_used && !o->pid)
        return error_set(&a->error, SRIOV_USAGE, 0, "--while-used",
                         "needs --pid: who has it until it is used");
    ret->pid = (pid_t)o->pid;
    ret->while_used = o->while_used;
    if (!o->netns)
        return 0;
    int n = strchr(o->netns, '/')
                ? snprintf(ret->netns, sizeof(ret->netns), "%s", o->netns)
                : snprintf(ret->netns, sizeof(ret->netns), NETNS_DIR "/%s", o->netns);
    if (n < 0 || (size_t)n >= sizeof(ret->netns))
        return error_set(&a->error, SRIOV_USAGE, 0, "--netns", "is too long");
    return 0;
}

static int open_netns(struct app *a, const struct lease_owner *owner, int *ret)
{
    if (!*owner->netns)
        return 0;
    int r = netns_open(owner->netns, ret, NULL);
    return r < 0 ? error_set(&a->error, SRIOV_USAGE, r == -EINVAL ? 0 : -r, owner->netns,
                             "is no network namespace")
                 : 0;
}

static int print(struct app *a, const struct lease *l)
{
    char label[OBJECT_SIZE], name[16];
    int r = session_snapshot_again(&a->session, &a->error);
    if (r < 0)
        return r;
    if (a->options.json) {
        struct json_writer w = JSON_WRITER(&a->out);
        lease_json(l, a->session.snapshot, NULL, &w);
        buf_add_char(&a->out, '\n');
        return 0;
    }
    lease_label(l, a->session.snapshot, label);
    lease_netdev(l, a->session.snapshot, name);
    buf_printf(&a->out, "%s %s %s\n", label, *l->pci ? l->pci : "-", *name ? name : "-");
    return 0;
}

static int run_acquire(struct app *a)
{
    _cleanup_(lease_done) struct lease lease = { 0 };
    _cleanup_close_ int netns = -1;
    struct lending l;
    const char *word = a->n_args > 0 && !strchr(a->args[0], '=') ? a->args[0] : NULL;
    size_t settings = word ? 1 : 0;
    if (a->options.as && !a->options.netns)
        return error_set(&a->error, SRIOV_USAGE, 0, "--as",
                         "is a name in a namespace, which --netns says");
    int r = lending_recover(a);
    if (r >= 0)
        r = lending_read(a, word, a->args + settings, a->n_args - settings, &l);
    if (r >= 0)
        r = read_owner(a, &l.request.owner);
    if (r >= 0)
        r = owner_identify(&l.request.owner, &a->error);
    if (r >= 0)
        r = open_netns(a, &l.request.owner, &netns);
    if (r < 0)
        return r;
    l.request.netns = netns;
    l.request.ifname = a->options.as;
    l.request.flags |= netns >= 0 ? ASSIGN_UP : 0;
    r = lending_acquire(a, &l, &lease);
    return r < 0 ? r : print(a, &lease);
}

const struct verb verb_acquire = {
    .name = "acquire",
    .synopsis = "acquire [PF/N|PCI] [KEY=VALUE...]",
    .help = "lend a VF to an owner",
    .details =
        (const char *const[]){
            "Leases one VF: the one named, or any that is what the options say. Nobody else on this machine "
            "gets it until it is released. Everything about the VF as it was is written down first; then it "
            "gets the settings given, and release puts all of it back, after any kind of end. Prints the VF, "
            "its PCI address and the name of its netdev.",
            "A VF that somebody uses, with or without a lease, is refused by name; with options the next one is "
            "tried. The owner is a name, and where given a process, a network namespace, a container: when the "
            "process or the namespace is gone, the next command takes the VF back.",
            "With --while-used the lease outlives its process for as long as somebody has the VF open, or has an "
            "interface on its netdev: for a program that starts the one that uses the VF.",
            "A pool of the policy with \"numa: same\" gives VFs on a NUMA node on which the process of --pid (or, "
            "without, this one) may run.",
            NULL,
        },
    .options = options,
    .max_args = ANY_NUMBER,
    .flags = VERB_LENDS | VERB_SETS,
    .words = { WORD_TARGET, WORD_VF_SETTING, WORD_VF_SETTING },
    .examples =
        (const struct example[]){
            { "acquire enp1s0/3 --owner web1 vlan=100", "VF 3 for web1, in VLAN 100" },
            { "acquire --pool fast --owner web1 --netns web1 --as eth1",
              "any VF of the pool, as eth1 in the network namespace web1" },
            { "acquire --pf enp1s0 --owner dpdk --pid 812 driver=vfio-pci --json",
              "any VF of the PF for process 812, on vfio-pci" },
            { NULL, NULL },
        },
    .run = run_acquire,
};
