/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The state that sriov-cni keeps, so that it can be replaced while pods run: a file
 * DIR/CONTAINER-IFNAME with what a VF was before ADD, and DIR/pci/ADDRESS with the network
 * namespace that the VF is in. Read and removed here, never written.
 */
#ifndef CNI_LEGACY_H
#define CNI_LEGACY_H

#include "cni/call.h"
#include "core/assign.h"

#define LEGACY_WHY_SIZE 160

/* What a state file says. */
struct legacy_state {
    char device_id[16];
    struct attrs before; /* only what sriov-cni itself would put back */
    bool has_netdev;
    bool has_mac;
    uint64_t mac; /* the effective one */
};

/* -EINVAL with one line in `why`. */
int legacy_parse(const char *text, size_t len, struct legacy_state *ret, char why[LEGACY_WHY_SIZE]);

/* Refuses (code in use) a VF that sriov-cni gave to a namespace that is still there. A note of one
 * that is gone is removed, as sriov-cni does it. */
int legacy_check(const struct cni_call *c, const char *pci, struct cni_error *e);

enum legacy_outcome {
    LEGACY_NONE,     /* sriov-cni knows nothing of this attachment */
    LEGACY_RELEASED, /* its VF is as it was, or somebody else's by now, or gone */
    LEGACY_BROKEN,   /* the file cannot be read: the VF is to be found otherwise */
};

/* DEL of an attachment that sriov-cni made. The files go when the VF is back. */
int legacy_release(const struct cni_call *c, enum legacy_outcome *ret, struct cni_error *e);

/* Removes the state file of the attachment, and the note of the configuration's VF if that names
 * the attachment's namespace, or one that is gone. */
void legacy_forget(const struct cni_call *c);

#endif
