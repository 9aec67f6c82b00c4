/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VFs that a VM has given up for a migration, and that are to come back: what was set for each, and
 * which NIC stands in, as notes in the domain's metadata. They go with the VM to its new host.
 */
#ifndef VM_AWAY_H
#define VM_AWAY_H

#include "doctor/libvirt.h"
#include "vm/plug.h"

#define AWAY_MAX 32

struct away {
    char note[sizeof((struct vm_note){ 0 }.alias)];        /* the note's own name */
    char partner[64];                                      /* alias of the stand-by; "" none */
    char settings[sizeof((struct vm_note){ 0 }.settings)]; /* "mac=… vlan=42 trust=on" */
};

/* From a device of a domain, and the domain's notes. False if it does not fit into a note. */
bool away_describe(const struct vm *vm, const struct vm_entry *e, struct away *ret);

/* Those among the notes of a domain; at most AWAY_MAX. */
size_t away_list(const struct vm *vm, struct away ret[AWAY_MAX]);

/* Notes it. */
int away_keep(struct app *a, struct domain *d, const struct away *w);

/* Plugs a VF (`word`, or with NULL what the options wish for) in its place, and forgets it. */
int away_bring_back(struct app *a, struct domain *d, const struct away *w, const char *word,
                    struct plugged *ret);

#endif
