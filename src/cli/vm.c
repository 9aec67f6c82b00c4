/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl vm: VFs in virtual machines. sriovctl-vm does it (src/vm), which links libvirt.
 */
#include "cli/verb.h"

const struct verb verb_vm = {
    .name = "vm",
    .synopsis = "vm VERB [ARGUMENTS]",
    .help = "give VFs to virtual machines, and take them back",
    .details =
        (const char *const[]){
            "Attaches VFs to domains of libvirt and to running QEMUs, detaches them, keeps pools of VFs for libvirt, "
            "moves a VM away from its VF for a migration, prints what other programs that run VMs want to be told.",
            "It has verbs of its own: sriovctl vm help lists them, and so does man sriovctl-vm.",
            NULL,
        },
    .max_args = ANY_NUMBER,
    .flags = VERB_HERE,
    .program = "sriovctl-vm",
    .examples =
        (const struct example[]){
            { "vm help", "the verbs about VMs" },
            { "vm attach web1 enp1s0/3 vlan=42 trust=on", "VF 3 for the domain web1, in VLAN 42" },
            { NULL, NULL },
        },
};
