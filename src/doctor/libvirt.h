/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What libvirt's files say of VMs and of pools of VFs. libvirt is not asked: its daemon may be
 * down, which is when a doctor is called, and a capture has only files. Of its XML a handful of
 * attributes is of interest, so the files are gone through tag by tag, tolerantly: a whole XML
 * library (libxml2 is larger than sriovctl) would only add ways to fail.
 */
#ifndef DOCTOR_LIBVIRT_H
#define DOCTOR_LIBVIRT_H

#include "doctor/check.h"

/* <hostdev type='pci'> or <interface>. */
struct vm_entry {
    bool interface;  /* an <interface>, of any type */
    size_t at, len;  /* where in the text its element is */
    char pci[16];    /* the host's device, "" if it is none */
    char netdev[16]; /* the host's, of an <interface> on one (macvtap); "" none */
    bool has_vlan;
    unsigned vlan; /* the first tag */
    bool has_mac;
    uint64_t mac;
    char alias[64];
    char teaming[16]; /* "persistent", "transient", "" */
    char partner[64]; /* of a transient one: alias of the persistent one */
};

/* What `sriovctl vm` remembers of a device: settings that libvirt has no words for. */
struct vm_note {
    char alias[64];
    char settings[256]; /* "qos=3 trust=on" */
};

struct vm {
    char name[64];
    char path[256];
    bool running;
    bool hugepages;
    unsigned root_ports, free_root_ports;
    struct vm_entry *devices;
    size_t n_devices;
    struct vm_note *notes;
    size_t n_notes;
};

struct vms {
    struct vm *items;
    size_t count;
};

/* A network with <forward mode='hostdev'>. */
struct vm_pool {
    char name[64];
    char path[256];
    bool running;
    char pf[16]; /* <pf dev=…>, "" if addresses are listed only */
    struct strv addresses;
};

struct vm_pools {
    struct vm_pool *items;
    size_t count;
};

/* All VMs that are defined or running; of a running one what it runs with. Files that cannot be
 * read are passed over. 0 or -ENOMEM. */
int vms_read(struct doctor *d, struct vms *ret);
void vms_done(struct vms *v);
int vm_pools_read(struct doctor *d, struct vm_pools *ret);
void vm_pools_done(struct vm_pools *p);

/* One file's text, or libvirt's answer. */
int vm_parse(const char *text, struct vm *ret);
void vm_done(struct vm *v);
int vm_pool_parse(const char *text, struct vm_pool *ret);
void vm_pool_done(struct vm_pool *p);

#endif
