/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A lease as programs see it: `sriovctl acquire --json`, `sriovctl leases --json` and the public
 * API. Field names are a promise; what is not known is null. (The file that keeps it is lease.h's.)
 */
#ifndef CORE_LEASE_JSON_H
#define CORE_LEASE_JSON_H

#include "core/lease.h"

/* "enp1s0/3"; the PF's key where it has no netdev, or is gone. */
void lease_label(const struct lease *l, const struct snapshot *s, char ret[OBJECT_SIZE]);

/* The netdev's name, where it is now: in the owner's namespace, or in ours. "" if it has none, or
 * `s` was read before the lease began. */
void lease_netdev(const struct lease *l, const struct snapshot *s, char ret[16]);

/* {"pf","vf","pci","name","owner":{"name","pid","netns","container"},"since","state","want":{…}}.
 * `difference` (NULL: not asked for) is another key of it, null for none. */
void lease_json(const struct lease *l, const struct snapshot *s, const char *difference,
                struct json_writer *w);

#endif
