/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl vm network-hook: what libvirt runs when a domain is given something of a network, and
 * when it gives that back (hooks/network.d, operations port-created and port-deleted). A VF that
 * libvirt picked is leased here, before libvirt touches it: the hook of the domain comes too early
 * for that (nothing is picked yet), and then too late (it is bound and set).
 */
#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "vm/hook-lease.h"
#include "vm/network.h"
#include "vm/verb.h"

static const struct option_row options[] = {
    { "pid", 'p', OPTION_NUMBER, OPTION(pid), "PID",
      .help = "libvirt's daemon, in whose hands the VF is; our parent if left out" },
    { NULL },
};

#define DATA_MAX (1u << 20) /* bytes of XML; a network with 1,000 VFs is a tenth of it */

static int read_port(struct app *a, struct network_port *ret)
{
    _cleanup_free_ char *xml = NULL;
    int r = file_read_fd(STDIN_FILENO, DATA_MAX, &xml, NULL);
    if (r < 0)
        return error_set(&a->error, SRIOV_FAILED, -r, a->args[0], "no description of the port");
    network_port_parse(xml, ret);
    return 0;
}

/* libvirt calls it also when it claims a port back for a domain that runs: then the domain has the
 * lease. */
static int run_network_hook(struct app *a)
{
    struct network_port port = { 0 };
    bool begins = str_eq(a->args[1], "port-created"), ends = str_eq(a->args[1], "port-deleted");
    if (!begins && !ends)
        return 0;
    if (read_port(a, &port) < 0) {
        app_note(a, "%s: %s: %s", a->error.object, a->error.message, a->error.kernel);
        return 0;
    }
    struct hook_device device = { .domain = port.owner, .pci = "", .netdev = "" };
    if (strchr(port.member, ':'))
        device.pci = port.member;
    else
        device.netdev = port.member;
    if (!*port.owner || !*port.member)
        return 0;
    if (begins)
        return hook_take(a, &device);
    hook_end(a, &device);
    return 0;
}

const struct verb verb_vm_network_hook = {
    .name = "network-hook",
    .synopsis = "network-hook NETWORK OPERATION [SUB-OPERATION [EXTRA]]",
    .help = "what libvirt's hook for networks runs",
    .details =
        (const char *const[]){
            "libvirt runs it, through the script network.d/sriovd of its hooks' folder, with the description of the "
            "port on standard input. A VF that libvirt picked for a domain is leased in the domain's name, with all "
            "its settings as they are before libvirt changes them; when the domain gives it back, it is made that again.",
            "If somebody else has the VF, the exit status is 3 and libvirt does not start the domain. Nothing "
            "else keeps libvirt from anything.",
            NULL,
        },
    .options = options,
    .min_args = 2,
    .max_args = 4,
    .flags = VERB_HERE,
    .examples =
        (const struct example[]){
            { "network-hook fast port-created begin - <PORT.XML", "as libvirt runs it" },
            { NULL, NULL },
        },
    .run = run_network_hook,
};
