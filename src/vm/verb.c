/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of verbs of sriovctl-vm.
 */
#include "vm/verb.h"

#define ROW(name) &verb_vm_##name,

static const struct verb *const verbs[] = { VM_VERBS(ROW) & verb_help, &verb_version, NULL };

const struct program program_vm = {
    .name = "sriovctl vm",
    .word = "vm",
    .about = "SR-IOV virtual functions for virtual machines",
    .verbs = verbs,
};
