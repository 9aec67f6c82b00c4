/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl vm xml: how libvirt, or another program that manages VMs, is to be told about a VF.
 */
#include "vm/format-run.h"
#include "vm/verb.h"

static const struct option_row options[] = { OPTION_FORMAT, OPTIONS_DEVICE, { NULL } };

static int run_xml(struct app *a)
{
    _cleanup_items_ struct vm_items items = { 0 };
    const struct vm_format *f = format_wanted(a, "libvirt");
    int r = items_read(a, a->args, a->n_args, &items);
    if (r >= 0)
        r = items_finish(a, a->args, a->n_args, f, &items);
    return r < 0 ? r : items_write(a, f, &items);
}

const struct verb verb_vm_xml = {
    .name = "xml",
    .synopsis = "xml PF/N|PF|PCI [KEY=VALUE...]",
    .help = "print a VF as libvirt's XML, or for another program",
    .details =
        (const char *const[]){
            "Prints what libvirt has to be told to give this VF to a VM, for those who keep their domains "
            "themselves; --format asks for the words of another program. Nothing is changed, and nothing is "
            "leased: sriovctl vm attach does all of it at once, and undoes it.",
            "Of the settings libvirt knows MAC and VLAN. The commands that set the others are printed, too: as "
            "comments of the XML, as lines of a script, or on standard error where only arguments may stand.",
            "A PF can be printed as well: then the VM gets the whole NIC, and its VFs are gone.",
            "With --json: format, devices, the commands that come before, and the text.",
            NULL,
        },
    .options = options,
    .min_args = 1,
    .max_args = ANY_NUMBER,
    .flags = VERB_READS | VERB_SETS,
    .words = { WORD_TARGET, WORD_VF_SETTING, WORD_VF_SETTING },
    .examples =
        (const struct example[]){
            { "xml enp1s0/3 mac=52:54:00:aa:bb:03 vlan=42 trust=on",
              "an <interface> for a domain" },
            { "xml enp1s0/3 --mode macvtap --macvtap bridge", "a macvtap on the VF's netdev" },
            { "xml enp1s0/3 vlan=42 --format proxmox", "qm set, and a resource mapping" },
            { NULL, NULL },
        },
    .run = run_xml,
};
