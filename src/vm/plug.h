/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Giving a VF to a domain, and taking it back: lease, settings, XML, libvirt, and what is
 * remembered of it, in this order and back. One pair of functions for attach, detach and all that
 * is about a migration.
 */
#ifndef VM_PLUG_H
#define VM_PLUG_H

#include "vm/domain.h"
#include "vm/loan.h"

struct vm_entry;

#define PLUG_SETTINGS_MAX 64

struct plug_request {
    struct domain *domain;
    unsigned parts;   /* enum domain_part */
    const char *word; /* the VF; NULL: what --pool, --pf … of the options wish for */
    const char *const *settings;
    size_t n_settings;
    const char *partner; /* alias of the NIC that stands in while it is away; NULL: none */
    const char *alias;   /* of the device in the VM; NULL: by its PCI address */
};

/* What the domain has then. */
struct plugged {
    char label[OBJECT_SIZE], pci[16], alias[LOAN_ALIAS_SIZE];
    bool has_mac;
    uint64_t mac;
    unsigned vlan;
};

/* By the options --mode, --bus-slot … of the app. The part that runs gets a VF that is leased to
 * the domain and settled; a configuration names it, and the hook leases it when the domain starts.
 * Failure leaves nothing behind; code not-rolled-back if the VM could not be made to let go. */
int plug_vf(struct app *a, const struct plug_request *q, struct plugged *ret);

struct unplug_request {
    struct domain *domain;
    enum domain_part part;
    const char *xml;              /* of that part */
    const struct vm_entry *entry; /* of vm_parse(xml) */
    unsigned timeout_ms;
};

/* Takes a device back. Of the VM that runs: waits until the guest has let go, -ETIMEDOUT and others
 * as domain_unplug, and restores the VF if it was leased to the domain: *ret_restored (may be
 * NULL). Somebody else's lease stays. */
int unplug_vf(struct app *a, const struct unplug_request *q, bool *ret_restored);

/* The VF of such a device. False if it is none (a PF, another device, a VF that is gone). */
bool plug_find_vf(struct app *a, const struct vm_entry *e, struct vf_place *ret);

#endif
