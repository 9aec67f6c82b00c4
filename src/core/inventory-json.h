/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inventory as JSON: what `sriovctl list --json` prints and the daemon's API serves. Field
 * names are a promise; a value the kernel or the driver does not give is null.
 */
#ifndef CORE_INVENTORY_JSON_H
#define CORE_INVENTORY_JSON_H

#include "core/holder.h"
#include "core/ledger.h"

/* {"pfs":[…]}: all PFs, or the one given; ledger may be NULL (then "busy" is null). */
void inventory_json(const struct snapshot *s, const struct pf *only, const struct holders *holders,
                    struct ledger *ledger, struct json_writer *w);

/* One VF as it stands in the list. */
void inventory_vf_json(const struct pf *pf, const struct vf *vf, const struct holders *holders,
                       struct json_writer *w);

/* {"vfs":[…]}: those of all PFs in one list, each with "pf" (its PF's name) before the rest. */
void inventory_vfs_json(const struct snapshot *s, const struct holders *holders,
                        struct json_writer *w);

#endif
