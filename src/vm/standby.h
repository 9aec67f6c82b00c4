/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The NIC that stands in for a VF while the VF is away: a virtio-net of the domain, with the same
 * MAC (libvirt's <teaming type='persistent'>, QEMU's failover=on, net_failover in the guest). The
 * guest sees one NIC, and its traffic goes by the VF as long as there is one.
 */
#ifndef VM_STANDBY_H
#define VM_STANDBY_H

#include "cli/app.h"
#include "vm/domain.h"

struct standby {
    char alias[64];
    char vf_alias[48]; /* what its VF is to be called: QEMU 10.0 takes none with another id later on
                        */
    uint64_t mac;
    unsigned made; /* enum domain_part: where we have just put it */
};

/* Looks whether the domain can have a pair at all: machine type, root ports, the guest's system
 * where its agent tells. Then finds a stand-by that no VF has yet, or makes one on `network` (a
 * network of libvirt or a bridge; NULL: there must be one), with the MAC `mac` (0: one is made up).
 * In the VM that runs it waits until the guest has taken it up as a stand-by: -ETIMEDOUT (code
 * unsupported) if it does not. Failure leaves nothing behind. */
int standby_get(struct app *a, struct domain *d, unsigned parts, const char *network, uint64_t mac,
                struct standby *ret);

/* Takes away what standby_get made. The error is left alone. */
void standby_undo(struct app *a, struct domain *d, const struct standby *s);

/* ---- for tests ---- */

/* From a domain's XML: a stand-by without a VF. False: none. */
bool standby_find(const char *xml, struct standby *ret);

/* The machine type, "pc-q35-10.0"; "" if it is not said. */
void standby_machine(const char *xml, char *ret, size_t size);

enum standby_source {
    STANDBY_NETWORK,
    STANDBY_BRIDGE,
    STANDBY_OVS,
};

/* <interface …><teaming type='persistent'/>…</interface> */
void standby_xml(const struct standby *s, enum standby_source kind, const char *source,
                 struct buf *ret);

/* Can this guest do it, by what its agent says of it (guest-get-osinfo)? NULL: yes, or nobody
 * knows; else why not. */
const char *standby_judge_guest(const char *answer, size_t len);

#endif
