/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose lease is whose: an attachment is a container and the name of an interface in it
 * (specification, section 3). Both are in the lease, the name in its note, as a lease of a VF
 * without netdev has no other place for it: "NETWORK/IFNAME".
 */
#ifndef CNI_ATTACHMENT_H
#define CNI_ATTACHMENT_H

#include "cni/call.h"
#include "core/lease.h"

/* What the plugin is called as an owner. */
#define ATTACHMENT_OWNER "cni"

/* Two owners of a VF that happen to ask for one name are different attachments. */
void attachment_note(const struct cni_call *c, char ret[128]);

/* The interface's name in a note, "" if it has none. */
const char *attachment_ifname(const struct lease *l);

bool attachment_is_mine(const struct cni_call *c, const struct lease *l);
bool attachment_is_of_network(const struct cni_call *c, const struct lease *l);

/* The lease of this attachment: that of `place` (may be NULL) if it is its own, else any. -ENOENT
 * if there is none. The caller drops *ret with lease_done. */
int attachment_find(const struct cni_call *c, const struct vf_place *place, struct lease *ret,
                    struct cni_error *e);

#endif
