/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The versions of the CNI specification that the plugin speaks.
 */
#ifndef CNI_VERSION_H
#define CNI_VERSION_H

#include "base/buf.h"
#include "cni/error.h"

/* In their order: a later one is greater. */
enum cni_version {
    CNI_0_3_0,
    CNI_0_3_1,
    CNI_0_4_0, /* CHECK */
    CNI_1_0_0, /* no "version" beside an address */
    CNI_1_1_0, /* STATUS, GC; mtu and pciID of interfaces, more of routes */
    CNI_VERSION_COUNT,
};

const char *version_name(enum cni_version v);

/* Code incompatible version for one that is not in the table, "" among them. */
int version_find(const char *name, enum cni_version *ret, struct cni_error *e);

#endif
