/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A VF (or a whole PF) as a VM is to have it, and the words in which the programs that run VMs want
 * to be told: libvirt's XML, QEMU's arguments, and the rest of the table of formats. Nothing here
 * touches the machine.
 */
#ifndef VM_DEVICE_H
#define VM_DEVICE_H

#include "base/buf.h"
#include "core/model.h"

enum vm_mode {
    VM_HOSTDEV, /* the function itself, through VFIO */
    VM_MACVTAP, /* a macvtap on the netdev that the VF has on the host */
};

/* What is not given is NULL. Texts belong to the caller. */
struct vm_device {
    enum vm_mode mode;
    const struct pf *pf;
    const struct vf *vf; /* NULL: the PF itself */
    const char *netdev;  /* the VF's, "" if it has none: for macvtap */
    struct attrs want;   /* mac and vlan stand in the XML, the rest is set by us */
    const char *alias;   /* "ua-…", by which it is found again */
    const char *macvtap; /* "bridge", "passthrough", "vepa", "private"; NULL: passthrough */
    const char *profile; /* of an 802.1Qbh virtualport */
    const char *driver;  /* a variant driver of VFIO; NULL: the best, which libvirt finds */
    const char *partner; /* alias of the persistent NIC that stands in while this one is away */
    int bus, slot;       /* where in the guest; bus -1: anywhere */
};

/* A macvtap on a VF that it does not have for itself (bridge, vepa, private). The VF keeps its own
 * MAC then, since the kernel refuses two with the same (EADDRINUSE, macvlan_open()). */
bool device_is_shared(const struct vm_device *d);

/* The MAC that the VM sees: the wanted one, else, unless it is shared, the one that the VF has now.
 * False if it has none (all zeros, not known, no NIC): then libvirt or the VF's driver makes one
 * up. */
bool device_mac(const struct vm_device *d, uint64_t *ret);

/* The VLAN in which the VM is to be, 0: none; also what is wanted, else what is. */
unsigned device_vlan(const struct vm_device *d);

/* PCI address on the host, "" on a bus without. */
const char *device_pci(const struct vm_device *d);

/* libvirt's <interface> or <hostdev>, with `managed='yes'`. A function without a netdev on its PF
 * (NVMe, crypto) is a <hostdev>, since libvirt would look for a MAC otherwise; so is a PF. MAC and
 * VLAN stand in it also where they stay as they are: libvirt would make a MAC up and take the VF
 * out of its VLAN. */
void device_xml(const struct vm_device *d, struct buf *ret);

/* "vfio-pci,host=0000:01:10.3,id=…": the value of QEMU's -device; `bus` as in "rp1", NULL: none.
 * With macvtap a "virtio-net-pci" on the -netdev whose id is DEVICE_NETDEV_ID. */
#define DEVICE_NETDEV_ID "macvtap0"
void device_qemu(const struct vm_device *d, const char *bus, struct buf *ret);

/* Text as an attribute's value or an element's content: & < > ' " are escaped, what XML cannot
 * hold (control characters, bytes that are no UTF-8) becomes '?'. */
void xml_text(struct buf *ret, const char *text);

#endif
