/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verbs behind `sriovctl vm`. A new one is a file of its own that defines `const struct verb
 * verb_vm_NAME`, and its NAME in the list below.
 */
#ifndef VM_VERB_H
#define VM_VERB_H

#include "cli/program.h"

/* In the order of the manual. */
#define VM_VERBS(X)                                                                                \
    X(attach)                                                                                      \
    X(detach)                                                                                      \
    X(pool)                                                                                        \
    X(network_hook)                                                                                \
    X(failover)                                                                                    \
    X(prepare_migration)                                                                           \
    X(resume)                                                                                      \
    X(xml)                                                                                         \
    X(qemu_args)                                                                                   \
    X(check)                                                                                       \
    X(hook)

#define DECLARE_VERB(name) extern const struct verb verb_vm_##name;
VM_VERBS(DECLARE_VERB)
#undef DECLARE_VERB

extern const struct program program_vm;

#endif
